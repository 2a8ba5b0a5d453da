//! JSON as a person would lay it out: what fits on a line is on one line, and keys stay in the order
//! in which they were written.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// No line is longer than this, if it can be broken.
const COLUMNS_MAX: usize = 96;

/// JSON whose keys keep their order.
enum Json {
    Plain(Value),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// Lays out a JSON text. A text that is no JSON is returned as it is.
#[must_use]
pub fn pretty(text: &str) -> String {
    match serde_json::from_str::<Json>(text) {
        Ok(json) => {
            let mut out = String::new();
            json.write(0, 0, &mut out);
            out
        }
        Err(_) => text.to_owned(),
    }
}

impl Json {
    /// On one line, with spaces inside braces.
    fn line(&self) -> String {
        match self {
            Json::Plain(value) => value.to_string(),
            Json::List(items) => {
                let items: Vec<String> = items.iter().map(Json::line).collect();
                format!("[{}]", items.join(", "))
            }
            Json::Object(fields) if fields.is_empty() => "{}".to_owned(),
            Json::Object(fields) => {
                let fields =
                    fields.iter().map(|(key, value)| format!("\"{key}\": {}", value.line()));
                format!("{{ {} }}", fields.collect::<Vec<String>>().join(", "))
            }
        }
    }

    /// Over as many lines as it takes; `taken` columns of the first are taken already.
    fn write(&self, depth: usize, taken: usize, out: &mut String) {
        let line = self.line();
        if depth > 0 && taken + line.len() <= COLUMNS_MAX {
            out.push_str(&line);
            return;
        }
        let (open, close, entries): (char, char, Vec<(String, &Json)>) = match self {
            Json::Plain(_) => return out.push_str(&line),
            Json::List(items) => {
                ('[', ']', items.iter().map(|item| (String::new(), item)).collect())
            }
            Json::Object(fields) => {
                let fields = fields.iter().map(|(key, value)| (format!("\"{key}\": "), value));
                ('{', '}', fields.collect())
            }
        };
        let indent = "  ".repeat(depth + 1);
        out.push(open);
        for (at, (key, value)) in entries.iter().enumerate() {
            out.push_str(if at == 0 { "\n" } else { ",\n" });
            out.push_str(&indent);
            out.push_str(key);
            value.write(depth + 1, indent.len() + key.len() + 1, out);
        }
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
        out.push(close);
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct JsonVisitor;
        impl<'de> Visitor<'de> for JsonVisitor {
            type Value = Json;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("JSON")
            }
            fn visit_unit<E: de::Error>(self) -> Result<Json, E> {
                Ok(Json::Plain(Value::Null))
            }
            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Json, E> {
                Ok(Json::Plain(value.into()))
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Json, E> {
                Ok(Json::Plain(value.into()))
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Json, E> {
                Ok(Json::Plain(value.into()))
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Json, E> {
                Ok(Json::Plain(value.into()))
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Json, E> {
                Ok(Json::Plain(value.into()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(Json::List(items))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Json::Object(fields))
            }
        }
        deserializer.deserialize_any(JsonVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_on_one_line_and_keys_keep_their_order() {
        let short = r#"{"z":1,"a":[true,null,"x"]}"#;
        assert_eq!(pretty(short), "{\n  \"z\": 1,\n  \"a\": [true, null, \"x\"]\n}");
        let long = format!(r#"{{"list":["{0}","{0}"]}}"#, "x".repeat(60));
        assert_eq!(pretty(&long).lines().count(), 6);
        assert_eq!(pretty("no json"), "no json");
    }
}
