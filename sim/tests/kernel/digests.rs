//! The digest of a run: the same for the same run, another for any other.

use seedbed_sim::{
    Chance, ClientConfig, ClientView, CrashModel, Distribution, Entry, Fault, MessageAction,
    MessageRule, Next, Outcome, Rng, Shaping, Stop, Target, Tracer, Workload,
};

use crate::puppet::{C1, Event, N1, N2, N3, Once, World, at, ms, puppets, word};

/// Asks any host for random numbers.
struct Asker;

impl Workload<Once> for Asker {
    fn next(
        &mut self,
        _: &ClientView<'_>,
        _: Option<(&u64, &Outcome<u64>)>,
        rng: &mut Rng,
    ) -> Next<u64> {
        Next::Invoke(rng.below(100), Target::Any)
    }
}

/// What a mixed run differs in.
#[derive(Clone, Copy)]
struct Twist {
    seed: u64,
    message: u64,
    timer_ns: u64,
    byte: u8,
    crash_at: u64,
    cut_at: u64,
    traced: bool,
}

const PLAIN: Twist = Twist {
    seed: 42,
    message: 5,
    timer_ns: 8_000_000,
    byte: 1,
    crash_at: 60,
    cut_at: 40,
    traced: false,
};

struct Deaf;

impl Tracer for Deaf {
    fn record(&mut self, entry: &Entry<'_>) {
        assert!(!format!("{entry:?}").is_empty());
    }

    fn event_over(&mut self, _: u64, _: u64) {}
}

/// Messages, timers, disks, syncs, crashes, cuts, clients and random numbers: events and digest.
fn mixed(twist: Twist) -> (u64, u64) {
    let (mut config, log) = puppets(3, move |state, ctx, event| match event {
        Event::Boot => ctx.set_timer(1, std::time::Duration::from_nanos(twist.timer_ns)),
        Event::Timer(_) => {
            *state += 1;
            ctx.note(|| "a note".to_owned());
            let value = if *state == 3 { twist.message } else { ctx.rng().below(100) };
            ctx.broadcast(word(value));
            ctx.set_timer(1, ms(5));
        }
        Event::Word { from, value } => {
            let byte = if value == 5 { twist.byte } else { value as u8 };
            ctx.disk().append("log", &[byte]).unwrap();
            ctx.sync();
            if value % 2 == 0 {
                ctx.send(from, word(value + 1));
            }
        }
        Event::Asked { id, op } => {
            ctx.deliver(op);
            ctx.reply(id, op);
        }
    });
    config.seed = twist.seed;
    config.clients = 1;
    config.boot_spread = ms(10);
    config.network.everywhere.latency = crate::puppet::spread();
    config.network.everywhere.loss = Chance::from_ratio(1, 10);
    config.network.everywhere.duplicate = Chance::from_ratio(1, 10);
    config.hosts[1].clock_drift_ppm = 200;
    config.hosts[2].clock_offset_ns = -5_000;
    let mut world = World::of((config, log));
    if twist.traced {
        world.sim.set_tracer(Box::new(Deaf));
    }
    world.sim.add_client(Box::new(Asker), ClientConfig::default(), at(15));
    let mut faults = [
        (twist.cut_at, Fault::Cut(vec![(N1, N3), (C1, N2)])),
        (twist.crash_at, Fault::Crash(N2, Some(CrashModel::Torn))),
        (80, Fault::Pause(N1)),
    ];
    faults.sort_by_key(|(millis, _)| *millis);
    for (millis, fault) in faults {
        assert_eq!(world.sim.run(at(millis)), Stop::Until);
        assert!(world.sim.inject(fault).is_some());
    }
    assert_eq!(world.sim.run(at(150)), Stop::Until);
    world.sim.heal();
    assert_eq!(world.sim.run(at(300)), Stop::Until);
    world.print()
}

/// What the mixed run comes to, in debug and in release, on every machine. It changes with the
/// stream layout, with the order of events, and with what goes into a digest: a change that was
/// not meant to change one of these is a mistake.
const GOLDEN: (u64, u64) = (460, 0xab1b_3adc_45bd_3e32);

/// The same binary, scenario and seed give the same digest everywhere.
#[test]
fn a_run_has_a_golden_digest() {
    assert_eq!(mixed(PLAIN), GOLDEN, "0x{:016x}", mixed(PLAIN).1);
}

/// The trace level changes nothing.
#[test]
fn a_traced_run_is_the_same() {
    assert_eq!(mixed(Twist { traced: true, ..PLAIN }), mixed(PLAIN));
}

/// One flipped bit of a message, a timer, a disk byte or a fault's time changes the digest.
#[test]
fn one_bit_changes_the_digest() {
    let plain = mixed(PLAIN).1;
    let twists = [
        ("seed", Twist { seed: 43, ..PLAIN }),
        ("message", Twist { message: PLAIN.message ^ 16, ..PLAIN }),
        ("timer", Twist { timer_ns: PLAIN.timer_ns ^ 1, ..PLAIN }),
        ("byte", Twist { byte: PLAIN.byte ^ 128, ..PLAIN }),
        ("crash", Twist { crash_at: PLAIN.crash_at ^ 1, ..PLAIN }),
        ("cut", Twist { cut_at: PLAIN.cut_at ^ 1, ..PLAIN }),
    ];
    for (what, twist) in twists {
        assert_ne!(mixed(twist).1, plain, "{what}");
    }
}

/// That holds where the bit changes nothing else: a timer that never fires, a message that is
/// lost, a byte that nobody reads, a fault that nothing meets.
#[test]
fn a_bit_without_consequence_changes_the_digest() {
    let quiet = |timer_ns: u64, value: u64, byte: u8, cut_at: u64| {
        let mut world = World::new(2, move |_, ctx, event| {
            if event == Event::Boot && ctx.me() == N1 {
                ctx.set_timer(1, std::time::Duration::from_nanos(timer_ns));
                ctx.cancel_timer(1);
                ctx.send(N2, word(value));
                ctx.disk().append("log", &[byte]).unwrap();
                ctx.set_timer(2, ms(1000));
            }
        });
        world.sim.inject(Fault::Cut(vec![(N1, N2)])).unwrap();
        assert_eq!(world.sim.run(at(cut_at)), Stop::Until);
        world.sim.inject(Fault::Cut(vec![(N2, N1)])).unwrap();
        world.sim.run(at(500));
        assert_eq!(world.sim.messages().cut, 1);
        world.print()
    };
    let plain = quiet(1 << 20, 4, 7, 20);
    assert_eq!(quiet(1 << 20, 4, 7, 20), plain);
    let others = [
        quiet(1 << 20 | 1, 4, 7, 20),
        quiet(1 << 20, 5, 7, 20),
        quiet(1 << 20, 4, 6, 20),
        quiet(1 << 20, 4, 7, 21),
    ];
    for (place, other) in others.iter().enumerate() {
        assert_eq!(other.0, plain.0, "as many events");
        assert_ne!(other.1, plain.1, "{place}");
    }
}

/// Every setting of a fault is in the digest, whether or not anything meets it.
#[test]
fn every_setting_of_a_fault_changes_the_digest() {
    let shape = |change: &dyn Fn(&mut Shaping)| {
        let rare = Chance::from_ratio(1, 1 << 32);
        let mut shaping = Shaping { loss: rare, ..Shaping::default() };
        change(&mut shaping);
        Fault::Shape(vec![(N1, N2)], shaping)
    };
    let message = |change: &dyn Fn(&mut MessageRule)| {
        let (from, to, action) = (vec![N1], vec![N2], MessageAction::Lose);
        let mut rule = MessageRule { from, to, kind: Some(1), nth: 1, action };
        change(&mut rule);
        Fault::Message(rule)
    };
    let rare = Chance::from_ratio(1, 1 << 32);
    let faults = [
        shape(&|_| {}),
        shape(&|it| it.salt = 1),
        shape(&|it| it.loss = Chance::ALWAYS),
        shape(&|it| it.loss_correlation = rare),
        shape(&|it| it.reorder_delay = Some(Distribution::Constant(1))),
        shape(&|it| it.corrupt = rare),
        shape(&|it| it.misdirect = rare),
        shape(&|it| it.kinds = vec![1]),
        shape(&|it| it.duplicate = rare),
        shape(&|it| it.reorder = rare),
        shape(&|it| it.delay = Distribution::Constant(1)),
        shape(&|it| it.delay = Distribution::Uniform { min: 0, max: 1 }),
        shape(&|it| it.delay = Distribution::Empirical([0, 1].into())),
        message(&|_| {}),
        message(&|it| it.from = vec![N3]),
        message(&|it| it.from = vec![N1, N3]),
        message(&|it| it.to = vec![N3]),
        message(&|it| it.kind = None),
        message(&|it| it.kind = Some(2)),
        message(&|it| it.nth = 2),
        message(&|it| it.action = MessageAction::Duplicate),
        message(&|it| it.action = MessageAction::Delay(1)),
        message(&|it| it.action = MessageAction::Delay(2)),
        Fault::Cut(vec![(N1, N2)]),
        Fault::Clog(vec![(N1, N2)]),
        Fault::CutKinds(vec![(N1, N2)], vec![1]),
        Fault::CutKinds(vec![(N1, N2)], vec![2]),
        Fault::CutKinds(vec![(N1, N3)], vec![1]),
        Fault::Pause(N1),
        Fault::Pause(N2),
        Fault::Crash(N1, Some(CrashModel::Torn)),
        Fault::Crash(N1, Some(CrashModel::Strict)),
        Fault::Crash(N1, None),
    ];
    let digests = faults.map(|fault| {
        let mut world = World::new(3, |_, _, _| {});
        assert_eq!(world.sim.run(at(20)), Stop::Idle);
        world.sim.inject(fault).unwrap();
        world.sim.digest()
    });
    for (place, digest) in digests.iter().enumerate() {
        let twin = digests[..place].iter().position(|other| other == digest);
        assert_eq!(twin, None, "fault {place}");
    }
}

/// Two seeds differ, and a run can be taken apart into any number of calls.
#[test]
fn a_run_may_be_interrupted() {
    let play = |pieces: u64| {
        let mut world = World::new(2, |_, ctx, event| match event {
            Event::Boot | Event::Timer(_) => {
                let (wait, value) = (ctx.rng().below(9), ctx.rng().next());
                ctx.set_timer(1, ms(1 + wait));
                ctx.broadcast(word(value));
            }
            Event::Word { .. } | Event::Asked { .. } => {}
        });
        (1..=pieces).for_each(|piece| {
            world.sim.run(at(1200 * piece / pieces));
        });
        world.print()
    };
    assert_eq!(play(1), play(7));
    assert_eq!(play(1), play(1200));
}
