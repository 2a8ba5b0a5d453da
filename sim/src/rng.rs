//! Random numbers that only the seed decides.
//!
//! Each purpose draws from its own ChaCha8 stream, so that drawing more for one (another fault,
//! one more client) leaves what the others draw as it was. Everything is integer arithmetic of
//! our own on 64-bit words: what a library does to make a range out of a word may change with its
//! version, and then every recorded seed would mean another run.

use std::ops::Range;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng};
use serde::Serialize;

use crate::time::duration_nanos;

/// The version of the way streams are derived from a seed and words are turned into values.
///
/// Failure files record it: a seed recorded under another layout is another run.
pub const STREAM_LAYOUT: u32 = 1;

/// The bits of a stream number left for the index.
const INDEX_BITS: u32 = 56;

/// The golden ratio as a 64-bit fraction: consecutive multiples are spread evenly.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// What a stream is for. The number is part of the stream layout: never reuse or change one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Purpose {
    /// The fate of messages; the index is the sender: exactly one word a send.
    Network = 1,
    /// What a node draws itself; the index is the host.
    Host = 2,
    /// What a nested protocol draws; named by its directory, owned by its host.
    Nested = 3,
    /// Disk latencies, crash models and disk faults; the index is the host.
    Disk = 4,
    /// Clock offsets and drifts; the index is the host.
    Clock = 5,
    /// What a client asks and when; the index is the client.
    Workload = 6,
    /// When and whom a fault hits; named by the fault's `name`, else by its position.
    Fault = 7,
    /// What a script draws.
    Script = 8,
    /// The moments at which hosts boot.
    Boot = 9,
    /// Whether a `buggify` place is enabled (named by the place, owned by nobody), and whether an
    /// enabled one fires (the index is the host).
    Buggify = 10,
}

/// The source of every random stream of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Streams {
    key: u64,
}

impl Streams {
    /// The streams of the run with this seed.
    pub const fn new(seed: u64) -> Streams {
        Streams { key: seed }
    }

    /// The stream for a purpose and the index of who draws. Costs nothing until the first draw.
    ///
    /// Panics if the index has more than 56 bits.
    #[inline]
    pub const fn open(&self, purpose: Purpose, index: u64) -> Rng {
        assert!(index >> INDEX_BITS == 0, "the index of a random stream has at most 56 bits");
        let stream = ((purpose as u64) << INDEX_BITS) | index;
        Rng { key: self.key, stream, drawn: None }
    }

    /// The stream for a purpose and a name, of which each owner has its own.
    pub fn open_named(&self, purpose: Purpose, owner: u64, name: &str) -> Rng {
        self.open(purpose, mix(hash_name(name), owner) >> (64 - INDEX_BITS))
    }
}

/// One random stream.
///
/// It is small until the first draw: a hundred thousand hosts may each own several and use none.
#[derive(Clone, Debug)]
pub struct Rng {
    key: u64,
    stream: u64,
    drawn: Option<Box<ChaCha8Rng>>,
}

impl Rng {
    /// The next word: 64 independent random bits.
    #[inline]
    #[expect(clippy::should_implement_trait, reason = "an iterator that never ends invites misuse")]
    pub fn next(&mut self) -> u64 {
        match &mut self.drawn {
            Some(generator) => generator.next_u64(),
            None => self.first(),
        }
    }

    #[cold]
    #[inline(never)]
    fn first(&mut self) -> u64 {
        let mut seed = [0; 32];
        for (lane, bytes) in (0..).zip(seed.chunks_exact_mut(8)) {
            bytes.copy_from_slice(&mix(self.key, lane).to_le_bytes());
        }
        let mut generator = Box::new(ChaCha8Rng::from_seed(seed));
        generator.set_stream(self.stream);
        let word = generator.next_u64();
        self.drawn = Some(generator);
        word
    }

    /// A number below `bound`, each exactly as likely. Panics if `bound` is 0.
    ///
    /// Lemire's method: the high half of a product, and a rare second draw where the words do not
    /// divide evenly among the results.
    #[inline]
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "there is no number below zero to draw");
        let mut product = u128::from(self.next()) * u128::from(bound);
        if (product as u64) < bound {
            let surplus = bound.wrapping_neg() % bound;
            while (product as u64) < surplus {
                product = u128::from(self.next()) * u128::from(bound);
            }
        }
        (product >> 64) as u64
    }

    /// A number of the range, each exactly as likely. Panics if the range is empty.
    #[inline]
    pub fn range(&mut self, range: Range<u64>) -> u64 {
        assert!(range.start < range.end, "cannot draw from the empty range {range:?}");
        range.start + self.below(range.end - range.start)
    }

    /// Whether an event of this chance happens. Takes one word, whatever the chance.
    #[inline]
    pub fn chance(&mut self, chance: Chance) -> bool {
        chance.hits((self.next() >> 32) as u32)
    }

    /// One of the items, each exactly as likely; none, and no draw, if there are none.
    #[inline]
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        if items.is_empty() {
            return None;
        }
        items.get(self.below(items.len() as u64) as usize)
    }

    /// Puts the items in a random order, each order exactly as likely.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let chosen = self.below(last as u64 + 1) as usize;
            items.swap(last, chosen);
        }
    }

    /// A duration from `low` to `high`, both included. Panics if `high` is the shorter one.
    #[inline]
    pub fn duration(&mut self, low: Duration, high: Duration) -> Duration {
        let (low, high) = (duration_nanos(low), duration_nanos(high));
        assert!(low <= high, "cannot draw a duration from {low} ns up to {high} ns");
        match (high - low).checked_add(1) {
            Some(count) => Duration::from_nanos(low + self.below(count)),
            None => Duration::from_nanos(self.next()),
        }
    }
}

/// A probability as an integer out of 2^32.
///
/// Integers, because a probability that is computed with must be the same on every machine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize)]
pub struct Chance(u64);

impl Chance {
    /// The number of equally likely cases.
    const CASES: u64 = 1 << 32;

    /// Never happens.
    pub const NEVER: Chance = Chance(0);
    /// Always happens.
    pub const ALWAYS: Chance = Chance(Chance::CASES);

    /// The nearest chance to a ratio. Panics unless the ratio lies within 0 and 1.
    ///
    /// Only 0 becomes [`Chance::NEVER`] and only 1 becomes [`Chance::ALWAYS`]: who writes one in
    /// ten thousand million means "rarely".
    pub fn from_ratio(numerator: u64, denominator: u64) -> Chance {
        assert!(
            denominator > 0 && numerator <= denominator,
            "{numerator}/{denominator} is not a chance: it must lie within 0 and 1"
        );
        if numerator == 0 {
            return Chance::NEVER;
        }
        if numerator == denominator {
            return Chance::ALWAYS;
        }
        let scaled = u128::from(numerator) * u128::from(Chance::CASES);
        let nearest = (scaled + u128::from(denominator) / 2) / u128::from(denominator);
        Chance((nearest as u64).clamp(1, Chance::CASES - 1))
    }

    /// In how many of 2^32 cases it happens.
    #[inline]
    pub const fn cases(self) -> u64 {
        self.0
    }

    /// That it does not happen.
    pub const fn complement(self) -> Chance {
        Chance(Chance::CASES - self.0)
    }

    /// That this and an independent `other` happen, rounded down.
    pub fn and(self, other: Chance) -> Chance {
        Chance(((u128::from(self.0) * u128::from(other.0)) >> 32) as u64)
    }

    /// That this or an independent `other` happens, rounded up.
    pub fn or(self, other: Chance) -> Chance {
        self.complement().and(other.complement()).complement()
    }

    /// Whether it happens in the case of this random word.
    #[inline]
    pub const fn hits(self, word: u32) -> bool {
        (word as u64) < self.0
    }
}

/// Expands one random word into another, one for each lane.
///
/// A message draws a single word; whatever else it needs comes from lanes of that word, so turning
/// one setting on or off never shifts what another one draws. It is the finaliser of splitmix64.
#[inline]
pub const fn mix(word: u64, lane: u64) -> u64 {
    let mut mixed = word.wrapping_add(lane.wrapping_add(1).wrapping_mul(GOLDEN));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A stable hash of a name, for naming streams: 64-bit FNV-1a, then mixed.
pub const fn hash_name(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut position = 0;
    while position < bytes.len() {
        hash = (hash ^ bytes[position] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        position += 1;
    }
    mix(hash, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stream layout 1 is. A change here needs a new `STREAM_LAYOUT`.
    #[test]
    fn the_stream_layout_is_pinned() {
        assert_eq!(STREAM_LAYOUT, 1);
        let streams = Streams::new(42);
        let first = |mut rng: Rng| [rng.next(), rng.next()];
        assert_eq!(
            first(streams.open(Purpose::Network, 0)),
            [0xf973_30b6_79ac_4f60, 0xbab3_c11c_61a8_6a22]
        );
        assert_eq!(
            first(streams.open(Purpose::Host, 3)),
            [0xd2ad_7686_c092_8735, 0x1ff7_b7d4_7ebb_a41b]
        );
        assert_eq!(
            first(streams.open(Purpose::Boot, (1 << 56) - 1)),
            [0xbd09_8fd7_0c53_c5ad, 0xc7c8_eb4b_aca3_6af8]
        );
        assert_eq!(
            first(streams.open_named(Purpose::Fault, 0, "cut")),
            [0xbea7_7c03_96ab_4d2a, 0x3a60_f68a_f306_bb1d]
        );
        assert_eq!(mix(42, 0), 0xbdd7_3226_2feb_6e95);
        assert_eq!(mix(42, 7), 0xccf6_35ee_9e9e_2fa4);
        assert_eq!(hash_name("raft/"), 0x60f7_6c79_7ff5_b097);
        let mut rng = streams.open(Purpose::Script, 1);
        let drawn = [rng.below(10), rng.range(100..1100), rng.below(3 << 62)];
        assert_eq!(drawn, [0, 932, 9_192_000_376_150_490_978]);
        let mut order = [0, 1, 2, 3, 4, 5, 6, 7];
        rng.shuffle(&mut order);
        assert_eq!(order, [3, 2, 6, 0, 5, 1, 7, 4]);
        let drawn = rng.duration(Duration::from_millis(1), Duration::from_millis(10));
        assert_eq!(drawn, Duration::from_nanos(6_898_104));
    }

    #[test]
    fn purposes_keep_their_numbers() {
        let numbers = [
            (Purpose::Network, 1),
            (Purpose::Host, 2),
            (Purpose::Nested, 3),
            (Purpose::Disk, 4),
            (Purpose::Clock, 5),
            (Purpose::Workload, 6),
            (Purpose::Fault, 7),
            (Purpose::Script, 8),
            (Purpose::Boot, 9),
        ];
        for (purpose, number) in numbers {
            assert_eq!(purpose as u8, number, "{purpose:?}");
        }
    }

    #[test]
    fn streams_differ_by_seed_purpose_index_owner_and_name() {
        let mut firsts = Vec::new();
        for seed in [0, 1, 1 << 40] {
            let streams = Streams::new(seed);
            for purpose in [Purpose::Network, Purpose::Host, Purpose::Disk] {
                firsts.extend((0..50).map(|index| streams.open(purpose, index).next()));
            }
            for owner in 0..50 {
                firsts.push(streams.open_named(Purpose::Nested, owner, "raft/").next());
                firsts.push(streams.open_named(Purpose::Nested, owner, "log/").next());
            }
        }
        let count = firsts.len();
        firsts.sort_unstable();
        firsts.dedup();
        assert_eq!(firsts.len(), count);
    }

    #[test]
    fn opening_again_gives_the_same_stream() {
        let streams = Streams::new(7);
        let mut one = streams.open(Purpose::Host, 5);
        let mut other = streams.open(Purpose::Host, 5);
        let copied = one.clone();
        for _ in 0..100 {
            assert_eq!(one.next(), other.next());
        }
        let mut copied = copied;
        assert_eq!(copied.next(), streams.open(Purpose::Host, 5).next());
        assert!(size_of::<Rng>() <= 24);
    }

    #[test]
    fn below_is_fair_also_where_words_do_not_divide_evenly() {
        let mut rng = Streams::new(1).open(Purpose::Host, 0);
        let mut counts = [0_u32; 7];
        for _ in 0..70_000 {
            counts[rng.below(7) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (9_600..10_400).contains(count)), "{counts:?}");
        // With 3 * 2^62 results a plain multiply-shift would give one third of them twice the
        // weight of the others: results that are a multiple of three would take half of the words.
        let mut multiples = 0;
        for _ in 0..30_000 {
            multiples += u32::from(rng.below(3 << 62).is_multiple_of(3));
        }
        assert!((9_700..10_300).contains(&multiples), "{multiples}");
        assert_eq!(rng.below(1), 0);
        for _ in 0..1_000 {
            assert!((5..8).contains(&rng.range(5..8)));
        }
        rng.range(0..u64::MAX);
        rng.duration(Duration::ZERO, Duration::MAX);
    }

    #[test]
    fn a_chance_is_a_share_of_the_cases() {
        assert!(!Chance::NEVER.hits(0));
        assert!(Chance::ALWAYS.hits(u32::MAX));
        assert_eq!(Chance::from_ratio(1, 2).cases(), 1 << 31);
        assert_eq!(Chance::from_ratio(1, 3).cases(), 1_431_655_765);
        assert_eq!(Chance::from_ratio(2, 3).cases(), 2_863_311_531);
        assert_eq!(Chance::from_ratio(0, 5), Chance::NEVER);
        assert_eq!(Chance::from_ratio(5, 5), Chance::ALWAYS);
        assert_eq!(Chance::from_ratio(1, u64::MAX).cases(), 1);
        assert_eq!(Chance::from_ratio(u64::MAX - 1, u64::MAX).cases(), Chance::CASES - 1);
        let tenth = Chance::from_ratio(1, 10);
        assert!(tenth.hits(tenth.cases() as u32 - 1) && !tenth.hits(tenth.cases() as u32));
        let mut rng = Streams::new(3).open(Purpose::Host, 0);
        let hits = (0..100_000).filter(|_| rng.chance(tenth)).count();
        assert!((9_600..10_400).contains(&hits), "{hits}");
    }

    #[test]
    fn chances_are_combined() {
        let [half, fifth] = [Chance::from_ratio(1, 2), Chance::from_ratio(1, 5)];
        assert_eq!(half.and(fifth).cases(), fifth.cases() / 2);
        assert_eq!(half.or(half), Chance::from_ratio(3, 4));
        assert_eq!(
            fifth.or(fifth.complement()).cases() >> 22,
            Chance::from_ratio(21, 25).cases() >> 22
        );
        for chance in [Chance::NEVER, half, fifth, Chance::ALWAYS] {
            assert_eq!(chance.and(Chance::ALWAYS), chance);
            assert_eq!(chance.and(Chance::NEVER), Chance::NEVER);
            assert_eq!(chance.or(Chance::NEVER), chance);
            assert_eq!(chance.or(Chance::ALWAYS), Chance::ALWAYS);
            assert_eq!(chance.complement().complement(), chance);
        }
    }

    #[test]
    fn a_chance_takes_one_word_whatever_it_is() {
        let streams = Streams::new(4);
        let after = |chance| {
            let mut rng = streams.open(Purpose::Host, 0);
            rng.chance(chance);
            rng.next()
        };
        assert_eq!(after(Chance::NEVER), after(Chance::ALWAYS));
        assert_eq!(after(Chance::NEVER), after(Chance::from_ratio(1, 3)));
    }

    #[test]
    fn pick_and_shuffle_reach_everything() {
        let mut rng = Streams::new(5).open(Purpose::Host, 0);
        assert_eq!(rng.pick::<u8>(&[]), None);
        let mut picked = [0; 3];
        let mut orders = std::collections::BTreeMap::new();
        for _ in 0..6_000 {
            picked[*rng.pick(&[0, 1, 2]).unwrap()] += 1;
            let mut order = [0, 1, 2];
            rng.shuffle(&mut order);
            *orders.entry(order).or_insert(0) += 1;
        }
        assert!(picked.iter().all(|count| (1_850..2_150).contains(count)), "{picked:?}");
        assert_eq!(orders.len(), 6);
        assert!(orders.values().all(|count| (850..1_150).contains(count)), "{orders:?}");
    }

    #[test]
    #[should_panic(expected = "empty range")]
    #[expect(clippy::reversed_empty_ranges)]
    fn an_empty_range_is_refused() {
        Streams::new(0).open(Purpose::Host, 0).range(5..5 - 1);
    }
}
