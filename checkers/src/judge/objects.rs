//! Objects that clients share: how their histories are read and judged.

use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::levels::Level;
use super::{Judgement, Question, scanned};
use crate::formats::typed::{Translate, Typed, is_keyed, typed};
use crate::formats::untyped::Untyped;
use crate::formats::{Content, Source};
use crate::history::{HistoryError, Kind};
use crate::linearizable::check_linearizable;
use crate::models::{Counter, Keyed, Kv, Lock, Model, Queue, Register, Set, Stack, VersionedKv};
use crate::value::Value;
use crate::weak::{self, Registers};

pub(super) fn register(source: &Source, question: &Question) -> Result<Judgement, HistoryError> {
    let model = Register::new(question.initial.clone().unwrap_or_default());
    if is_keyed(source) {
        registers(source, question, &Keyed::<Value, _>::new(model))
    } else {
        registers(source, question, &model)
    }
}

pub(super) fn kv(source: &Source, question: &Question) -> Result<Judgement, HistoryError> {
    let missing = question.initial.clone().unwrap_or_else(|| missing_value(source));
    registers(source, question, &Kv::<Value, Value>::new(missing))
}

pub(super) fn versioned_kv(
    source: &Source,
    question: &Question,
) -> Result<Judgement, HistoryError> {
    object(source, question, &VersionedKv::<Value, Value>::new())
}

pub(super) fn counter(source: &Source, question: &Question) -> Result<Judgement, HistoryError> {
    if question.level == Level::Rules {
        return scanned::of_counter(source, question);
    }
    let initial = question.initial.as_ref().and_then(Value::as_int).unwrap_or(0);
    one_or_many(source, question, Counter::new(initial))
}

pub(super) fn set(source: &Source, question: &Question) -> Result<Judgement, HistoryError> {
    if question.level == Level::Rules {
        return scanned::of_set(source);
    }
    one_or_many(source, question, Set::<Value>::new())
}

pub(super) fn queue(source: &Source, question: &Question) -> Result<Judgement, HistoryError> {
    if matches!(question.level, Level::Rules | Level::Unordered) {
        return scanned::of_queue(source, question.level);
    }
    one_or_many(source, question, Queue::<Value>::new())
}

pub(super) fn stack(source: &Source, question: &Question) -> Result<Judgement, HistoryError> {
    one_or_many(source, question, Stack::<Value>::new())
}

pub(super) fn lock(source: &Source, question: &Question) -> Result<Judgement, HistoryError> {
    if matches!(question.level, Level::Rules | Level::Leases) {
        return scanned::of_lock(source, question.level);
    }
    one_or_many(source, question, Lock)
}

/// Judges one object, or one for each key if the operations name keys.
fn one_or_many<M: Model>(
    source: &Source,
    question: &Question,
    model: M,
) -> Result<Judgement, HistoryError>
where
    M::Op: Translate<Ret = M::Ret> + DeserializeOwned + Clone,
    M::Ret: DeserializeOwned,
{
    if is_keyed(source) {
        object(source, question, &Keyed::<Value, M>::new(model))
    } else {
        object(source, question, &model)
    }
}

fn object<M: Model>(
    source: &Source,
    question: &Question,
    model: &M,
) -> Result<Judgement, HistoryError>
where
    M::Op: Translate<Ret = M::Ret> + DeserializeOwned + Clone,
    M::Ret: DeserializeOwned,
{
    let typed: Typed<M::Op, M::Ret> = typed(source)?;
    match question.level {
        Level::Weak(_) => {
            let verdict = weak::sequential(model, &typed.history, question.budget);
            Ok(Judgement::about(&typed, verdict, None))
        }
        Level::Linearizable
        | Level::Isolation(_)
        | Level::EventualConvergence
        | Level::Rules
        | Level::Unordered
        | Level::Leases
        | Level::Debts => Ok(by_linearization(&typed, question, model)),
    }
}

/// Judges registers, for which there are more levels than for other objects.
fn registers<M: Registers>(
    source: &Source,
    question: &Question,
    model: &M,
) -> Result<Judgement, HistoryError>
where
    M::Op: Translate<Ret = M::Ret> + DeserializeOwned + Clone,
    M::Ret: DeserializeOwned,
{
    let typed: Typed<M::Op, M::Ret> = typed(source)?;
    let verdict = match question.level {
        Level::Weak(level) => weak::consistent(level, model, &typed.history, question.budget),
        Level::EventualConvergence => {
            weak::eventually_converges(model, &typed.history, question.quiet_ns)
        }
        Level::Linearizable
        | Level::Isolation(_)
        | Level::Rules
        | Level::Unordered
        | Level::Leases
        | Level::Debts => {
            return Ok(by_linearization(&typed, question, model));
        }
    };
    Ok(Judgement::about(&typed, verdict, None))
}

fn by_linearization<M: Model>(
    typed: &Typed<M::Op, M::Ret>,
    question: &Question,
    model: &M,
) -> Judgement {
    let report = check_linearizable(model, &typed.history, question.budget);
    let timeline = report.violation.map(|violation| violation.timeline(&typed.history));
    Judgement { timeline, ..Judgement::about(typed, report.verdict, Some(report.spent)) }
}

/// What a read of a missing key returns: nil, or the empty text where the reads of the history
/// return that, and never nil.
fn missing_value(source: &Source) -> Value {
    let Content::Calls(Untyped { calls, .. }) = &source.content else { return Value::Nil };
    let mut answers = calls
        .iter()
        .filter(|call| call.f == "get" || call.f == "read")
        .filter_map(|call| Some((call, call.end.as_ref().filter(|end| end.kind == Kind::Ok)?)))
        .map(|(call, end)| match &end.value {
            Json::Array(pair) if call.key.is_none() && pair.len() == 2 => &pair[1],
            other => other,
        });
    let is_nil = answers.clone().any(Json::is_null);
    if !is_nil && answers.any(|answer| *answer == "") {
        Value::Text(String::new())
    } else {
        Value::Nil
    }
}
