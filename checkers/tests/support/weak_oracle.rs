//! The levels as they are defined, decided by trying everything: for small histories only.
//!
//! Nothing is shared with the checkers but the history. Whether pending writes took place, which
//! write each read returned, and in which order everything was: all of it is enumerated.

use seedbed_checkers::weak::Level;
use seedbed_checkers::{History, KeyedOp, Outcome, Process, RegisterOp, RegisterRet};

pub type Op = KeyedOp<u8, RegisterOp<u8>>;
pub type Ret = RegisterRet<u8>;

use super::fuzz::Random;

/// What a key holds that nobody wrote.
pub const INITIAL: u8 = 0;

/// An access; sets of accesses are bits by its place in the list.
#[derive(Clone, Copy, Debug)]
struct Access {
    process: Process,
    is_write: bool,
    key: u8,
    value: u8,
    is_pending: bool,
}

/// For each access, the set of those that must come before it.
type Before = [u32; 16];

/// Whether the history is at `level`.
pub fn holds(level: Level, history: &History<Op, Ret>) -> bool {
    let all = accesses(history);
    let pending: Vec<usize> = (0..all.len()).filter(|&place| all[place].is_pending).collect();
    // Which of the pending writes took place?
    (0..1_u32 << pending.len()).any(|chosen| {
        let happened: Vec<Access> = (0..all.len())
            .filter(|place| match pending.iter().position(|other| other == place) {
                Some(bit) => chosen >> bit & 1 == 1,
                None => true,
            })
            .map(|place| all[place])
            .collect();
        holds_of(level, &happened)
    })
}

fn accesses(history: &History<Op, Ret>) -> Vec<Access> {
    let mut accesses = Vec::new();
    for operation in history.operations() {
        let process = operation.process;
        let is_pending = operation.outcome == Outcome::Info;
        let (is_write, value) = match (&operation.op.op, &operation.outcome) {
            (RegisterOp::Read, Outcome::Ok(RegisterRet::Value(value))) => (false, *value),
            (RegisterOp::Write(value), Outcome::Ok(_) | Outcome::Info) => (true, *value),
            _ => continue,
        };
        accesses.push(Access { process, is_write, key: operation.op.key, value, is_pending });
    }
    accesses
}

fn holds_of(level: Level, accesses: &[Access]) -> bool {
    let everything = (1_u32 << accesses.len()) - 1;
    if level == Level::Sequential {
        let before = pairs(accesses, same_process);
        return has_order(accesses, everything, &before, &|_, _| true);
    }
    let mut processes: Vec<Process> = accesses.iter().map(|access| access.process).collect();
    processes.sort_unstable();
    processes.dedup();
    let writes = set(accesses, |access| access.is_write);
    let view_of = |process| writes | set(accesses, |access| access.process == process);
    let views = |before_of: &dyn Fn(Process) -> Before, sources: Option<&[Option<usize>]>| {
        processes.iter().all(|&process| {
            has_order(accesses, view_of(process), &before_of(process), &|read, write| {
                sources.is_none_or(|sources| sources[read] == write)
            })
        })
    };
    // An order of one process's view, in which only accesses of that process matter.
    let own = |process, is_pair: fn(&Access, &Access) -> bool| {
        move |first: &Access, second: &Access| {
            first.process == process && second.process == process && is_pair(first, second)
        }
    };
    let are_writes = |first: &Access, second: &Access| {
        same_process(first, second) && first.is_write && second.is_write
    };
    match level {
        Level::Sequential => unreachable!(),
        Level::Pram => views(&|_| pairs(accesses, same_process), None),
        Level::MonotonicReads => {
            views(&|process| pairs(accesses, own(process, |a, b| !a.is_write && !b.is_write)), None)
        }
        Level::ReadYourWrites => {
            views(&|process| pairs(accesses, own(process, |a, b| a.is_write && !b.is_write)), None)
        }
        Level::MonotonicWrites => views(
            &|process| {
                let reads = own(process, |a, b| !a.is_write && !b.is_write);
                pairs(accesses, |a, b| reads(a, b) || are_writes(a, b))
            },
            None,
        ),
        Level::WritesFollowReads => any_sources(accesses, &mut |sources| {
            views(
                &|process| {
                    let mut before =
                        pairs(accesses, own(process, |a, b| !a.is_write && !b.is_write));
                    for (read, source) in sources.iter().enumerate() {
                        for later in read..accesses.len() {
                            let (read, write) = (&accesses[read], &accesses[later]);
                            if let (Some(source), true) = (source, same_process(read, write))
                                && write.is_write
                            {
                                before[later] |= 1 << source;
                            }
                        }
                    }
                    before
                },
                Some(sources),
            )
        }),
        Level::CausalMemory => any_sources(accesses, &mut |sources| {
            causality(accesses, sources).is_some_and(|before| views(&|_| before, Some(sources)))
        }),
        Level::CausalConvergence => any_sources(accesses, &mut |sources| {
            causality(accesses, sources)
                .is_some_and(|before| converges(accesses, sources, &before, writes))
        }),
        Level::Causal => any_sources(accesses, &mut |sources| {
            causality(accesses, sources).is_some_and(|before| {
                (0..accesses.len()).filter(|&read| !accesses[read].is_write).all(|read| {
                    let past = before[read] & writes | 1 << read;
                    has_order(accesses, past, &before, &|read, write| sources[read] == write)
                })
            })
        }),
    }
}

fn same_process(first: &Access, second: &Access) -> bool {
    first.process == second.process
}

fn set(accesses: &[Access], is_in: impl Fn(&Access) -> bool) -> u32 {
    let places = (0..accesses.len()).filter(|&place| is_in(&accesses[place]));
    places.fold(0, |set, place| set | 1 << place)
}

/// The pairs of accesses, the first before the second in the list, that `is_pair`.
fn pairs(accesses: &[Access], is_pair: impl Fn(&Access, &Access) -> bool) -> Before {
    let mut before = [0; 16];
    for second in 0..accesses.len() {
        for first in 0..second {
            if is_pair(&accesses[first], &accesses[second]) {
                before[second] |= 1 << first;
            }
        }
    }
    before
}

/// Whether the accesses in `members` can be put in an order in which none comes before those it
/// must come after, and every read returns the value of the last write of its key before it, which
/// is a write that `fits` it.
fn has_order(
    accesses: &[Access],
    members: u32,
    before: &Before,
    fits: &dyn Fn(usize, Option<usize>) -> bool,
) -> bool {
    extend(accesses, members, before, fits, 0, [None; 4])
}

fn extend(
    accesses: &[Access],
    members: u32,
    before: &Before,
    fits: &dyn Fn(usize, Option<usize>) -> bool,
    placed: u32,
    last: [Option<usize>; 4],
) -> bool {
    if placed == members {
        return true;
    }
    (0..accesses.len()).any(|place| {
        let is_next = members & !placed & 1 << place != 0 && before[place] & members & !placed == 0;
        if !is_next {
            return false;
        }
        let (access, mut last) = (&accesses[place], last);
        let slot = &mut last[usize::from(access.key)];
        if access.is_write {
            *slot = Some(place);
        } else {
            let value = slot.map_or(INITIAL, |write| accesses[write].value);
            if value != access.value || !fits(place, *slot) {
                return false;
            }
        }
        extend(accesses, members, before, fits, placed | 1 << place, last)
    })
}

/// Whether something is true of some choice of a source for each read, by value.
fn any_sources(accesses: &[Access], is_true: &mut dyn FnMut(&[Option<usize>]) -> bool) -> bool {
    fn choose(
        accesses: &[Access],
        sources: &mut Vec<Option<usize>>,
        is_true: &mut dyn FnMut(&[Option<usize>]) -> bool,
    ) -> bool {
        let Some(access) = accesses.get(sources.len()) else { return is_true(sources) };
        let initial = (access.is_write || access.value == INITIAL).then_some(None);
        let writes = (0..accesses.len()).filter(|&write| {
            let write = &accesses[write];
            !access.is_write
                && write.is_write
                && (write.key, write.value) == (access.key, access.value)
        });
        let candidates: Vec<Option<usize>> = initial.into_iter().chain(writes.map(Some)).collect();
        candidates.into_iter().any(|candidate| {
            sources.push(candidate);
            let found = choose(accesses, sources, is_true);
            sources.pop();
            found
        })
    }
    choose(accesses, &mut Vec::new(), is_true)
}

/// Sessions and sources, and what follows; nothing if that goes round in a circle.
fn causality(accesses: &[Access], sources: &[Option<usize>]) -> Option<Before> {
    let mut before = pairs(accesses, same_process);
    for (read, source) in sources.iter().enumerate() {
        if let Some(write) = source {
            before[read] |= 1 << write;
        }
    }
    for _ in 0..accesses.len() {
        for second in 0..accesses.len() {
            for first in 0..accesses.len() {
                if before[second] >> first & 1 == 1 {
                    before[second] |= before[first];
                }
            }
        }
    }
    (0..accesses.len()).all(|place| before[place] >> place & 1 == 0).then_some(before)
}

/// Whether some order of all writes, respecting causality, has each read's source last among the
/// writes of its key in the read's past.
fn converges(accesses: &[Access], sources: &[Option<usize>], before: &Before, writes: u32) -> bool {
    fn arrange(
        order: &mut Vec<usize>,
        writes: u32,
        before: &Before,
        is_true: &dyn Fn(&[usize]) -> bool,
    ) -> bool {
        let placed = order.iter().fold(0, |set, place| set | 1_u32 << place);
        if placed == writes {
            return is_true(order);
        }
        (0..16).any(|place| {
            let is_next =
                writes & !placed & 1 << place != 0 && before[place] & writes & !placed == 0;
            is_next && {
                order.push(place);
                let found = arrange(order, writes, before, is_true);
                order.pop();
                found
            }
        })
    }
    arrange(&mut Vec::new(), writes, before, &|order| {
        (0..accesses.len()).filter(|&read| !accesses[read].is_write).all(|read| {
            let seen = |&&write: &&usize| {
                before[read] >> write & 1 == 1 && accesses[write].key == accesses[read].key
            };
            order.iter().rev().find(seen).copied() == sources[read]
        })
    })
}

/// A history of at most 8 operations by 2 to 4 processes on 1 to 3 keys, with crashes and
/// failures. In two of three, no value is written twice to a key, nor the initial one.
pub fn random_history(random: &mut Random) -> History<Op, Ret> {
    let count = 8 - random.below(3) * random.below(3);
    let (processes, keys) = (2 + random.below(3), 1 + random.below(3));
    let repeats = random.below(3) == 0;
    // The operations are drawn first, so that reads can return what is written later.
    let drawn: Vec<(Op, usize)> = (1..=count)
        .map(|number| {
            let key = u8::try_from(random.below(keys)).unwrap();
            let value = u8::try_from(if repeats { random.below(3) } else { number }).unwrap();
            let op = if random.below(2) == 0 { RegisterOp::Read } else { RegisterOp::Write(value) };
            (KeyedOp { key, op }, usize::try_from(random.below(processes)).unwrap())
        })
        .collect();
    let mut history = History::new();
    let mut clients: Vec<Process> =
        (0..processes).map(|number| Process::client(u32::try_from(number).unwrap())).collect();
    for (time_ns, (op, client)) in (0..).step_by(2).zip(&drawn) {
        let id = history.invoke(clients[*client], time_ns, op.clone());
        match (&op.op, random.below(12)) {
            (RegisterOp::Read, _) => {
                let value = read_value(random, op.key, &drawn);
                history.ok(id, time_ns + 1, RegisterRet::Value(value));
            }
            (_, 0) => {
                history.info(id, time_ns + 1);
                clients[*client] = clients[*client].next_generation();
            }
            (_, 1) => history.fail(id, time_ns + 1),
            (_, _) => history.ok(id, time_ns + 1, RegisterRet::Done),
        }
    }
    history
}

/// The initial value, or one of those written to the key; rarely another one.
fn read_value(random: &mut Random, key: u8, drawn: &[(Op, usize)]) -> u8 {
    let mut values = vec![INITIAL];
    values.extend(drawn.iter().filter(|(op, _)| op.key == key).filter_map(|(op, _)| match op.op {
        RegisterOp::Write(value) => Some(value),
        RegisterOp::Read | RegisterOp::CompareAndSet(..) => None,
    }));
    if random.below(100) == 0 {
        return 9;
    }
    let count = u64::try_from(values.len()).unwrap();
    values[usize::try_from(random.below(count)).unwrap()]
}
