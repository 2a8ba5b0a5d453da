//! Ordered streams: what they promise, when they break, and who is told.

use std::rc::Rc;

use seedbed_sim::{
    Capacity, Chance, Distribution, Fault, LinkConfig, MessageAction, MessageRule, NodeId,
    STREAM_BROKEN, Shaping, StreamConfig, Transport,
};

use crate::talker::{Habits, Heard, MILLISECOND, N1, N2, N3, Order, World, at, ms};

const LINK: (NodeId, NodeId) = (N1, N2);

fn both_ways() -> Vec<(NodeId, NodeId)> {
    vec![(N1, N2), (N2, N1)]
}

/// What is lost is sent again after the time-out, doubled each time; what follows waits for it.
#[test]
fn a_lost_message_is_late_and_holds_up_what_follows() {
    let mut world = World::of_streams(3, |_| {});
    let always = Shaping { loss: Chance::ALWAYS, ..Shaping::default() };
    let hold = world.inject(0, Fault::Shape(vec![LINK], always));
    world.say(10, LINK, 1, 1, 10).say(11, (N2, N1), 7, 1, 10).say(11, (N1, N3), 8, 1, 10);
    // Sent at 10, 210 and 610 ms in vain.
    world.say(500, LINK, 2, 1, 10).release(700, hold);
    world.say(800, LINK, 3, 1, 10);
    let expected =
        ["12ms n1 has 7", "12ms n3 has 8", "1411ms n2 has 1", "1411ms n2 has 2", "1411ms n2 has 3"];
    assert_eq!(world.told(5_000), expected);
    let messages = world.sim.messages();
    assert_eq!((messages.sent, messages.delivered, messages.lost), (5, 5, 0));
}

/// A datagram's latency is a stream's, unless it has to wait for an earlier one.
#[test]
fn latencies_are_as_before_and_order_is_kept() {
    let run = |transport: Transport| {
        let mut world = World::new(2, |config| {
            config.network.transport = transport;
            config.network.everywhere.latency =
                Distribution::Uniform { min: MILLISECOND, max: 50 * MILLISECOND };
        });
        for value in 0..300 {
            world.say(value * 10, LINK, value, 1, 10);
        }
        let mut heard: Vec<(u64, u64)> = Vec::new();
        for (nanos, _, it) in world.heard(10_000) {
            if let Heard::Word { value, .. } = it {
                heard.push((value, nanos));
            }
        }
        heard
    };
    let mut datagrams = run(Transport::Datagram);
    assert!(!datagrams.is_sorted(), "datagrams overtake each other");
    datagrams.sort_unstable();
    let streamed = run(Transport::Stream(StreamConfig::default()));
    let mut latest = 0;
    let expected = datagrams.into_iter().map(|(value, nanos)| {
        latest = latest.max(nanos);
        (value, latest)
    });
    assert_eq!(streamed, expected.collect::<Vec<_>>());
}

/// What is lost, changed, led astray, doubled or held back does not show; faults that could only double have no effect.
#[test]
fn a_stream_is_whole_whatever_the_network_does() {
    let mut world = World::of_streams(3, |config| {
        let it = &mut config.network.everywhere;
        it.loss = Chance::from_ratio(1, 20);
        it.corrupt = Chance::from_ratio(1, 40);
        it.misdirect = Chance::from_ratio(1, 40);
        it.duplicate = Chance::from_ratio(1, 2);
        it.reorder = Chance::from_ratio(1, 2);
        it.jitter = ms(30);
    });
    let double = Shaping { duplicate: Chance::ALWAYS, ..Shaping::default() };
    assert_eq!(world.sim.inject(Fault::Shape(both_ways(), double)), None);
    let nth = |nth, action| MessageRule { from: vec![], to: vec![], kind: None, nth, action };
    let doubled = world.inject(0, Fault::Message(nth(1, MessageAction::Duplicate)));
    let lost = world.inject(0, Fault::Message(nth(3, MessageAction::Lose)));
    world.say(0, LINK, 0, 2_000, 10);
    // The third message was lost once, whatever the chance has done to it.
    assert!(world.values(150, N2).len() < 3);
    assert_eq!(world.values(600_000, N2).last(), Some(&1_999));
    assert!(world.sim.rule_met(lost) && !world.sim.rule_met(doubled));
    let messages = world.sim.messages();
    assert_eq!((messages.sent, messages.duplicated, messages.delivered), (2_000, 0, 2_000));
    assert_eq!((messages.corrupted, messages.misdirected), (0, 0));
}

/// What a cut holds leaves when it is mended in time; nobody is told anything.
#[test]
fn a_short_cut_only_delays() {
    let mut world = World::of_streams(2, |_| {});
    world.say(0, LINK, 0, 1, 10);
    let hold = world.inject(10, Fault::Cut(both_ways()));
    world.say(20, LINK, 1, 3, 10);
    let second = world.inject(5_000, Fault::Cut(vec![LINK]));
    assert_eq!(world.told(10_000), ["1ms n2 has 0"]);
    world.release(10_001, hold);
    world.release(10_009, second);
    let expected = ["10010ms n2 has 1", "10010ms n2 has 2", "10010ms n2 has 3"];
    assert_eq!(world.told(60_000), expected);
    assert_eq!(world.sim.messages().cut, 0);
    assert_eq!(reached(&world), None);
}

fn reached(world: &World) -> Option<u64> {
    let broken = world.sim.milestones().find(|(name, ..)| *name == STREAM_BROKEN);
    broken.unwrap().1.map(|time| time.nanos() / MILLISECOND)
}

/// A cut of `dead_link` breaks the stream: what it held is lost, both ends are told once, and the
/// next message opens a new one.
#[test]
fn a_long_cut_breaks_the_stream() {
    let mut world = World::of_streams(3, |_| {});
    world.say(0, LINK, 0, 1, 10).say(0, (N1, N3), 5, 1, 10);
    let hold = world.inject(10, Fault::Cut(vec![LINK]));
    world.say(20, LINK, 1, 3, 10).say(20, (N2, N1), 9, 1, 10);
    let expected = ["1ms n2 has 0", "1ms n3 has 5", "21ms n1 has 9"];
    assert_eq!(world.told(10_009), expected);
    assert_eq!(reached(&world), None);
    assert_eq!(world.told(10_020), ["10010ms n1 loses n2", "10010ms n2 loses n1"]);
    assert_eq!(reached(&world), Some(10_010));
    assert_eq!(world.sim.messages().cut, 3);
    world.release(11_000, hold);
    world.say(12_000, LINK, 4, 1, 10).say(12_000, (N2, N1), 6, 1, 10);
    assert_eq!(world.told(60_000), ["12001ms n2 has 4", "12001ms n1 has 6"]);
    world.assert_fates();
}

/// What was under way when the stream broke never arrives, in neither direction.
#[test]
fn what_was_under_way_is_gone() {
    let slow = Distribution::Constant(20_000 * MILLISECOND);
    let mut world = World::of_streams(2, |config| {
        let link = LinkConfig { latency: slow, ..config.network.everywhere.clone() };
        config.network.links = vec![(N2, N1, link)];
    });
    world.say(0, (N2, N1), 0, 5, 10);
    let hold = world.inject(10, Fault::Cut(vec![LINK]));
    world.say(12_000, (N2, N1), 5, 1, 10).release(12_000, hold);
    assert_eq!(world.told(20_000), ["10010ms n1 loses n2", "10010ms n2 loses n1"]);
    assert_eq!(world.told(40_000), ["32000ms n1 has 5"], "and the new stream owes nothing");
    let messages = world.sim.messages();
    assert_eq!((messages.lost, messages.cut, messages.delivered), (5, 0, 1));
}

/// A stream that opens into a cut has its whole `dead_link` from then on.
#[test]
fn a_stream_that_opens_into_a_cut_breaks_later() {
    let mut world = World::of_streams(2, |config| {
        config.network.transport =
            Transport::Stream(StreamConfig { dead_link: ms(500), ..StreamConfig::default() });
    });
    let hold = world.inject(0, Fault::Cut(vec![(N2, N1)]));
    world.say(300, LINK, 0, 1, 10);
    assert_eq!(world.told(799), ["301ms n2 has 0"]);
    assert_eq!(world.told(810), ["800ms n1 loses n2", "800ms n2 loses n1"]);
    // Opened again, and cut for another 100 ms, which it bears.
    world.say(1_000, LINK, 2, 1, 10).release(1_100, hold);
    assert_eq!(world.told(5_000), ["1001ms n2 has 2"]);
}

/// A message that is lost again and again for `dead_link` breaks the stream too.
#[test]
fn a_link_that_loses_everything_breaks_the_stream() {
    let mut world = World::of_streams(2, |_| {});
    let always = Shaping { loss: Chance::ALWAYS, ..Shaping::default() };
    world.inject(0, Fault::Shape(vec![LINK], always));
    world.say(5, LINK, 0, 2, 10);
    assert_eq!(world.told(30_000), ["10005ms n1 loses n2", "10005ms n2 loses n1"]);
    assert_eq!(world.sim.messages().lost, 2);
    world.assert_fates();
}

/// A clog holds a stream as long as it likes; a pause is not even noticed.
#[test]
fn clogs_and_pauses_do_not_break() {
    let mut world = World::of_streams(2, |config| config.inbox = 2);
    let clog = world.inject(0, Fault::Clog(both_ways()));
    let pause = world.inject(0, Fault::Pause(N2));
    world.say(5, LINK, 0, 5, 10).release(50_000, clog);
    world.release(90_000, pause);
    let expected: Vec<_> = (0..5).map(|value| format!("90000ms n2 has {value}")).collect();
    assert_eq!(world.told(100_000), expected, "and nothing is dropped from its inbox");
}

/// A crash breaks the stream at once. Its machine says so: the news takes the mean latency.
#[test]
fn a_crash_is_told_one_latency_later() {
    let mut world = World::of_streams(3, |config| {
        let slow = Distribution::Constant(30 * MILLISECOND);
        let link = LinkConfig { latency: slow, ..config.network.everywhere.clone() };
        config.network.links = vec![(N2, N1, link.clone()), (N1, N2, link)];
    });
    world.say(0, LINK, 0, 1, 10).say(20, (N2, N1), 1, 1, 10).say(20, LINK, 2, 1, 10);
    assert_eq!(world.told(35), ["30ms n2 has 0"]);
    let hold = world.inject(40, Fault::Crash(N2, None));
    assert_eq!(reached(&world), Some(40));
    // n1 does not know yet; n3 never talked to n2.
    world.say(60, LINK, 3, 1, 10).release(65, hold);
    world.say(68, (N2, N1), 4, 1, 10).say(75, LINK, 5, 1, 10);
    let expected = ["70ms n1 loses n2", "98ms n1 has 4", "105ms n2 has 5"];
    assert_eq!(world.told(1_000), expected);
    let messages = world.sim.messages();
    assert_eq!((messages.lost, messages.host_down, messages.delivered), (3, 0, 3));
    world.assert_fates();
}

/// The news of a crash waits for a cut to be mended, or for `dead_link`.
#[test]
fn the_news_of_a_crash_is_held_by_a_cut() {
    let told = |mended: u64| {
        let mut world = World::of_streams(2, |_| {});
        world.say(0, LINK, 0, 1, 10);
        let cut = world.inject(10, Fault::Cut(both_ways()));
        let crash = world.inject(20, Fault::Crash(N2, None));
        world.release(30, crash);
        world.release(mended, cut);
        world.told(60_000)
    };
    assert_eq!(told(9_000), ["1ms n2 has 0", "9001ms n1 loses n2"]);
    assert_eq!(told(11_000), ["1ms n2 has 0", "10010ms n1 loses n2"]);
}

/// Nobody listens on a host that is down: whoever speaks to it is told, a round trip later.
#[test]
fn a_host_that_is_down_refuses() {
    let mut world = World::of_streams(2, |_| {});
    world.inject(0, Fault::Crash(N2, None));
    world.say(10, LINK, 0, 2, 10);
    assert_eq!(world.told(100), ["12ms n1 loses n2"]);
    let messages = world.sim.messages();
    assert_eq!((messages.host_down, messages.lost), (1, 1));
    assert_eq!(reached(&world), None, "there was none to break");
}

/// A node that is told may speak at once, and is heard, on the new stream.
#[test]
fn whoever_is_told_may_connect_again_at_once() {
    let habits = Habits { reconnect: Some(77), ..Habits::default() };
    let mut world = World::with_habits(2, habits, |config| {
        config.network.transport = Transport::Stream(StreamConfig::default());
    });
    world.say(0, LINK, 0, 1, 10);
    let cut = world.inject(10, Fault::Cut(both_ways()));
    world.release(10_009, cut);
    world.say(10_020, LINK, 1, 1, 10);
    let cut = world.inject(20_000, Fault::Cut(both_ways()));
    world.stop_at(30_005);
    world.sim.release(cut);
    let expected = [
        "1ms n2 has 0",
        "10021ms n2 has 1",
        "30000ms n1 loses n2",
        "30000ms n2 loses n1",
        "30006ms n2 has 77",
        "30006ms n1 has 77",
    ];
    assert_eq!(world.told(60_000), expected);
}

/// The news waits behind what the host has to do first, and what it says until it is told is lost.
#[test]
fn the_news_waits_like_a_message() {
    let mut world = World::of_streams(2, |_| {});
    world.say(0, LINK, 0, 1, 10);
    world.inject(10, Fault::Cut(vec![LINK]));
    world.stop_at(10_005).submit(N1, Order::WorkAndSay(50, N2)).unwrap();
    let pause = world.inject(10_008, Fault::Pause(N2));
    world.release(11_000, pause);
    let expected = ["1ms n2 has 0", "10055ms n1 loses n2", "11000ms n2 loses n1"];
    assert_eq!(world.told(60_000), expected);
    assert_eq!(world.sim.messages().lost, 1);
}

/// Datagrams are lost without a word, whatever happens.
#[test]
fn a_datagram_is_never_reported_lost() {
    let mut world = World::new(2, |_| {});
    world.say(0, LINK, 0, 1, 10);
    world.inject(10, Fault::Cut(both_ways()));
    world.say(11, LINK, 1, 1, 10);
    world.inject(20_000, Fault::Crash(N2, None));
    assert_eq!(world.told(60_000), ["1ms n2 has 0"]);
    assert!(world.sim.milestones().all(|(name, ..)| name != STREAM_BROKEN));
}

/// On a link that carries only so much, a stream waits for room instead of losing.
#[test]
fn a_stream_waits_for_room() {
    let mut world = World::of_streams(2, |config| {
        config.network.everywhere.capacity =
            Capacity { bandwidth: Some(1_000_000), queue: Some(500), ..Capacity::default() };
    });
    world.say(0, LINK, 0, 1_000, 125);
    let seen = world.heard(10_000);
    let expected =
        (0..1_000).map(|value| ((value + 2) * MILLISECOND, N2, Heard::Word { from: N1, value }));
    assert_eq!(seen, expected.collect::<Vec<_>>());
    // A break takes what waits for room and what waits in the queue.
    world.say(10_000, LINK, 0, 100, 125);
    world.inject(10_002, Fault::Crash(N1, None));
    let seen = world.told(20_000);
    assert_eq!(seen[seen.len() - 1], "10003ms n2 loses n1");
    assert!(seen.len() <= 3, "{seen:?}");
    world.assert_fates();
}

/// The same run twice is the same; another `dead_link` is another run; and the news is an event.
#[test]
fn breaks_are_in_the_digest() {
    let run = |dead_link: u64| {
        let mut world = World::of_streams(2, |config| {
            config.network.transport =
                Transport::Stream(StreamConfig { dead_link: ms(dead_link), ..Default::default() });
        });
        world.say(0, LINK, 0, 1, 10);
        world.inject(10, Fault::Cut(vec![LINK]));
        world.stop_at(5_000);
        (world.sim.events(), world.sim.digest())
    };
    assert_eq!(run(100), run(100));
    assert_ne!(run(100).1, run(101).1);
    assert_eq!(run(100).0, run(6_000).0 + 2);
}

/// A desk can tell a node.
#[test]
fn a_desk_tells_a_node() {
    let habits = Rc::new(Habits { reconnect: Some(3), ..Habits::default() });
    let mut desk = seedbed_sim::testing::Desk::<crate::talker::Talker>::new(N1, 2, habits, 0);
    desk.boot();
    assert_eq!(desk.disconnect(N2).len(), 1);
    assert_eq!(at(0), desk.now());
}
