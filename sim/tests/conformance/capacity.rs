//! Links that carry only so much: rate, queue, cost, and the fault that throttles.

use std::time::Duration;

use seedbed_sim::{
    Capacity, Chance, ClientConfig, Distribution, Fault, HoldId, LinkConfig, NodeId, Shaping,
};

use crate::talker::{Asker, Heard, MILLISECOND, N1, N2, N3, Settings, World, at, ms};

const LINK: (NodeId, NodeId) = (N1, N2);

/// 1 Mbit/s: 125 bytes take a millisecond.
fn megabit() -> Capacity {
    Capacity { bandwidth: Some(1_000_000), ..Capacity::default() }
}

fn limit(config: &mut Settings, capacity: Capacity) {
    let link = LinkConfig { capacity, ..config.network.everywhere.clone() };
    config.network.links = vec![(N1, N2, link)];
}

fn arrivals(world: &mut World, millis: u64) -> Vec<(u64, u64)> {
    let heard = world.heard(millis).into_iter();
    let words = heard.filter_map(|(nanos, host, heard)| match heard {
        Heard::Word { value, .. } if host == N2 => Some((value, nanos)),
        Heard::Word { .. } | Heard::Disconnect { .. } => None,
    });
    words.collect()
}

/// A saturated link carries its rate: 10,000 messages of 125 bytes at 1 Mbit/s take 10 s.
#[test]
fn a_saturated_link_carries_exactly_its_rate() {
    for (rate, bytes, count) in [(1_000_000, 125, 10_000), (9_999_991, 53, 50_000), (3_000, 7, 99)]
    {
        let capacity = Capacity { bandwidth: Some(rate), ..Capacity::default() };
        let mut world = World::new(2, |config| limit(config, capacity));
        world.say(0, LINK, 0, count, bytes);
        let seen = arrivals(&mut world, 60_000);
        assert_eq!(seen.len() as u64, count);
        let expected = |done: u64| u128::from(done * bytes * 8) * 1_000_000_000 / u128::from(rate);
        for (index, (value, nanos)) in (0..).zip(seen) {
            assert_eq!(value, index, "in order");
            let through = u128::from(nanos) - u128::from(MILLISECOND);
            assert!(through.abs_diff(expected(index + 1)) <= 1, "message {index} at {nanos}");
        }
        world.assert_fates();
    }
}

/// Half a link's rate passes as if the link were idle: each message is delayed by its own bits.
#[test]
fn an_idle_link_delays_by_the_bits_only() {
    let mut world = World::new(2, |config| limit(config, megabit()));
    for index in 0..5 {
        world.say(10 + 2 * index, LINK, index, 1, 125);
    }
    let expected: Vec<_> = (0..5).map(|index| (index, (12 + 2 * index) * MILLISECOND)).collect();
    assert_eq!(arrivals(&mut world, 100), expected);
}

/// Of a burst, one message is transmitted, the queue holds what fits, and the tail is dropped.
#[test]
fn a_full_queue_drops_the_tail() {
    let capacity = Capacity { queue: Some(2_000), ..megabit() };
    let mut world = World::new(2, |config| limit(config, capacity));
    world.say(0, LINK, 0, 20, 250).stop_at(1);
    assert_eq!(world.sim.messages().queue_dropped, 11);
    // One of the nine has been transmitted: there is room for one more.
    world.say(3, LINK, 200, 9, 250);
    assert_eq!(world.values(100, N2), (0..9).chain([200]).collect::<Vec<_>>());
    let messages = world.sim.messages();
    assert_eq!((messages.sent, messages.delivered, messages.queue_dropped), (29, 10, 19));
    world.assert_fates();
}

/// A message that is longer than the queue passes on an idle link, and only there.
#[test]
fn a_queue_counts_bytes() {
    let capacity = Capacity { queue: Some(1_000), ..megabit() };
    let mut world = World::new(2, |config| limit(config, capacity));
    world.say(0, LINK, 0, 2, 2_000).say(1, LINK, 10, 1, 600).say(2, LINK, 20, 2, 400);
    assert_eq!(world.values(100, N2), [0, 10, 20]);
    assert_eq!(world.sim.messages().queue_dropped, 2);
}

/// A cost occupies the link for each message, with a rate and without.
#[test]
fn each_message_has_its_cost() {
    let costly = Capacity { cost: Duration::from_micros(500), ..Capacity::default() };
    let mut world = World::new(2, |config| limit(config, costly));
    world.say(0, LINK, 0, 1_000, 1_000_000);
    let seen = arrivals(&mut world, 10_000);
    assert_eq!((seen.len(), seen[0].1, seen[999].1), (1_000, 1_500_000, 501 * MILLISECOND));
    let both = Capacity { cost: Duration::from_micros(500), ..megabit() };
    let mut world = World::new(2, |config| limit(config, both));
    world.say(0, LINK, 0, 1_000, 125);
    assert_eq!(arrivals(&mut world, 10_000)[999].1, 1_501 * MILLISECOND);
}

/// Only the links that are limited wait, each on its own; latencies are what they were.
#[test]
fn other_links_and_latencies_are_as_before() {
    let seen = |capacity: Capacity| {
        let mut world = World::new(3, |config| {
            config.network.everywhere.latency =
                Distribution::Uniform { min: MILLISECOND, max: 50 * MILLISECOND };
            limit(config, capacity);
        });
        for turn in 0..200 {
            world.say(turn * 100, LINK, turn, 1, 125).say(turn * 100, (N1, N3), turn, 1, 125);
            world.say(turn * 100, (N2, N1), turn, 1, 125);
        }
        world.heard(30_000)
    };
    let (free, limited) = (seen(Capacity::default()), seen(megabit()));
    let split = |heard: &[(u64, NodeId, Heard)], at_n2: bool| {
        let mut some: Vec<_> = heard.iter().filter(|it| (it.1 == N2) == at_n2).copied().collect();
        some.sort_unstable_by_key(|it| (it.0, it.1));
        some
    };
    assert_eq!(split(&free, false), split(&limited, false));
    let later = split(&free, true).into_iter().map(|(at, host, it)| (at + MILLISECOND, host, it));
    assert_eq!(later.collect::<Vec<_>>(), split(&limited, true));
}

/// What is lost or cut further on has taken its share of the link all the same.
#[test]
fn what_is_lost_further_on_has_been_transmitted() {
    let mut world = World::new(2, |config| {
        config.network.everywhere.loss = Chance::from_ratio(1, 2);
        limit(config, megabit());
    });
    world.say(0, LINK, 0, 1_000, 125);
    let last = arrivals(&mut world, 10_000);
    assert!((440..560).contains(&last.len()), "{}", last.len());
    for (value, nanos) in last {
        assert_eq!(nanos, (value + 2) * MILLISECOND);
    }
    let mut world = World::new(2, |config| limit(config, megabit()));
    let hold = world.inject(0, Fault::Cut(vec![LINK]));
    world.say(0, LINK, 0, 10, 125);
    world.release(5, hold);
    world.say(5, LINK, 50, 1, 125);
    assert_eq!(arrivals(&mut world, 100), [(50, 12 * MILLISECOND)]);
    assert_eq!(world.sim.messages().cut, 10);
    world.assert_fates();
}

/// A second copy takes its own turn, and is dropped where the queue is full.
#[test]
fn a_second_copy_takes_its_turn() {
    let twice = |queue: Option<u64>| {
        let mut world = World::new(2, |config| {
            config.network.everywhere.duplicate = Chance::ALWAYS;
            limit(config, Capacity { queue, ..megabit() });
        });
        world.say(0, LINK, 0, 10, 125);
        let seen = arrivals(&mut world, 100);
        world.assert_fates();
        let messages = world.sim.messages();
        assert_eq!((messages.sent, messages.duplicated), (10, 10));
        (seen, messages.queue_dropped)
    };
    let all: Vec<_> = (0..20).map(|turn| (turn / 2, (turn + 2) * MILLISECOND)).collect();
    assert_eq!(twice(None), (all.clone(), 0));
    assert_eq!(twice(Some(500)), (all[..5].to_vec(), 15));
}

/// What cannot be read on arrival, or comes to another host, has taken its share of its own link.
#[test]
fn what_is_harmed_takes_its_share() {
    let mut world = World::new(3, |config| {
        config.network.checksum = true;
        limit(config, megabit());
    });
    let harm = Shaping { corrupt: Chance::from_ratio(1, 2), ..Shaping::default() };
    let hold = world.inject(0, Fault::Shape(vec![LINK], harm));
    world.say(0, LINK, 0, 200, 125).release(1, hold);
    let seen = arrivals(&mut world, 1_000);
    assert!((70..130).contains(&seen.len()), "{}", seen.len());
    assert!(seen.iter().all(|(value, nanos)| *nanos == (value + 2) * MILLISECOND));
    world.assert_fates();
    let astray = Shaping { misdirect: Chance::ALWAYS, ..Shaping::default() };
    world.inject(2_000, Fault::Shape(vec![LINK], astray));
    world.say(2_000, LINK, 0, 3, 125);
    let told = ["2002ms n3 has 0", "2003ms n3 has 1", "2004ms n3 has 2"];
    assert_eq!(world.told(3_000), told);
}

/// What a clog held enters its link when it is let go, with the queue's bound.
#[test]
fn what_a_clog_held_enters_the_link() {
    let capacity = Capacity { queue: Some(500), ..megabit() };
    let mut world = World::new(2, |config| limit(config, capacity));
    let hold = world.inject(0, Fault::Clog(vec![LINK]));
    world.say(0, LINK, 0, 8, 125);
    world.release(50, hold);
    let expected: Vec<_> = (0..5).map(|value| (value, (52 + value) * MILLISECOND)).collect();
    assert_eq!(arrivals(&mut world, 100), expected);
    assert_eq!(world.sim.messages().queue_dropped, 3);
    world.assert_fates();
}

/// The queue stands in the network: a crash of the sender leaves it.
#[test]
fn a_queue_outlives_its_sender() {
    let mut world = World::new(2, |config| limit(config, megabit()));
    world.say(0, LINK, 0, 10, 125);
    world.inject(3, Fault::Crash(N1, None));
    assert_eq!(world.values(100, N2).len(), 10);
}

fn throttle(world: &mut World, millis: u64, rate: u64, queue: u64) -> HoldId {
    let capacity = Capacity { bandwidth: Some(rate), queue: Some(queue), cost: Duration::ZERO };
    world.inject(millis, Fault::Throttle(vec![LINK], capacity))
}

/// A throttled link carries the throttle's rate as long as it is held, and the rest at once when
/// it is let go: in order, each with its own latency.
#[test]
fn a_throttle_holds_and_lets_go() {
    let mut world = World::new(2, |_| {});
    let hold = throttle(&mut world, 0, 1_000_000, 10_000);
    world.say(0, LINK, 0, 10, 125).release(5, hold);
    world.say(5, LINK, 100, 1, 125);
    let seen = arrivals(&mut world, 100);
    let mut expected: Vec<_> = (0..5).map(|value| (value, (2 + value) * MILLISECOND)).collect();
    expected.extend((5..10).chain([100]).map(|value| (value, 6 * MILLISECOND)));
    assert_eq!(seen, expected);
    world.assert_fates();
}

/// Of two throttles the lowest rate and the shortest queue count; what is left of the message that
/// is being transmitted goes on at the new rate.
#[test]
fn the_lower_of_two_throttles_counts() {
    let mut world = World::new(2, |config| {
        limit(config, Capacity { bandwidth: Some(2_000_000), ..Capacity::default() });
    });
    let slow = throttle(&mut world, 0, 1_000_000, 1_000);
    let slower = throttle(&mut world, 0, 500_000, 5_000);
    // One is transmitted and eight wait: the queue of 1,000 bytes counts.
    world.say(0, LINK, 0, 10, 125).stop_at(1);
    assert_eq!(world.sim.messages().queue_dropped, 1);
    // Half of the first has left by now; the rest of it takes 0.5 ms.
    world.sim.release(slower);
    world.release(3, slow);
    let seen = arrivals(&mut world, 100);
    let us = |value: usize| seen[value].1 / 1_000;
    assert_eq!([0, 1, 2, 3].map(us), [2_500, 3_500, 4_250, 4_750]);
    assert_eq!(seen.len(), 9);
    assert_eq!(us(8), 7_250);
}

/// A throttle that is no tighter than what is there has no effect; heal and named hosts end it.
#[test]
fn a_throttle_must_tighten_and_ends_with_heal() {
    let mut world = World::new(2, |config| limit(config, megabit()));
    let loose = Capacity { bandwidth: Some(2_000_000), ..Capacity::default() };
    assert_eq!(world.sim.inject(Fault::Throttle(vec![LINK], loose)), None);
    assert_eq!(world.sim.inject(Fault::Throttle(vec![], Capacity::default())), None);
    throttle(&mut world, 0, 1_000, 1_000_000);
    world.say(0, LINK, 0, 1, 125).stop_at(10);
    world.sim.heal();
    let seen = arrivals(&mut world, 100);
    assert_eq!(seen[0].1, (10 + 1) * MILLISECOND + 990_000, "1 % was done at a thousandth");
    throttle(&mut world, 200, 1_000, 1_000_000);
    world.say(200, LINK, 1, 1, 125).stop_at(201);
    assert!(world.sim.free_hosts(&[N2]));
    assert!(!world.sim.free_hosts(&[N2]));
    assert!(arrivals(&mut world, 300)[0].1 < 203 * MILLISECOND);
}

/// Turning a rate on changes no other chance; and the fault is in the digest.
#[test]
fn a_throttle_leaves_the_words_and_is_in_the_digest() {
    let run = |rate: Option<u64>| {
        let mut world = World::new(2, |_| {});
        let salt = Shaping { salt: 9, loss: Chance::from_ratio(1, 3), ..Shaping::default() };
        world.inject(0, Fault::Shape(vec![LINK], salt));
        if let Some(rate) = rate {
            throttle(&mut world, 0, rate, 1_000_000);
        }
        let before = world.sim.digest();
        world.say(1, LINK, 0, 300, 10);
        let mut values = world.values(5_000, N2);
        values.sort_unstable();
        (before, values)
    };
    let runs = [None, Some(1_000_000), Some(1_000_001)].map(run);
    assert!((60..240).contains(&runs[0].1.len()));
    assert!(runs[0].1 == runs[1].1 && runs[1].1 == runs[2].1);
    assert!(runs[0].0 != runs[1].0 && runs[1].0 != runs[2].0, "even before a message was sent");
}

/// Client mail takes its turn as well.
#[test]
fn a_link_of_a_client_is_limited_too() {
    let client = NodeId::client(0);
    let run = |capacity: Capacity| {
        let mut world = World::new(1, |config| {
            config.clients = 1;
            config.network.everywhere.capacity = capacity;
        });
        world.sim.add_client(Box::new(Asker), ClientConfig::default(), at(10));
        world.stop_at(1_000);
        let operations = world.sim.operations();
        assert_eq!(operations.ok, 1);
        let answered = world.sim.history().last().unwrap();
        assert_eq!(answered.op.client, client);
        (answered.time - at(10)).as_nanos() as u64
    };
    let costly = Capacity { cost: ms(20), ..Capacity::default() };
    assert_eq!(run(Capacity::default()), 2 * MILLISECOND);
    assert_eq!(run(costly), 42 * MILLISECOND);
}
