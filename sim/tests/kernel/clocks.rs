//! Booting, and the two clocks of a host.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use seedbed_sim::rng::{Purpose, Streams};
use seedbed_sim::{LocalTime, Stop};

use crate::puppet::{Event, N1, N2, N3, World, at, ms};

/// Each host boots at its own offset drawn in 0..`boot_spread`.
#[test]
fn hosts_boot_spread_out() {
    let mut world = World::tuned(20, |config| config.boot_spread = ms(10), |_, _, _| {});
    world.until(10);
    let mut boots = world.log.take_boots();
    boots.sort_unstable_by_key(|(_, host)| *host);
    let streams = Streams::new(7);
    for (index, (at, _)) in boots.iter().enumerate() {
        let drawn = streams.open(Purpose::Boot, index as u64).below(10_000_000);
        assert_eq!(*at, Duration::from_nanos(drawn));
    }
    assert_eq!(boots.len(), 20);
}

/// Zero means together, in id order.
#[test]
fn hosts_boot_together() {
    let mut world = World::new(4, |_, _, _| {});
    world.until(0);
    let boots = world.log.take_boots();
    let hosts: Vec<_> = boots.iter().map(|(_, host)| host.to_string()).collect();
    assert_eq!(hosts, ["n1", "n2", "n3", "n4"]);
    assert!(boots.iter().all(|(at, _)| at.is_zero()));
}

/// A host that was left out by a list of names is a gap: it never boots, is nobody's peer, and
/// the others keep their numbers.
#[test]
fn a_gap_is_no_host() {
    let peers = Rc::new(RefCell::new(Vec::new()));
    let seen = peers.clone();
    let mut world = World::tuned(
        3,
        |config| config.hosts[1].present = false,
        move |_, ctx, _| seen.borrow_mut().push((ctx.me(), ctx.peers().collect::<Vec<_>>())),
    );
    world.until(5);
    assert_eq!(*peers.borrow(), [(N1, vec![N3]), (N3, vec![N1])]);
    assert_eq!(world.sim.members(), [N1, N3]);
    assert!(!world.sim.is_up(N2) && world.sim.submit(N2, 0).is_none());
}

type Reading = (LocalTime, (LocalTime, LocalTime), Duration);

fn read_at(
    millis: u64,
    tune: impl Fn(&mut seedbed_sim::HostConfig<crate::puppet::Params>),
) -> Reading {
    let read = Rc::new(RefCell::new(None));
    let out = read.clone();
    let mut world = World::tuned(
        1,
        |config| tune(&mut config.hosts[0]),
        move |_, ctx, event| {
            if let Event::Asked { .. } = event {
                *out.borrow_mut() = Some((ctx.now(), ctx.now_interval(), ctx.elapsed()));
            }
        },
    );
    world.order_at(millis, N1, 0).until(millis);
    let reading = *read.borrow();
    reading.unwrap()
}

/// The wall clock has an offset and a drift; the monotonic clock drifts only.
#[test]
fn the_two_clocks_differ() {
    let local = |millis: i64| LocalTime::from_nanos(millis * 1_000_000);
    let (now, interval, elapsed) = read_at(1000, |_| {});
    assert_eq!((now, elapsed), (local(1000), ms(1000)));
    assert_eq!(interval, (now, now));
    let (now, _, elapsed) = read_at(1000, |host| host.clock_offset_ns = -1_500_000_000);
    assert_eq!((now, elapsed), (local(-500), ms(1000)));
    let (now, _, elapsed) = read_at(1000, |host| {
        host.clock_offset_ns = 5_000_000;
        host.clock_drift_ppm = 100_000;
    });
    assert_eq!((now, elapsed), (local(1105), ms(1100)));
    let (now, interval, _) = read_at(1000, |host| host.clock_error = ms(7));
    assert_eq!(interval, (local(993), local(1007)));
    assert_eq!(now, local(1000));
}

/// Timers run on the monotonic clock: drift moves them, an offset does not.
#[test]
fn timers_run_on_the_monotonic_clock() {
    for (offset, drift_ppm, fires) in [(0, 0, 110), (1 << 40, 0, 110), (0, 1_000_000, 60)] {
        let mut world = World::tuned(
            1,
            |config| {
                config.hosts[0].clock_offset_ns = offset;
                config.hosts[0].clock_drift_ppm = drift_ppm;
            },
            |_, ctx, event| {
                if let Event::Asked { .. } = event {
                    ctx.set_timer(1, ms(100));
                }
            },
        );
        world.order_at(10, N1, 0);
        assert_eq!(world.sim.run(at(fires - 1)), Stop::Until);
        assert_eq!(world.log.take(), Vec::<String>::new());
        world.sim.run(at(fires));
        assert_eq!(world.log.take().len(), 1, "offset {offset}, drift {drift_ppm}");
    }
}

/// The clocks of a machine run on while its process is down.
#[test]
fn a_crash_stops_no_clock() {
    let mut world = World::new(1, |_, _, _| {});
    let hold = world.stop_at(10).inject(seedbed_sim::Fault::Crash(N1, None)).unwrap();
    world.stop_at(50).release(hold);
    world.until(60);
    assert_eq!(world.log.take_boots(), [(ms(0), N1), (ms(50), N1)]);
}

/// A timer so long that it never fires is no error.
#[test]
fn a_timer_may_never_fire() {
    let mut world = World::new(1, |_, ctx, event| {
        if event == Event::Boot {
            ctx.set_timer(1, Duration::MAX);
        }
    });
    assert_eq!(world.sim.run(at(1 << 40)), Stop::Until);
}
