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
//! delta debugging), until none leaves the part wrong, or the budget is spent. A change whose
//! result takes more than its share to judge is not made; what is left may not be minimal then.

use std::collections::BTreeMap;

use crate::budget::{Budget, Spent};
use crate::models::{Call, Model};

use super::judge::{Judgement, judge};
use super::rules::Rules;

/// One trial may take this part of the budget: one that cannot be judged must not cost all others.
const SHARE: u64 = 100;

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

/// A smaller history that is not linearizable.
pub(super) struct Shrunk {
    /// What is left of each call.
    pub left: Vec<Left>,
    /// The whole is wrong even if it is cut off after this instant.
    pub wrong_ns: u64,
    /// Whether nothing more can be taken away; not known of a part that was too hard to judge.
    pub is_minimal: bool,
    pub spent: Spent,
}

/// Shrinks a part that is not linearizable.
pub(super) fn shrink<M: Model>(
    model: &M,
    calls: &[Call<'_, M::Op, M::Ret>],
    budget: Budget,
    rules: Rules,
) -> Shrunk {
    let left = calls
        .iter()
        .map(|call| if call.ret.is_some() { Left::Whole } else { Left::Begin })
        .collect();
    let mut shrinker =
        Shrinker { model, calls, left, budget, rules, spent: Spent::default(), is_minimal: true };
    shrinker.forget_useless();
    let wrong_ns = shrinker.cut();
    loop {
        let before = shrinker.left.clone();
        shrinker.is_minimal = true;
        shrinker.cut();
        shrinker.take_out_reads();
        shrinker.take_out_values();
        shrinker.forget_ends();
        if shrinker.left == before {
            let Shrinker { left, budget, spent, is_minimal, .. } = shrinker;
            let is_minimal = is_minimal && spent.beyond(budget).is_none();
            return Shrunk { left, wrong_ns, is_minimal, spent };
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
    /// Whether every trial since the last that changed something has been judged.
    is_minimal: bool,
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
        let (judgement, spent) = judge(self.model, &[&calls], self.share(), self.rules);
        self.spent.steps += spent.steps;
        self.spent.states = self.spent.states.max(spent.states);
        self.is_minimal &= !matches!(judgement, Judgement::Unknown);
        let is_wrong = matches!(judgement, Judgement::Violated(..));
        if is_wrong {
            self.left = left;
            self.forget_useless();
        }
        is_wrong
    }

    /// What one trial may spend. What it stores is free again when it is over.
    fn share(&self) -> Budget {
        let steps = self.budget.steps.saturating_sub(self.spent.steps);
        Budget { steps: (self.budget.steps / SHARE).min(steps), states: self.budget.states / SHARE }
    }

    /// A pending call that only reads has no consequence.
    fn forget_useless(&mut self) {
        for (left, call) in self.left.iter_mut().zip(self.calls) {
            if *left == Left::Begin && self.model.is_read_only(call.op, None) {
                *left = Left::Nothing;
            }
        }
    }

    /// Cuts off all that came after the earliest instant that suffices, and returns that.
    fn cut(&mut self) -> u64 {
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
        // It is wrong if cut after `ends[high]`, and not known to be if before `ends[low]`.
        let (mut low, mut high) = (0, ends.len().saturating_sub(1));
        while low < high {
            let middle = usize::midpoint(low, high);
            let is_wrong = self.try_change(|place| left_at(&calls[place], ends[middle]));
            if is_wrong { high = middle } else { low = middle + 1 }
        }
        let wrong_ns = ends.get(high).copied().unwrap_or(u64::MAX);
        self.try_change(|place| left_at(&calls[place], wrong_ns));
        wrong_ns
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

    /// Takes out what only reads.
    fn take_out_reads(&mut self) {
        let is_read = |call: &Call<'_, M::Op, M::Ret>| self.model.is_read_only(call.op, call.ret);
        let is_read: Vec<bool> = self.calls.iter().map(is_read).collect();
        self.reduce(|place| is_read[place], Left::Nothing);
    }

    /// Forgets how calls ended.
    fn forget_ends(&mut self) {
        self.reduce(|_| true, Left::Begin);
    }

    /// Leaves only so much of those whole calls that are `meant`.
    fn reduce(&mut self, meant: impl Fn(usize) -> bool, to: Left) {
        let whole: Vec<usize> = (0..self.left.len())
            .filter(|&place| self.left[place] == Left::Whole && meant(place))
            .collect();
        let mut number_of = vec![usize::MAX; self.calls.len()];
        for (number, &place) in whole.iter().enumerate() {
            number_of[place] = number;
        }
        self.halve(
            whole.len(),
            |tried, place| {
                if tried.contains(&number_of[place]) { to } else { Left::Whole }
            },
        );
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

/// What is left of a call if the history is cut off after an instant.
pub(super) fn left_at<O, R>(call: &Call<'_, O, R>, at_ns: u64) -> Left {
    if call.invoked_ns > at_ns {
        Left::Nothing
    } else if call.until_ns > at_ns {
        Left::Begin
    } else {
        Left::Whole
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
