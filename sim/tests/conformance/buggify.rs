//! Places where a correct protocol may misbehave.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use seedbed_sim::{Buggify, Chance};

use crate::puppet::{N1, N2, World, ms};

const PLACES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
const ASKED: u64 = 400;

/// How often each place said yes, at each of two hosts, as told and as counted by the kernel.
fn count(buggify: Buggify, seed: u64) -> ([[u64; 8]; 2], BTreeMap<&'static str, u64>) {
    let fired = Rc::new(RefCell::new([[0_u64; 8]; 2]));
    let out = fired.clone();
    let mut world = World::tuned(
        2,
        |config| {
            config.buggify = buggify;
            config.seed = seed;
        },
        move |_, ctx, _| {
            let host = ctx.me().index();
            for (place, name) in PLACES.iter().enumerate() {
                out.borrow_mut()[host][place] += u64::from(ctx.buggify(name));
            }
            ctx.set_timer(0, ms(1));
        },
    );
    world.until(ASKED - 1);
    let told = fired.take();
    (told, world.sim.buggified())
}

/// A named place is on for a share of the seeds, at all hosts or at none, and fires a share of
/// the times that it is asked; both are settable.
#[test]
fn places_are_on_in_a_share_of_the_seeds_and_fire_a_share_of_the_time() {
    for (on, fires) in [(1, 1), (2, 3), (4, 1)] {
        let buggify =
            Buggify { on: Chance::from_ratio(on, 4), fires: Chance::from_ratio(fires, 4) };
        let (mut places_on, mut yes) = (0_u64, 0_u64);
        let seeds = 60;
        for seed in 0..seeds {
            let (told, counted) = count(buggify, seed);
            for (place, name) in PLACES.iter().enumerate() {
                let (one, other) = (told[0][place], told[1][place]);
                assert_eq!(one > 0, other > 0, "seed {seed}: {name} is on at one host only");
                assert_eq!(counted[name], one + other);
                places_on += u64::from(one > 0);
                yes += one + other;
            }
        }
        // Within three standard deviations of a binomial distribution.
        let within = |seen: u64, of: u64, share: u64, what: &str| {
            let expected = of * share / 4;
            let variance = (of * share * (4 - share) / 16) as f64;
            let allowed = 3.0 * variance.sqrt();
            let off = seen.abs_diff(expected) as f64;
            assert!(off <= allowed, "{what}: {seen} of {of}, expected {expected} +- {allowed}");
        };
        within(places_on, seeds * 8, on, "places that are on");
        within(yes, places_on * 2 * ASKED, fires, "times that they say yes");
    }
}

/// Off, it never says yes and draws nothing; on, it leaves the host's own stream alone.
#[test]
fn it_is_off_by_default_and_touches_no_other_stream() {
    let (told, counted) = count(Buggify::OFF, 1);
    assert_eq!((told, counted.len()), ([[0; 8]; 2], 0));
    let drawn = |buggify: Buggify| {
        let words = Rc::new(RefCell::new(Vec::new()));
        let out = words.clone();
        let mut world = World::tuned(
            2,
            |config| config.buggify = buggify,
            move |_, ctx, _| {
                ctx.buggify("somewhere");
                out.borrow_mut().push((ctx.me(), ctx.rng().next()));
            },
        );
        world.until(5);
        words.take()
    };
    let all = Buggify { on: Chance::ALWAYS, fires: Chance::ALWAYS };
    let words = drawn(all);
    assert_eq!(words, drawn(Buggify::OFF));
    assert_eq!([words[0].0, words[1].0], [N1, N2]);
}
