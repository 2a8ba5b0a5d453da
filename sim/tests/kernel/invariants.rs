//! What invariants are shown, when, and what becomes of what they find.

use std::cell::RefCell;
use std::rc::Rc;

use seedbed_sim::{
    Answer, CrashModel, Cursor, Fault, NODE_PANICKED, Observation, Stop, View, Watch, broken,
};

use crate::puppet::{Event, N1, N2, Puppet, World, at, ms, obey, word};
use crate::spy::spy;

fn all() -> Watch {
    [Watch::LEFT, Watch::REPLIED, Watch::DELIVERED, Watch::DURABLE, Watch::BOOTED, Watch::CRASHED]
        .into_iter()
        .fold(Watch::HANDLED, Watch::and)
}

fn tell(seen: &Observation<'_, Puppet>, world: &View<'_, Puppet>) -> String {
    let what = match seen {
        Observation::Handled { host, node } => format!("{host} handled: {}", node.state),
        Observation::Left { from, to, message } => format!("{from} to {to}: {}", message.value),
        Observation::Replied { host, answer: Answer::Done(ret), .. } => {
            format!("{host} replied {ret}")
        }
        Observation::Delivered { host, item } => format!("{host} delivered {item}"),
        Observation::Durable { host } => {
            format!("{host} durable: {:?}", world.durable(*host).len("log"))
        }
        Observation::Booted { host, node } => format!("{host} booted: {}", node.state),
        Observation::Crashed { host } => {
            assert!(world.node(*host).is_none());
            format!("{host} crashed: {:?}", world.disk(*host).len("log"))
        }
        _ => "something else".to_owned(),
    };
    format!("{}ms {what}", world.now().nanos() / 1_000_000)
}

/// Each kind of observation comes at its moment: outputs when they leave, after their gate; the
/// others when the step is over.
#[test]
fn observations_come_at_the_right_moment() {
    let mut world = World::new(2, |state, ctx, event| {
        if let Event::Asked { id, op } = event {
            *state = op;
            ctx.disk().append("log", b"x").unwrap();
            ctx.sync();
            ctx.send(N2, word(1));
            ctx.send(N1, word(2));
            ctx.deliver(3);
            ctx.reply(id, 4);
            ctx.busy(ms(2));
        }
    });
    let told = Rc::new(RefCell::new(Vec::new()));
    let out = told.clone();
    let watcher = spy("watcher", all(), move |seen, world| {
        out.borrow_mut().push(tell(seen, world));
        Ok(())
    });
    world.sim.set_invariants(vec![watcher]);
    world.until(1);
    let booted = ["0ms n1 booted: 0", "0ms n1 handled: 0", "0ms n2 booted: 0", "0ms n2 handled: 0"];
    assert_eq!(told.take(), booted);
    world.order_at(5, N1, 9).until(40);
    assert_eq!(
        told.take(),
        [
            "5ms n1 handled: 9",
            "7ms n1 delivered 3",
            "17ms n1 durable: Some(1)",
            "17ms n1 to n2: 1",
            "17ms n1 to n1: 2",
            "17ms n1 replied 4",
            "17ms n1 handled: 9",
            "18ms n2 handled: 0",
        ]
    );
    world.order_at(50, N1, 8);
    world.stop_at(55).inject(Fault::Crash(N1, Some(CrashModel::Strict))).unwrap();
    world.sim.restart(N1);
    world.until(60);
    assert_eq!(
        told.take(),
        [
            "50ms n1 handled: 8",
            "52ms n1 delivered 3",
            "55ms n1 crashed: Some(1)",
            "55ms n1 booted: 0",
            "55ms n1 handled: 0",
        ]
    );
}

/// For each host an invariant sees the node, the disk as it is read, as it is durable, what is at
/// risk, and, with a cursor, only what is new.
#[test]
fn the_view_shows_disks() {
    let mut world = World::obeying(2, |ctx, _, order| match order {
        0 => {
            ctx.disk().append("log", b"abcd").unwrap();
            ctx.sync();
        }
        1 => ctx.disk().append("log", b"ef").unwrap(),
        _ => ctx.disk().truncate("log", 3).unwrap(),
    });
    let mut cursor = Cursor::default();
    let mut changed = |world: &World| {
        let changes = world.sim.view().durable(N1).changed_since("log", &mut cursor);
        (changes.keep, changes.new.to_vec())
    };
    world.order_at(5, N1, 0).until(20);
    assert_eq!(changed(&world), (0, b"abcd".to_vec()));
    assert_eq!(changed(&world).1, b"");
    world.order_at(21, N1, 1).until(22);
    let view = world.sim.view();
    assert_eq!(view.disk(N1).read("log").unwrap(), &b"abcdef"[..]);
    assert_eq!(view.durable(N1).read("log").unwrap(), &b"abcd"[..]);
    assert!(view.at_risk(N1).is_empty() && view.at_risk(N2).is_empty());
    world.order_at(30, N1, 2).until(31);
    assert_eq!(world.sim.view().at_risk(N1), [("log", 3..4)]);
    assert_eq!(changed(&world).1, b"");
}

/// A run stops at its first violation, with everything that broke at that event, in declared
/// order and not in the order in which it showed.
#[test]
fn what_breaks_at_one_event_is_reported_in_declared_order() {
    let mut world = World::obeying(2, |ctx, _, order| {
        ctx.send(N2, word(order));
        ctx.set_timer(1, ms(1));
    });
    let on = |name, watch, number: u64| {
        spy::<Puppet>(name, watch, move |seen, world| match seen {
            Observation::Handled { host: N1, .. } if world.now() >= at(5) => broken("handled"),
            Observation::Left { message, .. } if message.value == number => broken("left"),
            _ => Ok(()),
        })
    };
    world.sim.set_invariants(vec![
        on("late", Watch::LEFT, 1),
        on("never", Watch::LEFT, 2),
        on("early", Watch::HANDLED, 0),
        on("early-too", Watch::HANDLED.and(Watch::LEFT), 1),
    ]);
    world.order_at(5, N1, 1);
    assert_eq!(world.sim.run(at(50)), Stop::Violation);
    let found = world.sim.violations();
    let names: Vec<_> = found.iter().map(|found| &*found.property).collect();
    assert_eq!(names, ["late", "early", "early-too"]);
    assert!(found.iter().all(|found| found.time == at(5) && found.event == world.sim.events()));
    assert_eq!(found[0].message, "left");
    assert_eq!(world.log.take(), Vec::<String>::new(), "nothing more was handled");
}

/// `keep_going` goes on, and reports each property once.
#[test]
fn keeping_going_reports_each_once() {
    let mut world = World::obeying(2, |ctx, _, order| ctx.send(N2, word(order)));
    world.sim.set_invariants(vec![
        spy::<Puppet>("odd", Watch::LEFT, |seen, _| match seen {
            Observation::Left { message, .. } if message.value % 2 == 1 => broken("odd"),
            _ => Ok(()),
        }),
        spy::<Puppet>("large", Watch::LEFT, |seen, _| match seen {
            Observation::Left { message, .. } if message.value > 2 => broken("large"),
            _ => Ok(()),
        }),
    ]);
    world.sim.keep_going();
    for order in 1..=4 {
        world.sim.run(at(order));
        world.sim.submit(N1, order).unwrap();
        let stop = world.sim.run(at(order));
        let news = order == 1 || order == 3;
        assert_eq!(stop == Stop::Violation, news, "{order}: {stop:?}");
    }
    let names: Vec<_> = world.sim.violations().iter().map(|found| &*found.property).collect();
    assert_eq!(names, ["odd", "large"]);
}

/// A panic in a handler is a violation that names the host; nothing happens after it.
#[test]
fn a_panic_is_a_violation() {
    let mut world = World::obeying(3, |ctx, _, order| {
        ctx.send(N1, word(1));
        assert!(order != 1, "order {order} cannot be");
    });
    world.order_at(5, N2, 0).order_at(6, N2, 1);
    assert_eq!(world.sim.run(at(50)), Stop::Violation);
    let found = &world.sim.violations()[0];
    assert_eq!(found.property, NODE_PANICKED);
    assert_eq!(found.message, "a handler of n2 panicked: order 1 cannot be");
    assert_eq!(found.time, at(6));
    assert_eq!(world.sim.run(at(50)), Stop::Idle);
    assert_eq!(world.sim.violations().len(), 1);
}

/// A panic while booting is one too.
#[test]
fn a_panic_at_boot_is_a_violation() {
    let mut world = World::new(2, |_, ctx, _| assert!(ctx.me() != N2, "not I"));
    assert_eq!(world.sim.run(at(50)), Stop::Violation);
    assert_eq!(world.sim.violations()[0].message, "a handler of n2 panicked: not I");
}

/// Checking costs the run nothing that the digest sees.
#[test]
fn watching_changes_nothing() {
    let play = |watched: bool| {
        let mut world = World::tuned(
            3,
            |_| {},
            obey(|ctx, _, order| {
                ctx.broadcast(word(order));
                ctx.deliver(order);
            }),
        );
        if watched {
            world.sim.set_invariants(vec![spy("all", all(), |_, _| Ok(()))]);
        }
        world.order_at(5, N1, 1).order_at(6, N2, 2).until(50);
        world.print()
    };
    assert_eq!(play(true), play(false));
}
