//! How long a disk takes, how much it holds, and what it keeps: settings, and faults that hold it.

use std::time::Duration;

use seedbed_sim::disk::{DiskErrorKind, DiskFault};
use seedbed_sim::{Chance, Distribution, Fault, HoldId, NodeId, Rate, Room, Trouble};

use crate::puppet::{Event, N1, N2, N3, World, ms, obey, word};

pub fn hold(world: &mut World, millis: u64, host: NodeId, trouble: Trouble) -> HoldId {
    let fault = Fault::Disk(host, DiskFault::new(trouble, 7));
    world.stop_at(millis).inject(fault).expect("a fault that changes something")
}

/// Host 1 writes as many bytes as it is ordered to, syncs, and tells host 2.
fn writer() -> impl Fn(&mut u64, &mut seedbed_sim::Context<'_, crate::puppet::Puppet>, Event) {
    obey(|ctx, _, order| {
        ctx.disk().append("log", &vec![1; order as usize]).unwrap();
        ctx.sync();
        ctx.send(N2, word(order));
    })
}

/// A sync takes its latency and what its bytes take; it waits for those before it.
#[test]
fn a_sync_takes_the_time_of_its_bytes() {
    let mut world =
        World::tuned(2, |config| config.hosts[0].disk.throughput = Some(1_000_000), writer());
    world.order_at(5, N1, 7000);
    // 10 ms and 7 ms on the disk, 1 ms on the way.
    assert_eq!(world.seen(60), ["23ms n2 has 7000 of n1"]);
    world.order_at(100, N1, 1500).order_at(101, N1, 250);
    assert_eq!(
        world.seen(200),
        ["112500us n2 has 1500 of n1", "122750us n2 has 250 of n1"],
        "11.5 ms, and then 10.25 ms"
    );
}

/// The same without the setting: bytes cost nothing.
#[test]
fn without_a_throughput_bytes_take_no_time() {
    let mut world = World::tuned(2, |_| {}, writer());
    world.order_at(5, N1, 7_000_000);
    assert_eq!(world.seen(60), ["16ms n2 has 7000000 of n1"]);
}

/// A read takes its latency and what its bytes take, and the host is busy for so long.
#[test]
fn a_read_takes_the_time_of_its_bytes() {
    let mut world = World::tuned(
        2,
        |config| {
            config.hosts[0].disk.throughput = Some(1_000_000);
            config.hosts[0].disk.read = Distribution::Constant(2_000_000);
        },
        obey(|ctx, _, order| match order {
            0 => ctx.disk().append("log", &[1; 9000]).unwrap(),
            _ => {
                let read = ctx.disk().read_at("log", 1000, order).unwrap().len();
                ctx.disk().read_at("log", 0, order).unwrap();
                ctx.send(N2, word(read as u64));
            }
        }),
    );
    world.order_at(5, N1, 0).order_at(10, N1, 1500).order_at(11, N1, 1);
    assert_eq!(
        world.seen(100),
        ["18ms n2 has 1500 of n1", "22002us n2 has 1 of n1"],
        "twice 2 ms and twice 1.5 ms; then twice 2 ms and 2 us"
    );
}

/// Fail-slow: everything takes a factor, and so much more, while it lasts.
#[test]
fn a_slow_disk_takes_a_factor_longer_and_is_well_again_afterwards() {
    let mut world = World::tuned(
        2,
        |config| config.hosts[0].disk.read = Distribution::Constant(1_000_000),
        obey(|ctx, _, order| {
            if order == 0 {
                ctx.disk().read("log").unwrap();
            } else {
                ctx.disk().append("log", b"x").unwrap();
                ctx.sync();
            }
            ctx.send(N2, word(order));
        }),
    );
    let slow = hold(&mut world, 4, N1, Trouble::Slow { percent: 350, by: ms(2) });
    world.order_at(5, N1, 1).order_at(60, N1, 0);
    assert_eq!(world.seen(90), ["43ms n2 has 1 of n1", "66500us n2 has 0 of n1"]);
    world.stop_at(100).release(slow);
    world.order_at(105, N1, 1).order_at(160, N1, 0);
    assert_eq!(world.seen(190), ["116ms n2 has 1 of n1", "162ms n2 has 0 of n1"]);
}

/// A device that does not answer holds syncs, and steps that read, until it is let go.
#[test]
fn a_stuck_disk_answers_nothing_until_it_is_let_go() {
    let mut world = World::obeying(2, |ctx, _, order| {
        if order == 0 {
            ctx.disk().read("log").unwrap();
        } else {
            ctx.disk().append("log", b"x").unwrap();
            ctx.sync();
        }
        ctx.send(N2, word(order));
    });
    world.order_at(5, N1, 1);
    let stuck = hold(&mut world, 10, N1, Trouble::Stuck);
    world.order_at(11, N1, 2).order_at(500, N1, 0).order_at(501, N1, 3);
    assert_eq!(world.seen(900), [""; 0]);
    assert_eq!(world.sim.view().durable(N1).len("log"), None);
    world.stop_at(1000).release(stuck);
    assert_eq!(
        world.seen(1100),
        [
            "1001ms n2 has 1 of n1",
            "1001ms n2 has 2 of n1",
            "1001ms n2 has 0 of n1",
            // It was handled only then.
            "1011ms n2 has 3 of n1"
        ]
    );
}

/// A crash of a host whose disk is stuck loses what never became durable, and the host comes back.
#[test]
fn a_host_with_a_stuck_disk_may_crash_and_restart() {
    let mut world = World::tuned(2, |_| {}, writer());
    world.order_at(5, N1, 1);
    let stuck = hold(&mut world, 10, N1, Trouble::Stuck);
    let crash = world.stop_at(20).inject(Fault::Crash(N1, Some(seedbed_sim::CrashModel::Strict)));
    world.stop_at(30).release(crash.unwrap());
    world.order_at(40, N1, 2);
    world.stop_at(60).release(stuck);
    assert_eq!(world.seen(100), ["61ms n2 has 2 of n1"]);
    assert_eq!(world.sim.view().durable(N1).len("log"), Some(2));
}

/// The capacity of a disk is a setting of its host.
#[test]
fn a_disk_holds_its_capacity_and_no_more() {
    let mut world = World::tuned(
        2,
        |config| config.hosts[0].disk.capacity = Some(1000),
        obey(|ctx, _, order| {
            let written = ctx.disk().append("log", &vec![1; order as usize]);
            let full = written.is_err_and(|error| error.kind == DiskErrorKind::NoSpace);
            ctx.send(N2, word(u64::from(full)));
        }),
    );
    world.order_at(5, N1, 600).order_at(10, N1, 600).order_at(15, N2, 5000);
    let told = ["6ms n2 has 0 of n1", "11ms n2 has 1 of n1", "15ms n2 has 0 of n2"];
    assert_eq!(world.seen(20), told);
    assert_eq!(world.sim.view().disk(N1).len("log"), Some(1000), "what fits");
    assert_eq!(world.sim.view().disk(N2).len("log"), Some(5000));
}

/// A fault fills the disk up; when it lets go, there is room again.
#[test]
fn a_disk_that_is_full_for_a_while() {
    let mut world = World::obeying(1, |ctx, _, _| {
        let _ = ctx.disk().append("log", &[1; 100]);
    });
    world.order_at(5, N1, 0);
    let full = hold(&mut world, 6, N1, Trouble::Full(Room::Free(30)));
    world.order_at(7, N1, 0).order_at(8, N1, 0);
    world.until(9);
    assert_eq!(world.sim.view().disk(N1).len("log"), Some(130));
    world.stop_at(10).release(full);
    world.order_at(11, N1, 0);
    world.until(12);
    assert_eq!(world.sim.view().disk(N1).len("log"), Some(230));
}

/// A chance of a write is met within three standard deviations, and no other host is concerned.
#[test]
fn writes_are_lost_by_their_chance_on_the_host_that_is_held() {
    let mut world = World::tuned(
        2,
        |config| {
            for host in &mut config.hosts {
                host.disk.sync = Distribution::Constant(1000);
            }
        },
        |_, ctx, event| match event {
            Event::Boot | Event::Timer(_) => {
                ctx.disk().append("log", b"x").unwrap();
                ctx.sync();
                ctx.set_timer(0, Duration::from_micros(10));
            }
            Event::Word { .. } | Event::Asked { .. } => {}
        },
    );
    let chance = Rate::of(Chance::from_ratio(1, 5));
    let lost = hold(&mut world, 1, N1, Trouble::LostWrites(chance));
    world.until(201);
    // 20,000 writes; three standard deviations of a fifth of them are 170.
    let hits = world.sim.disk_hits(N1, lost);
    assert!((3830..=4170).contains(&hits), "{hits}");
    let view = world.sim.view();
    let zeros =
        |host| view.durable(host).read("log").unwrap().iter().filter(|it| **it == 0).count();
    assert_eq!(world.sim.disk_hits(N2, lost), 0);
    let missing = zeros(N1) as u32;
    assert!(missing == hits || missing + 1 == hits, "{missing} of {hits}: the last leaves no gap");
    assert_eq!(zeros(N2), 0);
    let view = world.sim.view();
    assert_eq!((view.disk_has_lied(N1), view.disk_has_lied(N2)), (true, false));
}

/// Rot is damage: it outlasts a heal, and is gone when its own fault lets go.
#[test]
fn rot_outlasts_a_heal_and_nothing_else_does() {
    let mut world = World::tuned(2, |_| {}, writer());
    world.order_at(5, N1, 1000);
    let anywhere = Trouble::BitRot { within: Vec::new(), places: 1 };
    let rot = hold(&mut world, 20, N1, anywhere.clone());
    let slow = Trouble::Slow { percent: 100, by: ms(100) };
    hold(&mut world, 21, N1, slow);
    let read = |world: &World| world.sim.view().disk(N1).read("log").unwrap().into_owned();
    let rotten = read(&world);
    assert_ne!(rotten, [1; 1000]);
    assert_eq!(world.sim.view().durable(N1).read("log").unwrap(), &[1; 1000][..]);
    world.stop_at(30).heal();
    assert_eq!(read(&world), rotten);
    world.order_at(35, N1, 1);
    assert_eq!(world.seen(60).last().unwrap(), "46ms n2 has 1 of n1", "no longer slow");
    world.stop_at(70).release(rot);
    assert_eq!(read(&world), [1; 1001]);
}

/// A fault that changes nothing has not taken effect.
#[test]
fn what_changes_nothing_takes_no_effect() {
    let mut world = World::tuned(2, |_| {}, writer());
    world.until(5);
    let before = world.print();
    let nothing = [
        Trouble::LostWrites(Rate::of(Chance::NEVER)),
        Trouble::FailedSyncs(Rate::next(0)),
        Trouble::Slow { percent: 100, by: Duration::ZERO },
        Trouble::BitRot { within: Vec::new(), places: 3 },
        Trouble::BitRot { within: Vec::new(), places: 0 },
    ];
    for trouble in nothing {
        let fault = Fault::Disk(N1, DiskFault::new(trouble.clone(), 1));
        assert_eq!(world.sim.inject(fault), None, "{trouble:?}");
    }
    let nobody = NodeId::host(7);
    let fault = Fault::Disk(nobody, DiskFault::new(Trouble::Stuck, 1));
    assert_eq!(world.sim.inject(fault), None);
    assert_eq!(world.print(), before);
}

/// Heal and the heal of one host end what holds its disk.
#[test]
fn a_host_that_is_healed_has_a_sound_disk() {
    let mut world = World::tuned(3, |_| {}, writer());
    for host in [N1, N3] {
        hold(&mut world, 5, host, Trouble::FailedSyncs(Rate::ALWAYS));
    }
    assert!(world.stop_at(6).free_hosts(&[N1]));
    world.order_at(10, N1, 1).order_at(10, N3, 2);
    assert_eq!(world.seen(100), ["21ms n2 has 1 of n1"]);
    assert!(!world.sim.is_up(N3));
    world.stop_at(110).heal();
    world.order_at(120, N3, 3);
    assert_eq!(world.seen(200), ["131ms n2 has 3 of n3"]);
}

/// A run with disk faults is the same again, and the fault's salt is part of its digest.
#[test]
fn disk_faults_are_in_the_digest() {
    let run = |salt| {
        let mut world = World::tuned(2, |_| {}, writer());
        let half = Rate::of(Chance::from_ratio(1, 2));
        let fault = Fault::Disk(N1, DiskFault::new(Trouble::LostWrites(half), salt));
        assert!(world.stop_at(3).inject(fault).is_some());
        for millis in 0..20 {
            world.order_at(5 + millis, N1, 700);
        }
        world.until(500);
        (world.print(), world.sim.view().durable(N1).read("log").unwrap().into_owned())
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1).0, run(2).0);
    assert_ne!(run(1).1, run(2).1);
}

/// Large files go through a simulation like small ones. (The memory of a process whose hosts write
/// a gibibyte is measured by `examples/large_disks.rs`.)
#[test]
fn large_files_that_repeat_themselves_are_there() {
    let mut world = World::tuned(
        5,
        |config| {
            for host in &mut config.hosts {
                host.disk.sync = Distribution::Constant(1000);
            }
        },
        |_, ctx, event| match event {
            Event::Boot | Event::Timer(_) => {
                let pattern: Vec<u8> = (0..1 << 20).map(|at: u32| (at >> 4) as u8).collect();
                ctx.disk().append("data", &pattern).unwrap();
                ctx.sync();
                if ctx.disk().len("data").unwrap() < 40 << 20 {
                    ctx.set_timer(0, Duration::from_micros(10));
                }
            }
            Event::Word { .. } | Event::Asked { .. } => {}
        },
    );
    world.until(100);
    for host in 0..5 {
        let disk = world.sim.view().durable(NodeId::host(host));
        assert_eq!(disk.len("data"), Some(40 << 20));
    }
}
