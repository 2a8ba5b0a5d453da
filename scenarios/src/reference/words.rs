//! Schemas in words: what sort of value a field takes, and what it says.

use std::collections::BTreeSet;

use serde_json::Value;

/// A field of an object, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its key.
    pub name: String,
    /// What sort of value it takes.
    pub sort: String,
    /// Whether it must be there.
    pub is_required: bool,
    /// What counts if it is absent, as JSON, if that is a value.
    pub default: Option<String>,
    /// What it says, in one line.
    pub about: String,
}

/// Words for the parts of one schema.
pub struct Words<'s> {
    root: &'s Value,
    /// Where on a page a definition is explained, if its name is to be a link.
    heading: Option<fn(&str) -> String>,
}

/// Sorts of values whose name in the code is not what a person calls them.
const NAMES: &[(&str, &str)] = &[
    ("Nanos", "duration"),
    ("SignedNanos", "signed duration"),
    ("Targets", "hosts"),
    ("EveryObject", "repetition"),
    ("Every", "period"),
];

impl<'s> Words<'s> {
    /// Words only.
    pub fn plain(root: &'s Value) -> Words<'s> {
        Words { root, heading: None }
    }

    /// Words with links to headings of the same page.
    pub fn linked(root: &'s Value, heading: fn(&str) -> String) -> Words<'s> {
        Words { root, heading: Some(heading) }
    }

    /// What a schema refers to; itself if it refers to nothing.
    pub fn resolve(&self, schema: &'s Value) -> &'s Value {
        match definition_name(schema) {
            Some(name) => &self.root["$defs"][name],
            None => schema,
        }
    }

    /// The fields of an object: those that must be there first.
    pub fn fields(&self, schema: &'s Value) -> Vec<Field> {
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let properties = schema["properties"].as_object().into_iter().flatten();
        let properties = properties.filter(|(key, _)| *key != "$comment");
        let mut fields: Vec<Field> = properties
            .map(|(key, schema)| Field {
                name: key.clone(),
                sort: self.sort(schema),
                is_required: required.contains(&key.as_str()),
                default: schema
                    .get("default")
                    .filter(|it| is_worth_saying(it))
                    .map(Value::to_string),
                about: self.about(schema),
            })
            .collect();
        fields.sort_by_key(|field| !field.is_required);
        fields
    }

    /// What a field says; what its sort says if it says nothing itself.
    fn about(&self, schema: &'s Value) -> String {
        let own = one_line(&schema["description"]);
        if own.is_empty() { one_line(&self.resolve(schema)["description"]) } else { own }
    }

    /// What sort of value a schema wants.
    pub fn sort(&self, schema: &'s Value) -> String {
        if let Some(name) = definition_name(schema) {
            return self.sort_of_definition(name);
        }
        let choices = choices(schema);
        if !choices.is_empty() {
            let words: Vec<String> = choices.iter().map(|choice| self.sort(choice)).collect();
            return join(&words);
        }
        if let Some(value) = schema.get("const") {
            return format!("`{value}`");
        }
        if let Some(values) = schema["enum"].as_array() {
            let words: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
            return join(&words);
        }
        match type_name(schema) {
            "array" => self.sort_of_list(schema),
            "object" => self.sort_of_object(schema),
            "integer" => "whole number".to_owned(),
            "boolean" => "`true` or `false`".to_owned(),
            "string" => "text".to_owned(),
            "" => "anything".to_owned(),
            other => other.to_owned(),
        }
    }

    fn sort_of_definition(&self, name: &str) -> String {
        let words = definition_words(name);
        match self.heading {
            Some(heading) => format!("[{words}](#{})", anchor(&heading(name))),
            None => self.words_of(&self.root["$defs"][name]).unwrap_or(words),
        }
    }

    /// The words of which a definition wants one; none if it is not of that sort.
    fn words_of(&self, definition: &'s Value) -> Option<String> {
        let choices = choices(definition);
        let words = choices.iter().map(|choice| choice["const"].as_str().map(str::to_owned));
        let words: Vec<String> = words.collect::<Option<Vec<String>>>()?;
        (!words.is_empty()).then(|| join(&words))
    }

    fn sort_of_list(&self, schema: &'s Value) -> String {
        if let Some(items) = schema["prefixItems"].as_array() {
            let words: Vec<String> = items.iter().map(|item| self.sort(item)).collect();
            let alike = words.windows(2).all(|pair| pair[0] == pair[1]);
            return match words.as_slice() {
                [one, _] if alike => format!("list of two: {one}"),
                many => format!("list: {}", many.join(", ")),
            };
        }
        let item = self.sort(&schema["items"]);
        let (least, most) = (schema["minItems"].as_u64(), schema["maxItems"].as_u64());
        match (least, most) {
            (Some(2), Some(2)) => format!("list of two: {item}"),
            _ => format!("list of {item}"),
        }
    }

    fn sort_of_object(&self, schema: &'s Value) -> String {
        let properties = schema["properties"].as_object();
        let inner = properties.and_then(|fields| fields.iter().find(|(key, _)| *key != "$comment"));
        match (inner, schema["required"].as_array().map(Vec::as_slice)) {
            (Some((key, inner)), Some([only])) if only == key => {
                format!("`{{\"{key}\": ..}}` with {}", self.sort(inner))
            }
            _ if schema["additionalProperties"].is_object() => {
                format!("object from name to {}", self.sort(&schema["additionalProperties"]))
            }
            _ => "object".to_owned(),
        }
    }

    /// Every definition that a schema needs, itself and what that needs included.
    pub fn needed(&self, schema: &Value, found: &mut BTreeSet<String>) {
        match schema {
            Value::Object(words) => {
                if let Some(name) = definition_name(schema)
                    && found.insert(name.to_owned())
                {
                    self.needed(&self.root["$defs"][name], found);
                }
                words.values().for_each(|inner| self.needed(inner, found));
            }
            Value::Array(items) => items.iter().for_each(|inner| self.needed(inner, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// The name of the definition that a schema refers to.
pub fn definition_name(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/")
}

/// The alternatives of a schema. That a field may be `null` is left out: absence says the same.
pub fn choices(schema: &Value) -> Vec<&Value> {
    let list = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array);
    list.into_iter().flatten().filter(|one| one["type"] != "null").collect()
}

fn type_name(schema: &Value) -> &str {
    match &schema["type"] {
        Value::Array(types) => {
            types.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or("")
        }
        one => one.as_str().unwrap_or(""),
    }
}

/// A default that says more than that there is nothing.
fn is_worth_saying(default: &Value) -> bool {
    !default.is_null() && *default != serde_json::json!({}) && *default != serde_json::json!([])
}

/// `CrashLoss` as a person would say it: "crash loss".
pub fn definition_words(name: &str) -> String {
    if let Some((_, words)) = NAMES.iter().find(|(known, _)| *known == name) {
        return (*words).to_owned();
    }
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

/// The anchor that a heading of these words gets.
pub fn anchor(words: &str) -> String {
    let kept = words.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

/// A description in one line, without the brackets of links between docs.
pub fn one_line(description: &Value) -> String {
    let text = description.as_str().unwrap_or_default();
    let line = text.split_whitespace().collect::<Vec<&str>>().join(" ");
    line.replace("[`", "`").replace("`]", "`")
}

/// "a, b or c".
fn join(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
