//! The committed JSON schema.

use seedbed_scenarios::format::{load, schema_text, study_schema_text};
use serde_json::Value;

use crate::catalog::catalog;
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

/// Whether a value fits a schema, as far as the words go that our schema uses.
fn fits(value: &Value, schema: &Value, root: &Value) -> bool {
    let Some(words) = schema.as_object() else { return schema != &Value::Bool(false) };
    words.iter().all(|(word, wanted)| match word.as_str() {
        "$ref" => {
            let pointer = wanted.as_str().and_then(|text| text.strip_prefix('#'));
            let target = pointer.and_then(|pointer| root.pointer(pointer));
            fits(value, target.expect("a reference leads somewhere"), root)
        }
        "type" => match wanted {
            Value::Array(types) => types.iter().any(|one| has_type(value, one)),
            one => has_type(value, one),
        },
        "anyOf" => list(wanted).iter().any(|one| fits(value, one, root)),
        "oneOf" => list(wanted).iter().filter(|one| fits(value, one, root)).count() == 1,
        "not" => !fits(value, wanted, root),
        "enum" => list(wanted).contains(value),
        "const" => value == wanted,
        "required" => value.as_object().is_none_or(|fields| {
            list(wanted).iter().filter_map(Value::as_str).all(|key| fields.contains_key(key))
        }),
        "properties" => value.as_object().is_none_or(|fields| {
            fields
                .iter()
                .all(|(key, inner)| wanted.get(key).is_none_or(|schema| fits(inner, schema, root)))
        }),
        "additionalProperties" => value.as_object().is_none_or(|fields| {
            let known = |key: &String| schema["properties"].get(key).is_some();
            fields.iter().filter(|(key, _)| !known(key)).all(|(_, v)| fits(v, wanted, root))
        }),
        "propertyNames" => value.as_object().is_none_or(|fields| {
            fields.keys().all(|key| fits(&Value::from(key.as_str()), wanted, root))
        }),
        "items" => {
            value.as_array().is_none_or(|items| items.iter().all(|item| fits(item, wanted, root)))
        }
        "prefixItems" => value.as_array().is_none_or(|items| {
            items.iter().zip(list(wanted)).all(|(item, one)| fits(item, one, root))
        }),
        "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= number(wanted)),
        "maxItems" => value.as_array().is_none_or(|items| items.len() as u64 <= number(wanted)),
        "minProperties" => {
            value.as_object().is_none_or(|fields| fields.len() as u64 >= number(wanted))
        }
        "maxProperties" => {
            value.as_object().is_none_or(|fields| fields.len() as u64 <= number(wanted))
        }
        "minimum" => value.as_f64().is_none_or(|n| n >= wanted.as_f64().expect("a number")),
        "maximum" => value.as_f64().is_none_or(|n| n <= wanted.as_f64().expect("a number")),
        "pattern" | "uniqueItems" | "$defs" | "$schema" | "title" | "description" | "default"
        | "format" => true,
        unknown => panic!("this test does not know `{unknown}`"),
    })
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("a list")
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a whole number")
}

fn has_type(value: &Value, name: &Value) -> bool {
    match name.as_str().expect("the name of a type") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        unknown => panic!("`{unknown}` is no type"),
    }
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
