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
