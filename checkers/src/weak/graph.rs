//! What must come before what, and why.

use std::collections::VecDeque;

use super::accesses::{Accesses, NONE, Number, Source};

/// From how many members of a cycle a shorter one is looked for.
const CYCLE_TRIES: usize = 64;

/// Why one access comes before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// Their process did them in this order.
    Session,
    /// The second one read what the first one wrote.
    Read,
    /// Both write the register that this read returned, the first one comes before the read, and
    /// the second one is what it returned.
    Overwritten(Number),
    /// The first one is a read, of what the second one overwrites.
    NotYet,
}

impl Why {
    /// Whether it is what causality consists of.
    pub fn is_causal(self) -> bool {
        match self {
            Why::Session | Why::Read => true,
            Why::Overwritten(_) | Why::NotYet => false,
        }
    }
}

/// One access before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub from: Number,
    pub to: Number,
    pub why: Why,
    /// Greater than those of the links it was concluded from; 0 if it is a premise.
    pub rank: u32,
}

impl Link {
    /// A link that follows from nothing else.
    pub fn premise(from: Number, to: Number, why: Why) -> Link {
        Link { from, to, why, rank: 0 }
    }
}

/// Which accesses of a session precede which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// None: each guarantee about reads alone.
    Nothing,
    /// Writes precede later writes.
    Writes,
    /// Reads precede later reads and writes, so that what they read precedes those writes too.
    WritesAfterReads,
    /// Writes precede later writes; in one session, the observer's, everything later.
    WritesAndOwn(u32),
    /// Everything precedes what is later.
    Everything,
}

impl Order {
    /// Whether the observer's reads have predecessors and successors in the graph; else only the
    /// writes that they return are in it, for they have no other.
    pub fn has_own_reads(self) -> bool {
        match self {
            Order::Nothing | Order::Writes | Order::WritesAfterReads => false,
            Order::WritesAndOwn(_) | Order::Everything => true,
        }
    }
}

/// Predecessors within sessions, precomputed for every [`Order`].
#[derive(Clone, Debug)]
pub(super) struct Neighbours {
    previous: Vec<Number>,
    previous_write: Vec<Number>,
    previous_read: Vec<Number>,
}

impl Neighbours {
    pub fn of(accesses: &Accesses) -> Neighbours {
        let absent = vec![NONE; accesses.len()];
        let (previous, previous_write, previous_read) = (absent.clone(), absent.clone(), absent);
        let mut neighbours = Neighbours { previous, previous_write, previous_read };
        for session in &accesses.sessions {
            let (mut last, mut last_write, mut last_read) = (NONE, NONE, NONE);
            for &number in session {
                neighbours.previous[number as usize] = last;
                neighbours.previous_write[number as usize] = last_write;
                neighbours.previous_read[number as usize] = last_read;
                last = number;
                if accesses.item(number).is_write {
                    last_write = number
                } else {
                    last_read = number
                }
            }
        }
        neighbours
    }

    /// The nearest access of the same session that precedes `number`, or [`NONE`].
    fn before(&self, order: Order, session: u32, number: Number) -> Number {
        let list = match order {
            Order::Nothing => return NONE,
            Order::WritesAndOwn(own) if own == session => &self.previous,
            Order::Writes | Order::WritesAndOwn(_) => &self.previous_write,
            Order::WritesAfterReads => &self.previous_read,
            Order::Everything => &self.previous,
        };
        list[number as usize]
    }
}

/// A link that was found while looking, kept with the access it leads to.
#[derive(Clone, Copy, Debug)]
struct Found {
    from: Number,
    why: Why,
    /// The next one with the same end.
    next: u32,
}

/// The accesses of a history with what precedes each: in its session, as the source of a read,
/// and by links that were found.
#[derive(Clone, Debug)]
pub(super) struct Graph<'a> {
    pub accesses: &'a Accesses,
    pub neighbours: &'a Neighbours,
    pub sources: &'a [Source],
    pub order: Order,
    found: Vec<Found>,
    first: Vec<u32>,
}

impl<'a> Graph<'a> {
    pub fn new(
        accesses: &'a Accesses,
        neighbours: &'a Neighbours,
        sources: &'a [Source],
        order: Order,
    ) -> Graph<'a> {
        let first = vec![NONE; accesses.len()];
        Graph { accesses, neighbours, sources, order, found: Vec::new(), first }
    }

    /// Forgets the links found, to look at the same accesses in another order.
    pub fn reset(&mut self, order: Order, touched: &[Number]) {
        self.order = order;
        self.found.clear();
        for &number in touched {
            self.first[number as usize] = NONE;
        }
    }

    /// Adds a link, unless the last one added with this end is the same.
    pub fn add(&mut self, from: Number, to: Number, why: Why) {
        let first = &mut self.first[to as usize];
        if *first != NONE && self.found[*first as usize].from == from {
            return;
        }
        let place = u32::try_from(self.found.len()).expect("fewer than 2^32 links");
        self.found.push(Found { from, why, next: *first });
        *first = place;
    }

    /// How many links were found.
    pub fn found_count(&self) -> usize {
        self.found.len()
    }

    /// Calls `take` with each link that leads to `number`.
    pub fn links_to(&self, number: Number, mut take: impl FnMut(Link)) {
        let item = self.accesses.item(number);
        let before = self.neighbours.before(self.order, item.session, number);
        if before != NONE {
            take(Link::premise(before, number, Why::Session));
        }
        if let Source::Write(write) = self.sources[number as usize] {
            take(Link::premise(write, number, Why::Read));
        }
        let mut place = self.first[number as usize];
        while place != NONE {
            let Found { from, why, next } = self.found[place as usize];
            take(Link { from, to: number, why, rank: place + 1 });
            place = next;
        }
    }

    /// A cycle among `numbers` and what precedes them, if there is one: as short as is easy.
    pub fn cycle(&self, numbers: &[Number]) -> Option<Vec<Link>> {
        let member = self.sorted(numbers).err()?;
        let around = self.path(member, &[member], u32::MAX);
        // The shortest cycle through one member is not the shortest through any of them.
        let others = around
            .iter()
            .take(CYCLE_TRIES)
            .map(|link| self.path(link.from, &[link.from], u32::MAX));
        others.min_by_key(Vec::len)
    }

    /// `numbers` and what precedes them, each after its predecessors. Goes depth first, with a
    /// stack of its own: histories are longer than call stacks are deep.
    ///
    /// # Errors
    /// An access on a cycle, if there is one.
    pub fn sorted(&self, numbers: &[Number]) -> Result<Vec<Number>, Number> {
        #[derive(Clone, Copy, PartialEq)]
        enum Mark {
            Unseen,
            Open,
            Done,
        }
        let mut marks = vec![Mark::Unseen; self.accesses.len()];
        let (mut sorted, mut stack) = (Vec::new(), Vec::new());
        for &start in numbers {
            stack.push(start);
            while let Some(&number) = stack.last() {
                match marks[number as usize] {
                    Mark::Unseen => marks[number as usize] = Mark::Open,
                    Mark::Open => {
                        marks[number as usize] = Mark::Done;
                        sorted.push(number);
                        stack.pop();
                        continue;
                    }
                    Mark::Done => {
                        stack.pop();
                        continue;
                    }
                }
                let mut closing = None;
                self.links_to(number, |link| match marks[link.from as usize] {
                    Mark::Unseen => stack.push(link.from),
                    Mark::Open => closing = Some(link.from),
                    Mark::Done => {}
                });
                if let Some(member) = closing {
                    return Err(member);
                }
            }
        }
        Ok(sorted)
    }

    /// The shortest way from one access to one of several others, by links of rank below `rank`;
    /// none if there is no way, or if it begins at its end and there is no cycle.
    pub fn path(&self, from: Number, to: &[Number], rank: u32) -> Vec<Link> {
        let mut onward: Vec<Option<Link>> = vec![None; self.accesses.len()];
        let mut queue: VecDeque<Number> = to.iter().copied().collect();
        while let (None, Some(number)) = (onward[from as usize], queue.pop_front()) {
            self.links_to(number, |link| {
                let known = &mut onward[link.from as usize];
                if known.is_none() && link.rank < rank {
                    *known = Some(link);
                    queue.push_back(link.from);
                }
            });
        }
        let mut links: Vec<Link> = onward[from as usize].into_iter().collect();
        while let Some(last) = links.last().copied().filter(|last| !to.contains(&last.to)) {
            links.push(onward[last.to as usize].expect("the search came from there"));
        }
        links
    }

    /// The links of sessions and of reads that lead from one access to another.
    pub fn causal_path(&self, from: Number, to: Number) -> Vec<Link> {
        self.path(from, &[to], 1)
    }
}
