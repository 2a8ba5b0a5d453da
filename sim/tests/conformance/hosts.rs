//! Slow processors, blank disks, stopping, leaving, joining, and other params at the next boot.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use seedbed_sim::{Cpu, Fault, HoldId, NodeId, Stop};

use crate::puppet::{Event, N1, N2, N3, World, at, ms, obey, puppets, word};

const fn slow(speed_ppm: u32, step_ms: u64) -> Cpu {
    Cpu { speed_ppm, step: ms(step_ms) }
}

/// n1 works for 10 ms on order, and then tells n2.
fn workers(cpu: Cpu) -> World {
    World::tuned(
        2,
        |config| config.hosts[0].cpu = cpu,
        obey(|ctx, _, order| {
            ctx.busy(ms(10));
            ctx.send(N2, word(order));
        }),
    )
}

fn inject(world: &mut World, millis: u64, fault: Fault) -> HoldId {
    world.stop_at(millis).inject(fault).expect("a fault that takes effect")
}

/// Half the speed, twice the time; a cost of each step is scaled as well.
#[test]
fn a_slow_processor_takes_longer() {
    for (cpu, arrives_ms) in [
        (Cpu::PLAIN, 111),
        (slow(500_000, 0), 121),
        (slow(2_000_000, 0), 106),
        (slow(1_000_000, 3), 114),
        (slow(100_000, 3), 231),
    ] {
        let mut world = workers(cpu);
        world.order_at(100, N1, 7);
        assert_eq!(world.seen(arrives_ms - 1), Vec::<String>::new(), "{cpu:?}");
        assert_eq!(world.seen(arrives_ms), [format!("{arrives_ms}ms n2 has 7 of n1")]);
    }
}

/// A host handles nothing while a step of it lasts: so many ms a step are so many steps a second.
#[test]
fn the_cost_of_a_step_bounds_the_rate() {
    let mut world = World::tuned(
        2,
        |config| config.hosts[1].cpu = slow(1_000_000, 4),
        obey(|ctx, _, order| (0..order).for_each(|number| ctx.send(N2, word(number)))),
    );
    world.order_at(100, N1, 1_000).until(1_100);
    // The first arrives at 101 ms.
    assert_eq!(world.log.take().len(), 250);
}

/// What a fault does to a processor ends with it; several slow it down together.
#[test]
fn slowness_holds_and_lets_go() {
    let mut world = workers(Cpu::PLAIN);
    let first = inject(&mut world, 0, Fault::Slow(N1, slow(500_000, 0)));
    let second = inject(&mut world, 0, Fault::Slow(N1, slow(500_000, 5)));
    assert_eq!(world.order_at(100, N1, 1).seen(160), Vec::<String>::new());
    assert_eq!(world.seen(161), ["161ms n2 has 1 of n1"]);
    world.sim.release(first);
    assert_eq!(world.order_at(200, N1, 2).seen(231), ["231ms n2 has 2 of n1"]);
    world.sim.release(second);
    assert_eq!(world.order_at(300, N1, 3).seen(311), ["311ms n2 has 3 of n1"]);
    assert_eq!(world.stop_at(400).inject(Fault::Slow(N1, Cpu::PLAIN)), None);
}

/// It has an effect when a step takes longer, and says so once: a factor is nothing to a handler
/// that takes no time.
#[test]
fn slowness_says_when_it_had_an_effect() {
    let quick = |cpu: Cpu| {
        let mut world = World::obeying(1, |_, _, _| {});
        let hold = inject(&mut world, 5, Fault::Slow(N1, cpu));
        for millis in 10..20 {
            world.sim.wake_at(at(millis), millis);
        }
        let mut struck = 0;
        loop {
            match world.sim.run(at(30)) {
                Stop::Wake(_) => assert!(world.sim.submit(N1, 0).is_some()),
                Stop::Struck(it) => {
                    assert_eq!(it, hold);
                    struck += 1;
                }
                Stop::Idle | Stop::Until => return struck,
                stop => panic!("{stop:?}"),
            }
        }
    };
    assert_eq!(quick(slow(1, 0)), 0);
    assert_eq!(quick(slow(1_000_000, 1)), 1);
}

/// Hosts that count their boots on disk, and say to everybody what they have counted.
fn counters() -> World {
    World::new(3, |_, ctx, event| {
        if event == Event::Boot {
            ctx.disk().append("boots", b"x").unwrap();
            let boots = ctx.disk().len("boots").unwrap();
            ctx.sync();
            ctx.broadcast(word(boots));
        }
    })
}

/// A host that lost its disk boots with a blank one; durable data is gone as well.
#[test]
fn a_wiped_host_boots_blank() {
    let mut world = counters();
    world.until(30);
    let hold = inject(&mut world, 30, Fault::Crash(N1, None));
    world.stop_at(40).release(hold);
    assert_eq!(world.seen(60)[6..], ["51ms n2 has 2 of n1", "51ms n3 has 2 of n1"]);
    let hold = inject(&mut world, 60, Fault::Wipe(N1));
    assert_eq!(world.sim.view().durable(N1).len("boots"), None);
    world.stop_at(70).release(hold);
    assert_eq!(world.seen(90), ["81ms n2 has 1 of n1", "81ms n3 has 1 of n1"]);
    // Only what is up can be wiped so; a disk alone, only of what is down.
    let hold = inject(&mut world, 100, Fault::Crash(N1, None));
    assert_eq!(world.sim.inject(Fault::Wipe(N1)), None);
    assert!(world.sim.blank_disk(N1) && !world.sim.blank_disk(N1) && !world.sim.blank_disk(N2));
    world.sim.release(hold);
    assert_eq!(world.seen(120), ["111ms n2 has 1 of n1", "111ms n3 has 1 of n1"]);
}

/// n1 writes on order, tells n2 when that is durable, and writes a little more.
fn writers(wait_for: Duration) -> World {
    World::obeying(3, move |ctx, _, order| {
        ctx.disk().append("log", b"first").unwrap();
        ctx.sync();
        ctx.send(N2, word(order));
        ctx.disk().append("log", b"second").unwrap();
        ctx.busy(wait_for);
    })
}

/// A planned stop drains the outbox, makes durable what was written, and handles nothing more.
#[test]
fn a_stop_drains_and_syncs() {
    for (busy, down_at) in [(0, 31), (20, 51)] {
        let mut world = writers(ms(busy));
        world.order_at(10, N1, 1);
        let hold = inject(&mut world, 11, Fault::Stop(N1));
        assert_eq!(world.sim.inject(Fault::Stop(N1)), None);
        world.order_at(12, N1, 2).until(down_at - 2);
        assert!(world.sim.is_up(N1));
        world.until(down_at);
        assert!(!world.sim.is_up(N1), "busy for {busy}");
        assert_eq!(world.sim.view().durable(N1).read("log").unwrap()[..], *b"firstsecond");
        let said = format!("{}ms n2 has 1 of n1", 21 + busy);
        assert_eq!(world.log.take(), [said], "the second order was never handled");
        world.stop_at(100).release(hold);
        world.until(101);
        assert!(world.sim.is_up(N1));
    }
}

/// Something that may bring a host back.
type Back = fn(&mut World);

/// Whether a host has left or was told to stop, a restart brings it back; a heal only the latter.
#[test]
fn who_has_left_comes_back_by_a_join_or_a_restart_only() {
    let backs: [(bool, Back); 4] = [
        (false, |world| world.sim.heal()),
        (false, |world| assert!(!world.sim.free_hosts(&[N1]))),
        (true, |world| assert!(world.sim.restart(N1))),
        (true, |world| assert!(world.sim.inject(Fault::Join(N1)).is_some())),
    ];
    for (returns, back) in backs {
        let mut world = counters();
        world.until(30);
        inject(&mut world, 30, Fault::Leave(N1));
        world.until(50);
        assert!(!world.sim.is_up(N1) && !world.sim.takes_part(N1) && world.sim.has_left(N1));
        assert_eq!(world.sim.inject(Fault::Leave(N1)), None);
        back(&mut world);
        world.until(60);
        assert_eq!((world.sim.is_up(N1), world.sim.takes_part(N1)), (returns, returns));
    }
    let mut world = counters();
    inject(&mut world, 30, Fault::Stop(N1));
    world.stop_at(50).heal();
    world.until(60);
    assert!(world.sim.is_up(N1));
    assert_eq!(world.sim.inject(Fault::Join(N1)), None, "it takes part");
}

/// Released while it still stops, a host boots as soon as it is down; crashed, it just is.
#[test]
fn a_stop_may_be_overtaken() {
    let mut world = writers(Duration::ZERO);
    world.order_at(10, N1, 1);
    let hold = inject(&mut world, 11, Fault::Stop(N1));
    world.stop_at(12).release(hold);
    world.until(40);
    assert!(world.sim.is_up(N1));
    assert_eq!(world.log.take(), ["21ms n2 has 1 of n1"]);
    let boots = |world: &World| world.sim.milestones().find(|one| one.0 == "restarted").unwrap().1;
    assert_eq!(boots(&world), Some(at(30)));

    let mut world = writers(Duration::ZERO);
    world.order_at(10, N1, 1);
    let stop = inject(&mut world, 11, Fault::Stop(N1));
    let crash = inject(&mut world, 12, Fault::Crash(N1, None));
    world.stop_at(20).release(stop);
    world.until(30);
    assert!(!world.sim.is_up(N1));
    world.sim.release(crash);
    world.until(31);
    assert!(world.sim.is_up(N1) && world.log.take().is_empty());
}

/// A spare host is nobody's peer, and down until it joins; then it knows the members.
#[test]
fn a_spare_host_boots_when_it_joins() {
    let peers = Rc::new(RefCell::new(Vec::new()));
    let seen = peers.clone();
    let mut world = World::tuned(
        3,
        |config| config.hosts[2].spare = true,
        move |_, ctx, event| {
            if event == Event::Boot {
                seen.borrow_mut().push((ctx.me(), ctx.peers().collect::<Vec<NodeId>>()));
                ctx.broadcast(word(1));
            }
        },
    );
    world.until(100);
    assert_eq!(world.sim.members(), [N1, N2]);
    assert!(!world.sim.is_up(N3) && !world.sim.takes_part(N3));
    assert!(!world.sim.restart(N3), "it has never been there");
    world.stop_at(100).heal();
    inject(&mut world, 200, Fault::Join(N3));
    assert_eq!(world.sim.inject(Fault::Join(N3)), None);
    world.log.take();
    assert_eq!(world.seen(210), ["201ms n1 has 1 of n3", "201ms n2 has 1 of n3"]);
    assert_eq!(*peers.borrow(), [(N1, vec![N2]), (N2, vec![N1]), (N3, vec![N1, N2])]);
    assert!(world.sim.takes_part(N3) && world.sim.members() == [N1, N2]);
    // From then on it crashes and heals like any other.
    inject(&mut world, 220, Fault::Crash(N3, None));
    world.stop_at(230).heal();
    world.until(240);
    assert!(world.sim.is_up(N3));
    // Who has joined may leave, and join again.
    inject(&mut world, 250, Fault::Leave(N3));
    world.until(260);
    inject(&mut world, 270, Fault::Join(N3));
    world.until(280);
    assert!(world.sim.is_up(N3));
}

/// Other params count from the next boot on, and are in the digest.
#[test]
fn params_change_at_the_next_boot() {
    let run = |other: bool, text: &str| {
        let (config, log) = puppets::<crate::puppet::Once>(2, |_, ctx, event| {
            if event == Event::Boot {
                ctx.broadcast(word(1));
            }
        });
        let (new, _) = puppets::<crate::puppet::Once>(1, |_, ctx, event| {
            if event == Event::Boot {
                ctx.send(N2, word(2));
            }
        });
        let mut world = World::of((config, log));
        world.stop_at(10);
        if other {
            world.sim.set_params(N1, Arc::clone(&new.hosts[0].params), text);
        }
        world.until(20);
        let before = world.log.take().len();
        let hold = inject(&mut world, 20, Fault::Stop(N1));
        world.stop_at(30).release(hold);
        world.until(40);
        let digest = world.print().1;
        (before, world.log.take().len(), world.sim.messages().sent, digest)
    };
    let (old, new) = (run(false, ""), run(true, "{}"));
    assert_eq!((old.0, new.0), (2, 2));
    // The new node writes into a log of its own.
    assert_eq!((old.2, new.2), (3, 3));
    assert_ne!(old.3, new.3);
    assert_ne!(new.3, run(true, "{ }").3);
}
