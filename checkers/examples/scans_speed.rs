//! What the scans and the weak levels cost on long histories.
//!
//! `cargo run --release -p seedbed-checkers --example scans_speed [OPERATIONS]`

#![expect(clippy::disallowed_types, reason = "it measures time; no verdict depends on it")]

use std::collections::BTreeMap;
use std::time::Instant;

use seedbed_checkers::scans::{
    AvailabilityDemand, BankOp, BankRet, BankRules, CrashedHolders, MessageOp, MessageRet,
    QueueOrder, StaleReads, availability, bank, counter, message_log, mutual_exclusion, queue,
    set_full, unique_ids,
};
use seedbed_checkers::weak::{Level, consistent, eventually_converges};
use seedbed_checkers::{Budget, History, Keyed, Kv, Process, Register, Verdict};

#[path = "../tests/support/fuzz.rs"]
#[expect(dead_code, reason = "shared with tests")]
mod fuzz;
#[path = "../tests/support/objects.rs"]
#[expect(dead_code, reason = "shared with tests")]
mod objects;
#[path = "../tests/support/replicas.rs"]
mod replicas;
#[path = "../tests/support/simulated.rs"]
mod simulated;

use fuzz::Random;
use replicas::{Post, replicated};
use simulated::Load;

const RUNS: usize = 5;

/// Prints the median time of several runs, and what came of it.
fn measure(name: &str, operations: usize, work: impl Fn() -> Verdict) {
    let mut times = Vec::new();
    let mut verdict = Verdict::Pass;
    for _ in 0..RUNS {
        let begin = Instant::now();
        verdict = work();
        times.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let (least, median, most) = (times[0], times[RUNS / 2], times[RUNS - 1]);
    let word = match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail(_) => "fail",
        Verdict::Unknown(_) => "unknown",
    };
    println!("{name:32} {operations:>9} {median:>9.1} {least:>8.1}..{most:<8.1} {word}");
}

fn main() {
    let operations = std::env::args().nth(1).map_or(1_000_000, |text| text.parse().unwrap());
    println!("{:32} {:>9} {:>9} {:>8}..{:<8} verdict", "scan", "operations", "ms", "least", "most");
    let load = Load { operations, clients: 20, crashes: 1, seed: 1 };
    let history = objects::counter(load);
    measure("counter", operations, || counter(&history, 0).verdict);
    measure("availability", operations, || {
        availability(&history, 1_000, AvailabilityDemand::default()).verdict
    });
    // A read has every element: the entries of all reads together are what counts.
    let history = growing_set(operations);
    measure("set-full", operations, || set_full(&history, StaleReads::Forbidden).verdict);
    let history = objects::lock(load);
    measure("mutual-exclusion", operations, || {
        mutual_exclusion(&history, CrashedHolders::KeepIt).verdict
    });
    let history = queue_history(operations);
    measure("queue", operations, || queue(&history, QueueOrder::FirstInFirstOut).verdict);
    let history = messages(operations);
    measure("message-log", operations, || message_log(&history).verdict);
    let history = transfers(operations);
    let rules = BankRules { total: 80, accounts: 8, may_be_negative: false };
    measure("bank", operations, || bank(&history, rules).verdict);
    let history = sequence(operations, |index| ("generate", index as u64 * 7919 % 1_000_000_007));
    measure("unique-ids", operations, || unique_ids(&history).verdict);
    weak_levels(operations / 10);
}

/// A history by twenty clients, one operation after the other.
fn sequence<O, R>(operations: usize, mut draw: impl FnMut(usize) -> (O, R)) -> History<O, R> {
    let mut history = History::new();
    for index in 0..operations {
        let (op, ret) = draw(index);
        let time_ns = index as u64 * 10;
        let id = history.invoke(Process::client(index as u32 % 20), time_ns, op);
        history.ok(id, time_ns + 25, ret);
    }
    history
}

/// Adds, and twenty reads on the way.
fn growing_set(
    operations: usize,
) -> History<seedbed_checkers::SetOp<u64>, seedbed_checkers::SetRet<u64>> {
    use seedbed_checkers::{SetOp, SetRet};
    let mut members = Vec::new();
    sequence(operations, |index| {
        if (index + 1) % (operations / 20) == 0 {
            return (SetOp::Read, SetRet::Members(members.clone()));
        }
        members.push(index as u64);
        (SetOp::Add(index as u64), SetRet::Done)
    })
}

/// What goes in comes out, thirty others later.
fn queue_history(
    operations: usize,
) -> History<seedbed_checkers::QueueOp<u64>, seedbed_checkers::TakeRet<u64>> {
    use seedbed_checkers::{QueueOp, TakeRet};
    let mut inside = std::collections::VecDeque::new();
    sequence(operations, |index| {
        if index % 2 == 1 && inside.len() > 30 {
            return (QueueOp::Dequeue, TakeRet::Value(inside.pop_front().unwrap()));
        }
        inside.push_back(index as u64);
        (QueueOp::Enqueue(index as u64), TakeRet::Done)
    })
}

/// Nine sends and a poll of the last nine, in turn, on ten keys.
fn messages(operations: usize) -> History<MessageOp<u64, u64>, MessageRet<u64>> {
    let mut logs: Vec<Vec<u64>> = vec![Vec::new(); 10];
    sequence(operations, |index| {
        let key = index / 10 % 10;
        let log = &mut logs[key];
        if index % 10 < 9 {
            log.push(index as u64);
            let offset = log.len() as u64 - 1;
            return (MessageOp::Send(key as u64, index as u64), MessageRet::Offset(offset));
        }
        let from = log.len() - 9;
        let polled = (from..log.len()).map(|offset| (offset as u64, log[offset])).collect();
        (MessageOp::Poll(key as u64, from as u64), MessageRet::Messages(polled))
    })
}

fn transfers(operations: usize) -> History<BankOp<u32>, BankRet<u32>> {
    let mut random = Random(3);
    let mut balances: BTreeMap<u32, i64> = (0..8).map(|account| (account, 10)).collect();
    sequence(operations, |index| {
        if index % 2 == 0 {
            return (BankOp::Read, BankRet::Balances(balances.clone()));
        }
        let (from, to) = (random.below(8) as u32, random.below(8) as u32);
        let amount = balances[&from].min(3);
        *balances.get_mut(&from).unwrap() -= amount;
        *balances.get_mut(&to).unwrap() += amount;
        (BankOp::Transfer { from, to, amount }, BankRet::Done)
    })
}

fn weak_levels(operations: usize) {
    let load = Load { operations, clients: 20, crashes: 0, seed: 1 };
    let history = objects::unique_puts(load, 100);
    let model = Kv::new(String::new());
    println!("a linearizable store, 20 clients, 100 keys, unique values:");
    for level in Level::ALL {
        measure(level.name(), operations, || {
            consistent(level, &model, &history, Budget::default())
        });
    }
    measure("eventual-convergence", operations, || eventually_converges(&model, &history, 0));
    let model: Keyed<u64, Register<u64>> = Keyed::new(Register::new(0));
    let operations = operations / 10;
    for kept in [Level::CausalMemory, Level::CausalConvergence] {
        println!("replicas that keep {kept}, 5 clients, 10 keys:");
        let size = (operations as u64, 5, 10);
        let history = replicated(Post::of(kept), &mut Random(1), size, true);
        for level in Level::ALL {
            measure(level.name(), operations, || {
                consistent(level, &model, &history, Budget::default())
            });
        }
    }
}
