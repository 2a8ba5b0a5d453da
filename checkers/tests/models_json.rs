//! The JSON forms of operations and answers, which are documented.

use std::fmt::Debug;

use seedbed_checkers::Value;
use seedbed_checkers::models::{
    CounterOp, CounterRet, KeyedOp, KvOp, KvRet, LockOp, LockRet, QueueOp, RegisterOp, RegisterRet,
    SetOp, SetRet, StackOp, TakeRet, VersionedKvOp, VersionedKvRet,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn both_ways<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T, text: &str) {
    assert_eq!(serde_json::to_string(&value).unwrap(), text);
    assert_eq!(serde_json::from_str::<T>(text).unwrap(), value);
}

#[test]
fn operations_are_tagged_by_their_names() {
    let (x, one) = (|| Value::from("x"), || Value::Int(1));
    both_ways(RegisterOp::<Value>::Read, r#""read""#);
    both_ways(RegisterOp::Write(one()), r#"{"write":1}"#);
    both_ways(RegisterOp::CompareAndSet(Value::Nil, one()), r#"{"compare-and-set":[null,1]}"#);
    both_ways(KvOp::<Value, Value>::Get(x()), r#"{"get":"x"}"#);
    both_ways(KvOp::Put(x(), one()), r#"{"put":["x",1]}"#);
    both_ways(KvOp::Append(x(), x()), r#"{"append":["x","x"]}"#);
    both_ways(KvOp::<Value, Value>::Delete(x()), r#"{"delete":"x"}"#);
    both_ways(KvOp::CompareAndSet(x(), x(), one()), r#"{"compare-and-set":["x","x",1]}"#);
    both_ways(VersionedKvOp::Put(x(), one(), 3), r#"{"put":["x",1,3]}"#);
    both_ways(CounterOp::Add(-2), r#"{"add":-2}"#);
    both_ways(SetOp::Contains(one()), r#"{"contains":1}"#);
    both_ways(QueueOp::<Value>::Dequeue, r#""dequeue""#);
    both_ways(StackOp::Push(one()), r#"{"push":1}"#);
    both_ways(LockOp::Acquire(4), r#"{"acquire":4}"#);
    both_ways(KeyedOp { key: x(), op: CounterOp::Read }, r#"{"key":"x","op":"read"}"#);
}

#[test]
fn answers_are_tagged_by_their_names() {
    both_ways(RegisterRet::Value(Value::Nil), r#"{"value":null}"#);
    both_ways(RegisterRet::<Value>::Done, r#""done""#);
    both_ways(RegisterRet::<Value>::Swapped(true), r#"{"swapped":true}"#);
    both_ways(KvRet::Value(Value::from("xy")), r#"{"value":"xy"}"#);
    both_ways(VersionedKvRet::Value(Value::from("x"), 3), r#"{"value":["x",3]}"#);
    both_ways(VersionedKvRet::<Value>::VersionMismatch, r#""version-mismatch""#);
    both_ways(VersionedKvRet::<Value>::Maybe, r#""maybe""#);
    both_ways(VersionedKvRet::<Value>::NoKey, r#""no-key""#);
    both_ways(CounterRet::Value(3), r#"{"value":3}"#);
    both_ways(SetRet::Members(vec![1, 2]), r#"{"members":[1,2]}"#);
    both_ways(SetRet::<Value>::Answer(false), r#"{"answer":false}"#);
    both_ways(TakeRet::<Value>::Empty, r#""empty""#);
    both_ways(LockRet::Refused, r#""refused""#);
}
