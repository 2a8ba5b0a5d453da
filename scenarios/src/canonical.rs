//! One text for one JSON value, and hashes of texts and files.
//!
//! Keys are sorted here and not left to the map that `serde_json` was built with: a feature that
//! some other crate turns on must not change a checksum.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use seedbed_sim::digest::Digest;
use serde_json::{Map, Value};

/// How much of a file is hashed at a time.
const BLOCK_BYTES: usize = 1 << 20;

/// The value with the keys of every object sorted.
#[must_use]
pub fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut entries: Vec<(&String, &Value)> = fields.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            let fields = entries.into_iter().map(|(key, value)| (key.clone(), sorted(value)));
            Value::Object(fields.collect::<Map<String, Value>>())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// The value on one line, keys sorted.
#[must_use]
pub fn line(value: &Value) -> String {
    sorted(value).to_string()
}

/// A 64-bit hash of a value, however its keys were ordered.
#[must_use]
pub fn hash_value(value: &Value) -> u64 {
    hash_bytes(line(value).as_bytes())
}

/// A 64-bit hash of bytes.
#[must_use]
pub fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut digest = Digest::new();
    digest.fold_bytes(bytes);
    digest.value()
}

/// A 64-bit hash of a file's content.
///
/// # Errors
/// Why the file cannot be read.
pub fn hash_file(path: &Path) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let mut block = vec![0; BLOCK_BYTES];
    let mut digest = Digest::new();
    loop {
        let length = read_block(&mut file, &mut block)?;
        digest.fold_bytes(&block[..length]);
        if length < block.len() {
            return Ok(digest.value());
        }
    }
}

/// Fills the block unless the file ends: a short read must not change where blocks begin.
fn read_block(file: &mut File, block: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < block.len() {
        match file.read(&mut block[length..])? {
            0 => break,
            count => length += count,
        }
    }
    Ok(length)
}

/// A hash or digest as it is written: 16 hex digits.
#[must_use]
pub fn hex(hash: u64) -> String {
    format!("{hash:016x}")
}

/// Reads what [`hex`] wrote; `None` for anything else.
#[must_use]
pub fn parse_hex(text: &str) -> Option<u64> {
    let plain = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if plain { u64::from_str_radix(text, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_sorted_at_every_depth() {
        let value: Value = serde_json::from_str(r#"{"b":[{"z":1,"a":2}],"a":null}"#).unwrap();
        assert_eq!(line(&value), r#"{"a":null,"b":[{"a":2,"z":1}]}"#);
    }

    #[test]
    fn the_hash_does_not_depend_on_the_order_of_keys() {
        let one: Value = serde_json::from_str(r#"{"b":1,"a":2}"#).unwrap();
        assert_eq!(hash_value(&one), hash_value(&json!({"a": 2, "b": 1})));
        assert_ne!(hash_value(&one), hash_value(&json!({"a": 1, "b": 2})));
    }

    #[test]
    fn hashes_are_pinned_because_files_carry_them() {
        assert_eq!(hex(hash_bytes(b"seedbed")), "030bd5f4d1eac977");
    }

    #[test]
    fn only_sixteen_hex_digits_are_a_digest() {
        assert_eq!(parse_hex("00000000000000ff"), Some(255));
        assert_eq!(parse_hex("ff"), None);
        assert_eq!(parse_hex("+0000000000000ff"), None);
        assert_eq!(parse_hex("00000000000000fg"), None);
    }
}
