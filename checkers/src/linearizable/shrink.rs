//! From a part that is not linearizable to few of its operations that are not, either.
//!
//! Taking an operation out of a history can make a correct one wrong: a read whose write is gone
//! has read what nobody wrote. So that what is left proves something about the whole, only such
//! changes are made as leave every linearizable history linearizable:
//!
//! - **Cut the end off**: forget all that was invoked after some instant, and how calls ended that
//!   ended after it. An order of the whole, up to there, is one of the rest.
//! - **Take out what only reads**: nothing depends on it.
//! - **Take out everything about some values**, where the model says that the rest does not depend
//!   on them ([`Model::values`]).
//! - **Forget an end**: let a completed call be pending. Whatever order there was is still one,
//!   for a pending call may take place where it did.
//!
//! They are tried in that order, many at once first, and then fewer (Zeller & Hildebrandt 2002,
//! delta debugging), until none leaves the part wrong, or the budget is spent.

use std::collections::BTreeMap;

use crate::budget::{Budget, Spent};
use crate::models::{Call, Model};

use super::judge::{Judgement, judge};
use super::rules::Rules;

/// What is left of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Left {
    /// Nothing.
    Nothing,
    /// That it was invoked, and may have taken place.
    Begin,
    /// All.
    Whole,
}

/// Shrinks a part that is not linearizable: says what is left of each of its calls.
pub(super) fn shrink<M: Model>(
    model: &M,
    calls: &[Call<'_, M::Op, M::Ret>],
    budget: Budget,
    rules: Rules,
) -> (Vec<Left>, Spent) {
    let left = calls
        .iter()
        .map(|call| if call.ret.is_some() { Left::Whole } else { Left::Begin })
        .collect();
    let mut shrinker = Shrinker { model, calls, left, budget, rules, spent: Spent::default() };
    shrinker.forget_useless();
    loop {
        let before = shrinker.left.clone();
        shrinker.cut();
        shrinker.take_out_values();
        shrinker.forget_ends();
        if shrinker.left == before {
            return (shrinker.left, shrinker.spent);
        }
    }
}

struct Shrinker<'a, M: Model> {
    model: &'a M,
    calls: &'a [Call<'a, M::Op, M::Ret>],
    left: Vec<Left>,
    budget: Budget,
    rules: Rules,
    spent: Spent,
}

impl<M: Model> Shrinker<'_, M> {
    /// Changes what is left, if it still is not linearizable then.
    fn try_change(&mut self, change: impl Fn(usize) -> Left) -> bool {
        let left: Vec<Left> =
            self.left.iter().enumerate().map(|(place, left)| change(place).min(*left)).collect();
        if left == self.left {
            return true;
        }
        let calls = remaining(self.calls, &left);
        let budget = self.budget.less(self.spent);
        let (judgement, spent) = judge(self.model, &[&calls], budget, self.rules);
        self.spent += spent;
        let is_wrong = matches!(judgement, Judgement::Violated(..));
        if is_wrong {
            self.left = left;
            self.forget_useless();
        }
        is_wrong
    }

    /// A pending call that only reads has no consequence.
    fn forget_useless(&mut self) {
        for (left, call) in self.left.iter_mut().zip(self.calls) {
            if *left == Left::Begin && self.model.is_read_only(call.op, None) {
                *left = Left::Nothing;
            }
        }
    }

    /// Cuts off all that came after the earliest instant that suffices.
    fn cut(&mut self) {
        let calls = self.calls;
        let mut ends: Vec<u64> = self
            .left
            .iter()
            .zip(calls)
            .filter(|(left, _)| **left == Left::Whole)
            .map(|(_, call)| call.until_ns)
            .collect();
        ends.sort_unstable();
        ends.dedup();
        // The part is wrong if cut after `ends[high]`, and not known to be if before `ends[low]`.
        let (mut low, mut high) = (0, ends.len().saturating_sub(1));
        while low < high {
            let middle = usize::midpoint(low, high);
            let at_ns = ends[middle];
            let is_wrong = self.try_change(|place| match calls[place] {
                Call { invoked_ns, .. } if invoked_ns > at_ns => Left::Nothing,
                Call { until_ns, .. } if until_ns > at_ns => Left::Begin,
                Call { .. } => Left::Whole,
            });
            if is_wrong { high = middle } else { low = middle + 1 }
        }
    }

    /// Takes out values, together with those that some call connects them with.
    fn take_out_values(&mut self) {
        let Some(groups) = self.groups() else { return };
        let mut group_of = vec![usize::MAX; self.calls.len()];
        for (group, places) in groups.iter().enumerate() {
            for &place in places {
                group_of[place] = group;
            }
        }
        self.halve(groups.len(), |tried, place| match group_of[place] {
            usize::MAX => Left::Whole,
            group if tried.contains(&group) => Left::Nothing,
            _ => Left::Whole,
        });
    }

    /// The calls that are left by what they are about; `None` if some call may be about anything.
    fn groups(&self) -> Option<Vec<Vec<usize>>> {
        // Each value's group is named by the first value that was found to belong to it.
        let mut names: BTreeMap<u64, u64> = BTreeMap::new();
        fn name_of(names: &BTreeMap<u64, u64>, mut value: u64) -> u64 {
            while let Some(&name) = names.get(&value).filter(|&&name| name != value) {
                value = name;
            }
            value
        }
        let mut values = Vec::new();
        for (place, left) in self.left.iter().enumerate().filter(|(_, l)| **l != Left::Nothing) {
            let call = &self.calls[place];
            let ret = if *left == Left::Whole { call.ret } else { None };
            let about = self.model.values(call.op, ret)?;
            for value in &about {
                let (first, this) = (name_of(&names, about[0]), name_of(&names, *value));
                names.insert(this, first);
                names.entry(first).or_insert(first);
            }
            values.extend(about.first().map(|&value| (place, value)));
        }
        let mut groups: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (place, value) in values {
            groups.entry(name_of(&names, value)).or_default().push(place);
        }
        let mut groups: Vec<Vec<usize>> = groups.into_values().collect();
        groups.sort();
        Some(groups)
    }

    /// Takes out what only reads, and forgets how other calls ended.
    fn forget_ends(&mut self) {
        let whole: Vec<usize> =
            (0..self.left.len()).filter(|&place| self.left[place] == Left::Whole).collect();
        let mut number_of = vec![usize::MAX; self.calls.len()];
        for (number, &place) in whole.iter().enumerate() {
            number_of[place] = number;
        }
        let is_read_only: Vec<bool> =
            self.calls.iter().map(|call| self.model.is_read_only(call.op, call.ret)).collect();
        self.halve(whole.len(), |tried, place| match number_of[place] {
            usize::MAX => Left::Whole,
            number if !tried.contains(&number) => Left::Whole,
            _ if is_read_only[place] => Left::Nothing,
            _ => Left::Begin,
        });
    }

    /// Tries to do without ranges of `count` things, from large to small.
    fn halve(&mut self, count: usize, change: impl Fn(&std::ops::Range<usize>, usize) -> Left) {
        let mut size = count.div_ceil(2);
        while size > 0 && self.spent.beyond(self.budget).is_none() {
            // The last first: what was long ago is more often a cause.
            for end in (1..=count.div_ceil(size)).rev() {
                let tried = (end - 1) * size..(end * size).min(count);
                self.try_change(|place| change(&tried, place));
            }
            size /= 2;
        }
    }
}

/// The calls of which something is left.
pub(super) fn remaining<'a, O, R>(calls: &[Call<'a, O, R>], left: &[Left]) -> Vec<Call<'a, O, R>> {
    calls
        .iter()
        .zip(left)
        .filter_map(|(&call, left)| match left {
            Left::Nothing => None,
            Left::Begin => Some(Call { ret: None, until_ns: u64::MAX, ..call }),
            Left::Whole => Some(call),
        })
        .collect()
}
