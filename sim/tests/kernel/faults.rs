//! Faults: what they take, and what it means to let go.

use seedbed_sim::{
    Chance, CrashModel, Distribution, Fault, HoldId, MessageAction, MessageRule, NodeId, Shaping,
    UNSYNCED_DATA_LOST,
};

use crate::puppet::{N1, N2, N3, Word, World, obey, word};

/// n1 sends an order's number to n2 on order, n2 to n1, n3 to n1.
fn talkers() -> World {
    World::obeying(3, |ctx, me, order| ctx.send(if me == N1 { N2 } else { N1 }, word(order)))
}

fn inject(world: &mut World, millis: u64, fault: Fault) -> HoldId {
    world.stop_at(millis).inject(fault).expect("a fault that takes effect")
}

/// A one-way cut: what is sent into it is gone, what comes back is not.
#[test]
fn a_cut_has_a_direction() {
    let mut world = talkers();
    world.order_at(5, N1, 1);
    let hold = inject(&mut world, 5, Fault::Cut(vec![(N1, N2)]));
    assert!(world.sim.is_cut(N1, N2) && !world.sim.is_cut(N2, N1));
    world.order_at(10, N1, 2).order_at(10, N2, 3);
    assert_eq!(world.seen(20), ["6ms n2 has 1 of n1", "11ms n1 has 3 of n2"]);
    world.sim.release(hold);
    world.order_at(30, N1, 4);
    assert_eq!(world.seen(40), ["31ms n2 has 4 of n1"]);
    let messages = world.sim.messages();
    assert_eq!((messages.sent, messages.cut, messages.delivered), (4, 1, 3));
}

/// Link state is looked up when a message leaves, not when the handler sends it.
#[test]
fn a_gated_message_meets_the_link_as_it_leaves() {
    let mut world = World::obeying(2, |ctx, _, _| {
        ctx.disk().append("log", b"x").unwrap();
        ctx.sync();
        ctx.send(N2, word(1));
    });
    world.order_at(5, N1, 0);
    inject(&mut world, 10, Fault::Cut(vec![(N1, N2)]));
    assert_eq!(world.seen(40), Vec::<String>::new());
    assert_eq!(world.sim.messages().cut, 1);
}

/// A clog holds a link's traffic, and then lets it go, in order, each with its own latency.
#[test]
fn a_clog_holds_and_lets_go() {
    let mut world = World::tuned(
        3,
        |config| {
            let slow = seedbed_sim::LinkConfig {
                latency: Distribution::Constant(7_000_000),
                ..config.network.everywhere.clone()
            };
            config.network.links = vec![(N3, N1, slow)];
        },
        obey(|ctx, me, order| ctx.send(if me == N1 { N2 } else { N1 }, word(order))),
    );
    let first = inject(&mut world, 5, Fault::Clog(vec![(N1, N2), (N3, N1)]));
    let second = inject(&mut world, 5, Fault::Clog(vec![(N1, N2)]));
    world.order_at(10, N1, 1).order_at(11, N3, 2).order_at(12, N1, 3).order_at(13, N2, 4);
    assert_eq!(world.seen(20), ["14ms n1 has 4 of n2"]);
    assert_eq!(world.sim.messages().in_flight_at_end, 3);
    world.stop_at(30).release(first);
    assert_eq!(world.seen(49), ["37ms n1 has 2 of n3"]);
    world.stop_at(50).release(second);
    assert_eq!(world.seen(60), ["51ms n2 has 1 of n1", "51ms n2 has 3 of n1"]);
    let messages = world.sim.messages();
    assert_eq!((messages.in_flight_at_end, messages.delivered), (0, 4));
}

/// A link is free when no fault holds it.
#[test]
fn cuts_overlap() {
    let mut world = talkers();
    let first = inject(&mut world, 5, Fault::Cut(vec![(N1, N2), (N2, N1)]));
    let second = inject(&mut world, 6, Fault::Cut(vec![(N1, N2)]));
    world.sim.release(first);
    world.sim.release(first);
    assert!(world.sim.is_cut(N1, N2) && !world.sim.is_cut(N2, N1));
    world.sim.release(second);
    assert!(!world.sim.is_cut(N1, N2));
    world.order_at(10, N1, 1);
    assert_eq!(world.seen(20), ["11ms n2 has 1 of n1"]);
}

/// Heal ends every hold: cuts, clogs, shapings, chosen messages, pauses; and restarts crashed
/// hosts. Releasing a hold afterwards does nothing.
#[test]
fn heal_ends_every_hold() {
    let mut world = talkers();
    let always = Shaping { loss: Chance::ALWAYS, ..Shaping::default() };
    let rule =
        MessageRule { from: vec![], to: vec![], kind: None, nth: 1, action: MessageAction::Lose };
    let holds = [
        inject(&mut world, 5, Fault::Cut(vec![(N1, N2)])),
        inject(&mut world, 5, Fault::Clog(vec![(N1, N2), (N2, N1)])),
        inject(&mut world, 5, Fault::Shape(vec![(N3, N1)], always)),
        inject(&mut world, 5, Fault::Pause(N1)),
        inject(&mut world, 5, Fault::Crash(N3, Some(CrashModel::Strict))),
    ];
    world.order_at(10, N2, 1);
    inject(&mut world, 11, Fault::Message(rule));
    world.stop_at(20).heal();
    world.order_at(30, N1, 2).order_at(30, N2, 3).order_at(30, N3, 4);
    let expected = [
        "21ms n1 has 1 of n2",
        "31ms n2 has 2 of n1",
        "31ms n1 has 3 of n2",
        "31ms n1 has 4 of n3",
    ];
    assert_eq!(world.seen(40), expected);
    let before = world.sim.digest();
    holds.into_iter().for_each(|hold| world.sim.release(hold));
    assert_eq!(world.sim.digest(), before);
}

/// Heal of named hosts frees these and their links, and nothing else.
#[test]
fn some_hosts_heal() {
    let mut world = talkers();
    let lossy = Shaping { loss: Chance::ALWAYS, ..Shaping::default() };
    inject(&mut world, 5, Fault::Cut(vec![(N1, N2), (N3, N1)]));
    inject(&mut world, 5, Fault::Shape(vec![(N3, N1), (N2, N1)], lossy));
    inject(&mut world, 5, Fault::Pause(N3));
    inject(&mut world, 5, Fault::Crash(N2, Some(CrashModel::Strict)));
    assert!(world.sim.free_hosts(&[N3]));
    assert!(!world.sim.free_hosts(&[N3]), "it was free");
    assert!(!world.sim.is_paused(N3) && !world.sim.is_cut(N3, N1) && world.sim.is_cut(N1, N2));
    world.order_at(10, N3, 1);
    assert_eq!(world.seen(15), ["11ms n1 has 1 of n3"]);
    assert!(!world.sim.is_up(N2));
    assert!(world.sim.restart(N2));
    world.order_at(20, N2, 2);
    assert_eq!(world.seen(30), Vec::<String>::new(), "its link still loses everything");
    assert_eq!(world.sim.messages().lost, 1);
    assert!(world.sim.free_hosts(&[N2]));
    world.order_at(40, N2, 3).order_at(40, N1, 4);
    assert_eq!(world.seen(50), ["41ms n1 has 3 of n2", "41ms n2 has 4 of n1"]);
}

/// Single links can be freed, of one sort of fault or another.
#[test]
fn some_links_heal() {
    let mut world = talkers();
    inject(&mut world, 5, Fault::Cut(vec![(N1, N2), (N3, N1)]));
    inject(&mut world, 5, Fault::Clog(vec![(N2, N1)]));
    world.order_at(6, N2, 1);
    assert!(world.sim.free_links(|fault, _, _| matches!(fault, Fault::Clog(_))));
    assert!(world.sim.free_links(|_, from, to| (from, to) == (N3, N1)));
    assert!(!world.sim.free_links(|_, from, to| (from, to) == (N3, N1)));
    assert!(world.sim.is_cut(N1, N2) && !world.sim.is_cut(N3, N1));
    assert_eq!(world.seen(20), ["7ms n1 has 1 of n2"]);
}

/// A restart ends the hold of the crash: releasing it later changes nothing.
#[test]
fn a_restart_ends_the_hold_of_a_crash() {
    let mut world = talkers();
    let hold = inject(&mut world, 5, Fault::Crash(N1, Some(CrashModel::Strict)));
    assert!(world.sim.restart(N1));
    world.until(6);
    inject(&mut world, 7, Fault::Crash(N1, Some(CrashModel::Strict)));
    world.sim.release(hold);
    world.until(10);
    assert!(!world.sim.is_up(N1));
    assert_eq!(world.sim.milestone_index(UNSYNCED_DATA_LOST), Some(1));
}

fn chosen(
    from: &[NodeId],
    to: &[NodeId],
    kind: Option<u16>,
    nth: u64,
    action: MessageAction,
) -> Vec<String> {
    let mut world = World::obeying(3, |ctx, me, order| {
        let to = if me == N1 { N2 } else { N1 };
        ctx.send(to, Word { kind: (order % 2) as u8, value: order });
    });
    let rule = MessageRule { from: from.to_vec(), to: to.to_vec(), kind, nth, action };
    let hold = inject(&mut world, 1, Fault::Message(rule));
    for order in 0..4 {
        assert_eq!(world.sim.rule_met(hold), order > 2, "before order {order}");
        world.order_at(10 * (order + 1), N1, order);
        world.order_at(10 * (order + 1), N3, 10 + order).until(10 * (order + 1));
    }
    world.until(100);
    assert!(world.sim.rule_met(hold));
    world.log.take().into_iter().filter(|line| !line.contains("n1 has")).collect()
}

/// One chosen message, by sender, receiver, kind and number, is lost, delayed or duplicated.
#[test]
fn single_messages_are_chosen() {
    let lose = MessageAction::Lose;
    let usual = ["11ms n2 has 0 of n1", "21ms n2 has 1 of n1"];
    for lost in [
        chosen(&[N1], &[N2], None, 3, lose),
        chosen(&[N1], &[], Some(0), 2, lose),
        chosen(&[], &[N2, N3], None, 3, lose),
    ] {
        assert_eq!(lost, [usual[0], usual[1], "41ms n2 has 3 of n1"]);
    }
    let late = MessageAction::Delay(15_000_000);
    assert_eq!(
        chosen(&[N1], &[N2], None, 3, late),
        [usual[0], usual[1], "41ms n2 has 3 of n1", "46ms n2 has 2 of n1"]
    );
    let twice = chosen(&[N1], &[N2], None, 3, MessageAction::Duplicate);
    assert_eq!(twice.iter().filter(|line| line.ends_with("has 2 of n1")).count(), 2);
    assert_eq!(twice.len(), 5);
}

/// A clogged link holds second copies as well; they are counted, and come when it is let go.
#[test]
fn a_clog_holds_second_copies() {
    let mut world = talkers();
    let double = Shaping { duplicate: Chance::ALWAYS, ..Shaping::default() };
    inject(&mut world, 5, Fault::Shape(vec![(N1, N2)], double));
    let hold = inject(&mut world, 5, Fault::Clog(vec![(N1, N2)]));
    world.order_at(10, N1, 1);
    assert_eq!(world.seen(20), Vec::<String>::new());
    let messages = world.sim.messages();
    assert_eq!((messages.sent, messages.duplicated, messages.in_flight_at_end), (1, 1, 2));
    world.sim.release(hold);
    let seen = world.seen(30);
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert!(seen.iter().all(|line| line.ends_with("n2 has 1 of n1")), "{seen:?}");
    assert_eq!(world.sim.messages().delivered, 2);
}

/// A fault that delays a link delays second copies too, and rules that choose one message add up.
#[test]
fn second_copies_are_delayed_too() {
    let mut world = talkers();
    let rule = |action| {
        Fault::Message(MessageRule { from: vec![], to: vec![], kind: None, nth: 1, action })
    };
    inject(&mut world, 5, rule(MessageAction::Duplicate));
    inject(&mut world, 5, rule(MessageAction::Delay(20_000_000)));
    world.order_at(10, N1, 1);
    assert_eq!(world.seen(29), Vec::<String>::new());
    let seen = world.seen(40);
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert!(seen.contains(&"31ms n2 has 1 of n1".to_owned()), "{seen:?}");
}

/// A shaping changes links for as long as it is held.
#[test]
fn a_shaping_slows_a_link() {
    let mut world = talkers();
    let delay = Distribution::Constant(20_000_000);
    let slow = Shaping { delay, ..Shaping::default() };
    let hold = inject(&mut world, 5, Fault::Shape(vec![(N1, N2)], slow));
    world.order_at(10, N1, 1).order_at(10, N2, 2);
    world.stop_at(12).release(hold);
    world.order_at(13, N1, 3);
    let expected = ["11ms n1 has 2 of n2", "14ms n2 has 3 of n1", "31ms n2 has 1 of n1"];
    assert_eq!(world.seen(40), expected);
}

/// Client mail is never duplicated, so a fault that could only do that has no effect.
#[test]
fn duplicating_client_mail_is_no_fault() {
    let mut world = talkers();
    let client = NodeId::client(0);
    let double = Shaping { duplicate: Chance::ALWAYS, ..Shaping::default() };
    let both = Shaping { loss: Chance::ALWAYS, ..double.clone() };
    let sim = world.stop_at(5);
    assert_eq!(sim.inject(Fault::Shape(vec![(client, N1), (N1, client)], double.clone())), None);
    assert!(sim.inject(Fault::Shape(vec![(client, N1), (N1, N2)], double)).is_some());
    assert!(sim.inject(Fault::Shape(vec![(client, N1)], both)).is_some());
}

/// A healed core: its hosts are up and running and hear each other; what faults hold outside of it
/// they keep, and no rule for one message is left.
#[test]
fn a_core_is_healed_and_the_rest_stays_as_it_is() {
    let n4 = NodeId::host(3);
    let n5 = NodeId::host(4);
    // Everybody tells everybody.
    let mut world = World::obeying(5, |ctx, _, order| ctx.broadcast(word(order)));
    let all = [N1, N2, N3, n4, n5];
    let every_link = || -> Vec<(NodeId, NodeId)> {
        let pairs = all.iter().flat_map(|from| all.iter().map(move |to| (*from, *to)));
        pairs.filter(|(from, to)| from != to).collect()
    };
    let always = Shaping { loss: Chance::ALWAYS, ..Shaping::default() };
    let rule =
        MessageRule { from: vec![], to: vec![], kind: None, nth: 1, action: MessageAction::Lose };
    inject(&mut world, 5, Fault::Cut(every_link()));
    inject(&mut world, 5, Fault::Clog(every_link()));
    inject(&mut world, 5, Fault::CutKinds(every_link(), vec![0]));
    inject(&mut world, 5, Fault::Shape(every_link(), always));
    inject(&mut world, 5, Fault::Crash(N2, None));
    inject(&mut world, 5, Fault::Pause(N3));
    inject(&mut world, 5, Fault::Crash(n4, None));
    inject(&mut world, 5, Fault::Pause(n5));
    inject(&mut world, 5, Fault::Message(rule));
    world.stop_at(20).heal_core(&[N1, N2, N3]);
    world.order_at(30, N1, 1).order_at(31, N2, 2).order_at(32, N3, 3);
    let expected = [
        "31ms n2 has 1 of n1",
        "31ms n3 has 1 of n1",
        "32ms n1 has 2 of n2",
        "32ms n3 has 2 of n2",
        "33ms n1 has 3 of n3",
        "33ms n2 has 3 of n3",
    ];
    assert_eq!(world.seen(100), expected);
    assert!(!world.sim.is_up(n4) && world.sim.is_up(n5) && world.sim.is_paused(n5));
    assert!(world.sim.is_cut(N1, n4) && world.sim.is_cut(n5, N1) && !world.sim.is_cut(N1, N2));
    // A later heal of all finds what is left.
    world.sim.heal();
    world.order_at(120, n4, 4);
    assert_eq!(world.seen(130).iter().filter(|line| line.contains("has 4 of n4")).count(), 4);
}

/// Which hosts are the core is in the digest, though nothing was wrong.
#[test]
fn the_core_is_in_the_digest() {
    let digest = |core: &[NodeId]| {
        let mut world = talkers();
        world.stop_at(20).heal_core(core);
        world.order_at(30, N1, 1).seen(40);
        world.sim.digest()
    };
    assert_eq!(digest(&[N1, N2]), digest(&[N1, N2]));
    assert_ne!(digest(&[N1, N2]), digest(&[N1, N3]));
}
