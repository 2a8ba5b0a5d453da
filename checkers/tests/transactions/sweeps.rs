//! The cross-check over families of histories.

use super::cross_check::{Tally, sweep};
use super::random::Shape;

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
