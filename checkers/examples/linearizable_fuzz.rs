//! The search against brute force, for as long as one likes: the test does 100,000 histories.
//!
//! `cargo run --release -p seedbed-checkers --example linearizable_fuzz [HISTORIES] [SEED]`

use seedbed_checkers::Budget;
use seedbed_checkers::linearizable::is_linearizable;
use seedbed_checkers::models::Model;

#[path = "../tests/support/families.rs"]
#[macro_use]
mod families;
#[path = "../tests/support/fuzz.rs"]
mod fuzz;

use fuzz::{Family, Random, brute_force, combinations, draw};

fn fuzz<M: Model>(family: &Family<M>, seed: u64, cases: u64) -> u64
where
    M::Ret: Clone,
{
    let combinations = combinations();
    let mut wrong = 0;
    for case in 0..cases {
        let mut random = Random(seed.rotate_left(32) ^ case.wrapping_mul(0x9E37_79B9));
        let history = draw(family, &mut random, 9);
        let expected = brute_force(&family.model, &history);
        wrong += u64::from(!expected);
        for (name, rules) in &combinations {
            let (judged, _) = is_linearizable(&family.model, &history, Budget::UNLIMITED, *rules);
            assert_eq!(judged, Some(expected), "{}, case {case}, {name}", family.name);
        }
    }
    println!("{:40} {cases:9} histories, {wrong:8} of them wrong", family.name);
    cases
}

fn main() {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse().expect("a number"));
    let histories: u64 = numbers.next().unwrap_or(1_000_000);
    let seed: u64 = numbers.next().unwrap_or(1);
    const FAMILIES: u64 = 19;
    let mut total = 0;
    macro_rules! run {
        ($family:expr) => {
            total += fuzz(&$family, seed, histories.div_ceil(FAMILIES));
        };
    }
    for_each_family!(run);
    let combinations = combinations().len();
    println!("{total} histories, each by {combinations} combinations of rules: all agree");
}
