//! Transactions.

use serde_json::Value as Json;

use super::{Meaning, Problem, Translate, outcome, value};
use crate::formats::jepsen::bare;
use crate::formats::untyped::Call;
use crate::transactions::{Completed, MicroOp, Seen, TransactionOp};
use crate::value::Value;

/// Whatever the operation is called: its value tells.
impl Translate for TransactionOp<Value, Value> {
    type Ret = Completed<Value, Value>;

    const NAMES: &'static [(&'static str, &'static str)] = &[(
        "txn",
        "micro-operations: `[:append key value]`, `[:w key value]`, `[:r key nil]`; at the end \
         with what was read: nil, a value, or `[value ...]` of a list",
    )];

    fn translate(call: &Call) -> Result<Meaning<Self, Self::Ret>, Problem> {
        let op = TransactionOp::Transaction(micro_ops(&call.argument)?);
        let completed = |json: &Json| micro_ops(json).map(Completed);
        Ok(Meaning { op, outcome: outcome(call, completed)? })
    }
}

fn micro_ops(json: &Json) -> Result<Vec<MicroOp<Value, Value>>, String> {
    let Json::Array(micro_ops) = json else {
        return Err(format!("expected a list of micro-operations, found {json}"));
    };
    micro_ops.iter().map(micro_op).collect()
}

fn micro_op(json: &Json) -> Result<MicroOp<Value, Value>, String> {
    let wrong = || {
        format!("expected `[:append key value]`, `[:w key value]` or `[:r key nil]`, found {json}")
    };
    let parts = json.as_array().map(Vec::as_slice).unwrap_or_default();
    let (name, key, operand) = match parts {
        [Json::String(name), key] => (bare(name), key, None),
        [Json::String(name), key, operand] => (bare(name), key, Some(operand)),
        _ => return Err(wrong()),
    };
    let key = value(key)?;
    match (name, operand) {
        ("append", Some(operand)) => Ok(MicroOp::Append(key, value(operand)?)),
        ("w", Some(operand)) => Ok(MicroOp::Write(key, value(operand)?)),
        ("r", None) => Ok(MicroOp::Read(key, Seen::Nothing)),
        ("r", Some(operand)) => Ok(MicroOp::Read(key, seen(value(operand)?))),
        (_, Some(_) | None) => Err(wrong()),
    }
}

fn seen(value: Value) -> Seen<Value> {
    match value {
        Value::Nil => Seen::Nothing,
        Value::List(elements) => Seen::List(elements),
        value @ (Value::Bool(_) | Value::Int(_) | Value::Text(_)) => Seen::Value(value),
    }
}
