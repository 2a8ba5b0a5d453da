//! Pauses: the disk goes on and the process does not.

use seedbed_sim::{CrashModel, Fault, HoldId};

use crate::puppet::{Event, N1, N2, World, ms, obey, word};

fn pause(world: &mut World, millis: u64) -> HoldId {
    world.stop_at(millis).inject(Fault::Pause(N1)).expect("a host to pause")
}

/// Gated outputs whose disk finishes during a pause leave on resume.
#[test]
fn the_disk_goes_on() {
    let mut world = World::obeying(2, |ctx, _, _| {
        ctx.disk().append("log", b"x").unwrap();
        ctx.sync();
        ctx.send(N2, word(1));
    });
    world.order_at(5, N1, 0);
    let hold = pause(&mut world, 6);
    world.until(50);
    assert!(world.sim.is_paused(N1) && world.sim.is_up(N1));
    assert_eq!(world.sim.view().durable(N1).len("log"), Some(1));
    world.sim.release(hold);
    assert_eq!(world.seen(90), ["51ms n2 has 1 of n1"]);
}

/// Due timers and arrived messages are handled on resume, in order of due time; the clocks have
/// run on.
#[test]
fn what_came_due_is_handled_in_order() {
    let mut world = World::obeying(2, |ctx, me, order| match me {
        N1 => {
            ctx.set_timer(1, ms(20));
            ctx.set_timer(2, ms(60));
            ctx.set_timer(3, ms(30));
        }
        _ => ctx.send(N1, word(order)),
    });
    world.order_at(5, N1, 0);
    let hold = pause(&mut world, 6);
    world.order_at(10, N2, 1).order_at(26, N2, 2).order_at(40, N2, 3);
    world.stop_at(50).release(hold);
    assert_eq!(
        world.seen(90),
        [
            "50ms n1 has 1 of n2",
            "50ms n1 timer 1",
            "50ms n1 has 2 of n2",
            "50ms n1 timer 3",
            "50ms n1 has 3 of n2",
            "65ms n1 timer 2",
        ]
    );
}

/// What is handled on resume may still change what waits behind it: a timer that is cancelled
/// does not fire, and one that is set again fires at its new time.
#[test]
fn the_first_of_the_inbox_may_cancel_the_rest() {
    let mut world = World::new(2, |_, ctx, event| match event {
        Event::Asked { .. } if ctx.me() == N1 => {
            (1..=4).for_each(|timer| ctx.set_timer(timer, ms(20)));
        }
        Event::Asked { op, .. } => ctx.send(N1, word(op)),
        Event::Word { value: 1, .. } => {
            ctx.cancel_timer(1);
            ctx.set_timer(2, ms(5));
            ctx.set_timer(3, ms(0));
        }
        Event::Boot | Event::Word { .. } | Event::Timer(_) => {}
    });
    world.order_at(5, N1, 0);
    let hold = pause(&mut world, 6);
    world.order_at(7, N2, 1).order_at(40, N2, 2);
    world.stop_at(50).release(hold);
    assert_eq!(
        world.seen(90),
        [
            "50ms n1 has 1 of n2",
            "50ms n1 timer 4",
            "50ms n1 has 2 of n2",
            "50ms n1 timer 3",
            "55ms n1 timer 2",
        ]
    );
}

/// Arriving messages wait in a bounded inbox; what does not fit is dropped and counted.
#[test]
fn the_inbox_is_bounded() {
    let mut world = World::tuned(
        2,
        |config| config.inbox = 3,
        obey(|ctx, me, _| match me {
            N1 => ctx.set_timer(9, ms(1)),
            _ => (0..5).for_each(|value| ctx.send(N1, word(value))),
        }),
    );
    world.order_at(5, N1, 0);
    let hold = pause(&mut world, 5);
    world.order_at(6, N2, 0).until(30);
    assert_eq!(world.sim.messages().in_flight_at_end, 3);
    world.sim.release(hold);
    assert_eq!(
        world.seen(90),
        ["30ms n1 timer 9", "30ms n1 has 0 of n2", "30ms n1 has 1 of n2", "30ms n1 has 2 of n2",]
    );
    let messages = world.sim.messages();
    assert_eq!((messages.sent, messages.delivered, messages.queue_dropped), (5, 3, 2));
}

/// A message to oneself crosses no network and is never dropped on the way.
#[test]
fn a_full_inbox_takes_what_a_host_says_to_itself() {
    let mut world = World::tuned(
        2,
        |config| config.inbox = 2,
        obey(|ctx, me, _| match me {
            N1 => {
                ctx.busy(ms(20));
                ctx.send(N1, word(100));
            }
            _ => (0..3).for_each(|value| ctx.send(N1, word(value))),
        }),
    );
    world.order_at(5, N1, 0).order_at(6, N2, 0);
    assert_eq!(
        world.seen(90),
        ["25ms n1 has 0 of n2", "25ms n1 has 1 of n2", "25ms n1 has 100 of n1"]
    );
    assert_eq!(world.sim.messages().queue_dropped, 1);
}

/// A step whose time is up during a pause ends on resume.
#[test]
fn a_paused_step_does_not_end() {
    let mut world = World::obeying(2, |ctx, me, order| match me {
        N1 => {
            ctx.busy(ms(10));
            ctx.send(N2, word(1));
        }
        _ => ctx.send(N1, word(order)),
    });
    world.order_at(5, N1, 0);
    let hold = pause(&mut world, 6);
    world.order_at(7, N2, 2);
    world.stop_at(50).release(hold);
    let expected = ["50ms n1 has 2 of n2", "51ms n2 has 1 of n1"];
    assert_eq!(world.seen(90), expected);
    world.order_at(100, N1, 0);
    let hold = pause(&mut world, 101);
    world.stop_at(105).release(hold);
    assert_eq!(world.seen(200), ["111ms n2 has 1 of n1"], "a short pause changes nothing");
}

/// Each fault holds what it took: a host is free when no fault holds it.
#[test]
fn pauses_overlap() {
    let mut world = World::obeying(2, |ctx, _, order| ctx.send(N1, word(order)));
    let first = pause(&mut world, 5);
    let second = pause(&mut world, 6);
    world.order_at(7, N2, 1);
    world.stop_at(20).release(first);
    world.sim.release(first);
    assert_eq!(world.seen(30), Vec::<String>::new());
    world.sim.release(second);
    assert_eq!(world.seen(40), ["30ms n1 has 1 of n2"]);
}

/// A pause ends with the process that it held: its hold does nothing to the next life.
#[test]
fn a_crash_ends_a_pause() {
    let mut world = World::obeying(2, |ctx, _, order| ctx.send(N1, word(order)));
    let old = pause(&mut world, 5);
    world.sim.inject(Fault::Crash(N1, Some(CrashModel::Strict))).unwrap();
    assert!(world.sim.restart(N1));
    world.order_at(10, N2, 1);
    assert_eq!(world.seen(20), ["11ms n1 has 1 of n2"]);
    let new = pause(&mut world, 21);
    world.order_at(22, N2, 2);
    world.stop_at(30).release(old);
    assert_eq!(world.seen(40), Vec::<String>::new());
    world.sim.release(new);
    assert_eq!(world.seen(50), ["40ms n1 has 2 of n2"]);
}

/// A restart ends all holds on its host, pauses too.
#[test]
fn a_restart_ends_pauses() {
    let mut world = World::obeying(2, |ctx, _, order| ctx.send(N1, word(order)));
    pause(&mut world, 5);
    world.sim.inject(Fault::Pause(N1)).unwrap();
    world.order_at(6, N2, 1);
    assert!(world.stop_at(9).restart(N1));
    assert!(!world.sim.restart(N1), "it is up and free");
    assert_eq!(world.seen(20), ["9ms n1 has 1 of n2"]);
}
