//! What each level demands, once it is known where the values of reads come from.

use crate::budget::Spent;

use super::accesses::{Accesses, Number, Source};
use super::clash::Clash;
use super::clocks::{Clocks, WritesByKey};
use super::graph::{Graph, Link, Neighbours, Order, Why};
use super::view::{EarlyWrite, Mode, Observer};

/// A history's accesses with what all levels need to know of them.
#[derive(Clone, Debug)]
pub(super) struct Judge<'a> {
    pub accesses: &'a Accesses,
    neighbours: Neighbours,
    writes: WritesByKey,
}

impl<'a> Judge<'a> {
    pub fn new(accesses: &'a Accesses) -> Judge<'a> {
        let (neighbours, writes) = (Neighbours::of(accesses), WritesByKey::of(accesses));
        Judge { accesses, neighbours, writes }
    }

    /// Whether each of the `sessions` has a view of all writes and its own reads in this order.
    pub fn views(
        &self,
        sources: &[Source],
        sessions: impl Iterator<Item = u32>,
        order_of: impl Fn(u32) -> Order,
        spent: &mut Spent,
        with_reasons: bool,
    ) -> Result<(), Clash> {
        let mut graph = Graph::new(self.accesses, &self.neighbours, sources, Order::Nothing);
        let mut observer = Observer::new(&mut graph, Mode::Closed);
        for session in sessions {
            let early = observer.links(session, order_of(session));
            spent.steps += observer.cost();
            if let Err(EarlyWrite { write, read }) = early {
                let reasons =
                    if with_reasons { observer.reasons(write, read, u32::MAX) } else { Vec::new() };
                return Err(Clash::InitialRead { write, read, reasons });
            }
            if observer.graph.sorted(&observer.touched).is_err() {
                let cycle =
                    if with_reasons { observer.graph.cycle(&observer.touched) } else { None };
                let links = cycle.into_iter().flatten();
                let with_reasons = links.map(|link| match link.why {
                    Why::Overwritten(read) => (link, observer.reasons(link.from, read, link.rank)),
                    Why::Session | Why::Read | Why::NotYet => (link, Vec::new()),
                });
                return Err(Clash::Cycle(with_reasons.collect()));
            }
        }
        Ok(())
    }

    /// Causal convergence (CCv): the links of all observers together must not form a cycle
    /// (Bouajjani et al. 2017, table 3: no `CyclicCF`, and none of the patterns of weak causal
    /// consistency).
    pub fn convergent(
        &self,
        sources: &[Source],
        spent: &mut Spent,
        with_reasons: bool,
    ) -> Result<(), Clash> {
        let mut graph = Graph::new(self.accesses, &self.neighbours, sources, Order::Everything);
        let mut observer = Observer::new(&mut graph, Mode::Open);
        let mut early = Ok(());
        for session in self.sessions() {
            early = observer.links(session, Order::Everything);
            spent.steps += observer.cost();
            if early.is_err() {
                break;
            }
        }
        let causal = |from, to| match with_reasons {
            true => graph.causal_path(from, to),
            false => Vec::new(),
        };
        if let Err(EarlyWrite { write, read }) = early {
            return Err(Clash::InitialRead { write, read, reasons: causal(write, read) });
        }
        let all: Vec<Number> = self.accesses.numbers().collect();
        if graph.sorted(&all).is_ok() {
            return Ok(());
        }
        let links = if with_reasons { graph.cycle(&all) } else { None };
        let with_reasons = links.into_iter().flatten().map(|link| match link.why {
            Why::Overwritten(read) => (link, causal(link.from, read)),
            Why::Session | Why::Read | Why::NotYet => (link, Vec::new()),
        });
        Err(Clash::Cycle(with_reasons.collect()))
    }

    /// Weak causal consistency (CC): no causal cycle, and no read of what was overwritten in its
    /// causal past (the same table: `CyclicCO`, `WriteCOInitRead`, `WriteCORead`; `ThinAirRead`
    /// is found before).
    pub fn causal(
        &self,
        sources: &[Source],
        spent: &mut Spent,
        with_reasons: bool,
    ) -> Result<(), Clash> {
        let graph = Graph::new(self.accesses, &self.neighbours, sources, Order::Everything);
        spent.steps += (self.accesses.len() * self.accesses.sessions.len()) as u64;
        let clocks = match Clocks::of(&graph) {
            Ok(clocks) => clocks,
            Err(member) => {
                let links = if with_reasons { graph.cycle(&[member]) } else { None };
                let bare = links.into_iter().flatten().map(|link| (link, Vec::new()));
                return Err(Clash::Cycle(bare.collect()));
            }
        };
        let causal = |from, to| match with_reasons {
            true => graph.causal_path(from, to),
            false => Vec::new(),
        };
        for read in self.accesses.reads() {
            for write in self.last_writes_before(&clocks, read) {
                match sources[read as usize] {
                    Source::Initial => {
                        return Err(Clash::InitialRead {
                            write,
                            read,
                            reasons: causal(write, read),
                        });
                    }
                    Source::Write(source) if clocks.precedes(self.accesses, source, write) => {
                        let mut reasons: Vec<Link> = causal(source, write);
                        reasons.extend(causal(write, read));
                        return Err(Clash::Overwritten { source, write, read, reasons });
                    }
                    Source::Write(_) | Source::Unknown => {}
                }
            }
        }
        Ok(())
    }

    /// Of each session, the last write of the read's register that precedes the read.
    fn last_writes_before<'b>(
        &'b self,
        clocks: &'b Clocks,
        read: Number,
    ) -> impl Iterator<Item = Number> + 'b {
        let key = self.accesses.item(read).key;
        self.writes.of_key(key).filter_map(move |(session, writes)| {
            let before = clocks.count(read, session);
            let count = writes.partition_point(|&write| self.accesses.item(write).place < before);
            count.checked_sub(1).map(|last| writes[last])
        })
    }

    /// Read your writes, in one session: see [`super`].
    pub fn reads_own_writes(
        &self,
        sources: &[Source],
        session: u32,
        spent: &mut Spent,
    ) -> Result<(), Clash> {
        let numbers = &self.accesses.sessions[session as usize];
        spent.steps += numbers.len() as u64;
        let mut by_key: Vec<Number> = numbers.clone();
        by_key.sort_by_key(|&number| self.accesses.item(number).key);
        by_key
            .chunk_by(|&one, &other| self.accesses.item(one).key == self.accesses.item(other).key)
            .try_for_each(|chunk| self.reads_own_writes_of_key(sources, chunk))
    }

    /// `numbers` are the accesses of one session to one register.
    fn reads_own_writes_of_key(&self, sources: &[Source], numbers: &[Number]) -> Result<(), Clash> {
        let mut last_write = None;
        // Own writes that own reads returned, with the last such read.
        let mut returned: Vec<(Number, Number)> = Vec::new();
        for &number in numbers {
            match (self.accesses.item(number).is_write, sources[number as usize], last_write) {
                (true, _, _) => last_write = Some(number),
                (false, Source::Initial, Some(write)) => {
                    return Err(Clash::OwnWriteMissed { write, read: number });
                }
                (false, Source::Write(source), _) => returned.push((source, number)),
                (false, Source::Initial | Source::Unknown, _) => {}
            }
        }
        let session = numbers.first().map(|&number| self.accesses.item(number).session);
        returned.retain(|&(source, _)| Some(self.accesses.item(source).session) == session);
        returned.sort_unstable();
        // Numbers grow along a session: of each write, the last read comes last.
        returned.dedup_by(|later, kept| {
            let is_same = later.0 == kept.0;
            if is_same {
                kept.1 = later.1;
            }
            is_same
        });
        // For each of them, which of those up to it was read last.
        let mut latest: Vec<(Number, Number)> = Vec::new();
        for &(write, read) in &returned {
            let before = returned.partition_point(|&(other, _)| other < write.min(read));
            if let Some(&(other, other_read)) = before.checked_sub(1).map(|last| &latest[last])
                && other_read > write
            {
                let (writes, reads) = ([other, write], [other_read, read]);
                return Err(Clash::OwnWritesSwapped { writes, reads });
            }
            let best = latest.last().copied().filter(|&(_, other)| other > read);
            latest.push(best.unwrap_or((write, read)));
        }
        Ok(())
    }

    /// All sessions.
    pub fn sessions(&self) -> std::ops::Range<u32> {
        0..u32::try_from(self.accesses.sessions.len()).expect("fewer sessions than operations")
    }
}
