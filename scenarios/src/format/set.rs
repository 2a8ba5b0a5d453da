//! `--set path=value`: a field of the scenario given on the command line.

use serde_json::{Map, Value};

use super::error::{Error, ErrorKind};
use super::path::{Path, Segment};

/// One `path=value`.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// What is set.
    pub path: Path,
    /// To what.
    pub value: Value,
    /// As it was given.
    pub text: String,
}

impl Setting {
    /// Reads `network.loss=2%`. The value is JSON if it parses as such, else a string.
    ///
    /// # Errors
    /// Why the text is none, as an error of the command line.
    pub fn parse(text: &str) -> Result<Setting, Error> {
        let Some((path, value)) = split_at_equals(text) else {
            let message = format!("`--set {text}` has no `=`");
            let error = Error::new(ErrorKind::CommandLine, Path::root(), message);
            return Err(error.help(Some("write `--set network.loss=2%`".to_owned())));
        };
        let path = Path::parse(path.trim()).map_err(|why| {
            Error::new(ErrorKind::CommandLine, Path::root(), format!("in `--set {text}`: {why}"))
        })?;
        let value = value.trim();
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        Ok(Setting { path, value, text: text.to_owned() })
    }

    /// Puts the value in. Objects on the way that are not there are made; lists are not.
    ///
    /// # Errors
    /// Why there is no such place, as an error of the command line.
    pub(super) fn apply(&self, whole: &mut Value) -> Result<(), Error> {
        let (last, way) = self.path.0.split_last().ok_or_else(|| self.wrong(0, "is empty"))?;
        if *last == Segment::Key("extends".to_owned()) && way.is_empty() {
            return Err(self.wrong(1, "cannot be set: it is merged before"));
        }
        let mut target = whole;
        for (depth, segment) in way.iter().enumerate() {
            target = self.step(target, segment, depth)?;
        }
        *self.step(target, last, way.len())? = self.value.clone();
        Ok(())
    }

    fn step<'a>(
        &self,
        target: &'a mut Value,
        segment: &Segment,
        depth: usize,
    ) -> Result<&'a mut Value, Error> {
        match segment {
            Segment::Key(key) => {
                if target.is_null() {
                    *target = Value::Object(Map::new());
                }
                let object = target.as_object_mut();
                let object = object.ok_or_else(|| self.wrong(depth, "is no object"))?;
                Ok(object.entry(key.clone()).or_insert(Value::Null))
            }
            Segment::Index(index) => {
                let list = target.as_array_mut();
                let list = list.ok_or_else(|| self.wrong(depth, "is no list"))?;
                let count = list.len();
                list.get_mut(*index)
                    .ok_or_else(|| self.wrong(depth, &format!("has {count} entries, from [0]")))
            }
        }
    }

    fn wrong(&self, depth: usize, why: &str) -> Error {
        let place = Path(self.path.0[..depth].to_vec());
        let name = if depth == 0 { "the scenario".to_owned() } else { format!("`{place}`") };
        let message = format!("in `--set {}`: {name} {why}", self.text);
        Error::new(ErrorKind::CommandLine, place, message)
    }
}

/// Splits at the first `=` that is outside of `["..."]`.
fn split_at_equals(text: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    let mut escaped = false;
    for (offset, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '=' if !quoted => return Some((&text[..offset], &text[offset + 1..])),
            _ => {}
        }
    }
    None
}
