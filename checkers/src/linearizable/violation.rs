//! Why a history is not linearizable, so that a person can see it.

use std::fmt;

use crate::budget::{Budget, Spent};
use crate::history::{History, OperationId};
use crate::models::{Call, Model};
use crate::timeline::{Bar, Mark, Timeline};

use super::part::Part;
use super::portion::Portion;
use super::rules::Rules;
use super::search::Search;
use super::shrink::{Left, Shrunk, left_at, remaining, shrink};

/// Evidence that a history is not linearizable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The key of the part that is wrong, if the history has parts.
    pub key: Option<String>,
    /// A sub-history that is not linearizable either, and proves that the whole is not.
    pub operations: Vec<Remaining>,
    /// Orders of as many completed operations of the sub-history as possible, and what cannot
    /// follow. At most [`MAX_PREFIXES`] of them; none if the budget was spent.
    pub prefixes: Vec<Prefix>,
    /// The same of the whole part, as it was up to the instant at which it went wrong.
    pub longest: Vec<Prefix>,
    /// Whether nothing more can be taken away, as far as the rules for that go.
    pub is_minimal: bool,
    /// What finding all this took.
    pub spent: Spent,
}

/// An operation of a sub-history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// Which one.
    pub id: OperationId,
    /// Whether its end matters. If not it counts as pending: the sub-history is wrong whatever its
    /// answer was, and whenever, if at all, it took place.
    pub is_whole: bool,
}

/// Operations in an order that explains their answers, which cannot be continued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// The operations that took place, in order.
    pub order: Vec<OperationId>,
    /// The state they left, in words.
    pub state: String,
    /// What had to take place next, for everything that has not ended later did; and could not.
    pub blocked: OperationId,
}

/// How many prefixes are kept.
pub const MAX_PREFIXES: usize = 4;

/// Explains why a part is not linearizable.
pub(super) fn explain<M: Model>(
    model: &M,
    portion: &Portion<'_, M>,
    budget: Budget,
    rules: Rules,
) -> Violation {
    let Shrunk { left, wrong_ns, is_minimal, mut spent } =
        shrink(model, &portion.calls, budget, rules);
    let places = |is_left: &dyn Fn(usize) -> bool| -> Vec<usize> {
        (0..portion.calls.len()).filter(|&place| is_left(place)).collect()
    };
    let kept = places(&|place| left[place] != Left::Nothing);
    let few = remaining(&portion.calls, &left);
    let prefixes = prefixes(model, &few, &|place| portion.ids[kept[place]], budget, &mut spent);
    let cut: Vec<Left> = portion.calls.iter().map(|call| left_at(call, wrong_ns)).collect();
    let early = places(&|place| cut[place] != Left::Nothing);
    let many = remaining(&portion.calls, &cut);
    let longest =
        self::prefixes(model, &many, &|place| portion.ids[early[place]], budget, &mut spent);
    Violation {
        key: portion.key.as_ref().map(|key| format!("{key:?}")),
        operations: kept
            .iter()
            .map(|&place| Remaining {
                id: portion.ids[place],
                is_whole: left[place] == Left::Whole,
            })
            .collect(),
        prefixes,
        longest,
        is_minimal,
        spent,
    }
}

/// The longest orders of some calls, as far as the budget goes.
fn prefixes<M: Model>(
    model: &M,
    calls: &[Call<'_, M::Op, M::Ret>],
    id_of: &dyn Fn(usize) -> OperationId,
    budget: Budget,
    spent: &mut Spent,
) -> Vec<Prefix> {
    // These rules give up early what cannot end well, and so would hide how far it goes.
    let rules = Rules { look_ahead: false, precedences: false, ..Rules::ALL };
    let part: Part<'_, M> = Part::new(model, calls, rules);
    let mut search = Search::new(model, part, rules).keep_dead_ends(MAX_PREFIXES);
    let remaining = budget.less(*spent);
    search.run(remaining.steps, remaining.states);
    *spent += search.spent();
    // All have as many completed operations; the fewer pending ones, the easier to read.
    let mut dead_ends = search.dead_ends;
    dead_ends.sort_by_key(|dead_end| dead_end.order.len());
    dead_ends
        .iter()
        .map(|dead_end| Prefix {
            order: dead_end.order.iter().map(|&place| id_of(place as usize)).collect(),
            state: format!("{:?}", dead_end.state),
            blocked: id_of(dead_end.blocked as usize),
        })
        .collect()
}

impl Violation {
    /// What is wrong, in one sentence.
    pub fn summary<O: fmt::Display, R: fmt::Display>(&self, history: &History<O, R>) -> String {
        let whole = self.operations.iter().filter(|operation| operation.is_whole).count();
        let about = self.key.as_ref().map_or(String::new(), |key| format!(" on key {key}"));
        let mut text = format!("no order explains the answers of {whole} operations{about}");
        if let Some(prefix) = self.prefixes.first() {
            let blocked = history.operation(prefix.blocked);
            text += &format!(
                ": at best the state is {} when `{}` must take place",
                prefix.state,
                Short(&blocked.op, &blocked.outcome)
            );
        }
        if !self.is_minimal {
            text += " (fewer might do: to tell would take more than a share of the budget)";
        }
        text
    }

    /// The sub-history as a picture.
    pub fn timeline<O, R>(&self, history: &History<O, R>) -> Timeline
    where
        O: fmt::Display,
        R: fmt::Display,
    {
        let prefix = self.prefixes.first();
        let place = |id| prefix.and_then(|prefix| prefix.order.iter().position(|&at| at == id));
        let bars = self
            .operations
            .iter()
            .map(|&Remaining { id, is_whole }| {
                let operation = history.operation(id);
                let mark = match place(id) {
                    Some(place) => Mark::Placed(place + 1),
                    None if prefix.is_some_and(|prefix| prefix.blocked == id) => Mark::Blocked,
                    None => Mark::Unplaced,
                };
                let label = match is_whole {
                    true => Short(&operation.op, &operation.outcome).to_string(),
                    false => operation.op.to_string(),
                };
                Bar {
                    process: operation.process,
                    label,
                    details: operation.to_string(),
                    invoked_ns: operation.invoked_ns,
                    until_ns: if is_whole { operation.until_ns() } else { None },
                    mark,
                }
            })
            .collect();
        let mut notes = Vec::new();
        if let Some(prefix) = prefix {
            notes.push(format!(
                "After the numbered operations the state is {}. The blocked one has to take place \
                 before anything that has not, and cannot.",
                prefix.state
            ));
        }
        if self.operations.iter().any(|operation| !operation.is_whole) {
            notes.push(
                "Operations without an end may take place at any time after their beginning, or \
                 never: no choice helps."
                    .to_owned(),
            );
        }
        Timeline { title: self.summary(history), bars, notes }
    }
}

/// An operation with its answer, without times.
struct Short<'a, O, R>(&'a O, &'a crate::history::Outcome<R>);

impl<O: fmt::Display, R: fmt::Display> fmt::Display for Short<'_, O, R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        use crate::history::Outcome;
        match self.1 {
            Outcome::Ok(ret) => write!(formatter, "{}: {ret}", self.0),
            Outcome::Fail | Outcome::Info => write!(formatter, "{}", self.0),
        }
    }
}
