//! The calls of one part of a history, laid out for the search.

use crate::models::{Call, Model};

use super::rules::Rules;
use super::table::Interner;

/// No node, no twin, no class.
pub(super) const NONE: u32 = u32::MAX;

/// What was asked with what was answered: calls of one kind are alike to the model.
#[derive(Clone, Copy, Debug)]
pub(super) struct KindOfCall {
    pub is_read_only: bool,
    pub is_observation: bool,
    pub marks: u64,
    /// The number of the operation, whatever was answered.
    pub op: u32,
}

/// Pending operations that ask the same, by invocation.
#[derive(Clone, Debug)]
pub(super) struct Class {
    pub kind: u32,
    /// The calls, as places in [`Part::calls`], with their ranks.
    pub members: Vec<(u32, u32)>,
}

/// The calls of one part of a history.
///
/// Completed calls, and pending ones that were seen, are numbered by invocation. Call number `i`
/// has two *nodes*, its invocation `2i + 1` and its end `2i + 2`; node 0 is the head of the list of
/// nodes. The *rank* of a node is its place in time; at equal times invocations come before ends,
/// for intervals are closed.
#[derive(Clone, Debug)]
pub(super) struct Part<'a, M: Model> {
    pub calls: Vec<Call<'a, M::Op, M::Ret>>,
    /// The completed calls by number, as places in `calls`.
    pub completed: Vec<u32>,
    /// The kind of each completed call.
    pub kind_of: Vec<u32>,
    pub kinds: Vec<KindOfCall>,
    /// One call of each kind.
    pub examples: Vec<u32>,
    pub classes: Vec<Class>,
    /// The pending calls by rank, each with the marks of it and all before.
    pending_marks: Vec<(u32, u64)>,
    /// Ranks of nodes.
    pub ranks: Vec<u32>,
    /// Nodes in time.
    pub nodes: Vec<u32>,
    /// For each completed call, how many others must take place before it, beyond those that ended
    /// before it was invoked.
    pub awaited: Vec<u32>,
    /// For each completed call, where in `followers` those begin that wait for it. One longer.
    pub followers_from: Vec<u32>,
    /// Calls that wait for others.
    pub followers: Vec<u32>,
    /// For each completed call, the one of its kind that ends just before it.
    pub twins: Vec<u32>,
}

impl<'a, M: Model> Part<'a, M> {
    pub fn new(model: &M, calls: &[Call<'a, M::Op, M::Ret>], rules: Rules) -> Part<'a, M> {
        let mut calls = calls.to_vec();
        let seen = if rules.precedences { model.seen_pending(&calls) } else { Vec::new() };
        for (pending, seen_by) in seen {
            calls[pending].until_ns = calls[pending].until_ns.min(calls[seen_by].until_ns);
        }
        let mut ops: Interner<&M::Op> = Interner::default();
        let mut pairs: Interner<(&M::Op, Option<&M::Ret>)> = Interner::default();
        let (mut kinds, mut examples) = (Vec::new(), Vec::new());
        let mut completed: Vec<(u64, u32, u32)> = Vec::with_capacity(calls.len());
        let mut pending: Vec<(u64, u32, u32)> = Vec::new();
        for (place, call) in calls.iter().enumerate() {
            let place = u32::try_from(place).expect("a part has fewer than 2^31 calls");
            let kind = pairs.intern((call.op, call.ret));
            if kind as usize == kinds.len() {
                examples.push(place);
                let is_read_only = model.is_read_only(call.op, call.ret);
                kinds.push(KindOfCall {
                    is_read_only,
                    is_observation: call.ret.is_some_and(|ret| model.is_observation(call.op, ret)),
                    marks: if is_read_only { 0 } else { model.marks(call.op, call.ret) },
                    op: ops.intern(call.op),
                });
            }
            let has_end = call.ret.is_some() || call.until_ns != u64::MAX;
            let list = if has_end { &mut completed } else { &mut pending };
            list.push((call.invoked_ns, place, kind));
        }
        completed.sort_unstable_by_key(|&(invoked_ns, place, _)| (invoked_ns, place));
        pending.sort_unstable_by_key(|&(invoked_ns, place, _)| (invoked_ns, place));
        // What is pending and changes nothing need not have taken place.
        pending.retain(|&(_, _, kind)| !kinds[kind as usize].is_read_only);
        let mut part = Part {
            kind_of: completed.iter().map(|&(_, _, kind)| kind).collect(),
            completed: completed.iter().map(|&(_, place, _)| place).collect(),
            calls,
            kinds,
            examples,
            classes: Vec::new(),
            pending_marks: Vec::new(),
            ranks: Vec::new(),
            nodes: Vec::new(),
            twins: Vec::new(),
            awaited: Vec::new(),
            followers_from: Vec::new(),
            followers: Vec::new(),
        };
        part.rank(&pending, rules);
        part.pair_twins();
        let precedences = match rules.precedences {
            true => model.precedences(&part.calls),
            false => Vec::new(),
        };
        part.respect(precedences);
        part
    }

    /// Notes which completed calls wait for which, given by their places.
    fn respect(&mut self, precedences: Vec<(usize, usize)>) {
        let count = self.completed.len();
        let mut number_of = vec![NONE; self.calls.len()];
        for (number, &place) in (0..).zip(&self.completed) {
            number_of[place as usize] = number;
        }
        let mut pairs: Vec<(u32, u32)> = precedences
            .into_iter()
            .map(|(first, second)| (number_of[first], number_of[second]))
            .filter(|&(first, second)| first != NONE && second != NONE)
            .collect();
        pairs.sort_unstable();
        pairs.dedup();
        self.awaited = vec![0; count];
        self.followers_from = Vec::with_capacity(count + 1);
        let mut from = 0;
        for number in 0..=count {
            self.followers_from.push(from);
            while let Some(&(_, second)) =
                pairs.get(from as usize).filter(|pair| pair.0 as usize == number)
            {
                self.followers.push(second);
                self.awaited[second as usize] += 1;
                from += 1;
            }
        }
    }

    /// The completed calls that wait for this one.
    pub fn followers(&self, number: usize) -> std::ops::Range<usize> {
        self.followers_from[number] as usize..self.followers_from[number + 1] as usize
    }

    /// Orders all events in time, and puts pending calls into their classes.
    fn rank(&mut self, pending: &[(u64, u32, u32)], rules: Rules) {
        // Events are (time, is it an end, node or pending call).
        let count = self.completed.len();
        let mut events: Vec<(u64, bool, u32)> = Vec::with_capacity(count * 2 + pending.len());
        for (number, &place) in self.completed.iter().enumerate() {
            let call = &self.calls[place as usize];
            let node = u32::try_from(number * 2 + 1).expect("a part has fewer than 2^31 calls");
            events.push((call.invoked_ns, false, node));
            events.push((call.until_ns, true, node + 1));
        }
        let first_pending = u32::try_from(count * 2 + 1).expect("a part has fewer than 2^31 calls");
        for (index, &(invoked_ns, _, _)) in (first_pending..).zip(pending) {
            events.push((invoked_ns, false, index));
        }
        events.sort_unstable();
        self.ranks = vec![0; count * 2 + 1];
        let mut class_of: Vec<u32> = vec![NONE; self.kinds.len()];
        for (rank, (_, _, event)) in (1..).zip(events) {
            if event < first_pending {
                self.ranks[event as usize] = rank;
                self.nodes.push(event);
                continue;
            }
            let (_, place, kind) = pending[(event - first_pending) as usize];
            let class = &mut class_of[kind as usize];
            if *class == NONE || !rules.pending_classes {
                *class = u32::try_from(self.classes.len()).expect("there are fewer than calls");
                self.classes.push(Class { kind, members: Vec::new() });
            }
            self.classes[*class as usize].members.push((place, rank));
            let marks_before = self.pending_marks.last().map_or(0, |last| last.1);
            self.pending_marks.push((rank, marks_before | self.kinds[kind as usize].marks));
        }
    }

    /// The marks of all pending calls that were invoked before `rank`.
    pub fn marks_pending_before(&self, rank: u32) -> u64 {
        let after = self.pending_marks.partition_point(|&(invoked, _)| invoked < rank);
        after.checked_sub(1).map_or(0, |last| self.pending_marks[last].1)
    }

    fn pair_twins(&mut self) {
        self.twins = vec![NONE; self.completed.len()];
        let mut last_of_kind: Vec<u32> = vec![NONE; self.kinds.len()];
        for &node in &self.nodes {
            let (number, is_end) = call_of(node);
            if is_end {
                let last = &mut last_of_kind[self.kind_of[number] as usize];
                self.twins[number] = *last;
                *last = u32::try_from(number).expect("nodes are numbered by 32 bits");
            }
        }
    }
}

/// The number of the completed call that a node belongs to, and whether the node is its end.
pub(super) fn call_of(node: u32) -> (usize, bool) {
    ((node as usize - 1) / 2, node.is_multiple_of(2))
}
