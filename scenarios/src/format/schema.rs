//! The JSON schema of scenario files, for editors: from the types and their doc comments.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::spec::Scenario;
use super::study::Study;

/// The JSON schema of scenario files.
///
/// Beyond what the types say it allows `$comment` in every object, and lets a file that `extends`
/// another leave out what the other gives.
#[must_use]
pub fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Scenario>().to_value();
    allow_comments(&mut schema);
    let required = schema.as_object_mut().and_then(|schema| schema.remove("required"));
    if let (Some(required), Some(schema)) = (required, schema.as_object_mut()) {
        schema.insert(
            "anyOf".to_owned(),
            json!([{ "required": ["extends"] }, { "required": required }]),
        );
    }
    schema
}

/// The schema as it is committed: indented, with a newline at its end.
#[must_use]
pub fn schema_text() -> String {
    // `Value` prints without fail, and its keys are sorted.
    format!("{:#}\n", schema())
}

/// The JSON schema of study files, as it is committed.
#[must_use]
pub fn study_schema_text() -> String {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Study>().to_value();
    allow_comments(&mut schema);
    format!("{schema:#}\n")
}

/// Every object that names its properties and forbids others also takes a comment.
fn allow_comments(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            let is_closed = fields.get("additionalProperties") == Some(&Value::Bool(false));
            let properties = fields.get_mut("properties").and_then(Value::as_object_mut);
            if let (true, Some(properties)) = (is_closed, properties) {
                properties.insert("$comment".to_owned(), json!({}));
            }
            fields.values_mut().for_each(allow_comments);
        }
        Value::Array(items) => items.iter_mut().for_each(allow_comments),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
