//! The sync gate: persist, then answer.

use seedbed_sim::{Answer, Milestone};

use crate::puppet::{Event, N1, N2, N3, World, at, ms, obey, word};

/// Outputs appended after a sync wait until what was written before it is durable; those before
/// the sync leave at once (a leader's parallel disk write).
#[test]
fn only_what_follows_the_sync_waits() {
    let mut world = World::obeying(2, |ctx, _, _| {
        ctx.disk().append("log", b"entry").unwrap();
        ctx.send(N2, word(1));
        ctx.sync();
        ctx.send(N2, word(2));
    });
    world.order_at(5, N1, 0);
    assert_eq!(world.seen(14), ["6ms n2 has 1 of n1"]);
    assert_eq!(world.sim.view().durable(N1).len("log"), None);
    assert_eq!(world.seen(30), ["16ms n2 has 2 of n1"]);
    assert_eq!(world.sim.view().durable(N1).len("log"), Some(5));
}

/// With nothing dirty or in flight a sync costs nothing: not an event, not a bit of the digest.
#[test]
fn a_sync_of_nothing_is_as_good_as_none() {
    let play = |syncs: bool| {
        let mut world = World::obeying(2, move |ctx, _, order| {
            if order == 0 {
                ctx.disk().append("log", b"entry").unwrap();
                ctx.sync();
            }
            if syncs {
                ctx.sync();
                ctx.sync_file("log");
                ctx.sync_dir("");
            }
            ctx.send(N2, word(1));
        });
        world.order_at(5, N2, 1).order_at(6, N1, 1);
        let clean = (world.seen(8), world.print());
        world.order_at(9, N1, 0).order_at(30, N1, 1);
        (clean, world.seen(40), world.print().0)
    };
    let (clean, later, events) = play(true);
    let (clean_without, later_without, events_without) = play(false);
    assert_eq!(clean, clean_without);
    assert_eq!(clean.0, ["5ms n2 has 1 of n2", "7ms n2 has 1 of n1"]);
    assert_eq!(later.last(), later_without.last(), "clean again");
    assert_eq!(events, events_without);
}

/// What earlier calls wrote is covered too.
#[test]
fn writes_of_earlier_calls_are_covered() {
    let mut world = World::obeying(2, |ctx, _, order| match order {
        0 => ctx.disk().append("log", b"entry").unwrap(),
        _ => {
            ctx.sync();
            ctx.send(N2, word(1));
        }
    });
    world.order_at(5, N1, 0).order_at(7, N1, 1);
    assert_eq!(world.seen(40), ["18ms n2 has 1 of n1"]);
}

/// A sync that is in flight and covers everything is joined, not repeated.
#[test]
fn a_sync_in_flight_is_joined() {
    let mut world = World::obeying(3, |ctx, _, order| {
        if order == 0 {
            ctx.disk().append("log", b"entry").unwrap();
        }
        ctx.sync();
        ctx.send(if order == 0 { N2 } else { N3 }, word(order));
    });
    world.order_at(5, N1, 0).order_at(8, N1, 1);
    assert_eq!(world.seen(40), ["16ms n2 has 0 of n1", "16ms n3 has 1 of n1"]);
}

/// Several syncs of one call, or of several, let their outputs go one after the other.
#[test]
fn syncs_complete_in_order() {
    let mut world = World::obeying(2, |ctx, _, order| {
        for value in [10 * order, 10 * order + 1] {
            ctx.disk().append("log", b"entry").unwrap();
            ctx.sync();
            ctx.send(N2, word(value));
        }
    });
    world.order_at(5, N1, 1).order_at(6, N1, 2);
    assert_eq!(
        world.seen(90),
        [
            "16ms n2 has 10 of n1",
            "26ms n2 has 11 of n1",
            "36ms n2 has 20 of n1",
            "46ms n2 has 21 of n1",
        ]
    );
}

/// The gate belongs to one call: the next one's outputs leave at once.
#[test]
fn a_gate_holds_one_call_only() {
    let mut world = World::obeying(2, |ctx, _, order| {
        if order == 0 {
            ctx.disk().append("log", b"entry").unwrap();
            ctx.sync();
        }
        ctx.send(N2, word(order));
    });
    world.order_at(5, N1, 0).order_at(6, N1, 1);
    assert_eq!(world.seen(40), ["7ms n2 has 1 of n1", "16ms n2 has 0 of n1"]);
}

/// Sends, broadcasts, replies and messages to oneself are gated.
#[test]
fn every_output_is_gated() {
    let mut world = World::new(3, |_, ctx, event| {
        if let Event::Asked { id, .. } = event {
            ctx.disk().append("log", b"entry").unwrap();
            ctx.sync();
            ctx.send(N1, word(1));
            ctx.broadcast(word(2));
            ctx.reply(id, 9);
            ctx.send(N3, word(3));
        }
    });
    world.order_at(5, N1, 0);
    assert_eq!(world.seen(14), Vec::<String>::new());
    assert_eq!(world.sim.messages().sent, 0);
    assert_eq!(world.sim.submission(0).answer, None);
    assert_eq!(
        world.seen(40),
        [
            "15ms n1 has 1 of n1",
            "16ms n2 has 2 of n1",
            "16ms n3 has 2 of n1",
            "16ms n3 has 3 of n1",
        ]
    );
    assert_eq!(world.sim.messages().sent, 3);
    assert_eq!(world.sim.submission(0).answer, Some(Answer::Done(9)));
}

/// Timers, notes, milestones, deliveries and disk writes are not gated.
#[test]
fn what_is_no_output_is_not_gated() {
    let mut world = World::obeying(1, |ctx, _, _| {
        ctx.disk().append("log", b"entry").unwrap();
        ctx.sync();
        ctx.set_timer(1, ms(2));
        ctx.reached("there");
        ctx.disk().append("log", b"more").unwrap();
    });
    world.sim.set_milestones(vec![Milestone::reported("there", "got there")]);
    world.order_at(5, N1, 0);
    assert_eq!(world.seen(9), ["7ms n1 timer 1"]);
    assert_eq!(world.sim.view().disk(N1).len("log"), Some(9));
    let reached = world.sim.milestones().find(|(name, ..)| *name == "there").unwrap();
    assert_eq!(reached.1, Some(at(5)));
    world.until(40);
    assert_eq!(world.sim.view().durable(N1).len("log"), Some(5), "written after the sync");
}

/// A sync covers names as well as data.
#[test]
fn a_sync_covers_names() {
    let mut world = World::obeying(2, |ctx, _, _| {
        ctx.disk().append("new", b"entry").unwrap();
        ctx.disk().rename("new", "log").unwrap();
        ctx.sync();
        ctx.send(N2, word(1));
    });
    world.order_at(5, N1, 0);
    assert_eq!(world.seen(40), ["16ms n2 has 1 of n1"]);
    let world = world.sim.view();
    assert_eq!((world.durable(N1).len("log"), world.durable(N1).len("new")), (Some(5), None));
}

/// The narrow forms wait for what they name, and only for that.
#[test]
fn narrow_syncs_cover_one_file_or_one_directory() {
    let mut world = World::obeying(2, |ctx, _, order| match order {
        0 => {
            ctx.disk().append("a", b"1").unwrap();
            ctx.disk().append("b", b"2").unwrap();
        }
        1 => {
            ctx.sync_file("a");
            ctx.send(N2, word(1));
        }
        _ => {
            ctx.sync_dir("");
            ctx.send(N2, word(2));
        }
    });
    world.order_at(5, N1, 0).order_at(6, N1, 1);
    assert_eq!(world.seen(29), ["17ms n2 has 1 of n1"]);
    assert_eq!(world.sim.view().durable(N1).len("a"), None, "its name is not durable");
    world.order_at(30, N1, 2);
    assert_eq!(world.seen(60), ["41ms n2 has 2 of n1"]);
    let world = world.sim.view();
    assert_eq!((world.durable(N1).len("a"), world.durable(N1).len("b")), (Some(1), Some(0)));
}

/// A narrow sync that joins an earlier one takes nothing away from the sync before it.
#[test]
fn a_narrow_sync_lowers_no_gate() {
    let mut world = World::obeying(2, |ctx, _, order| match order {
        0 => {
            ctx.disk().append("a", b"1").unwrap();
            ctx.sync();
        }
        _ => {
            ctx.disk().append("b", b"2").unwrap();
            ctx.sync();
            ctx.sync_file("a");
            ctx.send(N2, word(1));
        }
    });
    world.order_at(5, N1, 0).order_at(6, N1, 1);
    assert_eq!(world.seen(60), ["26ms n2 has 1 of n1"]);
}

/// A sync that completes while the step that joined it still lasts holds nothing.
#[test]
fn a_sync_may_complete_before_the_step_that_joined_it() {
    let mut world = World::obeying(2, |ctx, _, order| {
        if order == 0 {
            ctx.disk().append("log", b"entry").unwrap();
            ctx.sync();
        } else {
            ctx.sync();
            ctx.busy(ms(20));
            ctx.send(N2, word(1));
        }
    });
    world.order_at(5, N1, 0).order_at(6, N1, 1);
    assert_eq!(world.seen(90), ["27ms n2 has 1 of n1"]);
}

/// A message takes its random word in the order of sends, also when it is gated.
#[test]
fn a_gate_changes_no_latency() {
    let play = |gated: bool| {
        let mut world = World::tuned(
            2,
            |config| config.network.everywhere.latency = crate::puppet::spread(),
            obey(move |ctx, _, _| {
                if gated {
                    ctx.disk().append("log", b"entry").unwrap();
                    ctx.sync();
                }
                ctx.send(N2, word(1));
                ctx.send(N2, word(2));
            }),
        );
        world.order_at(5, N1, 0);
        let seen = world.seen(200);
        let arrivals = seen.iter().map(|line| line.split(' ').next().unwrap().to_owned());
        arrivals.map(|time| time.trim_end_matches("ns").parse().unwrap()).collect::<Vec<u64>>()
    };
    let later: Vec<u64> = play(false).iter().map(|nanos| nanos + 10_000_000).collect();
    assert_eq!(play(true), later);
}
