//! Everything at once: whatever happens, the fates of messages add up, and a run repeats itself.

use proptest::prelude::*;
use seedbed_sim::{
    CLIENT_REPLY_KIND, Chance, ClientConfig, ClientView, CrashModel, Distribution, Fault,
    MessageAction, MessageCounts, MessageRule, Next, NodeId, OpId, Outcome, Shaping, Target,
    Workload,
};

use crate::puppet::{Again, Event, Puppet, Word, World, at, ms, puppets};

/// Asks any host for the next number.
struct Asker(u64);

impl Workload<Again> for Asker {
    fn next(
        &mut self,
        _: &ClientView<'_>,
        _: Option<(&u64, &Outcome<u64>)>,
        _: &mut seedbed_sim::Rng,
    ) -> Next<u64> {
        self.0 += 1;
        Next::Invoke(self.0, Target::Leader)
    }
}

/// Draws what to do next out of its own stream: talk, write, sync, be busy, crash.
fn fidget(ctx: &mut seedbed_sim::Context<'_, Puppet<Again>>, asked: Option<OpId>) {
    for _ in 0..ctx.rng().below(3) {
        match ctx.rng().below(12) {
            0 => ctx.broadcast(Word { kind: 1, value: 1 }),
            1 => ctx.send(ctx.me(), Word { kind: 2, value: 0 }),
            2 | 3 => ctx.disk().append("log", b"some bytes").unwrap(),
            4 | 5 => ctx.sync(),
            6 => {
                let time = ctx.rng().below(3);
                ctx.busy(ms(time));
            }
            7 if ctx.rng().below(20) == 0 => ctx.crash(),
            _ => {
                let to = NodeId::host(ctx.rng().below(4) as u32);
                ctx.send(to, Word { kind: 0, value: 2 });
            }
        }
    }
    if let Some(id) = asked {
        match ctx.rng().below(4) {
            0 => ctx.refuse(id, Some(NodeId::host(1))),
            1 => {}
            _ => ctx.reply(id, 1),
        }
    }
}

fn storm(seed: u64) -> World<Again> {
    let (mut config, log) = puppets::<Again>(4, |_, ctx, event| match event {
        Event::Boot | Event::Timer(_) => {
            ctx.set_timer(1, ms(5));
            fidget(ctx, None);
        }
        Event::Word { value: 0, .. } => {}
        Event::Word { .. } => {
            if ctx.rng().below(3) == 0 {
                fidget(ctx, None);
            }
        }
        Event::Asked { id, .. } => fidget(ctx, Some(id)),
    });
    config.seed = seed;
    config.clients = 2;
    config.inbox = 2;
    config.restart_after = ms(30);
    config.boot_spread = ms(10);
    let link = &mut config.network.everywhere;
    link.latency = Distribution::Uniform { min: 100_000, max: 5_000_000 };
    link.loss = Chance::from_ratio(1, 20);
    link.duplicate = Chance::from_ratio(1, 10);
    link.reorder = Chance::from_ratio(1, 10);
    link.corrupt = Chance::from_ratio(1, 20);
    link.misdirect = Chance::from_ratio(1, 20);
    let mut world = World::of((config, log));
    for number in 0..2 {
        let client = ClientConfig {
            interval: (number == 0)
                .then_some(Distribution::Exponential { mean: 4_000_000, min: 0 }),
            timeout: ms(50),
            attempt_timeout: ms(10),
            pause: ms(2),
        };
        world.sim.add_client(Box::new(Asker(0)), client, at(20));
    }
    world
}

fn sum_of_fates(counts: &MessageCounts) -> u64 {
    counts.delivered
        + counts.lost
        + counts.cut
        + counts.queue_dropped
        + counts.undecodable
        + counts.host_down
        + counts.in_flight_at_end
}

fn assert_adds_up(world: &World<Again>) {
    let counts = world.sim.messages();
    assert_eq!(counts.sent + counts.duplicated, sum_of_fates(&counts), "{counts:?}");
    let kinds: u64 = counts.by_kind.iter().sum();
    assert_eq!(counts.sent, kinds + counts.client_requests + counts.client_replies);
}

#[derive(Clone, Debug)]
enum Action {
    Cut(u32, u32),
    CutKinds(u32, u32),
    Clog(u32, u32),
    Shape(u32, u32),
    Message(u32, u8, u64),
    Crash(u32, u8),
    Pause(u32),
    /// Ends one of the holds so far.
    Release(usize),
    Restart(u32),
    FreeHost(u32),
    Heal,
}

fn action() -> impl Strategy<Value = Action> {
    // Hosts and clients: the last two stand for clients.
    let end = || 0..6_u32;
    let host = || 0..4_u32;
    prop_oneof![
        (end(), end()).prop_map(|(from, to)| Action::Cut(from, to)),
        (end(), end()).prop_map(|(from, to)| Action::CutKinds(from, to)),
        (end(), end()).prop_map(|(from, to)| Action::Clog(from, to)),
        (end(), end()).prop_map(|(from, to)| Action::Shape(from, to)),
        (end(), 0..3_u8, 1..20_u64).prop_map(|(from, what, nth)| Action::Message(from, what, nth)),
        (host(), 0..4_u8).prop_map(|(host, model)| Action::Crash(host, model)),
        host().prop_map(Action::Pause),
        (0..20_usize).prop_map(Action::Release),
        (0..20_usize).prop_map(Action::Release),
        host().prop_map(Action::Restart),
        host().prop_map(Action::FreeHost),
        Just(Action::Heal),
    ]
}

fn end_of(number: u32) -> NodeId {
    if number < 4 { NodeId::host(number) } else { NodeId::client(number - 4) }
}

fn fault_of(action: &Action) -> Option<Fault> {
    let model = [CrashModel::Strict, CrashModel::Ordered, CrashModel::Torn, CrashModel::Reorder];
    Some(match *action {
        Action::Cut(from, to) => Fault::Cut(vec![(end_of(from), end_of(to))]),
        Action::CutKinds(from, to) => {
            Fault::CutKinds(vec![(end_of(from), end_of(to))], vec![0, CLIENT_REPLY_KIND])
        }
        Action::Clog(from, to) => Fault::Clog(vec![(end_of(from), end_of(to))]),
        Action::Shape(from, to) => {
            let shaping = Shaping {
                salt: u64::from(from) << 32 | u64::from(to),
                loss: Chance::from_ratio(1, 3),
                duplicate: Chance::from_ratio(1, 3),
                reorder: Chance::from_ratio(1, 3),
                delay: Distribution::Constant(2_000_000),
                corrupt: Chance::from_ratio(1, 5),
                misdirect: Chance::from_ratio(1, 5),
                ..Shaping::default()
            };
            Fault::Shape(vec![(end_of(from), end_of(to))], shaping)
        }
        Action::Message(from, what, nth) => {
            let actions =
                [MessageAction::Lose, MessageAction::Duplicate, MessageAction::Delay(9_000_000)];
            let action = actions[usize::from(what)];
            let from = vec![end_of(from)];
            Fault::Message(MessageRule { from, to: Vec::new(), kind: None, nth, action })
        }
        Action::Crash(host, which) => {
            Fault::Crash(NodeId::host(host), Some(model[usize::from(which)]))
        }
        Action::Pause(host) => Fault::Pause(NodeId::host(host)),
        Action::Release(_) | Action::Restart(_) | Action::FreeHost(_) | Action::Heal => {
            return None;
        }
    })
}

/// Plays a storm, and checks the sum of fates after each of its actions.
fn play(seed: u64, actions: &[(u64, Action)]) -> World<Again> {
    let mut world = storm(seed);
    let mut holds = Vec::new();
    let mut time = 0;
    for (wait, action) in actions {
        time += wait;
        world.stop_at(time);
        match action {
            Action::Release(which) => {
                if let Some(hold) = holds.get(*which) {
                    world.sim.release(*hold);
                }
            }
            Action::Restart(host) => {
                world.sim.restart(NodeId::host(*host));
            }
            Action::FreeHost(host) => {
                world.sim.free_hosts(&[NodeId::host(*host)]);
            }
            Action::Heal => world.sim.heal(),
            Action::Cut(..)
            | Action::CutKinds(..)
            | Action::Clog(..)
            | Action::Shape(..)
            | Action::Message(..)
            | Action::Crash(..)
            | Action::Pause(_) => {
                let fault = fault_of(action).expect("a fault");
                holds.extend(world.sim.inject(fault));
            }
        }
        assert_adds_up(&world);
    }
    world.sim.heal();
    world.sim.finish_clients(vec![(0, Target::Any)]);
    world.until(time + 500);
    assert_adds_up(&world);
    world
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// A message counts as sent when it leaves; sent and duplicated are the sum of the fates, at
    /// every moment of every storm. And the same storm comes to the same end.
    #[test]
    fn fates_add_up(
        seed in any::<u64>(),
        actions in prop::collection::vec((1..60_u64, action()), 1..40),
    ) {
        let world = play(seed, &actions);
        let again = play(seed, &actions);
        prop_assert_eq!(world.print(), again.print());
        prop_assert_eq!(world.sim.history(), again.sim.history());
        prop_assert!(world.sim.clients_finished(), "nothing holds the final operations up");
        prop_assert!(world.sim.members().iter().all(|host| !world.sim.is_paused(*host)));
    }
}

/// The storm is one: each fate is met.
#[test]
fn a_storm_has_everything() {
    let mut sum = MessageCounts::default();
    for seed in 0..20 {
        let actions = [
            (30, Action::Cut(0, 1)),
            (5, Action::Clog(1, 2)),
            (5, Action::Pause(3)),
            (40, Action::Crash(2, 2)),
            (20, Action::Heal),
        ];
        let counts = play(seed, &actions).sim.messages();
        sum.lost += counts.lost;
        sum.cut += counts.cut;
        sum.queue_dropped += counts.queue_dropped;
        sum.host_down += counts.host_down;
        sum.in_flight_at_end += counts.in_flight_at_end;
        sum.undecodable += counts.undecodable;
        sum.misdirected += counts.misdirected;
        sum.duplicated += counts.duplicated;
        sum.delivered += counts.delivered;
    }
    let met = [
        sum.lost,
        sum.cut,
        sum.queue_dropped,
        sum.host_down,
        sum.in_flight_at_end,
        sum.undecodable,
        sum.misdirected,
        sum.duplicated,
        sum.delivered,
    ];
    assert!(met.iter().all(|count| *count > 20), "{sum:?}");
}
