//! What a checker of transactions may be told beside the history.

use std::collections::BTreeMap;

/// How much a search may cost before it says unknown. It counts work, not time, so that every
/// machine gives the same verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Elementary steps; some 50 million take about a second.
    pub steps: u64,
    /// Bytes of stored states.
    pub bytes: u64,
}

impl Default for Budget {
    /// About a second and 64 MB.
    fn default() -> Budget {
        Budget { steps: 50_000_000, bytes: 64 << 20 }
    }
}

/// Which searches for an unknown order of versions are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Searches {
    /// The greedy one first, then the complete one.
    #[default]
    Both,
    /// Only the greedy one, which never says that there is no order.
    Greedy,
    /// Only the complete one: saturation, then branching.
    Complete,
}

/// What is known beside the history, and what a verdict may cost.
#[derive(Clone, Debug)]
pub struct Options<K, V> {
    /// The values of a key in the order in which they were installed, as far as somebody (a
    /// simulator) has recorded it. The list of a key must hold every value that is committed
    /// there, and what it holds counts as committed; keys that are not in the map have an
    /// unknown order. With all keys recorded every verdict is exact, in linear time.
    pub version_orders: BTreeMap<K, Vec<V>>,
    /// What the search for an unknown order may cost.
    pub budget: Budget,
    /// Which searches to use: a choice for tests that look at each alone.
    pub searches: Searches,
}

impl<K, V> Default for Options<K, V> {
    fn default() -> Options<K, V> {
        Options {
            version_orders: BTreeMap::new(),
            budget: Budget::default(),
            searches: Searches::default(),
        }
    }
}
