//! Where every value of a JSON text is: a second reading that keeps places instead of values.
//!
//! It runs only over text that `serde_json` has accepted, so it checks nothing; over any other text
//! it yields some tree or none, and never panics.

use std::ops::Range;

use super::path::{Path, Segment};

/// A value's place, and those of what is in it.
#[derive(Clone, Debug)]
pub struct Spans {
    /// The bytes of the value.
    pub value: Range<usize>,
    inside: Inside,
}

#[derive(Clone, Debug)]
enum Inside {
    Nothing,
    Object(Vec<Member>),
    List(Vec<Spans>),
}

#[derive(Clone, Debug)]
struct Member {
    name: String,
    key: Range<usize>,
    spans: Spans,
}

/// A key that one object has twice.
#[derive(Clone, Debug)]
pub struct DuplicateKey {
    /// The path of the key.
    pub path: Path,
    /// The bytes of the first.
    pub first: Range<usize>,
    /// The bytes of the second.
    pub second: Range<usize>,
}

/// The places of one path.
#[derive(Clone, Debug)]
pub struct Found {
    /// The bytes of the key, if the path ends in one.
    pub key: Option<Range<usize>>,
    /// The bytes of the value.
    pub value: Range<usize>,
    /// Whether the value is an object or a list, which may run over many lines.
    pub is_container: bool,
}

impl Spans {
    /// Reads the places of a JSON text.
    #[must_use]
    pub fn scan(text: &str) -> Option<Spans> {
        Scanner { text, bytes: text.as_bytes(), at: 0 }.value()
    }

    /// Finds the longest beginning of a path that is here.
    #[must_use]
    pub fn find(&self, path: &Path) -> Found {
        let mut spans = self;
        let mut key = None;
        for segment in &path.0 {
            match (segment, &spans.inside) {
                (Segment::Key(name), Inside::Object(members)) => {
                    // The last of two members of one name is the one that counts.
                    let Some(member) = members.iter().rev().find(|m| m.name == *name) else {
                        break;
                    };
                    key = Some(member.key.clone());
                    spans = &member.spans;
                }
                (Segment::Index(index), Inside::List(items)) => {
                    let Some(item) = items.get(*index) else { break };
                    key = None;
                    spans = item;
                }
                (Segment::Key(_) | Segment::Index(_), _) => break,
            }
        }
        let is_container = !matches!(spans.inside, Inside::Nothing);
        Found { key, value: spans.value.clone(), is_container }
    }

    /// Every key that an object has twice.
    #[must_use]
    pub fn duplicate_keys(&self) -> Vec<DuplicateKey> {
        let mut found = Vec::new();
        self.collect_duplicates(&Path::root(), &mut found);
        found
    }

    fn collect_duplicates(&self, path: &Path, found: &mut Vec<DuplicateKey>) {
        match &self.inside {
            Inside::Nothing => {}
            Inside::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.collect_duplicates(&path.index(index), found);
                }
            }
            Inside::Object(members) => {
                let mut seen = std::collections::BTreeMap::new();
                for member in members {
                    let inner = path.key(&member.name);
                    // Comments say nothing, so two of them do not contradict each other.
                    let first = seen.insert(&member.name, &member.key);
                    if let Some(first) = first.filter(|_| member.name != "$comment") {
                        found.push(DuplicateKey {
                            path: inner.clone(),
                            first: first.clone(),
                            second: member.key.clone(),
                        });
                    }
                    member.spans.collect_duplicates(&inner, found);
                }
            }
        }
    }
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Option<Spans> {
        self.skip_blanks();
        let start = self.at;
        let inside = match self.peek()? {
            b'{' => Inside::Object(self.object()?),
            b'[' => Inside::List(self.list()?),
            b'"' => {
                self.string()?;
                Inside::Nothing
            }
            _ => {
                let ends = |byte: u8| byte.is_ascii_whitespace() || b",]}:".contains(&byte);
                while self.peek().is_some_and(|byte| !ends(byte)) {
                    self.at += 1;
                }
                Inside::Nothing
            }
        };
        Some(Spans { value: start..self.at, inside })
    }

    fn object(&mut self) -> Option<Vec<Member>> {
        let mut members = Vec::new();
        self.at += 1;
        loop {
            self.skip_blanks();
            match self.peek()? {
                b'}' => break,
                b',' => self.at += 1,
                b'"' => {
                    let key = self.string()?;
                    self.skip_blanks();
                    if self.peek()? != b':' {
                        return None;
                    }
                    self.at += 1;
                    let spans = self.value()?;
                    members.push(Member { name: self.decode(&key), key, spans });
                }
                _ => return None,
            }
        }
        self.at += 1;
        Some(members)
    }

    fn list(&mut self) -> Option<Vec<Spans>> {
        let mut items = Vec::new();
        self.at += 1;
        loop {
            self.skip_blanks();
            match self.peek()? {
                b']' => break,
                b',' => self.at += 1,
                b'}' | b':' => return None,
                _ => items.push(self.value()?),
            }
        }
        self.at += 1;
        Some(items)
    }

    /// Passes a string, quotes included.
    fn string(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(start..self.at)
    }

    fn decode(&self, string: &Range<usize>) -> String {
        let raw = self.text.get(string.clone()).unwrap_or_default();
        serde_json::from_str(raw).unwrap_or_else(|_| raw.to_owned())
    }
}

/// Line and column of a byte, both from 1; columns count characters.
#[must_use]
pub fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// The byte of a line and a column that counts bytes, both from 1, as `serde_json` reports them.
#[must_use]
pub fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let line_start: usize =
        text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let mut offset = (line_start + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}
