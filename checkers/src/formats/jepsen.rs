//! Jepsen's histories: operation maps, in EDN (`history.edn`) or in JSON.
//!
//! ```text
//! {:type :invoke, :f :write, :value 3, :process 0, :time 12, :index 0}
//! {:type :ok,     :f :write, :value 3, :process 0, :time 19, :index 1}
//! ```
//!
//! One map after the other, or one vector (in JSON an array) of them. Of a map these keys count,
//! others are skipped:
//!
//! | key | is |
//! |---|---|
//! | `:type` | `:invoke`, `:ok`, `:fail` or `:info` |
//! | `:process` | who: an integer, or a name; what `:nemesis` does is skipped |
//! | `:f` | the operation; without it, `:txn` |
//! | `:value` | what was asked or answered; nil if it is missing |
//! | `:key` | a key beside the value, as the histories of porcupine have it |
//! | `:time` | nanoseconds; the order of the records decides if it is missing or goes back |
//! | `:error` | anything but nil says that the operation ended with an error |
//!
//! Keywords and strings that name something mean the same there. Values keep the colon of a
//! keyword, so that `:x` and `"x"` differ. Sets are read as sorted lists, maps as lists of
//! `[key value]`, fractions as texts.

use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::edn::{Edn, EdnError, EdnReader};
use super::untyped::{Actor, Event, Place};
use crate::history::{HistoryError, Kind};

/// Reads operation maps in EDN.
///
/// # Errors
/// If the text is no EDN, or a value in it is no operation.
pub fn events_of_edn(text: &str) -> Result<Vec<Event>, HistoryError> {
    let mut reader = EdnReader::new(text);
    let mut events = Vec::new();
    let mut record = 0;
    let close = reader.enter_list().map_err(syntax)?;
    loop {
        let next = match close {
            Some(close) => reader.next_element(close),
            None => reader.next_value(),
        };
        let Some((line, value)) = next.map_err(syntax)? else { break };
        record += 1;
        let place = Place { line, record };
        events.extend(event_of_edn(value, place).map_err(|error| error.on_line(line))?);
    }
    if close.is_some()
        && let Some((line, _)) = reader.next_value().map_err(syntax)?
    {
        let problem = "something follows the list of operations".to_owned();
        return Err(HistoryError::new(problem).on_line(line));
    }
    Ok(events)
}

fn syntax(error: EdnError) -> HistoryError {
    let EdnError { line, column, problem } = error;
    HistoryError::new(format!("column {column}: {problem}")).on_line(line)
}

fn event_of_edn(value: Edn, place: Place) -> Result<Option<Event>, HistoryError> {
    let mut value = value;
    while let Edn::Tagged(_, inner) = value {
        value = *inner;
    }
    let Edn::Map(pairs) = value else {
        let problem = format!("expected an operation, a map such as {EXAMPLE}");
        return Err(HistoryError::new(problem));
    };
    let mut fields = Fields::default();
    for (key, value) in pairs {
        if let Edn::Keyword(name) | Edn::Text(name) | Edn::Symbol(name) = &key
            && let Some(field) = fields.named(name)
        {
            *field = Some(plain(value));
        }
    }
    fields.event(place)
}

/// Reads operation maps in JSON.
///
/// # Errors
/// If the text is no JSON, or a value in it is no operation.
pub fn events_of_json(text: &str) -> Result<Vec<Event>, HistoryError> {
    let mut lines = LineCounter { text, offset: 0, line: 1 };
    let broken = |error: serde_json::Error| {
        let problem = format!("column {}: {}", error.column(), without_place(&error));
        HistoryError::new(problem).on_line(error.line())
    };
    let records: Vec<&RawValue> = if text.trim_start().starts_with('[') {
        serde_json::from_str(text).map_err(broken)?
    } else {
        let stream = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
        stream.collect::<Result<_, _>>().map_err(broken)?
    };
    let mut events = Vec::new();
    for (index, raw) in records.into_iter().enumerate() {
        let line = lines.line_of(raw.get());
        let place = Place { line, record: index + 1 };
        events.extend(event_of_json(raw, place).map_err(|error| error.on_line(line))?);
    }
    Ok(events)
}

/// What serde says of an error, but for its own idea of where it is.
pub(super) fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).unwrap_or(&text).to_owned()
}

/// Counts lines as it goes through a text once.
pub(super) struct LineCounter<'a> {
    pub(super) text: &'a str,
    pub(super) offset: usize,
    pub(super) line: usize,
}

impl LineCounter<'_> {
    /// The line on which a part of the text begins; parts come in their order.
    pub(super) fn line_of(&mut self, part: &str) -> usize {
        let offset = part.as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        let between = self.text.get(self.offset..offset).unwrap_or_default();
        self.line += between.bytes().filter(|byte| *byte == b'\n').count();
        self.offset = offset;
        self.line
    }
}

fn event_of_json(raw: &RawValue, place: Place) -> Result<Option<Event>, HistoryError> {
    let value: Json = serde_json::from_str(raw.get())
        .map_err(|error| HistoryError::new(without_place(&error)))?;
    let Json::Object(members) = value else {
        let problem = format!("expected an operation, an object such as {JSON_EXAMPLE}");
        return Err(HistoryError::new(problem));
    };
    let mut fields = Fields::default();
    for (name, value) in members {
        if let Some(field) = fields.named(name.trim_start_matches(':')) {
            *field = Some(flat(value));
        }
    }
    fields.event(place)
}

const EXAMPLE: &str = "{:type :ok, :process 0, :f :read, :value 3}";
const JSON_EXAMPLE: &str = r#"{"type": "ok", "process": 0, "f": "read", "value": 3}"#;

/// The keys that count.
#[derive(Default)]
struct Fields {
    kind: Option<Json>,
    process: Option<Json>,
    f: Option<Json>,
    value: Option<Json>,
    key: Option<Json>,
    time: Option<Json>,
    error: Option<Json>,
}

impl Fields {
    fn named(&mut self, name: &str) -> Option<&mut Option<Json>> {
        match name {
            "type" => Some(&mut self.kind),
            "process" => Some(&mut self.process),
            "f" => Some(&mut self.f),
            "value" => Some(&mut self.value),
            "key" => Some(&mut self.key),
            "time" => Some(&mut self.time),
            "error" => Some(&mut self.error),
            _ => None,
        }
    }

    /// The record, unless it is of no client.
    fn event(self, place: Place) -> Result<Option<Event>, HistoryError> {
        let Some(actor) = actor_of(self.process)? else { return Ok(None) };
        let kind = match self.kind.as_ref().and_then(Json::as_str).map(bare) {
            Some("invoke") => Kind::Invoke,
            Some("ok") => Kind::Ok,
            Some("fail") => Kind::Fail,
            Some("info") => Kind::Info,
            Some(_) | None => {
                let found = shown(self.kind.as_ref());
                let problem = format!("`type` is invoke, ok, fail or info: found {found}");
                return Err(HistoryError::new(problem));
            }
        };
        let f = match &self.f {
            None | Some(Json::Null) => "txn".to_owned(),
            Some(Json::String(name)) => bare(name).to_owned(),
            Some(other) => {
                let problem = format!("`f` is the name of an operation: found {other}");
                return Err(HistoryError::new(problem));
            }
        };
        let error = self.error.filter(|error| !error.is_null());
        let value = self.value.unwrap_or(Json::Null);
        let time_ns = self.time.as_ref().and_then(Json::as_u64);
        Ok(Some(Event { place, actor, kind, f, key: self.key, value, time_ns, error }))
    }
}

/// Who did it; `None` is the nemesis, who is no client.
fn actor_of(process: Option<Json>) -> Result<Option<Actor>, HistoryError> {
    if let Some(Json::Number(number)) = &process
        && let Some(number) = number.as_u64().and_then(|number| u32::try_from(number).ok())
    {
        return Ok(Some(Actor::Number(number)));
    }
    match &process {
        Some(Json::String(name)) if bare(name) == "nemesis" => Ok(None),
        Some(Json::String(name)) => Ok(Some(Actor::Name(bare(name).to_owned()))),
        Some(Json::Number(number)) => Ok(Some(Actor::Name(number.to_string()))),
        Some(Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_)) | None => {
            let problem = format!(
                "`process` says who: a number or a name, found {}",
                shown(process.as_ref())
            );
            Err(HistoryError::new(problem))
        }
    }
}

/// A name without the colon of a keyword.
pub fn bare(name: &str) -> &str {
    name.strip_prefix(':').unwrap_or(name)
}

fn shown(value: Option<&Json>) -> String {
    value.map_or_else(|| "nothing".to_owned(), Json::to_string)
}

/// A value as plain data: null, truth values, integers, texts and lists of such.
pub(super) fn plain(value: Edn) -> Json {
    match value {
        Edn::Nil => Json::Null,
        Edn::Bool(truth) => Json::Bool(truth),
        Edn::Int(number) => Json::from(number),
        Edn::Number(text) | Edn::Text(text) | Edn::Symbol(text) => Json::String(text),
        Edn::Keyword(name) => Json::String(format!(":{name}")),
        Edn::List(values) => values.into_iter().map(plain).collect(),
        Edn::Set(values) => sorted(values.into_iter().map(plain).collect()),
        Edn::Map(pairs) => {
            let pairs = pairs.into_iter();
            sorted(pairs.map(|(key, value)| Json::Array(vec![plain(key), plain(value)])).collect())
        }
        Edn::Tagged(_, value) => plain(*value),
    }
}

/// The same for JSON.
fn flat(value: Json) -> Json {
    match value {
        Json::Number(number) if number.as_i64().is_none() => Json::String(number.to_string()),
        Json::Array(values) => values.into_iter().map(flat).collect(),
        Json::Object(members) => {
            let pairs = members.into_iter();
            pairs.map(|(key, value)| Json::Array(vec![Json::String(key), flat(value)])).collect()
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => value,
    }
}

/// Sorted by what the values look like: equal sets are equal lists.
fn sorted(mut values: Vec<Json>) -> Json {
    values.sort_by_cached_key(Json::to_string);
    Json::Array(values)
}
