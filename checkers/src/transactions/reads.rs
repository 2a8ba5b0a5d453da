//! What each committed read has seen, and what is wrong with a read that needs no cycle to tell.

use std::fmt;

use super::anomaly::AnomalyKind;
use super::catalogue::{Catalogue, Fate, NONE, big, fate, micro_ops, small};
use super::micro_op::{MicroOp, Seen};

/// A read of one version by a committed transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// The operation, later the number among the committed transactions.
    pub txn: u32,
    pub key: u32,
    /// The version, or [`NONE`] for the initial state.
    pub version: u32,
}

/// Something wrong, with the operations that show it.
pub(super) struct Finding {
    pub kind: AnomalyKind,
    pub operations: Vec<u32>,
    pub summary: String,
}

/// How many findings of one kind are kept: the rest would only repeat them.
const KEPT_PER_KIND: usize = 8;

/// Everything that the reads tell.
pub(super) struct Reads {
    /// In the order of the operations, then of the program.
    pub readings: Vec<Reading>,
    pub findings: Vec<Finding>,
    /// By key, whether its reads contradict each other about the order of its versions.
    pub incompatible: Vec<bool>,
    /// By version, whether somebody saw it.
    pub observed: Vec<bool>,
    /// By key, the versions of its canonical list; [`NONE`] for a value that nobody wrote.
    pub canonical: Vec<Vec<u32>>,
}

impl Reads {
    pub fn find(
        &mut self,
        kind: AnomalyKind,
        operations: Vec<u32>,
        summary: impl FnOnce() -> String,
    ) {
        if self.findings.iter().filter(|finding| finding.kind == kind).count() < KEPT_PER_KIND {
            self.findings.push(Finding { kind, operations, summary: summary() });
        }
    }
}

/// Where in its canonical list a key has something wrong; reads that are shorter are spared.
#[derive(Clone, Copy)]
struct Flaws {
    garbage: usize,
    duplicate: usize,
    aborted: usize,
}

struct Reader<'c, 'h, K, V> {
    catalogue: &'c Catalogue<'h, K, V>,
    flaws: Vec<Flaws>,
    reads: Reads,
}

/// Reads all that committed transactions have read.
pub(super) fn survey<K: Ord + fmt::Display, V: Ord + fmt::Display>(
    catalogue: &mut Catalogue<'_, K, V>,
) -> Reads {
    let mut reads = Reads {
        readings: Vec::new(),
        findings: Vec::new(),
        incompatible: vec![false; catalogue.keys.len()],
        observed: vec![false; catalogue.versions.len()],
        canonical: Vec::with_capacity(catalogue.keys.len()),
    };
    let mut flaws = Vec::with_capacity(catalogue.keys.len());
    for key in 0..small(catalogue.keys.len()) {
        flaws.push(canonical_list(catalogue, key, &mut reads));
    }
    let mut reader = Reader { catalogue, flaws, reads };
    for index in 0..small(catalogue.history.operations().len()) {
        if fate(catalogue.operation(index)) == Fate::Committed {
            reader.read_transaction(index);
        }
    }
    reader.reads
}

/// Looks up the canonical list of a key, once for all reads that agree with it.
fn canonical_list<K: Ord + fmt::Display, V: Ord + fmt::Display>(
    catalogue: &mut Catalogue<'_, K, V>,
    key: u32,
    reads: &mut Reads,
) -> Flaws {
    let values = catalogue.keys[big(key)].canonical;
    let mut flaws = Flaws { garbage: usize::MAX, duplicate: usize::MAX, aborted: usize::MAX };
    let mut list = Vec::with_capacity(values.len());
    for (place, value) in values.iter().enumerate() {
        let version = catalogue.version(key, value).unwrap_or(NONE);
        list.push(version);
        if version == NONE {
            flaws.garbage = flaws.garbage.min(place);
            continue;
        }
        reads.observed[big(version)] = true;
        let writer = catalogue.versions[big(version)].operation;
        if fate(catalogue.operation(writer)) == Fate::Aborted {
            flaws.aborted = flaws.aborted.min(place);
        }
        let known = &mut catalogue.versions[big(version)].place;
        if *known == NONE {
            *known = small(place);
        } else {
            flaws.duplicate = flaws.duplicate.min(place);
        }
    }
    check_program_order(catalogue, key, &list, reads);
    reads.canonical.push(list);
    flaws
}

/// What one transaction appended to a list must be there in the order of its program, and from
/// the first on.
fn check_program_order<K: Ord + fmt::Display, V: Ord + fmt::Display>(
    catalogue: &Catalogue<'_, K, V>,
    key: u32,
    list: &[u32],
    reads: &mut Reads,
) {
    if catalogue.keys[big(key)].is_list != Some(true) {
        return;
    }
    for &version in list.iter().filter(|&&version| version != NONE) {
        let later = &catalogue.versions[big(version)];
        if fate(catalogue.operation(later.operation)) == Fate::Aborted {
            continue;
        }
        let earlier = catalogue.written_by(later.operation).take_while(|&own| own < version);
        let earlier = earlier
            .map(|own| &catalogue.versions[big(own)])
            .filter(|earlier| earlier.key == key)
            .find(|earlier| earlier.place == NONE || earlier.place > later.place);
        if let Some(earlier) = earlier {
            let (name, operation) = (catalogue.keys[big(key)].name, later.operation);
            let reader = catalogue.keys[big(key)].canonical_read_by;
            let operations = [reader, operation].into_iter().filter(|&known| known != NONE);
            reads.incompatible[big(key)] = true;
            reads.find(AnomalyKind::IncompatibleOrder, operations.collect(), || {
                format!(
                    "T{operation} appended {} to {name} and then {}, but the list has the latter \
                     without the former below it",
                    earlier.value, later.value
                )
            });
        }
    }
}

impl<'h, K: Ord + fmt::Display, V: Ord + fmt::Display> Reader<'_, 'h, K, V> {
    fn read_transaction(&mut self, index: u32) {
        for (position, micro_op) in micro_ops(self.catalogue.operation(index)).iter().enumerate() {
            let MicroOp::Read(name, seen) = micro_op else { continue };
            let key = self.catalogue.known_key(name);
            let version = match seen {
                Seen::Nothing => NONE,
                Seen::Value(value) => match self.catalogue.version(key, value) {
                    Some(version) => version,
                    None => {
                        self.garbage(index, key, value);
                        continue;
                    }
                },
                Seen::List(elements) => match self.read_list(index, key, elements) {
                    Some(version) => version,
                    None => continue,
                },
            };
            if version != NONE {
                self.read_version(index, position, version);
            }
            self.reads.readings.push(Reading { txn: index, key, version });
        }
    }

    fn garbage(&mut self, index: u32, key: u32, value: &V) {
        let name = self.catalogue.keys[big(key)].name;
        self.reads.find(AnomalyKind::GarbageRead, vec![index], || {
            format!("T{index} read {value} in {name}, which nobody wrote")
        });
    }

    /// The version that a list ends in: [`NONE`] if it is empty, `None` if it is garbage.
    fn read_list(&mut self, index: u32, key: u32, elements: &'h [V]) -> Option<u32> {
        let entry = &self.catalogue.keys[big(key)];
        if entry.canonical.get(..elements.len()) != Some(elements) {
            return self.read_odd_list(index, key, elements);
        }
        let flaws = self.flaws[big(key)];
        let canonical = &self.reads.canonical[big(key)];
        let last = elements
            .len()
            .checked_sub(1)
            .map_or(Some(NONE), |last| Some(canonical[last]).filter(|&version| version != NONE));
        let aborted = canonical.get(flaws.aborted).copied();
        if flaws.garbage < elements.len() {
            self.garbage(index, key, &elements[flaws.garbage]);
        }
        if flaws.duplicate < elements.len() {
            self.duplicate(index, key, &elements[flaws.duplicate]);
        }
        if let Some(version) = aborted.filter(|_| flaws.aborted < elements.len()) {
            self.aborted(index, version);
            let built_on = &elements[flaws.aborted + 1..];
            self.dirty_update(index, version, built_on);
        }
        last
    }

    /// A list that is no prefix of the canonical one.
    fn read_odd_list(&mut self, index: u32, key: u32, elements: &'h [V]) -> Option<u32> {
        let entry = &self.catalogue.keys[big(key)];
        self.reads.incompatible[big(key)] = true;
        let (name, other) = (entry.name, entry.canonical_read_by);
        let (recorded, canonical) = (entry.recorded, entry.canonical);
        let operations = if recorded { vec![index] } else { vec![other, index] };
        self.reads.find(AnomalyKind::IncompatibleOrder, operations, || {
            let (seen, canonical) = (Shown(elements), Shown(canonical));
            if recorded {
                format!("T{index} read {name} as {seen}, but the recorded order is {canonical}")
            } else {
                format!(
                    "T{other} read {name} as {canonical} and T{index} read it as {seen}: neither \
                     is a prefix of the other"
                )
            }
        });
        let mut sorted: Vec<&V> = elements.iter().collect();
        sorted.sort();
        if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            self.duplicate(index, key, pair[0]);
        }
        let mut last = Some(NONE);
        for (place, value) in elements.iter().enumerate() {
            last = self.catalogue.version(key, value);
            let Some(version) = last else {
                self.garbage(index, key, value);
                continue;
            };
            self.reads.observed[big(version)] = true;
            let writer = self.catalogue.versions[big(version)].operation;
            if fate(self.catalogue.operation(writer)) == Fate::Aborted {
                self.aborted(index, version);
                self.dirty_update(index, version, &elements[place + 1..]);
            }
        }
        last
    }

    fn duplicate(&mut self, index: u32, key: u32, value: &V) {
        let name = self.catalogue.keys[big(key)].name;
        self.reads.find(AnomalyKind::DuplicateElements, vec![index], || {
            format!("T{index} read {value} twice in {name}, which was appended once")
        });
    }

    fn aborted(&mut self, index: u32, version: u32) {
        let version = &self.catalogue.versions[big(version)];
        let (writer, value) = (version.operation, version.value);
        let name = self.catalogue.keys[big(version.key)].name;
        self.reads.find(AnomalyKind::G1a, vec![writer, index], || {
            format!("T{index} read {value} in {name}, which T{writer} wrote, and T{writer} aborted")
        });
    }

    /// Blames the first committed element that follows an aborted one in a list.
    fn dirty_update(&mut self, index: u32, aborted: u32, built_on: &[V]) {
        let aborted = &self.catalogue.versions[big(aborted)];
        let builder = built_on.iter().find_map(|value| {
            let version = self.catalogue.version(aborted.key, value)?;
            let operation = self.catalogue.versions[big(version)].operation;
            (fate(self.catalogue.operation(operation)) != Fate::Aborted).then_some(version)
        });
        let Some(builder) = builder.map(|version| &self.catalogue.versions[big(version)]) else {
            return;
        };
        let (first, second) = (aborted.operation, builder.operation);
        let name = self.catalogue.keys[big(aborted.key)].name;
        self.reads.find(AnomalyKind::DirtyUpdate, vec![first, second, index], || {
            let (low, high) = (aborted.value, builder.value);
            format!(
                "T{second} put {high} on top of {low} in {name}, which T{first} had written, and \
                 T{first} aborted"
            )
        });
    }

    /// What may be wrong with reading this version, whatever the order of versions.
    fn read_version(&mut self, index: u32, position: usize, version: u32) {
        self.reads.observed[big(version)] = true;
        let read = &self.catalogue.versions[big(version)];
        let (writer, value) = (read.operation, read.value);
        let name = self.catalogue.keys[big(read.key)].name;
        let is_list = self.catalogue.keys[big(read.key)].is_list == Some(true);
        match fate(self.catalogue.operation(writer)) {
            Fate::Aborted if !is_list => self.aborted(index, version),
            Fate::Aborted => {}
            Fate::Committed | Fate::Unknown if writer != index && !read.is_final => {
                self.reads.find(AnomalyKind::G1b, vec![writer, index], || {
                    format!(
                        "T{index} read {value} in {name}, which is not the last that T{writer} \
                         wrote there"
                    )
                });
            }
            Fate::Committed | Fate::Unknown => {}
        }
        let own_and_later = |version: u32| {
            let version = &self.catalogue.versions[big(version)];
            version.operation == index && big(version.position) > position
        };
        let from_the_future = self.catalogue.written_by(index).find(|&own| {
            let within = self.catalogue.versions[big(own)].place <= read.place;
            own_and_later(own)
                && self.catalogue.versions[big(own)].key == read.key
                && (own == version || is_list && within && read.place != NONE)
        });
        if let Some(own) = from_the_future {
            let value = self.catalogue.versions[big(own)].value;
            self.reads.find(AnomalyKind::FutureRead, vec![index], || {
                format!("T{index} read {value} in {name} before it wrote that itself")
            });
        }
    }
}

/// A list in a sentence.
pub(super) struct Shown<'a, V>(pub &'a [V]);

impl<V: fmt::Display> fmt::Display for Shown<'_, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[")?;
        for (place, value) in self.0.iter().enumerate() {
            let space = if place == 0 { "" } else { " " };
            write!(formatter, "{space}{value}")?;
        }
        formatter.write_str("]")
    }
}
