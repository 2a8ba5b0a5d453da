//! Crashes in the middle of a handler call, during a write, and right after a send.

use std::collections::BTreeMap;

use seedbed_sim::{CrashModel, CrashPoint, Fault, HoldId, NodeId, SharpPoint, Stop};

use crate::puppet::{N1, N2, N3, Word, World, at, ms, obey, word};

fn point(at: SharpPoint, salt: u64) -> CrashPoint {
    CrashPoint { at, model: Some(CrashModel::Ordered), blank: false, salt }
}

fn arm(world: &mut World, millis: u64, crash: CrashPoint) -> HoldId {
    world.stop_at(millis).inject(Fault::CrashAt(N1, crash)).expect("a host that is up")
}

/// Orders n1 to do something at 10 ms, and says when the crash struck.
fn strike(world: &mut World, hold: HoldId, until: u64) -> Option<u64> {
    world.sim.wake_at(at(10), 0);
    loop {
        match world.sim.run(at(until)) {
            Stop::Wake(_) => assert!(world.sim.submit(N1, 1).is_some()),
            Stop::Struck(it) => {
                assert_eq!(it, hold);
                return Some(world.sim.now().nanos() / 1_000_000);
            }
            Stop::Until | Stop::Idle => return None,
            stop => panic!("{stop:?}"),
        }
    }
}

/// Six things in program order: a message, a write that creates its file (two operations), two
/// copies of a broadcast, a write. Nothing waits for the disk.
fn six() -> World {
    World::obeying(3, |ctx, _, _| {
        ctx.send(N2, word(1));
        ctx.disk().append("log", b"a").unwrap();
        ctx.broadcast(word(2));
        ctx.disk().append("log", b"b").unwrap();
        ctx.set_timer(1, ms(5));
    })
}

/// The first k outputs and disk operations have happened, the others never did; k is drawn, and
/// nothing to all of them are equally likely.
#[test]
fn a_crash_in_a_step_keeps_a_prefix() {
    let mut outcomes: BTreeMap<(usize, Option<Vec<u8>>), u64> = BTreeMap::new();
    let salts = 7_000;
    for salt in 0..salts {
        let mut world = six();
        let hold = arm(
            &mut world,
            5,
            CrashPoint { model: Some(CrashModel::Reorder), ..point(SharpPoint::Step, salt) },
        );
        // What the crash leaves of un-synced writes is another matter: here, all that it did.
        let view = world.sim.view().disk(N1).len("log");
        assert_eq!((view, strike(&mut world, hold, 9)), (None, None));
        assert_eq!(strike(&mut world, hold, 20), Some(10));
        assert!(!world.sim.is_up(N1));
        world.until(20);
        let heard = world.log.take().len();
        let left = world.sim.view().disk(N1).read("log").ok().map(std::borrow::Cow::into_owned);
        *outcomes.entry((heard, left)).or_default() += 1;
    }
    // k messages and operations: 0 nothing, 1 the message, 2 and the file, 3 and "a", 4 and 5 the
    // broadcast, 6 and "b"; of the operations the crash may take any back, but for those that
    // never happened.
    let b: fn(&[u8]) -> Option<Vec<u8>> = |bytes| Some(bytes.to_vec());
    let share = |wanted: &dyn Fn(usize, &Option<Vec<u8>>) -> bool| {
        let met = outcomes.iter().filter(|((heard, left), _)| wanted(*heard, left));
        met.map(|(_, count)| count).sum::<u64>()
    };
    let sevenths = |count: u64, of: u64| {
        let expected = salts * of / 7;
        let sigma = (salts as f64 * of as f64 * (7 - of) as f64 / 49.0).sqrt();
        assert!((count.abs_diff(expected) as f64) < 3.0 * sigma, "{count} of {salts}: {of}/7");
    };
    sevenths(share(&|heard, _| heard == 0), 1);
    sevenths(share(&|heard, _| heard == 1), 3);
    sevenths(share(&|heard, _| heard == 2), 1);
    sevenths(share(&|heard, _| heard == 3), 2);
    assert_eq!(share(&|heard, left| heard == 0 && left.is_some()), 0);
    assert_eq!(share(&|heard, left| heard == 2 && *left == b(b"ab")), 0);
    assert!(share(&|heard, left| heard == 3 && left.as_ref().is_some_and(|it| it.len() == 2)) > 0);
    assert!(share(&|heard, left| heard == 1 && *left == b(b"a")) > 0);
}

/// A step that does nothing outside the host is not cut; one that takes time is cut at its end.
#[test]
fn it_waits_for_a_step_with_an_output() {
    let mut world = World::obeying(2, |ctx, _, order| {
        ctx.busy(ms(3));
        if order > 1 {
            ctx.send(N2, word(order));
        }
    });
    let hold = arm(&mut world, 5, point(SharpPoint::Step, 0));
    assert_eq!(strike(&mut world, hold, 30), None);
    world.sim.wake_at(at(40), 0);
    assert_eq!(world.sim.run(at(50)), Stop::Wake(0));
    world.sim.submit(N1, 2);
    assert_eq!(world.sim.run(at(50)), Stop::Struck(hold));
    assert_eq!(world.sim.now(), at(43));
}

/// Gated outputs wait for the disk, and die with the host: nobody hears what is not durable.
#[test]
fn gated_outputs_die_with_the_step() {
    for salt in 0..50 {
        let mut world = World::obeying(2, |ctx, _, _| {
            ctx.disk().append("log", b"promised").unwrap();
            ctx.sync();
            ctx.send(N2, word(1));
        });
        let hold = arm(&mut world, 5, point(SharpPoint::Step, salt));
        assert_eq!(strike(&mut world, hold, 20), Some(10));
        assert_eq!(world.seen(100), Vec::<String>::new());
    }
}

/// While a write is in flight: between its request and its completion, evenly.
#[test]
fn a_crash_in_a_write_strikes_while_it_is_in_flight() {
    let mut moments = [0_u64; 10];
    let salts = 1_000;
    for salt in 0..salts {
        let mut world = World::obeying(2, |ctx, _, _| {
            ctx.disk().append("log", b"promised").unwrap();
            ctx.sync();
            ctx.send(N2, word(1));
        });
        let hold = arm(&mut world, 5, point(SharpPoint::Write, salt));
        let struck = strike(&mut world, hold, 100).expect("a write");
        assert!((10..20).contains(&struck), "the sync takes 10 ms from 10 ms on: {struck}");
        moments[struck as usize - 10] += 1;
        assert_eq!(world.seen(100), Vec::<String>::new());
    }
    // A tenth each, within three standard deviations.
    assert!(moments.iter().all(|count| count.abs_diff(salts / 10) <= 28), "{moments:?}");
}

/// n1 tells n2, then n3, then writes; with a beta for n3.
fn senders() -> World {
    World::obeying(3, |ctx, _, _| {
        ctx.disk().append("log", b"a").unwrap();
        ctx.send(N1, word(0));
        ctx.send(N2, word(1));
        ctx.disk().append("log", b"b").unwrap();
        ctx.send(N3, Word { kind: 1, value: 2 });
        ctx.disk().append("log", b"c").unwrap();
    })
}

/// Right after a message has left, of a kind if one is given: what followed never happened.
#[test]
fn a_crash_after_a_send_lets_nothing_follow() {
    let left = [
        (SharpPoint::Send(None), vec!["11ms n2 has 1 of n1"], "a"),
        (SharpPoint::Send(Some(0)), vec!["11ms n2 has 1 of n1"], "a"),
        (SharpPoint::Send(Some(1)), vec!["11ms n2 has 1 of n1", "11ms n3 has 2 of n1"], "ab"),
    ];
    for (sharp, heard, written) in left {
        let mut longest = Vec::new();
        for salt in 0..20 {
            let mut world = senders();
            world.sim.inject(Fault::Crash(N2, None));
            let hold = arm(
                &mut world,
                5,
                CrashPoint { model: Some(CrashModel::Reorder), ..point(sharp, salt) },
            );
            assert_eq!(strike(&mut world, hold, 20), Some(10));
            assert_eq!(world.seen(20), heard, "{sharp:?}");
            let left = world.sim.view().disk(N1).read("log").unwrap_or_default().to_vec();
            longest = longest.max(left);
        }
        assert!(longest.len() <= written.len(), "{longest:?}");
    }
    let mut world = senders();
    let hold = arm(&mut world, 5, point(SharpPoint::Send(Some(2)), 0));
    assert_eq!(strike(&mut world, hold, 20), None);
    world.sim.release(hold);
    assert!(world.sim.is_up(N1));
}

/// Of a broadcast one message is out; of gated outputs the first one that leaves.
#[test]
fn a_crash_after_a_send_falls_into_a_broadcast_and_into_a_gate() {
    let mut world = World::obeying(3, |ctx, _, _| ctx.broadcast(word(1)));
    let hold = arm(&mut world, 5, point(SharpPoint::Send(None), 0));
    assert_eq!(strike(&mut world, hold, 20), Some(10));
    assert_eq!(world.seen(20), ["11ms n2 has 1 of n1"]);
    let mut world = World::obeying(3, |ctx, _, _| {
        ctx.disk().append("log", b"promised").unwrap();
        ctx.sync();
        ctx.broadcast(word(1));
    });
    let hold = arm(&mut world, 5, point(SharpPoint::Send(None), 0));
    assert_eq!(strike(&mut world, hold, 30), Some(20));
    assert_eq!(world.seen(30), ["21ms n2 has 1 of n1"]);
    assert_eq!(world.sim.view().disk(N1).read("log").unwrap()[..], *b"promised");
}

/// A crash that has struck is a crash like any other: released, the host restarts. One whose
/// moment has not come is nothing; only a host that is up can be waited for.
#[test]
fn once_it_has_struck_it_is_a_crash() {
    let mut world = senders();
    let hold = arm(&mut world, 5, point(SharpPoint::Send(None), 0));
    strike(&mut world, hold, 20).unwrap();
    assert_eq!(world.sim.inject(Fault::CrashAt(N1, point(SharpPoint::Step, 0))), None);
    world.stop_at(30).release(hold);
    world.until(40);
    assert!(world.sim.is_up(N1));
    let hold = arm(&mut world, 50, CrashPoint { blank: true, ..point(SharpPoint::Write, 0) });
    world.stop_at(60).heal();
    world.order_at(70, N1, 1).until(100);
    assert!(world.sim.is_up(N1));
    world.sim.release(hold);
}

/// Somebody who crashes for another reason is waited for in its next life.
#[test]
fn it_waits_through_another_crash() {
    let mut world = six();
    let hold = arm(&mut world, 5, point(SharpPoint::Write, 0));
    let other = world.stop_at(6).inject(Fault::Crash(N1, None)).unwrap();
    world.stop_at(7).release(other);
    let mut syncs = World::obeying(1, |ctx, _, _| {
        ctx.disk().append("log", b"x").unwrap();
        ctx.sync();
    });
    assert_eq!(strike(&mut world, hold, 20), None, "nothing is synced here");
    let hold = arm(&mut syncs, 5, point(SharpPoint::Write, 3));
    let other = syncs.stop_at(6).inject(Fault::Crash(N1, None)).unwrap();
    syncs.stop_at(7).release(other);
    assert!(strike(&mut syncs, hold, 20).is_some());
}

/// A crash that only waits changes nothing of the run: no draw, no order, no time.
#[test]
fn waiting_changes_nothing() {
    let run = |hosts: &[NodeId]| {
        let mut world = World::tuned(
            3,
            |config| config.network.everywhere.latency = crate::puppet::spread(),
            obey(|ctx, _, order| {
                ctx.disk().append("log", b"x").unwrap();
                ctx.sync();
                ctx.broadcast(word(order));
                ctx.send(N2, word(order));
            }),
        );
        world.stop_at(1);
        for host in hosts {
            let sharp = SharpPoint::Send(Some(2));
            let _ = world.sim.inject(Fault::CrashAt(*host, point(sharp, 1)));
        }
        for millis in 10..30 {
            world.order_at(millis, N1, millis).order_at(millis, N3, millis);
        }
        world.seen(200)
    };
    assert_eq!(run(&[]), run(&[N1, N3]));
}
