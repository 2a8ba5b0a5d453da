//! The search for one order of all operations.
//!
//! A node is how far each session has come, and the state. From there the next operation of some
//! session takes place. Those that can never change a state are taken at once, if they fit: an
//! order in which they come later can be changed to have them now, for they are next in their
//! session and nothing depends on them. Nodes seen before are not entered again.

use crate::budget::{Budget, Spent};
use crate::hashing::mix;
use crate::linearizable::table::Numbers;

/// What the operations act on. They are known by numbers.
pub(super) trait Machine {
    /// What it takes to undo an operation.
    type Undo;

    /// Lets operation `number` take place, if it fits the state.
    fn apply(&mut self, number: u32) -> Option<Self::Undo>;

    /// Undoes the last operation that was not undone.
    fn undo(&mut self, undo: Self::Undo);

    /// Whether the operation can never change a state.
    fn is_read_only(&self, number: u32) -> bool;

    /// Tells states apart that differ, if the sessions have come equally far.
    fn fingerprint(&self) -> u128;
}

/// A session: operations in order, the last of which may not have taken place.
#[derive(Clone, Debug, Default)]
pub(super) struct Session {
    pub numbers: Vec<u32>,
    pub last_is_optional: bool,
}

impl Session {
    fn required(&self) -> usize {
        self.numbers.len() - usize::from(self.last_is_optional)
    }
}

/// What came of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// There is such an order.
    Order,
    /// There is none. The most operations that fit one after the other, and what came next in
    /// each session then.
    Nothing { longest: usize, blocked: Vec<u32> },
    /// The budget did not suffice.
    OutOf(String),
}

/// A node on the way: how many operations had taken place, and from which number on operations
/// are to be tried next. Numbers grow in the order of the history, and earlier ones are likelier.
struct Node {
    taken: usize,
    from: u32,
}

pub(super) struct Search<'a, M: Machine> {
    machine: M,
    sessions: &'a [Session],
    /// For each operation, how far each session must have come before it; empty is "not at all".
    before: &'a dyn Fn(u32) -> &'a [u32],
    positions: Vec<u32>,
    position_key: u128,
    missing: usize,
    taken: Vec<(usize, M::Undo)>,
    seen: Numbers<u128>,
    longest: usize,
    blocked: Vec<u32>,
}

/// The key of a session's position: nodes are known by the exclusive-or of such keys.
fn key(session: usize, position: u32) -> u128 {
    let seed = mix((session as u64) << 32 | u64::from(position));
    u128::from(mix(seed ^ 0x5851_F42D_4C95_7F2D)) << 64 | u128::from(mix(!seed))
}

impl<'a, M: Machine> Search<'a, M> {
    pub fn new(
        machine: M,
        sessions: &'a [Session],
        before: &'a dyn Fn(u32) -> &'a [u32],
    ) -> Search<'a, M> {
        Search {
            machine,
            sessions,
            before,
            positions: vec![0; sessions.len()],
            position_key: 0,
            missing: sessions.iter().map(Session::required).sum(),
            taken: Vec::new(),
            seen: Numbers::default(),
            longest: 0,
            blocked: Vec::new(),
        }
    }

    pub fn run(&mut self, budget: Budget, spent: &mut Spent) -> Found {
        let mut nodes: Vec<Node> = Vec::new();
        if self.enter(&mut nodes, spent) {
            return Found::Order;
        }
        while let Some(node) = nodes.last_mut() {
            if let Some(limit) = spent.beyond(budget) {
                return Found::OutOf(limit);
            }
            spent.steps += self.sessions.len() as u64;
            let from = node.from;
            let next = (0..self.sessions.len())
                .filter_map(|session| self.next_of(session).map(|number| (number, session)))
                .filter(|&(number, _)| number >= from)
                .min();
            let Some((number, session)) = next else {
                nodes.pop();
                self.back_to(nodes.last().map_or(0, |node| node.taken));
                continue;
            };
            node.from = number + 1;
            if self.take(session) && self.enter(&mut nodes, spent) {
                return Found::Order;
            }
        }
        Found::Nothing { longest: self.longest, blocked: std::mem::take(&mut self.blocked) }
    }

    /// Takes what can be taken at once; then goes on from here, unless this node is known. Says
    /// whether everything has taken place.
    fn enter(&mut self, nodes: &mut Vec<Node>, spent: &mut Spent) -> bool {
        self.take_reads(spent);
        if self.missing == 0 {
            return true;
        }
        self.note_blocked();
        if self.seen.entry(self.position_key ^ self.machine.fingerprint()).0 {
            spent.states += 1;
            nodes.push(Node { taken: self.taken.len(), from: 0 });
        } else {
            self.back_to(nodes.last().map_or(0, |node| node.taken));
        }
        false
    }

    fn take_reads(&mut self, spent: &mut Spent) {
        let mut idle = 0;
        for session in (0..self.sessions.len()).cycle() {
            let before = self.taken.len();
            while let Some(number) = self.next_of(session)
                && self.machine.is_read_only(number)
                && self.take(session)
            {
                spent.steps += 1;
            }
            spent.steps += 1;
            idle = if self.taken.len() == before { idle + 1 } else { 0 };
            if idle >= self.sessions.len() {
                break;
            }
        }
    }

    fn next_of(&self, session: usize) -> Option<u32> {
        self.sessions[session].numbers.get(self.positions[session] as usize).copied()
    }

    /// Lets the session's next operation take place, if it may.
    fn take(&mut self, session: usize) -> bool {
        let Some(number) = self.next_of(session) else { return false };
        let before = (self.before)(number);
        if before.iter().zip(&self.positions).any(|(needed, position)| needed > position) {
            return false;
        }
        let Some(undo) = self.machine.apply(number) else { return false };
        self.move_session(session, 1);
        self.taken.push((session, undo));
        true
    }

    fn back_to(&mut self, count: usize) {
        while self.taken.len() > count {
            let (session, undo) = self.taken.pop().expect("there are more than that");
            self.machine.undo(undo);
            self.move_session(session, -1);
        }
    }

    fn move_session(&mut self, session: usize, by: i32) {
        let old = self.positions[session];
        let new = old.checked_add_signed(by).expect("what was taken is undone once");
        self.position_key ^= key(session, old) ^ key(session, new);
        self.positions[session] = new;
        if (old.max(new) as usize) <= self.sessions[session].required() {
            self.missing = match by {
                1 => self.missing - 1,
                _ => self.missing + 1,
            };
        }
    }

    fn note_blocked(&mut self) {
        if self.blocked.is_empty() || self.taken.len() > self.longest {
            self.longest = self.taken.len();
            self.blocked = (0..self.sessions.len()).filter_map(|s| self.next_of(s)).collect();
        }
    }
}
