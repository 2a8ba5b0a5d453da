//! The pending events, smallest key first.
//!
//! Up to two thousand of them live in a binary heap, which nothing beats at that size. With more,
//! a heap's cost is cache misses, so only the nearest stay in it (`near`: every key up to `bound`)
//! and the others wait unsorted in buckets: bucket `b` holds the keys whose highest bit that
//! differs from `bound` is bit `b`. All keys of a lower bucket are smaller than all keys of a
//! higher one, so when the heap runs out the lowest bucket is next, and a key moves at most once
//! for each bit, in practice a few times.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::time::SimTime;

const SLOT_BITS: u32 = 24;
const SEQUENCE_BITS: u32 = 40;

/// From how many keys on the heap gives half of them away.
const NEAR_MAX: usize = 2048;
/// How many keys at most a refill moves to the heap out of a bucket that is not taken whole.
const REFILL_MAX: usize = 1024;
/// Up to this size a bucket is taken whole.
const WHOLE_MAX: usize = 256;
/// One bucket for each bit of a key.
const BUCKETS: usize = u128::BITS as usize;

/// When an event happens, in which order among those of the same time, and where its payload is.
///
/// All in one number, because comparing and moving it is what a queue does all day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key(u128);

impl Key {
    /// How many events a run may have: about 10^12.
    pub const SEQUENCE_END: u64 = 1 << SEQUENCE_BITS;
    /// How many events may be pending at once: about 16 million.
    pub const SLOT_END: u32 = 1 << SLOT_BITS;

    /// Packs a key. Panics beyond the limits above.
    #[inline]
    pub fn pack(time: SimTime, sequence: u64, slot: u32) -> Key {
        assert!(
            sequence < Key::SEQUENCE_END,
            "a run has at most 2^40 events (about 10^12): split it into shorter runs"
        );
        assert!(
            slot < Key::SLOT_END,
            "at most 2^24 events (16.7 million) may be pending at once: \
             something sends faster than it is handled"
        );
        let time = u128::from(time.nanos()) << (SEQUENCE_BITS + SLOT_BITS);
        Key(time | u128::from(sequence) << SLOT_BITS | u128::from(slot))
    }

    /// When the event happens.
    #[inline]
    pub const fn time(self) -> SimTime {
        SimTime::from_nanos((self.0 >> (SEQUENCE_BITS + SLOT_BITS)) as u64)
    }

    /// The order among events of the same time.
    #[inline]
    pub const fn sequence(self) -> u64 {
        (self.0 >> SLOT_BITS) as u64 & (Key::SEQUENCE_END - 1)
    }

    /// Where the payload is.
    #[inline]
    pub const fn slot(self) -> u32 {
        self.0 as u32 & (Key::SLOT_END - 1)
    }
}

/// The pending events of a run.
#[derive(Clone, Debug)]
pub struct Queue {
    /// Every key up to `bound`; empty only if the whole queue is.
    near: BinaryHeap<Reverse<u128>>,
    /// The largest key that belongs into `near`.
    bound: u128,
    /// Every key above `bound`, by the highest differing bit; no buckets before the first spill.
    far: Vec<Vec<u128>>,
    /// Which buckets are not empty, one bit each.
    occupied: u128,
    far_count: usize,
    refilled: bool,
}

impl Default for Queue {
    fn default() -> Queue {
        Queue::new()
    }
}

impl Queue {
    /// A queue without events.
    pub const fn new() -> Queue {
        Queue {
            near: BinaryHeap::new(),
            bound: u128::MAX,
            far: Vec::new(),
            occupied: 0,
            far_count: 0,
            refilled: false,
        }
    }

    /// How many events are pending.
    #[inline]
    pub fn len(&self) -> usize {
        self.near.len() + self.far_count
    }

    /// Whether none is pending.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.near.is_empty()
    }

    /// Adds an event; it may be earlier than all others. No two may have the same key.
    #[inline]
    pub fn push(&mut self, key: Key) {
        if key.0 <= self.bound {
            self.near.push(Reverse(key.0));
            if self.near.len() > NEAR_MAX {
                self.spill();
            }
        } else {
            self.push_far(key.0);
        }
    }

    /// The next event.
    #[inline]
    pub fn peek(&self) -> Option<Key> {
        self.near.peek().map(|Reverse(key)| Key(*key))
    }

    /// Takes the next event out.
    #[inline]
    pub fn pop(&mut self) -> Option<Key> {
        let Reverse(key) = self.near.pop()?;
        if self.near.is_empty() && self.far_count > 0 {
            self.refill();
        }
        Some(Key(key))
    }

    /// Whether the near part was refilled since the last time this was asked.
    ///
    /// Then a kernel with much pending gains by touching what [`Queue::near_keys`] point to in one
    /// loop: those reads do not depend on each other, so their cache misses overlap.
    #[inline]
    pub fn take_refilled(&mut self) -> bool {
        std::mem::replace(&mut self.refilled, false)
    }

    /// The events of the near part, in no order.
    #[inline]
    pub fn near_keys(&self) -> impl Iterator<Item = Key> + '_ {
        self.near.iter().map(|Reverse(key)| Key(*key))
    }

    /// Every pending event, in no order.
    pub fn keys(&self) -> impl Iterator<Item = Key> + '_ {
        self.near_keys().chain(self.far.iter().flatten().map(|key| Key(*key)))
    }

    /// Forgets every event and keeps the memory, for another run.
    pub fn clear(&mut self) {
        self.near.clear();
        self.far.iter_mut().for_each(Vec::clear);
        self.occupied = 0;
        self.far_count = 0;
        self.bound = u128::MAX;
        self.refilled = false;
    }

    /// Puts a key above the bound into its bucket.
    #[inline]
    fn push_far(&mut self, key: u128) {
        let bucket = highest_bit(key ^ self.bound);
        self.far[bucket].push(key);
        self.occupied |= 1 << bucket;
        self.far_count += 1;
    }

    /// Lowers the bound so that only half of the near keys stay near.
    #[cold]
    #[inline(never)]
    fn spill(&mut self) {
        if self.far.is_empty() {
            self.far = vec![Vec::new(); BUCKETS];
        }
        let mut keys = std::mem::take(&mut self.near).into_vec();
        let kept = NEAR_MAX / 2;
        // `Reverse` turns the order round, so the smallest keys gather behind the pivot.
        let split = keys.len() - kept;
        let bound = keys.select_nth_unstable(split).1.0;
        self.lower_buckets(bound);
        self.bound = bound;
        for Reverse(key) in keys.drain(..split) {
            self.push_far(key);
        }
        self.near = BinaryHeap::from(keys);
    }

    /// Moves the far keys to where they belong under a lower bound.
    ///
    /// In the highest bit in which the two bounds differ, the old one has a one. Keys of higher
    /// buckets differ from both in the same bit; keys of lower buckets share that one with the old
    /// bound, so from the new one they all differ there.
    fn lower_buckets(&mut self, bound: u128) {
        if self.far_count == 0 {
            return;
        }
        let target = highest_bit(bound ^ self.bound);
        let mut lower = self.occupied & ((1 << target) - 1);
        while lower != 0 {
            let bucket = lower.trailing_zeros() as usize;
            lower &= lower - 1;
            let mut keys = std::mem::take(&mut self.far[bucket]);
            self.far[target].append(&mut keys);
            self.far[bucket] = keys;
            self.occupied &= !(1 << bucket);
            self.occupied |= 1 << target;
        }
    }

    /// Moves the lowest bucket, or the first part of it, into the empty heap.
    #[cold]
    #[inline(never)]
    fn refill(&mut self) {
        let lowest = self.occupied.trailing_zeros() as usize;
        let mut keys = std::mem::take(&mut self.far[lowest]);
        self.occupied &= !(1 << lowest);
        self.far_count -= keys.len();
        let mut near = std::mem::take(&mut self.near).into_vec();
        if keys.len() <= WHOLE_MAX {
            self.bound |= low_bits(lowest + 1);
            near.extend(keys.drain(..).map(Reverse));
        } else {
            let (smallest, free_bits) = first_part(&keys, lowest);
            self.bound = smallest | low_bits(free_bits);
            for key in keys.drain(..) {
                if key <= self.bound {
                    near.push(Reverse(key));
                } else {
                    self.push_far(key);
                }
            }
        }
        if self.far[lowest].is_empty() {
            self.far[lowest] = keys;
        }
        if self.far_count == 0 {
            self.bound = u128::MAX;
        }
        self.near = BinaryHeap::from(near);
        self.refilled = true;
    }
}

/// The position of the highest one bit of a number that is not zero.
#[inline]
fn highest_bit(number: u128) -> usize {
    (u128::BITS - 1 - number.leading_zeros()) as usize
}

/// A number of ones in the lowest bits.
#[inline]
fn low_bits(count: usize) -> u128 {
    if count == BUCKETS { u128::MAX } else { (1 << count) - 1 }
}

/// Where to split the keys of a bucket: the smallest of them, and how many of its low bits may
/// vary so that as many keys as possible, but at most `REFILL_MAX`, are in the first part.
fn first_part(keys: &[u128], bucket: usize) -> (u128, usize) {
    let smallest = keys.iter().copied().fold(u128::MAX, u128::min);
    let mut counts = [0_usize; BUCKETS];
    for key in keys {
        let differing = key ^ smallest;
        if differing != 0 {
            counts[highest_bit(differing)] += 1;
        }
    }
    let mut taken = 1;
    let mut free_bits = 0;
    while free_bits < bucket && taken + counts[free_bits] <= REFILL_MAX {
        taken += counts[free_bits];
        free_bits += 1;
    }
    (smallest, free_bits)
}

#[cfg(test)]
mod tests;
