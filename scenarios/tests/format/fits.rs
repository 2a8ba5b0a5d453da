//! Whether a value fits a schema: the few words of JSON schemas that ours uses.

use serde_json::Value;

/// Whether a value fits a schema, as far as the words go that our schema uses.
pub fn fits(value: &Value, schema: &Value, root: &Value) -> bool {
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
