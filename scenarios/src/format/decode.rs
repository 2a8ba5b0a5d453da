//! From JSON values to types, with the place of every mistake and as many mistakes as are cheap to
//! find.
//!
//! Serde stops at the first mistake. So after one is noted it is taken out of a copy of the value
//! (an unknown key is renamed to what it was meant for, or dropped; a wrong entry is replaced by a
//! harmless one) and the copy is read again.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use serde_path_to_error::Segment as TrackedSegment;

use super::later;
use super::names::{list_names, suggest};
use super::path::{Path, Segment};
use super::strict::Strict;

/// Something that is wrong at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub path: Path,
    /// Whether the key at the path is wrong, rather than its value.
    pub in_key: bool,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problem {
    /// A wrong value.
    pub fn value(path: &Path, message: impl Into<String>) -> Problem {
        Problem { path: path.clone(), in_key: false, message: message.into(), help: None }
    }

    /// A wrong key.
    pub fn key(path: &Path, message: impl Into<String>) -> Problem {
        Problem { in_key: true, ..Problem::value(path, message) }
    }

    /// The same with help.
    #[must_use]
    pub fn help(mut self, help: impl Into<Option<String>>) -> Problem {
        self.help = help.into();
        self
    }
}

/// How a value that cannot be read is replaced so that the rest can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recovery {
    /// A scenario: its top-level fields and their entries are known.
    Scenario,
    /// Anything else: only unknown keys can be taken out.
    Keys,
}

/// More mistakes than these in one file are more than a person reads.
const PROBLEMS_MAX: usize = 20;

/// What stands for an entry of a top-level list that cannot be read.
fn harmless_entry(list: &str) -> Option<Value> {
    Some(match list {
        "faults" => json!({ "heal": {} }),
        "script" => json!({ "wait": "0" }),
        "hosts" => json!({ "select": "n1" }),
        "workloads" => json!({ "none": null }),
        "checks" => json!("none"),
        "measures" => json!({ "name": "none" }),
        _ => return None,
    })
}

/// What stands for a required field that cannot be read or is missing.
fn harmless_field(field: &str) -> Option<Value> {
    Some(match field {
        "format_version" | "nodes" => json!(1),
        "name" | "protocol" => json!("none"),
        _ => return None,
    })
}

/// Reads a value, and finds several mistakes if it cannot.
pub(super) fn decode<T: DeserializeOwned>(
    value: &Value,
    recovery: Recovery,
) -> Result<T, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut renames: Vec<(Path, String)> = Vec::new();
    let mut rest = value.clone();
    loop {
        let found = match decode_once::<T>(&rest, recovery) {
            Ok(decoded) if problems.is_empty() => return Ok(decoded),
            Ok(_) => break,
            Err(found) => *found,
        };
        let recovered = take_out(&mut rest, &found, recovery, &mut renames);
        let problem =
            Problem { path: original_path(&found.problem.path, &renames), ..found.problem };
        let repeated = problems.iter().any(|known: &Problem| known.path == problem.path);
        if !repeated {
            problems.push(problem);
        }
        if repeated || !recovered || problems.len() >= PROBLEMS_MAX {
            break;
        }
    }
    Err(problems)
}

/// A mistake, and what is known for taking it out.
struct FoundProblem {
    problem: Problem,
    /// For an unknown key that was meant for another one: that one.
    meant: Option<String>,
    /// For a missing field of the whole: its name.
    missing: Option<String>,
}

/// Undoes renames in a path, the innermost last made first.
fn original_path(path: &Path, renames: &[(Path, String)]) -> Path {
    let mut path = path.clone();
    for (renamed, original) in renames.iter().rev() {
        if renamed.holds(&path) {
            path.0[renamed.0.len() - 1] = Segment::Key(original.clone());
        }
    }
    path
}

/// Takes a mistake out of the value; false if it cannot be.
fn take_out(
    value: &mut Value,
    found: &FoundProblem,
    recovery: Recovery,
    renames: &mut Vec<(Path, String)>,
) -> bool {
    let path = &found.problem.path;
    if let (true, Some(Segment::Key(key))) = (found.problem.in_key, path.0.last()) {
        let parent = path.parent();
        let object = parent.find_mut(value).and_then(Value::as_object_mut);
        let Some(object) = object else { return false };
        let Some(inner) = object.remove(key) else {
            return false;
        };
        let meant = found.meant.as_ref();
        if let Some(meant) = meant.filter(|meant| !object.contains_key(*meant)) {
            object.insert(meant.clone(), inner);
            renames.push((parent.key(meant), key.clone()));
            return true;
        }
        // An object that must have one key would now have none: go on with its entry.
        if !object.is_empty() || recovery == Recovery::Keys {
            return true;
        }
    }
    if recovery == Recovery::Keys {
        return false;
    }
    let Some(whole) = value.as_object_mut() else {
        return false;
    };
    if let (true, Some(field)) = (path.0.is_empty(), &found.missing) {
        return harmless_field(field).is_some_and(|harmless| {
            whole.insert(field.clone(), harmless);
            true
        });
    }
    match path.0.as_slice() {
        [Segment::Key(list), Segment::Index(index), ..] => {
            let entry = whole.get_mut(list).and_then(|list| list.get_mut(*index));
            match (entry, harmless_entry(list)) {
                (Some(entry), Some(harmless)) => *entry = harmless,
                (_, _) => return replace_field(whole, list),
            }
            true
        }
        [Segment::Key(field), ..] => replace_field(whole, field),
        _ => false,
    }
}

fn replace_field(whole: &mut Map<String, Value>, field: &str) -> bool {
    let removed = whole.remove(field).is_some();
    if let Some(harmless) = harmless_field(field) {
        whole.insert(field.to_owned(), harmless);
    }
    removed
}

fn decode_once<T: DeserializeOwned>(
    value: &Value,
    recovery: Recovery,
) -> Result<T, Box<FoundProblem>> {
    serde_path_to_error::deserialize(Strict(value)).map_err(|error| {
        let segments = error.path().iter().map_while(|segment| match segment {
            TrackedSegment::Seq { index } => Some(Segment::Index(*index)),
            TrackedSegment::Map { key } => Some(Segment::Key(key.clone())),
            TrackedSegment::Enum { variant } => Some(Segment::Key(variant.clone())),
            TrackedSegment::Unknown => None,
        });
        let path = Path(segments.collect()).existing(value);
        Box::new(describe(&error.into_inner().to_string(), path, value, recovery))
    })
}

/// What is wrong with a value that somebody else has read: serde's sentence about it, or theirs.
pub(super) fn explain(text: &str, path: &Path, value: &Value) -> Problem {
    describe(text, path.existing(value), value, Recovery::Keys).problem
}

/// Turns serde's sentence into ours, and its path into that of the wrong thing itself.
fn describe(text: &str, path: Path, value: &Value, recovery: Recovery) -> FoundProblem {
    let is_scenario = recovery == Recovery::Scenario;
    if let Some((word, valid)) = parse_unknown(text, "unknown field `") {
        return describe_unknown_key("key", &word, &valid, (path, value), is_scenario);
    }
    if let Some((word, valid)) = parse_unknown(text, "unknown variant `") {
        // The word is either the one key of an object, or a string.
        let holds_key = |path: &Path| {
            path.find(value).and_then(Value::as_object).is_some_and(|map| map.contains_key(&word))
        };
        if holds_key(&path) || holds_key(&path.parent()) {
            return describe_unknown_key(
                sort_of_name(&path),
                &word,
                &valid,
                (path, value),
                is_scenario,
            );
        }
        let later = is_scenario && later::is_later(&path, &word);
        let message = if later { later::message(&word) } else { format!("unknown name `{word}`") };
        let help = if later { None } else { suggest(&word, valid.iter().map(String::as_str)) };
        return plain(Problem::value(&path, message).help(help));
    }
    if let Some(field) = text.strip_prefix("missing field `").and_then(|t| t.strip_suffix('`')) {
        let problem = Problem::value(&path, format!("`{field}` is missing"));
        return FoundProblem { missing: Some(field.to_owned()), ..plain(problem) };
    }
    if text.contains("is an object with exactly one key") {
        let names = path.find(value).and_then(Value::as_object);
        let names: Vec<&str> = names.into_iter().flat_map(Map::keys).map(String::as_str).collect();
        let help = (names.len() > 1).then(|| {
            format!(
                "it has {}: make each an entry of its own, or put one into the other",
                list_names(&names)
            )
        });
        return plain(Problem::value(&path, text).help(help));
    }
    let found_and_expected = ["invalid type: ", "invalid value: ", "invalid length "]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix))
        .and_then(|rest| rest.rsplit_once(", expected "));
    match found_and_expected {
        Some((found, expected)) if text.starts_with("invalid length") => {
            plain(Problem::value(&path, format!("expected {}, found {found}", plainly(expected))))
        }
        Some((found, expected)) => plain(Problem::value(
            &path,
            format!("expected {}, found {}", plainly(expected), plainly(found)),
        )),
        None => {
            let (message, help) = split_hint(text);
            plain(Problem::value(&path, message).help(help))
        }
    }
}

fn plain(problem: Problem) -> FoundProblem {
    FoundProblem { problem, meant: None, missing: None }
}

/// What the one key of an object at a path names; the path may end in that key.
fn sort_of_name(path: &Path) -> &'static str {
    let keys = path.0.iter().rev().filter_map(|segment| match segment {
        Segment::Key(key) => Some(key.as_str()),
        Segment::Index(_) => None,
    });
    // The word itself is no key of the format, so it falls through.
    let known = |key: &str| match key {
        "faults" => Some("fault"),
        "steps" | "else" | "script" => Some("step"),
        "when" => Some("condition"),
        "latency" | "by" => Some("form of latency"),
        "mean" | "p50" | "p99" | "max" => Some("bound"),
        _ => None,
    };
    keys.take(2).find_map(known).unwrap_or("name")
}

/// An unknown key: the path may or may not end in it already.
fn describe_unknown_key(
    what: &str,
    word: &str,
    valid: &[String],
    (path, value): (Path, &Value),
    is_scenario: bool,
) -> FoundProblem {
    let ends_in_it = matches!(path.0.last(), Some(Segment::Key(key)) if key == word);
    let parent = if ends_in_it { path.parent() } else { path };
    let path = parent.key(word);
    if is_scenario && later::is_later(&parent, word) {
        return plain(Problem::key(&path, later::message(word)));
    }
    let valid: Vec<&str> = valid.iter().map(String::as_str).collect();
    // Placement in time is where other tools' habits differ most from ours.
    let of_every = ["from", "until", "times", "period"].contains(&word) && valid.contains(&"every");
    if is_scenario && of_every {
        let help =
            format!("write it inside `every`: {{\"every\": {{\"period\": .., \"{word}\": ..}}}}");
        return plain(Problem::key(&path, format!("unknown {what} `{word}`")).help(help));
    }
    // A key that is there already is not the one that was meant.
    let present = parent.find(value).and_then(Value::as_object);
    let is_absent = |name: &&str| present.is_none_or(|present| !present.contains_key(*name));
    let absent = valid.iter().copied().filter(is_absent);
    let meant = super::names::nearest(word, absent).map(str::to_owned);
    let help = match (&meant, valid.as_slice()) {
        (Some(meant), _) => Some(format!("did you mean `{meant}`?")),
        (None, []) => Some("nothing is expected here".to_owned()),
        (None, valid) => suggest(word, valid.iter().copied()),
    };
    let problem = Problem::key(&path, format!("unknown {what} `{word}`")).help(help);
    FoundProblem { meant, ..plain(problem) }
}

/// Takes "unknown field `x`, expected one of `a`, `b`" apart.
fn parse_unknown(text: &str, prefix: &str) -> Option<(String, Vec<String>)> {
    let rest = text.strip_prefix(prefix)?;
    // The word is the user's and may hold anything; what is expected is ours and holds no comma
    // trick.
    if let Some((word, valid)) = rest.rsplit_once("`, expected ") {
        let valid = valid.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        return Some((word.to_owned(), valid));
    }
    let (word, _) = rest.rsplit_once("`, there are no ")?;
    Some((word.to_owned(), Vec::new()))
}

/// Says in plain words what serde calls by the names of types.
fn plainly(text: &str) -> String {
    let fixed = match text {
        "a map" | "map" => "an object",
        "a sequence" | "sequence" => "a list",
        "null" | "unit" | "unit value" => "null",
        "a boolean" => "true or false",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number",
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        "a tuple of size 2" => "a list of two",
        "string or map" => "a name or an object",
        _ => "",
    };
    if !fixed.is_empty() {
        return fixed.to_owned();
    }
    if text.starts_with("struct ") || text.starts_with("variant ") {
        return "an object".to_owned();
    }
    for (serde_name, ours) in [
        ("integer ", "the number "),
        ("floating point ", "the number "),
        ("boolean ", ""),
        ("string ", "the text "),
    ] {
        if let Some(rest) = text.strip_prefix(serde_name) {
            return format!("{ours}{}", rest.trim_matches('`'));
        }
    }
    text.to_owned()
}

/// Our own sentences end in what to write instead, after a colon or a semicolon: that becomes the
/// help.
fn split_hint(text: &str) -> (String, Option<String>) {
    for (separator, keep) in [(": write ", "write "), ("; did you mean ", "did you mean ")] {
        if let Some((message, hint)) = text.split_once(separator) {
            return (message.to_owned(), Some(format!("{keep}{hint}")));
        }
    }
    (text.to_owned(), None)
}
