//! A scenario file as JSON: with what it extends, what the command line sets, and where each part
//! is from.

use std::collections::BTreeMap;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use miette::NamedSource;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::decode::{Problem, Recovery, decode, explain};
use super::error::{Error, ErrorKind, Errors, Place};
use super::extends::{Files, read_with_bases};
use super::path::{Path, Segment};
use super::position::{Spans, offset_of};
use super::set::Setting;
use super::spec::Scenario;

/// One file that was read.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file, as it was named (or found, for a base).
    pub path: PathBuf,
    text: Arc<NamedSource<String>>,
    spans: Spans,
}

/// A scenario file as JSON: `extends` merged, comments taken out, `--set` applied.
#[derive(Clone, Debug)]
pub struct Document {
    /// The file itself first, then the bases.
    sources: Vec<Source>,
    value: Value,
    /// Which source each top-level field is from.
    origins: BTreeMap<String, usize>,
    settings: Vec<Setting>,
}

/// A file's JSON object together with where it stands; what `extends` merges.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) source: Source,
    pub(super) fields: Map<String, Value>,
}

impl Source {
    /// The text of the file.
    #[must_use]
    pub fn text(&self) -> &str {
        self.text.inner()
    }

    /// The place of a path, or of the nearest thing around it.
    pub(super) fn place(&self, path: &Path, in_key: bool) -> Place {
        let found = self.spans.find(path);
        let span = match found.key {
            Some(key) if in_key || found.is_container => key,
            // Of a long value, only its bracket.
            Some(_) | None if found.is_container => found.value.start..found.value.start + 1,
            Some(_) | None => found.value,
        };
        Place { source: Arc::clone(&self.text), span }
    }
}

/// Reads a text as JSON and as nothing more: an object without a key twice, comments taken out.
pub(super) fn parse(path: &FilePath, bytes: &[u8]) -> Result<Parsed, Errors> {
    let name = path.display().to_string();
    // Editors on some systems put a byte order mark in front, which JSON forbids and nobody sees.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = String::from_utf8_lossy(bytes).into_owned();
    let source = Arc::new(NamedSource::new(name, text));
    let text = source.inner();
    let syntax_error = |offset: usize, message: String| {
        let letter = text.get(offset..).and_then(|rest| rest.chars().next());
        let span = offset..offset + letter.map_or(0, char::len_utf8);
        let place = Place { source: Arc::clone(&source), span };
        Error::new(ErrorKind::Syntax, Path::root(), message).at(place)
    };
    if let Err(error) = std::str::from_utf8(bytes) {
        return Err(syntax_error(error.valid_up_to(), "this is not UTF-8".to_owned()).into());
    }
    let value: Value = serde_json::from_str(text).map_err(|error| {
        let offset = offset_of(text, error.line(), error.column());
        let message = error.to_string();
        let position = format!(" at line {} column {}", error.line(), error.column());
        let message = message.strip_suffix(&position).unwrap_or(&message);
        let help = if text.trim().is_empty() {
            Some("the file is empty".to_owned())
        } else {
            syntax_help(message)
        };
        Errors::from(syntax_error(offset, format!("this is not JSON: {message}")).help(help))
    })?;
    let spans = Spans::scan(text).ok_or_else(|| {
        Errors::from(syntax_error(0, "the places in this file cannot be read".to_owned()))
    })?;
    let source = Source { path: path.to_owned(), text: Arc::clone(&source), spans };
    let duplicates = source.spans.duplicate_keys().into_iter().map(|duplicate| {
        let (line, column) = super::position::line_and_column(source.text(), duplicate.first.start);
        let message = "this key stands twice in one object".to_owned();
        let place = Place { source: Arc::clone(&source.text), span: duplicate.second };
        Error::new(ErrorKind::Syntax, duplicate.path, message)
            .at(place)
            .help(Some(format!("the first is at line {line}, column {column}: keep one")))
    });
    if let Some(errors) = Errors::collect(duplicates.collect()) {
        return Err(errors);
    }
    match strip_comments(value) {
        Value::Object(fields) => Ok(Parsed { source, fields }),
        _ => {
            let place = source.place(&Path::root(), false);
            let message = "a scenario is a JSON object";
            Err(Error::new(ErrorKind::Shape, Path::root(), message).at(place).into())
        }
    }
}

fn syntax_help(message: &str) -> Option<String> {
    let help = match message {
        "EOF while parsing a value"
        | "EOF while parsing an object"
        | "EOF while parsing a list"
        | "EOF while parsing a string" => {
            "the text ends too early: a quote or bracket is not closed"
        }
        "trailing comma" => "JSON has no comma after the last entry",
        "expected `,` or `}`" | "expected `,` or `]`" => "a comma may be missing before this",
        "key must be a string" => "keys stand in double quotes; comments are `\"$comment\"` keys",
        _ => return None,
    };
    Some(help.to_owned())
}

/// Drops every `$comment`.
fn strip_comments(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(key, _)| key != "$comment")
            .map(|(key, value)| (key, strip_comments(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(strip_comments).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

impl Document {
    /// Reads a file, what it extends, and applies `path=value` settings.
    ///
    /// # Errors
    /// What keeps it from being one JSON object.
    pub fn read(
        files: &dyn Files,
        path: &FilePath,
        settings: &[String],
    ) -> Result<Document, Errors> {
        let bytes = files.read(path).map_err(|error| {
            let message = format!("cannot read `{}`: {error}", path.display());
            Errors::from(Error::new(ErrorKind::Io, Path::root(), message))
        })?;
        Document::from_bytes(files, path, &bytes, settings)
    }

    /// The same for a text that is at hand; `path` names it, and `extends` is relative to it.
    ///
    /// # Errors
    /// What keeps it from being one JSON object.
    pub fn from_bytes(
        files: &dyn Files,
        path: &FilePath,
        bytes: &[u8],
        settings: &[String],
    ) -> Result<Document, Errors> {
        let merged = read_with_bases(files, path, bytes)?;
        let mut document = Document {
            sources: merged.sources,
            value: Value::Object(merged.fields),
            origins: merged.origins,
            settings: Vec::new(),
        };
        let mut errors = Vec::new();
        for text in settings {
            match Setting::parse(text).and_then(|setting| {
                setting.apply(&mut document.value)?;
                Ok(setting)
            }) {
                Ok(setting) => document.settings.push(setting),
                Err(error) => errors.push(error),
            }
        }
        match Errors::collect(errors) {
            Some(errors) => Err(errors),
            None => Ok(document),
        }
    }

    /// The JSON as merged and set.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The files that it was read from: the file itself, then the bases.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Reads the JSON as a scenario. Names in it are not resolved: that is for validation.
    ///
    /// # Errors
    /// Unknown and missing keys and values of a wrong sort, several at once.
    pub fn decode(&self) -> Result<Scenario, Errors> {
        decode(&self.value, Recovery::Scenario).map_err(|problems| {
            let located = problems.into_iter().map(|p| self.locate(ErrorKind::Shape, p));
            // There is always one: decoding failed.
            Errors::collect(located.collect()).unwrap_or_else(|| {
                Error::new(ErrorKind::Shape, Path::root(), "this is no scenario").into()
            })
        })
    }

    /// Reads raw options that are part of this document as a type, with the places of mistakes.
    /// `null` (nothing given) is read as an empty object.
    ///
    /// # Errors
    /// Unknown and missing keys and values of a wrong sort.
    pub fn decode_at<T: DeserializeOwned>(
        &self,
        path: &Path,
        value: &Value,
    ) -> Result<T, Vec<Error>> {
        let nothing = Value::Object(Map::new());
        let value = if value.is_null() { &nothing } else { value };
        decode(value, Recovery::Keys).map_err(|problems| {
            let outward = |problem: Problem| Problem { path: path.join(&problem.path), ..problem };
            problems
                .into_iter()
                .map(|problem| self.locate(ErrorKind::Shape, outward(problem)))
                .collect()
        })
    }

    /// An error at a path of this document: in the file that the path is from, or on the command
    /// line.
    #[must_use]
    pub fn locate(&self, kind: ErrorKind, problem: Problem) -> Error {
        // The path may lead past what is written: a single name stands for a list of one.
        let path = problem.path.existing(&self.value);
        let setting = self.settings.iter().rev().find(|setting| setting.path.holds(&path));
        if let Some(setting) = setting {
            let message = format!("{} (from `--set {}`)", problem.message, setting.text);
            return Error::new(ErrorKind::CommandLine, path, message).help(problem.help);
        }
        let top = match path.0.first() {
            Some(Segment::Key(key)) => self.origins.get(key).copied(),
            Some(Segment::Index(_)) | None => None,
        };
        let error = Error::new(kind, path.clone(), problem.message).help(problem.help);
        match self.sources.get(top.unwrap_or(0)) {
            Some(source) => error.at(source.place(&path, problem.in_key)),
            None => error,
        }
    }

    /// An error in raw options that stand at a path, from who has read them: with what they say is
    /// wrong, and where inside (empty for the whole).
    #[must_use]
    pub fn error_in_options(
        &self,
        path: &Path,
        options: &Value,
        inside: &str,
        message: &str,
    ) -> Error {
        let inside = Path::parse(inside).unwrap_or_default();
        let problem = explain(message, &inside, options);
        let path = path.join(&problem.path);
        self.locate(ErrorKind::Meaning, Problem { path, ..problem })
    }

    /// An error at a path, in the words of who checks raw options.
    #[must_use]
    pub fn error(&self, path: &Path, message: impl Into<String>, help: Option<String>) -> Error {
        self.locate(ErrorKind::Meaning, Problem::value(path, message).help(help))
    }
}

/// Reads raw options of a document as a type: see [`Document::decode_at`].
///
/// # Errors
/// Unknown and missing keys and values of a wrong sort, with their places.
pub fn decode_params<P: DeserializeOwned>(
    document: &Document,
    path: &Path,
    value: &Value,
) -> Result<P, Vec<Error>> {
    document.decode_at(path, value)
}
