//! Clients: what they ask, what they make of the answers, and what they write down.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use seedbed_sim::{
    Answer, CLIENT_REPLY_KIND, CLIENT_REQUEST_KIND, ClientConfig, ClientView, Condition, Context,
    CrashModel, Distribution, Fault, HistoryEvent, MessageAction, MessageRule, Next, NodeId, OpId,
    Outcome, Rng, Stop, Target, Workload,
};

use crate::puppet::{Again, C1, Event, N1, N2, N3, Numbers, Once, Puppet, World, at, ms, puppets};

type Ask = dyn FnMut(&ClientView<'_>, Option<Outcome<u64>>) -> Next<u64>;

/// A client program that is a closure.
struct Program(Box<Ask>);

impl<S: Numbers> Workload<S> for Program {
    fn next(
        &mut self,
        client: &ClientView<'_>,
        last: Option<(&u64, &Outcome<u64>)>,
        _: &mut Rng,
    ) -> Next<u64> {
        (self.0)(client, last.map(|(_, outcome)| outcome.clone()))
    }
}

/// A world with one client, which begins at 10 ms; `answer` is all that the hosts do.
fn asked<S: Numbers>(
    config: ClientConfig,
    program: impl FnMut(&ClientView<'_>, Option<Outcome<u64>>) -> Next<u64> + 'static,
    answer: impl Fn(&mut Context<'_, Puppet<S>>, OpId, u64) + 'static,
) -> World<S> {
    let (mut settings, log) = puppets::<S>(3, move |_, ctx, event| {
        if let Event::Asked { id, op } = event {
            answer(ctx, id, op);
        }
    });
    settings.clients = 1;
    let mut world = World::of((settings, log));
    world.sim.add_client(Box::new(Program(Box::new(program))), config, at(10));
    world
}

/// Asks `target` once.
fn once(target: Target) -> impl FnMut(&ClientView<'_>, Option<Outcome<u64>>) -> Next<u64> {
    let mut asked = false;
    move |_, _| {
        if std::mem::replace(&mut asked, true) { Next::Done } else { Next::Invoke(1, target) }
    }
}

/// The history, a line each.
fn history<S: Numbers>(world: &World<S>) -> Vec<String> {
    let lines = world.sim.history().iter().map(|record| {
        let time = record.time.nanos() / 1_000_000;
        let (op, generation) = (record.op, record.generation);
        match &record.event {
            HistoryEvent::Invoke { op: asked, .. } => {
                format!("{time}ms {op} as {generation} asks {asked}")
            }
            HistoryEvent::Ok(ret) => format!("{time}ms {op} as {generation} ok {ret}"),
            HistoryEvent::Fail => format!("{time}ms {op} as {generation} fail"),
            HistoryEvent::Info => format!("{time}ms {op} as {generation} info"),
        }
    });
    lines.collect()
}

/// A request crosses the network, is answered, and ends `ok`; both count as client traffic.
#[test]
fn an_operation_is_asked_and_answered() {
    let mut world =
        asked::<Once>(ClientConfig::default(), once(Target::Host(N2)), |ctx, id, op| {
            ctx.reply(id, op + 1);
        });
    assert_eq!(world.seen(50), ["11ms n2 asked 1 by c1#1"]);
    assert_eq!(history(&world), ["10ms c1#1 as 0 asks 1", "12ms c1#1 as 0 ok 2"]);
    let messages = world.sim.messages();
    assert_eq!((messages.client_requests, messages.client_replies), (1, 1));
    assert_eq!((messages.sent, messages.delivered), (2, 2));
    assert_eq!(messages.by_kind, [0, 0, 0]);
    assert_eq!(world.sim.operations().ok, 1);
}

/// A rule can choose a request or a reply, and a condition can wait for one; neither is ever
/// duplicated.
#[test]
fn client_traffic_has_kinds() {
    let fate = |kind, action| {
        let config = ClientConfig { timeout: ms(30), ..ClientConfig::default() };
        let mut world = asked::<Once>(config, once(Target::Host(N2)), |ctx, id, op| {
            ctx.reply(id, op + 1);
        });
        let (from, to) = (Vec::new(), Vec::new());
        let rule = MessageRule { from, to, kind: Some(kind), nth: 1, action };
        let hold = world.sim.inject(Fault::Message(rule)).unwrap();
        let sent = world.sim.watch(Condition::Sent { kind: Some(kind), count: 1 });
        assert_eq!(world.sim.run(at(100)), Stop::Condition(sent));
        assert!(world.sim.rule_met(hold));
        world.until(100);
        history(&world).pop().unwrap_or_default()
    };
    let usual = "12ms c1#1 as 0 ok 2";
    let late = "17ms c1#1 as 0 ok 2";
    for kind in [CLIENT_REQUEST_KIND, CLIENT_REPLY_KIND] {
        assert_eq!(fate(kind, MessageAction::Lose), "40ms c1#1 as 0 info");
        assert_eq!(fate(kind, MessageAction::Delay(5_000_000)), late);
        assert_eq!(fate(kind, MessageAction::Duplicate), usual);
    }
}

/// In a closed loop each operation starts when the last has ended, or when the program has waited.
#[test]
fn a_closed_loop_waits_for_answers() {
    let mut step = 0;
    let program = move |_: &ClientView<'_>, last: Option<Outcome<u64>>| {
        step += 1;
        assert_eq!(last.is_some(), step > 2, "a wait is no operation");
        match step {
            1 => Next::Wait(ms(5)),
            2..=4 => Next::Invoke(step, Target::Host(N1)),
            _ => Next::Done,
        }
    };
    let mut world =
        asked::<Once>(ClientConfig::default(), program, |ctx, id, op| ctx.reply(id, op));
    let expected =
        ["16ms n1 asked 2 by c1#1", "18ms n1 asked 3 by c1#2", "20ms n1 asked 4 by c1#3"];
    assert_eq!(world.seen(50), expected);
}

fn open_loop(mean_ns: u64) -> ClientConfig {
    let interval = Some(Distribution::Exponential { mean: mean_ns, min: 0 });
    ClientConfig { interval, ..ClientConfig::default() }
}

/// The intended starts of a history, and how much later each operation began, in nanoseconds.
fn starts<S: Numbers>(world: &World<S>) -> Vec<(u64, u64)> {
    let begun = world.sim.history().iter().filter_map(|record| match record.event {
        HistoryEvent::Invoke { intended, .. } => {
            Some((intended.nanos(), record.time.nanos() - intended.nanos()))
        }
        HistoryEvent::Ok(_) | HistoryEvent::Fail | HistoryEvent::Info => None,
    });
    begun.collect()
}

/// An open loop is a Poisson process: 100 operations a second, their gaps spread as memoryless
/// ones are.
#[test]
fn an_open_loop_keeps_its_rate() {
    let ask = |_: &ClientView<'_>, _: Option<Outcome<u64>>| Next::Invoke(1, Target::Any);
    let mut world = asked::<Once>(open_loop(10_000_000), ask, |ctx, id, _| ctx.reply(id, 0));
    world.until(100_000);
    let starts = starts(&world);
    // A standard deviation is 100.
    assert!((9_600..10_400).contains(&starts.len()), "{}", starts.len());
    let gaps = starts.windows(2).map(|pair| pair[1].0 - pair[0].0);
    let long = gaps.filter(|gap| *gap > 20_000_000).count();
    // e^-2 of them: 1353, standard deviation 34.
    assert!((1_200..1_500).contains(&long), "{long}");
    assert!(world.sim.view().members().iter().all(|host| world.sim.is_up(*host)));
}

/// A client has one operation outstanding; those that were meant to start meanwhile begin later,
/// and their latency counts from the intended start.
#[test]
fn what_was_intended_is_not_forgotten() {
    let ask = |_: &ClientView<'_>, _: Option<Outcome<u64>>| Next::Invoke(1, Target::Host(N1));
    let mut world = asked::<Once>(open_loop(10_000_000), ask, |ctx, id, _| {
        ctx.busy(ms(28));
        ctx.reply(id, 0);
    });
    world.until(3000);
    let begun = starts(&world);
    // Each takes 30 ms, so they begin three times as seldom as they are meant to.
    assert!((95..101).contains(&begun.len()), "{}", begun.len());
    assert!(begun.last().unwrap().1 > 1_500_000_000, "far behind");
    assert!(begun.windows(2).all(|pair| pair[0].0 < pair[1].0));
    let mut open = None;
    for record in world.sim.history() {
        match record.event {
            HistoryEvent::Invoke { .. } => assert_eq!(open.replace(record.op), None),
            HistoryEvent::Ok(_) | HistoryEvent::Fail | HistoryEvent::Info => {
                assert_eq!(open.take(), Some(record.op));
            }
        }
    }
    // Heal drops and counts those that have not begun.
    world.stop_at(3000);
    world.sim.finish_clients(Vec::new());
    world.until(4000);
    let dropped = world.sim.operations().dropped;
    assert!((130..270).contains(&dropped), "{dropped}");
    assert!(world.sim.clients_finished());
    assert!(starts(&world).len() <= begun.len() + 1);
}

/// A program that waits is not asked again by the next intended start.
#[test]
fn an_arrival_interrupts_no_wait() {
    let times = Rc::new(RefCell::new(0));
    let count = times.clone();
    let program = move |_: &ClientView<'_>, _: Option<Outcome<u64>>| {
        *count.borrow_mut() += 1;
        Next::Wait(ms(100))
    };
    let mut world = asked::<Once>(open_loop(1_000_000), program, |_, _, _| {});
    world.until(1000);
    assert_eq!(*times.borrow(), 10);
}

/// An operation that is not answered in time ends `info`; the client goes on as a new process. A
/// late reply is counted and ignored.
#[test]
fn a_timeout_is_info() {
    let mut generations = Vec::new();
    let program = move |client: &ClientView<'_>, _: Option<Outcome<u64>>| {
        generations.push(client.generation);
        assert_eq!(generations, (0..generations.len() as u32).collect::<Vec<_>>());
        if generations.len() < 3 { Next::Invoke(1, Target::Host(N1)) } else { Next::Done }
    };
    let config = ClientConfig { timeout: ms(100), ..ClientConfig::default() };
    let mut world = asked::<Once>(config, program, |ctx, id, _| {
        if id.number == 1 {
            ctx.busy(ms(120));
            ctx.reply(id, 1);
        }
    });
    world.until(500);
    assert_eq!(
        history(&world),
        [
            "10ms c1#1 as 0 asks 1",
            "110ms c1#1 as 0 info",
            "110ms c1#2 as 1 asks 1",
            "210ms c1#2 as 1 info",
        ]
    );
    let operations = world.sim.operations();
    assert_eq!((operations.info, operations.late_replies, operations.ok), (2, 1, 0));
}

/// A refusal sends the client on: to whom the hint names, else to the next host. It remembers who
/// answered.
#[test]
fn a_refusal_leads_on() {
    let mut left = 2;
    let program = move |_: &ClientView<'_>, _: Option<Outcome<u64>>| {
        left -= 1;
        if left >= 0 { Next::Invoke(1, Target::Leader) } else { Next::Done }
    };
    let mut world =
        asked::<Once>(ClientConfig::default(), program, |ctx, id, _| match ctx.me() == N3 {
            true => ctx.reply(id, 3),
            false => ctx.refuse(id, (ctx.me() == N1).then_some(N3)),
        });
    let seen = world.seen(200);
    assert!(seen.len() <= 4 && seen.iter().filter(|line| line.contains("n3")).count() == 2);
    assert!(seen.last().unwrap().ends_with("n3 asked 1 by c1#2"), "{seen:?}");
    assert_eq!(world.sim.operations().ok, 2);
}

/// An operation of which every attempt was refused ends `fail`.
#[test]
fn refused_by_all_is_fail() {
    let config = ClientConfig { timeout: ms(100), ..ClientConfig::default() };
    let mut world = asked::<Once>(config, once(Target::Leader), |ctx, id, _| ctx.refuse(id, None));
    let seen = world.seen(500);
    assert_eq!(seen.len(), 9, "an attempt each 12 ms: {seen:?}");
    for host in [N1, N2, N3] {
        let asks = seen.iter().filter(|line| line.contains(&format!(" {host} "))).count();
        assert!((2..4).contains(&asks));
    }
    assert_eq!(history(&world)[1], "110ms c1#1 as 0 fail");
}

/// Once the fate of one attempt is unknown, an operation can end only `ok` or `info`.
#[test]
fn a_doubtful_operation_never_fails() {
    let config =
        ClientConfig { timeout: ms(200), attempt_timeout: ms(30), ..ClientConfig::default() };
    let first = Rc::new(RefCell::new(true));
    let mut world = asked::<Again>(config.clone(), once(Target::Any), move |ctx, id, _| {
        if !first.replace(false) {
            ctx.refuse(id, None);
        }
    });
    let seen = world.seen(500);
    assert!(seen.len() > 5 && seen.iter().all(|line| line.ends_with("asked 1 by c1#1")));
    assert_eq!(history(&world)[1], "210ms c1#1 as 0 info");
    // Not even when the one host that it may ask refuses the second attempt.
    let first = Rc::new(RefCell::new(true));
    let mut world = asked::<Again>(config, once(Target::Host(N1)), move |ctx, id, _| {
        if !first.replace(false) {
            ctx.refuse(id, None);
        }
    });
    world.until(500);
    assert_eq!(history(&world)[1], "42ms c1#1 as 0 info");
}

/// A service may let clients repeat an operation, with the same id, at another host.
#[test]
fn an_attempt_is_given_up_for_another() {
    let config = ClientConfig { attempt_timeout: ms(30), ..ClientConfig::default() };
    let mut world = asked::<Again>(config.clone(), once(Target::Any), |ctx, id, op| {
        if ctx.me() == N2 {
            ctx.reply(id, op);
        }
    });
    let seen = world.seen(500);
    assert!(seen.len() < 4 && seen.iter().all(|line| line.ends_with("c1#1")), "{seen:?}");
    assert_eq!(world.sim.operations().ok, 1);
    // Without such a service nothing is repeated.
    let mut world = asked::<Once>(config, once(Target::Host(N1)), |_, _, _| {});
    assert_eq!(world.seen(2000), ["11ms n1 asked 1 by c1#1"]);
    assert_eq!(history(&world)[1], "1010ms c1#1 as 0 info");
}

/// A client that may ask one host only takes its refusal as the end.
#[test]
fn a_target_host_is_asked_alone() {
    let mut world = asked::<Once>(ClientConfig::default(), once(Target::Host(N2)), |ctx, id, _| {
        ctx.refuse(id, Some(N1));
    });
    assert_eq!(world.seen(500), ["11ms n2 asked 1 by c1#1"]);
    assert_eq!(history(&world)[1], "12ms c1#1 as 0 fail");
}

/// A host that has lost track says so: `info` at once, or another attempt.
#[test]
fn an_unknown_fate_is_said() {
    fn answer<S: Numbers>(ctx: &mut Context<'_, Puppet<S>>, id: OpId, op: u64) {
        match ctx.me() == N1 {
            true => ctx.answer(id, Answer::Unknown),
            false => ctx.reply(id, op),
        }
    }
    let mut world = asked::<Once>(ClientConfig::default(), once(Target::Host(N1)), answer);
    world.until(100);
    assert_eq!(history(&world)[1], "12ms c1#1 as 0 info");
    let mut world = asked::<Again>(ClientConfig::default(), once(Target::Any), answer);
    world.until(100);
    assert!(history(&world)[1].ends_with("ok 1"));
}

/// An answer waits for its gate, and dies there with its host.
#[test]
fn answers_are_gated() {
    for crashes in [false, true] {
        let mut world =
            asked::<Once>(ClientConfig::default(), once(Target::Host(N1)), |ctx, id, op| {
                ctx.disk().append("log", b"x").unwrap();
                ctx.sync();
                ctx.reply(id, op);
            });
        if crashes {
            let crash = Fault::Crash(N1, Some(CrashModel::Strict));
            world.stop_at(15).inject(crash).unwrap();
        }
        world.until(2000);
        let end = if crashes { "1010ms c1#1 as 0 info" } else { "22ms c1#1 as 0 ok 1" };
        assert_eq!(history(&world)[1], end);
    }
}

/// Clients are hosts on the network: they can be cut off.
#[test]
fn clients_can_be_cut_off() {
    let mut world =
        asked::<Once>(ClientConfig::default(), once(Target::Host(N1)), |ctx, id, op| {
            ctx.reply(id, op);
        });
    world.stop_at(5).inject(Fault::Cut(vec![(N1, C1)])).unwrap();
    assert_eq!(world.seen(2000), ["11ms n1 asked 1 by c1#1"]);
    assert_eq!(history(&world)[1], "1010ms c1#1 as 0 info");
    assert_eq!(world.sim.messages().cut, 1);
}

/// At the end programs issue nothing new, the outstanding operation ends, and each final operation
/// is repeated until it is `ok`: it is given up as soon as an attempt is.
#[test]
fn final_operations_are_repeated_until_they_are_ok() {
    let ask = |_: &ClientView<'_>, _: Option<Outcome<u64>>| Next::Invoke(1, Target::Host(N1));
    let config =
        ClientConfig { timeout: ms(100), attempt_timeout: ms(80), ..ClientConfig::default() };
    let mut world = asked::<Once>(config, ask, |ctx, id, op| {
        let up = ctx.elapsed() > ms(500);
        if op == 7 && up {
            ctx.reply(id, op);
        } else if op == 8 {
            match ctx.elapsed() > ms(600) {
                true => ctx.reply(id, op),
                false => ctx.refuse(id, None),
            }
        }
    });
    world.stop_at(250).finish_clients(vec![(7, Target::Host(N1)), (8, Target::Host(N2))]);
    assert!(!world.sim.clients_finished());
    world.until(2000);
    assert!(world.sim.clients_finished());
    let finals: Vec<_> = world.sim.history().iter().filter(|record| record.last).collect();
    let count = |event: &HistoryEvent<u64, u64>| {
        finals.iter().filter(|record| record.event == *event).count()
    };
    assert_eq!((count(&HistoryEvent::Ok(7)), count(&HistoryEvent::Ok(8))), (1, 1));
    assert!(count(&HistoryEvent::Info) >= 2 && count(&HistoryEvent::Fail) >= 2);
    let outstanding = &world.sim.history()[5];
    assert_eq!((outstanding.event.clone(), outstanding.last), (HistoryEvent::Info, false));
    assert!(finals.last().unwrap().event == HistoryEvent::Ok(8));
    let given_up = finals[1].time - finals[0].time;
    assert_eq!((finals[1].event.clone(), given_up), (HistoryEvent::Info, ms(80)));
}

/// A run comes back when so many operations are `ok`.
#[test]
fn operations_are_counted() {
    let ask = |_: &ClientView<'_>, _: Option<Outcome<u64>>| Next::Invoke(1, Target::Host(N1));
    let mut world = asked::<Once>(ClientConfig::default(), ask, |ctx, id, op| ctx.reply(id, op));
    let three = world.sim.watch(Condition::Operations(3));
    assert_eq!(world.sim.run(at(90)), Stop::Condition(three));
    assert_eq!((world.sim.now(), world.sim.operations().ok), (at(16), 3));
    let two = world.sim.watch(Condition::Operations(2));
    assert_eq!(world.sim.run(at(90)), Stop::Condition(two));
}

/// An operator's operation is handed over at once, on no network; its answer and the position at
/// which it was taken up are kept.
#[test]
fn an_operator_submits() {
    let mut world = World::new(2, |_, ctx, event| {
        if let Event::Asked { id, op } = event {
            ctx.accepted(id, op * 10);
            if op > 1 {
                ctx.set_timer(1, ms(3));
                ctx.refuse(id, Some(N2));
            }
        }
    });
    world.stop_at(5);
    let one = world.sim.submit(N1, 1).unwrap();
    let two = world.sim.submit(N1, 2).unwrap();
    assert_eq!(world.sim.submission(one).accepted, None);
    world.until(5);
    assert_eq!(world.sim.submission(one).accepted, Some(10));
    assert_eq!(world.sim.submission(one).answer, None);
    assert_eq!(world.sim.submission(two).accepted, Some(20));
    assert_eq!(world.sim.submission(two).answer, Some(Answer::Refused { hint: Some(N2) }));
    assert_eq!(world.sim.messages().sent, 0);
    assert!(world.sim.history().is_empty());
    world.sim.inject(Fault::Crash(N1, None)).unwrap();
    assert_eq!(world.sim.submit(N1, 3), None);
    assert_eq!(world.sim.submit(NodeId::host(9), 3), None);
}

/// An answer to an operation that nobody has asked is an error where it is made.
#[test]
fn nobody_answers_what_was_not_asked() {
    for client in [N2, C1] {
        let mut world = World::obeying(2, move |ctx, _, _| {
            ctx.reply(OpId { client, number: 1 }, 0);
        });
        world.order_at(5, N1, 0);
        assert_eq!(world.sim.run(at(9)), Stop::Violation);
        let message = &world.sim.violations()[0].message;
        assert!(message.contains(&format!("n1 answers {client}#1")), "{message}");
    }
}

/// After the heal of a core, clients ask its hosts and no others.
#[test]
fn clients_of_a_healed_core_ask_only_there() {
    let config = ClientConfig {
        attempt_timeout: Duration::from_millis(20),
        timeout: Duration::from_millis(50),
        ..ClientConfig::default()
    };
    // n1 never answers, n2 is down for good; n3 refuses at first.
    let refused = Rc::new(RefCell::new(0));
    let count = refused.clone();
    let mut world = asked::<Again>(
        config,
        |_, _| Next::Done,
        move |ctx, id, op| {
            if ctx.me() != N3 {
                return;
            }
            *count.borrow_mut() += 1;
            if *count.borrow() < 4 {
                ctx.refuse(id, None);
            } else {
                ctx.reply(id, op);
            }
        },
    );
    world.stop_at(20).inject(Fault::Crash(N2, None)).expect("it was up");
    world.sim.heal_core(&[N3]);
    world.sim.finish_clients(vec![(7, Target::Leader), (8, Target::Any)]);
    let seen = world.seen(1000);
    assert!(world.sim.clients_finished());
    assert_eq!(seen.len(), 5, "three refusals and two answers, all of n3: {seen:?}");
    assert!(seen.iter().all(|line| line.contains(" n3 asked ")), "{seen:?}");
}
