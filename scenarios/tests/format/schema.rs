//! The committed JSON schema.

use seedbed_scenarios::format::{load, schema_text, study_schema_text};
use serde_json::Value;

use crate::catalog::catalog;
use crate::fits::fits;
use crate::golden::assert_golden;
use crate::loading::sample_path;

#[test]
fn the_committed_schema_is_current() {
    assert_golden("scenario.schema.json", &schema_text());
}

#[test]
fn the_committed_schema_of_studies_is_current() {
    assert_golden("study.schema.json", &study_schema_text());
}

/// Editors show descriptions: every field that a person writes has one.
#[test]
fn every_property_is_described() {
    fn visit(schema: &serde_json::Value, path: &str, missing: &mut Vec<String>) {
        let definitions = schema["$defs"].as_object().into_iter().flatten();
        for (name, definition) in definitions {
            visit(definition, name, missing);
        }
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let described = property.get("description").is_some() || property.get("$ref").is_some();
            if !described && name != "$comment" {
                missing.push(format!("{path}.{name}"));
            }
        }
    }
    let mut missing = Vec::new();
    visit(&seedbed_scenarios::format::schema(), "", &mut missing);
    assert!(missing.is_empty(), "no description: {missing:?}");
}

/// What we load fits the schema, also as we write it ourselves; a wrong key does not fit.
#[test]
fn the_schema_takes_the_sample_and_no_wrong_key() {
    let schema = seedbed_scenarios::format::schema();
    let text = std::fs::read_to_string(sample_path()).expect("the sample is there");
    let sample: Value = serde_json::from_str(&text).expect("the sample is JSON");
    assert!(fits(&sample, &schema, &schema), "the sample does not fit");
    let loaded = load(&sample_path(), &[], &catalog()).expect("the sample loads");
    let written = serde_json::to_value(&loaded.scenario).expect("a scenario can be written");
    assert!(fits(&written, &schema, &schema), "what is written does not fit");
    for (right, wrong) in [
        ("\"seeds\"", "\"seed\""),
        ("\"groups\"", "\"group\""),
        ("\"heal_at\"", "\"heal\""),
        ("\"drift\"", "\"drifts\""),
        ("\"random\": { \"from\"", "\"randon\": { \"from\""),
        ("\"nodes\": 5", "\"nodes\": 0"),
        ("\"duplicate\": 0.01", "\"duplicate\": 2"),
        ("\"lose\": \"torn\"", "\"lose\": \"all\""),
    ] {
        assert!(text.contains(right), "{right} is not in the sample");
        let changed = serde_json::from_str(&text.replacen(right, wrong, 1)).expect("JSON");
        assert!(!fits(&changed, &schema, &schema), "{wrong} fits");
    }
}
