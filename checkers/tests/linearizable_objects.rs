//! Long histories of correct objects are accepted; with one thing changed, the verdict is that of
//! the plain search, and mostly "fail".

use seedbed_checkers::linearizable::{Rules, is_linearizable};
use seedbed_checkers::models::{
    Counter, Kv, Lock, Model, Queue, Register, Set, Stack, VersionedKv,
};
use seedbed_checkers::{Budget, History, Kind, Record};

#[path = "support/fuzz.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod fuzz;
#[path = "support/objects.rs"]
mod objects;
#[path = "support/simulated.rs"]
mod simulated;

use fuzz::Random;
use simulated::Load;

/// The answer of a random operation replaced by that of another one.
fn with_answer_of_another<O, R>(history: &History<O, R>, random: &mut Random) -> History<O, R>
where
    O: Clone + PartialEq,
    R: Clone,
{
    let mut records: Vec<Record<O, R>> = history
        .records()
        .map(|record| Record {
            time_ns: record.time_ns,
            process: record.process,
            kind: record.kind,
            op: record.op.clone(),
            ret: record.ret.cloned(),
        })
        .collect();
    let ends: Vec<usize> =
        (0..records.len()).filter(|&index| records[index].kind == Kind::Ok).collect();
    let (victim, donor) = (*random.pick(&ends), *random.pick(&ends));
    records[victim].ret = records[donor].ret.clone();
    History::from_records(records).unwrap()
}

/// Checks histories of a correct object, and the same with one answer changed.
fn check<M: Model>(name: &str, model: &M, simulate: impl Fn(Load) -> History<M::Op, M::Ret>)
where
    M::Op: Clone,
    M::Ret: Clone,
{
    let budget = Budget::default();
    let (mut judged, mut wrong) = (0, 0);
    for seed in 0..30 {
        let load = Load { operations: 60, clients: 5, crashes: seed % 3 * 5, seed };
        let history = simulate(load);
        let (verdict, spent) = is_linearizable(model, &history, budget, Rules::ALL);
        assert_eq!(verdict, Some(true), "{name}, seed {seed}: {spent}");
        let mut random = Random(seed);
        for _ in 0..4 {
            let changed = with_answer_of_another(&history, &mut random);
            let (verdict, _) = is_linearizable(model, &changed, budget, Rules::ALL);
            let budget = Budget { steps: 500_000, states: 50_000 };
            let (plain, _) = is_linearizable(model, &changed, budget, Rules::NONE);
            if plain.is_some() {
                assert_eq!(verdict, plain, "{name}, seed {seed}, changed");
                judged += 1;
            }
            wrong += u32::from(verdict == Some(false));
        }
    }
    eprintln!("{name}: {wrong} of 120 changed histories are wrong, {judged} by the plain search");
    assert!(wrong > 30, "{name}: only {wrong} of 120 changed histories are wrong");
    assert!(judged > 60, "{name}: the plain search judged {judged} of 120 only");
}

#[test]
fn registers_and_stores() {
    let kv = Kv::new(String::new());
    check("unique puts", &kv, |load| objects::unique_puts(load, 2));
    check("appends", &kv, |load| objects::appends(load, 2));
    check("everything", &kv, |load| objects::everything(load, 2));
    check("versioned", &VersionedKv::new(), |load| objects::versioned(load, 2));
    check("cas-register", &Register::new(0), objects::cas_register);
}

#[test]
fn other_objects() {
    check("counter", &Counter::new(0), objects::counter);
    check("set by elements", &Set::new(), |load| objects::set_elements(load, 4));
    check("set that grows", &Set::new(), |load| objects::growing_set(load, 3));
    check("queue", &Queue::new(), |load| objects::queue(load, u64::MAX));
    // Without pending operations: which of many equal values they took is a hard question.
    check("queue of few values", &Queue::new(), |load| {
        objects::queue(Load { operations: 40, crashes: 0, ..load }, 4)
    });
    check("stack", &Stack::new(), objects::stack);
    check("lock", &Lock, objects::lock);
}

#[test]
fn long_histories_of_stores_fit_the_default_budget() {
    let load = Load { operations: 20_000, clients: 50, crashes: 1, seed: 1 };
    let kv = Kv::new(String::new());
    let stores =
        [objects::unique_puts(load, 20), objects::appends(load, 10), objects::everything(load, 20)];
    for history in stores {
        let (verdict, spent) = is_linearizable(&kv, &history, Budget::default(), Rules::ALL);
        assert_eq!(verdict, Some(true), "{spent}");
    }
    let registers = objects::cas_register(Load { clients: 20, ..load });
    let budget = Budget::default();
    let (verdict, spent) = is_linearizable(&Register::new(0), &registers, budget, Rules::ALL);
    assert_eq!(verdict, Some(true), "{spent}");
}
