//! A simulated store that is strictly serializable: each transaction runs at one instant between
//! its start and its end.

use seedbed_checkers::Process;
use seedbed_checkers::transactions::{Completed, MicroOp, Seen, TransactionHistory, TransactionOp};

use super::rng::Rng;

/// What the clients of a store do.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Lists and appends, or registers and writes.
    pub lists: bool,
    pub transactions: usize,
    pub processes: u32,
    /// Keys in use at a time.
    pub active_keys: usize,
    /// A key that was written so often is used no more, so that lists stay short.
    pub writes_per_key: usize,
    /// Chance of a micro-operation to read, in percent.
    pub reads: usize,
}

/// A key in use.
struct Key {
    name: u32,
    state: Vec<i64>,
    written: usize,
}

/// A history of numbers: as fast to make as to judge.
pub type StoreHistory = TransactionHistory<u32, i64>;

/// Runs a load. Some transactions end `info`, and took place or did not.
pub fn run(seed: u64, load: Load) -> StoreHistory {
    let mut rng = Rng(seed);
    let mut history = StoreHistory::new();
    let mut keys: Vec<Key> = (0..load.active_keys)
        .map(|name| Key { name: u32::try_from(name).unwrap(), state: Vec::new(), written: 0 })
        .collect();
    let mut next_key = u32::try_from(load.active_keys).unwrap();
    let mut next_value = 1;
    let mut now_ns = 0;
    let mut running: Vec<(Process, Option<Running>)> =
        (0..load.processes).map(|number| (Process::client(number), None)).collect();
    let mut started = 0;
    while started < load.transactions || running.iter().any(|(_, running)| running.is_some()) {
        now_ns += 1 + rng.next() % 3;
        let turn = rng.below(running.len());
        let (process, doing) = &mut running[turn];
        match doing.take() {
            None if started < load.transactions => {
                started += 1;
                let ops = plan(&mut rng, load, &keys);
                let asked = ops.iter().map(|&op| asked(load, op, &mut next_value)).collect();
                let id = history.invoke(*process, now_ns, TransactionOp::Transaction(asked));
                *doing = Some(Running { id, done: None });
            }
            None => {}
            Some(Running { id, done: None }) => {
                let op = history.operation(id).op.clone();
                let done = execute(load, op.micro_ops(), &mut keys, &mut next_key);
                *doing = Some(Running { id, done: Some(done) });
            }
            Some(Running { id, done: Some(done) }) => {
                if rng.below(1000) == 0 {
                    history.info(id, now_ns);
                    *process = process.next_generation();
                } else {
                    history.ok(id, now_ns, Completed(done));
                }
            }
        }
    }
    history
}

struct Running {
    id: seedbed_checkers::OperationId,
    done: Option<Vec<MicroOp<u32, i64>>>,
}

/// The keys of a transaction, and which of them it reads.
fn plan(rng: &mut Rng, load: Load, keys: &[Key]) -> Vec<(u32, bool)> {
    let count = 1 + rng.below(5);
    (0..count).map(|_| (keys[rng.below(load.active_keys)].name, rng.percent(load.reads))).collect()
}

fn asked(load: Load, (key, read): (u32, bool), next_value: &mut i64) -> MicroOp<u32, i64> {
    if read {
        return MicroOp::Read(key, Seen::Nothing);
    }
    *next_value += 1;
    if load.lists { MicroOp::Append(key, *next_value) } else { MicroOp::Write(key, *next_value) }
}

/// All of a transaction at once. A key that is used up gives its place to a new one.
fn execute(
    load: Load,
    ops: &[MicroOp<u32, i64>],
    keys: &mut Vec<Key>,
    next_key: &mut u32,
) -> Vec<MicroOp<u32, i64>> {
    let mut done = Vec::new();
    for op in ops {
        let place = keys.iter().rposition(|key| key.name == *op.key());
        let place = place.unwrap_or_else(|| panic!("key {} is kept", op.key()));
        let key = &mut keys[place];
        match op {
            MicroOp::Read(name, _) => {
                let seen = match (load.lists, key.state.last()) {
                    (true, _) => Seen::List(key.state.clone()),
                    (false, Some(&value)) => Seen::Value(value),
                    (false, None) => Seen::Nothing,
                };
                done.push(MicroOp::Read(*name, seen));
            }
            MicroOp::Append(_, value) | MicroOp::Write(_, value) => {
                if !load.lists {
                    key.state.clear();
                }
                key.state.push(*value);
                key.written += 1;
                done.push(op.clone());
            }
        }
    }
    for place in 0..load.active_keys {
        if keys[place].written >= load.writes_per_key {
            let fresh = Key { name: *next_key, state: Vec::new(), written: 0 };
            *next_key += 1;
            let used_up = std::mem::replace(&mut keys[place], fresh);
            // Transactions that were planned before may still name it.
            keys.push(used_up);
        }
    }
    let kept = load.active_keys + 20 * usize::try_from(load.processes).unwrap();
    if keys.len() > kept {
        keys.drain(load.active_keys..load.active_keys + keys.len() - kept);
    }
    done
}
