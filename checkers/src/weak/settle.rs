//! Which write each read returned, when values repeat.
//!
//! The algorithms of this module take for granted that a read's value tells where it came from.
//! Where several writes put the same value into a register, they are asked again and again: reads
//! are given one candidate after the other, and a choice is dropped as soon as what has been
//! chosen so far is contradictory (each algorithm takes reads of unknown source to demand
//! nothing, so what it finds holds for every further choice). That is exact, and exponential in
//! the number of such reads at worst: hence the budget.

use crate::budget::{Budget, Spent};

use super::accesses::{Accesses, Number, Source};
use super::clash::Clash;

/// What came of a search for sources.
#[derive(Debug)]
pub(super) enum Settled {
    /// With some sources, nothing is contradictory.
    Holds,
    /// Contradictory whatever the sources of the reads of repeated values are.
    Broken(Clash),
    /// Every choice is contradictory, each in its own way; this was the last one.
    Hopeless { clash: Clash, choices: u64 },
    /// The budget did not suffice.
    OutOf(String),
}

impl Settled {
    /// This or what comes of another search: whatever is contradictory goes before what ran out
    /// of its budget. The other search is not begun if it cannot matter.
    pub fn or(self, other: impl FnOnce() -> Settled) -> Settled {
        match self {
            Settled::Broken(_) | Settled::Hopeless { .. } => self,
            Settled::Holds => other(),
            Settled::OutOf(limit) => match other() {
                Settled::Holds | Settled::OutOf(_) => Settled::OutOf(limit),
                broken @ (Settled::Broken(_) | Settled::Hopeless { .. }) => broken,
            },
        }
    }
}

/// What a level demands of sources: `Ok`, or what contradicts it, with reasons if they are asked
/// for (the last argument).
pub(super) type Check<'a> = dyn FnMut(&[Source], &mut Spent, bool) -> Result<(), Clash> + 'a;

/// Looks for sources of the reads `ambiguous` such that `check` finds nothing.
pub(super) fn settle(
    accesses: &Accesses,
    sources: &mut [Source],
    ambiguous: &[Number],
    (budget, spent): (Budget, &mut Spent),
    check: &mut Check<'_>,
) -> Settled {
    if let Err(clash) = check(sources, spent, true) {
        return Settled::Broken(clash);
    }
    let candidates: Vec<Vec<Source>> =
        ambiguous.iter().map(|&read| by_nearness(accesses, read)).collect();
    let mut chosen: Vec<usize> = Vec::new();
    let mut next = 0;
    let (mut choices, mut last) = (0, Vec::new());
    while chosen.len() < ambiguous.len() {
        let depth = chosen.len();
        let read = ambiguous[depth] as usize;
        let Some(&source) = candidates[depth].get(next) else {
            sources[read] = Source::Unknown;
            let Some(previous) = chosen.pop() else {
                let clash = check(&last, spent, true).expect_err("it was contradictory before");
                return Settled::Hopeless { clash, choices };
            };
            next = previous + 1;
            continue;
        };
        if let Some(limit) = spent.beyond(budget) {
            return Settled::OutOf(limit);
        }
        sources[read] = source;
        choices += 1;
        match check(sources, spent, false) {
            Ok(()) => {
                chosen.push(next);
                next = 0;
            }
            Err(_) => {
                last.clear();
                last.extend_from_slice(sources);
                next += 1;
            }
        }
    }
    Settled::Holds
}

/// The candidates of a read, likely ones first: the last write that the history has before it,
/// then earlier ones, the initial value, and at last the writes that the history has after it.
fn by_nearness(accesses: &Accesses, read: Number) -> Vec<Source> {
    let mut candidates = accesses.candidates(read);
    let is_before = |source: &Source| match source {
        Source::Write(write) => *write < read,
        Source::Initial | Source::Unknown => true,
    };
    let before = candidates.iter().filter(|source| is_before(source)).count();
    candidates[..before].reverse();
    candidates
}
