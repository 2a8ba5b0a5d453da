//! Which accesses of each session precede each access: vector clocks.

use super::accesses::{Accesses, Number};
use super::graph::Graph;

/// For each access, how many accesses of each session precede it. That describes all of them only
/// if sessions are chains, as in [`super::graph::Order::Everything`].
#[derive(Clone, Debug)]
pub(super) struct Clocks {
    width: usize,
    counts: Vec<u32>,
}

impl Clocks {
    /// The clocks of a graph.
    ///
    /// # Errors
    /// An access on a cycle, if there is one.
    pub fn of(graph: &Graph<'_>) -> Result<Clocks, Number> {
        let accesses = graph.accesses;
        let width = accesses.sessions.len();
        let mut clocks = Clocks { width, counts: vec![0; width * accesses.len()] };
        let all: Vec<Number> = accesses.numbers().collect();
        for number in graph.sorted(&all)? {
            graph.links_to(number, |link| clocks.join(accesses, link.from, number));
        }
        Ok(clocks)
    }

    /// How many accesses of `session` precede `number`.
    pub fn count(&self, number: Number, session: u32) -> u32 {
        self.counts[number as usize * self.width + session as usize]
    }

    /// How many accesses of each session precede `number`.
    pub fn counts(&self, number: Number) -> &[u32] {
        &self.counts[number as usize * self.width..][..self.width]
    }

    /// Whether one access precedes another.
    pub fn precedes(&self, accesses: &Accesses, first: Number, second: Number) -> bool {
        let item = accesses.item(first);
        self.count(second, item.session) > item.place
    }

    fn join(&mut self, accesses: &Accesses, from: Number, to: Number) {
        let (from_start, to_start) = (from as usize * self.width, to as usize * self.width);
        for session in 0..self.width {
            let count = self.counts[from_start + session];
            let known = &mut self.counts[to_start + session];
            *known = count.max(*known);
        }
        let item = accesses.item(from);
        let known = &mut self.counts[to_start + item.session as usize];
        *known = (item.place + 1).max(*known);
    }
}

/// The writes of each register by session, in the order of the session.
#[derive(Clone, Debug)]
pub(super) struct WritesByKey {
    /// For each key, the sessions that write it.
    keys: Vec<Vec<(u32, Vec<Number>)>>,
}

impl WritesByKey {
    pub fn of(accesses: &Accesses) -> WritesByKey {
        let mut keys: Vec<Vec<(u32, Vec<Number>)>> = vec![Vec::new(); accesses.key_count];
        for (session, numbers) in (0_u32..).zip(&accesses.sessions) {
            for &number in numbers.iter().filter(|&&number| accesses.item(number).is_write) {
                let sessions = &mut keys[accesses.item(number).key as usize];
                match sessions.last_mut() {
                    Some((last, writes)) if *last == session => writes.push(number),
                    Some(_) | None => sessions.push((session, vec![number])),
                }
            }
        }
        WritesByKey { keys }
    }

    /// The sessions that write `key`, with their writes in order.
    pub fn of_key(&self, key: u32) -> impl Iterator<Item = (u32, &[Number])> {
        self.keys[key as usize].iter().map(|(session, writes)| (*session, writes.as_slice()))
    }
}
