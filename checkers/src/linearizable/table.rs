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

    /// All values, in the order of their numbers.
    pub fn into_values(self) -> Vec<T> {
        self.values
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

/// Keys that are their own hashes: their bits are spread, and 0 comes up with no more chance than
/// any other.
pub(crate) trait Spread: Copy + Eq {
    /// Marks a free slot.
    const ZERO: Self;
    /// Shares its place with zero, which is not stored.
    const ONE: Self;
    /// The low bits.
    fn low(self) -> usize;
}

impl Spread for u128 {
    const ZERO: u128 = 0;
    const ONE: u128 = 1;

    fn low(self) -> usize {
        self as usize
    }
}

impl Spread for u64 {
    const ZERO: u64 = 0;
    const ONE: u64 = 1;

    fn low(self) -> usize {
        self as usize
    }
}

/// Maps keys to numbers.
#[derive(Clone, Debug)]
pub(crate) struct Numbers<K> {
    keys: Vec<K>,
    numbers: Vec<u32>,
    len: usize,
}

impl<K: Spread> Default for Numbers<K> {
    fn default() -> Numbers<K> {
        Numbers { keys: vec![K::ZERO; 16], numbers: vec![0; 16], len: 0 }
    }
}

impl<K: Spread> Numbers<K> {
    /// The number under `key`, and whether it is new: then it is 0.
    pub fn entry(&mut self, key: K) -> (bool, &mut u32) {
        let key = if key == K::ZERO { K::ONE } else { key };
        if (self.len + 1) * 4 > self.keys.len() * 3 {
            self.grow();
        }
        let slot = self.slot_of(key);
        let is_new = self.keys[slot] == K::ZERO;
        if is_new {
            self.keys[slot] = key;
            self.len += 1;
        }
        (is_new, &mut self.numbers[slot])
    }

    /// How many keys are stored.
    pub fn len(&self) -> usize {
        self.len
    }

    fn slot_of(&self, key: K) -> usize {
        let mask = self.keys.len() - 1;
        let mut slot = key.low() & mask;
        while self.keys[slot] != K::ZERO && self.keys[slot] != key {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn grow(&mut self) {
        let size = self.keys.len() * 2;
        let keys = std::mem::replace(&mut self.keys, vec![K::ZERO; size]);
        let numbers = std::mem::replace(&mut self.numbers, vec![0; size]);
        for (key, number) in keys.into_iter().zip(numbers).filter(|entry| entry.0 != K::ZERO) {
            let slot = self.slot_of(key);
            (self.keys[slot], self.numbers[slot]) = (key, number);
        }
    }
}
