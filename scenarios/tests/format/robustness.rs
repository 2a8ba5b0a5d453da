//! No text makes the reader panic, and a wrong letter in any key is found where it is.

use std::path::Path;

use proptest::prelude::*;
use seedbed_scenarios::format::{Errors, Loaded, load, load_text};

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

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    #[test]
    fn changed_bytes_never_panic(changes in prop::collection::vec((any::<u16>(), any::<u8>()), 1..4)) {
        let mut bytes = sample_text().into_bytes();
        for (place, byte) in changes {
            let place = usize::from(place) % bytes.len();
            bytes[place] = byte;
        }
        draw(load_bytes(&bytes));
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

/// Keys that are names which the author chooses, or comments: another letter makes another name. What breaks
/// then is their use.
fn is_free(name: &str) -> bool {
    ["$comment", "$schema", "east", "west", "L2", "other", "append"].contains(&name)
}

/// Where a typing error makes a comment of the wrong key, or is no error at all, nothing can be demanded; here it
/// can.
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
    draw(load_text(Path::new("deep.json"), &deep, &[], &catalog()));
    let steps = format!("{}{}", r#"{"repeat":{"times":1,"steps":["#.repeat(40), "]}}".repeat(40));
    let text = format!(
        r#"{{"format_version":1,"name":"x","protocol":"raft","nodes":3,"script":[{steps}]}}"#
    );
    draw(load_text(Path::new("deep.json"), &text, &[], &catalog()));
}
