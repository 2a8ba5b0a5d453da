//! Faults of clocks, in nanoseconds.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use seedbed_sim::{ClockFault, Fault, HoldId};

use crate::puppet::{Event, N1, N2, World, at, ms};

const HOUR_MS: u64 = 3_600_000;

/// Something that may put a clock right.
type Heal = fn(&mut World);

/// What a host reads: its wall clock, and its monotonic clock, in nanoseconds.
type Readings = Rc<RefCell<Vec<(i64, u128)>>>;

/// Hosts that read their clocks on order, or set a timer to go off after so many milliseconds.
fn readers() -> (World, Readings) {
    let readings = Readings::default();
    let out = readings.clone();
    let world = World::new(2, move |_, ctx, event| match event {
        Event::Asked { op: 0, .. } => {
            let reading = (ctx.now().nanos(), ctx.elapsed().as_nanos());
            out.borrow_mut().push(reading);
        }
        Event::Asked { op, .. } => ctx.set_timer(op as u8, ms(op)),
        Event::Timer(_) => out.borrow_mut().push((ctx.now().nanos(), ctx.elapsed().as_nanos())),
        Event::Boot | Event::Word { .. } => {}
    });
    (world, readings)
}

fn read(world: &mut World, readings: &Readings, millis: u64) -> (i64, u128) {
    world.order_at(millis, N1, 0).until(millis);
    readings.borrow_mut().pop().expect("a reading")
}

fn inject(world: &mut World, millis: u64, fault: ClockFault) -> HoldId {
    world.stop_at(millis).inject(Fault::Clock(N1, fault)).expect("a fault that takes effect")
}

const fn nanos(millis: u64) -> i64 {
    millis as i64 * 1_000_000
}

/// 100 ppm over a virtual hour are 360 ms, on both clocks, and of no other host's.
#[test]
fn a_drift_of_100_ppm_gains_360_ms_an_hour() {
    let (mut world, readings) = readers();
    let hold = inject(&mut world, 1_000, ClockFault::Drift(100_000));
    let (wall, monotonic) = read(&mut world, &readings, 1_000 + HOUR_MS);
    let expected = nanos(1_000 + HOUR_MS + 360);
    assert!(wall.abs_diff(expected) <= 1, "{wall}");
    assert!(monotonic.abs_diff(expected as u128) <= 1, "{monotonic}");
    world.order_at(1_000 + HOUR_MS, N2, 0).until(1_000 + HOUR_MS);
    assert_eq!(readings.borrow_mut().pop().unwrap().0, nanos(1_000 + HOUR_MS));
    // Let go, it keeps what it gained and gains no more.
    world.sim.release(hold);
    let (wall, _) = read(&mut world, &readings, 1_000 + 2 * HOUR_MS);
    assert!(wall.abs_diff(nanos(1_000 + 2 * HOUR_MS + 360)) <= 2, "{wall}");
}

/// Drifts add up, also to that of the host's own settings, and each ends by itself.
#[test]
fn drifts_add_up() {
    let (mut world, readings) = readers();
    let first = inject(&mut world, 0, ClockFault::Drift(100_000_000));
    let second = inject(&mut world, 0, ClockFault::Drift(400_000_000));
    assert_eq!(read(&mut world, &readings, 1_000).0, nanos(1_500));
    world.sim.release(first);
    assert!(read(&mut world, &readings, 2_000).0.abs_diff(nanos(2_900)) <= 1);
    world.sim.release(second);
    assert!(read(&mut world, &readings, 3_000).0.abs_diff(nanos(3_900)) <= 2);
}

/// A timer that was set before the drift changed fires at the right local time.
#[test]
fn timers_follow_a_change_of_drift() {
    for (ppb, wall_ms) in [(1_000_000_000, 150), (-500_000_000, 300)] {
        let (mut world, readings) = readers();
        // Due at 200 ms on its clock.
        world.order_at(0, N1, 200);
        let hold = inject(&mut world, 100, ClockFault::Drift(ppb));
        world.until(wall_ms - 1);
        assert_eq!(readings.borrow().len(), 0);
        world.until(wall_ms);
        assert_eq!(*readings.borrow(), [(nanos(200), 200_000_000)]);
        // And one that was set while it drifted, after it does not any more.
        world.order_at(wall_ms, N1, 100).until(wall_ms + 1);
        readings.borrow_mut().clear();
        world.sim.release(hold);
        world.until(wall_ms + 1_000);
        let due = readings.borrow()[0].1;
        assert!(due.abs_diff(300_000_000) <= 3, "{due}");
    }
}

/// Timers that have fired, and those that wait for their host, are not moved.
#[test]
fn old_timers_stay_where_they_were() {
    let (mut world, readings) = readers();
    world.order_at(0, N1, 10).order_at(0, N1, 90).until(20);
    let hold = inject(&mut world, 30, ClockFault::Drift(500_000_000));
    world.stop_at(40).release(hold);
    let pause = world.stop_at(50).inject(Fault::Pause(N1)).unwrap();
    // The second one is due at 85 ms, and waits.
    inject(&mut world, 86, ClockFault::Freeze);
    world.stop_at(88).release(pause);
    world.until(200);
    let fired: Vec<i64> = readings.borrow().iter().map(|reading| reading.0).collect();
    assert_eq!(fired, [nanos(10), nanos(91)]);
}

/// A step moves the wall clock of its host by so much, for good, and no timer.
#[test]
fn a_step_moves_the_wall_clock_once() {
    let (mut world, readings) = readers();
    world.order_at(0, N1, 60);
    inject(&mut world, 10, ClockFault::Step(nanos(500)));
    assert_eq!(read(&mut world, &readings, 20), (nanos(520), 20_000_000));
    inject(&mut world, 30, ClockFault::Step(-nanos(700)));
    assert_eq!(read(&mut world, &readings, 40), (nanos(40) - nanos(200), 40_000_000));
    world.stop_at(50).heal();
    world.until(60);
    assert_eq!(readings.borrow_mut().pop().unwrap(), (nanos(60) - nanos(200), 60_000_000));
}

/// The wall clock is off for one period, right for the next, and so on; then it is right.
#[test]
fn a_strobe_jumps_to_and_fro() {
    let (mut world, readings) = readers();
    let strobe = ClockFault::Strobe { by_ns: -nanos(200), period: ms(10) };
    let hold = inject(&mut world, 100, strobe);
    for millis in 100..200 {
        let off = if (millis - 100) / 10 % 2 == 0 { -nanos(200) } else { 0 };
        let (wall, monotonic) = read(&mut world, &readings, millis);
        assert_eq!((wall, monotonic), (nanos(millis) + off, u128::from(millis) * 1_000_000));
    }
    world.stop_at(205).release(hold);
    assert_eq!(read(&mut world, &readings, 205).0, nanos(205));
}

/// While the clocks stand still no timer fires; they go on from where they stopped.
#[test]
fn a_freeze_stops_both_clocks_and_all_timers() {
    let (mut world, readings) = readers();
    world.order_at(0, N1, 50);
    let hold = inject(&mut world, 20, ClockFault::Freeze);
    assert_eq!(read(&mut world, &readings, 70), (nanos(20), 20_000_000));
    // Set while frozen: due 5 ms after the clocks go on.
    world.order_at(80, N1, 5).until(999);
    assert_eq!(readings.borrow().len(), 0);
    world.stop_at(1_000).release(hold);
    world.until(1_005);
    assert_eq!(*readings.borrow(), [(nanos(25), 25_000_000)]);
    world.until(1_029);
    assert_eq!(readings.borrow().len(), 1);
    world.until(1_030);
    assert_eq!(readings.borrow()[1], (nanos(50), 50_000_000));
}

/// The clocks of a host that crashes while they stand still, and boots again, do not move; a
/// second freeze holds them until it is over as well.
#[test]
fn freezes_overlap_and_outlast_a_crash() {
    let (mut world, readings) = readers();
    let first = inject(&mut world, 10, ClockFault::Freeze);
    let second = inject(&mut world, 10, ClockFault::Freeze);
    let crash = world.stop_at(20).inject(Fault::Crash(N1, None)).unwrap();
    world.stop_at(30).release(crash);
    world.order_at(40, N1, 7);
    world.stop_at(50).release(first);
    assert_eq!(read(&mut world, &readings, 60), (nanos(10), 10_000_000));
    world.stop_at(70).release(second);
    world.until(76);
    assert_eq!(readings.borrow().len(), 0);
    world.until(77);
    assert_eq!(*readings.borrow(), [(nanos(17), 17_000_000)]);
}

/// The wall clock alone may stand still: timers go on.
#[test]
fn a_frozen_wall_clock_stops_no_timer() {
    let (mut world, readings) = readers();
    world.order_at(0, N1, 50);
    let hold = inject(&mut world, 20, ClockFault::FreezeWall);
    world.until(50);
    assert_eq!(readings.borrow_mut().pop().unwrap(), (nanos(20), 50_000_000));
    world.stop_at(60).release(hold);
    assert_eq!(read(&mut world, &readings, 70), (nanos(30), 70_000_000));
}

/// What would change nothing has no effect.
#[test]
fn nothing_is_no_fault() {
    let (mut world, _) = readers();
    let faults = [
        ClockFault::Step(0),
        ClockFault::Drift(0),
        ClockFault::Strobe { by_ns: 0, period: ms(1) },
        ClockFault::Strobe { by_ns: 1, period: Duration::ZERO },
    ];
    for fault in faults {
        assert_eq!(world.stop_at(0).inject(Fault::Clock(N1, fault)), None, "{fault:?}");
    }
}

/// Heal, and a heal of the host, end what clock faults hold; a restart does not touch clocks.
#[test]
fn heal_puts_clocks_right() {
    let heals: [(bool, Heal); 3] = [
        (true, |world| world.sim.heal()),
        (true, |world| assert!(world.sim.free_hosts(&[N1]))),
        (false, |world| {
            world.sim.restart(N1);
        }),
    ];
    for (ends, heal) in heals {
        let (mut world, readings) = readers();
        inject(&mut world, 0, ClockFault::Drift(1_000_000_000));
        inject(&mut world, 0, ClockFault::Strobe { by_ns: 7, period: Duration::from_secs(100) });
        world.stop_at(100);
        heal(&mut world);
        let expected = if ends { nanos(300) } else { nanos(400) + 7 };
        assert_eq!(read(&mut world, &readings, 200).0, expected);
    }
}

/// A clock that nobody looks at takes no event; every clock fault is in the digest, with its size.
#[test]
fn idle_clocks_cost_no_events_and_faults_are_in_the_digest() {
    let run = |fault: Option<ClockFault>| {
        let (mut world, _) = readers();
        world.stop_at(1);
        if let Some(fault) = fault {
            world.sim.inject(Fault::Clock(N1, fault)).unwrap();
        }
        world.sim.run(at(HOUR_MS));
        world.print()
    };
    let mut digests = vec![run(None)];
    for by in [10, 11] {
        digests.push(run(Some(ClockFault::Step(by))));
        digests.push(run(Some(ClockFault::Drift(by))));
        digests.push(run(Some(ClockFault::Strobe { by_ns: by, period: ms(1) })));
    }
    digests.push(run(Some(ClockFault::Freeze)));
    digests.push(run(Some(ClockFault::FreezeWall)));
    let events = digests[0].0;
    assert!(digests.iter().all(|(count, _)| *count == events), "{digests:?}");
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), 9);
}
