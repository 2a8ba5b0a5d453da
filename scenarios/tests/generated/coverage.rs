//! Which of all that the schema allows a scenario says.

use std::collections::BTreeSet;

use seedbed_scenarios::format::Selector;
use serde_json::Value;

use crate::fits::fits;
use crate::knowledge::REGIONS;
use crate::writer::{alternatives, definition, required, type_of};

/// What can be said: `Crash.lose` for a key, `Latency: uniform` for one of several forms.
pub type Forms = BTreeSet<String>;

/// Everything that the schema allows.
pub fn possible(root: &Value) -> Forms {
    let mut found = Forms::new();
    possible_of(root, "Scenario", &mut found);
    for (name, definition) in root["$defs"].as_object().into_iter().flatten() {
        possible_of(definition, name, &mut found);
    }
    found.extend(SELECTORS.map(|form| format!("Selector: {form}")));
    found
}

/// The forms of selectors, which are one pattern in the schema.
const SELECTORS: [&str; 13] = [
    "host",
    "client",
    "random",
    "majority",
    "minority",
    "all",
    "rest",
    "clients",
    "bound",
    "bound+1",
    "zone",
    "protocol's own",
    "protocol's own+1",
];

fn possible_of(schema: &Value, owner: &str, found: &mut Forms) {
    for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{owner}.{key}");
        possible_of(inner, &path, found);
        found.insert(path);
    }
    let choices = alternatives(schema);
    if choices.len() > 1 && !owner.ends_with("Scenario") {
        found.extend(choices.iter().map(|choice| format!("{owner}: {}", label(choice))));
    }
    for choice in choices {
        possible_of(choice, owner, found);
    }
    if schema["items"].is_object() {
        possible_of(&schema["items"], owner, found);
    }
}

/// What tells an alternative from its neighbours.
pub fn label(choice: &Value) -> String {
    if let Some(key) = required(choice).first() {
        return (*key).to_owned();
    }
    if let Some(word) = choice["const"].as_str() {
        return word.to_owned();
    }
    if let Some(name) = choice["$ref"].as_str() {
        return name.trim_start_matches("#/$defs/").to_owned();
    }
    type_of(choice).to_owned()
}

/// Notes what a value says that fits a schema.
pub fn note(value: &Value, schema: &Value, root: &Value, owner: &str, found: &mut Forms) {
    if let Some((name, definition)) = definition(root, schema) {
        if name == "Selector" {
            found.extend(value.as_str().map(|text| format!("Selector: {}", selector_form(text))));
        }
        return note(value, definition, root, name, found);
    }
    for (key, inner) in value.as_object().into_iter().flatten() {
        if let Some(schema) = schema["properties"].get(key) {
            let path = format!("{owner}.{key}");
            note(inner, schema, root, &path, found);
            found.insert(path);
        } else if schema["additionalProperties"].is_object() {
            note(inner, &schema["additionalProperties"], root, owner, found);
        }
    }
    let prefix = schema["prefixItems"].as_array();
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        let schema = prefix.and_then(|prefix| prefix.get(index)).unwrap_or(&schema["items"]);
        note(item, schema, root, owner, found);
    }
    let choices = alternatives(schema);
    let chosen = choices.iter().find(|choice| fits(value, choice, root));
    let Some(chosen) = chosen.filter(|_| owner != "Scenario") else { return };
    if choices.len() > 1 {
        found.insert(format!("{owner}: {}", label(chosen)));
    }
    note(value, chosen, root, owner, found);
}

fn selector_form(text: &str) -> &'static str {
    match Selector::parse(text).expect("what was accepted is a selector") {
        Selector::Host(_) => "host",
        Selector::Client(_) => "client",
        Selector::Random => "random",
        Selector::Majority => "majority",
        Selector::Minority => "minority",
        Selector::All => "all",
        Selector::Rest => "rest",
        Selector::Clients => "clients",
        Selector::Bound { offset: 0, .. } => "bound",
        Selector::Bound { .. } => "bound+1",
        Selector::Named { name, .. } if REGIONS.contains(&name.as_str()) => "zone",
        Selector::Named { offset: 0, .. } => "protocol's own",
        Selector::Named { .. } => "protocol's own+1",
        Selector::Role(_) | Selector::Zone(_) | Selector::Protocol { .. } => {
            unreachable!("only validation knows these")
        }
    }
}
