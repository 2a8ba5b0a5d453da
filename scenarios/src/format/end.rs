//! How a run ends, and what stops one that does not.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::units::Nanos;

/// How a run ends: `heal_at` and `settle`, or `when` and `at_most`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// When every hold ends and no fault fires any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heal_at: Option<Nanos>,
    /// How long the run goes on after `heal_at`: at least the protocol's liveness bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settle: Option<Nanos>,
    /// Heals a drawn core only, hosts that suffice for the protocol to make progress (of Raft: a
    /// majority), together with all clients. What faults hold outside of the core at `heal_at` they
    /// hold for good; a host outside that nothing holds goes on.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub core_only: bool,
    /// The milestone at which the run ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// The latest time at which `when` must have been reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Nanos>,
}

/// How a run ends, once validation has seen that the fields go together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndShape<'a> {
    /// Heals, settles, and is over.
    Heal {
        /// When every hold ends.
        at: Nanos,
        /// How long the run goes on.
        settle: Nanos,
    },
    /// Is over when a milestone is reached.
    Milestone {
        /// Which one.
        name: &'a str,
        /// The latest time for it.
        at_most: Nanos,
    },
}

impl End {
    /// How the run ends. Fields that validation would refuse count as zero.
    #[must_use]
    pub fn shape(&self) -> EndShape<'_> {
        match &self.when {
            Some(name) => EndShape::Milestone { name, at_most: self.at_most.unwrap_or_default() },
            None => EndShape::Heal {
                at: self.heal_at.unwrap_or_default(),
                settle: self.settle.unwrap_or_default(),
            },
        }
    }

    /// The latest time at which a fault may still be placed.
    #[must_use]
    pub fn faults_end(&self) -> Nanos {
        match self.shape() {
            EndShape::Heal { at, .. } => at,
            EndShape::Milestone { at_most, .. } => at_most,
        }
    }
}

/// What ends a run as unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// So many events in all.
    pub events: u64,
    /// So many events without the clock moving.
    pub events_per_instant: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { events: 50_000_000, events_per_instant: 1_000_000 }
    }
}
