//! What the run has shown so far: every host's log in memory and on its disk, entry by entry as
//! chained hashes, and the ledger of what was committed.
//!
//! A hash stands for an entry and all before it, so that two logs agree up to an index if and only
//! if they have the same hash there: comparing prefixes takes one step. Each entry is hashed once
//! when it appears in a host's memory, and once when it becomes durable.

use seedbed_sim::codec;
use seedbed_sim::digest::Digest;
use seedbed_sim::{Cursor, NodeId, View};

use super::of;
use crate::raft::log::{Entry, Index, LogCursor, Term};
use crate::raft::node::Raft;
use crate::raft::storage::{self, Record, State};

/// An entry, with the hash of the log up to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hashed {
    pub(super) term: Term,
    pub(super) hash: u64,
}

/// A log as chained hashes.
#[derive(Debug, Default)]
pub(super) struct HashedLog(Vec<Hashed>);

impl HashedLog {
    pub(super) fn len(&self) -> Index {
        self.0.len() as u64
    }

    /// The entry at an index; none at 0 and beyond the end.
    pub(super) fn get(&self, index: Index) -> Option<Hashed> {
        self.0.get(usize::try_from(index.checked_sub(1)?).ok()?).copied()
    }

    /// Whether both logs reach `index` and agree up to it.
    pub(super) fn agrees(&self, other: &HashedLog, index: Index) -> bool {
        index == 0 || (self.get(index).is_some() && self.get(index) == other.get(index))
    }

    fn push(&mut self, entry: &Entry) {
        let last = self.0.last().map_or(0, |last| last.hash);
        let mut digest = Digest::from_value(last);
        digest.fold(codec::digest_of(entry));
        self.0.push(Hashed { term: entry.term, hash: digest.value() });
    }
}

/// A committed entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Committed {
    pub(super) entry: Hashed,
    /// The term of the first host that knew it to be committed, which is the leader that did it.
    pub(super) term: Term,
    pub(super) host: NodeId,
}

/// What the run has shown so far.
#[derive(Debug, Default)]
pub(super) struct History {
    memory: Vec<(LogCursor, HashedLog)>,
    durable: Vec<Durable>,
    /// By index, from 1, without gaps.
    ledger: Vec<Committed>,
}

/// The log on a host's disk.
#[derive(Debug, Default)]
struct Durable {
    cursor: Cursor,
    log: HashedLog,
    records: Vec<Record>,
    state: Option<State>,
    /// True while nothing can have changed since the last look.
    fresh: bool,
}

impl History {
    /// The log that `node` has in memory.
    pub(super) fn memory(&mut self, host: NodeId, node: &Raft) -> &HashedLog {
        let (cursor, log) = of(&mut self.memory, host);
        if !node.log().seen_by(cursor) {
            let from = node.log().changed_since(cursor);
            log.0.truncate(from as usize - 1);
            for entry in node.log().from(from, usize::MAX) {
                log.push(entry);
            }
        }
        log
    }

    /// Looks again at the durable disk of `host`: a sync or a crash has changed it.
    pub(super) fn disk_changed(&mut self, host: NodeId) {
        of(&mut self.durable, host).fresh = false;
    }

    /// The log that the durable disk of `host` would yield to a recovery.
    pub(super) fn durable(&mut self, host: NodeId, world: &View<'_, Raft>) -> &HashedLog {
        &self.disk(host, world).log
    }

    /// Term and vote on the durable disk of `host`.
    pub(super) fn durable_state(&mut self, host: NodeId, world: &View<'_, Raft>) -> Option<State> {
        self.disk(host, world).state
    }

    fn disk(&mut self, host: NodeId, world: &View<'_, Raft>) -> &Durable {
        let durable = of(&mut self.durable, host);
        if !durable.fresh {
            durable.fresh = true;
            durable.look(host, world);
        }
        durable
    }

    /// Both logs of a host: in memory and on its durable disk.
    pub(super) fn both(
        &mut self,
        (owner, node): (NodeId, &Raft),
        disk_of: NodeId,
        world: &View<'_, Raft>,
    ) -> (&HashedLog, &HashedLog) {
        self.memory(owner, node);
        self.durable(disk_of, world);
        (&self.memory[owner.index()].1, &self.durable[disk_of.index()].log)
    }

    /// Enters what `node` knows to be committed, if it is the first to know.
    pub(super) fn enter_commits(&mut self, host: NodeId, node: &Raft) {
        let known = self.ledger.len() as u64;
        if node.commit() <= known {
            return;
        }
        self.memory(host, node);
        let log = &self.memory[host.index()].1;
        let (term, upto) = (node.term(), node.commit().min(log.len()));
        let new = (known + 1..=upto).filter_map(|index| log.get(index));
        self.ledger.extend(new.map(|entry| Committed { entry, term, host }));
    }

    /// How many entries are known to have been committed.
    pub(super) fn committed(&self) -> Index {
        self.ledger.len() as u64
    }

    /// The committed entry at an index.
    pub(super) fn ledger(&self, index: Index) -> Option<Committed> {
        self.ledger.get(usize::try_from(index.checked_sub(1)?).ok()?).copied()
    }

    /// How many entries were committed in terms before `term`: terms never decrease along the
    /// ledger.
    pub(super) fn committed_before(&self, term: Term) -> Index {
        self.ledger.partition_point(|committed| committed.term < term) as u64
    }
}

impl Durable {
    /// Decodes what is new: the records themselves, never the node's word for them.
    fn look(&mut self, host: NodeId, world: &View<'_, Raft>) {
        let lens = world.durable(host);
        self.state = lens.read(storage::STATE).ok().and_then(|bytes| storage::read_state(&bytes));
        let changes = lens.changed_since(storage::LOG, &mut self.cursor);
        while self.records.last().is_some_and(|record| record.end > changes.keep) {
            self.records.pop();
            self.log.0.pop();
        }
        let start = Record { end: 0, checksum: storage::CHAIN_START };
        let mut last = self.records.last().copied().unwrap_or(start);
        // What is new may begin within a record that was changed.
        let whole = || lens.read(storage::LOG).unwrap_or_default();
        let (bytes, base) =
            if last.end == changes.keep { (changes.new, last.end) } else { (whole(), 0) };
        while let Some((entry, record)) = storage::next_record(&bytes, base, last) {
            self.log.push(&entry);
            self.records.push(record);
            last = record;
        }
    }
}
