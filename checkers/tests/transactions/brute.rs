//! The levels by their definitions, over all orders that there are: slow, and written apart from
//! the checker.
//!
//! *Adya*: for some choice of the indeterminate transactions and some order of the versions of
//! each key, the serialization graph has none of the cycles that the level forbids. *Biswas and
//! Enea*: for some choice and some order of the commits, the axiom of the level holds.

use std::collections::BTreeMap;

use seedbed_checkers::transactions::{Level, MicroOp, Seen};

use super::history::{Fate, Txn};
use super::relation::{Relation, permutations};

/// A version: `None` is the initial state.
type Version = Option<i64>;

/// A read of a key, by a transaction, of a state.
struct Read {
    txn: usize,
    position: usize,
    key: String,
    state: Vec<i64>,
}

impl Read {
    fn version(&self) -> Version {
        self.state.last().copied()
    }
}

/// One choice of what is committed.
struct World<'t> {
    txns: &'t [Txn],
    committed: Vec<usize>,
    /// By key and value, who wrote it and whether it was the last of its transaction there.
    writers: BTreeMap<(String, i64), (usize, bool)>,
    /// By key, all committed values by transaction, in program order.
    written: BTreeMap<String, Vec<(usize, i64)>>,
    reads: Vec<Read>,
    session: Relation,
    real_time: Relation,
    lists: bool,
}

/// What a world has wrong with it whatever the order.
#[derive(Clone, Copy, Default)]
struct Flaws {
    /// Impossible at every level.
    nonsense: bool,
    /// Impossible from read committed on.
    dirty: bool,
    /// Impossible from read atomic on.
    internal: bool,
}

/// Whether a history is at each level, by the definition over dependency graphs.
pub fn adya(txns: &[Txn], lists: bool) -> BTreeMap<Level, bool> {
    over_worlds(txns, lists, |world, holds| {
        let flaws = world.flaws();
        if flaws.nonsense {
            return;
        }
        let (orders, contradictory) = world.version_orders();
        for order in &orders {
            let graph = world.graph(order);
            for (&level, held) in holds.iter_mut().filter(|(_, held)| !**held) {
                let strict = !is_uncommitted(level);
                let spoilt = strict && (flaws.dirty || contradictory)
                    || needs_internal(level) && flaws.internal;
                *held = !spoilt && graph.keeps(level, world);
            }
        }
    })
}

/// The same by the axioms over commit orders; consistent view, parallel snapshot isolation and
/// cursor stability have none there.
pub fn axioms(txns: &[Txn], lists: bool) -> BTreeMap<Level, bool> {
    let mut verdicts = over_worlds(txns, lists, |world, holds| {
        let flaws = world.flaws();
        if flaws.nonsense || flaws.dirty {
            return;
        }
        for order in permutations(&world.committed) {
            if !world.fits(&order) {
                continue;
            }
            for (&level, held) in
                holds.iter_mut().filter(|(level, held)| !**held && has_axiom(**level))
            {
                *held =
                    !(needs_internal(level) && flaws.internal) && world.keeps_axiom(level, &order);
            }
        }
    });
    verdicts.retain(|&level, _| has_axiom(level));
    verdicts
}

fn is_uncommitted(level: Level) -> bool {
    matches!(
        level,
        Level::ReadUncommitted | Level::StrongSessionReadUncommitted | Level::StrongReadUncommitted
    )
}

fn needs_internal(level: Level) -> bool {
    !is_uncommitted(level)
        && !matches!(
            level,
            Level::ReadCommitted
                | Level::StrongSessionReadCommitted
                | Level::StrongReadCommitted
                | Level::CursorStability
                | Level::MonotonicAtomicView
        )
}

fn has_axiom(level: Level) -> bool {
    !is_uncommitted(level)
        && !matches!(
            level,
            Level::CursorStability | Level::ConsistentView | Level::ParallelSnapshotIsolation
        )
}

fn order_of(level: Level) -> (bool, bool) {
    let name = level.name();
    let real_time =
        name.starts_with("strict") || name.starts_with("strong") && !name.contains("session");
    let session = real_time || name.contains("session") || name.starts_with("parallel");
    (session, real_time)
}

fn over_worlds(
    txns: &[Txn],
    lists: bool,
    mut judge: impl FnMut(&World<'_>, &mut BTreeMap<Level, bool>),
) -> BTreeMap<Level, bool> {
    let mut holds: BTreeMap<Level, bool> = Level::ALL.map(|level| (level, false)).into();
    let unknown: Vec<usize> = (0..txns.len()).filter(|&txn| txns[txn].fate == Fate::Info).collect();
    for chosen in 0..1_u32 << unknown.len() {
        let committed = |txn: &usize| match txns[*txn].fate {
            Fate::Ok => true,
            Fate::Fail => false,
            Fate::Info => {
                let place = unknown.iter().position(|other| other == txn).unwrap();
                chosen >> place & 1 == 1
            }
        };
        let world = World::of(txns, (0..txns.len()).filter(committed).collect(), lists);
        if !world.leaves_out_something_seen() {
            judge(&world, &mut holds);
        }
    }
    holds
}

impl<'t> World<'t> {
    fn of(txns: &'t [Txn], committed: Vec<usize>, lists: bool) -> World<'t> {
        let mut world = World {
            txns,
            committed,
            writers: BTreeMap::new(),
            written: BTreeMap::new(),
            reads: Vec::new(),
            session: Relation::empty(txns.len()),
            real_time: Relation::empty(txns.len()),
            lists,
        };
        for (index, txn) in txns.iter().enumerate() {
            for (position, op) in txn.ops.iter().enumerate() {
                world.enter(index, position, op);
            }
        }
        for &before in &world.committed {
            for &after in &world.committed {
                let (first, second) = (&txns[before], &txns[after]);
                if first.fate != Fate::Ok || before == after {
                    continue;
                }
                if first.process == second.process && before < after {
                    world.session.add(before, after);
                }
                if first.end < second.start {
                    world.real_time.add(before, after);
                }
            }
        }
        world
    }

    fn enter(&mut self, txn: usize, position: usize, op: &MicroOp<String, i64>) {
        match op {
            MicroOp::Append(key, value) | MicroOp::Write(key, value) => {
                for ((other_key, _), (writer, last)) in &mut self.writers {
                    if other_key == key && *writer == txn {
                        *last = false;
                    }
                }
                self.writers.insert((key.clone(), *value), (txn, true));
                if self.committed.contains(&txn) {
                    self.written.entry(key.clone()).or_default().push((txn, *value));
                }
            }
            MicroOp::Read(key, seen) if self.txns[txn].fate == Fate::Ok => {
                let state = match seen {
                    Seen::Nothing => Vec::new(),
                    Seen::Value(value) => vec![*value],
                    Seen::List(values) => values.clone(),
                };
                self.reads.push(Read { txn, position, key: key.clone(), state });
            }
            MicroOp::Read(..) => {}
        }
    }

    /// A transaction of unknown fate whose write was seen is committed.
    fn leaves_out_something_seen(&self) -> bool {
        self.reads.iter().any(|read| {
            read.state.iter().any(|value| {
                let writer = self.writers.get(&(read.key.clone(), *value));
                writer.is_some_and(|&(writer, _)| {
                    self.txns[writer].fate == Fate::Info && !self.committed.contains(&writer)
                })
            })
        })
    }

    fn writer(&self, key: &str, version: Version) -> Option<usize> {
        version.map(|value| self.writers[&(key.to_owned(), value)].0)
    }

    fn flaws(&self) -> Flaws {
        let mut flaws = Flaws::default();
        for read in &self.reads {
            for (place, value) in read.state.iter().enumerate() {
                let Some((writer, last)) = self.writers.get(&(read.key.clone(), *value)) else {
                    flaws.nonsense = true;
                    continue;
                };
                flaws.nonsense |= read.state[..place].contains(value);
                flaws.dirty |= !self.committed.contains(writer);
                let newest = place + 1 == read.state.len();
                flaws.dirty |= newest && !last && *writer != read.txn;
            }
            flaws.internal |= !self.is_internal(read);
        }
        flaws
    }

    /// Whether a read agrees with what its transaction did before, and shows nothing that it
    /// does later.
    fn is_internal(&self, read: &Read) -> bool {
        let ops = &self.txns[read.txn].ops;
        let mut expected: Option<Vec<i64>> = None;
        let mut tail: Vec<i64> = Vec::new();
        for op in &ops[..read.position] {
            match op {
                MicroOp::Append(key, value) if *key == read.key => tail.push(*value),
                MicroOp::Write(key, value) if *key == read.key => {
                    expected = Some(vec![*value]);
                }
                MicroOp::Read(key, seen) if *key == read.key => {
                    tail.clear();
                    expected = Some(match seen {
                        Seen::Nothing => Vec::new(),
                        Seen::Value(value) => vec![*value],
                        Seen::List(values) => values.clone(),
                    });
                }
                MicroOp::Append(..) | MicroOp::Write(..) | MicroOp::Read(..) => {}
            }
        }
        let later = |op: &MicroOp<String, i64>| match op {
            MicroOp::Append(key, value) | MicroOp::Write(key, value) => {
                *key == read.key && read.state.contains(value)
            }
            MicroOp::Read(..) => false,
        };
        let fits = match expected {
            Some(mut state) => {
                state.extend(&tail);
                read.state == state
            }
            None => read.state.ends_with(&tail),
        };
        fits && !ops[read.position..].iter().any(later)
    }

    /// All orders of the committed versions of each key: of elements with those of one
    /// transaction in program order, or of the last values of a register. Where no order of a
    /// list fits its reads all are given, and the second part says so.
    fn version_orders(&self) -> (Vec<BTreeMap<String, Vec<i64>>>, bool) {
        let mut orders = vec![BTreeMap::new()];
        let mut contradictory = false;
        for (key, written) in &self.written {
            let kept: Vec<(usize, i64)> = written
                .iter()
                .filter(|(_, value)| self.lists || self.writers[&(key.clone(), *value)].1)
                .copied()
                .collect();
            let ascending = |order: &Vec<(usize, i64)>| {
                (1..order.len()).all(|high| {
                    (0..high)
                        .all(|low| order[low].0 != order[high].0 || order[low].1 < order[high].1)
                })
            };
            let values = |order: Vec<(usize, i64)>| -> Vec<i64> {
                order.into_iter().map(|(_, value)| value).collect()
            };
            let all: Vec<Vec<i64>> =
                permutations(&kept).into_iter().filter(ascending).map(values).collect();
            let mut candidates = all.clone();
            candidates.retain(|order| !self.lists || self.agrees(key, order));
            if candidates.is_empty() {
                contradictory = true;
                candidates = all;
            }
            orders = orders
                .iter()
                .flat_map(|order| {
                    candidates.iter().map(|candidate| {
                        let mut order: BTreeMap<String, Vec<i64>> = order.clone();
                        order.insert(key.clone(), candidate.clone());
                        order
                    })
                })
                .collect();
        }
        (orders, contradictory)
    }

    /// Whether all reads of a list are prefixes of an order, aborted elements aside.
    fn agrees(&self, key: &str, order: &[i64]) -> bool {
        self.reads.iter().filter(|read| read.key == key).all(|read| {
            let committed = read.state.iter().filter(|value| order.contains(value));
            order.iter().zip(committed).all(|(one, two)| one == two)
        })
    }

    fn graph(&self, order: &BTreeMap<String, Vec<i64>>) -> Graph {
        let empty = || Relation::empty(self.txns.len());
        let mut graph =
            Graph { ww: empty(), wr: empty(), rw: BTreeMap::new(), keys: BTreeMap::new() };
        for (key, versions) in order {
            let writers: Vec<usize> =
                versions.iter().map(|&value| self.writers[&(key.clone(), value)].0).collect();
            let own = graph.keys.entry(key.clone()).or_insert_with(empty);
            for pair in writers.windows(2).filter(|pair| pair[0] != pair[1]) {
                graph.ww.add(pair[0], pair[1]);
                own.add(pair[0], pair[1]);
            }
        }
        for read in &self.reads {
            let writer = self.writer(&read.key, read.version());
            if writer == Some(read.txn)
                || writer.is_some_and(|writer| !self.committed.contains(&writer))
            {
                continue;
            }
            if let Some(writer) = writer {
                graph.wr.add(writer, read.txn);
            }
            let versions = order.get(&read.key).map_or(&[][..], Vec::as_slice);
            let place = versions.iter().position(|&value| Some(value) == read.version());
            let from = match (read.version(), place) {
                (None, _) => 0,
                (Some(_), Some(place)) => place + 1,
                (Some(_), None) => continue,
            };
            let next = versions[from..]
                .iter()
                .map(|&value| self.writers[&(read.key.clone(), value)].0)
                .find(|&next| Some(next) != writer);
            if let Some(next) = next.filter(|&next| next != read.txn) {
                graph.rw.entry(read.key.clone()).or_insert_with(empty).add(read.txn, next);
            }
        }
        graph
    }

    /// Whether an order of commits gives the lists that were read.
    fn fits(&self, order: &[usize]) -> bool {
        !self.lists
            || self.written.iter().all(|(key, written)| {
                let of = |txn: &usize| {
                    let txn = *txn;
                    written.iter().filter(move |(writer, _)| *writer == txn)
                };
                let list: Vec<i64> = order.iter().flat_map(of).map(|&(_, value)| value).collect();
                self.reads
                    .iter()
                    .filter(|read| read.key == *key)
                    .all(|read| list.starts_with(&read.state))
            })
    }

    /// Biswas and Enea, OOPSLA 2019, figure 2.
    fn keeps_axiom(&self, level: Level, order: &[usize]) -> bool {
        let place = |txn: usize| order.iter().position(|&other| other == txn).unwrap();
        let (session, real_time) = order_of(level);
        let before = |one: usize, two: usize| {
            session && self.session.has(one, two) || real_time && self.real_time.has(one, two)
        };
        let mut base = Relation::empty(self.txns.len());
        for &one in &self.committed {
            for &two in &self.committed {
                if before(one, two) {
                    base.add(one, two);
                }
            }
        }
        for read in &self.reads {
            if let Some(writer) = self.writer(&read.key, read.version()).filter(|&w| w != read.txn)
            {
                base.add(writer, read.txn);
            }
        }
        let forward = |one: usize, two: usize| place(one) < place(two);
        let all = || self.committed.iter().copied();
        if all().any(|one| all().any(|two| base.has(one, two) && !forward(one, two))) {
            return false;
        }
        let past = base.closure();
        self.reads.iter().all(|read| {
            let from = self.writer(&read.key, read.version());
            from == Some(read.txn)
                || all().all(|seen| {
                    let writes = self
                        .written
                        .get(&read.key)
                        .is_some_and(|written| written.iter().any(|&(txn, _)| txn == seen));
                    !writes
                        || Some(seen) == from
                        || seen == read.txn
                        || !self.sees(level, read, seen, &base, &past, &forward)
                        || from.is_some_and(|from| forward(seen, from))
                })
        })
    }

    fn sees(
        &self,
        level: Level,
        read: &Read,
        seen: usize,
        base: &Relation,
        past: &Relation,
        forward: &impl Fn(usize, usize) -> bool,
    ) -> bool {
        let reader = read.txn;
        let up_to = |end: usize| seen == end || forward(seen, end);
        let prefix = || self.committed.iter().any(|&end| base.has(end, reader) && up_to(end));
        let conflict = || {
            self.written.values().any(|written| {
                let writes = |txn: usize| written.iter().any(|&(writer, _)| writer == txn);
                writes(reader)
                    && self
                        .committed
                        .iter()
                        .any(|&other| writes(other) && forward(other, reader) && up_to(other))
            })
        };
        match level {
            Level::ReadCommitted
            | Level::StrongSessionReadCommitted
            | Level::StrongReadCommitted => false,
            Level::MonotonicAtomicView => self.reads.iter().any(|earlier| {
                earlier.txn == reader
                    && earlier.position < read.position
                    && self.writer(&earlier.key, earlier.version()) == Some(seen)
            }),
            Level::ReadAtomic => base.has(seen, reader),
            Level::Causal | Level::SessionCausal => past.has(seen, reader),
            Level::Prefix | Level::SessionPrefix => prefix(),
            Level::SnapshotIsolation
            | Level::StrongSessionSnapshotIsolation
            | Level::StrongSnapshotIsolation => prefix() || conflict(),
            Level::RepeatableRead
            | Level::Serializable
            | Level::StrongSessionSerializable
            | Level::StrictSerializable => forward(seen, reader),
            Level::ReadUncommitted
            | Level::StrongSessionReadUncommitted
            | Level::StrongReadUncommitted
            | Level::CursorStability
            | Level::ConsistentView
            | Level::ParallelSnapshotIsolation => unreachable!("{level} has no axiom"),
        }
    }
}

/// A serialization graph.
struct Graph {
    ww: Relation,
    wr: Relation,
    /// By key.
    rw: BTreeMap<String, Relation>,
    /// Write dependencies by key.
    keys: BTreeMap<String, Relation>,
}

impl Graph {
    fn keeps(&self, level: Level, world: &World<'_>) -> bool {
        let (session, real_time) = order_of(level);
        let mut order = Relation::empty(world.txns.len());
        if session {
            order = order.union(&world.session);
        }
        if real_time {
            order = order.union(&world.real_time);
        }
        let rw = self.rw.values().fold(Relation::empty(order.0.len()), |all, one| all.union(one));
        let writes = self.ww.union(&order);
        let dependencies = writes.union(&self.wr);
        let single = || {
            let paths = dependencies.closure();
            paths.is_irreflexive() && paths.then(&rw).is_irreflexive()
        };
        match level {
            Level::ReadUncommitted
            | Level::StrongSessionReadUncommitted
            | Level::StrongReadUncommitted => writes.is_acyclic(),
            Level::ReadCommitted
            | Level::StrongSessionReadCommitted
            | Level::StrongReadCommitted => dependencies.is_acyclic(),
            Level::CursorStability => {
                // G-cursor: a cycle of write dependencies and one anti-dependency on one key.
                dependencies.is_acyclic()
                    && self.rw.iter().all(|(key, rw)| {
                        let writes = self.keys.get(key).map(Relation::closure);
                        writes.is_none_or(|writes| writes.then(rw).is_irreflexive())
                    })
            }
            Level::ConsistentView | Level::ParallelSnapshotIsolation => single(),
            Level::SnapshotIsolation
            | Level::StrongSessionSnapshotIsolation
            | Level::StrongSnapshotIsolation => {
                dependencies.union(&dependencies.then(&rw)).is_acyclic()
            }
            Level::RepeatableRead
            | Level::Serializable
            | Level::StrongSessionSerializable
            | Level::StrictSerializable => dependencies.union(&rw).is_acyclic(),
            // What these levels ask is no matter of cycles: a stronger and a weaker bound, which
            // the axioms close.
            Level::MonotonicAtomicView
            | Level::ReadAtomic
            | Level::Causal
            | Level::SessionCausal
            | Level::Prefix
            | Level::SessionPrefix => false,
        }
    }
}

/// Whether the graph definition decides a level.
pub fn has_graph(level: Level) -> bool {
    !matches!(
        level,
        Level::MonotonicAtomicView
            | Level::ReadAtomic
            | Level::Causal
            | Level::SessionCausal
            | Level::Prefix
            | Level::SessionPrefix
    )
}
