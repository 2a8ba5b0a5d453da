//! Linearizability: did every operation take place at one instant between its invocation and its
//! end?
//!
//! A history is linearizable (Herlihy & Wing 1990) if its operations can be put in an order in
//! which an object that is used by one client at a time gives the same answers, and in which an
//! operation that ended before another was invoked comes first. [`check_linearizable`] decides
//! that for any [`Model`]; the question is NP-complete, so it does so within a [`Budget`].
//!
//! # Which operations count
//!
//! Completed operations (`ok`) must be in the order. One that failed never took place. One whose
//! end nobody knows (`info`, or still open) may be anywhere after its invocation, or nowhere.
//! Intervals are closed: operations that share an instant are concurrent.
//!
//! # The algorithm
//!
//! 1. **Parts.** If every operation is about one key, each key is judged by itself.
//! 2. **Polynomial cases** ([`Decision`]): where every value is written once, no search is needed.
//! 3. **Search** (Wing & Gong 1993, with the memory of Lowe 2017): put some operation first that
//!    no other one precedes, apply it, go on; where nothing is possible go back, and never enter
//!    the same configuration twice. The invocations and ends that have not taken place are in a
//!    list, so that what may come next is what is before the first end.
//!
//! Eight rules keep the search small ([`Rules`]). Each is an argument about exchanging operations
//! in an order: whatever order is skipped, another one remains.
//!
//! - *Turns.* All parts advance together, 256 steps first, then 2048, and so on.
//! - *Read-only first.* What never changes a state and fits now takes place now: in any order that
//!   has it later, it can be moved here. That an operation leaves *this* state as it is does not
//!   suffice: a write of the present value may be needed later.
//! - *Pending classes.* Of pending operations that ask the same, the earliest is used first, and
//!   only if it changes the state.
//! - *Dominance.* A configuration is not entered if the same one has been entered with fewer
//!   pending operations used: what is left there includes what is left here.
//! - *Twins.* Of completed operations that ask the same and are answered the same, that which ends
//!   first takes place first; and one that completed before one that is pending.
//! - *Look-ahead.* A configuration is left if some answer that must come cannot be reached from its
//!   state by what may take place before it ([`Model::can_reach`]).
//! - *Precedences.* Of a queue, two values that were dequeued one after the other have been
//!   enqueued so ([`Model::precedences`]); an order that has them otherwise is not begun.
//! - *Polynomial cases*, as said.
//!
//! # How this differs from the papers
//!
//! Configurations are known by fingerprints of 128 bits that change by one operation a step, and
//! states by numbers, where Lowe copies a set of bits. Pending operations are no part of the set:
//! they are counted by class. Nothing is done in parallel.
//!
//! # What is left out
//!
//! Specifications that allow several next states. Models answer for that by taking the answer into
//! account: a `maybe` of [`crate::models::VersionedKv`] is one step, not two.

use std::fmt;

use crate::budget::{Budget, Spent};
use crate::history::History;
use crate::models::{Call, Model};
use crate::verdict::{Evidence, Explanation, Verdict};

mod judge;
mod memo;
mod part;
mod polynomial;
mod portion;
mod rules;
mod search;
mod shrink;
pub(crate) mod table;
mod violation;

pub use polynomial::{
    Access, Contradiction, Decision, element_once, growing_set, owned_lock, unique_appends,
    unique_queue, unique_register,
};
pub use rules::Rules;
pub use violation::{MAX_PREFIXES, Prefix, Remaining, Violation};

use judge::Judgement;
use portion::{Portion, portions};
pub(crate) use table::Interner;

/// The name under which scenarios and reports know this checker.
pub const NAME: &str = "linearizable";

/// What [`check_linearizable`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Pass, fail or unknown.
    pub verdict: Verdict,
    /// What the verdict took, without the explanation.
    pub spent: Spent,
    /// With `fail`: why.
    pub violation: Option<Violation>,
}

/// Judges a history: whether it is linearizable, and if not, why.
pub fn linearizable<M: Model>(
    model: &M,
    history: &History<M::Op, M::Ret>,
    budget: Budget,
) -> Verdict {
    check_linearizable(model, history, budget).verdict
}

/// Judges a history, and says what it took and what was found.
///
/// The explanation of a violation may spend as much again as the verdict may.
pub fn check_linearizable<M: Model>(
    model: &M,
    history: &History<M::Op, M::Ret>,
    budget: Budget,
) -> Report {
    let (judgement, spent, portions) = judge_parts(model, history, budget, Rules::ALL);
    match judgement {
        Judgement::Linearizable => Report { verdict: Verdict::Pass, spent, violation: None },
        Judgement::Unknown => {
            let limit = spent.beyond(budget).unwrap_or_else(|| "the budget is spent".to_owned());
            let verdict = Verdict::Unknown(format!("linearizable: {limit}"));
            Report { verdict, spent, violation: None }
        }
        Judgement::Violated(place, contradiction) => {
            let violation = violation::explain(model, &portions[place], budget, Rules::ALL);
            let mut summary = violation.summary(history);
            if let Some(Contradiction { why, .. }) = contradiction {
                summary += &format!(" ({why})");
            }
            let explanation = explanation(history, &violation, summary);
            Report { verdict: Verdict::Fail(explanation), spent, violation: Some(violation) }
        }
    }
}

/// Whether a history is linearizable by some of the rules only, without an explanation; `None` if
/// the budget was spent. For measuring what rules are worth, and for testing that they change no
/// verdict.
pub fn is_linearizable<M: Model>(
    model: &M,
    history: &History<M::Op, M::Ret>,
    budget: Budget,
    rules: Rules,
) -> (Option<bool>, Spent) {
    let (judgement, spent, _) = judge_parts(model, history, budget, rules);
    let is_linearizable = match judgement {
        Judgement::Linearizable => Some(true),
        Judgement::Violated(..) => Some(false),
        Judgement::Unknown => None,
    };
    (is_linearizable, spent)
}

fn judge_parts<'a, M: Model>(
    model: &M,
    history: &'a History<M::Op, M::Ret>,
    budget: Budget,
    rules: Rules,
) -> (Judgement, Spent, Vec<Portion<'a, M>>) {
    let portions = portions(model, history);
    let calls: Vec<&[Call<'_, M::Op, M::Ret>]> =
        portions.iter().map(|portion| portion.calls.as_slice()).collect();
    let (judgement, spent) = judge::judge(model, &calls, budget, rules);
    (judgement, spent, portions)
}

fn explanation<O, R>(history: &History<O, R>, violation: &Violation, summary: String) -> Explanation
where
    O: fmt::Display,
    R: fmt::Display,
{
    let operations = violation
        .operations
        .iter()
        .map(|&Remaining { id, is_whole }| {
            let note = if is_whole { "" } else { " (its end does not matter)" };
            Evidence { id, line: format!("{}{note}", history.operation(id)) }
        })
        .collect();
    Explanation { clause: NAME.to_owned(), summary, operations }
}
