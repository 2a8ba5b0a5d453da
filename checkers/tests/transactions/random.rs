//! Small random histories of a store that often, but not always, keeps its promises.

use std::collections::BTreeMap;

use seedbed_checkers::transactions::{MicroOp, Seen};

use super::history::{Fate, Micro, Txn};
use super::rng::Rng;

/// What a family of histories is like.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub lists: bool,
    pub txns: usize,
    pub keys: usize,
    pub ops: usize,
    /// Histories whose reads have nothing to do with a store, in percent.
    pub scrambled: usize,
}

/// How good the store of one history is, in percent.
struct Store {
    /// Reads see the newest state.
    fresh: usize,
    /// Reads see the transaction's own writes and stick to what it read.
    internal: usize,
    /// Reads of one transaction come from one snapshot.
    snapshot: bool,
    /// Aborted writes leak.
    leak: usize,
    /// Times follow the commits.
    timely: bool,
}

/// What a transaction does before it is known what it sees.
#[derive(Clone, Copy)]
struct Plan {
    key: usize,
    writes: bool,
}

const KEYS: [&str; 3] = ["x", "y", "z"];

/// A history whose transactions are sorted by their starts.
pub fn history(rng: &mut Rng, shape: Shape) -> Vec<Txn> {
    let store = Store {
        fresh: [100, 80, 40][rng.below(3)],
        internal: [100, 95, 70][rng.below(3)],
        snapshot: rng.percent(50),
        leak: [0, 0, 30][rng.below(3)],
        timely: rng.percent(60),
    };
    let count = 2 + rng.below(shape.txns - 1);
    // By key, its states after each commit.
    let mut states: Vec<Vec<Vec<i64>>> = vec![vec![Vec::new()]; shape.keys];
    let mut next_value = 1;
    let mut txns = Vec::new();
    for commit in 0..count {
        let fate = match rng.below(10) {
            0 => Fate::Fail,
            1 => Fate::Info,
            _ => Fate::Ok,
        };
        let plans: Vec<Plan> = (0..1 + rng.below(shape.ops))
            .map(|_| Plan { key: rng.below(shape.keys), writes: rng.percent(50) })
            .collect();
        let ops = run(rng, &store, shape, &plans, &mut states, &mut next_value, fate);
        let (start, end) = if store.timely {
            let base = 2 * u64::try_from(commit).unwrap();
            (base + 4 - u64::try_from(rng.below(4)).unwrap(), base + 5)
        } else {
            let start = u64::try_from(rng.below(12)).unwrap();
            (start, start + u64::try_from(rng.below(5)).unwrap())
        };
        txns.push(Txn { process: 0, fate, start, end, ops });
    }
    if rng.percent(shape.scrambled) {
        scramble(rng, shape, &mut txns);
    }
    txns.sort_by_key(|txn| (txn.start, txn.end));
    assign_processes(rng, &mut txns);
    txns
}

fn run(
    rng: &mut Rng,
    store: &Store,
    shape: Shape,
    plans: &[Plan],
    states: &mut [Vec<Vec<i64>>],
    next_value: &mut i64,
    fate: Fate,
) -> Vec<Micro> {
    let age = |rng: &mut Rng| if rng.percent(store.fresh) { 0 } else { rng.below(4) };
    let snapshot_age = age(rng);
    let mut own: BTreeMap<usize, Vec<i64>> = BTreeMap::new();
    let mut written: BTreeMap<usize, Vec<i64>> = BTreeMap::new();
    let mut ops = Vec::new();
    for plan in plans {
        let name = KEYS[plan.key].to_owned();
        let history = &states[plan.key];
        let age = if store.snapshot { snapshot_age } else { age(rng) };
        let seen = history[history.len() - 1 - age.min(history.len() - 1)].clone();
        if plan.writes {
            let value = *next_value;
            *next_value += 1;
            written.entry(plan.key).or_default().push(value);
            let state = own.entry(plan.key).or_insert(seen);
            if shape.lists {
                state.push(value);
                ops.push(MicroOp::Append(name, value));
            } else {
                *state = vec![value];
                ops.push(MicroOp::Write(name, value));
            }
            continue;
        }
        let state = match own.get(&plan.key) {
            Some(own) if rng.percent(store.internal) => own.clone(),
            Some(_) | None => seen,
        };
        own.insert(plan.key, state.clone());
        ops.push(MicroOp::Read(name, shown(shape, state)));
    }
    let applied = match fate {
        Fate::Ok => true,
        Fate::Info => rng.percent(50),
        Fate::Fail => rng.percent(store.leak),
    };
    for (key, values) in written.iter().filter(|_| applied) {
        let mut state = states[*key].last().expect("every key has a first state").clone();
        if shape.lists {
            state.extend(values);
            if rng.percent(3) {
                let place = rng.below(state.len());
                state.rotate_left(place);
            }
        } else {
            state = values[values.len() - 1..].to_vec();
        }
        states[*key].push(state);
    }
    ops
}

/// Forgets the store: one order of all values of each key is drawn, and every read sees some
/// prefix of it, or for a register some value of it.
fn scramble(rng: &mut Rng, shape: Shape, txns: &mut [Txn]) {
    for key in KEYS.iter().take(shape.keys) {
        let mut order = shuffled_writes(rng, key, txns);
        if rng.percent(90) {
            // Mostly in the order of the program within each transaction.
            let mut sorted: BTreeMap<usize, Vec<i64>> = BTreeMap::new();
            for &(txn, value) in &order {
                sorted.entry(txn).or_default().push(value);
            }
            for values in sorted.values_mut() {
                values.sort_unstable();
                values.reverse();
            }
            for (txn, value) in &mut order {
                *value = sorted.get_mut(txn).and_then(Vec::pop).expect("each value is there");
            }
        }
        let order: Vec<i64> = order.into_iter().map(|(_, value)| value).collect();
        for txn in &mut *txns {
            see_anew(rng, shape, key, &order, &mut txn.ops);
        }
    }
}

/// The values of a key with their transactions, those of one transaction side by side or not.
fn shuffled_writes(rng: &mut Rng, key: &str, txns: &[Txn]) -> Vec<(usize, i64)> {
    let side_by_side = rng.percent(90);
    let mut order: Vec<(usize, usize, i64)> = Vec::new();
    for (index, txn) in txns.iter().enumerate().filter(|(_, txn)| txn.fate != Fate::Fail) {
        let rank = rng.below(1000);
        for op in &txn.ops {
            if let MicroOp::Append(name, value) | MicroOp::Write(name, value) = op
                && name == key
            {
                let rank = if side_by_side { rank } else { rng.below(1000) };
                order.push((rank, index, *value));
            }
        }
    }
    order.sort_unstable();
    order.into_iter().map(|(_, index, value)| (index, value)).collect()
}

fn see_anew(rng: &mut Rng, shape: Shape, key: &str, order: &[i64], ops: &mut [Micro]) {
    let mut own: Option<i64> = None;
    let mut last: Option<Seen<i64>> = None;
    for op in ops {
        match op {
            MicroOp::Append(name, value) | MicroOp::Write(name, value) if name == key => {
                (own, last) = (Some(*value), None);
            }
            MicroOp::Read(name, seen) if name == key => {
                let newest = own.and_then(|own| order.iter().position(|&value| value == own));
                let length = newest.map_or_else(|| rng.below(order.len() + 1), |place| place + 1);
                let from = if shape.lists { 0 } else { length.saturating_sub(1) };
                let drawn = shown(shape, order[from..length].to_vec());
                *seen = last.take().filter(|_| rng.percent(90)).unwrap_or(drawn);
                last = Some(seen.clone());
            }
            MicroOp::Append(..) | MicroOp::Write(..) | MicroOp::Read(..) => {}
        }
    }
}

fn shown(shape: Shape, state: Vec<i64>) -> Seen<i64> {
    match (shape.lists, state.last()) {
        (true, _) => Seen::List(state),
        (false, Some(&value)) => Seen::Value(value),
        (false, None) => Seen::Nothing,
    }
}

/// Gives each transaction a process that is free: it may have ended at the very start, but not
/// in the dark.
fn assign_processes(rng: &mut Rng, txns: &mut [Txn]) {
    let mut free_from: Vec<Option<u64>> = Vec::new();
    for txn in txns {
        let free: Vec<usize> = (0..free_from.len())
            .filter(|&process| free_from[process].is_some_and(|end| end <= txn.start))
            .collect();
        let process = if free.is_empty() || rng.percent(40) {
            free_from.push(None);
            free_from.len() - 1
        } else {
            free[rng.below(free.len())]
        };
        free_from[process] = (txn.fate != Fate::Info).then_some(txn.end);
        txn.process = u32::try_from(process).unwrap();
    }
}
