//! Cases: a short history as one JSON object, operations with their intervals.
//!
//! The form in which collections of anomalies are kept, handy for writing one by hand:
//!
//! ```text
//! {"name": "lost-update", "workload": "list-append", "txns": [
//!   {"process": 0, "type": "ok", "start": 0, "end": 10, "ops": [["r","x",[]], ["append","x",1]]},
//!   {"process": 1, "type": "ok", "start": 0, "end": 10, "ops": [["r","x",[]], ["append","x",2]]}
//! ]}
//! ```
//!
//! Or, with `ops` in place of `txns`, single operations: `{"process": 0, "f": "write", "key": "x",
//! "value": 1, "start": 0, "end": 5}`. `type` is `ok` unless it is given; an `end` of null is an
//! operation whose end nobody saw; if any `start` is null or missing, the case has no times at
//! all: then everything is concurrent, but for the order within a process. An array of such
//! objects is several histories. Other keys, such as `initial` and `note`, are skipped.

use serde::Deserialize;
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::jepsen::{LineCounter, without_place};
use super::untyped::{Actor, Event, Place, Untyped};
use crate::history::{HistoryError, Kind};

/// One case of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// What the file calls it.
    pub name: Option<String>,
    /// What its operations are about, as the file says.
    pub workload: Option<String>,
    /// What happened.
    pub history: Untyped,
}

#[derive(Deserialize)]
struct RawCase<'a> {
    name: Option<String>,
    workload: Option<String>,
    /// Kept as text until its line is known.
    #[serde(default, borrow)]
    txns: Vec<&'a RawValue>,
    #[serde(default, borrow)]
    ops: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct RawOperation {
    process: Json,
    #[serde(rename = "type", default = "ok")]
    kind: Kind,
    f: Option<String>,
    key: Option<Json>,
    #[serde(default)]
    value: Json,
    ops: Option<Json>,
    start: Option<u64>,
    end: Option<u64>,
}

fn ok() -> Kind {
    Kind::Ok
}

/// Reads one case, or an array of them.
///
/// # Errors
/// If the text is no JSON, a case lacks something, or the operations of a process overlap.
pub fn cases_of(text: &str) -> Result<Vec<Case>, HistoryError> {
    let broken = |error: serde_json::Error| {
        let problem = format!("column {}: {}", error.column(), without_place(&error));
        HistoryError::new(problem).on_line(error.line())
    };
    let cases: Vec<RawCase<'_>> = if text.trim_start().starts_with('[') {
        serde_json::from_str(text).map_err(broken)?
    } else {
        vec![serde_json::from_str(text).map_err(broken)?]
    };
    let mut lines = LineCounter { text, offset: 0, line: 1 };
    cases.into_iter().map(|raw| case(raw, &mut lines)).collect()
}

fn case(raw: RawCase<'_>, lines: &mut LineCounter<'_>) -> Result<Case, HistoryError> {
    let RawCase { name, workload, txns, ops } = raw;
    let mut operations = Vec::new();
    for (index, text) in txns.into_iter().chain(ops).enumerate() {
        let place = Place { line: lines.line_of(text.get()), record: index + 1 };
        let operation: RawOperation = serde_json::from_str(text.get())
            .map_err(|error| HistoryError::new(without_place(&error)).on_line(place.line))?;
        operations.push((operation, place));
    }
    let is_timed = operations.iter().all(|(operation, _)| operation.start.is_some());
    let mut events = Vec::new();
    for (operation, place) in operations {
        let ends = ends_of(operation, place, is_timed);
        let ends = ends.map_err(|error| error.on_line(place.line))?;
        events.extend(ends.into_iter().enumerate());
    }
    // Of what happens at one time, an earlier operation of the file comes first.
    events.sort_by_key(|(end, event)| (event.time_ns, event.place.record, *end));
    let events = events.into_iter().map(|(_, event)| event).collect();
    Ok(Case { name, workload, history: Untyped::pair_as_timed(events)? })
}

/// The two records that an operation stands for.
fn ends_of(
    operation: RawOperation,
    place: Place,
    is_timed: bool,
) -> Result<[Event; 2], HistoryError> {
    let RawOperation { process, kind, f, key, value, ops, start, end } = operation;
    let actor = match &process {
        Json::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
        Json::Null | Json::Bool(_) | Json::String(_) | Json::Array(_) | Json::Object(_) => None,
    };
    let actor = actor.map_or_else(|| Actor::Name(process.to_string()), Actor::Number);
    let begin = if is_timed { start.unwrap_or(0) } else { 0 };
    // The end of an operation whose fate is unknown bounds nothing, so that any will do.
    let (kind, until) = match (kind, end) {
        (Kind::Invoke, _) => {
            let problem = "`type` is ok, fail or info: found invoke".to_owned();
            return Err(HistoryError::new(problem));
        }
        (kind, _) if !is_timed => (kind, begin),
        (Kind::Info, _) | (_, None) => (Kind::Info, begin),
        (kind, Some(end)) if end >= begin => (kind, end),
        (_, Some(end)) => {
            let problem = format!("an operation ends at {end}, before its start at {begin}");
            return Err(HistoryError::new(problem));
        }
    };
    let f = f.unwrap_or_else(|| "txn".to_owned());
    let value = ops.unwrap_or(value);
    let invoke = Event {
        place,
        actor: actor.clone(),
        kind: Kind::Invoke,
        f: f.clone(),
        key: key.clone(),
        value: value.clone(),
        time_ns: Some(begin),
        error: None,
    };
    let time_ns = Some(until);
    Ok([invoke, Event { place, actor, kind, f, key, value, time_ns, error: None }])
}
