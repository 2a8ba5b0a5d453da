//! Models that are judged by rules of their own, in one pass, with numbers.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::levels::Level;
use super::{Judgement, Question};
use crate::formats::Source;
use crate::formats::typed::{IdOp, Translate, Typed, is_keyed, typed};
use crate::history::{History, HistoryError, Outcome};
use crate::log::{LogOp, LogRet, log_consistent};
use crate::models::{CounterOp, KeyedOp, LockOp, QueueOp, SetOp};
use crate::scans::{
    BankOp, BankRet, BankRules, CrashedHolders, MessageOp, MessageRet, QueueOrder, Scan,
    StaleReads, bank, counter, message_log, mutual_exclusion, queue, set_full, unique_ids,
};
use crate::value::Value;
use crate::verdict::Verdict;

type Answer = Result<Judgement, HistoryError>;

/// What a scan found, with its numbers.
fn judgement<O, R, S: Serialize>(typed: &Typed<O, R>, scan: Scan<S>) -> Judgement {
    let mut judgement = Judgement::about(typed, scan.verdict, None);
    if let Ok(Json::Object(report)) = serde_json::to_value(&scan.report) {
        judgement.measures = report;
    }
    judgement
}

/// Scans one object, or each of many if the operations name keys.
fn scan<O, S: Serialize>(source: &Source, scan: impl Fn(&History<O, O::Ret>) -> Scan<S>) -> Answer
where
    O: Translate + DeserializeOwned + PartialEq + Clone,
    O::Ret: DeserializeOwned + Clone,
{
    if !is_keyed(source) {
        let typed: Typed<O, O::Ret> = typed(source)?;
        return Ok(judgement(&typed, scan(&typed.history)));
    }
    let keyed: Typed<KeyedOp<Value, O>, O::Ret> = typed(source)?;
    let parts = keyed.by_key()?;
    let mut worst: Option<Judgement> = None;
    for (key, part) in &parts {
        let mut found = judgement(part, scan(&part.history));
        if let Verdict::Fail(explanation) = &mut found.verdict {
            explanation.summary = format!("of key {key}: {}", explanation.summary);
        }
        let is_worse = |worst: &Judgement| found.verdict.severity() > worst.verdict.severity();
        if worst.as_ref().is_none_or(is_worse) {
            worst = Some(found);
        }
    }
    // The numbers are of the key that is worst; the counts of all.
    let all = Judgement::about(&keyed, Verdict::Pass, None);
    Ok(worst.map_or(all.clone(), |worst| Judgement { counts: all.counts, ..worst }))
}

pub(super) fn of_counter(source: &Source, question: &Question) -> Answer {
    let initial = question.initial.as_ref().and_then(Value::as_int).unwrap_or(0);
    scan::<CounterOp, _>(source, |history| counter(history, initial))
}

pub(super) fn of_set(source: &Source) -> Answer {
    scan::<SetOp<Value>, _>(source, |history| set_full(history, StaleReads::Allowed))
}

pub(super) fn of_queue(source: &Source, level: Level) -> Answer {
    let is_ordered = level != Level::Unordered;
    let order = if is_ordered { QueueOrder::FirstInFirstOut } else { QueueOrder::Any };
    scan::<QueueOp<Value>, _>(source, |history| queue(history, order))
}

pub(super) fn of_lock(source: &Source, level: Level) -> Answer {
    let has_leases = level == Level::Leases;
    let crashed = if has_leases { CrashedHolders::MayLoseIt } else { CrashedHolders::KeepIt };
    scan::<LockOp, _>(source, |history| mutual_exclusion(history, crashed))
}

pub(super) fn of_log(source: &Source, _question: &Question) -> Answer {
    let typed: Typed<LogOp<Value>, LogRet<Value>> = typed(source)?;
    Ok(Judgement::about(&typed, log_consistent(&typed.history), None))
}

pub(super) fn of_messages(source: &Source, _question: &Question) -> Answer {
    let typed: Typed<MessageOp<Value, Value>, MessageRet<Value>> = typed(source)?;
    Ok(judgement(&typed, message_log(&typed.history)))
}

pub(super) fn of_ids(source: &Source, _question: &Question) -> Answer {
    scan::<IdOp, _>(source, unique_ids)
}

/// What a bank holds, and in how many accounts, is what the first read says, unless the question
/// says what it holds.
pub(super) fn of_bank(source: &Source, question: &Question) -> Answer {
    let typed: Typed<BankOp<Value>, BankRet<Value>> = typed(source)?;
    let mut reads =
        typed.history.operations().iter().filter_map(|operation| match &operation.outcome {
            Outcome::Ok(BankRet::Balances(balances)) => Some(balances),
            Outcome::Ok(BankRet::Done | BankRet::Refused) | Outcome::Fail | Outcome::Info => None,
        });
    let first = reads.next();
    let total = question.initial.as_ref().and_then(Value::as_int).or_else(|| {
        Some(first?.values().fold(0, |sum: i64, balance| sum.saturating_add(*balance)))
    });
    let rules = BankRules {
        total: total.unwrap_or(0),
        accounts: first.map_or(0, |balances| balances.len().try_into().unwrap_or(u64::MAX)),
        may_be_negative: question.level == Level::Debts,
    };
    Ok(judgement(&typed, bank(&typed.history, rules)))
}
