//! The promise of a stream under a storm: what arrives is in order and whole, up to a break that
//! both ends are told of.

use proptest::prelude::*;
use seedbed_sim::{
    Capacity, Chance, Distribution, Fault, NodeId, Shaping, StreamConfig, Transport,
};

use crate::talker::{Heard, N1, N2, World, ms};

#[derive(Clone, Copy, Debug)]
enum Act {
    Say { forth: bool, count: u64 },
    Cut { forth: bool, millis: u64 },
    Clog { forth: bool, millis: u64 },
    Lossy { millis: u64 },
    Throttle { millis: u64 },
    Crash { first: bool, millis: u64 },
    Pause { first: bool, millis: u64 },
}

fn act() -> impl Strategy<Value = Act> {
    let some = || 1..3_000_u64;
    prop_oneof![
        6 => (any::<bool>(), 1..6_u64).prop_map(|(forth, count)| Act::Say { forth, count }),
        2 => (any::<bool>(), some()).prop_map(|(forth, millis)| Act::Cut { forth, millis }),
        1 => (any::<bool>(), some()).prop_map(|(forth, millis)| Act::Clog { forth, millis }),
        1 => some().prop_map(|millis| Act::Lossy { millis }),
        1 => some().prop_map(|millis| Act::Throttle { millis }),
        1 => (any::<bool>(), some()).prop_map(|(first, millis)| Act::Crash { first, millis }),
        1 => (any::<bool>(), some()).prop_map(|(first, millis)| Act::Pause { first, millis }),
    ]
}

fn fault(act: Act) -> Option<(Fault, u64)> {
    let link = |forth: bool| if forth { vec![(N1, N2)] } else { vec![(N2, N1)] };
    let host = |first: bool| if first { N1 } else { N2 };
    Some(match act {
        Act::Say { .. } => return None,
        Act::Cut { forth, millis } => (Fault::Cut(link(forth)), millis),
        Act::Clog { forth, millis } => (Fault::Clog(link(forth)), millis),
        Act::Lossy { millis } => {
            let half = Shaping { loss: Chance::from_ratio(1, 2), ..Shaping::default() };
            (Fault::Shape(vec![(N1, N2), (N2, N1)], half), millis)
        }
        Act::Throttle { millis } => {
            let capacity =
                Capacity { bandwidth: Some(5_000), queue: Some(300), ..Capacity::default() };
            (Fault::Throttle(vec![(N1, N2), (N2, N1)], capacity), millis)
        }
        Act::Crash { first, millis } => (Fault::Crash(host(first), None), millis),
        Act::Pause { first, millis } => (Fault::Pause(host(first)), millis),
    })
}

/// Whether `heard` by one host, of numbers sent one after the other, is what a stream promises.
fn judge(heard: &[(u64, Heard)], crashes: &[u64], sent: u64) -> Result<(), String> {
    let mut expected = 0;
    let mut told = false;
    let mut crashes = crashes.iter().peekable();
    for &(at, heard) in heard {
        // Memory is gone, and with it what it heard and was to be told; at the same instant it may
        // have been before this or after.
        let mut just_now = false;
        while let Some(crash) = crashes.next_if(|crash| **crash <= at) {
            told = true;
            just_now = *crash == at;
        }
        match heard {
            Heard::Disconnect { .. } => told = true,
            Heard::Word { value, .. } if value == expected || (told && value > expected) => {
                told = just_now;
                expected = value + 1;
            }
            Heard::Word { value, .. } => {
                return Err(format!("{value} at {at} ns where {expected} was due"));
            }
        }
    }
    let lost_at_the_end = expected < sent && !told && crashes.next().is_none();
    if lost_at_the_end { Err(format!("{expected} of {sent}, and nobody was told")) } else { Ok(()) }
}

fn world() -> World {
    World::of_streams(2, |config| {
        config.network.transport =
            Transport::Stream(StreamConfig { dead_link: ms(1_000), ..StreamConfig::default() });
        config.network.everywhere.latency =
            Distribution::Uniform { min: 1_000_000, max: 200_000_000 };
        config.network.everywhere.loss = Chance::from_ratio(1, 50);
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn what_arrives_is_whole_up_to_a_break(acts in prop::collection::vec((act(), 1..900_u64), 1..40)) {
        let mut world = world();
        let mut sent = [0_u64; 2];
        let mut crashes: [Vec<u64>; 2] = Default::default();
        let mut holds = Vec::new();
        let mut now = 0;
        for (act, pause) in acts {
            now += pause;
            // What ends before goes first.
            holds.sort_by_key(|(until, _)| *until);
            while holds.first().is_some_and(|(until, _)| *until <= now) {
                let (until, hold) = holds.remove(0);
                world.release(until, hold);
            }
            world.stop_at(now);
            if let Act::Say { forth, count } = act {
                let (from, to) = if forth { (N1, N2) } else { (N2, N1) };
                if world.sim.is_up(from) && !world.sim.is_paused(from) {
                    let sender = from.index();
                    world.say(now, (from, to), sent[sender], count, 50);
                    sent[sender] += count;
                }
            } else if let Some((fault, millis)) = fault(act) {
                if let Fault::Crash(host, _) = fault {
                    crashes[host.index()].push(now * 1_000_000);
                }
                if let Some(hold) = world.sim.inject(fault) {
                    holds.push((now + millis, hold));
                }
            }
        }
        world.stop_at(now + 1);
        world.sim.heal();
        world.stop_at(now + 100_000);
        let heard = world.log.take();
        for (host, peer) in [(N1, N2), (N2, N1)] {
            let of_host = |who: NodeId| who == host;
            let mine: Vec<_> =
                heard.iter().filter(|it| of_host(it.1)).map(|it| (it.0, it.2)).collect();
            // A message that a crash took out of the inbox is lost with its receiver.
            let verdict = judge(&mine, &crashes[host.index()], sent[peer.index()]);
            prop_assert_eq!(verdict, Ok(()), "{} heard {:?}", host, mine);
        }
        world.assert_fates();
        prop_assert_eq!(world.sim.messages().in_flight_at_end, 0);
    }
}
