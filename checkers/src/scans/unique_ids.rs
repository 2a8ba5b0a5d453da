//! Unique identifiers: no two operations are answered with the same.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::history::{History, Outcome};

use super::{Blame, Scan, count};

/// What [`unique_ids`] counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UniqueIdsReport<I> {
    /// Operations invoked.
    pub attempted: u64,
    /// Operations answered with an identifier.
    pub acknowledged: u64,
    /// Different identifiers that were given more than once.
    pub duplicated: u64,
    /// The smallest identifier given.
    pub least: Option<I>,
    /// The greatest identifier given.
    pub greatest: Option<I>,
}

/// Checks that every answer is given once, whatever was asked. An operation without an answer
/// used up an identifier that nobody saw.
pub fn unique_ids<O: fmt::Display, I: Clone + Ord + fmt::Display>(
    history: &History<O, I>,
) -> Scan<UniqueIdsReport<I>> {
    let mut blame = Blame::new(history);
    let mut given: Vec<(&I, crate::OperationId)> = history
        .iter()
        .filter_map(|(id, operation)| match &operation.outcome {
            Outcome::Ok(identifier) => Some((identifier, id)),
            Outcome::Fail | Outcome::Info => None,
        })
        .collect();
    given.sort_unstable();
    let mut duplicated = 0;
    for group in given.chunk_by(|one, other| one.0 == other.0).filter(|group| group.len() > 1) {
        duplicated += 1;
        blame.fail("unique", group.iter().map(|&(_, id)| id), || {
            format!("{} was given {} times", group[0].0, group.len())
        });
    }
    let report = UniqueIdsReport {
        attempted: count(history.operations().len()),
        acknowledged: count(given.len()),
        duplicated,
        least: given.first().map(|&(identifier, _)| identifier.clone()),
        greatest: given.last().map(|&(identifier, _)| identifier.clone()),
    };
    Scan { verdict: blame.verdict, report }
}
