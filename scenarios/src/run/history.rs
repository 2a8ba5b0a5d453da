//! What histories of clients say about time.

use std::collections::BTreeMap;

use seedbed_protocols::HistoryRecord;
use seedbed_sim::{HistoryEvent, OpId, Service, SimTime};

/// When each operation ended that ended `ok`, and how long it took from its intended start, in
/// nanoseconds; final operations are not among them.
pub(crate) fn latencies<S: Service>(records: &[HistoryRecord<S>]) -> Vec<(SimTime, u64)> {
    let mut begun: BTreeMap<OpId, u64> = BTreeMap::new();
    let mut latencies = Vec::new();
    for record in records.iter().filter(|record| !record.last) {
        match &record.event {
            HistoryEvent::Invoke { intended, .. } => {
                begun.insert(record.op, intended.nanos());
            }
            HistoryEvent::Ok(_) => {
                if let Some(intended) = begun.remove(&record.op) {
                    latencies.push((record.time, record.time.nanos() - intended));
                }
            }
            HistoryEvent::Fail | HistoryEvent::Info => {}
        }
    }
    latencies
}

/// How many operations never ended.
pub(crate) fn open_operations<S: Service>(records: &[HistoryRecord<S>]) -> u64 {
    let is_begin = |record: &&HistoryRecord<S>| matches!(record.event, HistoryEvent::Invoke { .. });
    let begun = records.iter().filter(is_begin).count();
    (2 * begun - records.len()) as u64
}
