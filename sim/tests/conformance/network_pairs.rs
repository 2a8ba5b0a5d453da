//! Each pair of faults on one link: both are there, and neither changes what the other one does.

use std::time::Duration;

use seedbed_sim::{
    Capacity, Chance, Distribution, Fault, Message, MessageAction, MessageRule, Shaping,
};

use crate::puppet::{N1, N2, spread, word};
use crate::wire::{Story, Told, Wire, assert_share};

const MS: u64 = 1_000_000;
/// How many messages are sent before, during and after cuts and clogs.
const BATCH: u64 = 1000;
const DELAY_NS: u64 = 300 * MS;
const HELD_NS: u64 = 700 * MS;
/// By how much a rule delays its message. Every sum of these three delays is another one.
const RULE_NS: u64 = 100 * MS;
/// A rule strikes one message in so many.
const RULE_EVERY: u64 = 4;
/// How long a throttled link takes for a byte: so little that waiting for a whole batch is told
/// from those delays.
const BYTE_NS: u64 = 500;

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
    CutKinds,
    Throttle,
    Rule,
}

const KINDS: [Kind; 12] = [
    Kind::Loss,
    Kind::Bursts,
    Kind::Duplicate,
    Kind::Reorder,
    Kind::Delay,
    Kind::Corrupt,
    Kind::Misdirect,
    Kind::Cut,
    Kind::Clog,
    Kind::CutKinds,
    Kind::Throttle,
    Kind::Rule,
];

/// Pairs that cannot be told apart: together they take what either takes.
const ALIKE: [[Kind; 2]; 2] = [[Kind::Loss, Kind::Bursts], [Kind::Cut, Kind::CutKinds]];

/// The share of messages that chances strike.
const SHARE: f64 = 0.25;

/// Which messages of a batch are of the kind that is cut.
const CUT_KIND: u16 = 1;

/// The faults of this kind: rules are many, as each of them chooses one message.
fn faults(kind: Kind) -> Vec<Fault> {
    if kind != Kind::Rule {
        return vec![fault(kind)];
    }
    let rules = (1..=3 * BATCH).step_by(RULE_EVERY as usize).map(|nth| {
        let action = MessageAction::Delay(RULE_NS);
        Fault::Message(MessageRule { from: vec![N1], to: vec![N2], kind: None, nth, action })
    });
    rules.collect()
}

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
        Kind::CutKinds => return Fault::CutKinds(links, vec![CUT_KIND]),
        Kind::Throttle => {
            let bandwidth = Some(8 * 1_000_000_000 / BYTE_NS);
            let capacity = Capacity { bandwidth, queue: None, cost: Duration::ZERO };
            return Fault::Throttle(links, capacity);
        }
        Kind::Rule => unreachable!("rules are many"),
    }
    Fault::Shape(links, shaping)
}

/// Three batches: at one, three and five seconds. Chances and rules hold all the time, cuts and
/// clogs from two to four seconds, and a throttle from two seconds on.
fn play(kinds: &[Kind]) -> Told {
    let mut wire = Wire::new(4, |it| it.network.everywhere.latency = spread());
    let brief = |kind: &Kind| [Kind::Cut, Kind::Clog, Kind::CutKinds].contains(kind);
    let late = |kind: &Kind| brief(kind) || *kind == Kind::Throttle;
    for fault in kinds.iter().filter(|kind| !late(kind)).flat_map(|kind| faults(*kind)) {
        wire.world.sim.inject(fault).unwrap();
    }
    wire.send(1000, BATCH);
    wire.world.stop_at(2000);
    let mut holds = Vec::new();
    for kind in kinds.iter().filter(|kind| late(kind)) {
        let hold = wire.world.sim.inject(fault(*kind)).unwrap();
        holds.extend(brief(kind).then_some(hold));
    }
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

/// What of its lateness a message has from each fault that makes it late.
struct Late {
    reordered: bool,
    delayed: bool,
    ruled: bool,
    /// On a throttled link: its own turn, and those of the messages before it.
    throttled_ns: u64,
}

impl Late {
    fn of(story: &Story, plain: &Story) -> Option<Late> {
        let mut rest_ns = lateness(story, plain)?;
        let [reordered, delayed, ruled] = [HELD_NS, DELAY_NS, RULE_NS].map(|part_ns| {
            let is_part = rest_ns >= part_ns;
            rest_ns -= if is_part { part_ns } else { 0 };
            is_part
        });
        Some(Late { reordered, delayed, ruled, throttled_ns: rest_ns })
    }
}

/// Whether the fault has struck a message, as far as that can be seen.
fn struck(kind: Kind, story: &Story, plain: &Story) -> Option<bool> {
    let left = ["arrives", "clogged", "queued"].contains(&story.fate.as_str());
    let late = Late::of(story, plain);
    match kind {
        // A cut link loses nothing, and a lost message comes in no other way.
        Kind::Loss | Kind::Bursts => (story.fate != "cut").then_some(story.fate == "lost"),
        Kind::Cut | Kind::CutKinds => Some(story.fate == "cut"),
        Kind::Clog => left.then_some(story.fate == "clogged"),
        Kind::Duplicate => left.then_some(story.copied),
        Kind::Corrupt => left.then_some(story.corrupted),
        Kind::Misdirect => left.then_some(story.astray.is_some()),
        Kind::Delay => late.map(|late| late.delayed),
        Kind::Reorder => late.map(|late| late.reordered),
        Kind::Throttle => late.map(|late| late.throttled_ns > 0),
        Kind::Rule => late.map(|late| late.ruled),
    }
}

fn all_struck(kind: Kind, told: &Told, plain: &Told) -> Vec<Option<bool>> {
    let pairs = told.stories.iter().zip(&plain.stories);
    pairs.map(|(story, plain)| struck(kind, story, plain)).collect()
}

/// Asserts that each message of a throttled link has waited for exactly the turns of those before
/// it and its own: what is lost or cut, and what is copied, takes its turns as well.
fn assert_turns(told: &Told, plain: &Told) {
    for (batch, stories) in told.stories.chunks(BATCH as usize).enumerate() {
        let mut bytes = 0;
        for (index, story) in stories.iter().enumerate() {
            // A copy goes first.
            bytes += word(index as u64).size() * if story.copied { 2 } else { 1 };
            let before = &plain.stories[batch * BATCH as usize + index];
            if let Some(late) = Late::of(story, before) {
                let expected = if batch == 0 { 0 } else { bytes * BYTE_NS };
                assert_eq!(late.throttled_ns, expected, "{batch} {index}: {story:?}");
            }
        }
    }
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
            if *kind == Kind::Throttle {
                assert_turns(&told, &plain);
            }
            all_struck(*kind, &told, &plain)
        })
        .collect();
    for (first, one) in KINDS.iter().enumerate() {
        for (second, other) in KINDS.iter().enumerate().skip(first + 1) {
            let both = play(&[*one, *other]);
            if ALIKE.contains(&[*one, *other]) {
                let lost = all_struck(*one, &both, &plain);
                let either = alone[first].iter().zip(&alone[second]);
                let either: Vec<_> = either
                    .map(|(one, other)| Some(*one == Some(true) || *other == Some(true)))
                    .collect();
                assert_eq!(lost, either);
                continue;
            }
            if [*one, *other].contains(&Kind::Throttle) {
                assert_turns(&both, &plain);
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

/// Rules and cuts of some kinds choose by themselves: which messages they strike is known.
#[test]
fn rules_and_cuts_of_kinds_strike_whom_they_name() {
    let plain = play(&[]);
    let both = play(&[Kind::CutKinds, Kind::Rule]);
    for (index, (story, plain)) in both.stories.iter().zip(&plain.stories).enumerate() {
        let index = index as u64;
        let cut = index / BATCH == 1 && index % BATCH % 3 == u64::from(CUT_KIND);
        assert_eq!(struck(Kind::CutKinds, story, plain), Some(cut), "{index}");
        let ruled = index.is_multiple_of(RULE_EVERY);
        assert_eq!(struck(Kind::Rule, story, plain), (!cut).then_some(ruled), "{index}");
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
