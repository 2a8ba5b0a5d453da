//! Failure files: what is written is read, and what was damaged is refused with its place.

use serde_json::json;

use super::*;

fn failure() -> Failure {
    Failure {
        format_version: FAILURE_VERSION,
        scenario: json!({"name": "flood/two", "nodes": 2, "network": {"loss": 0.01}}),
        protocol: "flood".to_owned(),
        seed: 42,
        point: BTreeMap::from([("nodes".to_owned(), json!(2))]),
        property: "no-repeat".to_owned(),
        message: "n1 heard \"x\" twice".to_owned(),
        event: 10,
        virtual_time_ns: 5_000_000,
        signature: "no-repeat/0011aabb".to_owned(),
        digest: hex(77),
        checkpoints: checkpoints(&[1, 2, 3, 4, 5]),
        tail: tail(&[1, 2, 3, 4, 5]),
        inputs: BTreeMap::new(),
        build: Build {
            version: "0.1.0".to_owned(),
            commit: "unknown".to_owned(),
            stream_layout: 1,
            executable: hex(1),
        },
    }
}

#[test]
fn what_is_written_is_read() {
    let failure = failure();
    assert_eq!(Failure::parse(&failure.to_text()), Ok(failure));
}

#[test]
fn a_large_seed_survives() {
    let failure = Failure { seed: u64::MAX, ..failure() };
    assert!(failure.to_text().contains("\"seed\": \"18446744073709551615\""));
    assert_eq!(Failure::parse(&failure.to_text()), Ok(failure));
}

#[test]
fn every_cut_is_noticed() {
    let text = failure().to_text();
    for length in 1..text.trim_end().len() {
        let error = Failure::parse(&text[..length]).unwrap_err();
        assert!(matches!(error, FailureError::Truncated { .. }), "{length}: {error}");
    }
}

#[test]
fn every_changed_digit_is_noticed() {
    let text = failure().to_text();
    for (at, digit) in text.char_indices().filter(|(_, letter)| letter.is_ascii_digit()) {
        let other = if digit == '7' { '8' } else { '7' };
        let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
        assert!(Failure::parse(&changed).is_err(), "{changed}");
    }
}

#[test]
fn the_order_of_fields_and_white_space_do_not_matter() {
    let value: Value = serde_json::from_str(&failure().to_text()).unwrap();
    assert_eq!(Failure::parse(&value.to_string()), Ok(failure()));
}

#[test]
fn another_version_is_named_before_anything_else() {
    let text = failure().to_text().replace("\"format_version\": 1", "\"format_version\": 2");
    assert_eq!(Failure::parse(&text), Err(FailureError::Version { found: "2".to_owned() }));
}

#[test]
fn an_unknown_field_is_refused_even_with_a_right_checksum() {
    let mut value = serde_json::to_value(failure()).unwrap();
    value["surprise"] = json!(1);
    value["checksum"] = json!(hex(canonical::hash_value(&value)));
    let error = Failure::parse(&value.to_string()).unwrap_err().to_string();
    assert!(error.contains("surprise"), "{error}");
}

#[test]
fn a_text_that_is_no_json_has_a_place() {
    let error = Failure::parse("{\n  nonsense }").unwrap_err();
    assert!(matches!(error, FailureError::NotJson { line: 2, .. }), "{error}");
}

#[test]
fn checkpoints_are_few_evenly_spread_and_end_with_the_last_event() {
    for count in [0, 1, 255, 256, 257, 1000, 100_000] {
        let digests: Vec<u64> = (0..count).collect();
        let points = checkpoints(&digests);
        assert!(points.len() <= CHECKPOINTS_MAX, "{count}");
        assert_eq!(points.last().map(|(event, _)| *event), (count > 0).then_some(count));
        assert!(points.len() as u64 >= count.min(128));
    }
}

#[test]
fn the_tail_is_numbered_from_the_last_event() {
    let digests: Vec<u64> = (1..=10_000).map(|event| event * 3).collect();
    let failure = Failure { checkpoints: checkpoints(&digests), tail: tail(&digests), ..failure() };
    let known = failure.known_digests().unwrap();
    assert!(known.iter().all(|(event, digest)| *digest == event * 3));
    assert!((10_000 - TAIL_MAX as u64 + 1..=10_000).all(|event| known.contains_key(&event)));
}

#[test]
fn a_missing_and_a_changed_input_are_refused() {
    let folder = std::env::temp_dir().join(format!("seedbed-inputs-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("failure.json");
    let with_input = |hash: u64| {
        let inputs = BTreeMap::from([("table.csv".to_owned(), hex(hash))]);
        std::fs::write(&path, Failure { inputs, ..failure() }.to_text()).unwrap();
        Failure::read(&path)
    };
    let missing = with_input(1).unwrap_err().to_string();
    assert!(missing.starts_with("inputs.table.csv: cannot read it"), "{missing}");
    std::fs::write(folder.join("table.csv"), "1,2").unwrap();
    let changed = with_input(1).unwrap_err().to_string();
    assert!(changed.contains("has changed"), "{changed}");
    let right = canonical::hash_file(&folder.join("table.csv")).unwrap();
    assert!(with_input(right).is_ok());
    std::fs::remove_dir_all(&folder).unwrap();
}
