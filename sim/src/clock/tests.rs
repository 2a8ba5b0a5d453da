//! Clocks, against exact arithmetic.

use proptest::prelude::*;

use super::*;

const DAY: u64 = 86_400_000_000_000;
const SECOND: u64 = 1_000_000_000;

fn at(nanoseconds: u64) -> SimTime {
    SimTime::from_nanos(nanoseconds)
}

fn span(nanoseconds: u64) -> Duration {
    Duration::from_nanos(nanoseconds)
}

fn drifting(parts_per_billion: i64) -> Clocks {
    let mut clocks = Clocks::default();
    clocks.set_drift(SimTime::ZERO, Drift::from_ppb(parts_per_billion));
    clocks
}

#[test]
fn perfect_clocks_are_small_and_right() {
    assert!(size_of::<Clocks>() <= 8);
    let clocks = Clocks::default();
    assert_eq!(clocks.wall(at(5)), LocalTime::from_nanos(5));
    assert_eq!(clocks.monotonic(at(5)), span(5));
    assert_eq!(clocks.real_span(span(7)), span(7));
    assert_eq!(clocks.when_monotonic(at(5), span(9)), at(9));
    assert_eq!(clocks.when_monotonic(at(5), span(3)), at(5));
    assert_eq!(clocks.wall(SimTime::MAX), LocalTime::MAX);
    let interval = clocks.now_interval(at(10), span(3));
    assert_eq!(interval, (LocalTime::from_nanos(7), LocalTime::from_nanos(13)));
}

#[test]
fn clocks_that_are_put_right_are_small_again() {
    let mut clocks = Clocks::default();
    clocks.set_offset_ns(at(10), -50);
    assert_eq!(clocks.wall(at(20)), LocalTime::from_nanos(-30));
    assert_eq!(clocks.offset_ns(at(20)), -50);
    assert_eq!(clocks.monotonic(at(20)), span(20));
    clocks.step_wall_ns(at(SECOND), 50);
    assert_eq!(clocks, Clocks::PERFECT);
    clocks.set_drift(at(20), Drift::from_ppm(100));
    assert_eq!(clocks.drift().ppb(), 100_000);
    clocks.set_drift(at(20), Drift::NONE);
    assert_eq!(clocks, Clocks::PERFECT);
}

#[test]
fn a_day_of_drift_is_exact() {
    for ppm in [-500, -499, -33, -1, 1, 7, 100, 333, 500] {
        let clocks = drifting(ppm * 1_000);
        for real in [1, 999, SECOND, DAY / 3, DAY] {
            let exact = i128::from(real) * (1_000_000 + i128::from(ppm)) / 1_000_000;
            let shown = i128::from(duration_nanos(clocks.monotonic(at(real))));
            assert!((shown - exact).abs() <= 1, "{ppm} ppm, {real} ns: {shown}");
            assert_eq!(i128::from(clocks.wall(at(real)).nanos()), shown);
        }
    }
    assert!(drifting(100_000).offset_ns(at(DAY)).abs_diff(8_640_000_000) <= 1);
}

#[test]
fn a_step_moves_only_the_wall_clock() {
    let mut clocks = drifting(-200_000);
    let (wall, monotonic) = (clocks.wall(at(SECOND)), clocks.monotonic(at(SECOND)));
    clocks.step_wall_ns(at(SECOND), -3 * SECOND.cast_signed());
    assert_eq!(clocks.wall(at(SECOND)), wall - span(3 * SECOND));
    assert_eq!(clocks.monotonic(at(SECOND)), monotonic);
    clocks.set_offset_ns(at(SECOND), 42);
    assert_eq!(clocks.offset_ns(at(SECOND)), 42);
    assert_eq!(clocks.monotonic(at(SECOND)), monotonic);
}

#[test]
fn extreme_clocks_saturate() {
    let fast = drifting(1_000 * PARTS_PER_BILLION);
    assert_eq!(duration_nanos(fast.monotonic(SimTime::MAX)), u64::MAX);
    assert_eq!(fast.wall(SimTime::MAX), LocalTime::MAX);
    let slow = drifting(1 - PARTS_PER_BILLION);
    assert_eq!(duration_nanos(slow.real_span(Duration::MAX)), u64::MAX);
    assert_eq!(slow.when_monotonic(SimTime::ZERO, Duration::MAX), SimTime::MAX);
    let mut clocks = Clocks::default();
    clocks.step_wall_ns(at(SECOND), i64::MIN);
    clocks.step_wall_ns(at(SECOND), -1);
    assert_eq!(clocks.wall(SimTime::ZERO), LocalTime::MIN);
}

#[test]
#[should_panic(expected = "a drift lies above")]
fn a_clock_cannot_run_backwards() {
    Drift::from_ppm(-1_000_000);
}

proptest! {
    #[test]
    fn a_timer_never_fires_early_on_its_own_clock(
        ppb in -900_000_000_i64..2_000_000_000,
        changed_at in 0..DAY,
        set_after in 0..DAY,
        local in 0..DAY,
    ) {
        let mut clocks = drifting(12_345);
        clocks.set_drift(at(changed_at), Drift::from_ppb(ppb));
        let set_at = at(changed_at + set_after);
        let due = clocks.monotonic(set_at) + span(local);
        let fires_at = set_at + clocks.real_span(span(local));
        prop_assert!(clocks.monotonic(fires_at) >= due);
        // Nor later than the clock can tell: it shows at most two more of its own steps.
        let steps = duration_nanos(clocks.monotonic(fires_at) - due);
        prop_assert!(steps <= 2 + clocks.drift().rate() / RATE_ONE, "{steps}");
        let first = clocks.when_monotonic(set_at, due);
        prop_assert!(first <= fires_at && clocks.monotonic(first) >= due);
        prop_assert!(first == set_at || clocks.monotonic(first.saturating_sub(span(1))) < due);
    }

    #[test]
    fn clocks_never_jump_when_the_drift_changes(
        changes in prop::collection::vec((0..SECOND * 1_000, -1_000_000_i64..1_000_000), 1..20),
    ) {
        let mut clocks = Clocks::default();
        clocks.set_offset_ns(SimTime::ZERO, -77);
        let mut now = SimTime::ZERO;
        let mut exact_ppb = 0_i128;
        for (wait, ppb) in &changes {
            let drift_before = clocks.drift();
            now += span(*wait);
            exact_ppb += i128::from(*wait) * i128::from(PARTS_PER_BILLION + drift_before.ppb());
            let before = (clocks.wall(now), clocks.monotonic(now));
            clocks.set_drift(now, Drift::from_ppb(*ppb));
            prop_assert_eq!((clocks.wall(now), clocks.monotonic(now)), before);
            let next = clocks.monotonic(now + span(1));
            prop_assert!(next >= before.1 && next <= before.1 + span(2));
        }
        let exact = exact_ppb / i128::from(PARTS_PER_BILLION);
        let shown = i128::from(duration_nanos(clocks.monotonic(now)));
        prop_assert!((exact - shown).abs() <= changes.len() as i128 + 1, "{exact} {shown}");
        prop_assert_eq!(i128::from(clocks.wall(now).nanos()), shown - 77);
    }
}
