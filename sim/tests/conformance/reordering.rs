//! Messages that are held back, and for how long.

use seedbed_sim::{Chance, Distribution, Fault, LinkConfig, Shaping};

use crate::puppet::{N1, N2, spread};
use crate::wire::{Told, assert_share, told};

const COUNT: u64 = 20_000;
const MS: u64 = 1_000_000;

fn plain() -> Told {
    told(COUNT, |it| it.network.everywhere.latency = spread(), [])
}

/// By how much each message is later than without, in order of sending.
fn held(reorder: Chance, by: Option<Distribution>) -> [Vec<u64>; 2] {
    let own = |link: &mut LinkConfig| {
        (link.latency, link.reorder, link.reorder_delay) = (spread(), reorder, by.clone());
    };
    let shaping = Shaping { reorder, reorder_delay: by.clone(), ..Shaping::default() };
    let fault = Fault::Shape(vec![(N1, N2)], shaping);
    [
        told(COUNT, |it| own(&mut it.network.everywhere), []),
        told(COUNT, |it| it.network.everywhere.latency = spread(), [fault]),
    ]
    .map(|told| {
        let pairs = told.stories.iter().zip(plain().stories);
        pairs.map(|(here, there)| here.after_ns.unwrap() - there.after_ns.unwrap()).collect()
    })
}

/// As many as the chance says are held back, evenly up to eight mean latencies.
#[test]
fn reordering_holds_back_by_up_to_eight_means() {
    let longest = 8 * spread().mean_ns();
    for held in held(Chance::from_ratio(1, 4), None) {
        let late: Vec<_> = held.into_iter().filter(|by| *by > 0).collect();
        assert_share(late.len() as u64, COUNT, 0.25, 1.0);
        assert!(late.iter().all(|by| *by <= longest));
        for quarter in 1..4 {
            let within = late.iter().filter(|by| **by <= longest * quarter / 4).count();
            assert_share(within as u64, late.len() as u64, quarter as f64 / 4.0, 1.0);
        }
    }
}

/// The long reordering of a well-known course: two messages of three are held back by 200 to 2199
/// milliseconds, mostly by little: 200 plus a number below a number below 1999.
#[test]
fn a_message_is_held_back_as_long_as_is_said() {
    // The quantiles of a product of two uniform numbers, at every tenth.
    let product = [0, 18, 48, 91, 147, 222, 321, 455, 642, 928, 1999];
    let table: Vec<u64> = product.iter().map(|by| (200 + by) * MS).collect();
    for held in held(Chance::from_ratio(2, 3), Some(Distribution::Empirical(table.clone().into())))
    {
        let late: Vec<_> = held.into_iter().filter(|by| *by > 0).collect();
        assert_share(late.len() as u64, COUNT, 2.0 / 3.0, 1.0);
        assert!(late.iter().all(|by| (200 * MS..2200 * MS).contains(by)));
        for (tenth, longest) in table.iter().enumerate().take(10).skip(1) {
            let within = late.iter().filter(|by| *by <= longest).count();
            assert_share(within as u64, late.len() as u64, tenth as f64 / 10.0, 1.0);
        }
    }
}
