//! Banks, identifiers and messages: what is scanned rather than searched.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{Meaning, Problem, Translate, outcome, pair, unknown, value, without_key};
use crate::formats::jepsen::bare;
use crate::formats::untyped::Call;
use crate::scans::{BankOp, BankRet, MessageOp, MessageRet};
use crate::value::Value;

/// What a client may ask of a source of unique identifiers; the answer is the identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdOp {
    /// Give a new one.
    Generate,
}

impl fmt::Display for IdOp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("generate")
    }
}

impl Translate for IdOp {
    type Ret = Value;

    const NAMES: &'static [(&'static str, &'static str)] =
        &[("generate", "the end has the identifier")];

    fn translate(call: &Call) -> Result<Meaning<Self, Value>, Problem> {
        match call.f.as_str() {
            "generate" => Ok(Meaning { op: IdOp::Generate, outcome: outcome(call, value)? }),
            _ => unknown::<Self, _>(call),
        }
    }
}

fn integer(json: &Json) -> Result<i64, String> {
    json.as_i64().ok_or_else(|| format!("expected an integer of 64 bits, found {json}"))
}

impl Translate for BankOp<Value> {
    type Ret = BankRet<Value>;

    const NAMES: &'static [(&'static str, &'static str)] = &[
        ("read", "the end has a map from each account to its balance"),
        ("transfer", "`{:from account, :to account, :amount 5}`"),
    ];

    fn translate(call: &Call) -> Result<Meaning<Self, Self::Ret>, Problem> {
        let (op, outcome) = match call.f.as_str() {
            "read" => (BankOp::Read, outcome(call, |json| balances(json).map(BankRet::Balances))?),
            "transfer" => (transfer(&call.argument)?, outcome(call, |_| Ok(BankRet::Done))?),
            _ => return unknown::<Self, _>(call),
        };
        Ok(Meaning { op, outcome })
    }
}

/// The pairs that a map has become.
fn balances(json: &Json) -> Result<BTreeMap<Value, i64>, String> {
    let wrong = || format!("expected a map from accounts to balances, found {json}");
    let pairs = json.as_array().ok_or_else(wrong)?.iter();
    pairs
        .map(|entry| match entry.as_array().map(Vec::as_slice) {
            Some([account, balance]) => Ok((value(account)?, integer(balance)?)),
            Some(_) | None => Err(wrong()),
        })
        .collect()
}

fn transfer(json: &Json) -> Result<BankOp<Value>, String> {
    let field = |name: &str| {
        let pairs = json.as_array().map(Vec::as_slice).unwrap_or_default().iter();
        let mut named = pairs.filter(|entry| entry[0].as_str().map(bare) == Some(name));
        let found = named.next().and_then(|entry| entry.get(1));
        found.ok_or_else(|| format!("expected `:from`, `:to` and `:amount`, found {json}"))
    };
    let (from, to) = (value(field("from")?)?, value(field("to")?)?);
    Ok(BankOp::Transfer { from, to, amount: integer(field("amount")?)? })
}

impl Translate for MessageOp<Value, Value> {
    type Ret = MessageRet<Value>;

    const NAMES: &'static [(&'static str, &'static str)] = &[
        ("send", "`[key value]`; the end has `[key offset]`"),
        ("poll", "`[key offset]`, from where on; the end has `[key [[offset value] ...]]`"),
    ];

    fn translate(call: &Call) -> Result<Meaning<Self, Self::Ret>, Problem> {
        let (key, call) = &without_key(call)?;
        let key = key.clone();
        let offset = |json: &Json| {
            json.as_u64().ok_or_else(|| format!("expected an offset, an integer, found {json}"))
        };
        let messages = |json: &Json| {
            let list = json.as_array().ok_or_else(|| format!("expected messages, found {json}"))?;
            let message = |json| {
                let [at, content] = pair(json, "`[offset value]`")?;
                Ok((offset(at)?, value(content)?))
            };
            list.iter().map(message).collect::<Result<Vec<_>, String>>().map(MessageRet::Messages)
        };
        let (op, outcome) = match call.f.as_str() {
            "send" => {
                let op = MessageOp::Send(key, value(&call.argument)?);
                (op, outcome(call, |json| offset(json).map(MessageRet::Offset))?)
            }
            "poll" => (MessageOp::Poll(key, offset(&call.argument)?), outcome(call, messages)?),
            _ => return unknown::<Self, _>(call),
        };
        Ok(Meaning { op, outcome })
    }
}
