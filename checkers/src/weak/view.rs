//! One process's view: an order of all writes and of its own reads, in which each read returns
//! what the last write of its register before it wrote.
//!
//! Number the reads of the process 0, 1, 2 ... in its order. Of each write it is computed which
//! read it *enters* the view with: the first one that it must precede. At first that follows from
//! the order that the level demands and from what the reads returned. If write `w` has entered
//! when a read returns the value of another write `v` of the same register, then `w` must precede
//! `v`: a link, by which `w` and what precedes it may enter earlier, so that more links follow,
//! until none is left. The view exists if no cycle came out of this and no write entered before a
//! read of the initial value. For then the view can be built read by read: all that enters with a
//! read, in any order that the links allow, and then the read; the last write of its register is
//! the one it returned, because all others link to it.
//!
//! This is the relation `HB_o` of Bouajjani, Enea, Guerraoui & Hamza ("On verifying causal
//! consistency", POPL 2017, section 3.3) for the last operation `o` of the process, stored as one
//! number for each access instead of as pairs, and over whichever order a level demands.

use super::accesses::{Number, Source};
use super::graph::{Graph, Link, Order, Why};

/// Never entered.
const NEVER: u32 = u32::MAX;

/// A read of the observer.
#[derive(Clone, Copy, Debug)]
struct OwnRead {
    key: u32,
    /// Its place among the observer's reads.
    index: u32,
    read: Number,
    source: Source,
}

/// What [`Observer::links`] does with the links that it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// They let accesses enter earlier, until nothing changes: the observer's own view.
    Closed,
    /// They do not: the links of all observers are joined in one graph afterwards.
    Open,
}

/// A write that must precede a read of its register's initial value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EarlyWrite {
    pub write: Number,
    pub read: Number,
}

/// Computes the views of one process after the other.
#[derive(Debug)]
pub(super) struct Observer<'g, 'a> {
    pub graph: &'g mut Graph<'a>,
    mode: Mode,
    enter: Vec<u32>,
    /// What has entered, in the order in which it first did.
    pub touched: Vec<Number>,
    reads: Vec<OwnRead>,
    /// Writes that entered, or entered earlier, and have not been held against the reads yet.
    pending: Vec<Number>,
    stack: Vec<(Number, u32)>,
}

impl<'g, 'a> Observer<'g, 'a> {
    pub fn new(graph: &'g mut Graph<'a>, mode: Mode) -> Observer<'g, 'a> {
        Observer {
            enter: vec![NEVER; graph.accesses.len()],
            graph,
            mode,
            touched: Vec::new(),
            reads: Vec::new(),
            pending: Vec::new(),
            stack: Vec::new(),
        }
    }

    /// Finds the links of the view of `session`. Cycles are left to the caller.
    ///
    /// # Errors
    /// A write that entered before a read of the initial value.
    pub fn links(&mut self, session: u32, order: Order) -> Result<(), EarlyWrite> {
        self.begin(order);
        self.enter_all(session);
        self.link_all()
    }

    fn begin(&mut self, order: Order) {
        for &number in &self.touched {
            self.enter[number as usize] = NEVER;
        }
        match self.mode {
            Mode::Closed => self.graph.reset(order, &self.touched),
            Mode::Open => self.graph.order = order,
        }
        self.touched.clear();
        self.reads.clear();
        self.pending.clear();
    }

    /// Lets everything enter that follows from the order and from what reads returned.
    fn enter_all(&mut self, session: u32) {
        let accesses = self.graph.accesses;
        let is_read = |&&number: &&Number| !accesses.item(number).is_write;
        let has_reads = self.graph.order.has_own_reads();
        let own = accesses.sessions[session as usize].iter().filter(is_read);
        for (index, &read) in own.enumerate() {
            let index = u32::try_from(index).expect("fewer than 2^32 operations");
            let source = self.graph.sources[read as usize];
            match source {
                _ if has_reads => self.enter_by(read, index),
                Source::Write(write) => self.enter_by(write, index),
                Source::Initial | Source::Unknown => {}
            }
            if source != Source::Unknown {
                self.reads.push(OwnRead { key: accesses.item(read).key, index, read, source });
            }
        }
        self.reads.sort_by_key(|read| (read.key, read.index));
    }

    /// Lets `number`, and all that precedes it, enter with the read of this index at the latest.
    fn enter_by(&mut self, number: Number, index: u32) {
        self.stack.push((number, index));
        while let Some((number, index)) = self.stack.pop() {
            let enter = &mut self.enter[number as usize];
            if *enter <= index {
                continue;
            }
            if *enter == NEVER {
                self.touched.push(number);
            }
            *enter = index;
            if self.graph.accesses.item(number).is_write {
                self.pending.push(number);
            }
            let stack = &mut self.stack;
            match self.mode {
                Mode::Closed => self.graph.links_to(number, |link| stack.push((link.from, index))),
                Mode::Open => self.graph.links_to(number, |link| {
                    if link.why.is_causal() {
                        stack.push((link.from, index));
                    }
                }),
            }
        }
    }

    /// Holds what entered against the reads, until nothing more follows.
    fn link_all(&mut self) -> Result<(), EarlyWrite> {
        for place in 1..self.reads.len() {
            let (before, after) = (self.reads[place - 1], self.reads[place]);
            if let (true, Source::Write(write)) = (before.key == after.key, before.source) {
                self.overwritten(write, after)?;
            }
        }
        while let Some(write) = self.pending.pop() {
            // The first read is enough: what it returned is linked to what later ones returned.
            let key = self.graph.accesses.item(write).key;
            let enter = self.enter[write as usize];
            let place = self.reads.partition_point(|read| (read.key, read.index) < (key, enter));
            match self.reads.get(place).copied() {
                Some(read) if read.key == key => self.overwritten(write, read)?,
                Some(_) | None => {}
            }
        }
        Ok(())
    }

    /// Takes down that `write` precedes `read`, which returned this or another value.
    fn overwritten(&mut self, write: Number, read: OwnRead) -> Result<(), EarlyWrite> {
        match read.source {
            Source::Write(source) if source == write => Ok(()),
            Source::Write(source) => {
                self.graph.add(write, source, Why::Overwritten(read.read));
                let enter = self.enter[source as usize];
                if self.mode == Mode::Closed && enter < self.enter[write as usize] {
                    self.enter_by(write, enter);
                }
                Ok(())
            }
            Source::Initial => Err(EarlyWrite { write, read: read.read }),
            Source::Unknown => unreachable!("only reads with a source are kept"),
        }
    }

    /// How many steps the last view took.
    pub fn cost(&self) -> u64 {
        (self.touched.len() + self.graph.found_count()) as u64
    }

    /// Why `write` precedes `read` in the view of the read's session, computed last, by links of
    /// rank below `rank`.
    pub fn reasons(&self, write: Number, read: Number, rank: u32) -> Vec<Link> {
        let accesses = self.graph.accesses;
        if self.graph.order.has_own_reads() {
            return self.graph.path(write, &[read], rank);
        }
        // The write precedes what this read or an earlier one returned, or is that itself.
        let session = &accesses.sessions[accesses.item(read).session as usize];
        let source_of = |&read: &Number| match self.graph.sources[read as usize] {
            Source::Write(source) => Some((source, read)),
            Source::Initial | Source::Unknown => None,
        };
        let upto = session.iter().take_while(|&&own| own <= read).filter_map(source_of);
        let (sources, reads): (Vec<Number>, Vec<Number>) = upto.unzip();
        let mut links = match sources.contains(&write) {
            true => Vec::new(),
            false => self.graph.path(write, &sources, rank),
        };
        let last = links.last().map_or(write, |link| link.to);
        let place = sources.iter().position(|&source| source == last).expect("the way leads there");
        links.push(Link::premise(last, reads[place], Why::Read));
        if reads[place] != read {
            links.push(Link::premise(reads[place], read, Why::Session));
        }
        links
    }
}
