//! Random streams: who draws what from where, and what leaves it as it was.

use std::cell::RefCell;
use std::rc::Rc;

use seedbed_sim::rng::{Purpose, Streams};
use seedbed_sim::{Chance, Fault, LinkConfig, Shaping};

use crate::puppet::{Event, N1, N2, N3, World, ms, spread, word};

/// One message and when it arrived, in nanoseconds after it was sent.
type Arrival = (u64, u64);

/// Sends 200 messages from n1 to n2, and returns their arrivals in order of sending.
fn arrivals(
    tune: impl FnOnce(&mut LinkConfig),
    shapings: impl IntoIterator<Item = Shaping>,
) -> Vec<Arrival> {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let out = seen.clone();
    let mut world = World::tuned(
        2,
        |config| {
            config.network.everywhere.latency = spread();
            tune(&mut config.network.everywhere);
        },
        move |_, ctx, event| match event {
            Event::Asked { .. } => (0..200).for_each(|value| ctx.send(N2, word(value))),
            Event::Word { value, .. } => {
                let after = ctx.elapsed() - ms(10);
                out.borrow_mut().push((value, after.as_nanos() as u64));
            }
            Event::Boot | Event::Timer(_) => {}
        },
    );
    for shaping in shapings {
        world.sim.inject(Fault::Shape(vec![(N1, N2)], shaping)).unwrap();
    }
    world.order_at(10, N1, 0).until(5000);
    let mut seen = seen.take();
    seen.sort_unstable();
    seen
}

fn plain() -> Vec<Arrival> {
    arrivals(|_| {}, None)
}

fn half() -> Chance {
    Chance::from_ratio(1, 2)
}

/// Each send takes exactly one word from its sender's stream, in the order of sends.
#[test]
fn a_latency_is_the_sample_of_one_word() {
    let mut words = Streams::new(7).open(Purpose::Network, 0);
    let expected: Vec<_> = (0..200).map(|value| (value, spread().sample(words.next()))).collect();
    assert_eq!(plain(), expected);
}

/// A broadcast takes one word for each peer, in their order; a message to oneself and one that
/// waits for a sync take their place in that order too (the first: none).
#[test]
fn gated_and_broadcast_words_are_drawn_in_the_order_of_sends() {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let out = seen.clone();
    let mut world = World::tuned(
        3,
        |config| config.network.everywhere.latency = spread(),
        move |_, ctx, event| match event {
            Event::Asked { .. } => {
                ctx.disk().append("log", b"x").unwrap();
                ctx.sync();
                ctx.send(N2, word(0));
                ctx.send(N1, word(9));
                ctx.broadcast(word(1));
                ctx.send(N3, word(3));
            }
            Event::Word { value, .. } => {
                let me = ctx.me().index() as u64;
                out.borrow_mut().push((value, me, ctx.elapsed().as_nanos() as u64 - 20_000_000));
            }
            Event::Boot | Event::Timer(_) => {}
        },
    );
    world.order_at(10, N1, 0).until(1000);
    let mut words = Streams::new(7).open(Purpose::Network, 0);
    let mut next = || spread().sample(words.next());
    let expected = [(0, 1, next()), (1, 1, next()), (1, 2, next()), (3, 2, next()), (9, 0, 0)];
    let mut seen = seen.take();
    seen.sort_unstable();
    assert_eq!(seen, expected);
}

/// Turning `loss` on leaves the latencies of what still arrives as they were.
#[test]
fn loss_takes_messages_and_nothing_else() {
    let lossy = arrivals(|link| link.loss = half(), None);
    assert!((60..140).contains(&lossy.len()), "{}", lossy.len());
    assert!(lossy.iter().all(|arrival| plain().contains(arrival)));
    let storm = arrivals(|_| {}, Some(Shaping { loss: half(), ..Shaping::default() }));
    assert!((60..140).contains(&storm.len()), "{}", storm.len());
    assert!(storm.iter().all(|arrival| plain().contains(arrival)));
}

/// `duplicate` adds second copies.
#[test]
fn duplicates_are_added() {
    for doubled in [
        arrivals(|link| link.duplicate = half(), None),
        arrivals(|_| {}, Some(Shaping { duplicate: half(), ..Shaping::default() })),
    ] {
        let copies = doubled.len() - 200;
        assert!((60..140).contains(&copies), "{copies}");
        assert!(plain().iter().all(|arrival| doubled.contains(arrival)));
        let same = doubled.windows(2).filter(|pair| pair[0] == pair[1]).count();
        assert!(same < 3, "a copy has a latency of its own");
    }
}

/// `reorder` holds some back, and leaves the others as they were.
#[test]
fn reordering_holds_back() {
    for mixed in [
        arrivals(|link| link.reorder = half(), None),
        arrivals(|_| {}, Some(Shaping { reorder: half(), ..Shaping::default() })),
    ] {
        let pairs = || plain().into_iter().zip(mixed.iter().copied());
        let same = pairs().filter(|(before, after)| before == after).count();
        assert!((60..140).contains(&same), "{same}");
        assert!(pairs().all(|(before, after)| before.0 == after.0 && before.1 <= after.1));
    }
}

/// `jitter` and a fault's delay come on top.
#[test]
fn delays_come_on_top() {
    let jittery = arrivals(|link| link.jitter = ms(3), None);
    let added = plain().into_iter().zip(jittery).map(|(before, after)| after.1 - before.1);
    let added: Vec<_> = added.collect();
    assert!(added.iter().all(|added| *added <= 3_000_000));
    assert!(added.iter().any(|added| *added > 2_500_000));
    let delay = seedbed_sim::Distribution::Constant(5_000_000);
    let delayed = arrivals(|_| {}, Some(Shaping { delay, ..Shaping::default() }));
    let expected: Vec<_> = plain().iter().map(|(value, at)| (*value, at + 5_000_000)).collect();
    assert_eq!(delayed, expected);
}

/// Taking one fault out, or placing it later, leaves what the others do to a message as it was.
#[test]
fn faults_do_not_shift_each_other() {
    let delay = seedbed_sim::Distribution::Uniform { min: 0, max: 9_000_000 };
    let slow = || Shaping { salt: 1, delay: delay.clone(), ..Shaping::default() };
    let mixing = || Shaping { salt: 2, reorder: half(), ..Shaping::default() };
    let doubling = || Shaping { salt: 3, duplicate: half(), ..Shaping::default() };
    let lossy = |salt| Shaping { salt, loss: half(), ..Shaping::default() };

    let with = arrivals(|_| {}, [lossy(4), slow(), doubling(), mixing()]);
    let without = arrivals(|_| {}, [slow(), doubling(), mixing()]);
    assert_eq!(with, arrivals(|_| {}, [mixing(), doubling(), slow(), lossy(4)]));
    assert!(with.len() < without.len() && with.iter().all(|it| without.contains(it)));

    let losses = |salt| arrivals(|_| {}, [lossy(salt)]);
    let both = arrivals(|_| {}, [lossy(4), lossy(5)]);
    let expected: Vec<_> =
        losses(4).into_iter().filter(|arrival| losses(5).contains(arrival)).collect();
    assert_eq!(both, expected);
    assert!((20..80).contains(&both.len()), "{}: each strikes messages of its own", both.len());
}

/// All settings together leave what one alone does as it is: each has its own lane.
#[test]
fn settings_do_not_shift_each_other() {
    let lossy = arrivals(|link| link.loss = half(), None);
    let all = arrivals(
        |link| {
            link.loss = half();
            link.jitter = ms(3);
            link.duplicate = half();
            link.reorder = half();
        },
        None,
    );
    let values = |arrivals: &[Arrival]| {
        let mut values: Vec<_> = arrivals.iter().map(|(value, _)| *value).collect();
        values.dedup();
        values
    };
    assert_eq!(values(&all), values(&lossy), "the same messages are lost");
}

/// Adding a host leaves the streams of the others as they were, and what one draws itself leaves
/// the others' and the network's.
#[test]
fn streams_are_separate() {
    let play = |hosts: u32, draws: bool| {
        let drawn = Rc::new(RefCell::new(Vec::new()));
        let out = drawn.clone();
        let mut world = World::tuned(
            hosts,
            |config| {
                config.network.everywhere.latency = spread();
                config.boot_spread = ms(10);
            },
            move |_, ctx, event| {
                if let Event::Asked { op, .. } = event {
                    if draws && ctx.me() == N1 {
                        ctx.rng().next();
                    }
                    if ctx.me() == N2 {
                        out.borrow_mut().push(ctx.rng().next());
                    }
                    ctx.send(N2, word(op));
                }
            },
        );
        world.until(10);
        let boots = world.log.take_boots().into_iter().filter(|(_, host)| *host <= N2);
        let boots: Vec<_> = boots.collect();
        for order in 0..10 {
            world.order_at(20 + order, N1, order).order_at(20 + order, N2, 100 + order);
            if hosts > 2 {
                world.order_at(20 + order, N3, 200 + order);
            }
        }
        let mut seen = world.seen(200);
        seen.retain(|line| !line.contains("of n3"));
        (boots, seen, drawn.take())
    };
    let small = play(2, false);
    assert_eq!(small, play(3, false));
    assert_eq!(small, play(2, true));
    assert_eq!(small.2.len(), 10);
}

/// A host's stream goes on over a restart: a new life draws new numbers.
#[test]
fn a_new_life_draws_on() {
    let drawn = Rc::new(RefCell::new(Vec::new()));
    let out = drawn.clone();
    let mut world = World::new(1, move |_, ctx, _| out.borrow_mut().push(ctx.rng().next()));
    world.stop_at(5).inject(Fault::Crash(N1, None)).unwrap();
    world.sim.restart(N1);
    world.until(9);
    let mut stream = Streams::new(7).open(Purpose::Host, 0);
    assert_eq!(*drawn.borrow(), [stream.next(), stream.next()]);
}
