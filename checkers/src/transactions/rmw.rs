//! Transactions that read a key and write it: lost updates, and versions that go in a circle.

use std::fmt;

use super::anomaly::AnomalyKind;
use super::catalogue::{NONE, big, small};
use super::graph::{Graph, strong_components};
use super::model::Model;
use super::reads::Finding;

/// A transaction that read one version of a key and wrote another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Update {
    key: u32,
    read: u32,
    txn: u32,
    wrote: u32,
}

/// Reports lost updates and, for registers, cyclic versions.
pub(super) fn check<K: Ord + fmt::Display, V: Ord + fmt::Display>(model: &mut Model<'_, K, V>) {
    let mut updates = Vec::new();
    for txn in 0..small(model.txns.len()) {
        for reading in model.readings(txn) {
            let wrote = model.written(txn, reading.key);
            if let Some(wrote) = wrote.filter(|_| model.writer(reading.version) != txn) {
                updates.push(Update { key: reading.key, read: reading.version, txn, wrote });
            }
        }
    }
    updates.sort_unstable();
    updates.dedup();
    lost_updates(model, &updates);
    cyclic_versions(model, &updates);
}

fn lost_updates<K: Ord + fmt::Display, V: Ord + fmt::Display>(
    model: &mut Model<'_, K, V>,
    updates: &[Update],
) {
    let same =
        |first: &Update, second: &Update| (first.key, first.read) == (second.key, second.read);
    for group in updates.chunk_by(same).filter(|group| group.len() > 1).take(8) {
        let operations: Vec<u32> =
            group.iter().map(|update| model.txns[big(update.txn)].operation).collect();
        let names: Vec<String> =
            operations.iter().map(|operation| format!("T{operation}")).collect();
        let catalogue = &model.catalogue;
        let name = catalogue.keys[big(group[0].key)].name;
        let read = match group[0].read {
            NONE => "in its initial state".to_owned(),
            version => format!("at {}", catalogue.versions[big(version)].value),
        };
        let summary = format!(
            "{} read {name} {read}, and each wrote it: only one of them can have been next",
            names.join(" and ")
        );
        model.findings.push(Finding { kind: AnomalyKind::LostUpdate, operations, summary });
    }
}

fn cyclic_versions<K: Ord + fmt::Display, V: Ord + fmt::Display>(
    model: &mut Model<'_, K, V>,
    updates: &[Update],
) {
    let mut arcs = Vec::new();
    for update in updates {
        let is_list = model.catalogue.keys[big(update.key)].is_list == Some(true);
        if update.read != NONE && !is_list {
            arcs.push((update.read, update.wrote));
        }
    }
    let graph = Graph::of(model.catalogue.versions.len(), arcs.iter().copied());
    for component in strong_components(&graph).into_iter().take(8) {
        let versions = &model.catalogue.versions;
        let name = model.catalogue.keys[big(versions[big(component[0])].key)].name;
        let values: Vec<String> =
            component.iter().map(|&version| versions[big(version)].value.to_string()).collect();
        let summary = format!(
            "each of the values {} of {name} was written by a transaction that had read another \
             one of them",
            values.join(", ")
        );
        let operations =
            component.iter().map(|&version| versions[big(version)].operation).collect();
        model.findings.push(Finding { kind: AnomalyKind::CyclicVersions, operations, summary });
    }
}
