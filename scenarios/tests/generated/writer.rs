//! Writes scenarios by walking the JSON schema.
//!
//! The walk knows nothing of what it writes: a key that the schema gains is written here from then
//! on. What a schema cannot say (which names there are, that a fault lies before the heal, that two
//! keys exclude each other) is in `knowledge.rs`.

use seedbed_scenarios::format::Nanos;
use serde_json::{Map, Value, json};

use crate::coverage::{Forms, label};
use crate::draw::Draw;
use crate::names::Names;

/// In which part of a scenario the walk is: what a selector may say, and whether a fault says when,
/// depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What is fixed before the run: zones, hosts, links.
    Fixed,
    /// The faults, which say when they happen.
    Faults,
    /// The steps of a sequence.
    Sequence,
    /// A script.
    Script,
}

/// Where the walk is.
#[derive(Clone, Copy, Debug)]
pub struct Place<'s> {
    pub part: Part,
    /// The definition whose properties are being written; empty at the top.
    pub owner: &'s str,
    /// The innermost key.
    pub key: &'s str,
    /// How many steps hold this one.
    pub depth: u32,
}

/// Keys that are written after all others, in this order.
const BINDING_LAST: [&str; 3] = ["bind", "steps", "else"];

/// Writes one scenario.
pub struct Writer<'s> {
    pub schema: &'s Value,
    pub names: &'s Names,
    pub draw: Draw,
    /// The hosts that the scenario has, by name.
    pub hosts: Vec<String>,
    pub zones: Vec<String>,
    pub clients: u64,
    /// Whether the scenario has a `heal_at`.
    pub heals: bool,
    /// When faults end, in milliseconds.
    pub faults_end_ms: u64,
    /// Names that the script has bound to hosts so far, and to submissions.
    pub bound: Vec<String>,
    pub submissions: Vec<String>,
    /// How many names of its own the scenario has made up.
    pub named: u64,
    /// What no scenario has said yet: it is drawn more often.
    pub missing: &'s Forms,
}

/// The alternatives of a schema, `null` left out: an absent key says the same.
pub fn alternatives(schema: &Value) -> Vec<&Value> {
    let list = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array);
    list.into_iter().flatten().filter(|one| one["type"] != "null").collect()
}

/// The one type that a schema names, `null` left out.
pub fn type_of(schema: &Value) -> &str {
    match &schema["type"] {
        Value::Array(types) => {
            types.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or("")
        }
        one => one.as_str().unwrap_or(""),
    }
}

/// The definition that a schema refers to, with its name.
pub fn definition<'s>(root: &'s Value, schema: &'s Value) -> Option<(&'s str, &'s Value)> {
    let name = schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/")?;
    Some((name, &root["$defs"][name]))
}

/// The keys that an object must have.
pub fn required(schema: &Value) -> Vec<&str> {
    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

impl<'s> Writer<'s> {
    /// A value that fits a schema.
    pub fn value(&mut self, schema: &'s Value, place: Place<'s>) -> Value {
        if let Some((name, definition)) = definition(self.schema, schema) {
            return match self.known_definition(name, place) {
                Some(value) => value,
                None => self.plain(definition, Place { owner: name, ..place }),
            };
        }
        self.plain(schema, place)
    }

    /// A value of a schema that is written out here.
    fn plain(&mut self, schema: &'s Value, place: Place<'s>) -> Value {
        if let Some(value) = self.known_key(schema, place) {
            return value;
        }
        if let Some(value) = schema.get("const") {
            return value.clone();
        }
        if let Some(values) = schema["enum"].as_array() {
            return self.draw.one(values).clone();
        }
        let choices = alternatives(schema);
        if !choices.is_empty() {
            let chosen = self.pick(choices, place.owner);
            return self.value(chosen, place);
        }
        match type_of(schema) {
            "object" => self.object(schema, place),
            "array" => self.array(schema, place),
            "integer" => {
                let low = schema["minimum"].as_u64().unwrap_or(0).max(1);
                let high = schema["maximum"].as_u64().unwrap_or(u64::MAX).min(low + 3);
                json!(self.draw.between(low, high.max(low)))
            }
            "number" => json!(self.draw.between(1, 30) as f64 / 100.0),
            "boolean" => json!(self.draw.once_in(2)),
            "string" => json!(self.text(schema, place)),
            other => panic!("no value of type `{other}` is known: {schema} at {place:?}"),
        }
    }

    /// One of several alternatives of a definition.
    pub fn pick(&mut self, mut choices: Vec<&'s Value>, owner: &str) -> &'s Value {
        if self.draw.once_in(2) {
            let is_missing =
                |choice: &&Value| self.missing.contains(&format!("{owner}: {}", label(choice)));
            let missing: Vec<&'s Value> = choices.iter().copied().filter(is_missing).collect();
            if !missing.is_empty() {
                choices = missing;
            }
        }
        let at = self.draw.between(0, choices.len() as u64 - 1);
        choices[at as usize]
    }

    /// Whether an optional key is written.
    pub fn is_wanted(&mut self, key: &str, place: Place<'_>) -> bool {
        // A comment may stand anywhere, and says nothing.
        let rarity = if key == "$comment" { 12 } else { 3 };
        let is_missing = self.missing.contains(&format!("{}.{key}", place.owner));
        self.draw.once_in(rarity) || is_missing && self.draw.once_in(2)
    }

    /// A text that nothing is known of: one that its description shows, if it must look like
    /// something.
    fn text(&mut self, schema: &Value, place: Place<'_>) -> String {
        let Some(pattern) = schema["pattern"].as_str() else {
            return "some text".to_owned();
        };
        let description = schema["description"].as_str().unwrap_or_default();
        let shown: Vec<&str> = description.split('"').skip(1).step_by(2).collect();
        assert!(!shown.is_empty(), "{place:?}: no example of {pattern} in `{description}`");
        (*self.draw.one(&shown)).to_owned()
    }

    fn array(&mut self, schema: &'s Value, place: Place<'s>) -> Value {
        if let Some(items) = schema["prefixItems"].as_array() {
            let items: Vec<Value> = items.iter().map(|item| self.value(item, place)).collect();
            return Value::Array(rising(items));
        }
        let low = schema["minItems"].as_u64().unwrap_or(1).max(1);
        let high = schema["maxItems"].as_u64().unwrap_or(u64::MAX).min(low + 2);
        let count = self.draw.between(low, high);
        let items = (0..count).map(|_| self.value(&schema["items"], place)).collect();
        Value::Array(distinct(rising(items)))
    }

    /// An object with all keys that it must have, and some that it may have.
    fn object(&mut self, schema: &'s Value, place: Place<'s>) -> Value {
        let Some(properties) = schema["properties"].as_object() else {
            return self.named_values(&schema["additionalProperties"], place);
        };
        let required = required(schema);
        let mut wanted: Vec<&'s str> = Vec::new();
        for key in properties.keys().map(String::as_str) {
            if required.contains(&key) || self.is_wanted(key, place) {
                wanted.push(key);
            }
        }
        self.choose(&mut wanted, properties, place);
        // What is bound here can be used by what is checked later.
        wanted.sort_by_key(|key| BINDING_LAST.iter().position(|last| last == key));
        let mut object = Map::new();
        for key in wanted {
            let value = if key == "$comment" {
                json!("a comment")
            } else {
                self.value(&properties[key], Place { key, ..place })
            };
            object.insert(key.to_owned(), value);
        }
        Value::Object(object)
    }

    /// An object whose keys are names.
    fn named_values(&mut self, schema: &'s Value, place: Place<'s>) -> Value {
        let count = self.draw.between(1, 2);
        let mut object = Map::new();
        for _ in 0..count {
            let key = self.key_of_map(place);
            object.insert(key, self.value(schema, place));
        }
        if place.key == "bind" {
            self.bound.extend(object.keys().cloned());
        }
        Value::Object(object)
    }
}

/// A list of times or numbers, the least first; other lists as they are.
fn rising(mut items: Vec<Value>) -> Vec<Value> {
    let size = |item: &Value| match item {
        Value::String(text) => Nanos::parse(text).ok().map(|time| time.0 as f64),
        other => other.as_f64(),
    };
    if items.iter().all(|item| size(item).is_some()) {
        items.sort_by(|one, other| size(one).partial_cmp(&size(other)).expect("numbers"));
    }
    items
}

/// A list of words with each word once; other lists as they are.
fn distinct(items: Vec<Value>) -> Vec<Value> {
    let is_word = |item: &Value| item.as_str().is_some_and(|text| Nanos::parse(text).is_err());
    if !items.iter().all(is_word) {
        return items;
    }
    let mut kept: Vec<Value> = Vec::new();
    for item in items {
        if !kept.contains(&item) {
            kept.push(item);
        }
    }
    kept
}
