//! Messages that come to another host.

use seedbed_sim::{Chance, Fault, LinkConfig, NodeId, Shaping};

use crate::puppet::{C1, N1, N2, N3, World, obey, spread, word};
use crate::wire::{Told, Wire, assert_share, told};

const COUNT: u64 = 20_000;
const N4: NodeId = NodeId::host(3);

fn fifth() -> Chance {
    Chance::from_ratio(1, 5)
}

fn misdirecting(hosts: u32) -> [Told; 2] {
    let shaping = Shaping { misdirect: fifth(), ..Shaping::default() };
    let mut own = Wire::new(hosts, |it| it.network.everywhere.misdirect = fifth());
    let mut fault = Wire::new(hosts, |_| {});
    fault.world.sim.inject(Fault::Shape(vec![(N1, N2)], shaping)).unwrap();
    own.send(10, COUNT);
    fault.send(10, COUNT);
    [own.told(), fault.told()]
}

/// As many as the chance says go astray, to each other host alike; they count as delivered.
#[test]
fn misdirection_has_its_share() {
    for told in misdirecting(5) {
        let astray = told.count(|story| story.astray.is_some());
        assert_share(astray, COUNT, 0.2, 1.0);
        assert_eq!(astray, told.counts.misdirected);
        assert_eq!(told.counts.delivered, COUNT);
        for host in [N3, N4, NodeId::host(4)] {
            let here = told.count(|story| story.astray == Some(host));
            assert_share(here, astray, 1.0 / 3.0, 1.0);
        }
    }
}

/// The wrong host is told the true sender.
#[test]
fn the_sender_is_the_true_one() {
    let mut world = World::tuned(
        3,
        |it| it.network.everywhere.misdirect = Chance::ALWAYS,
        obey(|ctx, _, order| ctx.send(N2, word(order))),
    );
    world.order_at(10, N1, 1).order_at(20, N3, 2);
    assert_eq!(world.seen(30), ["11ms n3 has 1 of n1", "21ms n1 has 2 of n3"]);
}

/// Of two hosts there is no other one: nothing goes astray, and the fault has no effect.
#[test]
fn two_hosts_have_no_third() {
    let mut wire = Wire::new(2, |it| it.network.everywhere.misdirect = Chance::ALWAYS);
    wire.send(10, 10);
    let told = wire.told();
    assert_eq!((told.counts.misdirected, told.counts.delivered), (0, 10));
    let mut world = World::new(2, |_, _, _| {});
    let shaping = Shaping { misdirect: Chance::ALWAYS, ..Shaping::default() };
    assert_eq!(world.stop_at(5).inject(Fault::Shape(vec![(N1, N2)], shaping)), None);
}

/// A partition holds for what goes astray as well, on both ways; so does a clog.
#[test]
fn nothing_goes_astray_through_a_cut() {
    let play = |fault| {
        let mut wire = Wire::new(3, |it| it.network.everywhere.misdirect = Chance::ALWAYS);
        let hold = wire.world.sim.inject(fault).unwrap();
        wire.send(10, 10);
        wire.world.until(50);
        let before = wire.world.sim.messages();
        wire.world.sim.release(hold);
        (before, wire.told().counts)
    };
    for link in [(N1, N2), (N1, N3)] {
        let (_, after) = play(Fault::Cut(vec![link]));
        assert_eq!((after.cut, after.delivered, after.misdirected), (10, 0, 0), "{link:?}");
        let (before, after) = play(Fault::Clog(vec![link]));
        assert_eq!((before.delivered, before.in_flight_at_end), (0, 10), "{link:?}");
        assert_eq!((after.delivered, after.misdirected), (10, 10), "{link:?}");
    }
}

/// Where messages name their addressee, the wrong host drops what is not for it.
#[test]
fn addressees_are_checked() {
    let tune = |it: &mut crate::puppet::Settings<_>| {
        it.network.everywhere.misdirect = fifth();
        it.network.addressee = true;
    };
    let told = told(COUNT, tune, []);
    assert_share(told.counts.undecodable, COUNT, 0.2, 1.0);
    assert_eq!(told.counts.misdirected, told.counts.undecodable);
    assert_eq!(told.count(|story| story.astray.is_some() && story.after_ns.is_some()), 0);
}

/// When they come stays as it was.
#[test]
fn misdirection_leaves_latencies_as_they_were() {
    let plain = told(2000, |it| it.network.everywhere.latency = spread(), []);
    let tune = |link: &mut LinkConfig| (link.latency, link.misdirect) = (spread(), fifth());
    let told = told(2000, |it| tune(&mut it.network.everywhere), []);
    let times = |told: &Told| told.stories.iter().map(|it| it.after_ns).collect::<Vec<_>>();
    assert_eq!(times(&plain), times(&told));
}

/// A connection knows its ends.
#[test]
fn client_mail_never_goes_astray() {
    let mut world = World::new(3, |_, _, _| {});
    let shaping = Shaping { misdirect: Chance::ALWAYS, ..Shaping::default() };
    assert_eq!(world.stop_at(5).inject(Fault::Shape(vec![(C1, N1), (N1, C1)], shaping)), None);
}
