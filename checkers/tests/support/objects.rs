//! Correct objects, and clients that use them.

use seedbed_checkers::History;
use seedbed_checkers::models::{
    Counter, CounterOp, CounterRet, Kv, KvOp, KvRet, Lock, LockOp, LockRet, Queue, QueueOp,
    Register, RegisterOp, RegisterRet, Set, SetOp, SetRet, Stack, StackOp, TakeRet, VersionedKv,
    VersionedKvOp, VersionedKvRet,
};

use super::fuzz::Random;
use super::simulated::{Load, simulate};

pub type Stores = History<KvOp<String, String>, KvRet<String>>;

fn kv_answer(state: &String, op: &KvOp<String, String>) -> KvRet<String> {
    match op {
        KvOp::Get(_) => KvRet::Value(state.clone()),
        KvOp::Put(..) | KvOp::Append(..) | KvOp::Delete(_) => KvRet::Done,
        KvOp::CompareAndSet(_, old, _) => KvRet::Swapped(old == state),
    }
}

fn key(random: &mut Random, keys: u64) -> String {
    format!("key-{}", random.below(keys))
}

/// Half gets, half puts, of values that are all different.
pub fn unique_puts(load: Load, keys: u64) -> Stores {
    let op = |random: &mut Random, client: u32, index: usize| {
        let key = key(random, keys);
        match random.chance(50) {
            true => KvOp::Get(key),
            false => KvOp::Put(key, format!("{client}.{index}")),
        }
    };
    simulate(&Kv::new(String::new()), load, op, kv_answer)
}

/// 45 % gets, 50 % appends, 5 % puts, all different, as in porcupine's histories.
pub fn appends(load: Load, keys: u64) -> Stores {
    let op = |random: &mut Random, client: u32, index: usize| {
        let key = key(random, keys);
        match random.below(100) {
            0..45 => KvOp::Get(key),
            45..50 => KvOp::Put(key, format!("x {client} {index} y")),
            _ => KvOp::Append(key, format!("x {client} {index} y")),
        }
    };
    simulate(&Kv::new(String::new()), load, op, kv_answer)
}

/// Everything that a store can do, with few values.
pub fn everything(load: Load, keys: u64) -> Stores {
    let op = |random: &mut Random, _: u32, _: usize| {
        let key = key(random, keys);
        let value = random.below(5).to_string();
        match random.below(10) {
            0..4 => KvOp::Get(key),
            4..7 => KvOp::Put(key, value),
            7 => KvOp::Append(key, value),
            8 => KvOp::Delete(key),
            _ => KvOp::CompareAndSet(key, value, random.below(5).to_string()),
        }
    };
    simulate(&Kv::new(String::new()), load, op, kv_answer)
}

/// Reads, writes and compare-and-set of five values, as in the logs of etcd.
pub fn cas_register(load: Load) -> History<RegisterOp<u64>, RegisterRet<u64>> {
    let op = |random: &mut Random, _: u32, _: usize| match random.below(3) {
        0 => RegisterOp::Read,
        1 => RegisterOp::Write(random.below(5)),
        _ => RegisterOp::CompareAndSet(random.below(5), random.below(5)),
    };
    simulate(&Register::new(0), load, op, |state, op| match op {
        RegisterOp::Read => RegisterRet::Value(*state),
        RegisterOp::Write(_) => RegisterRet::Done,
        RegisterOp::CompareAndSet(old, _) => RegisterRet::Swapped(old == state),
    })
}

pub fn versioned(load: Load, keys: u64) -> History<VersionedKvOp<u64, u64>, VersionedKvRet<u64>> {
    // Clients put with a version that somebody saw not long ago: some are right.
    let mut seen = vec![0_u64; keys as usize];
    let op = move |random: &mut Random, client: u32, index: usize| {
        let key = random.below(keys);
        match random.chance(40) {
            true => VersionedKvOp::Get(key),
            false => {
                let version = &mut seen[key as usize];
                *version += u64::from(random.chance(45));
                let value = u64::from(client) << 32 | index as u64;
                VersionedKvOp::Put(key, value, version.saturating_sub(random.below(3)))
            }
        }
    };
    simulate(&VersionedKv::new(), load, op, |state, op| match (state, op) {
        (None, VersionedKvOp::Get(_)) => VersionedKvRet::NoKey,
        (Some((value, version)), VersionedKvOp::Get(_)) => VersionedKvRet::Value(*value, *version),
        (None, VersionedKvOp::Put(_, _, 0)) => VersionedKvRet::Done,
        (None, VersionedKvOp::Put(..)) => VersionedKvRet::NoKey,
        (Some((_, at)), VersionedKvOp::Put(_, _, version)) if at == version => VersionedKvRet::Done,
        (Some(_), VersionedKvOp::Put(..)) => VersionedKvRet::VersionMismatch,
    })
}

pub fn counter(load: Load) -> History<CounterOp, CounterRet> {
    let op = |random: &mut Random, _: u32, _: usize| match random.below(4) {
        0 => CounterOp::Read,
        _ => CounterOp::Add(1 + random.below(3) as i64),
    };
    simulate(&Counter::new(0), load, op, |state, op| match op {
        CounterOp::Read => CounterRet::Value(*state),
        CounterOp::Add(_) => CounterRet::Done,
    })
}

fn set_answer(state: &std::collections::BTreeSet<u64>, op: &SetOp<u64>) -> SetRet<u64> {
    match op {
        SetOp::Add(value) => SetRet::Answer(!state.contains(value)),
        SetOp::Remove(value) | SetOp::Contains(value) => SetRet::Answer(state.contains(value)),
        SetOp::Read => SetRet::Members(state.iter().copied().collect()),
    }
}

pub fn set_elements(load: Load, values: u64) -> History<SetOp<u64>, SetRet<u64>> {
    let op = move |random: &mut Random, _: u32, _: usize| {
        let value = random.below(values);
        match random.below(3) {
            0 => SetOp::Add(value),
            1 => SetOp::Remove(value),
            _ => SetOp::Contains(value),
        }
    };
    simulate(&Set::new(), load, op, set_answer)
}

/// One operation in `reads_one_in` reads the whole set; the others add different values.
pub fn growing_set(load: Load, reads_one_in: u64) -> History<SetOp<u64>, SetRet<u64>> {
    let op = move |random: &mut Random, client: u32, index: usize| match random.below(reads_one_in)
    {
        0 => SetOp::Read,
        _ => SetOp::Add(u64::from(client) << 32 | index as u64),
    };
    simulate(&Set::new(), load, op, |state, op| match op {
        SetOp::Add(_) => SetRet::Done,
        SetOp::Remove(_) | SetOp::Contains(_) | SetOp::Read => set_answer(state, op),
    })
}

pub fn queue(load: Load, values: u64) -> History<QueueOp<u64>, TakeRet<u64>> {
    let op = move |random: &mut Random, client: u32, index: usize| match random.below(2) {
        0 => QueueOp::Dequeue,
        _ => QueueOp::Enqueue((u64::from(client) << 32 | index as u64) % values),
    };
    simulate(&Queue::new(), load, op, |state, op| match op {
        QueueOp::Enqueue(_) => TakeRet::Done,
        QueueOp::Dequeue => state.front().map_or(TakeRet::Empty, |value| TakeRet::Value(*value)),
    })
}

pub fn stack(load: Load) -> History<StackOp<u64>, TakeRet<u64>> {
    let op = |random: &mut Random, client: u32, index: usize| match random.below(2) {
        0 => StackOp::Pop,
        _ => StackOp::Push(u64::from(client) << 32 | index as u64),
    };
    simulate(&Stack::new(), load, op, |state, op| match op {
        StackOp::Push(_) => TakeRet::Done,
        StackOp::Pop => state.last().map_or(TakeRet::Empty, |value| TakeRet::Value(*value)),
    })
}

/// Clients try to take the lock and give it back, and are refused at times.
pub fn lock(load: Load) -> History<LockOp, LockRet> {
    let op = |random: &mut Random, client: u32, _: usize| match random.below(2) {
        0 => LockOp::Acquire(client),
        _ => LockOp::Release(client),
    };
    simulate(&Lock, load, op, |state, op| match op {
        LockOp::Acquire(_) if state.is_none() => LockRet::Done,
        LockOp::Release(owner) if *state == Some(*owner) => LockRet::Done,
        LockOp::Acquire(_) | LockOp::Release(_) => LockRet::Refused,
    })
}
