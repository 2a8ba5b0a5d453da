//! Scans on random small histories.
//!
//! They cry no wolf: whatever is linearizable, by the search that has brute force of its own to
//! answer to, passes. They miss nothing that they promise to find: on the same histories a slow
//! restatement of each rule counts the same.

use seedbed_checkers::linearizable::{Rules, is_linearizable};
use seedbed_checkers::scans::{
    CrashedHolders, QueueOrder, StaleReads, counter, mutual_exclusion, queue, set_full,
};
use seedbed_checkers::{
    Budget, Counter, CounterOp, CounterRet, History, Lock, LockOp, LockRet, Model, Operation,
    Outcome, Process, Queue, QueueOp, Set, SetOp, SetRet, TakeRet, Verdict,
};

#[path = "support/fuzz.rs"]
#[expect(dead_code, reason = "shared with tests of linearizability")]
mod fuzz;
#[path = "support/objects.rs"]
#[expect(dead_code, reason = "shared with tests of linearizability")]
mod objects;
#[path = "support/simulated.rs"]
mod simulated;

use fuzz::Random;
use simulated::Load;

const HISTORIES: u64 = 30_000;

/// A history of up to 8 operations by 2 to 4 clients at times that often coincide. The client's
/// number is given to `draw`, and its answer is kept or lost.
fn random_history<O, R>(
    random: &mut Random,
    mut draw: impl FnMut(&mut Random, u32) -> (O, R),
) -> History<O, R> {
    let clients = 2 + random.below(3);
    let mut idle: Vec<(u64, Process)> = (1..=clients)
        .map(|client| (random.below(6), Process::client(u32::try_from(client).unwrap())))
        .collect();
    let mut history = History::new();
    for _ in 0..2 + random.below(7) {
        let client = usize::try_from(random.below(clients)).unwrap();
        let (time_ns, process) = &mut idle[client];
        let (op, ret) = draw(random, process.client);
        let id = history.invoke(*process, *time_ns, op);
        *time_ns += random.below(8);
        match random.below(12) {
            0 => {
                history.info(id, *time_ns);
                *process = process.next_generation();
            }
            1 => history.fail(id, *time_ns),
            _ => history.ok(id, *time_ns, ret),
        }
        *time_ns += random.below(3);
    }
    history
}

/// Draws histories, and holds a scan against linearizability and against a restatement of its
/// rule, which says whether the history breaks it (`None` is "the rule does not say").
fn agree<M: Model>(
    model: &M,
    mut draw: impl FnMut(&mut Random) -> History<M::Op, M::Ret>,
    scan: impl Fn(&History<M::Op, M::Ret>) -> Verdict,
    breaks: impl Fn(&History<M::Op, M::Ret>) -> Option<bool>,
) where
    M::Op: std::fmt::Debug,
    M::Ret: std::fmt::Debug,
{
    let (mut right, mut broken, mut ruled) = (0, 0, 0);
    for seed in 0..HISTORIES {
        let history = draw(&mut Random(seed));
        let verdict = scan(&history);
        let fails = matches!(verdict, Verdict::Fail(_));
        let is_linearizable = is_right(model, &history);
        let all = history.operations();
        let lines: Vec<String> = all.iter().map(ToString::to_string).collect();
        let text = format!("seed {seed}: {verdict}\n{}", lines.join("\n"));
        assert!(!(is_linearizable && fails), "it is linearizable: {text}");
        let expected = breaks(&history);
        assert!(expected.is_none_or(|it| it == fails), "it should be the other: {text}");
        right += u64::from(is_linearizable);
        broken += u64::from(fails);
        ruled += u64::from(expected.is_some());
    }
    let least = HISTORIES / 50;
    assert!(right > least && broken > least, "{right} linearizable, {broken} broken");
    assert!(ruled > least, "the rule spoke of {ruled}");
}

/// Whether a history is linearizable.
fn is_right<M: Model>(model: &M, history: &History<M::Op, M::Ret>) -> bool {
    let (verdict, _) = is_linearizable(model, history, Budget::default(), Rules::ALL);
    verdict.expect("a small history needs no big budget")
}

/// Whether one operation ended before the other was invoked.
fn precedes<O, R>(first: &Operation<O, R>, second: &Operation<O, R>) -> bool {
    first.until_ns().is_some_and(|until_ns| until_ns < second.invoked_ns)
}

fn ok<O, R>(operation: &Operation<O, R>) -> Option<&R> {
    match &operation.outcome {
        Outcome::Ok(ret) => Some(ret),
        Outcome::Fail | Outcome::Info => None,
    }
}

fn may_be<O, R>(operation: &Operation<O, R>) -> bool {
    !matches!(operation.outcome, Outcome::Fail)
}

#[test]
fn counters() {
    let draw = |random: &mut Random| {
        random_history(random, |random, _| match random.below(5) {
            0 | 1 => {
                let count = i64::try_from(random.below(6)).unwrap() - 2;
                (CounterOp::Read, CounterRet::Value(count))
            }
            2 | 3 => {
                (CounterOp::Add(i64::try_from(random.below(5)).unwrap() - 2), CounterRet::Done)
            }
            _ => {
                let count = i64::try_from(random.below(4)).unwrap() - 1;
                (CounterOp::Add(1), CounterRet::Value(count))
            }
        })
    };
    // At each instant of the interval, what must have been added and what may have been.
    let breaks = |all: &[Operation<CounterOp, CounterRet>]| {
        all.iter().enumerate().any(|(place, read)| {
            let Some(&CounterRet::Value(value)) = ok(read) else { return false };
            let own = if let CounterOp::Add(number) = read.op { number } else { 0 };
            !(read.invoked_ns..=read.ended_ns.unwrap()).any(|now_ns| {
                let (mut least, mut most) = (own, own);
                for (other, operation) in all.iter().enumerate() {
                    let CounterOp::Add(number) = operation.op else { continue };
                    if other == place || !may_be(operation) || operation.invoked_ns > now_ns {
                        continue;
                    }
                    let is_certain = operation.until_ns().is_some_and(|end_ns| end_ns < now_ns);
                    least += if is_certain { number } else { number.min(0) };
                    most += if is_certain { number } else { number.max(0) };
                }
                (least..=most).contains(&value)
            })
        })
    };
    agree(
        &Counter::new(0),
        draw,
        |history| counter(history, 0).verdict,
        |history| Some(breaks(history.operations())),
    );
}

#[test]
fn queues() {
    let draw = |random: &mut Random| {
        let repeats = random.below(3) == 0;
        let mut next = 0;
        random_history(random, |random, _| match random.below(6) {
            0..=2 => {
                next += 1;
                let value = if repeats { random.below(2) } else { next };
                (QueueOp::Enqueue(value), TakeRet::Done)
            }
            3 | 4 => (QueueOp::Dequeue, TakeRet::Value(random.below(next.max(1) + 1).max(1))),
            _ => (QueueOp::Dequeue, TakeRet::Empty),
        })
    };
    let scan = |history: &History<_, _>| queue(history, QueueOrder::FirstInFirstOut).verdict;
    let breaks = |history: &History<_, _>| Some(breaks_queue(history.operations()));
    agree(&Queue::<u64>::new(), draw, scan, breaks);
}

fn breaks_queue(all: &[Operation<QueueOp<u64>, TakeRet<u64>>]) -> bool {
    type Op = Operation<QueueOp<u64>, TakeRet<u64>>;
    let puts =
        |value| all.iter().filter(move |put| put.op == QueueOp::Enqueue(value) && may_be(put));
    let takes = |value| all.iter().filter(move |take| ok(take) == Some(&TakeRet::Value(value)));
    let values: std::collections::BTreeSet<u64> = all
        .iter()
        .filter_map(|operation| match (&operation.op, ok(operation)) {
            (QueueOp::Enqueue(value), _) | (_, Some(TakeRet::Value(value))) => Some(*value),
            (QueueOp::Dequeue, _) => None,
        })
        .collect();
    // Hall's condition: of the dequeues that ended by any time, each has an enqueue invoked then.
    let unfounded = values.iter().any(|&value| {
        takes(value).any(|last| {
            let by_ns = last.ended_ns.unwrap();
            let taken = takes(value).filter(|take| take.ended_ns.unwrap() <= by_ns).count();
            puts(value).filter(|put| put.invoked_ns <= by_ns).count() < taken
        })
    });
    let empties = all.iter().filter(|take| ok(take) == Some(&TakeRet::Empty));
    let lost = empties.max_by_key(|take| (take.invoked_ns, take.ended_ns)).is_some_and(|empty| {
        let gone: usize = values
            .iter()
            .map(|&value| {
                let late = |put: &&Op| ok(put).is_some() && !precedes(put, empty);
                let certain = puts(value).filter(|put| ok(put).is_some()).count();
                // The fewest that can be missing before that instant.
                let excused = takes(value).count() + puts(value).filter(late).count();
                certain.saturating_sub(excused)
            })
            .sum();
        let is_unseen = |take: &&Op| take.op == QueueOp::Dequeue && take.outcome == Outcome::Info;
        let mut unseen = all.iter().filter(is_unseen).collect::<Vec<_>>();
        unseen.retain(|take| take.invoked_ns <= empty.ended_ns.unwrap());
        gone > unseen.len()
    });
    let once = |value| puts(value).count() == 1 && takes(value).count() == 1;
    let reordered = values.iter().filter(|&&value| once(value)).any(|&first| {
        values.iter().filter(|&&value| once(value)).any(|&second| {
            precedes(puts(first).next().unwrap(), puts(second).next().unwrap())
                && precedes(takes(second).next().unwrap(), takes(first).next().unwrap())
        })
    });
    unfounded || lost || reordered
}

#[test]
fn locks() {
    let draw = |random: &mut Random| {
        let mut held = Vec::new();
        random_history(random, |random, client| {
            let ret = if random.below(8) == 0 { LockRet::Refused } else { LockRet::Done };
            // Mostly they take turns.
            let is_held = held.contains(&client) != random.chance(12);
            held.retain(|&holder| holder != client);
            if is_held {
                return (LockOp::Release(client), ret);
            }
            held.push(client);
            (LockOp::Acquire(client), ret)
        })
    };
    let scan = |history: &History<_, _>| mutual_exclusion(history, CrashedHolders::KeepIt).verdict;
    // Where every operation was answered and none refused, holds that do not overlap are all that
    // linearizability is about, unless things happen at one instant.
    let breaks = |history: &History<_, _>| {
        let is_plain =
            |operation: &Operation<_, _>| operation.outcome == Outcome::Ok(LockRet::Done);
        let all = history.operations();
        let mut times: Vec<u64> =
            all.iter().flat_map(|op| [op.invoked_ns, op.ended_ns.unwrap_or(0)]).collect();
        times.sort_unstable();
        let is_judged = all.iter().all(is_plain) && times.is_sorted_by(|one, other| one < other);
        is_judged.then(|| !is_right(&Lock, history))
    };
    agree(&Lock, draw, scan, breaks);
}

#[test]
fn sets() {
    let draw = |random: &mut Random| {
        let repeats = random.below(3) == 0;
        let mut next = 0;
        random_history(random, |random, _| match random.below(2) {
            0 => {
                next += 1;
                (SetOp::Add(if repeats { random.below(3) } else { next }), SetRet::Done)
            }
            _ => {
                let mut members: Vec<u64> = (1..=next).filter(|_| random.below(3) != 0).collect();
                if random.below(20) == 0 {
                    members.push(random.below(4));
                }
                (SetOp::Read, SetRet::Members(members))
            }
        })
    };
    for stale_reads in [StaleReads::Allowed, StaleReads::Forbidden] {
        let scan = |history: &History<_, _>| set_full(history, stale_reads).verdict;
        let breaks = |history: &History<_, _>| Some(breaks_set(history.operations(), stale_reads));
        agree(&Set::<u64>::new(), draw, scan, breaks);
    }
}

fn breaks_set(all: &[Operation<SetOp<u64>, SetRet<u64>>], stale_reads: StaleReads) -> bool {
    let reads: Vec<(u64, u64, &[u64])> = all
        .iter()
        .filter_map(|read| match ok(read) {
            Some(SetRet::Members(members)) => {
                Some((read.invoked_ns, read.ended_ns.unwrap(), members.as_slice()))
            }
            Some(SetRet::Done | SetRet::Answer(_)) | None => None,
        })
        .collect();
    (0..20).any(|value| {
        let adds: Vec<_> =
            all.iter().filter(|add| add.op == SetOp::Add(value) && may_be(add)).collect();
        let has = |members: &[u64]| members.contains(&value);
        if reads.iter().any(|&(_, _, members)| {
            (adds.is_empty() && has(members)) || members.iter().filter(|&&v| v == value).count() > 1
        }) {
            return true;
        }
        let acknowledged =
            adds.iter().filter(|add| ok(add).is_some()).filter_map(|add| add.ended_ns);
        let seen = reads.iter().filter(|read| has(read.2)).map(|read| read.1);
        let Some(known_ns) = acknowledged.chain(seen).min() else { return false };
        reads.iter().any(|absent| {
            let is_last = reads.iter().all(|read| !has(read.2) || read.0 < absent.0);
            !has(absent.2)
                && absent.0 > known_ns
                && (is_last || stale_reads == StaleReads::Forbidden)
        })
    })
}

/// Long histories of correct objects, with crashes, pass; and the numbers are those of the load.
#[test]
fn correct_objects_pass() {
    for seed in 0..20 {
        let load = Load { operations: 3000, clients: 12, crashes: 3, seed };
        let pass = |verdict: Verdict| assert_eq!(verdict, Verdict::Pass, "seed {seed}");
        let found = counter(&objects::counter(load), 0);
        assert!(found.report.reads > 500 && found.report.unknown > 20, "{:?}", found.report);
        pass(found.verdict);
        let found = set_full(&objects::growing_set(load, 20), StaleReads::Forbidden);
        assert!(found.report.stable > 2000 && found.report.recovered > 5, "{:?}", found.report);
        pass(found.verdict);
        for values in [300, u64::MAX] {
            let found = queue(&objects::queue(load, values), QueueOrder::FirstInFirstOut);
            assert!(found.report.dequeued > 500, "{:?}", found.report);
            pass(found.verdict);
        }
        let found = mutual_exclusion(&objects::lock(load), CrashedHolders::KeepIt);
        assert!(found.report.acquired > 5, "{:?}", found.report);
        pass(found.verdict);
    }
}
