//! Driving a run: wake-ups, conditions, limits, traces.

use std::cell::RefCell;
use std::rc::Rc;

use seedbed_sim::{Condition, Entry, Limits, Milestone, SimTime, Stop, Tracer, What};

use crate::puppet::{N1, N2, Puppet, Word, World, at, ms, obey, word};

/// A run comes back at the wake-ups that were asked for, in their order.
#[test]
fn wake_ups_come_in_order() {
    let mut world = World::obeying(1, |_, _, _| {});
    world.sim.wake_at(at(7), 1);
    world.sim.wake_at(at(5), 2);
    world.sim.wake_at(at(7), 3);
    assert_eq!(world.sim.run(at(6)), Stop::Wake(2));
    assert_eq!(world.sim.run(at(6)), Stop::Until);
    assert_eq!(world.sim.now(), at(6));
    world.sim.wake_at(SimTime::ZERO, 4);
    assert_eq!(world.sim.run(at(9)), Stop::Wake(4), "not in the past, but now");
    assert_eq!(world.sim.now(), at(6));
    assert_eq!(world.sim.run(at(9)), Stop::Wake(1));
    assert_eq!(world.sim.run(at(9)), Stop::Wake(3));
    assert_eq!(world.sim.run(at(9)), Stop::Idle);
}

/// A run comes back when a condition holds: messages of a kind sent, a milestone reached. One that
/// holds already fires at once; one that was withdrawn never does.
#[test]
fn conditions_are_watched() {
    let mut world = World::obeying(2, |ctx, _, order| {
        ctx.send(N2, Word { kind: (order % 2) as u8, value: order });
        if order == 3 {
            ctx.reached("three");
        }
    });
    world.sim.set_milestones(vec![Milestone::reported("three", "order three")]);
    let three = Condition::Milestone(world.sim.milestone_index("three").unwrap());
    let sent = |kind, count| Condition::Sent { kind, count };
    let ids =
        [world.sim.watch(sent(Some(1), 2)), world.sim.watch(sent(None, 2)), world.sim.watch(three)];
    let withdrawn = world.sim.watch(sent(None, 1));
    world.sim.unwatch(withdrawn);
    world.order_at(10, N1, 1).order_at(20, N1, 2);
    assert_eq!(world.sim.run(at(30)), Stop::Condition(ids[1]));
    assert_eq!(world.sim.now(), at(20));
    world.order_at(30, N1, 3);
    assert_eq!(world.sim.run(at(40)), Stop::Condition(ids[0]));
    assert_eq!(world.sim.run(at(40)), Stop::Condition(ids[2]));
    assert_eq!(world.sim.now(), at(30));
    assert_eq!(world.sim.run(at(40)), Stop::Idle);
    let again = world.sim.watch(three);
    assert_eq!(world.sim.run(at(40)), Stop::Condition(again));
    let late = world.sim.watch(sent(Some(0), 1));
    assert_eq!(world.sim.run(at(40)), Stop::Condition(late));
    assert_eq!(world.sim.run(at(40)), Stop::Idle);
}

/// A run that does not end by itself is ended by a limit: on events, or on those of one instant.
#[test]
fn limits_end_a_run() {
    let chatter = |pause: u64, limits: Limits| {
        let mut world = World::tuned(
            1,
            |config| config.limits = limits,
            move |_, ctx, _| match pause {
                0 => ctx.send(N1, word(0)),
                _ => ctx.set_timer(0, ms(pause)),
            },
        );
        (world.sim.run(at(1000)), world.sim.events(), world.sim.now())
    };
    let limits = Limits { events: 50, events_per_instant: 20 };
    assert_eq!(chatter(0, limits), (Stop::Limit("events_per_instant"), 20, at(0)));
    assert_eq!(chatter(1, limits), (Stop::Limit("events"), 50, at(49)));
    let defaults = Limits { events: 50_000_000, events_per_instant: 1_000_000 };
    assert_eq!(Limits::default(), defaults);
}

struct Diary(Rc<RefCell<Vec<String>>>);

impl Tracer for Diary {
    fn record(&mut self, entry: &Entry<'_>) {
        let place = entry.host.map_or("all".to_owned(), |host| host.to_string());
        let what = match entry.what {
            What::Sent { to, kind, fate, .. } => format!("sent {kind} to {to} {fate}"),
            What::Handled { from, kind, .. } => format!("handled {kind} of {from}"),
            What::Note => "note".to_owned(),
            What::Boot { incarnation } => format!("boot {incarnation}"),
            other => format!("{other:?}"),
        };
        self.0.borrow_mut().push(format!("{} {place} {what} {}", entry.event, entry.text));
    }

    fn event_over(&mut self, event: u64, _: u64) {
        self.0.borrow_mut().push(format!("{event} over"));
    }
}

/// A tracer is told everything, each thing under its event; a note is only formatted for it.
#[test]
fn a_trace_tells_the_story() {
    let formatted = Rc::new(RefCell::new(0));
    let count = formatted.clone();
    let mut world = World::tuned(
        2,
        |_| {},
        obey(move |ctx, _, order| {
            let count = count.clone();
            ctx.note(move || {
                *count.borrow_mut() += 1;
                format!("order {order}")
            });
            ctx.send(N2, word(order));
        }),
    );
    world.order_at(1, N1, 4).until(3);
    assert_eq!(*formatted.borrow(), 0);
    let diary = Rc::new(RefCell::new(Vec::new()));
    world.sim.set_tracer(Box::new(Diary(diary.clone())));
    world.order_at(5, N1, 6).until(9);
    world.sim.trace_fault("cut", "nothing");
    assert!(world.sim.take_tracer().is_some());
    world.order_at(10, N1, 6).until(12);
    assert_eq!(*formatted.borrow(), 1);
    let diary: Vec<_> = diary.take().into_iter().filter(|line| line.contains(' ')).collect();
    let expected = [
        "over",
        "handled client-request of c2147483648 c2147483648#1 6",
        "note order 6",
        "sent alpha to n2 arrives Word { kind: 0, value: 6 }",
        "over",
        "handled alpha of n1 Word { kind: 0, value: 6 }",
        "over",
    ];
    let told = diary.iter().map(|line| line.split_once(' ').unwrap().1);
    let told: Vec<_> =
        told.map(|line| line.trim_start_matches("n1 ").trim_start_matches("n2 ")).collect();
    assert_eq!(told[..7], expected);
    assert!(told.iter().any(|line| line.contains("Fault { kind: \"cut\" } nothing")));
}

/// A simulation is `Debug` without its contents, and knows its members and kinds.
#[test]
fn a_simulation_introduces_itself() {
    let world = World::obeying(2, |_, _, _| {});
    assert_eq!(format!("{:?}", world.sim), "Sim { now: 0.000s, events: 0, .. }");
    assert_eq!(world.sim.members(), [N1, N2]);
    assert_eq!(world.sim.kinds(), ["alpha", "beta", "gamma"]);
    let view: seedbed_sim::View<'_, Puppet> = world.sim.view();
    assert_eq!((view.members(), view.role_of(N1)), (&[N1, N2][..], "node"));
}
