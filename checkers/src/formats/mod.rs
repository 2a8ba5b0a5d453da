//! Histories from anywhere, read as one.
//!
//! Everybody who tests distributed systems writes down the same thing (who asked what, when, and
//! how it ended) in a form of their own. This module reads several:
//!
//! | format | is | module |
//! |---|---|---|
//! | `json-lines` | ours, one typed record a line | [`crate::json_lines`] |
//! | `jepsen-edn` | Jepsen's `history.edn`: operation maps | [`jepsen`] |
//! | `jepsen-json` | the same maps in JSON | [`jepsen`] |
//! | `jepsen-log` | the lines that Jepsen logs: `INFO  jepsen.util - 0 ...` | [`log_lines`] |
//! | `cases` | one JSON object with operations and their intervals | [`cases`] |
//!
//! The histories of porcupine's tests (`{:process 0, :type :ok, :f :get, :key "0", ...}`) are
//! operation maps too, with a key beside the value.
//!
//! Reading has three stages. A *reader* turns text into [`untyped::Event`]s with lines;
//! [`untyped::Untyped::pair`] joins invocations with their ends; [`typed`] gives them the meaning
//! of a model. Only `json-lines` has types from the start and goes straight to the end.
//!
//! Errors name the line, what was found there and what was expected. No input makes a reader
//! panic; the depth of nesting is bounded.
//!
//! **What happens first.** The records of these files are in the order in which things happened.
//! Their times are used where they never go back: equal times are concurrent. Where times are
//! missing, all alike, or go back, the order of the records decides, as it does for Jepsen's own
//! checkers.

use std::fmt;
use std::str::FromStr;

use serde_json::Value as Json;

use crate::history::HistoryError;

pub mod cases;
pub mod edn;
pub mod jepsen;
pub mod log_lines;
pub mod typed;
pub mod untyped;

use untyped::Untyped;

/// How a history is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// Our own: see [`crate::json_lines`].
    JsonLines,
    /// Operation maps in EDN.
    JepsenEdn,
    /// Operation maps in JSON.
    JepsenJson,
    /// Lines of Jepsen's log.
    JepsenLog,
    /// Operations with intervals in one JSON object.
    Cases,
}

impl Format {
    /// All formats, the most common first.
    pub const ALL: [Format; 5] = [
        Format::JsonLines,
        Format::JepsenEdn,
        Format::JepsenJson,
        Format::JepsenLog,
        Format::Cases,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::JsonLines => "json-lines",
            Format::JepsenEdn => "jepsen-edn",
            Format::JepsenJson => "jepsen-json",
            Format::JepsenLog => "jepsen-log",
            Format::Cases => "cases",
        }
    }

    /// A line about it.
    pub fn about(self) -> &'static str {
        match self {
            Format::JsonLines => "one record a line, as `seedbed run --history` writes them",
            Format::JepsenEdn => {
                "operation maps in EDN, as in Jepsen's history.edn and in porcupine's test data"
            }
            Format::JepsenJson => "the same operation maps in JSON: one a line, or an array",
            Format::JepsenLog => "lines of Jepsen's log: INFO  jepsen.util - 0 :invoke :read nil",
            Format::Cases => "one JSON object, or an array of them, of operations with intervals",
        }
    }

    /// Looks at the beginning of a text; `None` if it looks like nothing known.
    pub fn detect(text: &str) -> Option<Format> {
        let text = text.trim_start_matches('\u{feff}').trim_start();
        let first = text.chars().next()?;
        match first {
            'I' if text.starts_with("INFO") => Some(Format::JepsenLog),
            ';' | '#' | '(' => Some(Format::JepsenEdn),
            '{' | '[' => {
                let inside = text.trim_start_matches(['[', '{']).trim_start();
                let inside = inside.trim_start_matches(['[', '{']).trim_start();
                if inside.starts_with('"') {
                    Some(detect_json(text))
                } else {
                    Some(Format::JepsenEdn)
                }
            }
            _ => text.lines().next()?.contains("jepsen.util -").then_some(Format::JepsenLog),
        }
    }
}

/// Tells three formats of JSON apart by the keys in their first lines.
fn detect_json(text: &str) -> Format {
    let mut head = text;
    if let Some((end, _)) = text.char_indices().nth(4096) {
        head = &text[..end];
    }
    let has = |key: &str| {
        head.match_indices(key).any(|(at, _)| head[at + key.len()..].trim_start().starts_with(':'))
    };
    if has("\"time_ns\"") {
        Format::JsonLines
    } else if has("\"txns\"") || has("\"ops\"") {
        Format::Cases
    } else {
        Format::JepsenJson
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Format, String> {
        let found = Format::ALL.into_iter().find(|format| format.name() == name);
        found.ok_or_else(|| {
            let names: Vec<&str> = Format::ALL.into_iter().map(Format::name).collect();
            format!("there is no format `{name}`: there are {}", names.join(", "))
        })
    }
}

/// One history of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// What the file calls it, where it has several.
    pub name: Option<String>,
    /// How it was written down.
    pub format: Format,
    /// What its operations are about, where the file says so.
    pub workload: Option<String>,
    /// What the reader had to decide, in sentences.
    pub notes: Vec<String>,
    /// What is known of it.
    pub content: Content,
}

/// What is known of a history before a model gives it types.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Our own format: types come with the text.
    JsonLines(String),
    /// Calls without a meaning.
    Calls(Untyped),
}

impl Source {
    /// The names of the operations in it, each once, in the order in which they appear.
    pub fn operation_names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let mut add = |name: &str| {
            if names.iter().all(|known| known != name) {
                names.push(name.to_owned());
            }
        };
        match &self.content {
            Content::Calls(untyped) => untyped.calls.iter().for_each(|call| add(&call.f)),
            Content::JsonLines(text) => {
                for line in text.lines() {
                    let record: Json = serde_json::from_str(line).unwrap_or_default();
                    match record.get("op") {
                        Some(Json::String(name)) => add(name),
                        Some(Json::Object(members)) => members.keys().for_each(|name| add(name)),
                        Some(Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_))
                        | None => {}
                    }
                }
            }
        }
        names
    }
}

/// Reads all histories of a text, which is in `format` if that is given.
///
/// # Errors
/// If the format is unknown, or the text is not in it.
pub fn read(text: &str, format: Option<Format>) -> Result<Vec<Source>, HistoryError> {
    let text = text.trim_start_matches('\u{feff}');
    let format = match format.or_else(|| Format::detect(text)) {
        Some(format) => format,
        None if text.trim().is_empty() => Format::JsonLines,
        None => {
            let names: Vec<&str> = Format::ALL.into_iter().map(Format::name).collect();
            let first = text.trim_start().lines().next().unwrap_or_default();
            let first: String = first.chars().take(40).collect();
            return Err(HistoryError::new(format!(
                "this looks like no history: it begins with `{first}`; known formats are {}",
                names.join(", ")
            )));
        }
    };
    let calls = match format {
        Format::JsonLines => {
            let content = Content::JsonLines(text.to_owned());
            return Ok(vec![Source {
                name: None,
                format,
                workload: None,
                notes: Vec::new(),
                content,
            }]);
        }
        Format::Cases => {
            let cases = cases::cases_of(text)?.into_iter();
            let sources = cases.map(|case| source(case.name, format, case.workload, case.history));
            return Ok(sources.collect());
        }
        Format::JepsenEdn => jepsen::events_of_edn(text)?,
        Format::JepsenJson => jepsen::events_of_json(text)?,
        Format::JepsenLog => log_lines::events_of(text)?,
    };
    Ok(vec![source(None, format, None, Untyped::pair(calls)?)])
}

fn source(
    name: Option<String>,
    format: Format,
    workload: Option<String>,
    mut untyped: Untyped,
) -> Source {
    let notes = std::mem::take(&mut untyped.notes);
    Source { name, format, workload, notes, content: Content::Calls(untyped) }
}
