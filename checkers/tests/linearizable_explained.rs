//! What is said about a violation is true: the sub-history is wrong by itself, cannot be made
//! smaller, and proves that the whole is wrong; prefixes are orders that cannot be continued.

use std::collections::BTreeSet;

use seedbed_checkers::linearizable::{Prefix, Remaining, Violation, check_linearizable};
use seedbed_checkers::models::{Model, Step};
use seedbed_checkers::{Budget, History, Operation, OperationId, Outcome, Verdict};

#[path = "support/families.rs"]
#[macro_use]
mod families;
#[path = "support/fuzz.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod fuzz;

use fuzz::{Family, Random, brute_force, draw};

/// What is left of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    Nothing,
    Begin,
    Whole,
}

/// The history with something left of each operation.
fn reduced<O: Clone, R: Clone>(
    history: &History<O, R>,
    left: impl Fn(OperationId, &Operation<O, R>) -> Left,
) -> History<O, R> {
    let mut reduced = History::new();
    for (id, operation) in history.iter() {
        let left = left(id, operation);
        if left == Left::Nothing {
            continue;
        }
        let new = reduced.invoke(operation.process, operation.invoked_ns, operation.op.clone());
        if let (Left::Whole, Outcome::Ok(ret)) = (left, &operation.outcome) {
            reduced.ok(new, operation.ended_ns.unwrap(), ret.clone());
        }
    }
    reduced
}

fn ret_of<O, R>(operation: &Operation<O, R>) -> Option<&R> {
    match &operation.outcome {
        Outcome::Ok(ret) => Some(ret),
        Outcome::Fail | Outcome::Info => None,
    }
}

/// A right history stays right if something is left out of it as the explanation may do.
fn check_reductions<M: Model>(
    family: &Family<M>,
    history: &History<M::Op, M::Ret>,
    random: &mut Random,
) where
    M::Op: Clone,
    M::Ret: Clone,
{
    let model = &family.model;
    let at_ns = random.below(20);
    let is_cut = reduced(history, |_, operation| match operation {
        Operation { invoked_ns, .. } if *invoked_ns > at_ns => Left::Nothing,
        Operation { ended_ns: Some(ended_ns), .. } if *ended_ns > at_ns => Left::Begin,
        Operation { .. } => Left::Whole,
    });
    assert!(brute_force(model, &is_cut), "{}, cut at {at_ns}", family.name);
    let chosen = random.next();
    let is_chosen = |id: OperationId| chosen >> id.index() & 1 == 1;
    let is_forgotten = reduced(history, |id, operation| match is_chosen(id) {
        true if model.is_read_only(&operation.op, ret_of(operation)) => Left::Nothing,
        true => Left::Begin,
        false => Left::Whole,
    });
    assert!(brute_force(model, &is_forgotten), "{}, ends forgotten", family.name);
    // Values, with all that some operation connects them with.
    let values: Option<Vec<Vec<u64>>> = history
        .operations()
        .iter()
        .map(|operation| model.values(&operation.op, ret_of(operation)))
        .collect();
    let Some(values) = values else { return };
    let Some(&first) = values.iter().flatten().next() else { return };
    let mut gone = BTreeSet::from([first]);
    for _ in 0..values.len() {
        for values in &values {
            if values.iter().any(|value| gone.contains(value)) {
                gone.extend(values);
            }
        }
    }
    let without = reduced(history, |id, _| {
        match values[id.index()].iter().any(|value| gone.contains(value)) {
            true => Left::Nothing,
            false => Left::Whole,
        }
    });
    assert!(brute_force(model, &without), "{}, without some values", family.name);
}

/// The prefix explains the answers of its operations, and has no room for what is blocked.
fn check_prefix<M: Model>(
    family: &Family<M>,
    history: &History<M::Op, M::Ret>,
    prefix: &Prefix,
    is_whole: &dyn Fn(OperationId) -> bool,
) {
    let operations: Vec<_> = prefix.order.iter().map(|&id| (id, history.operation(id))).collect();
    let ret = |id, operation| if is_whole(id) { ret_of(operation) } else { None };
    let mut state = family.model.init();
    for (place, &(id, operation)) in operations.iter().enumerate() {
        match family.model.step(&state, &operation.op, ret(id, operation)) {
            Step::Refused => panic!("{}: {operation} is refused", family.name),
            Step::Same => {}
            Step::Next(next) => state = next,
        }
        for &(later, before) in &operations[place + 1..] {
            let is_late = is_whole(later) && before.ended_ns.unwrap() < operation.invoked_ns;
            assert!(!is_late, "{}: {before} comes after {operation}", family.name);
        }
    }
    assert_eq!(format!("{state:?}"), prefix.state);
    let blocked = history.operation(prefix.blocked);
    assert!(is_whole(prefix.blocked) && !prefix.order.contains(&prefix.blocked));
    let step = family.model.step(&state, &blocked.op, ret(prefix.blocked, blocked));
    let can_follow = history
        .iter()
        .filter(|(id, _)| !prefix.order.contains(id))
        .any(|(id, other)| is_whole(id) && other.ended_ns.unwrap() < blocked.invoked_ns);
    assert!(step == Step::Refused || can_follow, "{}: {blocked} can follow", family.name);
}

fn check_violation<M: Model>(
    family: &Family<M>,
    history: &History<M::Op, M::Ret>,
    violation: &Violation,
) where
    M::Op: Clone,
    M::Ret: Clone,
{
    let left_of = |id: OperationId| {
        let found = violation.operations.iter().find(|remaining| remaining.id == id);
        match found {
            None => Left::Nothing,
            Some(Remaining { is_whole: true, .. }) => Left::Whole,
            Some(Remaining { is_whole: false, .. }) => Left::Begin,
        }
    };
    let sub = reduced(history, |id, _| left_of(id));
    assert!(!brute_force(&family.model, &sub), "{}: the sub-history is right", family.name);
    assert!(violation.is_minimal, "{}: the default budget is enough", family.name);
    for &Remaining { id: tried, is_whole } in &violation.operations {
        let operation = history.operation(tried);
        let less = match is_whole {
            true if family.model.is_read_only(&operation.op, ret_of(operation)) => Left::Nothing,
            true => Left::Begin,
            false => continue,
        };
        let smaller = reduced(history, |id, _| if id == tried { less } else { left_of(id) });
        let is_right = brute_force(&family.model, &smaller);
        assert!(is_right, "{}: {operation} can be left out", family.name);
    }
    assert!(
        !violation.prefixes.is_empty() && !violation.longest.is_empty(),
        "{} {violation:?} {}",
        family.name,
        history.iter().map(|(_, o)| format!("\n{o}")).collect::<String>()
    );
    for prefix in &violation.prefixes {
        check_prefix(family, history, prefix, &|id| left_of(id) == Left::Whole);
    }
    let text = violation.timeline(history).to_text();
    assert!(text.contains("XX "), "{text}");
}

fn fuzz<M: Model>(family: &Family<M>, cases: u64)
where
    M::Op: Clone,
    M::Ret: Clone,
{
    let mut wrong = 0;
    for case in 0..cases {
        let mut random = Random(0xE0 ^ case.wrapping_mul(0x9E37_79B9));
        let history = draw(family, &mut random, 8);
        let report = check_linearizable(&family.model, &history, Budget::default());
        match (&report.verdict, &report.violation) {
            (Verdict::Pass, None) => check_reductions(family, &history, &mut random),
            (Verdict::Fail(explanation), Some(violation)) => {
                assert_eq!(explanation.operations.len(), violation.operations.len());
                check_violation(family, &history, violation);
                wrong += 1;
            }
            (verdict, _) => panic!("{}: {verdict}", family.name),
        }
    }
    assert!(wrong > cases / 20, "{}: only {wrong} of {cases} are wrong", family.name);
}

#[test]
fn explanations_are_true() {
    macro_rules! check {
        ($family:expr) => {
            fuzz(&$family, 600);
        };
    }
    for_each_family!(check);
}
