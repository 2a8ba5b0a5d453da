//! The walk over a value, the same for every purpose, and where its pieces go.

use std::convert::Infallible;
use std::fmt;

use serde::ser::{
    self, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

/// Where the pieces of a value go.
///
/// Every implementation is a few instructions and inlined, so that the walk over a small enum
/// compiles to little more than its `match`.
pub(super) trait Sink {
    fn byte(&mut self, value: u8);
    fn unsigned(&mut self, value: u64);
    fn signed(&mut self, value: i64);
    fn wide_unsigned(&mut self, value: u128);
    fn wide_signed(&mut self, value: i128);
    fn float(&mut self, value: f32);
    fn double(&mut self, value: f64);
    fn bytes(&mut self, value: &[u8]);
    fn length(&mut self, value: usize);
    fn variant(&mut self, index: u32);
}

/// A serializer that hands every piece to its sink.
pub(super) struct Walk<S>(pub(super) S);

/// Walks over a value.
#[inline(always)]
pub(super) fn over<T: Serialize + ?Sized, S: Sink>(value: &T, walk: &mut Walk<S>) {
    match value.serialize(walk) {
        Ok(()) => {}
        Err(Refused(never)) => match never {},
    }
}

/// The error of a walk, of which there are no values.
///
/// A sink never fails. A type may refuse to be serialized; that is a mistake in the protocol's
/// code, so it panics at once, and the compiler knows that no other step needs to look for errors.
#[derive(Debug)]
pub(super) struct Refused(Infallible);

impl fmt::Display for Refused {
    fn fmt(&self, _formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {}
    }
}

impl std::error::Error for Refused {}

impl ser::Error for Refused {
    #[cold]
    fn custom<T: fmt::Display>(message: T) -> Refused {
        panic!("a value refuses to be serialized: {message}");
    }
}

#[cold]
#[inline(never)]
fn unknown_length() -> ! {
    panic!(
        "a value of unknown length cannot be encoded; \
         `#[serde(flatten)]` and iterators without an exact size are the usual causes"
    );
}

impl<'a, S: Sink> Serializer for &'a mut Walk<S> {
    type Ok = ();
    type Error = Refused;
    type SerializeSeq = &'a mut Walk<S>;
    type SerializeTuple = &'a mut Walk<S>;
    type SerializeTupleStruct = &'a mut Walk<S>;
    type SerializeTupleVariant = &'a mut Walk<S>;
    type SerializeMap = &'a mut Walk<S>;
    type SerializeStruct = &'a mut Walk<S>;
    type SerializeStructVariant = &'a mut Walk<S>;

    #[inline(always)]
    fn serialize_bool(self, value: bool) -> Result<(), Refused> {
        self.0.byte(u8::from(value));
        Ok(())
    }

    #[inline(always)]
    fn serialize_i8(self, value: i8) -> Result<(), Refused> {
        self.0.byte(value.cast_unsigned());
        Ok(())
    }

    #[inline(always)]
    fn serialize_i16(self, value: i16) -> Result<(), Refused> {
        self.serialize_i64(i64::from(value))
    }

    #[inline(always)]
    fn serialize_i32(self, value: i32) -> Result<(), Refused> {
        self.serialize_i64(i64::from(value))
    }

    #[inline(always)]
    fn serialize_i64(self, value: i64) -> Result<(), Refused> {
        self.0.signed(value);
        Ok(())
    }

    #[inline(always)]
    fn serialize_i128(self, value: i128) -> Result<(), Refused> {
        self.0.wide_signed(value);
        Ok(())
    }

    #[inline(always)]
    fn serialize_u8(self, value: u8) -> Result<(), Refused> {
        self.0.byte(value);
        Ok(())
    }

    #[inline(always)]
    fn serialize_u16(self, value: u16) -> Result<(), Refused> {
        self.serialize_u64(u64::from(value))
    }

    #[inline(always)]
    fn serialize_u32(self, value: u32) -> Result<(), Refused> {
        self.serialize_u64(u64::from(value))
    }

    #[inline(always)]
    fn serialize_u64(self, value: u64) -> Result<(), Refused> {
        self.0.unsigned(value);
        Ok(())
    }

    #[inline(always)]
    fn serialize_u128(self, value: u128) -> Result<(), Refused> {
        self.0.wide_unsigned(value);
        Ok(())
    }

    #[inline(always)]
    fn serialize_f32(self, value: f32) -> Result<(), Refused> {
        self.0.float(value);
        Ok(())
    }

    #[inline(always)]
    fn serialize_f64(self, value: f64) -> Result<(), Refused> {
        self.0.double(value);
        Ok(())
    }

    #[inline(always)]
    fn serialize_char(self, value: char) -> Result<(), Refused> {
        self.serialize_u32(u32::from(value))
    }

    #[inline(always)]
    fn serialize_str(self, value: &str) -> Result<(), Refused> {
        self.serialize_bytes(value.as_bytes())
    }

    #[inline(always)]
    fn serialize_bytes(self, value: &[u8]) -> Result<(), Refused> {
        self.0.bytes(value);
        Ok(())
    }

    #[inline(always)]
    fn serialize_none(self) -> Result<(), Refused> {
        self.0.variant(0);
        Ok(())
    }

    #[inline(always)]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Refused> {
        self.0.variant(1);
        value.serialize(self)
    }

    #[inline(always)]
    fn serialize_unit(self) -> Result<(), Refused> {
        Ok(())
    }

    #[inline(always)]
    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), Refused> {
        Ok(())
    }

    #[inline(always)]
    fn serialize_unit_variant(
        self,
        _name: &'static str,
        index: u32,
        _variant: &'static str,
    ) -> Result<(), Refused> {
        self.0.variant(index);
        Ok(())
    }

    #[inline(always)]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<(), Refused> {
        value.serialize(self)
    }

    #[inline(always)]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        index: u32,
        _variant: &'static str,
        value: &T,
    ) -> Result<(), Refused> {
        self.0.variant(index);
        value.serialize(self)
    }

    #[inline(always)]
    fn serialize_seq(self, length: Option<usize>) -> Result<Self, Refused> {
        match length {
            Some(length) => self.0.length(length),
            None => unknown_length(),
        }
        Ok(self)
    }

    #[inline(always)]
    fn serialize_tuple(self, _length: usize) -> Result<Self, Refused> {
        Ok(self)
    }

    #[inline(always)]
    fn serialize_tuple_struct(self, _: &'static str, _length: usize) -> Result<Self, Refused> {
        Ok(self)
    }

    #[inline(always)]
    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        index: u32,
        _variant: &'static str,
        _length: usize,
    ) -> Result<Self, Refused> {
        self.0.variant(index);
        Ok(self)
    }

    #[inline(always)]
    fn serialize_map(self, length: Option<usize>) -> Result<Self, Refused> {
        self.serialize_seq(length)
    }

    #[inline(always)]
    fn serialize_struct(self, _name: &'static str, _length: usize) -> Result<Self, Refused> {
        Ok(self)
    }

    #[inline(always)]
    fn serialize_struct_variant(
        self,
        _name: &'static str,
        index: u32,
        _variant: &'static str,
        _length: usize,
    ) -> Result<Self, Refused> {
        self.0.variant(index);
        Ok(self)
    }

    #[inline(always)]
    fn is_human_readable(&self) -> bool {
        false
    }
}

/// The parts of compound values without field names all do the same under different names.
macro_rules! parts_in_order {
    ($($part:ident :: $method:ident),*) => { $(
        impl<S: Sink> $part for &mut Walk<S> {
            type Ok = ();
            type Error = Refused;

            #[inline(always)]
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
                value.serialize(&mut **self)
            }

            #[inline(always)]
            fn end(self) -> Result<(), Refused> {
                Ok(())
            }
        }
    )* };
}

parts_in_order!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

/// The same for fields with names, which are not written.
macro_rules! named_fields_in_order {
    ($($part:ident),*) => { $(
        impl<S: Sink> $part for &mut Walk<S> {
            type Ok = ();
            type Error = Refused;

            #[inline(always)]
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                _name: &'static str,
                value: &T,
            ) -> Result<(), Refused> {
                value.serialize(&mut **self)
            }

            #[cold]
            fn skip_field(&mut self, name: &'static str) -> Result<(), Refused> {
                panic!("field `{name}` is skipped for some values, so it could not be read back");
            }

            #[inline(always)]
            fn end(self) -> Result<(), Refused> {
                Ok(())
            }
        }
    )* };
}

named_fields_in_order!(SerializeStruct, SerializeStructVariant);

impl<S: Sink> SerializeMap for &mut Walk<S> {
    type Ok = ();
    type Error = Refused;

    #[inline(always)]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Refused> {
        key.serialize(&mut **self)
    }

    #[inline(always)]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
        value.serialize(&mut **self)
    }

    #[inline(always)]
    fn end(self) -> Result<(), Refused> {
        Ok(())
    }
}
