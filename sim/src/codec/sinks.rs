//! The three sinks: counting bytes, writing them, and folding a digest.

use super::walk::Sink;
use crate::digest::Digest;

/// Makes small negative numbers small: 0, -1, 1, -2 become 0, 1, 2, 3.
#[inline(always)]
fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

#[inline(always)]
fn zigzag_wide(value: i128) -> u128 {
    ((value << 1) ^ (value >> 127)).cast_unsigned()
}

/// Counts the bytes that [`Write`] writes.
#[derive(Default)]
pub(super) struct Count(u64);

impl Count {
    #[inline(always)]
    pub(super) fn bytes(self) -> u64 {
        self.0
    }

    /// Adds without a check: no value in memory has an encoding of 2^64 bytes.
    #[inline(always)]
    fn add(&mut self, count: u64) {
        self.0 = self.0.wrapping_add(count);
    }
}

impl Sink for Count {
    #[inline(always)]
    fn byte(&mut self, _value: u8) {
        self.add(1);
    }

    /// One byte for each seven significant bits, at least one, without a division:
    /// 9/64 is just above 1/7, and right for every number of bits up to 64.
    #[inline(always)]
    fn unsigned(&mut self, value: u64) {
        let bits = u64::from(u64::BITS - (value | 1).leading_zeros());
        self.add((bits * 9 + 64) >> 6);
    }

    #[inline(always)]
    fn signed(&mut self, value: i64) {
        self.unsigned(zigzag(value));
    }

    #[inline(always)]
    fn wide_unsigned(&mut self, value: u128) {
        let bits = u128::BITS - (value | 1).leading_zeros();
        self.add(u64::from(bits.div_ceil(7)));
    }

    #[inline(always)]
    fn wide_signed(&mut self, value: i128) {
        self.wide_unsigned(zigzag_wide(value));
    }

    #[inline(always)]
    fn float(&mut self, _value: f32) {
        self.add(4);
    }

    #[inline(always)]
    fn double(&mut self, _value: f64) {
        self.add(8);
    }

    #[inline(always)]
    fn bytes(&mut self, value: &[u8]) {
        self.length(value.len());
        self.add(value.len() as u64);
    }

    #[inline(always)]
    fn length(&mut self, value: usize) {
        self.unsigned(value as u64);
    }

    #[inline(always)]
    fn variant(&mut self, index: u32) {
        self.unsigned(u64::from(index));
    }
}

/// Writes the encoding.
pub(super) struct Write<'a>(pub(super) &'a mut Vec<u8>);

impl Sink for Write<'_> {
    #[inline(always)]
    fn byte(&mut self, value: u8) {
        self.0.push(value);
    }

    #[inline]
    fn unsigned(&mut self, value: u64) {
        let mut rest = value;
        while rest > 0x7f {
            self.0.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.0.push(rest as u8);
    }

    #[inline]
    fn signed(&mut self, value: i64) {
        self.unsigned(zigzag(value));
    }

    fn wide_unsigned(&mut self, value: u128) {
        let mut rest = value;
        while rest > 0x7f {
            self.0.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.0.push(rest as u8);
    }

    fn wide_signed(&mut self, value: i128) {
        self.wide_unsigned(zigzag_wide(value));
    }

    #[inline]
    fn float(&mut self, value: f32) {
        self.0.extend_from_slice(&value.to_bits().to_le_bytes());
    }

    #[inline]
    fn double(&mut self, value: f64) {
        self.0.extend_from_slice(&value.to_bits().to_le_bytes());
    }

    #[inline]
    fn bytes(&mut self, value: &[u8]) {
        self.length(value.len());
        self.0.extend_from_slice(value);
    }

    #[inline(always)]
    fn length(&mut self, value: usize) {
        self.unsigned(value as u64);
    }

    #[inline(always)]
    fn variant(&mut self, index: u32) {
        self.unsigned(u64::from(index));
    }
}

/// Folds a digest.
///
/// Single bytes are gathered eight to a word, because a `Vec<u8>` arrives byte by byte and a
/// multiplication each would cost more than the rest of the event. Where no bytes are pending the
/// compiler knows it, so values without single bytes pay nothing.
pub(super) struct Fold {
    digest: Digest,
    pending: u64,
    pending_count: u32,
}

impl Fold {
    #[inline(always)]
    pub(super) fn new(digest: Digest) -> Fold {
        Fold { digest, pending: 0, pending_count: 0 }
    }

    #[inline(always)]
    pub(super) fn finish(mut self) -> Digest {
        self.flush();
        self.digest
    }

    #[inline(always)]
    fn flush(&mut self) {
        if self.pending_count > 0 {
            self.digest.fold2(self.pending, u64::from(self.pending_count));
            self.pending = 0;
            self.pending_count = 0;
        }
    }
}

impl Sink for Fold {
    #[inline(always)]
    fn byte(&mut self, value: u8) {
        self.pending |= u64::from(value) << (8 * self.pending_count);
        self.pending_count += 1;
        if self.pending_count == 8 {
            self.digest.fold(self.pending);
            self.pending = 0;
            self.pending_count = 0;
        }
    }

    #[inline(always)]
    fn unsigned(&mut self, value: u64) {
        self.flush();
        self.digest.fold(value);
    }

    #[inline(always)]
    fn signed(&mut self, value: i64) {
        self.unsigned(value.cast_unsigned());
    }

    #[inline(always)]
    fn wide_unsigned(&mut self, value: u128) {
        self.flush();
        self.digest.fold2(value as u64, (value >> 64) as u64);
    }

    #[inline(always)]
    fn wide_signed(&mut self, value: i128) {
        self.wide_unsigned(value.cast_unsigned());
    }

    #[inline(always)]
    fn float(&mut self, value: f32) {
        const CANONICAL_NAN: u32 = 0x7fc0_0000;
        let bits = if value.is_nan() { CANONICAL_NAN } else { value.to_bits() };
        self.unsigned(u64::from(bits));
    }

    /// Every NaN counts as one: which of them a computation makes depends on the processor.
    #[inline(always)]
    fn double(&mut self, value: f64) {
        const CANONICAL_NAN: u64 = 0x7ff8_0000_0000_0000;
        self.unsigned(if value.is_nan() { CANONICAL_NAN } else { value.to_bits() });
    }

    #[inline(always)]
    fn bytes(&mut self, value: &[u8]) {
        self.flush();
        self.digest.fold_bytes(value);
    }

    #[inline(always)]
    fn length(&mut self, value: usize) {
        self.unsigned(value as u64);
    }

    #[inline(always)]
    fn variant(&mut self, index: u32) {
        self.flush();
        self.digest.tag(index);
    }
}
