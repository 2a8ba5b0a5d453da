//! Three ways to walk a value that serde can serialize, and one way back.
//!
//! - [`size_of`] counts the bytes of its encoding: what a message weighs on the wire.
//! - [`digest_of`] and [`digest_into`] feed a [`Digest`]: what a run is compared by.
//! - [`encode`] writes it as bytes and [`decode`] reads it back: for corrupted messages, for
//!   traces, and for the records that protocols keep on disk.
//!
//! # The encoding
//!
//! It is compact and does not describe itself: who reads must know the type.
//!
//! | value | bytes |
//! |---|---|
//! | `bool`, `u8`, `i8` | one byte |
//! | other integers, `char` | seven bits a byte, lowest first; signed ones zigzag |
//! | `f32`, `f64` | their bits, little-endian |
//! | strings, byte strings | length, bytes |
//! | sequences, maps | count, elements |
//! | tuples, structs, units | their fields, nothing else |
//! | `Option`, enums | the index of the variant, its fields |
//!
//! A value has exactly one encoding (but the entries of a map are read in any order), and bytes
//! that are no encoding are an error, never a panic.
//! What a format without names cannot carry is refused by a panic that says so: sequences of
//! unknown length (`#[serde(flatten)]` makes them) and `#[serde(skip_serializing_if)]`.

pub mod bytes;
mod decode;
mod sinks;
mod walk;

use serde::Serialize;

use crate::digest::Digest;

pub use decode::{DecodeError, decode, decode_prefix};

/// The number of bytes that [`encode`] would write.
#[inline]
pub fn size_of<T: Serialize + ?Sized>(value: &T) -> u64 {
    let mut walk = walk::Walk(sinks::Count::default());
    walk::over(value, &mut walk);
    walk.0.bytes()
}

/// The digest of one value.
#[inline]
pub fn digest_of<T: Serialize + ?Sized>(value: &T) -> u64 {
    let mut digest = Digest::new();
    digest_into(value, &mut digest);
    digest.value()
}

/// Takes a value into a digest.
///
/// Integers count as 64-bit words (runs of single bytes are packed, eight to a word), lengths as
/// words, floats by their bits with every NaN alike, enums by the index of the variant.
#[inline]
pub fn digest_into<T: Serialize + ?Sized>(value: &T, digest: &mut Digest) {
    let mut walk = walk::Walk(sinks::Fold::new(*digest));
    walk::over(value, &mut walk);
    *digest = walk.0.finish();
}

/// The encoding of a value.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size_of(value) as usize);
    encode_into(value, &mut bytes);
    bytes
}

/// Appends the encoding of a value.
#[inline]
pub fn encode_into<T: Serialize + ?Sized>(value: &T, bytes: &mut Vec<u8>) {
    walk::over(value, &mut walk::Walk(sinks::Write(bytes)));
}

#[cfg(test)]
mod tests;
