//! Crashes, incarnations, and supervisors.

use std::collections::BTreeSet;

use seedbed_sim::{CrashModel, Fault, RESTARTED, Stop, UNSYNCED_DATA_LOST};

use crate::puppet::{Event, N1, N2, World, at, ms, obey, word};

fn crash(world: &mut World, millis: u64, model: CrashModel) -> seedbed_sim::HoldId {
    let hold = world.stop_at(millis).inject(Fault::Crash(N1, Some(model)));
    hold.expect("a host to crash")
}

/// A crash drops memory and gated outputs; what is durable survives.
#[test]
fn memory_and_gated_outputs_are_gone() {
    let mut world = World::new(2, |state, ctx, event| {
        if let Event::Asked { op, .. } = event {
            *state = op;
            ctx.disk().append("log", &[op as u8]).unwrap();
            ctx.sync();
            ctx.send(N2, word(op));
        }
    });
    world.order_at(5, N1, 1).order_at(20, N1, 2);
    let hold = crash(&mut world, 25, CrashModel::Strict);
    assert!(world.sim.view().node(N1).is_none() && !world.sim.is_up(N1));
    world.stop_at(50).release(hold);
    assert_eq!(world.seen(90), ["16ms n2 has 1 of n1"]);
    let view = world.sim.view();
    assert_eq!(view.node(N1).unwrap().state, 0);
    assert_eq!(view.disk(N1).read("log").unwrap(), &[1][..]);
    assert_eq!(world.sim.messages().sent, 1);
    assert_eq!(world.sim.messages().in_flight_at_end, 0);
}

/// What the crash models leave of three writes and a long fourth, over many seeds.
fn survivors(model: CrashModel, synced: bool) -> BTreeSet<Vec<Option<u64>>> {
    let survivors = (0..300).map(|seed| {
        let mut world = World::tuned(
            1,
            |config| config.seed = seed,
            obey(move |ctx, _, _| {
                for file in ["a", "b", "c"] {
                    ctx.disk().append(file, b"x").unwrap();
                }
                ctx.sync();
            }),
        );
        world.order_at(1, N1, 0);
        let when = if synced { 15 } else { 5 };
        let hold = crash(&mut world, when, model);
        world.stop_at(20).release(hold);
        world.until(30);
        let disk = world.sim.view().disk(N1);
        ["a", "b", "c"].map(|file| disk.len(file)).to_vec()
    });
    survivors.collect()
}

/// `strict` leaves none of the un-synced writes, `ordered` a prefix, `reorder` any subset; and a
/// sync of several files is not atomic: a crash while it is in flight takes them apart.
#[test]
fn each_model_leaves_its_own() {
    let nothing = vec![None, None, None];
    let all = vec![Some(1), Some(1), Some(1)];
    assert_eq!(survivors(CrashModel::Strict, false), BTreeSet::from([nothing.clone()]));
    let ordered = survivors(CrashModel::Ordered, false);
    assert_eq!(ordered, survivors(CrashModel::Torn, false), "one byte cannot be torn");
    assert_eq!(ordered.len(), 7, "a prefix of three names and three writes: {ordered:?}");
    assert!(ordered.contains(&nothing) && ordered.contains(&all));
    assert!(ordered.contains(&vec![Some(1), Some(0), None]));
    assert!(ordered.iter().all(|left| left[2].is_none() || left[0] == Some(1)));
    let reorder = survivors(CrashModel::Reorder, false);
    assert!(reorder.contains(&vec![None, None, Some(1)]), "{reorder:?}");
    for model in [CrashModel::Strict, CrashModel::Torn, CrashModel::Reorder] {
        assert_eq!(survivors(model, true), BTreeSet::from([all.clone()]), "durable is durable");
    }
}

/// `torn`, the default, cuts the last write at a sector.
#[test]
fn a_torn_write_ends_at_a_sector() {
    let lengths: BTreeSet<_> = (0..200)
        .map(|seed| {
            let mut world = World::tuned(
                1,
                |config| config.seed = seed,
                obey(|ctx, _, _| ctx.disk().append("log", &[1; 1200]).unwrap()),
            );
            world.order_at(1, N1, 0);
            world.stop_at(2).inject(Fault::Crash(N1, None)).unwrap();
            world.sim.view().disk(N1).len("log").unwrap_or(0)
        })
        .collect();
    assert_eq!(lengths, BTreeSet::from([0, 512, 1024, 1200]));
}

/// Timers, disk operations and busy time die with their incarnation.
#[test]
fn nothing_of_the_old_life_reaches_the_new_one() {
    let mut world = World::obeying(2, |ctx, _, order| match order {
        0 => {
            ctx.set_timer(1, ms(20));
            ctx.disk().append("log", b"x").unwrap();
            ctx.sync();
            ctx.send(N2, word(1));
        }
        1 => {
            ctx.send(N2, word(2));
            ctx.busy(ms(1000));
        }
        // Later than the timer of the same tag that the old life had set.
        _ => {
            ctx.send(N2, word(3));
            ctx.set_timer(1, ms(50));
        }
    });
    world.order_at(5, N1, 0).order_at(6, N1, 1);
    let hold = crash(&mut world, 8, CrashModel::Strict);
    world.stop_at(9).release(hold);
    world.order_at(10, N1, 2);
    assert_eq!(world.seen(3000), ["11ms n2 has 3 of n1", "60ms n1 timer 1"]);
    assert_eq!(world.sim.view().disk(N1).len("log"), None);
}

/// Datagrams in flight from an old incarnation still arrive; those on their way to it arrive at
/// the new one, which may so get replies that were meant for its predecessor.
#[test]
fn datagrams_outlive_their_hosts() {
    let mut world = World::tuned(
        2,
        |config| {
            config.network.everywhere.latency = seedbed_sim::Distribution::Constant(10_000_000);
        },
        |_, ctx, event| match event {
            Event::Asked { op, .. } => ctx.send(N2, word(op)),
            Event::Word { from, value } if from == N1 => ctx.send(from, word(value + 1)),
            Event::Boot | Event::Word { .. } | Event::Timer(_) => {}
        },
    );
    world.order_at(5, N1, 1);
    let hold = crash(&mut world, 6, CrashModel::Strict);
    world.stop_at(20).release(hold);
    assert_eq!(world.seen(99), ["15ms n2 has 1 of n1", "25ms n1 has 2 of n2"]);
}

/// What comes to a host that is down is counted and gone; so is what waited in its inbox.
#[test]
fn a_host_that_is_down_takes_nothing() {
    let mut world = World::obeying(2, |ctx, me, order| match me {
        N1 => ctx.busy(ms(50)),
        _ => ctx.send(N1, word(order)),
    });
    world.order_at(5, N1, 0).order_at(6, N2, 1);
    let hold = crash(&mut world, 10, CrashModel::Strict);
    world.order_at(11, N2, 2);
    world.stop_at(20).release(hold);
    world.order_at(21, N2, 3);
    assert_eq!(world.seen(99), ["22ms n1 has 3 of n2"]);
    let messages = world.sim.messages();
    assert_eq!((messages.sent, messages.delivered, messages.host_down), (3, 1, 2));
}

/// A crash of a dead host has not taken effect, nor has a pause of one.
#[test]
fn a_dead_host_cannot_die() {
    let mut world = World::obeying(1, |_, _, _| {});
    crash(&mut world, 5, CrashModel::Strict);
    let before = world.sim.digest();
    assert_eq!(world.sim.inject(Fault::Crash(N1, None)), None);
    assert_eq!(world.sim.inject(Fault::Pause(N1)), None);
    assert_eq!(world.sim.inject(Fault::Cut(Vec::new())), None);
    assert_eq!(world.sim.digest(), before);
}

fn suicidal() -> World {
    World::obeying(2, |ctx, _, order| {
        ctx.send(N2, word(order));
        if order == 1 {
            ctx.crash();
        }
    })
}

/// `ctx.crash()` takes effect when the step ends, and a supervisor restarts the host.
#[test]
fn a_supervisor_restarts_who_crashes() {
    let mut world = suicidal();
    world.order_at(5, N1, 1);
    world.stop_at(6);
    assert!(!world.sim.is_up(N1));
    world.until(1004);
    assert!(!world.sim.is_up(N1));
    world.until(1005);
    assert!(world.sim.is_up(N1));
    assert_eq!(world.log.take(), ["6ms n2 has 1 of n1"]);
    let restarted = world.sim.milestones().find(|(name, ..)| *name == RESTARTED).unwrap();
    assert_eq!(restarted.1, Some(at(1005)));
}

/// A supervisor restarts the life that it saw end, and no later one.
#[test]
fn a_supervisor_frees_nobody_from_a_fault() {
    let mut world = suicidal();
    world.order_at(5, N1, 1);
    assert!(world.stop_at(100).restart(N1));
    crash(&mut world, 200, CrashModel::Strict);
    world.until(5000);
    assert!(!world.sim.is_up(N1), "the crash still holds it");
    assert!(world.sim.restart(N1));
    world.until(5001);
    assert!(world.sim.is_up(N1));
}

/// A host that crashes whenever it boots is restarted once a time.
#[test]
fn a_crash_loop_takes_its_time() {
    let mut world = World::new(1, |_, ctx, event| {
        if event == Event::Boot {
            ctx.crash();
        }
    });
    world.until(100);
    world.sim.heal();
    world.until(2500);
    let boots: Vec<_> = world.log.take_boots().iter().map(|(at, _)| at.as_millis()).collect();
    assert_eq!(boots, [0, 100, 1100, 2100]);
}

/// The kernel reports on its own when a crash has lost un-synced data.
#[test]
fn losing_data_is_a_milestone() {
    for (writes, lost) in [(false, None), (true, Some(at(5)))] {
        let mut world = World::obeying(1, move |ctx, _, _| {
            if writes {
                ctx.disk().append("log", b"x").unwrap();
            }
        });
        world.order_at(1, N1, 0);
        crash(&mut world, 5, CrashModel::Strict);
        let milestone = world.sim.milestones().find(|(name, ..)| *name == UNSYNCED_DATA_LOST);
        assert_eq!(milestone.unwrap().1, lost);
        assert_eq!(world.sim.run(at(9)), Stop::Idle);
    }
}
