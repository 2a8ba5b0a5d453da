//! The search of Wing, Gong and Lowe for one part of a history.

use crate::budget::Spent;
use crate::hashing::mix;
use crate::models::{Model, Others, Step};

use super::memo::{Memo, Uses, key};
use super::part::{Class, NONE, Part, call_of};
use super::rules::Rules;
use super::table::{Interner, Numbers};

/// What was asked and answered.
type OpAndRet<'a, M> = (&'a <M as Model>::Op, Option<&'a <M as Model>::Ret>);

/// How the search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// An order of all completed calls.
    Order,
    /// There is none.
    NoOrder,
}

/// Something that has taken place: how to take it back.
#[derive(Clone, Copy, Debug)]
struct Taken {
    choice: Choice,
    state_before: u32,
    end_before: u32,
    /// Whether there was a choice: a call that only reads is not reconsidered.
    is_forced: bool,
}

/// What may take place next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// The completed call whose invocation is this node.
    Completed(u32),
    /// The next pending call of this class.
    Pending(u32),
}

/// A dead end: as many completed calls took place as possible on this way.
#[derive(Clone, Debug)]
pub(super) struct DeadEnd<S> {
    /// The calls that took place, in order, as places in [`Part::calls`].
    pub order: Vec<u32>,
    /// The state they left.
    pub state: S,
    /// The completed call that had to take place, and could not.
    pub blocked: u32,
    completed: usize,
}

/// A search that can be interrupted.
pub(super) struct Search<'m, 'a, M: Model> {
    model: &'m M,
    part: Part<'a, M>,
    rules: Rules,
    /// Doubly linked list of the nodes of calls that have not taken place.
    next: Vec<u32>,
    previous: Vec<u32>,
    /// For each call, the neighbours of its kind that have not taken place, by their ends.
    twin_before: Vec<u32>,
    twin_after: Vec<u32>,
    states: Interner<M::State>,
    steps_known: Numbers<u64>,
    memo: Memo,
    /// How many of each class have taken place.
    used: Vec<u32>,
    /// The same, to compare.
    uses: Uses,
    state: u32,
    /// Of the calls that have taken place; and of pending ones, where they cannot be compared.
    fingerprint: u128,
    taken: Vec<Taken>,
    /// The first end of a call that has not taken place.
    end: u32,
    /// The last choice tried in the present configuration; `None` if it has just been reached.
    tried: Option<Choice>,
    compares_uses: bool,
    /// Room for the calls that are looked at ahead.
    others: Vec<OpAndRet<'a, M>>,
    /// Operations considered.
    steps: u64,
    /// Dead ends to keep, the deepest.
    keep_dead_ends: usize,
    pub dead_ends: Vec<DeadEnd<M::State>>,
}

/// Sorts of things that have keys.
const KEY_CALL: u64 = 1;
const KEY_STATE: u64 = 2;
const KEY_USE: u64 = 3;

/// The head of the list of nodes.
const HEAD: u32 = 0;
/// How many coming answers are looked at, and how many ends in all, so that it costs little.
const LOOK_AHEAD_OBSERVATIONS: u32 = 4;
const LOOK_AHEAD_ENDS: u32 = 16;
/// With more classes than this, their unused calls are not counted for each look ahead.
const MANY_CLASSES: usize = 256;

impl<'m, 'a, M: Model> Search<'m, 'a, M> {
    pub fn new(model: &'m M, part: Part<'a, M>, rules: Rules) -> Search<'m, 'a, M> {
        let nodes = part.completed.len() * 2 + 1;
        let (mut next, mut previous) = (vec![NONE; nodes], vec![NONE; nodes]);
        let mut last = 0;
        for &node in &part.nodes {
            next[last as usize] = node;
            previous[node as usize] = last;
            last = node;
        }
        let mut twin_after = vec![NONE; part.twins.len()];
        for (call, &before) in part.twins.iter().enumerate() {
            if before != NONE {
                twin_after[before as usize] = index(call);
            }
        }
        let mut states = Interner::default();
        let state = states.intern(model.init());
        Search {
            model,
            rules,
            next,
            previous,
            twin_before: part.twins.clone(),
            twin_after,
            states,
            steps_known: Numbers::default(),
            memo: Memo::default(),
            used: vec![0; part.classes.len()],
            state,
            fingerprint: 0,
            taken: Vec::new(),
            end: NONE,
            tried: None,
            compares_uses: rules.dominance && !part.classes.is_empty(),
            uses: Uses::default(),
            others: Vec::new(),
            steps: 0,
            keep_dead_ends: 0,
            dead_ends: Vec::new(),
            part,
        }
    }

    /// Keeps the deepest dead ends, at most `count` of them.
    pub fn keep_dead_ends(mut self, count: usize) -> Self {
        self.keep_dead_ends = count;
        self
    }

    /// How many states are stored.
    fn stored(&self) -> u64 {
        (self.memo.len() + self.states.len() + self.steps_known.len()) as u64
    }

    /// What has been spent.
    pub fn spent(&self) -> Spent {
        Spent { steps: self.steps, states: self.stored() }
    }

    /// The calls that have taken place, in order, as places in [`Part::calls`].
    pub fn order(&self) -> Vec<u32> {
        let mut used = vec![0; self.part.classes.len()];
        self.taken
            .iter()
            .map(|taken| match taken.choice {
                Choice::Completed(node) => self.part.completed[call_of(node).0],
                Choice::Pending(class) => {
                    let members = &self.part.classes[class as usize].members;
                    let turn: &mut usize = &mut used[class as usize];
                    *turn += 1;
                    members[*turn - 1].0
                }
            })
            .collect()
    }

    /// Searches until an answer is found, or `steps` or `states` in all are reached.
    pub fn run(&mut self, steps: u64, states: u64) -> Option<Found> {
        while self.steps < steps && self.stored() < states {
            let is_dead_end = match self.tried {
                None => {
                    self.end = self.take_reads();
                    if self.end == NONE {
                        return Some(Found::Order);
                    }
                    self.tried = Some(Choice::Completed(HEAD));
                    !self.is_new() || !self.can_go_on()
                }
                Some(tried) => match self.choose(tried) {
                    Some((choice, state)) => {
                        self.take(choice, state, false);
                        self.tried = None;
                        false
                    }
                    None => {
                        self.note_dead_end(self.end);
                        true
                    }
                },
            };
            if is_dead_end && !self.go_back() {
                return Some(Found::NoOrder);
            }
        }
        None
    }

    /// Lets calls that only read take place while they may, and returns the first end of a call
    /// that has not taken place; [`NONE`] if all have.
    fn take_reads(&mut self) -> u32 {
        let mut node = self.next[HEAD as usize];
        while node != NONE {
            self.steps += 1;
            let (number, is_end) = call_of(node);
            if is_end {
                return node;
            }
            let kind = self.part.kind_of[number];
            if self.rules.read_only_first
                && self.part.kinds[kind as usize].is_read_only
                && !matches!(self.step(kind), Step::Refused)
            {
                self.take(Choice::Completed(node), self.state, true);
            }
            // A node that was taken out of the list still knows what followed it.
            node = self.next[node as usize];
        }
        NONE
    }

    /// Whether the present configuration has not been seen before, nor a better one.
    fn is_new(&mut self) -> bool {
        let fingerprint = self.fingerprint ^ key(KEY_STATE, u64::from(self.state));
        match self.compares_uses {
            true => self.memo.add_used(fingerprint, &self.uses),
            false => self.memo.add(fingerprint),
        }
    }

    /// Whether the answers that come next can still be reached.
    fn can_go_on(&mut self) -> bool {
        if !self.rules.look_ahead {
            return true;
        }
        let mut others = std::mem::take(&mut self.others);
        others.clear();
        let unreachable = self.first_unreachable(&mut others);
        self.others = others;
        if let Some(end) = unreachable {
            self.note_dead_end(end);
        }
        unreachable.is_none()
    }

    /// The end of the first call of those that come next whose answer cannot be reached.
    fn first_unreachable(&mut self, others: &mut Vec<OpAndRet<'a, M>>) -> Option<u32> {
        // Marks of some call, and marks of more than one, for a call cannot help itself.
        let (mut once, mut twice) = (0, 0);
        let (mut observations, mut ends) = (0, 0);
        let mut node = self.next[HEAD as usize];
        while node != NONE && observations < LOOK_AHEAD_OBSERVATIONS && ends < LOOK_AHEAD_ENDS {
            self.steps += 1;
            let (number, is_end) = call_of(node);
            let kind = self.part.kinds[self.part.kind_of[number] as usize];
            let call = &self.part.calls[self.part.completed[number] as usize];
            if !is_end && !kind.is_read_only {
                twice |= once & kind.marks;
                once |= kind.marks;
                others.push((call.op, call.ret));
            } else if let Some(ret) = call.ret.filter(|_| is_end && kind.is_observation) {
                let marks = once & (!kind.marks | twice);
                if !self.can_reach(call.op, ret, marks, others, self.part.ranks[node as usize]) {
                    return Some(node);
                }
                observations += 1;
            }
            ends += u32::from(is_end);
            node = self.next[node as usize];
        }
        None
    }

    /// Whether a call that ends at `rank` can be answered so after some of `completed`, among
    /// which it may be itself, and of the pending ones.
    fn can_reach(
        &self,
        op: &'a M::Op,
        ret: &'a M::Ret,
        marks: u64,
        completed: &mut Vec<OpAndRet<'a, M>>,
        rank: u32,
    ) -> bool {
        let state = self.states.value(self.state);
        if self.part.classes.len() > MANY_CLASSES {
            let marks = marks | self.part.marks_pending_before(rank);
            let others = Others { marks, calls: None };
            return self.model.can_reach(state, &others, op, ret);
        }
        let itself = completed.iter().rposition(|(other, _)| std::ptr::eq(*other, op));
        let itself = itself.map(|place| completed.swap_remove(place));
        let (count, mut marks) = (completed.len(), marks);
        for (class, &used) in self.part.classes.iter().zip(&self.used) {
            let unused = class.members.iter().skip(used as usize);
            for &(place, _) in unused.take_while(|member| member.1 < rank) {
                let call = &self.part.calls[place as usize];
                marks |= self.part.kinds[class.kind as usize].marks;
                completed.push((call.op, call.ret));
            }
        }
        let others = Others { marks, calls: Some(completed.as_slice()) };
        let can_reach = self.model.can_reach(state, &others, op, ret);
        completed.truncate(count);
        completed.extend(itself);
        can_reach
    }

    /// The first choice after `tried` that the present state allows, and the state it leads to.
    fn choose(&mut self, tried: Choice) -> Option<(Choice, u32)> {
        let first_class = match tried {
            Choice::Completed(node) => {
                let mut node = self.next[node as usize];
                while node != self.end {
                    self.steps += 1;
                    if let Some(state) = self.completed_leads_to(node) {
                        return Some((Choice::Completed(node), state));
                    }
                    node = self.next[node as usize];
                }
                0
            }
            Choice::Pending(class) => class as usize + 1,
        };
        (first_class..self.part.classes.len()).find_map(|class| {
            self.steps += 1;
            let state = self.pending_leads_to(class)?;
            Some((Choice::Pending(index(class)), state))
        })
    }

    /// The state that a completed call, invoked at `node`, leads to, if it may be next.
    fn completed_leads_to(&mut self, node: u32) -> Option<u32> {
        let (number, _) = call_of(node);
        let kind = self.part.kind_of[number];
        if self.rules.read_only_first && self.part.kinds[kind as usize].is_read_only {
            return None;
        }
        if self.rules.twins && self.has_twin_before(number) {
            return None;
        }
        self.leads_to(kind)
    }

    /// Whether a call of the same kind could take place as well, and ends earlier. Taking that one
    /// first is as good: in any order that has them the other way round they can change places.
    fn has_twin_before(&self, number: usize) -> bool {
        let end_rank = self.part.ranks[self.end as usize];
        let mut twin = self.twin_before[number];
        while twin != NONE {
            if self.part.ranks[twin as usize * 2 + 1] < end_rank {
                return true;
            }
            twin = self.twin_before[twin as usize];
        }
        false
    }

    /// The state that the next pending call of a class leads to, if it may be next and is of use.
    fn pending_leads_to(&mut self, class: usize) -> Option<u32> {
        let Class { kind, members } = &self.part.classes[class];
        let kind = *kind;
        let (_, rank) = *members.get(self.used[class] as usize)?;
        if rank > self.part.ranks[self.end as usize] {
            return None;
        }
        let state = self.leads_to(kind).filter(|&state| state != self.state)?;
        if self.rules.twins && self.has_completed_twin(kind, state) {
            return None;
        }
        Some(state)
    }

    /// Whether a completed call that asks the same as pending ones of `kind` may be next and leads
    /// to the same `state`: it must take place at some time, the pending one need not.
    fn has_completed_twin(&mut self, kind: u32, state: u32) -> bool {
        let op = self.part.kinds[kind as usize].op;
        let mut node = self.next[HEAD as usize];
        while node != self.end {
            self.steps += 1;
            let kind = self.part.kind_of[call_of(node).0];
            if self.part.kinds[kind as usize].op == op && self.leads_to(kind) == Some(state) {
                return true;
            }
            node = self.next[node as usize];
        }
        false
    }

    fn step(&self, kind: u32) -> Step<M::State> {
        let call = &self.part.calls[self.part.examples[kind as usize] as usize];
        self.model.step(self.states.value(self.state), call.op, call.ret)
    }

    /// The state that a call of `kind` leads to, from memory if it was asked before.
    fn leads_to(&mut self, kind: u32) -> Option<u32> {
        // Mixing maps no two words to one, and only zero to zero.
        let question = mix((u64::from(self.state) << 32 | u64::from(kind)) + 1);
        let (is_new, answer) = self.steps_known.entry(question);
        if !is_new {
            return answer.checked_sub(1);
        }
        let state = match self.step(kind) {
            Step::Refused => None,
            Step::Same => Some(self.state),
            Step::Next(state) => Some(self.states.intern(state)),
        };
        *self.steps_known.entry(question).1 = state.map_or(0, |state| state + 1);
        state
    }

    fn take(&mut self, choice: Choice, state: u32, is_forced: bool) {
        let (state_before, end_before) = (self.state, self.end);
        self.taken.push(Taken { choice, state_before, end_before, is_forced });
        self.state = state;
        match choice {
            Choice::Completed(node) => {
                let (number, _) = call_of(node);
                self.fingerprint ^= key(KEY_CALL, number as u64);
                // The end first: then the invocation, out of the list, knows what follows both.
                for node in [node + 1, node] {
                    let (before, after) = (self.previous[node as usize], self.next[node as usize]);
                    self.next[before as usize] = after;
                    if after != NONE {
                        self.previous[after as usize] = before;
                    }
                }
                let (before, after) = (self.twin_before[number], self.twin_after[number]);
                if before != NONE {
                    self.twin_after[before as usize] = after;
                }
                if after != NONE {
                    self.twin_before[after as usize] = before;
                }
            }
            Choice::Pending(class) => {
                self.used[class as usize] += 1;
                self.uses.add(class);
                self.fingerprint ^= self.key_of_use(class);
            }
        }
    }

    /// Takes back the last thing that took place.
    fn take_back(&mut self) -> Option<Taken> {
        let taken = self.taken.pop()?;
        match taken.choice {
            Choice::Completed(node) => {
                let (number, _) = call_of(node);
                self.fingerprint ^= key(KEY_CALL, number as u64);
                for node in [node, node + 1] {
                    let (before, after) = (self.previous[node as usize], self.next[node as usize]);
                    self.next[before as usize] = node;
                    if after != NONE {
                        self.previous[after as usize] = node;
                    }
                }
                let (before, after) = (self.twin_before[number], self.twin_after[number]);
                if before != NONE {
                    self.twin_after[before as usize] = index(number);
                }
                if after != NONE {
                    self.twin_before[after as usize] = index(number);
                }
            }
            Choice::Pending(class) => {
                self.fingerprint ^= self.key_of_use(class);
                self.used[class as usize] -= 1;
                self.uses.remove(class);
            }
        }
        (self.state, self.end) = (taken.state_before, taken.end_before);
        Some(taken)
    }

    /// Where uses of pending calls cannot be compared, they are part of the fingerprint.
    fn key_of_use(&self, class: u32) -> u128 {
        match self.compares_uses {
            true => 0,
            false => key(KEY_USE, u64::from(class) << 24 ^ u64::from(self.used[class as usize])),
        }
    }

    /// Goes back to the last choice; says no if there is none left.
    fn go_back(&mut self) -> bool {
        while let Some(taken) = self.take_back() {
            if !taken.is_forced {
                self.tried = Some(taken.choice);
                return true;
            }
        }
        false
    }

    /// Keeps the present configuration, in which the call that ends at `end` cannot take place,
    /// if it is among the deepest.
    fn note_dead_end(&mut self, end: u32) {
        if self.keep_dead_ends == 0 {
            return;
        }
        let completed = self.part.completed.len() - self.remaining();
        let deepest = self.dead_ends.first().map_or(0, |dead_end| dead_end.completed);
        if completed < deepest
            || (completed == deepest && self.dead_ends.len() >= self.keep_dead_ends)
        {
            return;
        }
        if completed > deepest {
            self.dead_ends.clear();
        }
        let blocked = self.part.completed[call_of(end).0];
        let state = self.states.value(self.state).clone();
        self.dead_ends.push(DeadEnd { order: self.order(), state, blocked, completed });
    }

    fn remaining(&self) -> usize {
        let taken = self.taken.iter().filter(|taken| matches!(taken.choice, Choice::Completed(_)));
        self.part.completed.len() - taken.count()
    }
}

fn index(count: usize) -> u32 {
    u32::try_from(count).expect("a part has fewer than 2^31 calls")
}
