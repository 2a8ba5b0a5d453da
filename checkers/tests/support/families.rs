//! The models to fuzz, each with operations that collide, and where that matters also with values
//! that are all different.

use seedbed_checkers::models::{
    Counter, CounterOp, CounterRet, Keyed, KeyedOp, Kv, KvOp, KvRet, Lock, LockOp, LockRet, Queue,
    QueueOp, Register, RegisterOp, RegisterRet, Set, SetOp, SetRet, Stack, StackOp, TakeRet,
    VersionedKv, VersionedKvOp, VersionedKvRet,
};

use super::fuzz::{Family, Random};

/// Calls `$each!(family)` for every family.
#[macro_export]
macro_rules! for_each_family {
    ($each:ident) => {
        $each!(families::register());
        $each!(families::unique_register());
        $each!(families::cas_register());
        $each!(families::kv());
        $each!(families::kv_everything());
        $each!(families::kv_unique_appends());
        $each!(families::versioned_kv());
        $each!(families::counter());
        $each!(families::counter_of_ones());
        $each!(families::set_elements());
        $each!(families::set());
        $each!(families::growing_set());
        $each!(families::set_once());
        $each!(families::queue());
        $each!(families::unique_queue());
        $each!(families::stack());
        $each!(families::lock());
        $each!(families::lock_in_turn());
        $each!(families::keyed());
    };
}

fn values(count: usize) -> impl Iterator<Item = u8> {
    0..u8::try_from(count).unwrap()
}

fn register_rets(op: &RegisterOp<u8>, count: usize) -> Vec<RegisterRet<u8>> {
    match op {
        RegisterOp::Read => values(count.max(3)).map(RegisterRet::Value).collect(),
        RegisterOp::Write(_) => vec![RegisterRet::Done],
        RegisterOp::CompareAndSet(..) => {
            vec![RegisterRet::Swapped(true), RegisterRet::Swapped(false)]
        }
    }
}

pub fn register() -> Family<Register<u8>> {
    Family {
        name: "register",
        model: Register::new(0),
        op: |random, _| match random.below(2) {
            0 => RegisterOp::Read,
            _ => RegisterOp::Write(random.below(3) as u8),
        },
        rets: |op, _| register_rets(op, 3),
    }
}

pub fn unique_register() -> Family<Register<u8>> {
    Family {
        name: "register with unique writes",
        op: |random, index| match random.below(2) {
            0 => RegisterOp::Read,
            _ => RegisterOp::Write(index as u8 + 1),
        },
        rets: |op, count| register_rets(op, count + 2),
        ..register()
    }
}

pub fn cas_register() -> Family<Register<u8>> {
    Family {
        name: "compare-and-set register",
        op: |random, _| match random.below(4) {
            0 => RegisterOp::Read,
            1 => RegisterOp::Write(random.below(3) as u8),
            _ => RegisterOp::CompareAndSet(random.below(3) as u8, random.below(3) as u8),
        },
        ..register()
    }
}

type TextKv = Kv<u8, String>;

fn kv_rets(op: &KvOp<u8, String>, values: &[&str]) -> Vec<KvRet<String>> {
    let value = || values.iter().map(|value| KvRet::Value((*value).to_owned()));
    match op {
        KvOp::Get(_) => value().collect(),
        KvOp::Put(..) | KvOp::Append(..) | KvOp::Delete(_) => {
            value().take(3).chain([KvRet::Done]).collect()
        }
        KvOp::CompareAndSet(..) => vec![KvRet::Swapped(true), KvRet::Swapped(false)],
    }
}

const TEXTS: [&str; 7] = ["", "a", "b", "aa", "ab", "ba", "aab"];

pub fn kv() -> Family<TextKv> {
    Family {
        name: "kv with appends",
        model: Kv::new(String::new()),
        op: |random, _| {
            let key = random.below(2) as u8;
            let value = (*random.pick(&["a", "b", "ab"])).to_owned();
            match random.below(5) {
                0 | 1 => KvOp::Get(key),
                2 => KvOp::Put(key, value),
                _ => KvOp::Append(key, value),
            }
        },
        rets: |op, _| match op {
            KvOp::Get(_) => kv_rets(op, &TEXTS),
            _ => vec![KvRet::Done],
        },
    }
}

pub fn kv_everything() -> Family<TextKv> {
    Family {
        name: "kv with everything",
        op: |random, _| {
            let key = random.below(2) as u8;
            let value = (*random.pick(&["", "a", "b"])).to_owned();
            match random.below(8) {
                0 | 1 => KvOp::Get(key),
                2 => KvOp::Put(key, value),
                3 | 4 => KvOp::Append(key, value),
                5 => KvOp::Delete(key),
                _ => KvOp::CompareAndSet(key, value, (*random.pick(&["a", "b"])).to_owned()),
            }
        },
        rets: |op, _| kv_rets(op, &TEXTS),
        ..kv()
    }
}

/// What a get of unique texts may see, by the number of the operation that wrote the first.
const UNIQUE: [&str; 9] = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];

pub fn kv_unique_appends() -> Family<TextKv> {
    fn gets(count: usize) -> Vec<KvRet<String>> {
        let mut texts = vec![String::new(), "z".to_owned()];
        for first in &UNIQUE[..count] {
            texts.push((*first).to_owned());
            for second in &UNIQUE[..count] {
                texts.push(format!("{first}{second}"));
                texts.extend(UNIQUE[..count].iter().map(|third| format!("{first}{second}{third}")));
            }
        }
        texts.into_iter().map(KvRet::Value).collect()
    }
    Family {
        name: "kv with unique appends",
        op: |random, index| {
            let value = UNIQUE[index].to_owned();
            match random.below(7) {
                0..3 => KvOp::Get(0),
                3 => KvOp::Put(0, value),
                _ => KvOp::Append(0, value),
            }
        },
        rets: |op, count| match op {
            KvOp::Get(_) => gets(count),
            _ => vec![KvRet::Done],
        },
        ..kv()
    }
}

pub fn versioned_kv() -> Family<VersionedKv<u8, u8>> {
    use VersionedKvRet::{Done, Maybe, NoKey, Value, VersionMismatch};
    Family {
        name: "versioned kv",
        model: VersionedKv::new(),
        op: |random, _| match random.below(3) {
            0 => VersionedKvOp::Get(random.below(2) as u8),
            _ => VersionedKvOp::Put(random.below(2) as u8, random.below(2) as u8, random.below(3)),
        },
        rets: |op, _| match op {
            VersionedKvOp::Get(_) => {
                let seen = (0..2).flat_map(|value| (1..4).map(move |at| Value(value, at)));
                seen.chain([NoKey]).collect()
            }
            VersionedKvOp::Put(..) => vec![Done, VersionMismatch, Maybe, NoKey],
        },
    }
}

pub fn counter() -> Family<Counter> {
    Family {
        name: "counter",
        model: Counter::new(0),
        op: |random, _| match random.below(2) {
            0 => CounterOp::Read,
            _ => CounterOp::Add(random.below(5) as i64 - 2),
        },
        rets: |op, _| {
            let counts = (-3..=4).map(CounterRet::Value);
            match op {
                CounterOp::Read => counts.collect(),
                CounterOp::Add(_) => counts.chain([CounterRet::Done; 6]).collect(),
            }
        },
    }
}

pub fn counter_of_ones() -> Family<Counter> {
    Family {
        name: "counter of ones",
        op: |random, _| match random.below(5) {
            0 | 1 => CounterOp::Read,
            _ => CounterOp::Add(1),
        },
        rets: |op, count| match op {
            CounterOp::Read => (0..=count as i64).map(CounterRet::Value).collect(),
            CounterOp::Add(_) => vec![CounterRet::Done],
        },
        ..counter()
    }
}

fn set_rets(op: &SetOp<u8>, count: usize) -> Vec<SetRet<u8>> {
    match op {
        SetOp::Add(_) | SetOp::Remove(_) => {
            vec![SetRet::Done, SetRet::Answer(true), SetRet::Answer(false)]
        }
        SetOp::Contains(_) => vec![SetRet::Answer(true), SetRet::Answer(false)],
        SetOp::Read => {
            let subset = |bits: u32| values(count).filter(|value| bits & 1 << value != 0).collect();
            (0..1 << count).map(subset).map(SetRet::Members).collect()
        }
    }
}

fn element_op(random: &mut Random, _index: usize) -> SetOp<u8> {
    let value = random.below(2) as u8;
    match random.below(3) {
        0 => SetOp::Add(value),
        1 => SetOp::Remove(value),
        _ => SetOp::Contains(value),
    }
}

pub fn set_elements() -> Family<Set<u8>> {
    Family {
        name: "set by elements",
        model: Set::new(),
        op: element_op,
        rets: |op, _| set_rets(op, 2),
    }
}

pub fn set() -> Family<Set<u8>> {
    Family {
        name: "set",
        op: |random, index| match random.below(3) {
            0 => SetOp::Read,
            _ => element_op(random, index),
        },
        ..set_elements()
    }
}

pub fn growing_set() -> Family<Set<u8>> {
    Family {
        name: "set that grows",
        op: |random, index| match random.below(2) {
            0 => SetOp::Read,
            _ => SetOp::Add(index as u8),
        },
        rets: |op, count| match op {
            SetOp::Read => set_rets(op, count.min(5)),
            _ => vec![SetRet::Done],
        },
        ..set_elements()
    }
}

pub fn set_once() -> Family<Set<u8>> {
    Family {
        name: "set whose elements come and go once",
        op: |random, index| match index {
            0 => SetOp::Add(0),
            1 if random.chance(70) => SetOp::Remove(0),
            _ => SetOp::Contains(0),
        },
        rets: |op, _| match op {
            SetOp::Remove(_) => vec![SetRet::Answer(true), SetRet::Answer(false)],
            _ => set_rets(op, 1),
        },
        ..set_elements()
    }
}

fn take_rets(count: usize) -> Vec<TakeRet<u8>> {
    values(count).map(TakeRet::Value).chain([TakeRet::Empty]).collect()
}

fn queue_rets(op: &QueueOp<u8>, count: usize) -> Vec<TakeRet<u8>> {
    match op {
        QueueOp::Enqueue(_) => vec![TakeRet::Done],
        QueueOp::Dequeue => take_rets(count),
    }
}

pub fn queue() -> Family<Queue<u8>> {
    Family {
        name: "queue",
        model: Queue::new(),
        op: |random, _| match random.below(2) {
            0 => QueueOp::Dequeue,
            _ => QueueOp::Enqueue(random.below(2) as u8),
        },
        rets: |op, _| queue_rets(op, 2),
    }
}

pub fn unique_queue() -> Family<Queue<u8>> {
    Family {
        name: "queue of unique values",
        op: |random, index| match random.below(2) {
            0 => QueueOp::Dequeue,
            _ => QueueOp::Enqueue(index as u8),
        },
        rets: queue_rets,
        ..queue()
    }
}

pub fn stack() -> Family<Stack<u8>> {
    Family {
        name: "stack",
        model: Stack::new(),
        op: |random, index| match random.below(2) {
            0 => StackOp::Pop,
            _ if random.chance(50) => StackOp::Push(0),
            _ => StackOp::Push(index as u8),
        },
        rets: |op, count| match op {
            StackOp::Push(_) => vec![TakeRet::Done],
            StackOp::Pop => take_rets(count),
        },
    }
}

pub fn lock() -> Family<Lock> {
    Family {
        name: "lock",
        model: Lock,
        op: |random, _| {
            let owner = random.below(3) as u32;
            match random.below(2) {
                0 => LockOp::Acquire(owner),
                _ => LockOp::Release(owner),
            }
        },
        rets: |_, _| vec![LockRet::Done, LockRet::Done, LockRet::Refused],
    }
}

/// Mostly acquire and release in turn, and no refusals.
pub fn lock_in_turn() -> Family<Lock> {
    Family {
        name: "lock in turn",
        op: |random, index| {
            let owner = (index / 2) as u32;
            match (index % 2 == 0) != random.chance(5) {
                true => LockOp::Acquire(owner),
                false => LockOp::Release(owner),
            }
        },
        rets: |_, _| vec![LockRet::Done],
        ..lock()
    }
}

pub fn keyed() -> Family<Keyed<u8, Register<u8>>> {
    Family {
        name: "registers by key",
        model: Keyed::new(Register::new(0)),
        op: |random, index| KeyedOp {
            key: random.below(3) as u8,
            op: (cas_register().op)(random, index),
        },
        rets: |op, _| register_rets(&op.op, 3),
    }
}
