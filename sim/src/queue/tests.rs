use proptest::prelude::*;

use super::*;
use crate::rng::{Purpose, Rng, Streams};

/// The queue beside a plain heap that must agree with it at every step.
#[derive(Default)]
struct Pair {
    queue: Queue,
    plain: BinaryHeap<Reverse<Key>>,
    sequence: u64,
    now: u64,
    refills: u64,
    near_max: usize,
}

impl Pair {
    fn push(&mut self, time: u64) {
        let slot = (self.sequence % 1_000) as u32;
        let key = Key::pack(SimTime::from_nanos(time), self.sequence, slot);
        self.sequence += 1;
        self.queue.push(key);
        self.plain.push(Reverse(key));
        self.check();
    }

    fn pop(&mut self) {
        let expected = self.plain.pop().map(|Reverse(key)| key);
        assert_eq!(self.queue.pop(), expected);
        self.now = expected.map_or(self.now, |key| key.time().nanos());
        if self.queue.take_refilled() {
            self.refills += 1;
            assert_eq!(self.queue.near_keys().count(), self.queue.near.len());
        }
        self.check();
    }

    fn check(&mut self) {
        assert_eq!(self.queue.len(), self.plain.len());
        assert_eq!(self.queue.is_empty(), self.plain.is_empty());
        assert_eq!(self.queue.peek(), self.plain.peek().map(|Reverse(key)| *key));
        self.near_max = self.near_max.max(self.queue.near.len());
    }

    /// The invariants of the structure, too slow for every step.
    fn check_structure(&self) {
        let queue = &self.queue;
        assert!(queue.near.iter().all(|Reverse(key)| *key <= queue.bound));
        for (bucket, keys) in queue.far.iter().enumerate() {
            assert_eq!(queue.occupied >> bucket & 1 == 1, !keys.is_empty());
            for key in keys {
                assert!(*key > queue.bound && highest_bit(key ^ queue.bound) == bucket);
            }
        }
        assert_eq!(queue.far.iter().map(Vec::len).sum::<usize>(), queue.far_count);
        assert_eq!(queue.keys().count(), queue.len());
    }

    fn drain(&mut self) {
        while !self.queue.is_empty() {
            self.pop();
        }
        self.pop();
        self.check_structure();
    }
}

/// How far ahead the next events of a schedule lie.
#[derive(Clone, Copy, Debug)]
enum Ahead {
    Same,
    Near,
    Mixed,
    Far,
    Descending,
    Clustered,
}

const ALL: [Ahead; 6] =
    [Ahead::Same, Ahead::Near, Ahead::Mixed, Ahead::Far, Ahead::Descending, Ahead::Clustered];

fn next_time(ahead: Ahead, now: u64, pushed: u64, rng: &mut Rng) -> u64 {
    let after = match ahead {
        Ahead::Same => 0,
        Ahead::Near => rng.range(1..10_000_000),
        Ahead::Mixed if rng.below(10) < 7 => rng.range(1..10_000_000),
        Ahead::Mixed => rng.range(150_000_000..300_000_000),
        Ahead::Far => rng.next() >> rng.range(2..64),
        Ahead::Descending => (1_u64 << 40).saturating_sub(pushed * 1_000_003),
        Ahead::Clustered => rng.below(4) * 1_000_000_000,
    };
    now.saturating_add(after)
}

/// Phases of growing, holding and shrinking, each with its own kind of times.
fn run_schedule(seed: u64, pending_max: u64, holds: u64) -> Pair {
    let mut rng = Streams::new(seed).open(Purpose::Host, 0);
    let mut pair = Pair::default();
    for _ in 0..3 {
        let ahead = *rng.pick(&ALL).unwrap();
        for pushed in 0..rng.below(pending_max) {
            pair.push(next_time(ahead, pair.now, pushed, &mut rng));
        }
        pair.check_structure();
        let ahead = *rng.pick(&ALL).unwrap();
        for pushed in 0..rng.below(holds) {
            pair.pop();
            pair.push(next_time(ahead, pair.now, pushed, &mut rng));
            if rng.below(16) == 0 {
                pair.push(pair.now);
            }
        }
        pair.check_structure();
        for _ in 0..rng.below(pending_max) {
            pair.pop();
        }
        pair.check_structure();
    }
    pair.drain();
    pair
}

#[test]
fn it_agrees_with_a_plain_heap_on_random_schedules() {
    let mut refills = 0;
    for seed in 0..320 {
        refills += run_schedule(seed, 6_000, 3_000).refills;
    }
    assert!(refills > 1_000, "only {refills} refills: the far part was hardly tested");
}

#[test]
fn a_large_queue_keeps_its_heap_small() {
    for ahead in ALL {
        let mut rng = Streams::new(9).open(Purpose::Host, 0);
        let mut pair = Pair::default();
        for pushed in 0..60_000 {
            pair.push(next_time(ahead, 0, pushed, &mut rng));
        }
        pair.check_structure();
        for pushed in 0..20_000 {
            pair.pop();
            pair.push(next_time(ahead, pair.now, pushed, &mut rng));
        }
        pair.check_structure();
        pair.drain();
        assert!(pair.near_max <= NEAR_MAX + 1, "{ahead:?}: {}", pair.near_max);
        assert!(pair.refills > 20, "{ahead:?}: {}", pair.refills);
    }
}

#[test]
fn a_small_queue_has_no_buckets() {
    let mut pair = Pair::default();
    for time in 0..NEAR_MAX as u64 {
        pair.push(time);
    }
    assert!(pair.queue.far.is_empty());
    pair.push(0);
    assert_eq!(pair.queue.far.len(), BUCKETS);
    pair.drain();
    assert_eq!(pair.queue.bound, u128::MAX);
}

#[test]
fn a_cleared_queue_starts_anew() {
    let mut pair = Pair::default();
    (0..10_000).for_each(|time| pair.push(time * 1_000));
    pair.queue.clear();
    pair.plain.clear();
    pair.check();
    pair.check_structure();
    (0..10_000).for_each(|time| pair.push(time));
    pair.drain();
}

proptest! {
    #[test]
    fn keys_are_packed_and_ordered(
        one in (any::<u64>(), 0..Key::SEQUENCE_END, 0..Key::SLOT_END),
        other in (any::<u64>(), 0..Key::SEQUENCE_END, 0..Key::SLOT_END),
    ) {
        let pack = |(time, sequence, slot)| Key::pack(SimTime::from_nanos(time), sequence, slot);
        let key = pack(one);
        prop_assert_eq!((key.time().nanos(), key.sequence(), key.slot()), one);
        prop_assert_eq!(key.cmp(&pack(other)), one.cmp(&other));
        prop_assert!(pack((one.0, 1, Key::SLOT_END - 1)) < pack((one.0, 2, 0)));
    }
}

#[test]
#[should_panic(expected = "at most 2^40 events")]
fn too_many_events_are_refused() {
    Key::pack(SimTime::ZERO, Key::SEQUENCE_END, 0);
}

#[test]
#[should_panic(expected = "may be pending at once")]
fn too_many_pending_events_are_refused() {
    Key::pack(SimTime::ZERO, 0, Key::SLOT_END);
}
