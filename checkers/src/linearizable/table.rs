//! Hash tables with fixed hashes: for membership only, so that nothing depends on their order.

use std::hash::Hash;

use crate::hashing::hash_of;

/// Gives equal values one number, in the order in which they are first seen.
#[derive(Clone, Debug)]
pub(crate) struct Interner<T> {
    values: Vec<T>,
    /// Numbers plus one, by hash with linear probing; 0 is free. The size is a power of two.
    slots: Vec<u32>,
}

impl<T> Default for Interner<T> {
    fn default() -> Interner<T> {
        Interner { values: Vec::new(), slots: vec![0; 16] }
    }
}

impl<T: Eq + Hash> Interner<T> {
    /// The value's number, which is new if the value is.
    pub fn intern(&mut self, value: T) -> u32 {
        if (self.values.len() + 1) * 2 > self.slots.len() {
            self.grow();
        }
        let slot = self.slot_of(&value);
        if self.slots[slot] == 0 {
            self.values.push(value);
            self.slots[slot] = number(self.values.len());
        }
        self.slots[slot] - 1
    }

    /// The number of a value that was seen.
    pub fn find(&self, value: &T) -> Option<u32> {
        self.slots[self.slot_of(value)].checked_sub(1)
    }

    /// The value of this number.
    pub fn value(&self, number: u32) -> &T {
        &self.values[number as usize]
    }

    /// How many different values were seen.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    fn slot_of(&self, value: &T) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = hash_of(value) as usize & mask;
        while self.slots[slot] != 0 && self.values[self.slots[slot] as usize - 1] != *value {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn grow(&mut self) {
        self.slots = vec![0; self.slots.len() * 2];
        for index in 0..self.values.len() {
            let slot = self.slot_of(&self.values[index]);
            self.slots[slot] = number(index + 1);
        }
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).expect("fewer than 2^32 values fit in memory")
}

/// Maps fingerprints of 128 bits to numbers. A fingerprint is its own hash.
#[derive(Clone, Debug)]
pub(crate) struct FingerprintMap {
    /// The fingerprint 0 marks a free slot, and is never stored.
    slots: Vec<(u128, u32)>,
    len: usize,
}

impl Default for FingerprintMap {
    fn default() -> FingerprintMap {
        FingerprintMap { slots: vec![(0, 0); 16], len: 0 }
    }
}

impl FingerprintMap {
    /// The number under `fingerprint`, and whether it is new: then it is 0.
    pub fn entry(&mut self, fingerprint: u128) -> (bool, &mut u32) {
        // Zero comes up once in 2^128; it shares its place with one.
        let fingerprint = fingerprint.max(1);
        if (self.len + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        let slot = self.slot_of(fingerprint);
        let is_new = self.slots[slot].0 == 0;
        if is_new {
            self.slots[slot] = (fingerprint, 0);
            self.len += 1;
        }
        (is_new, &mut self.slots[slot].1)
    }

    /// The number under `fingerprint`, if it is stored.
    pub fn find(&self, fingerprint: u128) -> Option<u32> {
        let (found, number) = self.slots[self.slot_of(fingerprint.max(1))];
        (found != 0).then_some(number)
    }

    /// How many fingerprints are stored.
    pub fn len(&self) -> usize {
        self.len
    }

    fn slot_of(&self, fingerprint: u128) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = fingerprint as usize & mask;
        while self.slots[slot].0 != 0 && self.slots[slot].0 != fingerprint {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn grow(&mut self) {
        let bigger = vec![(0, 0); self.slots.len() * 2];
        let old = std::mem::replace(&mut self.slots, bigger);
        for entry in old.into_iter().filter(|entry| entry.0 != 0) {
            let slot = self.slot_of(entry.0);
            self.slots[slot] = entry;
        }
    }
}
