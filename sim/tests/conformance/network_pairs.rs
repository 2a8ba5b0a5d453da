//! Each pair of faults on one link: both are there, and neither changes what the other one does.

use seedbed_sim::{Chance, Distribution, Fault, Shaping};

use crate::puppet::{N1, N2, spread};
use crate::wire::{Story, Told, Wire, assert_share};

const MS: u64 = 1_000_000;
/// How many messages are sent before, during and after cuts and clogs.
const BATCH: u64 = 1000;
const DELAY_NS: u64 = 300 * MS;
const HELD_NS: u64 = 700 * MS;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Loss,
    Bursts,
    Duplicate,
    Reorder,
    Delay,
    Corrupt,
    Misdirect,
    Cut,
    Clog,
}

const KINDS: [Kind; 9] = [
    Kind::Loss,
    Kind::Bursts,
    Kind::Duplicate,
    Kind::Reorder,
    Kind::Delay,
    Kind::Corrupt,
    Kind::Misdirect,
    Kind::Cut,
    Kind::Clog,
];

/// The share of messages that it strikes, except for cuts and clogs, which strike one batch.
const SHARE: f64 = 0.25;

fn fault(kind: Kind) -> Fault {
    let links = vec![(N1, N2)];
    let chance = Chance::from_ratio(1, 4);
    let mut shaping = Shaping { salt: kind as u64 + 1, ..Shaping::default() };
    match kind {
        Kind::Loss => shaping.loss = chance,
        Kind::Bursts => {
            (shaping.loss, shaping.loss_correlation) = (chance, Chance::from_ratio(1, 2));
        }
        Kind::Duplicate => shaping.duplicate = chance,
        Kind::Reorder => {
            shaping.reorder = chance;
            shaping.reorder_delay = Some(Distribution::Constant(HELD_NS));
        }
        Kind::Delay => {
            let parts = [(3, Distribution::ZERO), (1, Distribution::Constant(DELAY_NS))];
            shaping.delay = Distribution::Mixture(parts.into());
        }
        Kind::Corrupt => shaping.corrupt = chance,
        Kind::Misdirect => shaping.misdirect = chance,
        Kind::Cut => return Fault::Cut(links),
        Kind::Clog => return Fault::Clog(links),
    }
    Fault::Shape(links, shaping)
}

/// Three batches: at one, three and five seconds. Chances hold all the time, cuts and clogs from
/// two to four seconds.
fn play(kinds: &[Kind]) -> Told {
    let mut wire = Wire::new(4, |it| it.network.everywhere.latency = spread());
    let brief = |kind: &Kind| [Kind::Cut, Kind::Clog].contains(kind);
    for kind in kinds.iter().filter(|kind| !brief(kind)) {
        wire.world.sim.inject(fault(*kind)).unwrap();
    }
    wire.send(1000, BATCH);
    wire.world.stop_at(2000);
    let holds: Vec<_> = kinds
        .iter()
        .filter(|kind| brief(kind))
        .map(|kind| wire.world.sim.inject(fault(*kind)).unwrap())
        .collect();
    wire.send(3000, BATCH);
    wire.world.stop_at(4000);
    holds.into_iter().for_each(|hold| wire.world.sim.release(hold));
    wire.send(5000, BATCH);
    wire.told()
}

/// By how much a message is later than without faults; what a clog held counts from its end.
fn lateness(story: &Story, plain: &Story) -> Option<u64> {
    let waited = if story.fate == "clogged" { 1000 * MS } else { 0 };
    Some(story.after_ns? - waited - plain.after_ns?)
}

/// Whether the fault has struck a message, as far as that can be seen.
fn struck(kind: Kind, story: &Story, plain: &Story) -> Option<bool> {
    let left = ["arrives", "clogged"].contains(&story.fate.as_str());
    match kind {
        // A cut link loses nothing, and a lost message comes in no other way.
        Kind::Loss | Kind::Bursts => (story.fate != "cut").then_some(story.fate == "lost"),
        Kind::Cut => Some(story.fate == "cut"),
        Kind::Clog => left.then_some(story.fate == "clogged"),
        Kind::Duplicate => left.then_some(story.copied),
        Kind::Corrupt => left.then_some(story.corrupted),
        Kind::Misdirect => left.then_some(story.astray.is_some()),
        Kind::Delay => lateness(story, plain).map(|late| late % HELD_NS == DELAY_NS),
        Kind::Reorder => lateness(story, plain).map(|late| late >= HELD_NS),
    }
}

fn all_struck(kind: Kind, told: &Told, plain: &Told) -> Vec<Option<bool>> {
    let pairs = told.stories.iter().zip(&plain.stories);
    pairs.map(|(story, plain)| struck(kind, story, plain)).collect()
}

/// Of two faults one strikes the messages that it would strike alone, as far as the other one lets
/// that be seen, and there are enough of those.
#[test]
fn each_pair_of_faults_is_there_and_independent() {
    let plain = play(&[]);
    let alone: Vec<_> = KINDS
        .iter()
        .map(|kind| {
            let told = play(&[*kind]);
            all_struck(*kind, &told, &plain)
        })
        .collect();
    for (first, one) in KINDS.iter().enumerate() {
        for (second, other) in KINDS.iter().enumerate().skip(first + 1) {
            let both = play(&[*one, *other]);
            // Two losses cannot be told apart: together they lose what either loses.
            if [*one, *other] == [Kind::Loss, Kind::Bursts] {
                let lost = all_struck(Kind::Loss, &both, &plain);
                let either = alone[first].iter().zip(&alone[second]);
                let either: Vec<_> = either
                    .map(|(one, other)| Some(*one == Some(true) || *other == Some(true)))
                    .collect();
                assert_eq!(lost, either);
                continue;
            }
            for (kind, alone) in [(*one, &alone[first]), (*other, &alone[second])] {
                let mut hits = 0;
                for (index, now) in all_struck(kind, &both, &plain).into_iter().enumerate() {
                    if let Some(now) = now {
                        assert_eq!(
                            Some(now),
                            alone[index].or(Some(now)),
                            "{one:?} {other:?} {index}"
                        );
                        hits += u64::from(now);
                    }
                }
                let hidden = [*one, *other] == [Kind::Cut, Kind::Clog] && kind == Kind::Clog;
                assert_eq!(hits > BATCH / 4, !hidden, "{one:?} {other:?}: {hits} of {kind:?}");
            }
        }
    }
}

/// Faults of different salts strike independent messages: as many are struck by both as the product
/// of their shares says.
#[test]
fn pairs_strike_together_as_often_as_chance_says() {
    let plain = play(&[]);
    let chances = &KINDS[..7];
    let alone: Vec<_> =
        chances.iter().map(|kind| all_struck(*kind, &play(&[*kind]), &plain)).collect();
    for (first, one) in alone.iter().enumerate() {
        for other in &alone[first + 1..] {
            let both: Vec<_> = one
                .iter()
                .zip(other)
                .filter_map(|(one, other)| Some((*one)? && (*other)?))
                .collect();
            let together = both.iter().filter(|both| **both).count() as u64;
            // Bursts of one in two spread wider: three times at most.
            assert_share(together, both.len() as u64, SHARE * SHARE, 3.0);
        }
    }
}
