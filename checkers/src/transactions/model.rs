//! A history in numbers: the committed transactions, what they read and wrote, and what is known
//! of the order of versions. Every level is judged on this.

use std::fmt;

use super::catalogue::{Catalogue, Fate, NONE, Unclear, big, fate, small};
use super::micro_op::TransactionHistory;
use super::options::Options;
use super::reads::{self, Finding, Reading};
use super::{internal, rmw};
use crate::process::Process;

/// A transaction that is committed, or must be because its writes were seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Txn {
    pub operation: u32,
    pub process: Process,
    pub start_ns: u64,
    /// `None` if it may have been committed at any time after its start.
    pub end_ns: Option<u64>,
}

/// What is known of the order of the committed versions of one key.
#[derive(Clone, Debug, Default)]
pub(super) struct KeyOrder {
    /// Versions in their order, the first one on top of the initial state.
    pub known: Vec<u32>,
    /// Versions that come after all of those, in an unknown order; the last of each transaction.
    pub loose: Vec<u32>,
}

/// A history, ready to be judged.
pub(super) struct Model<'h, K, V> {
    pub catalogue: Catalogue<'h, K, V>,
    pub txns: Vec<Txn>,
    /// Sorted by transaction, then in program order; without reads of what is not committed.
    pub readings: Vec<Reading>,
    /// By transaction, where its readings begin.
    pub readings_from: Vec<u32>,
    pub orders: Vec<KeyOrder>,
    pub findings: Vec<Finding>,
}

impl<'h, K: Ord + fmt::Display, V: Ord + fmt::Display> Model<'h, K, V> {
    /// Reads a history.
    pub fn of(
        history: &'h TransactionHistory<K, V>,
        options: &'h Options<K, V>,
    ) -> Result<Model<'h, K, V>, Unclear> {
        let mut catalogue = Catalogue::of(history, options)?;
        let mut reads = reads::survey(&mut catalogue);
        internal::check(&catalogue, &mut reads);
        let (txns, numbers) = number_transactions(&mut catalogue, &reads.observed);
        let mut model = Model {
            orders: Vec::new(),
            readings: committed_readings(&catalogue, &numbers, &reads.readings),
            readings_from: Vec::new(),
            findings: reads.findings,
            catalogue,
            txns,
        };
        model.readings_from = offsets(model.txns.len(), &model.readings);
        for (key, canonical) in reads.canonical.iter().enumerate() {
            let incompatible = reads.incompatible[key];
            model.orders.push(key_order(&mut model.catalogue, key, canonical, incompatible)?);
        }
        model.add_loose()?;
        rmw::check(&mut model);
        model.findings.sort_by_key(|finding| finding.kind);
        Ok(model)
    }

    /// The versions that a committed transaction wrote, in program order.
    pub fn writes(&self, txn: u32) -> std::ops::Range<u32> {
        self.catalogue.written_by(self.txns[big(txn)].operation)
    }

    /// The readings of a committed transaction, in program order.
    pub fn readings(&self, txn: u32) -> &[Reading] {
        let from = big(self.readings_from[big(txn)]);
        &self.readings[from..big(self.readings_from[big(txn) + 1])]
    }

    /// The transaction that wrote a version; [`NONE`] for the initial state.
    pub fn writer(&self, version: u32) -> u32 {
        if version == NONE { NONE } else { self.catalogue.versions[big(version)].txn }
    }

    /// The last version of `key` that `txn` wrote.
    pub fn written(&self, txn: u32, key: u32) -> Option<u32> {
        self.writes(txn).rev().find(|&version| self.catalogue.versions[big(version)].key == key)
    }

    /// Whether the order of every key's versions is known.
    pub fn is_ordered(&self) -> bool {
        self.orders.iter().all(|order| order.loose.len() < 2)
    }

    /// Adds to each key what is committed and not among its known versions.
    fn add_loose(&mut self) -> Result<(), Unclear> {
        for txn in 0..small(self.txns.len()) {
            for version in self.writes(txn) {
                let written = &self.catalogue.versions[big(version)];
                if !written.is_final || written.place != NONE {
                    continue;
                }
                let (key, operation) = (&self.catalogue.keys[big(written.key)], written.operation);
                if key.recorded {
                    let (name, value) = (key.name, written.value);
                    return Err(format!(
                        "the recorded versions of {name} lack {value}, which T{operation} wrote"
                    ));
                }
                self.orders[big(written.key)].loose.push(version);
            }
        }
        Ok(())
    }
}

/// Gives the committed transactions their numbers, in the order of the history; with the number
/// of each operation.
fn number_transactions<K: Ord + fmt::Display, V: Ord + fmt::Display>(
    catalogue: &mut Catalogue<'_, K, V>,
    observed: &[bool],
) -> (Vec<Txn>, Vec<u32>) {
    let mut txns = Vec::new();
    let mut numbers = vec![NONE; catalogue.history.operations().len()];
    for (index, operation) in catalogue.history.operations().iter().enumerate() {
        let written = catalogue.written_by(small(index));
        let committed = match fate(operation) {
            Fate::Committed => true,
            Fate::Unknown => written.clone().any(|version| observed[big(version)]),
            Fate::Aborted => false,
        };
        if !committed {
            continue;
        }
        for version in written {
            catalogue.versions[big(version)].txn = small(txns.len());
        }
        numbers[index] = small(txns.len());
        txns.push(Txn {
            operation: small(index),
            process: operation.process,
            start_ns: operation.invoked_ns,
            end_ns: operation.until_ns(),
        });
    }
    (txns, numbers)
}

/// Drops readings of aborted writes, which are an anomaly of their own, and names transactions
/// by their numbers.
fn committed_readings<K, V>(
    catalogue: &Catalogue<'_, K, V>,
    numbers: &[u32],
    readings: &[Reading],
) -> Vec<Reading> {
    let committed = |reading: &&Reading| {
        reading.version == NONE || catalogue.versions[big(reading.version)].txn != NONE
    };
    let renamed = |reading: &Reading| Reading { txn: numbers[big(reading.txn)], ..*reading };
    readings.iter().filter(committed).map(renamed).collect()
}

fn offsets(txns: usize, readings: &[Reading]) -> Vec<u32> {
    let mut offsets = vec![0; txns + 1];
    for reading in readings {
        offsets[big(reading.txn) + 1] += 1;
    }
    for txn in 0..txns {
        offsets[txn + 1] += offsets[txn];
    }
    offsets
}

/// The known versions of a key. A list whose reads contradict each other has none: no level that
/// looks at them accepts such a history anyway, and read uncommitted promises nothing of reads.
fn key_order<K: Ord + fmt::Display, V: Ord + fmt::Display>(
    catalogue: &mut Catalogue<'_, K, V>,
    key: usize,
    canonical: &[u32],
    incompatible: bool,
) -> Result<KeyOrder, Unclear> {
    let mut order = KeyOrder::default();
    let trusted = !incompatible || catalogue.keys[key].recorded;
    let is_list = catalogue.keys[key].is_list == Some(true);
    for (place, &version) in canonical.iter().enumerate() {
        if version == NONE {
            if catalogue.keys[key].recorded {
                let (name, value) =
                    (catalogue.keys[key].name, &catalogue.keys[key].canonical[place]);
                return Err(format!(
                    "the recorded versions of {name} hold {value}, which nobody wrote"
                ));
            }
            continue;
        }
        if catalogue.keys[key].recorded && catalogue.versions[big(version)].place != small(place) {
            let (name, value) = (catalogue.keys[key].name, &catalogue.keys[key].canonical[place]);
            return Err(format!("the recorded versions of {name} hold {value} twice"));
        }
        let written = &mut catalogue.versions[big(version)];
        if !trusted {
            written.place = NONE;
        } else if written.txn != NONE
            && written.place == small(place)
            && (is_list || written.is_final)
        {
            order.known.push(version);
        }
    }
    Ok(order)
}
