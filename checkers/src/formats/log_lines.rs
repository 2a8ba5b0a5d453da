//! Lines of Jepsen's log, as in the public histories of etcd.
//!
//! ```text
//! INFO  jepsen.util - 0 :invoke :cas  [4 1]
//! INFO  jepsen.util - 0 :fail   :cas  [4 1]
//! INFO  jepsen.util - 1 :info   :read :timed-out
//! ```
//!
//! After the dash come process, type, operation and value, with blanks or tabs between. A fifth
//! field, or `:timed-out` in the place of the value, is an error. Other lines of a log, such as
//! `INFO  jepsen.core - ...`, are skipped, and so is what the nemesis does.

use serde_json::Value as Json;

use super::edn::EdnReader;
use super::jepsen::plain;
use super::untyped::{Actor, Event, Place};
use crate::history::{HistoryError, Kind};

const LOGGER: &str = "jepsen.util - ";

/// Stands in the place of the value, and is an error.
const TIMED_OUT: &str = ":timed-out";

/// Reads a log.
///
/// # Errors
/// If a line of Jepsen's operations is no operation.
pub fn events_of(text: &str) -> Result<Vec<Event>, HistoryError> {
    let mut events: Vec<Event> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let Some((_, record)) = line.split_once(LOGGER) else { continue };
        let place = Place { line: index + 1, record: index + 1 };
        let event = event_of(record, place).map_err(|error| error.on_line(index + 1))?;
        events.extend(event);
    }
    Ok(events)
}

fn event_of(record: &str, place: Place) -> Result<Option<Event>, HistoryError> {
    let wrong = |expected: &str, found: &str| {
        HistoryError::new(format!("expected {expected}, found `{found}` in `{}`", record.trim()))
    };
    let mut rest = record;
    let process = word(&mut rest);
    if process == ":nemesis" {
        return Ok(None);
    }
    let number = process.parse().map_err(|_| wrong("the number of a process", process))?;
    let kind = word(&mut rest);
    let kind = match kind {
        ":invoke" => Kind::Invoke,
        ":ok" => Kind::Ok,
        ":fail" => Kind::Fail,
        ":info" => Kind::Info,
        other => return Err(wrong(":invoke, :ok, :fail or :info", other)),
    };
    let f = word(&mut rest);
    let Some(f) = f.strip_prefix(':') else {
        return Err(wrong("the name of an operation such as :read", f));
    };
    let mut reader = EdnReader::new(rest);
    let mut values = Vec::new();
    while let Some((_, value)) =
        reader.next_value().map_err(|error| HistoryError::new(error.problem))?
    {
        values.push(value);
    }
    let mut values = values.into_iter().map(plain);
    let value = values.next().unwrap_or(Json::Null);
    let error = values.next().or_else(|| (value == TIMED_OUT).then(|| value.clone()));
    let actor = Actor::Number(number);
    let f = f.to_owned();
    Ok(Some(Event { place, actor, kind, f, key: None, value, time_ns: None, error }))
}

/// Takes the next word off the text.
fn word<'a>(text: &mut &'a str) -> &'a str {
    let trimmed = text.trim_start();
    let end = trimmed.find(char::is_whitespace).unwrap_or(trimmed.len());
    let (word, rest) = trimmed.split_at(end);
    *text = rest;
    word
}
