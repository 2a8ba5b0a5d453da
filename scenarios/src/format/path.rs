//! Where something is inside a JSON document: `faults[0].partition.groups`.

use std::fmt;

use serde_json::Value;

/// One step into a JSON value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Segment {
    /// Into an object, by key.
    Key(String),
    /// Into a list, by index from 0.
    Index(usize),
}

/// Where something is inside a JSON document. The empty path is the document itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path(pub Vec<Segment>);

/// Deeper than any scenario; keeps a hostile `--set` from building a tower of objects.
const SEGMENTS_MAX: usize = 64;

impl Path {
    /// The document itself.
    #[must_use]
    pub fn root() -> Path {
        Path::default()
    }

    /// The path one key further in.
    #[must_use]
    pub fn key(&self, key: impl Into<String>) -> Path {
        let mut segments = self.0.clone();
        segments.push(Segment::Key(key.into()));
        Path(segments)
    }

    /// The path one list entry further in.
    #[must_use]
    pub fn index(&self, index: usize) -> Path {
        let mut segments = self.0.clone();
        segments.push(Segment::Index(index));
        Path(segments)
    }

    /// The path that holds this one; the root holds itself.
    #[must_use]
    pub fn parent(&self) -> Path {
        let kept = self.0.len().saturating_sub(1);
        Path(self.0[..kept].to_vec())
    }

    /// This path and then another one.
    #[must_use]
    pub fn join(&self, inner: &Path) -> Path {
        Path(self.0.iter().chain(&inner.0).cloned().collect())
    }

    /// Whether this is the other path or holds it.
    #[must_use]
    pub fn holds(&self, other: &Path) -> bool {
        other.0.starts_with(&self.0)
    }

    /// The last key of the path, list indexes aside.
    #[must_use]
    pub fn last_key(&self) -> Option<&str> {
        self.0.iter().rev().find_map(|segment| match segment {
            Segment::Key(key) => Some(key.as_str()),
            Segment::Index(_) => None,
        })
    }

    /// The value at this path.
    #[must_use]
    pub fn find<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(value, |value, segment| match segment {
            Segment::Key(key) => value.as_object()?.get(key),
            Segment::Index(index) => value.as_array()?.get(*index),
        })
    }

    /// The value at this path, to be changed.
    pub(super) fn find_mut<'a>(&self, value: &'a mut Value) -> Option<&'a mut Value> {
        self.0.iter().try_fold(value, |value, segment| match segment {
            Segment::Key(key) => value.as_object_mut()?.get_mut(key),
            Segment::Index(index) => value.as_array_mut()?.get_mut(*index),
        })
    }

    /// The longest beginning of this path that exists in a value.
    #[must_use]
    pub fn existing(&self, value: &Value) -> Path {
        let mut length = self.0.len();
        while length > 0 && Path(self.0[..length].to_vec()).find(value).is_none() {
            length -= 1;
        }
        Path(self.0[..length].to_vec())
    }

    /// Reads `faults[0].partition.groups`; a key with dots or brackets in it is written `["a.b"]`.
    ///
    /// # Errors
    /// A sentence that says why the text is no path.
    pub fn parse(text: &str) -> Result<Path, String> {
        let mut segments = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (segment, after) = parse_segment(rest, segments.is_empty())
                .ok_or_else(|| format!("`{text}` is no path: write `faults[0].crash.at`"))?;
            segments.push(segment);
            if segments.len() > SEGMENTS_MAX {
                return Err(format!("a path has at most {SEGMENTS_MAX} parts"));
            }
            rest = after;
        }
        if segments.is_empty() {
            return Err("the path is empty: write `faults[0].crash.at`".to_owned());
        }
        Ok(Path(segments))
    }
}

/// Reads one segment; `None` if there is none.
fn parse_segment(text: &str, first: bool) -> Option<(Segment, &str)> {
    if let Some(inside) = text.strip_prefix("[\"") {
        // A JSON string: let its own reader find the end, whatever is escaped in it.
        let mut strings = serde_json::Deserializer::from_str(&text[1..]).into_iter::<String>();
        let key = strings.next()?.ok()?;
        let after = inside.get(strings.byte_offset().checked_sub(1)?..)?.strip_prefix(']')?;
        return Some((Segment::Key(key), after));
    }
    if let Some(inside) = text.strip_prefix('[') {
        let (digits, after) = inside.split_once(']')?;
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        let index = digits.parse().ok().filter(|_| plain)?;
        return Some((Segment::Index(index), after));
    }
    let text = if first { text } else { text.strip_prefix('.')? };
    let end = text.find(['.', '[', ']', '"']).unwrap_or(text.len());
    let (key, after) = text.split_at(end);
    let fine = !key.is_empty() && !after.starts_with([']', '"']);
    fine.then(|| (Segment::Key(key.to_owned()), after))
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(formatter, "[{index}]")?,
                Segment::Key(key) if key.is_empty() || key.contains(['.', '[', ']', '"']) => {
                    write!(formatter, "[{}]", Value::from(key.as_str()))?;
                }
                Segment::Key(key) if position == 0 => formatter.write_str(key)?,
                Segment::Key(key) => write!(formatter, ".{key}")?,
            }
        }
        Ok(())
    }
}
