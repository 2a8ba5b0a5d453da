//! Harm on the way: bits flip, and messages go astray.

use crate::id::NodeId;
use crate::rng::{Chance, mix};

use super::scale;

/// The lanes of the word of a message, of its copy, or of either mixed with a fault's salt.
mod harm_lane {
    pub(super) const COPY: u64 = 16;
    pub(super) const CORRUPT: u64 = 17;
    pub(super) const MISDIRECT: u64 = 18;
    pub(super) const HOST: u64 = 19;
    pub(super) const BIT_COUNT: u64 = 20;
    /// And those after it: one for each bit.
    pub(super) const FIRST_BIT: u64 = 21;
}

/// The most bits that are flipped in one message.
const BITS_MAX: u32 = 8;

/// What goes wrong with one message, beside being lost or late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Harm {
    /// Bits of it are flipped.
    pub(crate) corrupted: bool,
    /// It comes to another host.
    pub(crate) misdirected: bool,
}

impl Harm {
    /// Nothing does.
    pub(crate) const NONE: Harm = Harm { corrupted: false, misdirected: false };

    /// What the chances say in the case of this word.
    pub(super) fn drawn(corrupt: Chance, misdirect: Chance, word: u64) -> Harm {
        Harm {
            corrupted: corrupt.hits(mix(word, harm_lane::CORRUPT) as u32),
            misdirected: misdirect.hits(mix(word, harm_lane::MISDIRECT) as u32),
        }
    }

    /// This and that: a message is corrupted once, and goes to one other host, however many faults
    /// say so.
    pub(super) fn add(&mut self, other: Harm) {
        self.corrupted |= other.corrupted;
        self.misdirected |= other.misdirected;
    }
}

/// The word from which the harm to a second copy follows.
pub(crate) fn copy_word(word: u64) -> u64 {
    mix(word, harm_lane::COPY)
}

/// Flips one to eight bits, half of the time one; false if there are none.
pub(crate) fn flip_bits(bytes: &mut [u8], word: u64) -> bool {
    let bits = bytes.len() as u64 * 8;
    let count = 1 + mix(word, harm_lane::BIT_COUNT).trailing_ones().min(BITS_MAX - 1);
    let mut flipped = [u64::MAX; BITS_MAX as usize];
    for (lane, place) in (harm_lane::FIRST_BIT..).zip(&mut flipped[..count as usize]) {
        *place = scale(mix(word, lane), bits);
    }
    for (index, bit) in flipped[..count as usize].iter().enumerate() {
        // Flipped twice, a bit would be as it was.
        if bits > 0 && !flipped[..index].contains(bit) {
            bytes[(bit / 8) as usize] ^= 1 << (bit % 8);
        }
    }
    bits > 0
}

/// Where a message goes that misses its receiver: to any other host that takes part, but for its
/// sender; none if there is no third.
pub(crate) fn other_host(
    members: &[NodeId],
    from: NodeId,
    to: NodeId,
    word: u64,
) -> Option<NodeId> {
    let others = || members.iter().copied().filter(|host| *host != from && *host != to);
    let chosen = scale(mix(word, harm_lane::HOST), others().count() as u64);
    others().nth(chosen as usize)
}
