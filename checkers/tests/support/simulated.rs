//! Long histories of correct objects: clients ask, each operation takes place at a moment between
//! its invocation and its end, and is answered as the model says.

use std::collections::{BTreeMap, BTreeSet};

use seedbed_checkers::models::{Model, Step};
use seedbed_checkers::{History, Process};

use super::fuzz::Random;

/// How long a history, and how concurrent.
#[derive(Clone, Copy)]
pub struct Load {
    pub operations: usize,
    pub clients: u32,
    /// How many of a hundred operations are never answered; half of them take place.
    pub crashes: u64,
    pub seed: u64,
}

/// Runs clients against a correct object, in parts if every operation names its own.
///
/// `op` draws an operation for a client, given how many it has issued; `answer` says what the
/// object answers in a state.
pub fn simulate<M: Model>(
    model: &M,
    load: Load,
    mut op: impl FnMut(&mut Random, u32, usize) -> M::Op,
    answer: impl Fn(&M::State, &M::Op) -> M::Ret,
) -> History<M::Op, M::Ret>
where
    M::Key: Ord,
{
    let mut random = Random(load.seed);
    // Invocations in time, of whichever client is idle first.
    let mut idle: BTreeSet<(u64, u32)> =
        (0..load.clients).map(|client| (random.below(100), client)).collect();
    let mut issued = vec![0; load.clients as usize];
    let mut asked = Vec::with_capacity(load.operations);
    let mut points = Vec::with_capacity(load.operations);
    for index in 0..load.operations {
        let (invoked_ns, client) = idle.pop_first().unwrap();
        let op = op(&mut random, client, issued[client as usize]);
        issued[client as usize] += 1;
        let point_ns = invoked_ns + random.below(100);
        let ended_ns = point_ns + random.below(100);
        idle.insert((ended_ns + random.below(50), client));
        let is_lost = random.chance(load.crashes);
        if !is_lost || random.chance(50) {
            points.push((point_ns, random.next(), index));
        }
        asked.push(Asked { client, invoked_ns, ended_ns, op, is_lost, ret: None });
    }
    points.sort_unstable();
    let is_whole = asked.iter().any(|asked| model.key(&asked.op).is_none());
    let mut states = BTreeMap::new();
    for (_, _, index) in points {
        let asked = &mut asked[index];
        let op = &asked.op;
        let key = model.key(op).filter(|_| !is_whole);
        let state = states.entry(key).or_insert_with(|| model.init());
        let ret = answer(state, op);
        match model.step(state, op, Some(&ret)) {
            Step::Refused => panic!("{op} cannot be answered {ret} in {state:?}"),
            Step::Same => {}
            Step::Next(next) => *state = next,
        }
        asked.ret = Some(ret);
    }
    let mut history = History::new();
    let mut processes: Vec<Process> = (0..load.clients).map(Process::client).collect();
    for Asked { client, invoked_ns, ended_ns, op, is_lost, ret } in asked {
        let process = &mut processes[client as usize];
        let id = history.invoke(*process, invoked_ns, op);
        match ret {
            Some(ret) if !is_lost => history.ok(id, ended_ns, ret),
            Some(_) | None => {
                history.info(id, ended_ns);
                *process = process.next_generation();
            }
        }
    }
    history
}

/// An operation of a history to be.
struct Asked<O, R> {
    client: u32,
    invoked_ns: u64,
    ended_ns: u64,
    op: O,
    is_lost: bool,
    ret: Option<R>,
}
