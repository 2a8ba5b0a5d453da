use std::collections::BTreeMap;
use std::marker::PhantomData;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde::{Deserialize, Serialize, Serializer};

use super::*;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Unit;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Wrapped(u64);

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Pair(i8, bool);

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Numbers {
    bytes: (u8, i8),
    shorts: (u16, i16),
    words: (u32, i32),
    longs: (u64, i64),
    wide: (u128, i128),
    floats: (f32, f64),
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
enum Shape {
    Plain,
    One(String),
    Two(char, Vec<u8>),
    Named { map: BTreeMap<String, Option<i64>>, numbers: Box<Numbers>, unit: Unit },
    Nested(Vec<Shape>),
    Blob(#[serde(with = "crate::codec::bytes")] Vec<u8>),
    Small(Wrapped, Pair, ()),
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
enum Chain {
    End,
    Link(Box<Chain>),
}

fn numbers() -> impl Strategy<Value = Numbers> {
    let finite = (any::<f32>(), any::<f64>())
        .prop_filter("NaN is unequal to itself", |floats| !floats.0.is_nan() && !floats.1.is_nan());
    let small = (any::<u64>(), 0_u32..64).prop_map(|(value, shift)| value >> shift);
    let small_signed = (any::<i64>(), 0_u32..64).prop_map(|(value, shift)| value >> shift);
    let small_wide = (any::<u128>(), 0_u32..128).prop_map(|(value, shift)| value >> shift);
    let small_wide_signed = (any::<i128>(), 0_u32..128).prop_map(|(value, shift)| value >> shift);
    (any::<[u8; 4]>(), any::<(u32, i32)>(), (small, small_signed), finite)
        .prop_flat_map(move |(bytes, words, longs, floats)| {
            let wide = (small_wide.clone(), small_wide_signed.clone());
            (Just((bytes, words, longs, floats)), wide)
        })
        .prop_map(|((bytes, words, longs, floats), wide)| Numbers {
            bytes: (bytes[0], bytes[1].cast_signed()),
            shorts: (words.0 as u16, words.1 as i16),
            words,
            longs,
            wide,
            floats,
        })
}

fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        Just(Shape::Plain),
        any::<String>().prop_map(Shape::One),
        any::<(char, Vec<u8>)>().prop_map(|(letter, bytes)| Shape::Two(letter, bytes)),
        any::<Vec<u8>>().prop_map(Shape::Blob),
        any::<(u64, i8, bool)>().prop_map(|(word, byte, truth)| Shape::Small(
            Wrapped(word),
            Pair(byte, truth),
            ()
        )),
        (btree_map(any::<String>(), option::of(any::<i64>()), 0..5), numbers()).prop_map(
            |(map, numbers)| Shape::Named { map, numbers: Box::new(numbers), unit: Unit }
        ),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| vec(inner, 0..5).prop_map(Shape::Nested))
}

fn has_map(shape: &Shape) -> bool {
    match shape {
        Shape::Named { .. } => true,
        Shape::Nested(shapes) => shapes.iter().any(has_map),
        Shape::Plain | Shape::One(_) | Shape::Two(..) | Shape::Blob(_) | Shape::Small(..) => false,
    }
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(value in shape()) {
        let bytes = encode(&value);
        prop_assert_eq!(size_of(&value), bytes.len() as u64);
        let decoded = decode::<Shape>(&bytes);
        prop_assert_eq!(decoded.as_ref(), Ok(&value));
        let mut row = bytes.clone();
        encode_into(&value, &mut row);
        let (first, rest) = decode_prefix::<Shape>(&row).unwrap();
        prop_assert_eq!((&first, rest), (&value, &bytes[..]));
        prop_assert_eq!(decode::<Shape>(&row), Err(DecodeError::Trailing(bytes.len())));
    }

    /// A prefix is never a value: the reader notices where a record was torn.
    #[test]
    fn a_cut_encoding_is_an_error(value in shape(), cut: prop::sample::Index) {
        let bytes = encode(&value);
        let cut = cut.index(bytes.len());
        prop_assert!(decode::<Shape>(&bytes[..cut]).is_err());
    }

    /// Whatever decodes is the encoding of what was decoded, so a value has only one encoding;
    /// but the entries of a map are read in any order.
    #[test]
    fn any_bytes_are_a_value_or_an_error(bytes: Vec<u8>) {
        if let Ok(value) = decode::<Shape>(&bytes) {
            prop_assert!(has_map(&value) || encode(&value) == bytes);
        }
        let _ = decode::<Numbers>(&bytes);
        let _ = decode::<Chain>(&bytes);
        let _ = decode::<Vec<Vec<()>>>(&bytes);
        let _ = decode::<BTreeMap<String, Vec<Shape>>>(&bytes);
        let _ = decode::<(String, char, Option<f64>)>(&bytes);
    }

    #[test]
    fn a_corrupted_encoding_never_panics(
        value in shape(),
        position: prop::sample::Index,
        flip in 1_u8..,
    ) {
        let mut bytes = encode(&value);
        let position = position.index(bytes.len());
        bytes[position] ^= flip;
        if let Some(other) = decode::<Shape>(&bytes).ok().filter(|other| !has_map(other)) {
            prop_assert_eq!(encode(&other), bytes);
            prop_assert_ne!(digest_of(&other), digest_of(&value));
        }
    }

    #[test]
    fn different_values_have_different_digests(one in shape(), other in shape()) {
        prop_assert_eq!(one == other, digest_of(&one) == digest_of(&other));
        prop_assert_eq!(digest_of(&one), digest_of(&one.clone()));
    }

    #[test]
    fn integers_round_trip_at_every_size(value: u64, shift in 0_u32..64, wide: u128) {
        let value = value >> shift;
        let negative = value.cast_signed();
        let wide = wide >> (2 * shift);
        prop_assert_eq!(decode(&encode(&(value, negative, -(negative / 2)))),
            Ok((value, negative, -(negative / 2))));
        let wide_pair = (wide, wide.cast_signed());
        prop_assert_eq!(decode(&encode(&wide_pair)), Ok(wide_pair));
        prop_assert_eq!(size_of(&wide), encode(&wide).len() as u64);
        prop_assert_eq!(size_of(&negative), encode(&negative).len() as u64);
    }
}

#[test]
fn the_encoding_is_pinned() {
    let value = (1_u8, 300_u32, -1_i64, true, 'a', "hi", Some(2_u16), 1.5_f32, [Wrapped(7)]);
    let expected = [1, 0xac, 2, 1, 1, 97, 2, b'h', b'i', 1, 2, 0, 0, 0xc0, 0x3f, 7];
    assert_eq!(encode(&value), expected);
    assert_eq!(encode(&Shape::Nested(vec![Shape::Plain, Shape::Plain])), [4, 2, 0, 0]);
    assert_eq!(size_of(&u64::MAX), 10);
    assert_eq!(size_of(&u128::MAX), 19);
    for bits in 0..64 {
        let power = 1_u64 << bits;
        for value in [power, power - 1, power + (power - 1)] {
            assert_eq!(size_of(&value), encode(&value).len() as u64, "{value}");
        }
    }
}

/// Digests are recorded in failure files: a change here is a change of format.
#[test]
fn the_digest_is_pinned() {
    assert_eq!(digest_of(&Shape::Plain), 0x7835_7902_c4d6_a0d8);
    assert_eq!(digest_of(&Shape::Two('x', vec![1, 2, 3, 4, 5, 6, 7, 8, 9])), 0x900b_7de3_d6bf_8c59);
    assert_eq!(
        digest_of(&(1_u64, -1_i32, "text", 2.5_f64, Some(u128::MAX))),
        0x81bd_8626_2d3e_656e
    );
}

#[test]
fn a_digest_takes_each_value_in_full() {
    assert_ne!(digest_of("ab"), digest_of("ba"));
    assert_ne!(digest_of(&("ab", "c")), digest_of(&("a", "bc")));
    assert_ne!(digest_of(&vec![0_u8; 8]), digest_of(&vec![0_u8; 9]));
    assert_ne!(digest_of(&(vec![1_u8], vec![2_u8, 3])), digest_of(&(vec![1_u8, 2], vec![3_u8])));
    assert_ne!(digest_of(&0.0_f64), digest_of(&-0.0_f64));
    let other_nan = f64::from_bits(f64::NAN.to_bits() ^ 1);
    assert!(other_nan.is_nan());
    assert_eq!(digest_of(&f64::NAN), digest_of(&other_nan));
    assert_eq!(digest_of(&f32::NAN), digest_of(&-f32::NAN));
    let options = [None, Some(None), Some(Some(0_u8))].map(|value| digest_of(&value));
    assert!(options[0] != options[1] && options[1] != options[2] && options[0] != options[2]);
    let mut rolling = Digest::new();
    digest_into(&1_u8, &mut rolling);
    let once = rolling.value();
    digest_into(&1_u8, &mut rolling);
    assert_ne!(rolling.value(), once);
    assert_eq!(once, digest_of(&1_u8));
}

#[test]
fn bytes_as_a_whole_are_encoded_as_byte_by_byte() {
    let bytes = vec![1, 2, 200];
    assert_eq!(encode(&Shape::Blob(bytes.clone()))[1..], encode(&bytes));
}

#[test]
fn errors_say_what_is_wrong() {
    assert_eq!(decode::<u64>(&[]), Err(DecodeError::Ended));
    assert_eq!(decode::<u64>(&[0x80]), Err(DecodeError::Ended));
    assert_eq!(decode::<u64>(&[0x80, 0]), Err(DecodeError::Integer));
    assert_eq!(decode::<u64>(&[0xff; 10]), Err(DecodeError::Ended));
    assert_eq!(decode::<u128>(&[0xff; 19]), Err(DecodeError::Integer));
    assert_eq!(decode::<u16>(&[0x80, 0x80, 0x04]), Err(DecodeError::Integer));
    assert_eq!(decode::<bool>(&[2]), Err(DecodeError::Bool));
    assert_eq!(decode::<Option<u8>>(&[2]), Err(DecodeError::Option));
    assert_eq!(decode::<char>(&[0x80, 0xb0, 0x03]), Err(DecodeError::Char));
    assert_eq!(decode::<String>(&[1, 0xff]), Err(DecodeError::Utf8));
    assert_eq!(decode::<String>(&[0xff, 0xff, 0xff, 0xff, 0x0f, b'a']), Err(DecodeError::Ended));
    assert_eq!(decode::<u8>(&[1, 2, 3]), Err(DecodeError::Trailing(2)));
    assert!(matches!(decode::<Shape>(&[99]), Err(DecodeError::Refused(_))));
    assert_eq!(DecodeError::Trailing(2).to_string(), "2 bytes after the value");
}

#[test]
fn a_false_count_costs_neither_memory_nor_time() {
    let huge = encode(&u64::MAX);
    assert_eq!(decode::<Vec<u64>>(&huge), Err(DecodeError::Ended));
    assert_eq!(decode::<Vec<()>>(&huge), Err(DecodeError::EmptyElements));
    let units = vec![(); 65_536];
    assert_eq!(decode::<Vec<()>>(&encode(&units)), Ok(units));
    let marked = vec![(1_u8, PhantomData::<u64>, Unit); 100_000];
    assert_eq!(decode(&encode(&marked)), Ok(marked));
}

#[test]
fn nesting_without_end_is_an_error() {
    let depth = |links: usize| {
        let mut bytes = vec![1; links];
        bytes.push(0);
        decode::<Chain>(&bytes).map(|chain| encode(&chain) == bytes)
    };
    assert_eq!(depth(100), Ok(true));
    assert_eq!(depth(1_000_000), Err(DecodeError::Depth));
}

struct Stubborn;

impl Serialize for Stubborn {
    fn serialize<S: Serializer>(&self, _serializer: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("I would rather not"))
    }
}

#[derive(Serialize)]
struct Skipping {
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<u8>,
}

#[test]
#[should_panic(expected = "a value refuses to be serialized: I would rather not")]
fn a_value_that_refuses_ends_the_run() {
    digest_of(&Stubborn);
}

#[test]
#[should_panic(expected = "field `field` is skipped")]
fn a_skipped_field_is_named() {
    size_of(&Skipping { field: None });
}

#[test]
#[should_panic(expected = "unknown length")]
fn an_unknown_length_is_refused() {
    struct Endless;
    impl Serialize for Endless {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq((0..10_u8).filter(|byte| byte % 2 == 0))
        }
    }
    encode(&Endless);
}
