//! The rolling fingerprint of a run.
//!
//! Two runs with the same digest did the same; so what it must notice is any difference, in any
//! place, and what it must cost is next to nothing, because every event and every message goes
//! through it. It is no defence against an adversary.
//!
//! One step multiplies to 128 bits and folds the halves together, which spreads each input bit over
//! the whole state. Everything is defined on 64-bit integers and little-endian words, so the value
//! is the same on every machine.

/// Odd constants without structure (binary digits of pi).
const FACTOR: u64 = 0x243f_6a88_85a3_08d3;
const START: u64 = 0x1319_8a2e_0370_7345;
const STEP: u64 = 0xa409_3822_299f_31d1;
const TAG: u64 = 0x082e_fa98_ec4e_6c89;
const LANES: [u64; 4] =
    [0x4528_21e6_38d0_1377, 0xbe54_66cf_34e9_0c6d, 0xc0ac_29b7_c97c_50dd, 0x3f84_d5b5_b547_0917];

/// The bytes from which on four lanes are folded side by side.
const WIDE: usize = 64;

/// A rolling 64-bit hash over words and bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Digest(u64);

impl Default for Digest {
    fn default() -> Digest {
        Digest::new()
    }
}

impl Digest {
    /// The digest of nothing.
    #[inline]
    pub const fn new() -> Digest {
        Digest(START)
    }

    /// Continues from a value that [`Digest::value`] returned.
    #[inline]
    pub const fn from_value(value: u64) -> Digest {
        Digest(value)
    }

    /// The digest so far.
    #[inline]
    pub const fn value(self) -> u64 {
        self.0
    }

    /// Takes in one word.
    ///
    /// The product of zero is zero; the addition moves on even then, so that a row of zeros is
    /// counted and no state swallows what follows.
    #[inline(always)]
    pub const fn fold(&mut self, word: u64) {
        self.0 = multiply_and_fold(self.0 ^ word, FACTOR).wrapping_add(STEP);
    }

    /// Takes in two words at the price of one multiplication.
    #[inline(always)]
    pub const fn fold2(&mut self, first: u64, second: u64) {
        self.0 = fold_pair(self.0, first, second, FACTOR);
    }

    /// Takes in a small number that says what follows, such as the index of an enum's variant.
    ///
    /// It does not multiply: the next fold spreads it.
    #[inline(always)]
    pub const fn tag(&mut self, tag: u32) {
        self.0 = self.0.rotate_left(27) ^ (tag as u64 + 1).wrapping_mul(TAG);
    }

    /// Takes in a string of bytes: its length, then its bytes, so that neighbours never merge.
    #[inline]
    pub fn fold_bytes(&mut self, bytes: &[u8]) {
        let length = bytes.len() as u64;
        if bytes.len() <= 8 {
            self.fold2(length, partial_word(bytes));
            return;
        }
        self.fold_long(bytes);
    }

    fn fold_long(&mut self, bytes: &[u8]) {
        self.fold(bytes.len() as u64);
        let mut rest = bytes;
        if rest.len() >= WIDE {
            rest = self.fold_wide(rest);
        }
        let mut pairs = rest.chunks_exact(16);
        for pair in &mut pairs {
            self.fold2(word(pair, 0), word(pair, 8));
        }
        let tail = pairs.remainder();
        if tail.is_empty() {
            return;
        }
        // The length came first, so zero bytes at the end cannot be confused with padding.
        let (low, high) = tail.split_at(tail.len().min(8));
        self.fold2(partial_word(low), partial_word(high));
    }

    /// Folds whole blocks in four independent lanes, which the processor works on at once, and
    /// returns what is left.
    fn fold_wide<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let mut lanes = LANES.map(|lane| lane ^ self.0);
        let mut blocks = bytes.chunks_exact(WIDE);
        for block in &mut blocks {
            for (lane, state) in lanes.iter_mut().enumerate() {
                let (first, second) = (word(block, lane * 16), word(block, lane * 16 + 8));
                *state = fold_pair(*state, first, second, LANES[lane]);
            }
        }
        self.fold2(lanes[0], lanes[1]);
        self.fold2(lanes[2], lanes[3]);
        blocks.remainder()
    }
}

/// The halves of a 128-bit product, folded into one word.
#[inline(always)]
const fn multiply_and_fold(left: u64, right: u64) -> u64 {
    let product = left as u128 * right as u128;
    (product as u64) ^ ((product >> 64) as u64)
}

/// Takes two words into a state.
///
/// Either factor may be zero, and then the product forgets the other one; the rotated and the
/// added factor keep both.
#[inline(always)]
const fn fold_pair(state: u64, first: u64, second: u64, factor: u64) -> u64 {
    let left = state ^ first;
    let right = second ^ factor;
    (multiply_and_fold(left, right) ^ left.rotate_left(29)).wrapping_add(right)
}

/// The little-endian word at a position. The slice must reach that far.
#[inline(always)]
fn word(bytes: &[u8], position: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[position..position + 8]);
    u64::from_le_bytes(word)
}

/// Up to eight bytes as a little-endian word, filled up with zeros.
#[inline(always)]
fn partial_word(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of_words(words: &[u64]) -> u64 {
        let mut digest = Digest::new();
        words.iter().for_each(|word| digest.fold(*word));
        digest.value()
    }

    fn of_pairs(words: &[u64]) -> u64 {
        let mut digest = Digest::new();
        words.chunks_exact(2).for_each(|pair| digest.fold2(pair[0], pair[1]));
        digest.value()
    }

    fn of_strings(strings: &[&[u8]]) -> u64 {
        let mut digest = Digest::new();
        strings.iter().for_each(|string| digest.fold_bytes(string));
        digest.value()
    }

    fn assert_all_different(mut values: Vec<u64>) {
        let count = values.len();
        values.sort_unstable();
        values.dedup();
        assert_eq!(values.len(), count);
    }

    /// Recorded digests outlive a version: a change here is a change of format.
    #[test]
    fn values_are_pinned() {
        assert_eq!(of_words(&[]), START);
        assert_eq!(of_words(&[1, 2, 3]), 0x3167_a609_b8b1_c242);
        assert_eq!(of_pairs(&[1, 2, 3, 4]), 0x7819_35df_422f_9c4b);
        assert_eq!(of_strings(&[b"ab", b"a longer string", &[7; 100]]), 0x4b52_a7cd_abad_cfd4);
        let mut digest = Digest::new();
        digest.tag(3);
        assert_eq!(digest.value(), 0x50a0_69f9_99a1_7e75);
    }

    #[test]
    fn every_flipped_bit_of_a_word_shows() {
        for words in [[0; 6], [u64::MAX; 6], [FACTOR, START, STEP, TAG, 0, 1]] {
            let mut values = vec![of_words(&words)];
            let mut pair_values = vec![of_pairs(&words)];
            for position in 0..words.len() {
                for bit in 0..64 {
                    let mut flipped = words;
                    flipped[position] ^= 1 << bit;
                    values.push(of_words(&flipped));
                    pair_values.push(of_pairs(&flipped));
                }
            }
            assert_all_different(values);
            assert_all_different(pair_values);
        }
    }

    #[test]
    fn every_flipped_bit_of_bytes_of_any_length_shows() {
        let mut values = Vec::new();
        for length in (0..=40).chain([63, 64, 65, 79, 80, 127, 128, 129, 200]) {
            let bytes: Vec<u8> = (0..length).map(|position| (position % 7) as u8).collect();
            values.push(of_strings(&[&bytes]));
            for position in 0..bytes.len() {
                for bit in 0..8 {
                    let mut flipped = bytes.clone();
                    flipped[position] ^= 1 << bit;
                    values.push(of_strings(&[&flipped]));
                }
            }
        }
        assert_all_different(values);
    }

    #[test]
    fn a_zero_factor_loses_nothing() {
        // The state before the fold is START, so these make one factor zero.
        let mut values = Vec::new();
        for other in 0..1_000 {
            values.push(of_pairs(&[START, other]));
            values.push(of_pairs(&[other, FACTOR]));
        }
        assert_all_different(values);
        assert_ne!(of_words(&[START, 0]), of_words(&[START, 0, 0]));
        let zeros = (0..1_000).map(|count| of_words(&vec![0; count])).collect();
        assert_all_different(zeros);
        let mut zero_state = Digest::from_value(0);
        zero_state.fold(0);
        assert_ne!(zero_state.value(), 0);
    }

    #[test]
    fn order_and_borders_matter() {
        assert_ne!(of_words(&[1, 2]), of_words(&[2, 1]));
        assert_ne!(of_pairs(&[1, 2]), of_pairs(&[2, 1]));
        assert_ne!(of_pairs(&[1, 2, 3, 4]), of_pairs(&[3, 4, 1, 2]));
        assert_ne!(of_strings(&[b"ab", b"c"]), of_strings(&[b"a", b"bc"]));
        assert_ne!(of_strings(&[b"", b"a"]), of_strings(&[b"a", b""]));
        assert_ne!(of_strings(&[b"a"]), of_strings(&[b"a\0"]));
        assert_ne!(of_strings(&[&[0; 20]]), of_strings(&[&[0; 21]]));
        let mut one = Digest::new();
        one.tag(0);
        one.tag(1);
        let mut other = Digest::new();
        other.tag(1);
        other.tag(0);
        assert_ne!(one.value(), other.value());
        assert_ne!(one.value(), START);
    }

    #[test]
    fn small_inputs_do_not_collide() {
        let mut values = Vec::new();
        for first in 0..300 {
            for second in 0..300 {
                values.push(of_words(&[first, second]));
                values.push(of_pairs(&[first, second]));
                let mut digest = Digest::new();
                digest.tag(first as u32);
                digest.fold(second);
                values.push(digest.value());
            }
        }
        assert_all_different(values);
    }

    proptest! {
        #[test]
        fn any_two_strings_differ(left: Vec<u8>, right: Vec<u8>) {
            prop_assert_eq!(left == right, of_strings(&[&left]) == of_strings(&[&right]));
        }
    }
}
