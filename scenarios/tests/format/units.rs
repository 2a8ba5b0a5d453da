//! Values with units: what is read, what is refused, and that what is written is read back.

use proptest::prelude::*;
use seedbed_scenarios::format::{
    Bandwidth, Chance, Comparison, Drift, Nanos, Rate, Selector, SignedNanos, Size,
};

#[test]
fn durations_are_exact() {
    let read = |text: &str| Nanos::parse(text).map(|time| time.0);
    assert_eq!(read("10ms"), Ok(10_000_000));
    assert_eq!(read("1.5s"), Ok(1_500_000_000));
    assert_eq!(read("2min"), Ok(120_000_000_000));
    assert_eq!(read("3 us"), Ok(3_000));
    assert_eq!(read("3µs"), Ok(3_000));
    assert_eq!(read("0"), Ok(0));
    assert_eq!(read("0.000000001s"), Ok(1));
    for wrong in
        ["10", "", "ms", "1.5ns", "-1s", "1e3s", "1..5s", ".5s", "5parsecs", "99999999999h"]
    {
        assert!(read(wrong).is_err(), "{wrong} was read");
    }
}

#[test]
fn chances_lie_between_zero_and_one() {
    assert_eq!(Chance::parse("100%"), Ok(Chance::ALWAYS));
    assert_eq!(Chance::parse("0%"), Ok(Chance::NEVER));
    assert_eq!(Chance::parse("50%").map(|chance| chance.parts), Ok(1 << 31));
    assert_eq!(Chance::parse("1%"), Chance::parse("0.01"));
    for wrong in ["101%", "1.5", "-1%", "%", "", "NaN", "inf", "1e-3", "5 %%"] {
        assert!(Chance::parse(wrong).is_err(), "{wrong} was read");
    }
    let above = Chance::from_ratio(5.0).expect_err("5 is above 1");
    assert!(above.contains("did you mean \"5%\"?"), "{above}");
}

#[test]
fn other_units_are_exact() {
    assert_eq!(SignedNanos::parse("-5ms"), Ok(SignedNanos(-5_000_000)));
    assert_eq!(SignedNanos::parse("+1ns"), Ok(SignedNanos(1)));
    assert_eq!(Drift::parse("-20ppm"), Ok(Drift { ppm: -20 }));
    assert_eq!(Size::parse("64KiB"), Ok(Size(65_536)));
    assert_eq!(Size::parse("1.5kB"), Ok(Size(1_500)));
    assert_eq!(Rate::parse("50/s"), Ok(Rate { count: 50, per: Nanos::from_secs(1) }));
    assert_eq!(Rate::parse("3/10ms"), Ok(Rate { count: 3, per: Nanos::from_millis(10) }));
    assert_eq!(Rate::parse("50/s").map(|rate| rate.mean_interval()), Ok(Nanos::from_millis(20)));
    assert_eq!(Bandwidth::parse("1.5mbit"), Ok(Bandwidth(1_500_000)));
    assert_eq!(Bandwidth::parse("64 kbit"), Ok(Bandwidth(64_000)));
    assert_eq!(Bandwidth(1_500_000).to_string(), "1500kbit");
    for wrong in ["64", "0bit", "1.5bit", "mbit", "1Mbit", "1mbps", "-1bit", "99999999999gbit"] {
        assert!(Bandwidth::parse(wrong).is_err(), "{wrong} was read");
    }
    for wrong in ["20", "1.5ppm", "ppm", "--2ppm", "9999999ppm"] {
        assert!(Drift::parse(wrong).is_err(), "{wrong} was read");
    }
    for wrong in ["50", "0/s", "50/0s", "50/", "/s", "50/year", "-1/s"] {
        assert!(Rate::parse(wrong).is_err(), "{wrong} was read");
    }
    for wrong in ["64", "1.5B", "KiB", "64kb"] {
        assert!(Size::parse(wrong).is_err(), "{wrong} was read");
    }
}

#[test]
fn comparisons_hold_or_do_not() {
    let holds = |text: &str, number| Comparison::parse(text).map(|c| c.holds(number));
    assert_eq!(holds("<3", 2), Ok(true));
    assert_eq!(holds("<3", 3), Ok(false));
    assert_eq!(holds("<=3", 3), Ok(true));
    assert_eq!(holds("!=3", 3), Ok(false));
    assert_eq!(holds("=3", 3), Ok(true));
    assert_eq!(holds(">= 3", 3), Ok(true));
    assert_eq!(holds(">3", 3), Ok(false));
    for wrong in ["3", "<", "<-1", "=>3", ""] {
        assert!(Comparison::parse(wrong).is_err(), "{wrong} was read");
    }
}

#[test]
fn selectors_are_told_apart_by_their_text() {
    let bound = |name: &str, offset| Selector::Bound { name: name.to_owned(), offset };
    let named = |name: &str, offset| Selector::Named { name: name.to_owned(), offset };
    assert_eq!(Selector::parse("n12"), Ok(Selector::Host(12)));
    assert_eq!(Selector::parse("c1"), Ok(Selector::Client(1)));
    assert_eq!(Selector::parse("rest"), Ok(Selector::Rest));
    assert_eq!(Selector::parse("$L1+2"), Ok(bound("L1", 2)));
    assert_eq!(Selector::parse("leader+1"), Ok(named("leader", 1)));
    assert_eq!(Selector::parse("n0"), Ok(named("n0", 0)));
    assert_eq!(Selector::parse("node"), Ok(named("node", 0)));
    for wrong in ["", "$", "+1", "leader+", "leader+x", "n1+1", "all+1", "a b", "1n"] {
        assert!(Selector::parse(wrong).is_err(), "{wrong} was read");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(number: u64, parts in 0..=(1_u64 << 32), signed: i64) {
        let time = Nanos(number);
        prop_assert_eq!(Nanos::parse(&time.to_string()), Ok(time));
        let chance = Chance { parts };
        prop_assert_eq!(Chance::parse(&chance.to_string()), Ok(chance));
        let size = Size(number);
        prop_assert_eq!(Size::parse(&size.to_string()), Ok(size));
        let offset = SignedNanos(signed.max(-i64::MAX));
        prop_assert_eq!(SignedNanos::parse(&offset.to_string()), Ok(offset));
        let rate = Rate { count: number.max(1), per: Nanos(number.max(1)) };
        prop_assert_eq!(Rate::parse(&rate.to_string()), Ok(rate));
    }

    #[test]
    fn no_text_is_too_strange(text in ".{0,20}") {
        let _ = (Nanos::parse(&text), SignedNanos::parse(&text), Chance::parse(&text));
        let _ = (Size::parse(&text), Rate::parse(&text), Drift::parse(&text));
        let _ = (Selector::parse(&text), Comparison::parse(&text));
    }
}
