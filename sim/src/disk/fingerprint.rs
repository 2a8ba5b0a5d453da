//! A rolling hash over everything that happens to one disk.

/// An odd number with its bits well spread (2^64 divided by the golden ratio).
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// The rolling hash. Each step is a bijection of the state and of the word that it takes in, so two
/// histories that differ in a single word never have the same fingerprint.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fingerprint(u64);

/// What was done, as the first word of its entry. None is zero: an entry always moves the state.
#[derive(Clone, Copy, Debug)]
pub(super) enum Entry {
    Create = 1,
    Write,
    Truncate,
    Rename,
    Remove,
    SyncRequested,
    SyncCompleted,
    Crash,
    Blank,
    Held,
    Released,
    Refused,
    ReadFailed,
    SyncFailed,
    Platter,
    Rotted,
}

impl Fingerprint {
    pub(super) fn value(self) -> u64 {
        self.0
    }

    pub(super) fn entry(&mut self, entry: Entry) {
        self.word(entry as u64);
    }

    pub(super) fn word(&mut self, word: u64) {
        let product = (self.0 ^ word).wrapping_mul(MULTIPLIER);
        self.0 = product ^ (product >> 32);
    }

    /// The length goes in first, so the zeros that fill the last word cannot be taken for data.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        let (words, tail) = bytes.as_chunks::<8>();
        for word in words {
            self.word(u64::from_le_bytes(*word));
        }
        if !tail.is_empty() {
            let mut word = [0; 8];
            word[..tail.len()].copy_from_slice(tail);
            self.word(u64::from_le_bytes(word));
        }
    }
}
