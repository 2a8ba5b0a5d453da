//! Every level, on random small histories, against the oracle that tries everything.

#[path = "support/fuzz.rs"]
#[expect(dead_code, reason = "shared with tests of linearizability")]
mod fuzz;
#[path = "support/weak_oracle.rs"]
mod oracle;

use std::collections::BTreeMap;

use fuzz::Random;
use oracle::{INITIAL, holds, random_history};
use seedbed_checkers::linearizable::{Rules, is_linearizable};
use seedbed_checkers::weak::{Level, consistent, sequential};
use seedbed_checkers::{Budget, Keyed, Register, Verdict};

const HISTORIES: u64 = 100_000;

#[test]
fn every_level_agrees_with_brute_force() {
    let model: Keyed<u8, Register<u8>> = Keyed::new(Register::new(INITIAL));
    let mut held: BTreeMap<Level, u64> = BTreeMap::new();
    let mut linearizable_count = 0;
    let mut apart: BTreeMap<(Level, Level), u64> = BTreeMap::new();
    for seed in 0..HISTORIES {
        let history = random_history(&mut Random(seed));
        let mut verdicts = BTreeMap::new();
        for level in Level::ALL {
            let expected = holds(level, &history);
            let verdict = consistent(level, &model, &history, Budget::default());
            let is_right = match &verdict {
                Verdict::Pass => expected,
                Verdict::Fail(_) => !expected,
                Verdict::Unknown(_) => false,
            };
            let text = || history.to_json_lines().unwrap();
            assert!(is_right, "seed {seed}, {level}: {verdict}\n{}", text());
            *held.entry(level).or_default() += u64::from(expected);
            verdicts.insert(level, expected);
        }
        for (&strong, &holds) in &verdicts {
            for (&weak, &holds_too) in &verdicts {
                let breaks = strong.implies(weak) && holds && !holds_too;
                assert!(!breaks, "seed {seed}: {strong} but not {weak}");
                *apart.entry((strong, weak)).or_default() += u64::from(!holds && holds_too);
            }
        }
        let (found, _) = is_linearizable(&model, &history, Budget::default(), Rules::ALL);
        let is_linearizable = found == Some(true);
        assert!(!is_linearizable || verdicts[&Level::Sequential], "seed {seed}: not sequential");
        linearizable_count += u64::from(is_linearizable);
        let found = sequential(&model, &history, Budget::default());
        assert_eq!(found.is_pass(), verdicts[&Level::Sequential], "seed {seed}: {found}");
    }
    let share = linearizable_count * 100 / HISTORIES;
    println!("linearizable: {share} %");
    assert!(share > 5, "{share} % are linearizable");
    // Each level holds often and is broken often, and no two levels are the same.
    for (level, count) in held {
        let share = count * 100 / HISTORIES;
        println!("{level}: {share} %");
        assert!((10..=90).contains(&share), "{level} holds of {share} % of the histories");
    }
    for ((level, other), count) in apart {
        println!("{other} without {level}: {count}");
        // What tells these from convergence has 7 operations and more: see `weak_litmus.rs`.
        let is_rare = other == Level::CausalConvergence
            && [Level::CausalMemory, Level::Pram, Level::MonotonicWrites, Level::WritesFollowReads]
                .contains(&level);
        let is_apart = other.implies(level) || is_rare || count > 10;
        assert!(is_apart, "{other} without {level} came up {count} times");
    }
}
