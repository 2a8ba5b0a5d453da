//! Histories of a run in the form that checkers judge.

use std::collections::BTreeMap;

use seedbed_checkers::{History, Process};
use seedbed_sim::HistoryEvent;

use crate::service::HistoryRecord;
use seedbed_sim::Service;

/// The history of a run's clients. Operations that had not ended count as `info`.
pub fn checkable<S: Service>(records: &[HistoryRecord<S>]) -> History<S::Op, S::Ret> {
    let mut history = History::new();
    let mut open = BTreeMap::new();
    for record in records {
        let time_ns = record.time.nanos();
        match &record.event {
            HistoryEvent::Invoke { op, .. } => {
                let process = process_of(record);
                open.insert(record.op, history.invoke(process, time_ns, op.clone()));
            }
            ended => {
                let Some(id) = open.remove(&record.op) else {
                    continue;
                };
                match ended {
                    HistoryEvent::Ok(ret) => history.ok(id, time_ns, ret.clone()),
                    HistoryEvent::Fail => history.fail(id, time_ns),
                    HistoryEvent::Info | HistoryEvent::Invoke { .. } => history.info(id, time_ns),
                }
            }
        }
    }
    history
}

/// The process of a client: clients count from 1, and so do generations.
pub(crate) fn process_of<O, R>(record: &seedbed_sim::Record<O, R>) -> Process {
    let client = record.op.client.index() as u32 + 1;
    Process { client, generation: record.generation + 1 }
}
