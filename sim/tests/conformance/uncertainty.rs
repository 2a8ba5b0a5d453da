//! Clocks that know how far off they may be.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use seedbed_sim::clock::Uncertainty;
use seedbed_sim::{ClockFault, Fault};

use crate::puppet::{N1, World, ms};

/// As in the paper: polls 30 s apart, 200 ppm, 1 ms to the time masters.
const SPANNER: Uncertainty =
    Uncertainty { poll: Duration::from_secs(30), drift_bound_ppm: 200, error: ms(1) };

/// The width of an interval, and how far the true time is from its middle, in nanoseconds.
#[derive(Clone, Copy, Debug)]
struct Seen {
    half_ns: i64,
    off_ns: i64,
}

impl Seen {
    fn holds(self) -> bool {
        self.off_ns.abs() <= self.half_ns
    }
}

/// Reads the clock of one host every 100 ms for ten minutes, while it drifts or worse.
fn readings(drift_ppm: i64, seed: u64, spoil: Option<(u64, ClockFault)>) -> Vec<Seen> {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let out = seen.clone();
    let mut world = World::tuned(
        1,
        |config| {
            config.seed = seed;
            config.hosts[0].clock_uncertainty = Some(SPANNER);
            config.hosts[0].clock_drift_ppm = drift_ppm;
        },
        move |_, ctx, event| {
            if let crate::puppet::Event::Asked { op, .. } = event {
                let (early, late) = ctx.now_interval();
                let middle = ctx.now().nanos();
                assert_eq!(late.nanos() - middle, middle - early.nanos());
                let off_ns = middle - op as i64 * 1_000_000;
                out.borrow_mut().push(Seen { half_ns: late.nanos() - middle, off_ns });
            }
        },
    );
    for tenth in 1..6_000 {
        if let Some((_, fault)) = spoil.filter(|(millis, _)| *millis == tenth * 100) {
            world.stop_at(tenth * 100).inject(Fault::Clock(N1, fault)).unwrap();
        }
        world.order_at(tenth * 100, N1, tenth * 100);
    }
    world.until(600_000);
    seen.take()
}

/// The uncertainty is a sawtooth: 1 ms after each poll, and 200 us more for each second since.
#[test]
fn the_uncertainty_is_a_sawtooth() {
    let seen = readings(0, 3, None);
    let teeth: Vec<usize> =
        (1..seen.len()).filter(|index| seen[*index].half_ns < seen[index - 1].half_ns).collect();
    assert_eq!(teeth.len(), 20, "a poll every 30 s in ten minutes");
    assert!(teeth.windows(2).all(|pair| pair[1] - pair[0] == 300), "{teeth:?}");
    for pair in seen.windows(2) {
        let grows = pair[1].half_ns - pair[0].half_ns;
        assert!(grows < 0 || (20_000..=20_010).contains(&grows), "{grows} ns in 100 ms");
    }
    let (least, most) = (
        seen[teeth[0]..].iter().map(|seen| seen.half_ns).min().unwrap(),
        seen[teeth[0]..].iter().map(|seen| seen.half_ns).max().unwrap(),
    );
    assert!((1_000_000..1_020_100).contains(&least), "{least}");
    assert!((6_980_000..=7_002_000).contains(&most), "{most}");
    // Each poll leaves its own error, between the two signs.
    let errors: Vec<i64> = teeth.iter().map(|index| seen[*index].off_ns).collect();
    assert!(errors.iter().all(|error| error.abs() <= 1_000_000), "{errors:?}");
    assert!(errors.iter().any(|error| *error > 300_000), "{errors:?}");
    assert!(errors.iter().any(|error| *error < -300_000), "{errors:?}");
}

/// The true time lies within as long as the drift is within the bound.
#[test]
fn the_true_time_lies_within() {
    for drift_ppm in [-200, -199, -50, 0, 120, 200] {
        for seed in 0..5 {
            let seen = readings(drift_ppm, seed, None);
            let out = seen.iter().find(|seen| !seen.holds());
            assert!(out.is_none(), "{drift_ppm} ppm, seed {seed}: {out:?}");
        }
    }
}

/// A clock that drifts by more breaks its promise, until a poll sets it right.
#[test]
fn a_drift_beyond_the_bound_breaks_the_promise() {
    for drift_ppm in [-600, 600] {
        let seen = readings(drift_ppm, 1, None);
        let broken = seen.iter().filter(|seen| !seen.holds()).count();
        assert!(broken > 1_000 && broken < seen.len(), "{broken} of {}", seen.len());
    }
    let seen = readings(0, 1, Some((100_000, ClockFault::Drift(800_000))));
    assert!(seen[..999].iter().all(|seen| seen.holds()));
    assert!(seen.iter().any(|seen| !seen.holds()));
}

/// So does a step, until the next poll; a strobe does whenever it is out.
#[test]
fn a_step_lasts_until_the_next_poll() {
    let seen = readings(0, 2, Some((60_000, ClockFault::Step(50_000_000))));
    let broken = seen.iter().filter(|seen| !seen.holds()).count();
    assert!((1..=300).contains(&broken), "{broken}");
    assert!(seen[599..599 + broken].iter().all(|seen| !seen.holds()), "then a poll came");
    let strobe = ClockFault::Strobe { by_ns: 50_000_000, period: Duration::from_secs(1) };
    let seen = readings(0, 2, Some((60_000, strobe)));
    for (index, seen) in seen.iter().enumerate().skip(599) {
        assert_eq!(seen.holds(), (index - 599) / 10 % 2 == 1, "{index}");
    }
}

/// A frozen clock believes that it is as right as it was; some time after it goes on it is polled.
#[test]
fn a_freeze_hides_the_time_that_passes() {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let out = seen.clone();
    let mut world = World::tuned(
        1,
        |config| config.hosts[0].clock_uncertainty = Some(SPANNER),
        move |_, ctx, _| {
            let (early, late) = ctx.now_interval();
            out.borrow_mut().push((early.nanos(), late.nanos()));
        },
    );
    world.order_at(1_000, N1, 0);
    let hold = world.stop_at(1_000).inject(Fault::Clock(N1, ClockFault::Freeze)).unwrap();
    world.order_at(90_000, N1, 0);
    world.stop_at(90_000).release(hold);
    world.order_at(90_000, N1, 0).order_at(121_000, N1, 0).until(121_000);
    let seen = seen.take();
    assert_eq!(seen[1], seen[2]);
    assert_eq!(seen[2], seen[3]);
    let (early, late) = seen[4];
    assert!(early <= 121_000_000_000 && 121_000_000_000 <= late, "{early} {late}");
}
