//! The search, with each of its rules and without, against every order there is.

#[path = "support/families.rs"]
#[macro_use]
mod families;
#[path = "support/fuzz.rs"]
mod fuzz;

use fuzz::{Family, Random, brute_force, combinations, draw};
use seedbed_checkers::Budget;
use seedbed_checkers::linearizable::is_linearizable;
use seedbed_checkers::models::Model;

/// Judges random histories of a family: by all rules and by one other combination each.
fn fuzz<M: Model>(family: &Family<M>, seed: u64, cases: u64) -> (u64, u64)
where
    M::Ret: Clone,
{
    let combinations = combinations();
    let (mut right, mut wrong) = (0, 0);
    for case in 0..cases {
        let mut random = Random(seed ^ case.wrapping_mul(0x9E37_79B9));
        let history = draw(family, &mut random, 9);
        let expected = brute_force(&family.model, &history);
        *(if expected { &mut right } else { &mut wrong }) += 1;
        let other = &combinations[case as usize % combinations.len()];
        for (name, rules) in [&combinations[0], other] {
            let (judged, _) = is_linearizable(&family.model, &history, Budget::UNLIMITED, *rules);
            if judged != Some(expected) {
                for (_, operation) in history.iter() {
                    eprintln!("{operation}");
                }
                panic!("{}, case {case}, {name}: it is {expected}", family.name);
            }
        }
    }
    (right, wrong)
}

const CASES: u64 = 6_000;

#[test]
fn every_rule_agrees_with_every_order() {
    macro_rules! check {
        ($family:expr) => {
            let family = $family;
            let (right, wrong) = fuzz(&family, 1, CASES);
            eprintln!("{}: {right} right, {wrong} wrong", family.name);
            assert!(right * 10 > CASES && wrong * 10 > CASES, "{} is one-sided", family.name);
        };
    }
    for_each_family!(check);
}
