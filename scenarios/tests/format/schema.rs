//! The committed JSON schema.

use seedbed_scenarios::format::schema_text;

use crate::golden::assert_golden;

#[test]
fn the_committed_schema_is_current() {
    assert_golden("scenario.schema.json", &schema_text());
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
