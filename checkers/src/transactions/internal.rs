//! Does each transaction agree with itself? A read must show the transaction's own earlier
//! writes, on top of what an earlier read of the same key showed.

use std::fmt;

use super::anomaly::AnomalyKind;
use super::catalogue::{Catalogue, Fate, big, fate, micro_ops, small};
use super::micro_op::{MicroOp, Seen};
use super::reads::{Reads, Shown};

/// What a transaction knows of one key by its own deeds.
struct Own<'h, V> {
    key: u32,
    /// The state at its last read.
    read: Option<&'h [V]>,
    /// What it wrote since.
    written: Vec<&'h V>,
}

/// Reports reads that contradict the earlier deeds of their own transaction.
pub(super) fn check<K: Ord + fmt::Display, V: Ord + fmt::Display>(
    catalogue: &Catalogue<'_, K, V>,
    reads: &mut Reads,
) {
    let mut known = Vec::new();
    for index in 0..small(catalogue.history.operations().len()) {
        let operation = catalogue.operation(index);
        if fate(operation) == Fate::Committed && micro_ops(operation).len() > 1 {
            check_transaction(catalogue, index, &mut known, reads);
        }
    }
}

fn check_transaction<'h, K: Ord + fmt::Display, V: Ord + fmt::Display>(
    catalogue: &Catalogue<'h, K, V>,
    index: u32,
    known: &mut Vec<Own<'h, V>>,
    reads: &mut Reads,
) {
    known.clear();
    for micro_op in micro_ops(catalogue.operation(index)) {
        let key = catalogue.known_key(micro_op.key());
        let is_list = catalogue.keys[big(key)].is_list == Some(true);
        // Transactions of many keys are rare, so that a search through the few is the quickest.
        let place = known.iter().position(|own| own.key == key).unwrap_or_else(|| {
            known.push(Own { key, read: None, written: Vec::new() });
            known.len() - 1
        });
        let own = &mut known[place];
        match micro_op {
            MicroOp::Append(_, value) => own.written.push(value),
            MicroOp::Write(_, value) => {
                own.written.clear();
                own.written.push(value);
            }
            MicroOp::Read(name, seen) => {
                let state: &[V] = match seen {
                    Seen::Nothing => &[],
                    Seen::Value(value) => std::slice::from_ref(value),
                    Seen::List(elements) => elements,
                };
                let agrees =
                    if is_list { list_agrees(own, state) } else { register_agrees(own, state) };
                if !agrees {
                    let expected = expectation(own, is_list);
                    reads.find(AnomalyKind::Internal, vec![index], || {
                        format!("T{index} read {name} as {}, after it {expected}", seen)
                    });
                }
                own.read = Some(state);
                own.written.clear();
            }
        }
    }
}

fn list_agrees<V: Ord>(own: &Own<'_, V>, state: &[V]) -> bool {
    let Some(base) = state.len().checked_sub(own.written.len()) else {
        return false;
    };
    let (base, top) = state.split_at(base);
    top.iter().eq(own.written.iter().copied()) && own.read.is_none_or(|read| read == base)
}

fn register_agrees<V: Ord>(own: &Own<'_, V>, state: &[V]) -> bool {
    match own.written.last() {
        Some(&written) => state.first() == Some(written),
        None => own.read.is_none_or(|read| read == state),
    }
}

fn expectation<V: fmt::Display>(own: &Own<'_, V>, is_list: bool) -> String {
    let deed = if is_list { "appended" } else { "wrote" };
    let written: Vec<String> = own.written.iter().map(ToString::to_string).collect();
    let written = written.join(" ");
    match (own.read, own.written.is_empty()) {
        (Some(read), true) => format!("had read {}", Shown(read)),
        (Some(read), false) => format!("had read {} and {deed} {written}", Shown(read)),
        (None, _) => format!("{deed} {written}"),
    }
}
