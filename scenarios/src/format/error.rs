//! What is wrong with a scenario, and where: for people (through `miette`) and for programs.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};
use serde::Serialize;

use super::path::Path;
use super::position::line_and_column;

/// One thing that is wrong with a scenario.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", self.headline())]
pub struct Error {
    kind: ErrorKind,
    place: Option<Place>,
    path: Path,
    message: String,
    help: Option<String>,
}

/// Everything that was found wrong, in the order of the file. Never empty.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", self.headline())]
pub struct Errors(Vec<Error>);

/// At which stage something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// A file cannot be read.
    Io,
    /// A text is not JSON.
    Syntax,
    /// A key is unknown or missing, or a value is of the wrong sort.
    Shape,
    /// Everything is of the right sort, and does not fit together.
    Meaning,
    /// A path or a value given on the command line (`--set`) is wrong.
    CommandLine,
}

/// Where in which file.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) source: Arc<NamedSource<String>>,
    pub(super) span: Range<usize>,
}

/// An error as plain data, for `--format json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorReport {
    /// At which stage something is wrong.
    pub kind: ErrorKind,
    /// The file, as it was named; none for the command line.
    pub file: Option<String>,
    /// The path inside it: `faults[0].partition.groups`; empty for the whole.
    pub path: String,
    /// The line, from 1.
    pub line: Option<usize>,
    /// The column, from 1, in characters.
    pub column: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Error {
    pub(super) fn new(kind: ErrorKind, path: Path, message: impl Into<String>) -> Error {
        Error { kind, place: None, path, message: printable(&message.into()), help: None }
    }

    pub(super) fn at(mut self, place: Place) -> Error {
        self.place = Some(place.printable());
        self
    }

    pub(super) fn help(mut self, help: Option<String>) -> Error {
        self.help = help.as_deref().map(printable);
        self
    }

    /// At which stage something is wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the command line is at fault rather than a file.
    #[must_use]
    pub fn is_command_line(&self) -> bool {
        self.kind == ErrorKind::CommandLine
    }

    /// The path inside the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is wrong, without the place.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The error as plain data.
    #[must_use]
    pub fn report(&self) -> ErrorReport {
        let place = self.place.as_ref();
        let position = place.map(|place| line_and_column(place.source.inner(), place.span.start));
        ErrorReport {
            kind: self.kind,
            file: place.map(|place| place.source.name().to_owned()),
            path: self.path.to_string(),
            line: position.map(|(line, _)| line),
            column: position.map(|(_, column)| column),
            message: self.message.clone(),
            help: self.help.clone(),
        }
    }

    fn headline(&self) -> String {
        if self.path.0.is_empty() {
            self.message.clone()
        } else {
            format!("{}: {}", self.path, self.message)
        }
    }

    fn order(&self) -> (Option<&str>, usize) {
        let place = self.place.as_ref();
        (place.map(|place| place.source.name()), place.map_or(0, |place| place.span.start))
    }
}

impl Place {
    /// The same place in a text that a terminal can be shown.
    fn printable(self) -> Place {
        let text = self.source.inner();
        if !text.chars().any(is_unprintable) {
            return self;
        }
        let source = NamedSource::new(self.source.name(), printable(text));
        Place { source: Arc::new(source), span: self.span }
    }
}

/// What a terminal might obey rather than show.
fn is_unprintable(letter: char) -> bool {
    letter.is_control() && !matches!(letter, '\n' | '\r' | '\t')
}

/// A text without control characters; everything stays at its byte.
fn printable(text: &str) -> String {
    let shown = |letter: char| match (is_unprintable(letter), letter.len_utf8()) {
        (false, _) => letter,
        (true, 1) => '?',
        (true, _) => '\u{b7}',
    };
    text.chars().map(shown).collect()
}

impl Errors {
    /// Puts errors in the order of the file, each once; `None` if there are none.
    pub(crate) fn collect(mut errors: Vec<Error>) -> Option<Errors> {
        errors.sort_by(|one, other| one.order().cmp(&other.order()));
        errors.dedup_by(|one, other| one.report() == other.report());
        if errors.is_empty() { None } else { Some(Errors(errors)) }
    }

    /// The errors, in the order of the file.
    #[must_use]
    pub fn list(&self) -> &[Error] {
        &self.0
    }

    /// The errors themselves.
    #[must_use]
    pub fn into_list(self) -> Vec<Error> {
        self.0
    }

    /// Whether the command line is at fault, and no file is: exit code 2 rather than 3.
    #[must_use]
    pub fn is_command_line(&self) -> bool {
        self.0.iter().all(Error::is_command_line)
    }

    /// The same errors of a file that is right without these settings.
    pub(super) fn of_settings(mut self, settings: &[String]) -> Errors {
        let named: Vec<String> = settings.iter().map(|text| format!("`--set {text}`")).collect();
        let help = printable(&format!("without {} this file is right", named.join(", ")));
        for error in self.0.iter_mut().filter(|error| !error.is_command_line()) {
            error.kind = ErrorKind::CommandLine;
            error.help.get_or_insert_with(|| help.clone());
        }
        self
    }

    /// The errors as plain data.
    #[must_use]
    pub fn reports(&self) -> Vec<ErrorReport> {
        self.0.iter().map(Error::report).collect()
    }

    fn headline(&self) -> String {
        match self.0.as_slice() {
            [one] => one.headline(),
            many => format!("{} things are wrong", many.len()),
        }
    }
}

impl From<Error> for Errors {
    fn from(error: Error) -> Errors {
        Errors(vec![error])
    }
}

impl fmt::Display for ErrorReport {
    /// One line for the error, and one for the help.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(formatter, "{file}:")?;
        }
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(formatter, "{line}:{column}:")?;
        }
        if self.file.is_some() {
            formatter.write_str(" ")?;
        }
        if !self.path.is_empty() {
            write!(formatter, "{}: ", self.path)?;
        }
        formatter.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(formatter, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl Diagnostic for Error {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(match self.kind {
            ErrorKind::Io => "scenario::file",
            ErrorKind::Syntax => "scenario::syntax",
            ErrorKind::Shape => "scenario::shape",
            ErrorKind::Meaning => "scenario::meaning",
            ErrorKind::CommandLine => "command_line",
        }))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display + 'a>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.place.as_ref().map(|place| &place.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let place = self.place.as_ref()?;
        let label = LabeledSpan::new_with_span(None, place.span.clone());
        Some(Box::new(std::iter::once(label)))
    }
}

impl Diagnostic for Errors {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.0.iter().map(|error| error as &dyn Diagnostic)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_shown_no_control_characters_and_places_stay() {
        let text = "\u{1b}[31m\u{9b}1m\n\t\u{7}b";
        let shown = printable(text);
        assert_eq!(shown, "?[31m\u{b7}1m\n\t?b");
        assert_eq!(shown.find('b'), text.find('b'));
        let source = Arc::new(NamedSource::new("a.json", text.to_owned()));
        let error = Error::new(ErrorKind::Syntax, Path::root(), "no \u{1b}[2J")
            .at(Place { source, span: 0..1 });
        assert_eq!(error.message(), "no ?[2J");
        assert_eq!(error.place.unwrap().source.inner(), &shown);
    }
}
