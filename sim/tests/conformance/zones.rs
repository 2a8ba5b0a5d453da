//! Zones: which link lies between which hosts.

use seedbed_sim::{Chance, Distribution, LinkConfig, NodeId, ZonesConfig};

use crate::puppet::{Event, N1, World, word};

const MS: u64 = 1_000_000;

fn takes(millis: u64) -> LinkConfig {
    LinkConfig { latency: Distribution::Constant(millis * MS), ..LinkConfig::default() }
}

/// Everybody talks to everybody once; from whom to whom it takes how many milliseconds.
fn times(
    hosts: u32,
    zones: ZonesConfig,
    links: Vec<(NodeId, NodeId, LinkConfig)>,
) -> Vec<Vec<u64>> {
    let mut world = World::tuned(
        hosts,
        |config| {
            config.network.everywhere = takes(1);
            config.network.zones = zones;
            config.network.links = links;
        },
        |_, ctx, event| {
            if let Event::Asked { op, .. } = event {
                ctx.broadcast(word(op));
            }
        },
    );
    let mut times = vec![vec![0; hosts as usize]; hosts as usize];
    for from in 0..hosts {
        world.order_at(1000 * (u64::from(from) + 1), NodeId::host(from), 7);
    }
    for line in world.seen(1_000_000) {
        let words: Vec<_> = line.split([' ']).collect();
        let host = |name: &str| name[1..].parse::<usize>().unwrap() - 1;
        let millis: u64 = words[0].strip_suffix("ms").unwrap().parse().unwrap();
        times[host(words[5])][host(words[1])] = millis % 1000;
    }
    times
}

/// n1 and n2 are in zone 0, n3 in zone 1, n4 in none.
fn three_places() -> ZonesConfig {
    ZonesConfig {
        hosts: vec![Some(0), Some(0), Some(1)],
        clients: Vec::new(),
        pairs: vec![(0, 1, takes(50)), (1, 0, takes(70)), (0, 0, takes(3))],
    }
}

/// A link is as its zones say, in its direction; a host in no zone is as everywhere.
#[test]
fn a_link_is_as_its_zones_say() {
    let expected = [vec![0, 3, 50, 1], vec![3, 0, 50, 1], vec![70, 70, 0, 1], vec![1, 1, 1, 0]];
    assert_eq!(times(4, three_places(), Vec::new()), expected);
}

/// A link of its own comes first, also where it is as everywhere.
#[test]
fn a_link_of_its_own_comes_first() {
    let [n2, n3] = [NodeId::host(1), NodeId::host(2)];
    let links = vec![(N1, n3, takes(1)), (n3, n2, takes(9))];
    let expected = [vec![0, 3, 1, 1], vec![3, 0, 50, 1], vec![70, 9, 0, 1], vec![1, 1, 1, 0]];
    assert_eq!(times(4, three_places(), links), expected);
}

/// A zone's settings are all those of a link.
#[test]
fn zones_lose_too() {
    let mut zones = three_places();
    zones.pairs[0].2.loss = Chance::ALWAYS;
    zones.pairs[1].2.misdirect = Chance::ALWAYS;
    let times = times(4, zones, Vec::new());
    assert_eq!(times[0][2], 0, "lost");
    // n3's words for n1 and n2 go to n2 or n4 and to n1 or n4, n3's word for n4 does not.
    assert!(times[2].iter().filter(|time| **time == 70).count() >= 1, "{times:?}");
}

/// Ten thousand hosts in three zones cost a table of pairs of zones, and no table of links.
#[test]
fn many_hosts_are_cheap() {
    let hosts = 10_000;
    let place = |host: u32| Some((host % 3) as u16);
    let zones = ZonesConfig {
        hosts: (0..hosts).map(place).collect(),
        clients: Vec::new(),
        pairs: vec![(0, 1, takes(50)), (0, 2, takes(70))],
    };
    let mut world = World::tuned(
        hosts,
        |config| {
            config.network.everywhere = takes(1);
            config.network.zones = zones;
        },
        |_, ctx, event| {
            if let Event::Asked { op, .. } = event {
                ctx.broadcast(word(op));
            }
        },
    );
    world.order_at(1000, N1, 7);
    let seen = world.seen(2000);
    for (time, count) in [("1001ms", 3333), ("1050ms", 3333), ("1070ms", 3333)] {
        let here = seen.iter().filter(|line| line.starts_with(time)).count();
        assert_eq!(here, count, "{time}");
    }
}
