//! Reading values back from bytes, which may be anything.

use std::fmt;

use serde::de::value::U32Deserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess,
    SeqAccess, VariantAccess, Visitor,
};

/// How deeply sequences, maps, options and enums may be nested: a list of a million nested boxes,
/// which a few corrupted bytes can spell, must not exhaust the stack.
const DEPTH_MAX: u32 = 128;

/// How many elements without bytes of their own, such as `()`, the sequences of a value may have:
/// a corrupted count must not keep the reader busy for hours.
const EMPTY_ELEMENTS_MAX: u32 = 65_536;

/// Why bytes are no encoding of the wanted type.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end within the value.
    Ended,
    /// This many bytes are left after the value.
    Trailing(usize),
    /// An integer has more bits than its type, or is written longer than needed.
    Integer,
    /// A `bool` is neither 0 nor 1.
    Bool,
    /// The variant of an option is neither 0 nor 1.
    Option,
    /// A number is no Unicode character.
    Char,
    /// A string is not UTF-8.
    Utf8,
    /// The value is nested too deeply: more than 128 levels.
    Depth,
    /// More than 65,536 elements that take no bytes.
    EmptyElements,
    /// The type wants to be told what comes next, which this encoding does not say.
    NotSelfDescribing,
    /// What the type itself had to say, such as the number of an unknown variant.
    Refused(Box<str>),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::Ended => formatter.write_str("the bytes end within the value"),
            DecodeError::Trailing(count) => write!(formatter, "{count} bytes after the value"),
            DecodeError::Integer => formatter.write_str("an integer is too long for its value"),
            DecodeError::Bool => formatter.write_str("a boolean is neither 0 nor 1"),
            DecodeError::Option => formatter.write_str("an option is neither 0 nor 1"),
            DecodeError::Char => formatter.write_str("a number is no character"),
            DecodeError::Utf8 => formatter.write_str("a string is not UTF-8"),
            DecodeError::Depth => formatter.write_str("nested more than 128 levels deep"),
            DecodeError::EmptyElements => formatter.write_str("too many elements without bytes"),
            DecodeError::NotSelfDescribing => {
                formatter.write_str("the encoding does not say of what type a value is")
            }
            DecodeError::Refused(message) => formatter.write_str(message),
        }
    }
}

impl std::error::Error for DecodeError {}

impl de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> DecodeError {
        DecodeError::Refused(message.to_string().into_boxed_str())
    }
}

/// Reads a value that fills the bytes exactly.
///
/// Any bytes may be given: the worst that happens is an error. Memory is set aside in proportion
/// to the bytes there are, never to a length that they only claim.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    let (value, rest) = decode_prefix(bytes)?;
    if !rest.is_empty() {
        return Err(DecodeError::Trailing(rest.len()));
    }
    Ok(value)
}

/// Reads a value from the start of the bytes and returns the rest: for records in a row.
pub fn decode_prefix<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, &[u8]), DecodeError> {
    let mut decoder =
        Decoder { rest: bytes, depth_left: DEPTH_MAX, empty_elements_left: EMPTY_ELEMENTS_MAX };
    let value = T::deserialize(&mut decoder)?;
    Ok((value, decoder.rest))
}

struct Decoder<'de> {
    rest: &'de [u8],
    depth_left: u32,
    empty_elements_left: u32,
}

impl<'de> Decoder<'de> {
    #[inline]
    fn byte(&mut self) -> Result<u8, DecodeError> {
        let (first, rest) = self.rest.split_first().ok_or(DecodeError::Ended)?;
        self.rest = rest;
        Ok(*first)
    }

    #[inline]
    fn take(&mut self, count: u64) -> Result<&'de [u8], DecodeError> {
        let count = usize::try_from(count).map_err(|_| DecodeError::Ended)?;
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(DecodeError::Ended)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(DecodeError::Ended)?;
        self.rest = rest;
        Ok(*taken)
    }

    #[inline]
    fn unsigned(&mut self) -> Result<u64, DecodeError> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(u64::from(first));
        }
        let value = self.long_integer(first)?;
        u64::try_from(value).map_err(|_| DecodeError::Integer)
    }

    fn wide_unsigned(&mut self) -> Result<u128, DecodeError> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(u128::from(first));
        }
        self.long_integer(first)
    }

    /// The rest of an integer whose first byte says that more follow.
    fn long_integer(&mut self, first: u8) -> Result<u128, DecodeError> {
        let mut value = u128::from(first & 0x7f);
        for shift in (7..u128::BITS).step_by(7) {
            let byte = self.byte()?;
            let bits = u128::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                return Err(DecodeError::Integer);
            }
            value |= bits << shift;
            match byte {
                0 => return Err(DecodeError::Integer),
                1..0x80 => return Ok(value),
                0x80.. => {}
            }
        }
        Err(DecodeError::Integer)
    }

    #[inline]
    fn narrow<T: TryFrom<u64>>(&mut self) -> Result<T, DecodeError> {
        T::try_from(self.unsigned()?).map_err(|_| DecodeError::Integer)
    }

    #[inline]
    fn signed(&mut self) -> Result<i64, DecodeError> {
        let zigzag = self.unsigned()?;
        Ok((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed())
    }

    #[inline]
    fn narrow_signed<T: TryFrom<i64>>(&mut self) -> Result<T, DecodeError> {
        T::try_from(self.signed()?).map_err(|_| DecodeError::Integer)
    }

    fn string(&mut self) -> Result<&'de str, DecodeError> {
        let length = self.unsigned()?;
        std::str::from_utf8(self.take(length)?).map_err(|_| DecodeError::Utf8)
    }

    /// Reads something one level deeper.
    #[inline]
    fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        self.depth_left = self.depth_left.checked_sub(1).ok_or(DecodeError::Depth)?;
        let value = read(self);
        self.depth_left += 1;
        value
    }
}

macro_rules! read {
    ($($method:ident: $decoder:ident => $read:expr, $visit:ident;)*) => { $(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            let $decoder = self;
            visitor.$visit($read)
        }
    )* };
}

macro_rules! refuse {
    ($($method:ident)*) => { $(
        fn $method<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, DecodeError> {
            Err(DecodeError::NotSelfDescribing)
        }
    )* };
}

impl<'de> Deserializer<'de> for &mut Decoder<'de> {
    type Error = DecodeError;

    read! {
        deserialize_i8: decoder => decoder.byte()?.cast_signed(), visit_i8;
        deserialize_i16: decoder => decoder.narrow_signed()?, visit_i16;
        deserialize_i32: decoder => decoder.narrow_signed()?, visit_i32;
        deserialize_i64: decoder => decoder.signed()?, visit_i64;
        deserialize_u8: decoder => decoder.byte()?, visit_u8;
        deserialize_u16: decoder => decoder.narrow()?, visit_u16;
        deserialize_u32: decoder => decoder.narrow()?, visit_u32;
        deserialize_u64: decoder => decoder.unsigned()?, visit_u64;
        deserialize_u128: decoder => decoder.wide_unsigned()?, visit_u128;
        deserialize_f32: decoder => f32::from_le_bytes(decoder.array()?), visit_f32;
        deserialize_f64: decoder => f64::from_le_bytes(decoder.array()?), visit_f64;
        deserialize_str: decoder => decoder.string()?, visit_borrowed_str;
        deserialize_string: decoder => decoder.string()?, visit_borrowed_str;
    }

    refuse! { deserialize_any deserialize_identifier deserialize_ignored_any }

    #[inline]
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.byte()? {
            0 => visitor.visit_bool(false),
            1 => visitor.visit_bool(true),
            2.. => Err(DecodeError::Bool),
        }
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let zigzag = self.wide_unsigned()?;
        visitor.visit_i128((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed())
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_char(char::from_u32(self.narrow()?).ok_or(DecodeError::Char)?)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let length = self.unsigned()?;
        visitor.visit_borrowed_bytes(self.take(length)?)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.byte()? {
            0 => visitor.visit_none(),
            1 => self.deeper(|decoder| visitor.visit_some(decoder)),
            2.. => Err(DecodeError::Option),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let left = self.unsigned()?;
        self.deeper(|decoder| visitor.visit_seq(Elements { decoder, left }))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let left = self.unsigned()?;
        self.deeper(|decoder| visitor.visit_map(Elements { decoder, left }))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_seq(Fields { decoder: self, left: length })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_tuple(fields.len(), visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deeper(|decoder| visitor.visit_enum(decoder))
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// The elements of a sequence or map, of which the bytes say how many there are.
struct Elements<'a, 'de> {
    decoder: &'a mut Decoder<'de>,
    left: u64,
}

impl<'de> Elements<'_, 'de> {
    /// Reads one element, or the key of an entry, if there is another.
    fn next<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, DecodeError> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let length_before = self.decoder.rest.len();
        let value = seed.deserialize(&mut *self.decoder)?;
        if self.decoder.rest.len() == length_before {
            let left = self.decoder.empty_elements_left.checked_sub(1);
            self.decoder.empty_elements_left = left.ok_or(DecodeError::EmptyElements)?;
        }
        Ok(Some(value))
    }

    /// How many elements there may be: most take a byte, so a claim beyond the bytes is no reason
    /// to set memory aside.
    fn likely_count(&self) -> usize {
        usize::try_from(self.left).unwrap_or(usize::MAX).min(self.decoder.rest.len())
    }
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = DecodeError;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, DecodeError> {
        self.next(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.likely_count())
    }
}

impl<'de> MapAccess<'de> for Elements<'_, 'de> {
    type Error = DecodeError;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, DecodeError> {
        self.next(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<S::Value, DecodeError> {
        seed.deserialize(&mut *self.decoder)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.likely_count())
    }
}

/// The fields of a tuple or struct, of which the type says how many there are.
struct Fields<'a, 'de> {
    decoder: &'a mut Decoder<'de>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Fields<'_, 'de> {
    type Error = DecodeError;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, DecodeError> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(&mut *self.decoder).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'de> EnumAccess<'de> for &mut Decoder<'de> {
    type Error = DecodeError;
    type Variant = Self;

    #[inline]
    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self), DecodeError> {
        let index: U32Deserializer<DecodeError> = self.narrow::<u32>()?.into_deserializer();
        Ok((seed.deserialize(index)?, self))
    }
}

impl<'de> VariantAccess<'de> for &mut Decoder<'de> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<S::Value, DecodeError> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_tuple(fields.len(), visitor)
    }
}
