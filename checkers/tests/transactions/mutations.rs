//! Histories of a correct store are accepted; with one thing changed they are rejected, or the
//! definitions agree that they may still be right.

use seedbed_checkers::Outcome;
use seedbed_checkers::transactions::{Level, MicroOp, Options, Seen, check, report};

use super::brute;
use super::history::{Fate, Txn, history};
use super::rng::Rng;
use super::store::{self, Load, StoreHistory};

const SMALL: Load = Load {
    lists: true,
    transactions: 4,
    processes: 3,
    active_keys: 3,
    writes_per_key: 100,
    reads: 50,
};

const LARGE: Load = Load {
    lists: true,
    transactions: 300,
    processes: 10,
    active_keys: 8,
    writes_per_key: 24,
    reads: 50,
};

/// The transactions of a history of the store.
fn txns(history: &StoreHistory) -> Vec<Txn> {
    let named = |op: &MicroOp<u32, i64>| {
        let key = format!("k{}", op.key());
        match op.clone() {
            MicroOp::Append(_, value) => MicroOp::Append(key, value),
            MicroOp::Write(_, value) => MicroOp::Write(key, value),
            MicroOp::Read(_, seen) => MicroOp::Read(key, seen),
        }
    };
    let operations = history.operations().iter();
    operations
        .enumerate()
        .map(|(index, operation)| {
            let (fate, ops) = match &operation.outcome {
                Outcome::Ok(completed) => (Fate::Ok, &completed.0[..]),
                Outcome::Info => (Fate::Info, operation.op.micro_ops()),
                Outcome::Fail => (Fate::Fail, operation.op.micro_ops()),
            };
            // Generations are other processes; here a number of its own is enough for those.
            let process = operation.process;
            let number = if process.generation == 1 { process.client } else { 1000 + index as u32 };
            Txn {
                process: number,
                fate,
                start: operation.invoked_ns,
                end: operation.ended_ns.unwrap_or(u64::MAX),
                ops: ops.iter().map(named).collect(),
            }
        })
        .collect()
}

/// What was done to a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Damage {
    /// A list lost its end: it may be right, if that was being appended just then.
    Shortened,
    /// Anything else.
    Changed,
}

/// Changes one read; says whether it was changed, and whether it only lost its end.
fn damage(rng: &mut Rng, txns: &mut [Txn]) -> Option<Damage> {
    let reads: Vec<(usize, usize)> = txns
        .iter()
        .enumerate()
        .filter(|(_, txn)| txn.fate == Fate::Ok)
        .flat_map(|(index, txn)| (0..txn.ops.len()).map(move |place| (index, place)))
        .filter(|&(index, place)| match &txns[index].ops[place] {
            MicroOp::Read(_, Seen::List(elements)) => !elements.is_empty(),
            MicroOp::Read(_, Seen::Value(_)) => true,
            MicroOp::Read(_, Seen::Nothing) | MicroOp::Append(..) | MicroOp::Write(..) => false,
        })
        .collect();
    if reads.is_empty() {
        return None;
    }
    let (index, place) = reads[rng.below(reads.len())];
    let key = txns[index].ops[place].key().clone();
    let values: Vec<i64> = txns
        .iter()
        .flat_map(|txn| &txn.ops)
        .filter_map(|op| match op {
            MicroOp::Append(name, value) | MicroOp::Write(name, value) => {
                (*name == key).then_some(*value)
            }
            MicroOp::Read(..) => None,
        })
        .collect();
    let other = values[rng.below(values.len())];
    let MicroOp::Read(_, seen) = &mut txns[index].ops[place] else {
        unreachable!("only reads were kept");
    };
    let before = seen.clone();
    match seen {
        Seen::List(elements) => {
            let (at, to) = (rng.below(elements.len()), rng.below(elements.len()));
            match rng.below(4) {
                0 => elements[at] = other,
                1 => elements.swap(at, to),
                2 => {
                    elements.remove(at);
                }
                _ => {
                    elements.pop();
                }
            }
        }
        Seen::Value(value) => *value = other,
        Seen::Nothing => unreachable!("only reads of something were kept"),
    }
    match (&before, &*seen) {
        _ if *seen == before => None,
        (Seen::List(old), Seen::List(new)) if old.starts_with(new) => Some(Damage::Shortened),
        _ => Some(Damage::Changed),
    }
}

#[test]
fn a_correct_store_is_accepted_at_every_level() {
    for seed in 0..40 {
        for lists in [true, false] {
            let history = store::run(seed, Load { lists, ..LARGE });
            let report = report(&history, &Options::default());
            assert_eq!(report.anomalies, [], "{seed}");
            assert_eq!(report.strongest(), [Level::StrictSerializable], "{seed}");
        }
    }
}

#[test]
fn one_changed_read_of_a_small_history_is_judged_as_the_definitions_do() {
    let mut rng = Rng(21);
    let (mut rejected, mut accepted) = (0, 0);
    for seed in 0..4_000 {
        let lists = seed % 2 == 0;
        let mut txns = txns(&store::run(seed, Load { lists, ..SMALL }));
        let writes = |key: &str| {
            let ops = txns.iter().flat_map(|txn| &txn.ops);
            ops.filter(|op| op.key() == key && !matches!(op, MicroOp::Read(..))).count()
        };
        // The definitions try every order of every key.
        let few = ["k0", "k1", "k2"].into_iter().all(|key| writes(key) < 5);
        if !few || damage(&mut rng, &mut txns).is_none() {
            continue;
        }
        let report = report(&history(&txns), &Options::default());
        let graphs = brute::adya(&txns, lists);
        for level in Level::ALL.into_iter().filter(|&level| brute::has_graph(level)) {
            assert_eq!(report.verdict(level).is_pass(), graphs[&level], "{level}\n{txns:#?}");
        }
        let strict = report.verdict(Level::StrictSerializable).is_pass();
        rejected += usize::from(!strict);
        accepted += usize::from(strict);
    }
    assert!(rejected > 1_000 && accepted > 100, "{rejected} {accepted}");
}

#[test]
fn one_changed_list_of_a_large_history_is_rejected() {
    let mut rng = Rng(22);
    let mut rejected = 0;
    for seed in 0..200 {
        let mut txns = txns(&store::run(seed, LARGE));
        let Some(damage) = damage(&mut rng, &mut txns) else { continue };
        let verdict = check(Level::StrictSerializable, &history(&txns), &Options::default());
        assert!(!verdict.is_pass() || damage == Damage::Shortened, "{seed}");
        rejected += usize::from(!verdict.is_pass());
    }
    assert!(rejected > 150, "{rejected}");
}
