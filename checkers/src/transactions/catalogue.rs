//! Names for keys and written values: from here on everything is a number.

use std::collections::BTreeMap;
use std::fmt;

use super::micro_op::{MicroOp, Seen, TransactionHistory, TransactionOp};
use super::options::Options;
use crate::history::{Operation, Outcome};

/// No version, no transaction, no place.
pub(super) const NONE: u32 = u32::MAX;

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    Committed,
    Unknown,
    Aborted,
}

/// A value that some transaction wrote to a key.
pub(super) struct Version<'h, V> {
    pub key: u32,
    pub value: &'h V,
    /// The operation of the history that wrote it.
    pub operation: u32,
    /// Where in its transaction.
    pub position: u32,
    /// Whether its transaction wrote this key no more.
    pub is_final: bool,
    /// The number of its transaction among the committed ones; [`NONE`] while it is not known to
    /// be committed.
    pub txn: u32,
    /// Its place among the known versions of its key, or [`NONE`].
    pub place: u32,
}

/// What is known of a key.
pub(super) struct Key<'h, K, V> {
    pub name: &'h K,
    /// Whether it holds a list; `None` while nothing tells.
    pub is_list: Option<bool>,
    versions: BTreeMap<&'h V, u32>,
    /// The list of which all reads should be prefixes, or the recorded versions of a register.
    pub canonical: &'h [V],
    /// Whether that was recorded, not guessed from the reads.
    pub recorded: bool,
    /// The operation whose read is the canonical list, for evidence.
    pub canonical_read_by: u32,
}

/// All keys and versions of a history.
pub(super) struct Catalogue<'h, K, V> {
    pub history: &'h TransactionHistory<K, V>,
    pub keys: Vec<Key<'h, K, V>>,
    pub versions: Vec<Version<'h, V>>,
    /// By operation, where its versions begin; they are in program order.
    pub versions_from: Vec<u32>,
    by_name: BTreeMap<&'h K, u32>,
}

/// Why a history cannot be judged at all.
pub(super) type Unclear = String;

pub(super) fn small(number: usize) -> u32 {
    u32::try_from(number).expect("a history in memory has less than 2^32 of anything")
}

pub(super) fn big(number: u32) -> usize {
    usize::try_from(number).expect("32 bits fit")
}

/// What an operation did, or may have done.
pub(super) fn micro_ops<K, V>(
    operation: &Operation<TransactionOp<K, V>, super::micro_op::Completed<K, V>>,
) -> &[MicroOp<K, V>] {
    match &operation.outcome {
        Outcome::Ok(completed) => &completed.0,
        Outcome::Fail | Outcome::Info => operation.op.micro_ops(),
    }
}

pub(super) fn fate<O, R>(operation: &Operation<O, R>) -> Fate {
    match operation.outcome {
        Outcome::Ok(_) => Fate::Committed,
        Outcome::Info => Fate::Unknown,
        Outcome::Fail => Fate::Aborted,
    }
}

impl<'h, K: Ord + fmt::Display, V: Ord + fmt::Display> Catalogue<'h, K, V> {
    pub fn of(
        history: &'h TransactionHistory<K, V>,
        options: &'h Options<K, V>,
    ) -> Result<Catalogue<'h, K, V>, Unclear> {
        let mut catalogue = Catalogue {
            history,
            keys: Vec::new(),
            versions: Vec::new(),
            versions_from: vec![0],
            by_name: BTreeMap::new(),
        };
        for index in 0..history.operations().len() {
            catalogue.enter(index)?;
            catalogue.versions_from.push(small(catalogue.versions.len()));
        }
        for (name, values) in &options.version_orders {
            let key = catalogue.key(name);
            let key = &mut catalogue.keys[big(key)];
            (key.canonical, key.recorded) = (values, true);
        }
        Ok(catalogue)
    }

    /// Interns a key.
    pub fn key(&mut self, name: &'h K) -> u32 {
        if let Some(&key) = self.by_name.get(name) {
            return key;
        }
        let key = small(self.keys.len());
        self.by_name.insert(name, key);
        self.keys.push(Key {
            name,
            is_list: None,
            versions: BTreeMap::new(),
            canonical: &[],
            recorded: false,
            canonical_read_by: NONE,
        });
        key
    }

    /// The number of a key that is known.
    pub fn known_key(&self, name: &K) -> u32 {
        self.by_name[name]
    }

    /// The version of `key` with this value.
    pub fn version(&self, key: u32, value: &V) -> Option<u32> {
        self.keys[big(key)].versions.get(value).copied()
    }

    /// The versions that an operation wrote, in program order.
    pub fn written_by(&self, operation: u32) -> std::ops::Range<u32> {
        self.versions_from[big(operation)]..self.versions_from[big(operation) + 1]
    }

    pub fn operation(
        &self,
        index: u32,
    ) -> &'h Operation<TransactionOp<K, V>, super::micro_op::Completed<K, V>> {
        &self.history.operations()[big(index)]
    }

    fn enter(&mut self, index: usize) -> Result<(), Unclear> {
        let operation = &self.history.operations()[index];
        let committed = fate(operation) == Fate::Committed;
        let first = self.versions.len();
        for (position, micro_op) in micro_ops(operation).iter().enumerate() {
            let key = self.key(micro_op.key());
            match micro_op {
                MicroOp::Append(_, value) => {
                    self.hold(key, true)?;
                    self.write(key, value, index, position)?;
                }
                MicroOp::Write(_, value) => {
                    self.hold(key, false)?;
                    self.write(key, value, index, position)?;
                }
                MicroOp::Read(_, Seen::Value(_)) if committed => self.hold(key, false)?,
                MicroOp::Read(_, Seen::List(elements)) if committed => {
                    self.hold(key, true)?;
                    let key = &mut self.keys[big(key)];
                    if elements.len() > key.canonical.len() {
                        (key.canonical, key.canonical_read_by) = (elements, small(index));
                    }
                }
                MicroOp::Read(_, Seen::Nothing | Seen::Value(_) | Seen::List(_)) => {}
            }
        }
        self.mark_final(first);
        Ok(())
    }

    /// Notes that a key holds a list, or a register.
    fn hold(&mut self, key: u32, list: bool) -> Result<(), Unclear> {
        let key = &mut self.keys[big(key)];
        if *key.is_list.get_or_insert(list) == list {
            return Ok(());
        }
        Err(format!("{} is used both as a list and as a register", key.name))
    }

    fn write(
        &mut self,
        key: u32,
        value: &'h V,
        index: usize,
        position: usize,
    ) -> Result<(), Unclear> {
        let new = small(self.versions.len());
        if let Some(&old) = self.keys[big(key)].versions.get(value) {
            let aborted = |index: u32| fate(self.operation(index)) == Fate::Aborted;
            let (earlier, later) = (self.versions[big(old)].operation, small(index));
            let is_list = self.keys[big(key)].is_list == Some(true);
            // A retry of what was aborted for certain is the only writer that counts.
            if aborted(earlier) || (earlier == later && !is_list) {
                self.keys[big(key)].versions.insert(value, new);
            } else if !aborted(later) {
                let name = self.keys[big(key)].name;
                return Err(format!(
                    "T{earlier} and T{later} both wrote {value} to {name}: whose value was read \
                     cannot be told, for values must be unique for each key"
                ));
            }
        } else {
            self.keys[big(key)].versions.insert(value, new);
        }
        self.versions.push(Version {
            key,
            value,
            operation: small(index),
            position: small(position),
            is_final: true,
            txn: NONE,
            place: NONE,
        });
        Ok(())
    }

    /// Of several versions that one transaction wrote to one key only the last is final.
    fn mark_final(&mut self, first: usize) {
        if self.versions.len() - first < 2 {
            return;
        }
        let mut written: Vec<usize> = (first..self.versions.len()).collect();
        written.sort_by_key(|&version| (self.versions[version].key, version));
        for pair in written.windows(2) {
            if self.versions[pair[0]].key == self.versions[pair[1]].key {
                self.versions[pair[0]].is_final = false;
            }
        }
    }
}
