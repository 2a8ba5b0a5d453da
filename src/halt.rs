//! Why a command could not do its work.

use std::io;
use std::path::Path;

use miette::{GraphicalReportHandler, GraphicalTheme, Report};
use seedbed_reports::results::ReadError;
use seedbed_scenarios::failure::FailureError;
use seedbed_scenarios::format::Errors;
use seedbed_scenarios::sweep::{StoreError, SweepError};
use serde_json::{Value, json};

use crate::console::{Console, Format};
use crate::exit_codes::Exit;

/// Why a command could not do its work; each kind has its exit code.
#[derive(Debug)]
pub enum Halt {
    /// The command line does not make sense.
    CommandLine(String),
    /// Scenario files are wrong, with places.
    Scenarios(Vec<Errors>),
    /// Another file is wrong.
    BadFile(String),
    /// Nothing to run.
    NothingToRun(String),
    /// Something that is nobody's fault.
    Internal(String),
}

impl Halt {
    /// Says so on stderr.
    pub fn report(self, console: &Console) -> Exit {
        let exit = self.exit();
        match (&self, console.format) {
            (_, Format::Json) => console.complain(&format!("{}\n", self.to_json())),
            (Halt::Scenarios(all), Format::Human) => {
                for errors in all {
                    console.complain(&render(errors, console.colour_stderr));
                }
            }
            (
                Halt::CommandLine(message)
                | Halt::BadFile(message)
                | Halt::NothingToRun(message)
                | Halt::Internal(message),
                Format::Human,
            ) => console.complain(&format!("error: {message}\n")),
        }
        exit
    }

    fn exit(&self) -> Exit {
        match self {
            Halt::CommandLine(_) => Exit::CommandLine,
            Halt::Scenarios(all) if all.iter().all(Errors::is_command_line) => Exit::CommandLine,
            Halt::Scenarios(_) | Halt::BadFile(_) => Exit::BadFile,
            Halt::NothingToRun(_) => Exit::NothingRan,
            Halt::Internal(_) => Exit::Internal,
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Halt::Scenarios(all) => json!({ "errors": error_list(all) }),
            Halt::CommandLine(message)
            | Halt::BadFile(message)
            | Halt::NothingToRun(message)
            | Halt::Internal(message) => json!({ "errors": [{ "message": message }] }),
        }
    }

    /// A failure file that cannot be used.
    pub fn failure_file(path: &Path, error: &FailureError) -> Halt {
        Halt::BadFile(format!("{}: {error}", path.display()))
    }
}

/// All errors as plain data.
pub fn error_list(all: &[Errors]) -> Vec<Value> {
    let reports = all.iter().flat_map(Errors::reports);
    reports.map(|report| json!(report)).collect()
}

/// Every error of one file, with the lines that it is about.
pub fn render(errors: &Errors, colour: bool) -> String {
    let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(100).with_links(false);
    let mut text = String::new();
    for error in errors.list() {
        let report = Report::new(error.clone());
        if handler.render_report(&mut text, report.as_ref()).is_err() {
            text.push_str(&error.report().to_string());
        }
        text.push('\n');
    }
    text
}

/// Whether somebody named a file that is not there, which is no fault of ours.
fn is_missing(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Halt {
        let message = error.to_string();
        match error {
            StoreError::Io { error, .. } if is_missing(&error) => Halt::BadFile(message),
            StoreError::Io { .. } => Halt::Internal(message),
            StoreError::HasResults(_) | StoreError::Differs { .. } => Halt::CommandLine(message),
            StoreError::Damaged { .. } => Halt::BadFile(message),
        }
    }
}

impl From<ReadError> for Halt {
    fn from(error: ReadError) -> Halt {
        let message = error.to_string();
        match error {
            ReadError::Io { error, .. } if is_missing(&error) => Halt::BadFile(message),
            ReadError::Io { .. } => Halt::Internal(message),
            ReadError::Damaged { .. } | ReadError::NoResults(_) | ReadError::Unfinished(_) => {
                Halt::BadFile(message)
            }
            ReadError::Twice(..) => Halt::CommandLine(message),
        }
    }
}

impl From<SweepError> for Halt {
    fn from(error: SweepError) -> Halt {
        match error {
            SweepError::Store(error) => error.into(),
            SweepError::Io(error) => Halt::Internal(error.to_string()),
        }
    }
}
