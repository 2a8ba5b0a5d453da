//! No text makes the reader panic, and a wrong letter in any key is found where it is.

use proptest::prelude::*;
use seedbed_scenarios::format::{Errors, Loaded, Path, Segment, load, load_text};
use serde_json::Value;

use crate::catalog::catalog;
use crate::loading::sample_path;

fn sample_text() -> String {
    std::fs::read_to_string(sample_path()).expect("the sample is there")
}

/// Loads bytes in the place of the sample, so that what it extends is found.
fn load_bytes(bytes: &[u8]) -> Result<Loaded, Errors> {
    load_text(&sample_path(), &String::from_utf8_lossy(bytes), &[], &catalog())
}

/// Draws every error, as a terminal would: its place must lie in the text.
fn draw(result: Result<Loaded, Errors>) {
    let Err(errors) = result else { return };
    assert!(!errors.list().is_empty());
    for error in errors.list() {
        let report = error.report();
        assert!(!report.message.is_empty());
        assert!(report.line.is_none_or(|line| line >= 1));
        let mut drawn = String::new();
        let handler = miette::NarratableReportHandler::new();
        handler.render_report(&mut drawn, error).expect("an error can be drawn");
        assert!(drawn.contains(error.message()), "{drawn}");
    }
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() }
}

/// Every path of a value, lists and objects included.
fn paths(value: &Value, path: &Path, found: &mut Vec<Path>) {
    found.push(path.clone());
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(key, inner)| paths(inner, &path.key(key), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, inner)| paths(inner, &path.index(at), found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Values that are right somewhere and wrong elsewhere.
const STRANGE: &[&str] = &[
    "null",
    "true",
    "0",
    "-1",
    "1.5",
    "1e308",
    "18446744073709551615",
    "\"\"",
    "\"0\"",
    "\"5s\"",
    "\"n1\"",
    "\"n4294967295\"",
    "\"$x+4294967295\"",
    "\"5%\"",
    "\"18446744073709551615ns\"",
    "[]",
    "[\"1s\"]",
    "[\"n1\", \"n1\"]",
    "[[], []]",
    "[0, 0]",
    "{}",
    "{\"a\": 1}",
    "{\"a\": 1, \"b\": 2}",
    "{\"heal\": {}}",
    "{\"wait\": \"1s\"}",
    "4294967295",
];

proptest! {
    #![proptest_config(config())]

    #[test]
    fn changed_bytes_never_panic(
        changes in prop::collection::vec((any::<u16>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = sample_text().into_bytes();
        for (place, byte) in changes {
            let place = usize::from(place) % bytes.len();
            bytes[place] = byte;
        }
        draw(load_bytes(&bytes));
    }

    #[test]
    fn exchanged_values_never_panic(
        changes in prop::collection::vec((any::<u16>(), 0..STRANGE.len()), 1..4),
    ) {
        let mut sample: Value = serde_json::from_str(&sample_text()).expect("the sample is JSON");
        for (place, strange) in changes {
            let mut found = Vec::new();
            paths(&sample, &Path::root(), &mut found);
            let path = &found[usize::from(place) % found.len()];
            let target = path.0.iter().fold(&mut sample, |value, segment| match segment {
                Segment::Key(key) => &mut value[key],
                Segment::Index(index) => &mut value[*index],
            });
            *target = serde_json::from_str(STRANGE[strange]).expect("these are JSON");
        }
        draw(load_bytes(sample.to_string().as_bytes()));
    }

    #[test]
    fn cut_texts_never_panic(place: u16) {
        let bytes = sample_text().into_bytes();
        let place = usize::from(place) % bytes.len();
        draw(load_bytes(&bytes[..place]));
    }

    #[test]
    fn exchanged_pieces_never_panic(from: u16, to: u16, length in 1_usize..40) {
        let mut bytes = sample_text().into_bytes();
        let (from, to) = (usize::from(from) % bytes.len(), usize::from(to) % bytes.len());
        let piece: Vec<u8> = bytes[from..(from + length).min(bytes.len())].to_vec();
        bytes.splice(to..to, piece);
        draw(load_bytes(&bytes));
    }

    #[test]
    fn strange_settings_never_panic(text in "[a-z\\[\\]\"=.0-9{}]{0,24}") {
        draw(load(&sample_path(), &[text], &catalog()));
    }
}

/// A key of the sample: where it stands and what it is.
struct Key {
    offset: usize,
    line: usize,
    name: String,
}

/// Every key of a text. Values never hold a quote before a colon in the sample, so this is simple.
fn keys(text: &str) -> Vec<Key> {
    let mut found = Vec::new();
    for (line, line_text) in text.lines().enumerate() {
        let line_start = line_text.as_ptr() as usize - text.as_ptr() as usize;
        let pieces: Vec<(usize, &str)> = line_text.match_indices("\":").collect();
        for (end, _) in pieces {
            let start = line_text[..end].rfind('"').expect("a key has an opening quote") + 1;
            let name = line_text[start..end].to_owned();
            found.push(Key { offset: line_start + start, line: line + 1, name });
        }
    }
    found
}

/// Keys that are names which the author chooses, or comments: another letter makes another name.
/// What breaks then is their use.
fn is_free(name: &str) -> bool {
    ["$comment", "$schema", "virginia", "oregon", "L2", "other", "append"].contains(&name)
}

/// The error names the wrong key and its line, and the help the right one.
#[test]
fn one_wrong_letter_in_any_key_is_found() {
    let text = sample_text();
    let mut tried = 0;
    for key in keys(&text).into_iter().filter(|key| !is_free(&key.name)) {
        for position in 0..key.name.len() {
            let mut bytes = text.clone().into_bytes();
            let place = key.offset + position;
            bytes[place] = if bytes[place] == b'z' { b'y' } else { b'z' };
            let wrong = String::from_utf8_lossy(&bytes[key.offset..key.offset + key.name.len()])
                .into_owned();
            let errors = match load_bytes(&bytes) {
                Ok(_) => panic!("`{wrong}` for `{}` in line {} is taken", key.name, key.line),
                Err(errors) => errors.reports(),
            };
            let named = errors.iter().any(|error| {
                error.line == Some(key.line)
                    && error.path.ends_with(&wrong)
                    && error.message.contains(&format!("`{wrong}`"))
            });
            assert!(named, "`{wrong}` for `{}` in line {}: {errors:#?}", key.name, key.line);
            let helped = errors.iter().any(|error| {
                error.help.as_ref().is_some_and(|help| help.contains(&format!("`{}`", key.name)))
            });
            assert!(helped, "`{wrong}` for `{}`: no help in {errors:#?}", key.name);
            tried += 1;
        }
    }
    assert!(tried > 800, "only {tried} keys were tried");
}

#[test]
fn depth_has_an_end() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    draw(load_text(std::path::Path::new("deep.json"), &deep, &[], &catalog()));
    let steps = format!("{}{}", r#"{"repeat":{"times":1,"steps":["#.repeat(40), "]}}".repeat(40));
    let text = format!(
        r#"{{"format_version":1,"name":"x","protocol":"raft","nodes":3,"script":[{steps}]}}"#
    );
    draw(load_text(std::path::Path::new("deep.json"), &text, &[], &catalog()));
}
