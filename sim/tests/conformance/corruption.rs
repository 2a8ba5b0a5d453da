//! Bits that flip on the way.

use std::cell::RefCell;
use std::rc::Rc;

use seedbed_sim::{Chance, Fault, LinkConfig, Observation, Shaping, Watch, codec};

use crate::puppet::{C1, Event, N1, N2, N3, Puppet, Word, World, spread};
use crate::spy::spy;
use crate::wire::{Told, assert_share, told};

const COUNT: u64 = 20_000;

fn fifth() -> Chance {
    Chance::from_ratio(1, 5)
}

fn always(link: &mut LinkConfig) {
    link.corrupt = Chance::ALWAYS;
}

/// By the network's own chance, and by a fault's.
fn corrupting() -> [Told; 2] {
    let fault = Fault::Shape(vec![(N1, N2)], Shaping { corrupt: fifth(), ..Shaping::default() });
    [told(COUNT, |it| it.network.everywhere.corrupt = fifth(), []), told(COUNT, |_| {}, [fault])]
}

/// As many messages as the chance says are corrupted; what cannot be decoded is a fate of its own,
/// what can is delivered.
#[test]
fn corruption_has_its_share() {
    for told in corrupting() {
        let corrupted = told.count(|story| story.corrupted);
        assert_share(corrupted, COUNT, 0.2, 1.0);
        assert_eq!(corrupted, told.counts.corrupted);
        let undecodable = told.count(|story| story.undecodable);
        assert_eq!(undecodable, told.counts.undecodable);
        assert!(undecodable > 100 && undecodable + 100 < corrupted, "{undecodable}");
        assert_eq!(told.counts.delivered + undecodable, COUNT);
        let only_corrupted = told.count(|story| story.undecodable && !story.corrupted);
        assert_eq!(only_corrupted, 0);
    }
}

/// What left was the good message, and invariants saw that one; what arrives is another one, one
/// to eight bits away from it. Half of the time a single bit is.
#[test]
fn what_arrives_is_a_few_bits_away() {
    let sent = Rc::new(RefCell::new(Vec::<Word>::new()));
    let got = Rc::new(RefCell::new(Vec::new()));
    let (out, into) = (sent.clone(), got.clone());
    let mut world = World::tuned(
        2,
        |it| always(&mut it.network.everywhere),
        move |_, ctx, event| match event {
            Event::Asked { op, .. } => ctx.send(N2, Word { kind: 1, value: op << 40 | 7 }),
            Event::Word { value, .. } => into.borrow_mut().push((ctx.elapsed(), value)),
            Event::Boot | Event::Timer(_) => {}
        },
    );
    world.sim.set_invariants(vec![spy(
        "sent",
        Watch::LEFT,
        move |seen: &Observation<'_, Puppet>, _| {
            if let Observation::Left { message, .. } = seen {
                out.borrow_mut().push(Word::clone(message));
            }
            Ok(())
        },
    )]);
    for order in 1..2000 {
        world.order_at(order * 10, N1, order);
    }
    world.until(30_000);
    let (sent, got) = (sent.take(), got.take());
    assert_eq!(sent.len(), 1999);
    assert!(
        sent.iter().zip(1..).all(|(word, order)| *word == Word { kind: 1, value: order << 40 | 7 })
    );
    let mut bits = [0_u32; 9];
    for (at, value) in &got {
        // A word takes a millisecond, and is one of ten.
        let order = (at.as_millis() as usize - 1) / 10;
        let (before, after) = (&sent[order - 1], |kind| Word { kind, value: *value });
        let distance = |kind| distance(&codec::encode(before), &codec::encode(&after(kind)));
        // The kind is not told; it is one of three.
        let least = (0..3).map(distance).min().unwrap();
        assert!(least <= 8, "{before:?} became {value}");
        bits[least as usize] += 1;
    }
    assert!(bits[1] as usize * 10 > got.len() * 3, "{bits:?}");
    assert!(bits[2] as usize * 10 > got.len(), "{bits:?}");
    assert!(bits[3..].iter().sum::<u32>() > 20, "{bits:?}");
}

/// In how many bits two encodings of one length differ; many if the lengths do.
fn distance(one: &[u8], other: &[u8]) -> u32 {
    if one.len() != other.len() {
        return u32::MAX;
    }
    one.iter().zip(other).map(|(one, other)| (one ^ other).count_ones()).sum()
}

/// A kind that is none of the protocol's cannot be delivered; `by_kind` counts what was sent.
#[test]
fn a_kind_beyond_the_last_is_undecodable() {
    let told = told(3000, |it| always(&mut it.network.everywhere), []);
    assert_eq!(told.counts.by_kind, [1000; 3]);
    assert_eq!(told.counts.corrupted, 3000);
    assert_eq!(told.counts.delivered + told.counts.undecodable, 3000);
}

/// The digest of a run tells what arrived, not only what was sent.
#[test]
fn a_changed_message_changes_the_digest() {
    let digest = |chance| {
        let mut wire = crate::wire::Wire::new(2, |it| it.network.everywhere.corrupt = chance);
        wire.send(10, 1).send(20, 3).send(30, 3);
        wire.world.until(100);
        (wire.world.sim.messages(), wire.world.sim.digest())
    };
    let (plain, changed) = (digest(Chance::NEVER), digest(Chance::from_ratio(1, 2)));
    assert!(changed.0.corrupted > changed.0.undecodable, "some were delivered");
    assert_ne!(plain.1, changed.1);
}

/// With checksums nothing that was corrupted is delivered.
#[test]
fn checksums_drop_what_was_corrupted() {
    let told = told(
        COUNT,
        |it| {
            it.network.everywhere.corrupt = fifth();
            it.network.checksum = true;
        },
        [],
    );
    assert_share(told.counts.undecodable, COUNT, 0.2, 1.0);
    assert_eq!(told.counts.corrupted, told.counts.undecodable);
    assert_eq!(told.count(|story| story.corrupted && story.after_ns.is_some()), 0);
}

/// What is not corrupted is as it was, and when.
#[test]
fn corruption_leaves_latencies_as_they_were() {
    let plain = told(2000, |it| it.network.everywhere.latency = spread(), []);
    let tune = |link: &mut LinkConfig| (link.latency, link.corrupt) = (spread(), fifth());
    let told = told(2000, |it| tune(&mut it.network.everywhere), []);
    for (before, after) in plain.stories.iter().zip(&told.stories) {
        assert!(after.undecodable || before.after_ns == after.after_ns);
    }
}

/// Client mail comes over a connection, which has checksums: it is never corrupted, and a fault
/// that could only do that has no effect.
#[test]
fn client_mail_is_never_corrupted() {
    let mut world = World::new(3, |_, _, _| {});
    let corrupt = Shaping { corrupt: Chance::ALWAYS, ..Shaping::default() };
    let sim = world.stop_at(5);
    assert_eq!(sim.inject(Fault::Shape(vec![(C1, N1), (N1, C1)], corrupt.clone())), None);
    assert!(sim.inject(Fault::Shape(vec![(C1, N1), (N1, N3)], corrupt)).is_some());
}
