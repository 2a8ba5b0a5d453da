//! Whether all parts of a history are linearizable.

use crate::budget::{Budget, Spent};
use crate::models::{Call, Model};

use super::part::Part;
use super::polynomial::{Contradiction, Decision};
use super::rules::Rules;
use super::search::{Found, Search};

/// What came of judging some parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// Every part is linearizable.
    Linearizable,
    /// This part, by its place, is not; a polynomial algorithm says why.
    Violated(usize, Option<Contradiction>),
    /// The budget was spent before an answer was found.
    Unknown,
}

/// How many steps each part may take in the first turn, and how many times as many in the next.
const FIRST_TURN: u64 = 256;
const TURN_GROWTH: u64 = 8;

/// Judges parts, each given by its calls.
pub(super) fn judge<M: Model>(
    model: &M,
    parts: &[&[Call<'_, M::Op, M::Ret>]],
    budget: Budget,
    rules: Rules,
) -> (Judgement, Spent) {
    let mut spent = Spent::default();
    let mut searches = Vec::new();
    for (place, calls) in parts.iter().enumerate() {
        spent.steps += calls.len() as u64;
        let decision = if rules.polynomial { model.decide(calls) } else { None };
        match decision {
            Some(Decision::Linearizable) => {}
            Some(Decision::Violated(contradiction)) => {
                return (Judgement::Violated(place, Some(contradiction)), spent);
            }
            None => searches.push((place, None)),
        }
    }
    let mut turn = if rules.take_turns { FIRST_TURN } else { u64::MAX };
    while !searches.is_empty() {
        let mut left = Vec::with_capacity(searches.len());
        for (place, search) in searches {
            let mut search = search.unwrap_or_else(|| {
                Search::new(model, Part::new(model, parts[place], rules), rules)
            });
            let before: Spent = search.spent();
            let remaining = budget.less(spent);
            let found = search.run(
                turn.min(before.steps.saturating_add(remaining.steps)),
                before.states.saturating_add(remaining.states),
            );
            spent += search.spent().since(before);
            match found {
                Some(Found::Order) => {}
                Some(Found::NoOrder) => return (Judgement::Violated(place, None), spent),
                None if spent.beyond(budget).is_some() => return (Judgement::Unknown, spent),
                None => left.push((place, Some(search))),
            }
        }
        searches = left;
        turn = turn.saturating_mul(TURN_GROWTH);
    }
    (Judgement::Linearizable, spent)
}
