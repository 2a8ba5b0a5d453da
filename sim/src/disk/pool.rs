//! The blocks of one disk: equal ones are stored once.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::bytes::{BLOCK_BYTES, Block};
use super::fingerprint::Fingerprint;

/// Blocks that nothing uses any more may lie about up to this number, or as many as are in use.
const UNUSED_SLACK: usize = 64;

/// What both trees of a disk draw on: blocks that they share, and the count of their changes.
#[derive(Clone, Debug, Default)]
pub(super) struct Store {
    pub(super) pool: Pool,
    /// Counts changes to either tree: how cursors tell old from new.
    stamp: u64,
}

impl Store {
    /// The stamp of another change.
    pub(super) fn next_stamp(&mut self) -> u64 {
        self.stamp += 1;
        self.stamp
    }
}

/// Every block in use, by a hash of its bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool {
    known: BTreeMap<u64, Block>,
    sweep_at: usize,
}

impl Pool {
    /// The block with these bytes: the one that is there, or a new one.
    pub(super) fn shared(&mut self, bytes: &[u8; BLOCK_BYTES]) -> Block {
        let mut hash = Fingerprint::default();
        hash.bytes(bytes);
        if let Some(block) = self.known.get(&hash.value()) {
            // Should two blocks have one hash, the second is merely not shared.
            return if **block == *bytes { block.clone() } else { Arc::new(*bytes) };
        }
        self.sweep();
        let block = Arc::new(*bytes);
        self.known.insert(hash.value(), block.clone());
        block
    }

    /// The block that reads as zeros.
    pub(super) fn zeros(&mut self) -> Block {
        self.shared(&[0; BLOCK_BYTES])
    }

    /// Drops what nothing uses any more, now and then: constant time a block.
    fn sweep(&mut self) {
        if self.known.len() < self.sweep_at.max(UNUSED_SLACK) {
            return;
        }
        self.known.retain(|_, block| Arc::strong_count(block) > 1);
        self.sweep_at = self.known.len() * 2 + UNUSED_SLACK;
    }

    /// Memory held for blocks.
    pub(super) fn memory_bytes(&self) -> usize {
        self.known.len() * (BLOCK_BYTES + size_of::<(u64, Block)>())
    }
}
