//! Replicas that keep a promise pass it, in long histories; those that break it a little do not.

use seedbed_checkers::weak::{Level, consistent};
use seedbed_checkers::{Budget, Keyed, Register, Verdict};

#[path = "support/fuzz.rs"]
#[expect(dead_code, reason = "shared with tests of linearizability")]
mod fuzz;
#[path = "support/objects.rs"]
#[expect(dead_code, reason = "shared with tests of linearizability")]
mod objects;
#[path = "support/replicas.rs"]
mod replicas;
#[path = "support/simulated.rs"]
mod simulated;

use fuzz::Random;
use replicas::{Post, Registers, replicated};
use simulated::Load;

fn judge(level: Level, history: &Registers) -> Verdict {
    let model: Keyed<u64, Register<u64>> = Keyed::new(Register::new(0));
    consistent(level, &model, history, Budget::default())
}

/// The levels, of those that `level` implies, that a history breaks.
fn broken(level: Level, history: &Registers) -> Vec<Level> {
    let implied = Level::ALL.into_iter().filter(|&other| level.implies(other));
    implied.filter(|&other| !judge(other, history).is_pass()).collect()
}

#[test]
fn replicas_keep_what_they_promise() {
    for level in [Level::CausalMemory, Level::CausalConvergence, Level::Pram] {
        let mut is_more = 0;
        for seed in 0..30 {
            let mut random = Random(seed);
            let size = (600, 2 + random.below(5) as usize, 1 + random.below(6));
            let history = replicated(Post::of(level), &mut random, size, true);
            assert_eq!(broken(level, &history), [], "seed {seed}, {level}");
            is_more += u64::from(judge(Level::Sequential, &history).is_pass());
        }
        assert!(is_more < 10, "{is_more} of 30 are sequential: they keep more than {level}");
    }
}

#[test]
fn replicas_that_break_it_are_caught() {
    let ways = [
        (Level::Pram, Post { in_order: false, causal: false, stamped: false }),
        (Level::CausalMemory, Post { in_order: true, causal: false, stamped: false }),
        (Level::CausalConvergence, Post { in_order: true, causal: true, stamped: false }),
        (Level::MonotonicReads, Post { in_order: false, causal: false, stamped: false }),
    ];
    for (level, post) in ways {
        let caught = (0..30).filter(|&seed| {
            let history = replicated(post, &mut Random(seed), (600, 4, 3), true);
            matches!(judge(level, &history), Verdict::Fail(_))
        });
        let caught = caught.count();
        // Each replica applies each write once, so reads never go back, whatever the order.
        let expected = if level == Level::MonotonicReads { 0..=0 } else { 25..=30 };
        assert!(expected.contains(&caught), "{level}: {caught} of 30 were caught");
    }
}

/// Values that repeat are told apart by search; it answers right, or not at all.
#[test]
fn repeated_values_are_no_false_alarm() {
    let mut decided = 0;
    for level in [Level::CausalMemory, Level::CausalConvergence, Level::Pram] {
        for seed in 0..10 {
            let history = replicated(Post::of(level), &mut Random(seed), (60, 3, 2), false);
            let budget = Budget { steps: 3_000_000, ..Budget::default() };
            let model: Keyed<u64, Register<u64>> = Keyed::new(Register::new(0));
            match consistent(level, &model, &history, budget) {
                Verdict::Pass => decided += 1,
                Verdict::Unknown(reason) => assert!(reason.contains("repeat"), "{reason}"),
                Verdict::Fail(explanation) => panic!("seed {seed}, {level}: {explanation}"),
            }
        }
    }
    assert!(decided >= 20, "{decided} of 30 were decided");
}

/// A linearizable store passes every level, also with crashes and on long histories.
#[test]
fn linearizable_stores_pass_every_level() {
    for seed in 0..3 {
        let load = Load { operations: 3000, clients: 8, crashes: 1, seed };
        let history = objects::unique_puts(load, 20);
        let model = seedbed_checkers::Kv::new(String::new());
        for level in Level::ALL {
            let verdict = consistent(level, &model, &history, Budget::default());
            assert_eq!(verdict, Verdict::Pass, "seed {seed}, {level}");
        }
    }
}
