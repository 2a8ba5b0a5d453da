//! The cross-check over families of histories.

use seedbed_checkers::Verdict;
use seedbed_checkers::transactions::{Budget, Level, Options, check};

use super::cross_check::{Tally, sweep};
use super::history::history;
use super::random::{self, Shape};
use super::rng::Rng;
use super::store::{self, Load};

/// Every level must have held and been violated, or the histories prove nothing. No order of the
/// blind writes of registers is ever a cycle of writes alone.
fn check_both_ways(tally: &Tally, lists: bool, at_least: usize) {
    for (level, [violated, held]) in &tally.0 {
        let uncommitted = level.name().ends_with("read-uncommitted");
        assert!(*held >= at_least, "{level} held {held} times only");
        let violable = lists || !uncommitted;
        assert_eq!(*violated >= at_least, violable, "{level} was violated {violated} times");
    }
}

#[test]
fn lists_of_four_transactions_agree_with_both_definitions() {
    let shape = Shape { lists: true, txns: 4, keys: 2, ops: 3, scrambled: 40 };
    check_both_ways(&sweep(1, 40_000, shape), true, 100);
}

#[test]
fn registers_of_four_transactions_agree_with_both_definitions() {
    let shape = Shape { lists: false, txns: 4, keys: 2, ops: 3, scrambled: 40 };
    check_both_ways(&sweep(2, 50_000, shape), false, 500);
}

#[test]
fn lists_of_five_transactions_agree_with_both_definitions() {
    let shape = Shape { lists: true, txns: 5, keys: 3, ops: 3, scrambled: 80 };
    check_both_ways(&sweep(3, 4_000, shape), true, 10);
}

#[test]
fn registers_of_six_transactions_agree_with_both_definitions() {
    let shape = Shape { lists: false, txns: 6, keys: 2, ops: 2, scrambled: 70 };
    check_both_ways(&sweep(4, 6_000, shape), false, 50);
}

#[test]
fn a_small_budget_says_unknown_and_nothing_wrong() {
    let shape = Shape { lists: false, txns: 8, keys: 2, ops: 2, scrambled: 20 };
    let mut rng = Rng(31);
    let (mut unknown, mut known) = (0, 0);
    for _ in 0..2_000 {
        let history = history(&random::history(&mut rng, shape));
        for (steps, bytes) in [(200, 1 << 20), (1_000_000, 64)] {
            let budget = Budget { steps, bytes };
            for level in Level::ALL {
                let options = Options { budget, ..Options::default() };
                let verdict = check(level, &history, &options);
                let full = check(level, &history, &Options::default());
                match verdict {
                    Verdict::Unknown(_) => unknown += 1,
                    Verdict::Pass | Verdict::Fail(_) => {
                        known += 1;
                        assert_eq!(verdict.is_pass(), full.is_pass(), "{level}: {verdict}");
                    }
                }
            }
        }
    }
    assert!(unknown > 100 && known > 10_000, "{unknown} {known}");
}

#[test]
fn the_order_of_thousands_of_registers_is_found() {
    let load = Load {
        lists: false,
        transactions: 5_000,
        processes: 20,
        active_keys: 20,
        writes_per_key: 100,
        reads: 60,
    };
    let history = store::run(5, load);
    let options = Options::default();
    for level in [Level::StrictSerializable, Level::Serializable, Level::SnapshotIsolation] {
        let verdict = check(level, &history, &options);
        assert!(verdict.is_pass(), "{level}: {verdict}");
    }
}
