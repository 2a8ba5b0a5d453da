//! What calls mean: from names and plain values to the operations of a model.
//!
//! A record of our own [`crate::json_lines`] already holds an operation of a model. Everybody
//! else's has a name, such as `:cas`, and a value, such as `[1 2]`; [`Translate`] says for each
//! kind of operation which names it goes by and what their values are. The rules for ends are
//! the same everywhere:
//!
//! - `ok` is an answer. What was asked counts as it was asked, whatever the end repeats of it.
//! - `fail` means that the operation never took place, with three exceptions, which are answers:
//!   a compare-and-set that failed without an error or because the comparison did; a read that
//!   failed because there is nothing (`:not-found`), and a dequeue or pop that failed because
//!   there is nothing (`:empty`).
//! - `info`, and no end at all, mean that nobody knows.
//!
//! Operations on one of many objects name it with `[key value]`, as Jepsen's independent tests
//! do, or with a `:key` beside the value: see [`KeyedOp`].

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::jepsen::{bare, without_place};
use super::untyped::{Call, Untyped};
use super::{Content, Source};
use crate::history::{History, HistoryError, Kind, OperationId, Outcome, Record};
use crate::models::KeyedOp;
use crate::value::Value;

mod logs;
mod objects;
mod scanned;
mod transactions;

pub use scanned::IdOp;

/// What a call means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meaning<O, R> {
    /// What was asked.
    pub op: O,
    /// How it ended.
    pub outcome: Outcome<R>,
}

/// Why a call means nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// What was asked is no operation: what was expected, and what was found.
    Asked(String),
    /// What came back is no answer to it.
    Answered(String),
}

impl From<String> for Problem {
    fn from(problem: String) -> Problem {
        Problem::Asked(problem)
    }
}

/// An operation that can be made of a name and values.
pub trait Translate: Sized {
    /// What it may be answered.
    type Ret;

    /// The names by which the operation goes in other formats, with what their values are, for
    /// people.
    const NAMES: &'static [(&'static str, &'static str)];

    /// Says what a call means.
    ///
    /// # Errors
    /// If the name or a value is not one of [`Translate::NAMES`].
    fn translate(call: &Call) -> Result<Meaning<Self, Self::Ret>, Problem>;
}

/// A typed history, and where its operations are in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed<O, R> {
    /// The operations.
    pub history: History<O, R>,
    /// Whether the times are of a clock; if not, they only count the records.
    pub is_timed: bool,
    /// For each operation the lines of its invocation and of its end, if it has one.
    pub lines: Vec<(usize, Option<usize>)>,
}

impl<O, R> Typed<O, R> {
    fn new(is_timed: bool) -> Typed<O, R> {
        Typed { history: History::new(), is_timed, lines: Vec::new() }
    }

    /// Where an operation is.
    pub fn lines_of(&self, id: OperationId) -> (usize, Option<usize>) {
        self.lines[id.index()]
    }

    fn push(&mut self, record: Record<O, R>, line: usize) -> Result<(), HistoryError>
    where
        O: PartialEq,
    {
        let kind = record.kind;
        let id = self.history.push(record).map_err(|error| error.on_line(line))?;
        match (kind, self.lines.get_mut(id.index())) {
            (Kind::Ok | Kind::Fail | Kind::Info, Some(lines)) => lines.1 = Some(line),
            (Kind::Invoke, _) | (_, None) => self.lines.push((line, None)),
        }
        Ok(())
    }
}

impl<O: Clone + PartialEq, R: Clone> Typed<KeyedOp<Value, O>, R> {
    /// The history of each object.
    pub(crate) fn by_key(&self) -> Result<BTreeMap<Value, Typed<O, R>>, HistoryError> {
        let mut parts: BTreeMap<Value, Typed<O, R>> = BTreeMap::new();
        for (record, id) in self.history.records().zip(self.history.record_ids()) {
            let Record { time_ns, process, kind, op: KeyedOp { key, op }, ret } = record;
            let (begin, end) = self.lines_of(id);
            let line = if kind == Kind::Invoke { begin } else { end.unwrap_or(begin) };
            let part = parts.entry(key.clone()).or_insert_with(|| Typed::new(self.is_timed));
            part.push(Record { time_ns, process, kind, op: op.clone(), ret: ret.cloned() }, line)?;
        }
        Ok(parts)
    }
}

/// Gives a history the types of a model's operations.
///
/// # Errors
/// If an operation or an answer is none of the model's, with its line.
pub fn typed<O>(source: &Source) -> Result<Typed<O, O::Ret>, HistoryError>
where
    O: Translate + DeserializeOwned + PartialEq + Clone,
    O::Ret: DeserializeOwned,
{
    match &source.content {
        Content::JsonLines(text) => typed_json_lines(text),
        Content::Calls(untyped) => translated(untyped),
    }
}

fn translated<O>(untyped: &Untyped) -> Result<Typed<O, O::Ret>, HistoryError>
where
    O: Translate + PartialEq + Clone,
{
    let mut typed = Typed::new(untyped.is_timed);
    let mut outcomes = Vec::with_capacity(untyped.calls.len());
    let mut ops = Vec::with_capacity(untyped.calls.len());
    for call in &untyped.calls {
        let Meaning { op, outcome } = O::translate(call).map_err(|problem| {
            let (problem, place) = match (problem, &call.end) {
                (Problem::Answered(problem), Some(end)) => (problem, end.place),
                (Problem::Answered(problem) | Problem::Asked(problem), _) => (problem, call.place),
            };
            HistoryError::new(problem).on_line(place.line)
        })?;
        ops.push(op);
        outcomes.push(Some(outcome));
    }
    for (index, is_end) in &untyped.order {
        let (call, op) = (&untyped.calls[*index], ops[*index].clone());
        let process = call.process;
        let (kind, time_ns, line, ret) = match (&call.end, is_end) {
            (Some(end), true) => {
                let (kind, ret) = match outcomes[*index].take() {
                    Some(Outcome::Ok(ret)) => (Kind::Ok, Some(ret)),
                    Some(Outcome::Fail) => (Kind::Fail, None),
                    Some(Outcome::Info) | None => (Kind::Info, None),
                };
                (kind, end.time_ns, end.place.line, ret)
            }
            (_, _) => (Kind::Invoke, call.invoked_ns, call.place.line, None),
        };
        typed.push(Record { time_ns, process, kind, op, ret }, line)?;
    }
    Ok(typed)
}

/// Reads [`crate::json_lines`], and keeps the lines.
fn typed_json_lines<O, R>(text: &str) -> Result<Typed<O, R>, HistoryError>
where
    O: DeserializeOwned + PartialEq,
    R: DeserializeOwned,
{
    let mut typed = Typed::new(true);
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let record: Record<O, R> = serde_json::from_str(line).map_err(|error| {
            let problem = format!("column {}: {}", error.column(), without_place(&error));
            HistoryError::new(problem).on_line(index + 1)
        })?;
        typed.push(record, index + 1)?;
    }
    Ok(typed)
}

/// Whether the operations of a history each name one of many objects.
///
/// Of our own records the first one tells. Of others all do: each has a key beside its value, or
/// has `[key value]`, and one at least asks for something with `[key nil]`.
pub fn is_keyed(source: &Source) -> bool {
    match &source.content {
        Content::JsonLines(text) => {
            #[derive(Deserialize)]
            struct Head {
                op: Json,
            }
            let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
            let head: Result<Head, _> = serde_json::from_str(first);
            head.is_ok_and(|head| head.op.get("key").is_some())
        }
        Content::Calls(untyped) => {
            let calls = &untyped.calls;
            let is_beside = calls.iter().all(|call| call.key.is_some());
            let is_pair =
                |call: &Call| matches!(&call.argument, Json::Array(pair) if pair.len() == 2);
            let asks = |call: &Call| call.argument.get(1) == Some(&Json::Null);
            !calls.is_empty() && (is_beside || calls.iter().all(is_pair) && calls.iter().any(asks))
        }
    }
}

/// The names are those of the operation on one object; each value becomes `[key value]`.
impl<O: Translate> Translate for KeyedOp<Value, O> {
    type Ret = O::Ret;

    const NAMES: &'static [(&'static str, &'static str)] = O::NAMES;

    fn translate(call: &Call) -> Result<Meaning<Self, O::Ret>, Problem> {
        let (key, call) = without_key(call)?;
        let Meaning { op, outcome } = O::translate(&call)?;
        Ok(Meaning { op: KeyedOp { key, op }, outcome })
    }
}

/// Takes the key off a call: off its value and off its answer.
fn without_key(call: &Call) -> Result<(Value, Call), Problem> {
    let mut call = call.clone();
    if let Some(key) = call.key.take() {
        return Ok((value(&key)?, call));
    }
    let [key, argument] = pair(&call.argument, "`[key value]` (the model has keys)")?;
    let (key, argument) = (key.clone(), argument.clone());
    call.argument = argument;
    // Some clients answer without the key.
    if let Some(end) = &mut call.end
        && let Json::Array(pair) = &end.value
        && pair.len() == 2
        && pair[0] == key
    {
        end.value = pair[1].clone();
    }
    Ok((value(&key)?, call))
}

/// What an end says of an operation; `answer` reads the value of one that is `ok`.
fn outcome<R>(
    call: &Call,
    answer: impl FnOnce(&Json) -> Result<R, String>,
) -> Result<Outcome<R>, Problem> {
    match &call.end {
        None => Ok(Outcome::Info),
        Some(end) => match end.kind {
            Kind::Ok => answer(&end.value).map(Outcome::Ok).map_err(Problem::Answered),
            Kind::Fail => Ok(Outcome::Fail),
            Kind::Info | Kind::Invoke => Ok(Outcome::Info),
        },
    }
}

/// The same, where `fail` with one of these errors is an answer as well. `None` among them
/// stands for no error at all.
fn outcome_or<R>(
    call: &Call,
    errors: &[Option<&str>],
    negative: R,
    answer: impl FnOnce(&Json) -> Result<R, String>,
) -> Result<Outcome<R>, Problem> {
    match &call.end {
        Some(end) if end.kind == Kind::Fail && errors.contains(&error_name(end.error.as_ref())) => {
            Ok(Outcome::Ok(negative))
        }
        Some(_) | None => outcome(call, answer),
    }
}

/// What an error is called: `:timeout`, or the first of `[:timeout "after 5 s"]`.
fn error_name(error: Option<&Json>) -> Option<&str> {
    match error? {
        Json::String(name) => Some(bare(name)),
        Json::Array(parts) => parts.first().and_then(Json::as_str).map(bare).or(Some("")),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => Some(""),
    }
}

/// Plain data as a value.
fn value(json: &Json) -> Result<Value, String> {
    match json {
        Json::Null => Ok(Value::Nil),
        Json::Bool(truth) => Ok(Value::Bool(*truth)),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Ok(Value::Int(number)),
            None => Err(format!("expected an integer of 64 bits, found {number}")),
        },
        Json::String(text) => Ok(Value::Text(text.clone())),
        Json::Array(values) => values.iter().map(value).collect::<Result<_, _>>().map(Value::List),
        Json::Object(_) => Err(format!("expected a value or a list of values, found {json}")),
    }
}

/// Two values in a list.
fn pair<'a>(json: &'a Json, what: &str) -> Result<[&'a Json; 2], String> {
    match json.as_array().map(Vec::as_slice) {
        Some([first, second]) => Ok([first, second]),
        Some(_) | None => Err(format!("expected {what}, found {json}")),
    }
}

/// A name that no operation has.
fn unknown<O: Translate, T>(call: &Call) -> Result<T, Problem> {
    let names: Vec<&str> = O::NAMES.iter().map(|(names, _)| *names).collect();
    let names = names.join(", ");
    Err(format!("`{}` is no operation of this model, which has {names}", call.f).into())
}
