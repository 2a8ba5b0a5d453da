//! Registers, maps, counters, sets, queues, stacks, locks.

use serde_json::Value as Json;

use super::{Meaning, Problem, Translate, outcome, outcome_or, pair, unknown, value, without_key};
use crate::formats::untyped::Call;
use crate::models::{
    CounterOp, CounterRet, KvOp, KvRet, LockOp, LockRet, QueueOp, RegisterOp, RegisterRet, SetOp,
    SetRet, StackOp, TakeRet, VersionedKvOp, VersionedKvRet,
};
use crate::value::Value;

/// Errors of a compare-and-set whose comparison failed. No error at all is the usual one.
const COMPARISON_FAILED: &[Option<&str>] = &[
    None,
    Some("cas-failed"),
    Some("compare-failed"),
    Some("did-not-succeed"),
    Some("precondition-failed"),
];

/// Errors of a read of something that is not there.
const NOT_FOUND: &[Option<&str>] = &[Some("not-found"), Some("no-such-key")];

/// Errors of taking from something empty.
const EMPTY: &[Option<&str>] = &[Some("empty")];

impl Translate for RegisterOp<Value> {
    type Ret = RegisterRet<Value>;

    const NAMES: &'static [(&'static str, &'static str)] = &[
        ("read", "the end has the value"),
        ("write", "the value"),
        ("cas, compare-and-set", "`[old new]`"),
    ];

    fn translate(call: &Call) -> Result<Meaning<Self, Self::Ret>, Problem> {
        let read = |json: &Json| value(json).map(RegisterRet::Value);
        let (op, outcome) = match call.f.as_str() {
            "read" => {
                let nothing = RegisterRet::Value(Value::Nil);
                (RegisterOp::Read, outcome_or(call, NOT_FOUND, nothing, read)?)
            }
            "write" => {
                let op = RegisterOp::Write(value(&call.argument)?);
                (op, outcome(call, |_| Ok(RegisterRet::Done))?)
            }
            "cas" | "compare-and-set" => {
                let [old, new] = pair(&call.argument, "`[old new]`")?;
                let op = RegisterOp::CompareAndSet(value(old)?, value(new)?);
                let refused = RegisterRet::Swapped(false);
                let swapped = |_: &Json| Ok(RegisterRet::Swapped(true));
                (op, outcome_or(call, COMPARISON_FAILED, refused, swapped)?)
            }
            _ => return unknown::<Self, _>(call),
        };
        Ok(Meaning { op, outcome })
    }
}

impl Translate for KvOp<Value, Value> {
    type Ret = KvRet<Value>;

    const NAMES: &'static [(&'static str, &'static str)] = &[
        ("get, read", "`[key nil]`; the end has the value"),
        ("put, write", "`[key value]`"),
        ("append", "`[key value]`"),
        ("delete", "`[key nil]`"),
        ("cas, compare-and-set", "`[key [old new]]`"),
    ];

    fn translate(call: &Call) -> Result<Meaning<Self, Self::Ret>, Problem> {
        let (key, call) = &without_key(call)?;
        let key = key.clone();
        let read = |json: &Json| value(json).map(KvRet::Value);
        let done = |_: &Json| Ok(KvRet::Done);
        let (op, outcome) = match call.f.as_str() {
            "get" | "read" => {
                let nothing = KvRet::Value(Value::Nil);
                (KvOp::Get(key), outcome_or(call, NOT_FOUND, nothing, read)?)
            }
            "put" | "write" => (KvOp::Put(key, value(&call.argument)?), outcome(call, done)?),
            "append" => (KvOp::Append(key, value(&call.argument)?), outcome(call, done)?),
            "delete" => (KvOp::Delete(key), outcome(call, done)?),
            "cas" | "compare-and-set" => {
                let [old, new] = pair(&call.argument, "`[old new]`")?;
                let op = KvOp::CompareAndSet(key, value(old)?, value(new)?);
                let swapped = |_: &Json| Ok(KvRet::Swapped(true));
                (op, outcome_or(call, COMPARISON_FAILED, KvRet::Swapped(false), swapped)?)
            }
            _ => return unknown::<Self, _>(call),
        };
        Ok(Meaning { op, outcome })
    }
}

impl Translate for VersionedKvOp<Value, Value> {
    type Ret = VersionedKvRet<Value>;

    const NAMES: &'static [(&'static str, &'static str)] = &[
        ("get, read", "`[key nil]`; the end has `[value version]`, or nil if there is no such key"),
        ("put, write", "`[key [value version]]`, and the version is the one that must be there"),
    ];

    fn translate(call: &Call) -> Result<Meaning<Self, Self::Ret>, Problem> {
        let (key, call) = &without_key(call)?;
        let key = key.clone();
        let version = |json: &Json| {
            json.as_u64().ok_or_else(|| format!("expected a version, an integer, found {json}"))
        };
        let read = |json: &Json| {
            if json.is_null() {
                return Ok(VersionedKvRet::NoKey);
            }
            let [read, at] = pair(json, "`[value version]`")?;
            Ok(VersionedKvRet::Value(value(read)?, version(at)?))
        };
        let (op, outcome) = match call.f.as_str() {
            "get" | "read" => {
                let op = VersionedKvOp::Get(key);
                (op, outcome_or(call, NOT_FOUND, VersionedKvRet::NoKey, read)?)
            }
            "put" | "write" => {
                let [written, at] = pair(&call.argument, "`[value version]`")?;
                let op = VersionedKvOp::Put(key, value(written)?, version(at)?);
                let end = call.end.as_ref().and_then(|end| end.error.as_ref());
                let refused = match super::error_name(end) {
                    Some("no-key" | "no-such-key" | "not-found") => VersionedKvRet::NoKey,
                    Some(_) | None => VersionedKvRet::VersionMismatch,
                };
                let negative =
                    [NOT_FOUND, &[Some("no-key"), Some("version-mismatch"), None]].concat();
                (op, outcome_or(call, &negative, refused, |_| Ok(VersionedKvRet::Done))?)
            }
            _ => return unknown::<Self, _>(call),
        };
        Ok(Meaning { op, outcome })
    }
}

impl Translate for CounterOp {
    type Ret = CounterRet;

    const NAMES: &'static [(&'static str, &'static str)] = &[
        ("read", "the end has the number"),
        ("add, increment", "how much; 1 without a value"),
        ("decrement", "how much less; 1 without a value"),
    ];

    fn translate(call: &Call) -> Result<Meaning<Self, Self::Ret>, Problem> {
        let number = |json: &Json| {
            json.as_i64().ok_or_else(|| format!("expected an integer of 64 bits, found {json}"))
        };
        let amount = |json: &Json| if json.is_null() { Ok(1) } else { number(json) };
        let done = |_: &Json| Ok(CounterRet::Done);
        let (op, outcome) = match call.f.as_str() {
            "read" => (CounterOp::Read, outcome(call, |json| number(json).map(CounterRet::Value))?),
            "add" | "increment" => (CounterOp::Add(amount(&call.argument)?), outcome(call, done)?),
            "decrement" => {
                let less = amount(&call.argument)?.checked_neg();
                let less = less.ok_or_else(|| "a number that has no opposite".to_owned())?;
                (CounterOp::Add(less), outcome(call, done)?)
            }
            _ => return unknown::<Self, _>(call),
        };
        Ok(Meaning { op, outcome })
    }
}

impl Translate for SetOp<Value> {
    type Ret = SetRet<Value>;

    const NAMES: &'static [(&'static str, &'static str)] = &[
        ("add", "the element"),
        ("remove", "the element"),
        ("contains", "the element; the end has true or false"),
        ("read", "the end has the elements, as a set or a list; nil is none"),
    ];

    fn translate(call: &Call) -> Result<Meaning<Self, Self::Ret>, Problem> {
        let element = || value(&call.argument);
        let done = |_: &Json| Ok(SetRet::Done);
        let truth = |json: &Json| match json {
            Json::Bool(truth) => Ok(SetRet::Answer(*truth)),
            other => Err(format!("expected true or false, found {other}")),
        };
        let members = |json: &Json| match value(json)? {
            Value::List(members) => Ok(SetRet::Members(members)),
            Value::Nil => Ok(SetRet::Members(Vec::new())),
            other => Err(format!("expected the elements of the set, found {other}")),
        };
        let (op, outcome) = match call.f.as_str() {
            "add" => (SetOp::Add(element()?), outcome(call, done)?),
            "remove" => (SetOp::Remove(element()?), outcome(call, done)?),
            "contains" => (SetOp::Contains(element()?), outcome(call, truth)?),
            "read" => (SetOp::Read, outcome(call, members)?),
            _ => return unknown::<Self, _>(call),
        };
        Ok(Meaning { op, outcome })
    }
}

/// What was taken; nil is nothing.
fn taken(json: &Json) -> Result<TakeRet<Value>, String> {
    match value(json)? {
        Value::Nil => Ok(TakeRet::Empty),
        value => Ok(TakeRet::Value(value)),
    }
}

impl Translate for QueueOp<Value> {
    type Ret = TakeRet<Value>;

    const NAMES: &'static [(&'static str, &'static str)] = &[
        ("enqueue", "the element"),
        ("dequeue", "the end has the element, or nil if there was none"),
    ];

    fn translate(call: &Call) -> Result<Meaning<Self, Self::Ret>, Problem> {
        let (op, outcome) = match call.f.as_str() {
            "enqueue" => {
                let op = QueueOp::Enqueue(value(&call.argument)?);
                (op, outcome(call, |_| Ok(TakeRet::Done))?)
            }
            "dequeue" => (QueueOp::Dequeue, outcome_or(call, EMPTY, TakeRet::Empty, taken)?),
            _ => return unknown::<Self, _>(call),
        };
        Ok(Meaning { op, outcome })
    }
}

impl Translate for StackOp<Value> {
    type Ret = TakeRet<Value>;

    const NAMES: &'static [(&'static str, &'static str)] =
        &[("push", "the element"), ("pop", "the end has the element, or nil if there was none")];

    fn translate(call: &Call) -> Result<Meaning<Self, Self::Ret>, Problem> {
        let (op, outcome) = match call.f.as_str() {
            "push" => {
                let op = StackOp::Push(value(&call.argument)?);
                (op, outcome(call, |_| Ok(TakeRet::Done))?)
            }
            "pop" => (StackOp::Pop, outcome_or(call, EMPTY, TakeRet::Empty, taken)?),
            _ => return unknown::<Self, _>(call),
        };
        Ok(Meaning { op, outcome })
    }
}

/// Without an owner all operations are of one owner, number 0: the lock then is a plain mutex,
/// which anybody may release.
impl Translate for LockOp {
    type Ret = LockRet;

    const NAMES: &'static [(&'static str, &'static str)] = &[
        ("acquire", "the owner, an integer; without one anybody may release the lock"),
        ("release", "the owner"),
    ];

    fn translate(call: &Call) -> Result<Meaning<Self, Self::Ret>, Problem> {
        let owner = match &call.argument {
            Json::Null => 0,
            other => {
                let number = other.as_u64().and_then(|number| u32::try_from(number).ok());
                number.ok_or_else(|| format!("expected an owner, an integer, found {other}"))?
            }
        };
        let op = match call.f.as_str() {
            "acquire" => LockOp::Acquire(owner),
            "release" => LockOp::Release(owner),
            _ => return unknown::<Self, _>(call),
        };
        Ok(Meaning { op, outcome: outcome(call, |_| Ok(LockRet::Done))? })
    }
}
