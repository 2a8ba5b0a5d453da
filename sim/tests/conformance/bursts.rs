//! Loss in bursts: as much as ever, but together.

use seedbed_sim::{Chance, Fault, LinkConfig, Shaping};

use crate::puppet::{N1, N2, spread};
use crate::wire::{Told, assert_share, told};

const COUNT: u64 = 100_000;

fn percent(share: u64) -> Chance {
    Chance::from_ratio(share, 100)
}

/// With the network's own loss, or with a fault's.
fn lossy(loss: Chance, correlation: Chance) -> [Told; 2] {
    let own = |link: &mut LinkConfig| {
        (link.loss, link.loss_correlation) = (loss, correlation);
    };
    let shaping = Shaping { loss, loss_correlation: correlation, ..Shaping::default() };
    let fault = Fault::Shape(vec![(N1, N2)], shaping);
    [
        told(COUNT, |it| own(&mut it.network.everywhere), []),
        told(COUNT, |it| it.network.everywhere.latency = spread(), [fault]),
    ]
}

/// How many bursts there are: losses after a message that was not lost.
fn bursts(told: &Told) -> u64 {
    let mut before = false;
    let starts = told.stories.iter().filter(|story| {
        let lost = story.fate == "lost";
        !std::mem::replace(&mut before, lost) && lost
    });
    starts.count() as u64
}

/// The share is `loss` whatever the correlation; its variance is that of the chain.
#[test]
fn the_share_of_losses_stays() {
    for (loss, correlation) in [(20, 25), (5, 90), (50, 50), (30, 0)] {
        for told in lossy(percent(loss), percent(correlation)) {
            let lost = told.count(|story| story.fate == "lost");
            assert_eq!(lost, told.counts.lost);
            let c = correlation as f64 / 100.0;
            assert_share(lost, COUNT, loss as f64 / 100.0, (1.0 + c) / (1.0 - c));
        }
    }
}

/// A burst is `1 / ((1 - loss) (1 - correlation))` messages long in the mean.
#[test]
fn bursts_are_as_long_as_predicted() {
    for (loss, correlation) in [(20, 25), (5, 90), (50, 50), (30, 0)] {
        for told in lossy(percent(loss), percent(correlation)) {
            let (lost, bursts) = (told.counts.lost as f64, bursts(&told) as f64);
            let goes_on = 1.0 - (1.0 - loss as f64 / 100.0) * (1.0 - correlation as f64 / 100.0);
            let expected = 1.0 / (1.0 - goes_on);
            // Lengths of bursts are geometric: so is their deviation.
            let sigma = goes_on.sqrt() / (1.0 - goes_on) / bursts.sqrt();
            let off = (lost / bursts - expected).abs();
            assert!(off <= 3.0 * sigma, "{loss} {correlation}: {}", lost / bursts);
        }
    }
}

/// Correlation changes which messages are lost, and nothing about those that are not.
#[test]
fn correlation_leaves_latencies_as_they_were() {
    let play = |correlation| {
        let tune = |link: &mut LinkConfig| {
            link.latency = spread();
            (link.loss, link.loss_correlation) = (percent(20), correlation);
        };
        told(1000, |it| tune(&mut it.network.everywhere), [])
    };
    let plain = told(1000, |it| it.network.everywhere.latency = spread(), []);
    let mut sets = Vec::new();
    for told in [play(Chance::NEVER), play(percent(60))] {
        let pairs = told.stories.iter().zip(&plain.stories);
        let (lost, kept): (Vec<_>, Vec<_>) =
            pairs.enumerate().partition(|(_, pair)| pair.0.fate == "lost");
        assert!(lost.len() > 100);
        assert!(kept.iter().all(|(_, (there, here))| there.after_ns == here.after_ns));
        sets.push(lost.into_iter().map(|(index, _)| index).collect::<Vec<_>>());
    }
    assert_ne!(sets[0], sets[1]);
}

/// Each direction has a state of its own: bursts of one link are none of another's. The chain goes
/// on while the link is cut, so a partition leaves later losses as they were.
#[test]
fn a_cut_leaves_later_losses_as_they_were() {
    let play = |cut: bool| {
        let mut wire = crate::wire::Wire::new(2, |it| {
            let link = &mut it.network.everywhere;
            (link.loss, link.loss_correlation) = (percent(20), percent(80));
        });
        wire.send(10, 100);
        let hold = cut.then(|| wire.world.sim.inject(Fault::Cut(vec![(N1, N2)])).unwrap());
        wire.send(20, 101).send(30, 102);
        if let Some(hold) = hold {
            wire.world.sim.release(hold);
        }
        wire.send(40, 400);
        wire.told().stories
    };
    let (whole, cut) = (play(false), play(true));
    assert!(cut[100..303].iter().filter(|story| story.fate == "cut").count() > 100);
    assert_eq!(whole[303..], cut[303..]);
}
