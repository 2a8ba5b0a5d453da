//! A scenario as a text with one entry a line, and which line each entry has.

use std::collections::BTreeMap;

use seedbed_scenarios::format::Path;
use serde_json::Value;

/// The text, and the lines (from 1) by path.
pub struct Text {
    pub text: String,
    lines: BTreeMap<Path, usize>,
}

impl Text {
    pub fn new(value: &Value) -> Text {
        let mut written = Text { text: String::new(), lines: BTreeMap::new() };
        written.write(value, &Path::root(), 0);
        written.text.push('\n');
        written
    }

    /// The line on which an entry stands: that of its key, if it has one.
    pub fn line(&self, path: &Path) -> usize {
        *self.lines.get(path).unwrap_or_else(|| panic!("no `{path}` in\n{}", self.text))
    }

    fn write(&mut self, value: &Value, path: &Path, depth: usize) {
        let line = self.text.matches('\n').count() + 1;
        self.lines.insert(path.clone(), line);
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                let entries = fields.iter().map(|(key, value)| {
                    (path.key(key), format!("{}: ", Value::from(key.as_str())), value)
                });
                self.write_entries(entries.collect(), ('{', '}'), depth);
            }
            Value::Array(items) if !items.is_empty() => {
                let items = items.iter().enumerate();
                let entries = items.map(|(at, item)| (path.index(at), String::new(), item));
                self.write_entries(entries.collect(), ('[', ']'), depth);
            }
            plain => self.text.push_str(&plain.to_string()),
        }
    }

    fn write_entries(
        &mut self,
        entries: Vec<(Path, String, &Value)>,
        (open, close): (char, char),
        depth: usize,
    ) {
        self.text.push(open);
        let count = entries.len();
        for (at, (path, key, value)) in entries.into_iter().enumerate() {
            self.text.push('\n');
            self.text.push_str(&"  ".repeat(depth + 1));
            self.text.push_str(&key);
            self.write(value, &path, depth + 1);
            if at + 1 < count {
                self.text.push(',');
            }
        }
        self.text.push('\n');
        self.text.push_str(&"  ".repeat(depth));
        self.text.push(close);
    }
}
