//! Values that can be appended to.

use crate::value::Value;

/// Values that can grow at their end.
pub trait Append: Sized {
    /// This value with `suffix` at its end; `None` if one cannot be appended to the other.
    fn appended(&self, suffix: &Self) -> Option<Self>;

    /// Whether appending may turn `self` into `longer`: true if they are equal.
    fn is_prefix_of(&self, longer: &Self) -> bool;

    /// How long the value is, in whatever appending adds up.
    fn length(&self) -> usize;

    /// Whether `longer`, from its place `at` on, goes on as if this had been appended there. It
    /// may say yes in error, but never no.
    fn is_found_at(&self, longer: &Self, at: usize) -> bool;

    /// The bytes of the value, if appending joins them and they determine the value.
    fn bytes(&self) -> Option<&[u8]> {
        None
    }
}

impl Append for String {
    fn appended(&self, suffix: &String) -> Option<String> {
        Some([self.as_str(), suffix.as_str()].concat())
    }

    fn is_prefix_of(&self, longer: &String) -> bool {
        longer.starts_with(self.as_str())
    }

    fn length(&self) -> usize {
        self.len()
    }

    fn is_found_at(&self, longer: &String, at: usize) -> bool {
        longer.as_bytes().get(at..).is_some_and(|rest| rest.starts_with(self.as_bytes()))
    }

    fn bytes(&self) -> Option<&[u8]> {
        Some(self.as_bytes())
    }
}

/// Nothing can be appended to numbers: for stores that only replace their values.
macro_rules! never_appended {
    ($($number:ty)*) => {
        $(impl Append for $number {
            fn appended(&self, _suffix: &$number) -> Option<$number> {
                None
            }

            fn is_prefix_of(&self, longer: &$number) -> bool {
                self == longer
            }

            fn length(&self) -> usize {
                1
            }

            fn is_found_at(&self, _longer: &$number, _at: usize) -> bool {
                false
            }
        })*
    };
}

never_appended!(u8 u16 u32 u64 i8 i16 i32 i64);

impl<V: Clone + PartialEq> Append for Vec<V> {
    fn appended(&self, suffix: &Vec<V>) -> Option<Vec<V>> {
        Some([self.as_slice(), suffix].concat())
    }

    fn is_prefix_of(&self, longer: &Vec<V>) -> bool {
        longer.starts_with(self)
    }

    fn length(&self) -> usize {
        self.len()
    }

    fn is_found_at(&self, longer: &Vec<V>, at: usize) -> bool {
        longer.get(at..).is_some_and(|rest| rest.starts_with(self))
    }
}

/// What is appended to nothing is all there is.
impl<V: Append + Clone + PartialEq> Append for Option<V> {
    fn appended(&self, suffix: &Option<V>) -> Option<Option<V>> {
        match (self, suffix) {
            (Some(value), Some(suffix)) => value.appended(suffix).map(Some),
            (None, _) => Some(suffix.clone()),
            (Some(_), None) => None,
        }
    }

    fn is_prefix_of(&self, longer: &Option<V>) -> bool {
        match (self, longer) {
            (None, _) => true,
            (Some(value), Some(longer)) => value.is_prefix_of(longer),
            (Some(_), None) => false,
        }
    }

    fn length(&self) -> usize {
        self.as_ref().map_or(0, Append::length)
    }

    fn is_found_at(&self, longer: &Option<V>, at: usize) -> bool {
        match (self, longer) {
            (Some(value), Some(longer)) => value.is_found_at(longer, at),
            (None, _) | (_, None) => true,
        }
    }
}

/// Texts are joined, and so are lists; anything else is appended to a list as its last element.
/// Nil is empty: what is appended to it stays if it is a text or list, and becomes a list of one
/// otherwise.
impl Append for Value {
    fn appended(&self, suffix: &Value) -> Option<Value> {
        match (self, suffix) {
            (Value::Nil, Value::Text(_) | Value::List(_)) => Some(suffix.clone()),
            (Value::Nil, Value::Nil | Value::Bool(_) | Value::Int(_)) => {
                Some(Value::List(vec![suffix.clone()]))
            }
            (Value::Text(text), Value::Text(more)) => Some(Value::Text(text.appended(more)?)),
            (Value::List(values), Value::List(more)) => {
                Some(Value::List([values.as_slice(), more].concat()))
            }
            (Value::List(values), Value::Nil | Value::Bool(_) | Value::Int(_) | Value::Text(_)) => {
                let one = std::slice::from_ref(suffix);
                Some(Value::List([values.as_slice(), one].concat()))
            }
            (Value::Text(_) | Value::Bool(_) | Value::Int(_), _) => None,
        }
    }

    fn is_prefix_of(&self, longer: &Value) -> bool {
        match (self, longer) {
            (Value::Nil, Value::Nil | Value::Text(_) | Value::List(_)) => true,
            (Value::Text(text), Value::Text(longer)) => longer.starts_with(text),
            (Value::List(values), Value::List(longer)) => longer.starts_with(values),
            (Value::Nil | Value::Bool(_) | Value::Int(_) | Value::Text(_) | Value::List(_), _) => {
                self == longer
            }
        }
    }

    fn length(&self) -> usize {
        match self {
            Value::Nil => 0,
            Value::Text(text) => text.len(),
            Value::List(values) => values.len(),
            Value::Bool(_) | Value::Int(_) => 1,
        }
    }

    fn is_found_at(&self, longer: &Value, at: usize) -> bool {
        match (self, longer) {
            (Value::Text(text), Value::Text(longer)) => text.is_found_at(longer, at),
            (Value::List(more), Value::List(values)) => more.is_found_at(values, at),
            (one, Value::List(values)) => values.get(at) == Some(one),
            (_, Value::Nil | Value::Bool(_) | Value::Int(_) | Value::Text(_)) => false,
        }
    }

    /// Nil has the bytes of the empty text: a caller must tell them apart where both occur.
    fn bytes(&self) -> Option<&[u8]> {
        match self {
            Value::Nil => Some(&[]),
            Value::Text(text) => Some(text.as_bytes()),
            Value::Bool(_) | Value::Int(_) | Value::List(_) => None,
        }
    }
}

/// How many appends [`can_be_completed`] tries before it gives up and says yes.
const MOST_TRIES: u32 = 256;

/// Whether `seen`, from its place `at` on, can be put together of some of `pieces`, each once. It
/// may say yes in error, but never no.
pub(super) fn can_be_completed<V: Append>(seen: &V, at: usize, pieces: &[&V]) -> bool {
    fn complete<V: Append>(
        seen: &V,
        at: usize,
        pieces: &[&V],
        is_used: &mut [bool],
        tries: &mut u32,
    ) -> bool {
        if at >= seen.length() || *tries == 0 {
            return true;
        }
        *tries -= 1;
        (0..pieces.len()).any(|piece| {
            let length = pieces[piece].length();
            if is_used[piece] || length == 0 || !pieces[piece].is_found_at(seen, at) {
                return false;
            }
            is_used[piece] = true;
            let is_complete = complete(seen, at + length, pieces, is_used, tries);
            is_used[piece] = false;
            is_complete
        })
    }
    let mut tries = MOST_TRIES;
    complete(seen, at, pieces, &mut vec![false; pieces.len()], &mut tries)
}
