//! Steps: one handler call, one atomic instant.

use seedbed_sim::{Condition, Distribution, Stop};

use crate::puppet::{Event, N1, N2, N3, World, at, ms, obey, spread, word};

/// A step's effects are applied when it returns, in program order.
#[test]
fn effects_leave_in_program_order() {
    let mut world = World::obeying(3, |ctx, _, _| {
        ctx.send(N2, word(1));
        ctx.set_timer(1, ms(1));
        ctx.broadcast(word(2));
        ctx.send(N2, word(3));
    });
    world.order_at(5, N1, 0);
    assert_eq!(
        world.seen(20),
        [
            "6ms n2 has 1 of n1",
            "6ms n1 timer 1",
            "6ms n2 has 2 of n1",
            "6ms n3 has 2 of n1",
            "6ms n2 has 3 of n1",
        ]
    );
}

/// Disk writes reach the host's cache at once, and a later read sees them.
#[test]
fn a_read_sees_the_write_before_it() {
    let mut world = World::new(1, |state, ctx, event| {
        if let Event::Asked { .. } = event {
            ctx.disk().append("log", b"ab").unwrap();
            *state = ctx.disk().read("log").unwrap().len() as u64;
        }
    });
    world.order_at(1, N1, 0).until(2);
    assert_eq!(world.sim.view().node(N1).unwrap().state, 2);
    assert_eq!(world.sim.view().disk(N1).len("log"), Some(2));
    assert_eq!(world.sim.view().durable(N1).len("log"), None);
}

/// The outputs of a step that takes time leave at its end, and the host handles nothing before.
#[test]
fn a_busy_host_answers_late_and_hears_late() {
    let mut world = World::new(2, |_, ctx, event| match event {
        Event::Asked { op: 0, .. } => {
            ctx.send(N2, word(1));
            ctx.busy(ms(3));
            ctx.busy(ms(2));
            ctx.set_timer(1, ms(1));
        }
        Event::Asked { op, .. } => ctx.send(N1, word(op)),
        Event::Boot | Event::Word { .. } | Event::Timer(_) => {}
    });
    world.order_at(10, N1, 0).order_at(11, N2, 2).order_at(12, N2, 3);
    assert_eq!(
        world.seen(50),
        ["15ms n1 has 2 of n2", "15ms n1 has 3 of n2", "16ms n2 has 1 of n1", "16ms n1 timer 1",]
    );
}

/// A message that is due at the very instant at which a step ends is handled after its outputs
/// have left, also if it was sent before the step began.
#[test]
fn the_end_of_a_step_comes_first_at_its_instant() {
    let mut world = World::new(2, |_, ctx, event| match event {
        Event::Asked { op: 0, .. } => {
            ctx.busy(ms(1));
            ctx.send(N1, word(7));
            ctx.send(N2, word(8));
        }
        Event::Asked { .. } => ctx.send(N1, word(1)),
        Event::Word { value: 1, .. } => ctx.send(N2, word(9)),
        Event::Boot | Event::Word { .. } | Event::Timer(_) => {}
    });
    world.order_at(10, N2, 1).order_at(10, N1, 0);
    assert_eq!(
        world.seen(50),
        [
            "11ms n1 has 1 of n2",
            "11ms n1 has 7 of n1",
            "12ms n2 has 8 of n1",
            "12ms n2 has 9 of n1",
        ]
    );
    assert_eq!(world.sim.messages().delivered, 3);
}

/// Each busy step holds back what came meanwhile, also when what came makes it busy again.
#[test]
fn busy_steps_follow_each_other() {
    let mut world = World::new(2, |_, ctx, event| match event {
        Event::Asked { .. } => (1..=3).for_each(|value| ctx.send(N2, word(value))),
        Event::Word { .. } => ctx.busy(ms(5)),
        Event::Boot | Event::Timer(_) => {}
    });
    world.order_at(0, N1, 0);
    assert_eq!(world.seen(50), ["1ms n2 has 1 of n1", "6ms n2 has 2 of n1", "11ms n2 has 3 of n1"]);
}

/// Reads return at once and their device time counts as busy.
#[test]
fn reading_takes_time() {
    let mut world = World::tuned(
        2,
        |config| config.hosts[0].disk.read = Distribution::Constant(2_000_000),
        obey(|ctx, _, order| match order {
            0 => ctx.disk().append("log", b"x").unwrap(),
            _ => {
                ctx.disk().read("log").unwrap();
                ctx.disk().read("log").unwrap();
                ctx.send(N2, word(1));
            }
        }),
    );
    world.order_at(1, N1, 0).order_at(10, N1, 1);
    assert_eq!(world.seen(30), ["15ms n2 has 1 of n1"]);
}

/// Events are ordered by time, then by the order in which they were made.
#[test]
fn equal_times_keep_the_order_in_which_they_were_made() {
    let mut world = World::obeying(3, |ctx, me, _| {
        let others: Vec<_> = ctx.peers().collect();
        others.into_iter().rev().for_each(|peer| ctx.send(peer, word(me.index() as u64)));
    });
    world.order_at(1, N3, 0).order_at(1, N1, 0).order_at(1, N2, 0);
    assert_eq!(
        world.seen(9),
        [
            "2ms n2 has 2 of n3",
            "2ms n1 has 2 of n3",
            "2ms n3 has 0 of n1",
            "2ms n2 has 0 of n1",
            "2ms n3 has 1 of n2",
            "2ms n1 has 1 of n2",
        ]
    );
}

/// Idle time costs nothing.
#[test]
fn nothing_happens_while_nothing_is_due() {
    let mut world = World::obeying(2, |ctx, _, _| ctx.set_timer(1, ms(3_600_000)));
    world.order_at(1, N1, 0).until(2);
    let before = world.sim.events();
    assert_eq!(world.sim.run(at(3_600_000)), Stop::Until);
    assert_eq!(world.sim.events(), before);
    assert_eq!(world.seen(3_700_000), ["3600001ms n1 timer 1"]);
    assert_eq!(world.sim.run(at(u64::MAX / 1_000_000)), Stop::Idle);
}

/// A message to oneself never crosses the network: handled as soon as it leaves, in the digest, in
/// no message count, with no word drawn.
#[test]
fn a_message_to_oneself_is_none_of_the_networks_business() {
    let play = |own: Option<u64>| {
        let mut world = World::tuned(
            2,
            |config| config.network.everywhere.latency = spread(),
            obey(move |ctx, _, _| {
                if let Some(value) = own {
                    ctx.send(N1, word(value));
                }
                ctx.send(N2, word(1));
            }),
        );
        let sent = world.sim.watch(Condition::Sent { kind: Some(0), count: 2 });
        world.order_at(5, N1, 0);
        let seen = world.seen(100);
        world.sim.unwatch(sent);
        (seen, world.sim.messages(), world.sim.digest())
    };
    let (seen, messages, digest) = play(Some(5));
    let (seen_without, messages_without, _) = play(None);
    assert_eq!(seen[0], "5ms n1 has 5 of n1");
    assert_eq!(seen[1..], seen_without, "the word of the other send is the same");
    assert_eq!(messages, messages_without);
    assert_eq!((messages.sent, messages.delivered), (1, 1));
    assert_ne!(digest, play(Some(6)).2);
}

/// A message to a host that does not exist is an error where it is made.
#[test]
fn nobody_sends_to_who_is_not_there() {
    for to in [crate::puppet::C1, seedbed_sim::NodeId::host(2)] {
        let mut world = World::obeying(2, move |ctx, _, _| ctx.send(to, word(1)));
        world.order_at(1, N1, 0);
        assert_eq!(world.sim.run(at(9)), Stop::Violation);
        let message = &world.sim.violations()[0].message;
        assert!(message.contains(&format!("n1 sends to {to}")), "{message}");
    }
}
