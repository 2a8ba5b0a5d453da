//! Milestones: when they are first reached, and when again after heal.

use seedbed_sim::{Fault, Milestone, SimTime, Stop};

use crate::puppet::{Event, N1, N2, N3, Puppet, World, at, ms};

/// Orders set the state.
fn states(count: u32) -> World {
    let mut world = World::new(count, |state, ctx, event| {
        if let Event::Asked { op, .. } = event {
            *state = op;
            if op == 7 {
                ctx.reached("seven");
            }
        }
    });
    world.sim.set_milestones(vec![
        Milestone::anywhere("some", "one host has five", |_, _, node: &Puppet| node.state == 5),
        Milestone::everywhere("all", "all hosts have five", |_, _, node: &Puppet| node.state == 5),
        Milestone::reported("seven", "one host has said seven"),
        Milestone::anywhere("two", "two hosts have five", |world, _, _: &Puppet| {
            world.nodes().filter(|(_, node)| node.state == 5).count() == 2
        }),
    ]);
    world
}

type Times = (Option<SimTime>, Option<SimTime>);

fn times(world: &World, name: &str) -> Times {
    let found = world.sim.milestones().find(|(known, ..)| *known == name).unwrap();
    (found.1, found.2)
}

/// Anywhere: as soon as one host satisfies it. Everywhere: when all hosts that are up do. What is
/// reached stays reached.
#[test]
fn milestones_are_reached_once() {
    let mut world = states(3);
    world.order_at(5, N1, 5).order_at(6, N2, 5).order_at(7, N1, 0).order_at(8, N1, 5);
    world.until(9);
    assert_eq!(times(&world, "some"), (Some(at(5)), None));
    assert_eq!(times(&world, "two"), (Some(at(6)), None));
    assert_eq!(times(&world, "all"), (None, None));
    world.order_at(10, N3, 5).order_at(11, N3, 7).order_at(12, N3, 7).until(20);
    assert_eq!(times(&world, "all"), (Some(at(10)), None));
    assert_eq!(times(&world, "seven"), (Some(at(11)), None));
}

/// A host that is down does not hold up what must hold everywhere.
#[test]
fn everywhere_means_on_all_that_are_up() {
    let mut world = states(3);
    world.order_at(5, N1, 5).order_at(5, N2, 5);
    world.stop_at(9).inject(Fault::Crash(N3, None)).unwrap();
    world.until(20);
    assert_eq!(times(&world, "all"), (Some(at(9)), None));
}

/// Nor is the first host that boots everybody.
#[test]
fn nothing_holds_everywhere_before_all_have_booted() {
    let mut world = World::tuned(3, |config| config.boot_spread = ms(10), |_, _, _| {});
    let up = Milestone::everywhere("up", "all hosts are up", |_, _, _: &Puppet| true);
    world.sim.set_milestones(vec![up]);
    world.until(20);
    let boots = world.log.take_boots();
    let last = boots.iter().map(|(at, _)| *at).max().unwrap();
    assert!(boots.iter().any(|(at, _)| *at < last));
    assert_eq!(times(&world, "up").0, Some(SimTime::ZERO + last));
}

/// After heal, what holds at that moment is reached at once, the rest when it holds again; what
/// never does stays absent.
#[test]
fn heal_asks_again() {
    let mut world = states(3);
    world.order_at(5, N1, 5).order_at(5, N2, 5).order_at(5, N3, 5).order_at(6, N1, 7);
    world.stop_at(10).inject(Fault::Crash(N3, None)).unwrap();
    world.order_at(11, N1, 5).until(12);
    assert_eq!(times(&world, "all"), (Some(at(5)), None));
    world.stop_at(20).heal();
    world.until(25);
    assert_eq!(times(&world, "some"), (Some(at(5)), Some(at(20))));
    assert_eq!(times(&world, "two"), (Some(at(5)), Some(at(20))));
    assert_eq!(times(&world, "all"), (Some(at(5)), None), "n3 has forgotten it");
    assert_eq!(times(&world, "seven"), (Some(at(6)), None));
    world.order_at(30, N3, 5).order_at(31, N2, 7).until(40);
    assert_eq!(times(&world, "all"), (Some(at(5)), Some(at(30))));
    assert_eq!(times(&world, "seven"), (Some(at(6)), Some(at(31))));
}

/// What is reported must have been declared.
#[test]
fn an_undeclared_milestone_is_an_error() {
    let mut world = World::obeying(1, |ctx, _, _| ctx.reached("typo"));
    world.order_at(5, N1, 0);
    assert_eq!(world.sim.run(at(9)), Stop::Violation);
    assert!(world.sim.violations()[0].message.contains("the milestone `typo`"));
}

/// Host by host: each host's first time, of what is a matter of single hosts, and only if asked
/// for. What the run reaches, and its digest, are the same.
#[test]
fn hosts_have_times_of_their_own() {
    let story = |keep: bool| {
        let mut world = World::new(3, |state, _, event| {
            if let Event::Asked { op, .. } = event {
                *state = op;
            }
        });
        world.sim.set_milestones(vec![
            Milestone::anywhere("some", "one host has five", |_, _, node: &Puppet| node.state == 5),
            Milestone::everywhere("all", "all have five", |_, _, node: &Puppet| node.state == 5),
            Milestone::each_host("own", "the host has six", |_, _, node: &Puppet| node.state == 6),
        ]);
        if keep {
            world.sim.keep_host_times();
        }
        world.order_at(5, N1, 5).order_at(6, N2, 6).order_at(7, N1, 6).order_at(8, N3, 5);
        world.order_at(9, N2, 5).order_at(10, N1, 5).order_at(11, N3, 6).until(20);
        world
    };
    let world = story(true);
    let by_host: Vec<_> = world.sim.host_times().collect();
    assert_eq!(
        by_host,
        [
            ("all", vec![(N1, at(5)), (N2, at(9)), (N3, at(8))]),
            ("own", vec![(N1, at(7)), (N2, at(6)), (N3, at(11))]),
        ]
    );
    let plain = story(false);
    assert_eq!(plain.sim.host_times().count(), 0);
    for name in ["some", "all", "own"] {
        assert_eq!(times(&world, name), times(&plain, name), "{name}");
    }
    assert_eq!(times(&world, "all"), (Some(at(10)), None));
    assert_eq!(times(&world, "own"), (None, None));
    assert_eq!(world.sim.digest(), plain.sim.digest());
}

/// A time of a host outlives its crash, and heal does not take it away; a host that was down when
/// the others got there still gets its own.
#[test]
fn times_of_hosts_outlive_crashes_and_heal() {
    let mut world = states(3);
    world.sim.keep_host_times();
    world.order_at(5, N1, 5);
    let crash = world.stop_at(6).inject(Fault::Crash(N2, None)).unwrap();
    world.order_at(7, N3, 5).until(8);
    assert_eq!(times(&world, "all").0, Some(at(7)));
    world.stop_at(9).release(crash);
    world.stop_at(10).heal();
    world.order_at(12, N2, 5).order_at(13, N1, 5).until(20);
    let (_, hosts) = world.sim.host_times().next().unwrap();
    assert_eq!(hosts, [(N1, at(5)), (N2, at(12)), (N3, at(7))]);
}
