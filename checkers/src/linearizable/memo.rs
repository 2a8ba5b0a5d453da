//! Which configurations of the search have been seen.
//!
//! A configuration is the set of completed calls that have taken place, the state, and how many
//! pending calls of each class have been used. Sets and states are known by fingerprints of 128
//! bits: each call, and each state, has a key, and a set has the exclusive-or of its keys, so that
//! one step costs two operations (Zobrist hashing). Two different configurations among a billion
//! share a fingerprint with a chance of 10^-21; the keys are fixed, so every machine would err
//! alike.

use crate::hashing::mix;

use super::table::{Interner, Numbers};

/// A key of 128 bits for thing number `index` of some sort.
pub(super) fn key(sort: u64, index: u64) -> u128 {
    let seed = mix(index ^ (sort << 56));
    let (low, high) = (mix(seed ^ 0x5851_F42D_4C95_7F2D), mix(seed ^ 0x1405_7B7E_F767_814F));
    u128::from(high) << 64 | u128::from(low)
}

/// How many pending calls of each class have been used, of classes with any: sorted by class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Uses(Vec<(u32, u32)>);

impl Uses {
    /// Counts one more of a class.
    pub fn add(&mut self, class: u32) {
        match self.0.binary_search_by_key(&class, |entry| entry.0) {
            Ok(place) => self.0[place].1 += 1,
            Err(place) => self.0.insert(place, (class, 1)),
        }
    }

    /// Counts one less of a class that has been used.
    pub fn remove(&mut self, class: u32) {
        let place = self.0.binary_search_by_key(&class, |entry| entry.0);
        let place = place.expect("what is taken back has been used");
        self.0[place].1 -= 1;
        if self.0[place].1 == 0 {
            self.0.remove(place);
        }
    }

    /// Whether no class has been used more than in `other`.
    fn is_within(&self, other: &Uses) -> bool {
        let mut others = other.0.iter();
        self.0.iter().all(|(class, count)| {
            others
                .find(|other| other.0 >= *class)
                .is_some_and(|other| other.0 == *class && count <= &other.1)
        })
    }
}

/// The configurations seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Memo {
    seen: Numbers<u128>,
    /// With how many of each class used. Lists under one fingerprint are linked by places plus
    /// one.
    uses: Interner<Uses>,
    links: Vec<(u32, u32)>,
}

impl Memo {
    /// Notes a configuration without pending calls, or with their use in its fingerprint. Says
    /// whether it is new.
    pub fn add(&mut self, fingerprint: u128) -> bool {
        self.seen.entry(fingerprint).0
    }

    /// Notes a configuration with these pending calls used. Says no if the same has been seen
    /// with as many of each used, or fewer.
    pub fn add_used(&mut self, fingerprint: u128, used: &Uses) -> bool {
        let (_, first) = self.seen.entry(fingerprint);
        let mut link = *first;
        while link != 0 {
            let (uses, next) = self.links[link as usize - 1];
            let before = self.uses.value(uses);
            if before.is_within(used) {
                return false;
            }
            link = next;
        }
        let uses = self.uses.intern(used.clone());
        self.links.push((uses, *first));
        *first = u32::try_from(self.links.len()).expect("the budget of states is smaller");
        true
    }

    /// How many configurations are stored.
    pub fn len(&self) -> usize {
        self.seen.len().max(self.links.len())
    }
}
