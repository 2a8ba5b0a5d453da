//! How much a checker may do before it says that it does not know.
//!
//! Some questions about histories are NP-complete. A search that may take for ever is given a
//! budget of steps and of states that it may store: counts, never time, so that every machine
//! comes to the same verdict.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a search may spend on one history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// How many operations it may consider, again and again.
    pub steps: u64,
    /// How many states of its search it may store.
    pub states: u64,
}

/// About a second on one core, and 64 MB.
impl Default for Budget {
    fn default() -> Budget {
        Budget { steps: 50_000_000, states: 700_000 }
    }
}

impl Budget {
    /// About how many bytes a stored state is worth: searches that store other things count those.
    pub(crate) const BYTES_A_STATE: u64 = (64 << 20) / 700_000;

    /// No limit: for histories that are known to be easy.
    pub const UNLIMITED: Budget = Budget { steps: u64::MAX, states: u64::MAX };

    /// What is left of the budget.
    #[must_use]
    pub fn less(self, spent: Spent) -> Budget {
        let (steps, states) =
            (self.steps.saturating_sub(spent.steps), self.states.saturating_sub(spent.states));
        Budget { steps, states }
    }
}

/// What a search has spent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Operations considered.
    pub steps: u64,
    /// States stored.
    pub states: u64,
}

impl Spent {
    /// Which limit has been reached, in words.
    pub fn beyond(self, budget: Budget) -> Option<String> {
        if self.steps >= budget.steps {
            Some(format!("the budget of {} steps is spent", budget.steps))
        } else if self.states >= budget.states {
            Some(format!("the budget of {} stored states is spent", budget.states))
        } else {
            None
        }
    }

    /// What has been spent since `before`.
    #[must_use]
    pub fn since(self, before: Spent) -> Spent {
        let (steps, states) =
            (self.steps.saturating_sub(before.steps), self.states.saturating_sub(before.states));
        Spent { steps, states }
    }

    /// The larger of each: what a budget must allow for both of two histories.
    #[must_use]
    pub fn max(self, other: Spent) -> Spent {
        Spent { steps: self.steps.max(other.steps), states: self.states.max(other.states) }
    }
}

impl std::ops::AddAssign for Spent {
    fn add_assign(&mut self, other: Spent) {
        self.steps = self.steps.saturating_add(other.steps);
        self.states = self.states.saturating_add(other.states);
    }
}

impl fmt::Display for Spent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} steps, {} states", self.steps, self.states)
    }
}
