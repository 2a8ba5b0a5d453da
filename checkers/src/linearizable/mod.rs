//! Linearizability.

use crate::budget::{Budget, Spent};
use crate::history::{History, OperationId, Outcome};
use crate::models::{Call, Model};
use crate::verdict::Verdict;
use std::fmt;

mod memo;
mod part;
mod polynomial;
mod rules;
mod search;
mod table;

pub use polynomial::{
    Access, Contradiction, Decision, element_once, growing_set, owned_lock, unique_appends,
    unique_queue, unique_register,
};
pub use rules::Rules;

use part::Part;
use search::{Found, Search};
use table::Interner;

/// The operations of one part of a history, and the calls to be judged.
struct Portion<'a, M: Model> {
    key: Option<M::Key>,
    ids: Vec<OperationId>,
    calls: Vec<Call<'a, M::Op, M::Ret>>,
}

/// Splits a history into its parts, in the order of their first operations.
fn portions<'a, M: Model>(
    model: &M,
    history: &'a History<M::Op, M::Ret>,

) -> Vec<Portion<'a, M>> {
    let operations = || history.iter().filter(|(_, operation)| operation.outcome != Outcome::Fail);
    let mut keys: Interner<M::Key> = Interner::default();
    let mut numbers: Vec<u32> = Vec::new();
    let is_split = operations().all(|(_, operation)| match model.key(&operation.op) {
            Some(key) => {
                numbers.push(keys.intern(key));
                true
            }
            None => false,
        });
    let count = if is_split { keys.len() } else { 1 };
    let mut portions: Vec<Portion<'a, M>> = (0..count)
        .map(|number| Portion {
            key: is_split.then(|| keys.value(number as u32).clone()),
            ids: Vec::new(),
            calls: Vec::new(),
        })
        .collect();
    for (place, (id, operation)) in operations().enumerate() {
        let portion = &mut portions[if is_split { numbers[place] as usize } else { 0 }];
        portion.ids.push(id);
        portion.calls.push(Call {
            op: &operation.op,
            ret: match &operation.outcome {
                Outcome::Ok(ret) => Some(ret),
                Outcome::Fail | Outcome::Info => None,
            },
            invoked_ns: operation.invoked_ns,
            until_ns: operation.until_ns().unwrap_or(u64::MAX),
        });
    }
    portions
}

/// What came of it.
pub struct Judged {
    /// Whether it is.
    pub is_linearizable: Option<bool>,
    /// Spent.
    pub spent: Spent,
}

/// Judges.
pub fn judge<M: Model>(
    model: &M,
    history: &History<M::Op, M::Ret>,
    budget: Budget,
    rules: Rules,
) -> Judged {
    let mut spent = Spent::default();
    let mut searches = Vec::new();
    for portion in portions(model, history) {
        let decision = if rules.polynomial { model.decide(&portion.calls) } else { None };
        match decision {
            Some(Decision::Linearizable) => {}
            Some(Decision::Violated(_)) => {
                return Judged { is_linearizable: Some(false), spent };
            }
            None => searches.push(Search::new(model, Part::new(model, portion.calls, rules), rules)),
        }
    }
    let mut turn: u64 = if rules.take_turns { 256 } else { u64::MAX };
    while !searches.is_empty() {
        let mut left = Vec::new();
        spent = Spent::default();
        for mut search in searches {
            match search.run(turn, budget.states) {
                Some(Found::Order) => {}
                Some(Found::NoOrder) => {
                    spent.steps += search.steps;
                    spent.states += search.stored();
                    return Judged { is_linearizable: Some(false), spent };
                }
                None => {
                    left.push(search);
                }
            }
        }
        searches = left;
        turn = turn.saturating_mul(8);
    }
    Judged { is_linearizable: Some(true), spent }
}
