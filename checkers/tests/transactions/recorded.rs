//! Recorded orders of versions: a verdict without one is the best of the verdicts with each.

use std::collections::BTreeMap;

use seedbed_checkers::Verdict;
use seedbed_checkers::transactions::{Level, MicroOp, Options, Seen, check, report};

use super::history::{Fate, Txn, history};
use super::random::{self, Shape};
use super::relation::permutations;
use super::rng::Rng;

type Orders = BTreeMap<String, Vec<i64>>;

/// All orders of the values of registers that are committed for certain or seen.
fn orders(txns: &[Txn]) -> Vec<Orders> {
    let seen = |key: &str, value: i64| {
        txns.iter().filter(|txn| txn.fate == Fate::Ok).flat_map(|txn| &txn.ops).any(|op| {
            matches!(op, MicroOp::Read(name, Seen::Value(other)) if name == key && *other == value)
        })
    };
    let mut written: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for txn in txns {
        // Of several values of one transaction only the last is ever installed.
        let mut last: BTreeMap<&str, i64> = BTreeMap::new();
        let mut seen_here = false;
        for op in &txn.ops {
            if let MicroOp::Write(key, value) = op {
                last.insert(key, *value);
                seen_here |= seen(key, *value);
            }
        }
        let committed = match txn.fate {
            Fate::Ok => true,
            Fate::Info => seen_here,
            Fate::Fail => false,
        };
        for (key, value) in last.into_iter().filter(|_| committed) {
            written.entry(key.to_owned()).or_default().push(value);
        }
    }
    let mut orders = vec![Orders::new()];
    for (key, values) in written {
        let all = permutations(&values);
        orders = orders
            .iter()
            .flat_map(|order| {
                all.iter().map(|values| {
                    let mut order = order.clone();
                    order.insert(key.clone(), values.clone());
                    order
                })
            })
            .collect();
    }
    orders
}

#[test]
fn without_a_recorded_order_the_best_one_counts() {
    let shape = Shape { lists: false, txns: 4, keys: 2, ops: 3, scrambled: 60 };
    let mut rng = Rng(11);
    let (mut differ, mut violated) = (0, 0);
    for _ in 0..3_000 {
        let txns = random::history(&mut rng, shape);
        let history = history(&txns);
        let free = report(&history, &Options::default());
        let recorded: Vec<_> = orders(&txns)
            .into_iter()
            .map(|version_orders| {
                report(&history, &Options { version_orders, ..Options::default() })
            })
            .collect();
        for level in Level::ALL {
            let holds = free.verdict(level).is_pass();
            let best = recorded.iter().any(|report| report.verdict(level).is_pass());
            assert_eq!(holds, best, "{level}\n{txns:#?}");
            differ += usize::from(holds && !recorded.iter().all(|r| r.verdict(level).is_pass()));
            violated += usize::from(!holds);
        }
        let unknown = |(_, verdict): &(Level, Verdict)| matches!(verdict, Verdict::Unknown(_));
        assert!(!recorded.iter().flat_map(|report| &report.verdicts).any(unknown));
    }
    assert!(differ > 5_000 && violated > 5_000, "{differ} {violated}");
}

fn write(process: u32, key: &str, value: i64) -> Txn {
    let ops = vec![MicroOp::Write(key.to_owned(), value)];
    Txn { process, fate: Fate::Ok, start: 0, end: 9, ops }
}

#[test]
fn a_recorded_write_cycle_of_registers_is_read_uncommitted_at_best_in_vain() {
    let mut first = write(0, "x", 1);
    first.ops.push(MicroOp::Write("y".to_owned(), 2));
    let mut second = write(1, "x", 3);
    second.ops.push(MicroOp::Write("y".to_owned(), 4));
    let history = history(&[first, second]);
    assert!(check(Level::Serializable, &history, &Options::default()).is_pass());
    let mut options = Options::default();
    options.version_orders.insert("x".to_owned(), vec![1, 3]);
    options.version_orders.insert("y".to_owned(), vec![4, 2]);
    let verdict = check(Level::ReadUncommitted, &history, &options).to_string();
    assert!(verdict.starts_with("fail: G0: T0 -> T1 -> T0"), "{verdict}");
}

#[test]
fn a_record_that_cannot_be_is_not_judged() {
    let history = history(&[write(0, "x", 1), write(1, "x", 2)]);
    for (values, reason) in [
        (vec![1], "lack 2"),
        (vec![1, 2, 1], "hold 1 twice"),
        (vec![1, 2, 7], "hold 7, which nobody wrote"),
    ] {
        let mut options = Options::default();
        options.version_orders.insert("x".to_owned(), values);
        let verdict = check(Level::Serializable, &history, &options).to_string();
        assert!(verdict.starts_with("unknown: ") && verdict.contains(reason), "{verdict}");
    }
}

#[test]
fn what_is_recorded_was_committed() {
    let mut unknown = write(0, "x", 1);
    unknown.fate = Fate::Info;
    let read = |process, start, value: Seen<i64>| Txn {
        process,
        fate: Fate::Ok,
        start,
        end: start + 1,
        ops: vec![MicroOp::Read("x".to_owned(), value)],
    };
    let history = history(&[
        unknown,
        write(1, "x", 2),
        read(2, 20, Seen::Value(2)),
        read(2, 30, Seen::Value(2)),
    ]);
    assert!(check(Level::StrictSerializable, &history, &Options::default()).is_pass());
    let mut options = Options::default();
    options.version_orders.insert("x".to_owned(), vec![1, 2]);
    assert!(check(Level::StrictSerializable, &history, &options).is_pass());
    // Its end is unknown, so that it may even have come last; but then nobody reads it.
    options.version_orders.insert("x".to_owned(), vec![2, 1]);
    assert!(check(Level::StrictSerializable, &history, &options).is_pass());
}
