//! A log of messages by key, as Kafka has: sends are answered with an offset, polls return
//! messages with theirs.
//!
//! After Jepsen's `kafka` workload, for clients that say from which offset they poll. Offsets of a
//! key grow, need not be dense, and each belongs to one message for ever:
//!
//! - *inconsistent*: one offset, two values, in any two answers.
//! - *duplicated*: one value at more offsets than it was sent.
//! - *lost*: a poll from `a` that returned a message at `b` or beyond lacks the message at an
//!   offset between them whose send had been acknowledged before the poll was invoked.
//! - *reordered*: a poll's offsets do not grow, or a send has a smaller offset than one that was
//!   acknowledged before it was invoked.
//! - *unexpected*: a value that nobody sent, or whose every send failed, or an offset before the
//!   one that was asked for.
//! - *recovered*: a value whose every send is of unknown fate, and that was polled.
//! - *stale*: a poll that ends before a message that was acknowledged before it was invoked. It is
//!   counted, and no violation: polls may be short.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::history::{History, OperationId, Outcome};

use super::{Blame, Scan, count, ended_ns};

/// What a client may ask of logs with keys `K` and values `V`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageOp<K, V> {
    /// Put this value at the end of this key's log.
    Send(K, V),
    /// Return messages of this key's log from this offset on.
    Poll(K, u64),
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Display for MessageOp<K, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MessageOp::Send(key, value) => write!(formatter, "send {key:?} {value:?}"),
            MessageOp::Poll(key, from) => write!(formatter, "poll {key:?} from {from}"),
        }
    }
}

/// What a log may answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageRet<V> {
    /// The message was given this offset.
    Offset(u64),
    /// Messages with their offsets.
    Messages(Vec<(u64, V)>),
}

impl<V: fmt::Debug> fmt::Display for MessageRet<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MessageRet::Offset(offset) => write!(formatter, "offset {offset}"),
            MessageRet::Messages(messages) => write!(formatter, "{messages:?}"),
        }
    }
}

/// What [`message_log`] counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageReport {
    /// Sends that did not fail.
    pub attempted: u64,
    /// Sends that were acknowledged.
    pub acknowledged: u64,
    /// Polls that were answered.
    pub polls: u64,
    /// Messages that they returned.
    pub polled: u64,
    /// Offsets with two values.
    pub inconsistent: u64,
    /// Values at more offsets than they were sent.
    pub duplicated: u64,
    /// Acknowledged messages that a poll lacks.
    pub lost: u64,
    /// Polls and sends whose offsets are in the wrong order.
    pub reordered: u64,
    /// Messages that nobody sent, or asked for.
    pub unexpected: u64,
    /// Values that were polled and never acknowledged.
    pub recovered: u64,
    /// Polls that end too early.
    pub stale: u64,
}

/// A message at an offset, in the answer of an operation.
#[derive(Debug)]
struct Place<'a, V> {
    offset: u64,
    value: &'a V,
    id: OperationId,
}

/// An acknowledged send.
#[derive(Clone, Copy, Debug)]
struct Ack {
    offset: u64,
    invoked_ns: u64,
    ended_ns: u64,
    id: OperationId,
}

/// A poll that was answered.
#[derive(Debug)]
struct Poll<'a, V> {
    from: u64,
    messages: &'a [(u64, V)],
    invoked_ns: u64,
    id: OperationId,
}

/// All that a history says of one key.
#[derive(Debug)]
struct Log<'a, V> {
    places: Vec<Place<'a, V>>,
    acks: Vec<Ack>,
    polls: Vec<Poll<'a, V>>,
    /// Sends by value: that did not fail, of those the acknowledged ones, a failed one.
    sends: BTreeMap<&'a V, (usize, usize, Option<OperationId>)>,
}

type Findings<'r, 'h, K, V> =
    (&'r mut MessageReport, &'r mut Blame<'h, MessageOp<K, V>, MessageRet<V>>);

/// Says what became of each message. The cost is O(n log n), n being the operations and the
/// messages of all polls, and the acknowledged offsets in the range of each poll.
pub fn message_log<K: Ord + fmt::Debug, V: Ord + fmt::Debug>(
    history: &History<MessageOp<K, V>, MessageRet<V>>,
) -> Scan<MessageReport> {
    let mut report = MessageReport::default();
    let mut blame = Blame::new(history);
    let mut logs: BTreeMap<&K, Log<'_, V>> = BTreeMap::new();
    for (id, operation) in history.iter() {
        let (MessageOp::Send(key, _) | MessageOp::Poll(key, _)) = &operation.op;
        let log = logs.entry(key).or_insert_with(|| Log {
            places: Vec::new(),
            acks: Vec::new(),
            polls: Vec::new(),
            sends: BTreeMap::new(),
        });
        let invoked_ns = operation.invoked_ns;
        match (&operation.op, &operation.outcome) {
            (MessageOp::Send(_, value), Outcome::Ok(MessageRet::Offset(offset))) => {
                let (offset, ended_ns) = (*offset, ended_ns(operation));
                log.places.push(Place { offset, value, id });
                log.acks.push(Ack { offset, invoked_ns, ended_ns, id });
                let sends = log.sends.entry(value).or_default();
                (sends.0, sends.1) = (sends.0 + 1, sends.1 + 1);
            }
            (MessageOp::Send(_, value), Outcome::Info) => {
                log.sends.entry(value).or_default().0 += 1;
            }
            (MessageOp::Send(_, value), Outcome::Fail) => {
                log.sends.entry(value).or_default().2 = Some(id);
            }
            (MessageOp::Poll(_, from), Outcome::Ok(MessageRet::Messages(messages))) => {
                log.polls.push(Poll { from: *from, messages, invoked_ns, id });
                let places = messages.iter().map(|(offset, value)| (*offset, value));
                log.places.extend(places.map(|(offset, value)| Place { offset, value, id }));
            }
            (MessageOp::Poll(..), Outcome::Fail | Outcome::Info) => {}
            (MessageOp::Send(..), Outcome::Ok(MessageRet::Messages(_)))
            | (MessageOp::Poll(..), Outcome::Ok(MessageRet::Offset(_))) => {
                blame.fail("answer-fits", [id], || "the answer does not fit".to_owned());
            }
        }
    }
    for (key, mut log) in logs {
        log.judge_places(key, (&mut report, &mut blame));
        log.judge_order(key, (&mut report, &mut blame));
        log.judge_polls(key, (&mut report, &mut blame));
    }
    Scan { verdict: blame.verdict, report }
}

impl<V: Ord + fmt::Debug> Log<'_, V> {
    /// One offset, one value; and no value at more offsets than it was sent.
    fn judge_places<K: fmt::Debug>(&mut self, key: &K, (report, blame): Findings<'_, '_, K, V>) {
        self.places.sort_unstable_by_key(|place| (place.offset, place.value, place.id));
        for group in self.places.chunk_by(|one, other| one.offset == other.offset) {
            let first = &group[0];
            let Some(other) = group.iter().find(|place| place.value != first.value) else {
                continue;
            };
            report.inconsistent += 1;
            blame.fail("one-offset-one-message", [first.id, other.id], || {
                let (offset, one, two) = (first.offset, first.value, other.value);
                format!("offset {offset} of {key:?} has both {one:?} and {two:?}")
            });
        }
        self.places.sort_unstable_by_key(|place| (place.value, place.offset, place.id));
        for group in self.places.chunk_by(|one, other| one.value == other.value) {
            let (value, id) = (group[0].value, group[0].id);
            let (sent, acknowledged, failed) =
                self.sends.get(value).copied().unwrap_or((0, 0, None));
            let offsets = group.chunk_by(|one, other| one.offset == other.offset).count();
            if sent == 0 {
                report.unexpected += 1;
                blame.fail("expected", failed.into_iter().chain([id]), || match failed {
                    Some(_) => format!("{value:?} was polled from {key:?}, but its send failed"),
                    None => format!("{value:?} was polled from {key:?}, but nobody sent it"),
                });
            } else if offsets > sent {
                report.duplicated += 1;
                let last = group[group.len() - 1].id;
                blame.fail("one-message-one-offset", [id, last], || {
                    format!(
                        "{value:?} is at {offsets} offsets of {key:?}, and was sent {sent} times"
                    )
                });
            }
            report.recovered += u64::from(sent > 0 && acknowledged == 0);
        }
        report.attempted += count(self.sends.values().map(|sends| sends.0).sum());
        report.acknowledged += count(self.acks.len());
    }

    /// Offsets respect real time.
    fn judge_order<K: fmt::Debug>(&self, key: &K, (report, blame): Findings<'_, '_, K, V>) {
        let mut finished = self.acks.clone();
        finished.sort_unstable_by_key(|ack| (ack.ended_ns, ack.id));
        let mut finished = finished.into_iter().peekable();
        let mut invoked = self.acks.clone();
        invoked.sort_unstable_by_key(|ack| (ack.invoked_ns, ack.id));
        let mut highest: Option<Ack> = None;
        for ack in invoked {
            while let Some(done) = finished.next_if(|done| done.ended_ns < ack.invoked_ns) {
                highest = highest.filter(|highest| highest.offset >= done.offset).or(Some(done));
            }
            if let Some(before) = highest.filter(|highest| highest.offset > ack.offset) {
                report.reordered += 1;
                blame.fail("send-order", [before.id, ack.id], || {
                    let (first, second) = (before.offset, ack.offset);
                    format!(
                        "offset {second} of {key:?} was given after offset {first} had been \
                         acknowledged"
                    )
                });
            }
        }
    }

    /// What polls return, and what they lack.
    fn judge_polls<K: fmt::Debug>(&mut self, key: &K, (report, blame): Findings<'_, '_, K, V>) {
        self.acks.sort_unstable_by_key(|ack| (ack.offset, ack.id));
        // For each of them, when the first of it and those behind it was acknowledged.
        let mut earliest_from: Vec<u64> = self.acks.iter().map(|ack| ack.ended_ns).collect();
        for place in (1..earliest_from.len()).rev() {
            earliest_from[place - 1] = earliest_from[place - 1].min(earliest_from[place]);
        }
        for poll in &self.polls {
            report.polls += 1;
            report.polled += count(poll.messages.len());
            if !poll.messages.is_sorted_by(|one, other| one.0 < other.0) {
                report.reordered += 1;
                blame.fail("poll-order", [poll.id], || {
                    format!("the offsets of a poll of {key:?} do not grow")
                });
                continue;
            }
            if let Some((offset, _)) = poll.messages.first().filter(|first| first.0 < poll.from) {
                report.unexpected += 1;
                blame.fail("expected", [poll.id], || {
                    let from = poll.from;
                    format!("a poll of {key:?} from offset {from} returned offset {offset}")
                });
            }
            let first = self.acks.partition_point(|ack| ack.offset < poll.from);
            let end = match poll.messages.last() {
                Some(&(last, _)) => self.acks.partition_point(|ack| ack.offset <= last),
                None => first,
            };
            let mut messages = poll.messages.iter().peekable();
            for ack in &self.acks[first.min(end)..end] {
                while messages.next_if(|message| message.0 < ack.offset).is_some() {}
                let is_there = messages.peek().is_some_and(|message| message.0 == ack.offset);
                if !is_there && ack.ended_ns < poll.invoked_ns {
                    report.lost += 1;
                    blame.fail("kept", [ack.id, poll.id], || {
                        let offset = ack.offset;
                        format!("a poll of {key:?} passes over the message at offset {offset}")
                    });
                }
            }
            let is_stale = |&earliest_ns: &u64| earliest_ns < poll.invoked_ns;
            report.stale += u64::from(earliest_from.get(end).is_some_and(is_stale));
        }
    }
}
