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

/// How many classes of pending calls dominance is worth comparing.
const MAX_CLASSES: usize = 64;

/// The configurations seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Memo {
    seen: Numbers<u128>,
    /// With how many of each class used. Lists under one fingerprint are linked by places plus
    /// one.
    uses: Interner<Box<[u32]>>,
    links: Vec<(u32, u32)>,
}

impl Memo {
    /// Notes a configuration without pending calls, or with their use in its fingerprint. Says
    /// whether it is new.
    pub fn add(&mut self, fingerprint: u128) -> bool {
        self.seen.entry(fingerprint).0
    }

    /// Whether the use of this many classes can be compared.
    pub fn can_compare(classes: usize) -> bool {
        (1..=MAX_CLASSES).contains(&classes)
    }

    /// Notes a configuration with these pending calls used. Says no if the same has been seen
    /// with as many of each used, or fewer.
    pub fn add_used(&mut self, fingerprint: u128, used: &[u32]) -> bool {
        let (_, first) = self.seen.entry(fingerprint);
        let mut link = *first;
        while link != 0 {
            let (uses, next) = self.links[link as usize - 1];
            let before = self.uses.value(uses);
            if before.iter().zip(used).all(|(before, now)| before <= now) {
                return false;
            }
            link = next;
        }
        let uses = self.uses.intern(used.into());
        self.links.push((uses, *first));
        *first = u32::try_from(self.links.len()).expect("the budget of states is smaller");
        true
    }

    /// How many configurations are stored.
    pub fn len(&self) -> usize {
        self.seen.len().max(self.links.len())
    }
}
