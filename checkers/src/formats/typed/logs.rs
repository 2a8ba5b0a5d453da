//! Replicated logs.

use serde_json::Value as Json;

use super::{Meaning, Problem, Translate, outcome, unknown, value};
use crate::formats::untyped::Call;
use crate::log::{LogOp, LogRet};
use crate::value::Value;

impl Translate for LogOp<Value> {
    type Ret = LogRet<Value>;

    const NAMES: &'static [(&'static str, &'static str)] = &[
        ("append", "the value; the end has its index, from 1"),
        ("read", "the end has the log from index 1 on, nil for an entry that no client asked for"),
        ("final-read", "the same, and it must have all that was acknowledged before"),
    ];

    fn translate(call: &Call) -> Result<Meaning<Self, Self::Ret>, Problem> {
        let index = |json: &Json| {
            let index = json.as_u64().map(LogRet::Index);
            index.ok_or_else(|| format!("expected an index, from 1, found {json}"))
        };
        let log = |json: &Json| match value(json)? {
            Value::List(entries) => {
                let entry = |entry: Value| (!entry.is_nil()).then_some(entry);
                Ok(LogRet::Log(entries.into_iter().map(entry).collect()))
            }
            other => Err(format!("expected the entries of a log, found {other}")),
        };
        let (op, outcome) = match call.f.as_str() {
            "append" => (LogOp::Append(value(&call.argument)?), outcome(call, index)?),
            "read" => (LogOp::Read { final_read: false }, outcome(call, log)?),
            "final-read" => (LogOp::Read { final_read: true }, outcome(call, log)?),
            _ => return unknown::<Self, _>(call),
        };
        Ok(Meaning { op, outcome })
    }
}
