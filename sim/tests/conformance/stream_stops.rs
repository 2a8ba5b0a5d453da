//! Ordered streams of a host that ends in good order: what it said still arrives.

use seedbed_sim::{Capacity, Fault, MessageAction, MessageRule, StreamConfig, Transport};

use crate::puppet::{self, obey, word};
use crate::talker::{N1, N2, World};

/// All that was said arrives, and then the news; what was on its way to the host is lost.
#[test]
fn what_was_said_before_a_stop_arrives() {
    for end in [Fault::Stop(N1), Fault::Leave(N1)] {
        let mut world = World::of_streams(2, |_| {});
        world.say(10, (N1, N2), 1, 2, 10).say(10, (N2, N1), 7, 1, 10);
        world.stop_at(10).inject(end);
        assert!(!world.sim.is_up(N1));
        let expected = ["11ms n2 has 1", "11ms n2 has 2", "11ms n2 loses n1"];
        assert_eq!(world.told(50), expected);
        assert_eq!(world.sim.messages().lost, 1);
        // From here on nobody listens.
        world.say(60, (N2, N1), 8, 1, 10);
        assert_eq!(world.told(1_000), ["62ms n2 loses n1"]);
        world.assert_fates();
    }
}

/// What waits for the disk leaves when that is done, in the moment in which the host is down.
#[test]
fn what_a_stop_drains_arrives() {
    let streams = Transport::Stream(StreamConfig::default());
    let mut world = puppet::World::tuned(
        2,
        |config| config.network.transport = streams,
        obey(|ctx, _, order| {
            ctx.disk().append("log", b"it").unwrap();
            ctx.sync();
            ctx.send(N2, word(order));
        }),
    );
    world.order_at(10, N1, 1);
    world.stop_at(11).inject(Fault::Leave(N1));
    assert_eq!(world.seen(100), ["21ms n2 has 1 of n1"]);
    assert!(!world.sim.is_up(N1));
}

/// The machine goes on with what was lost after the process has ended.
#[test]
fn what_was_lost_is_sent_again_after_a_stop() {
    let mut world = World::of_streams(2, |_| {});
    let (from, to, action) = (vec![], vec![], MessageAction::Lose);
    world.inject(0, Fault::Message(MessageRule { from, to, kind: None, nth: 1, action }));
    world.say(10, (N1, N2), 1, 2, 10);
    world.inject(11, Fault::Stop(N1));
    assert_eq!(world.told(1_000), ["211ms n2 has 1", "211ms n2 has 2", "211ms n2 loses n1"]);
    world.assert_fates();
}

/// So does what waits for room, and what is in the transmitter: the news is behind both.
#[test]
fn what_waits_for_room_leaves_after_a_stop() {
    let mut world = World::of_streams(2, |config| {
        config.network.everywhere.capacity =
            Capacity { bandwidth: Some(1_000_000), queue: Some(250), ..Capacity::default() };
    });
    world.say(10, (N1, N2), 0, 5, 125);
    world.inject(10, Fault::Stop(N1));
    let mut expected: Vec<_> =
        (0..5).map(|value| format!("{}ms n2 has {value}", 12 + value)).collect();
    expected.push("16ms n2 loses n1".into());
    assert_eq!(world.told(1_000), expected);
    world.assert_fates();
}

/// What a host says when it is back is on another stream, behind the old one; each end is told of
/// each stream that is no more.
#[test]
fn a_host_that_is_back_speaks_after_what_it_said_before() {
    let mut world = World::of_streams(2, |_| {});
    let clog = world.inject(5, Fault::Clog(vec![(N1, N2)]));
    for value in 0..2 {
        let then = 10 + 50 * value;
        world.say(then, (N1, N2), value, 1, 10);
        let stop = world.inject(then, Fault::Stop(N1));
        world.release(then + 10, stop);
        // It goes to a connection that is no more.
        world.say(then + 20, (N2, N1), 7, 1, 10);
    }
    world.say(110, (N1, N2), 2, 1, 10).release(200, clog);
    let expected = [
        "201ms n2 has 0",
        "201ms n2 loses n1",
        "201ms n2 has 1",
        "201ms n2 loses n1",
        "201ms n2 has 2",
    ];
    assert_eq!(world.told(1_000), expected);
    world.say(1_000, (N2, N1), 8, 1, 10);
    assert_eq!(world.told(2_000), ["1001ms n1 has 8"]);
    assert_eq!(world.sim.messages().lost, 2);
    world.assert_fates();
}

/// A cut of `dead_link` ends this too, and so does a crash of the host that has come back.
#[test]
fn what_lingers_is_lost_with_its_link_or_its_machine() {
    let cut = || Fault::Cut(vec![(N1, N2)]);
    let mut world = World::of_streams(2, |_| {});
    world.inject(5, cut());
    world.say(10, (N1, N2), 1, 1, 10);
    world.inject(10, Fault::Stop(N1));
    assert_eq!(world.told(60_000), ["10010ms n2 loses n1"]);
    assert_eq!(world.sim.messages().cut, 1);
    world.assert_fates();

    let mut world = World::of_streams(2, |_| {});
    let hold = world.inject(5, cut());
    world.say(10, (N1, N2), 1, 1, 10);
    let stop = world.inject(10, Fault::Stop(N1));
    world.release(20, stop);
    world.inject(30, Fault::Crash(N1, None));
    world.release(40, hold);
    assert_eq!(world.told(60_000), ["41ms n2 loses n1"]);
    world.assert_fates();
}
