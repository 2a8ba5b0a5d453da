//! What belongs to a service rather than to a protocol: workloads, final operations, history
//! checkers, and how a script speaks of its operations.

use std::fmt;

use seedbed_checkers::{HistoryError, Verdict};
use seedbed_sim::{ClientConfig, NodeId, Record, Service, Target, Workload};
use serde_json::Value;

use crate::history::checkable;

/// A service that the laboratory can load and judge.
pub trait Tested: Service + Sized {
    /// One line about it.
    const ABOUT: &'static str;

    /// The workloads by the name that scenario files use.
    fn workloads() -> Vec<WorkloadKind<Self>> {
        Vec::new()
    }

    /// The operations that every client repeats after heal until each is `ok`.
    fn finals(members: &[NodeId]) -> Vec<(Self::Op, Target)> {
        let _ = members;
        Vec::new()
    }

    /// The history checkers by the name that `checks` uses.
    fn checks() -> Vec<CheckKind<Self>> {
        Vec::new()
    }

    /// The history as JSON Lines, for `run --history`. A service whose history is judged by a
    /// model of `seedbed judge` writes that model's operations, so that the file can be judged.
    ///
    /// # Errors
    /// If an operation or an answer has no JSON form.
    fn history_text(records: &[HistoryRecord<Self>]) -> Result<String, HistoryError> {
        checkable::<Self>(records).to_json_lines()
    }

    /// An operation as a script writes it (`"submit": {"op": 20}`).
    fn parse_op(value: &Value) -> Result<Self::Op, OptionsError> {
        let _ = value;
        Err(OptionsError::new("", format!("the service `{}` takes no operations", Self::NAME)))
    }

    /// For a service that agrees on a sequence: the index at which an item was committed, counted
    /// from 1, and its operation as [`Tested::parse_op`] reads it.
    fn committed(item: &Self::Item) -> Option<(u64, Value)> {
        let _ = item;
        None
    }
}

impl Tested for () {
    const ABOUT: &'static str = "no clients";
}

/// A workload that scenario files can name.
pub struct WorkloadKind<S: Service> {
    /// Its name in scenario files.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// The JSON schema of its options.
    pub schema: fn() -> schemars::Schema,
    /// Reads its options.
    pub build: fn(&Value) -> Result<WorkloadPlan<S>, OptionsError>,
}

/// A group of clients that run the same program.
pub struct WorkloadPlan<S: Service> {
    /// How many clients.
    pub clients: u32,
    /// Their settings.
    pub config: ClientConfig,
    /// Makes the program of the client of this number (counted over all workloads).
    pub program: Box<dyn Fn(u32) -> Box<dyn Workload<S>>>,
}

/// A history checker that scenario files can name.
pub struct CheckKind<S: Service> {
    /// Its name in scenario files.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// Judges a history.
    pub judge: fn(&[HistoryRecord<S>]) -> Verdict,
}

/// One line of a service's history.
pub type HistoryRecord<S> = Record<<S as Service>::Op, <S as Service>::Ret>;

/// Options that a workload cannot take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionsError {
    /// Where in the options: `keys` or `sizes[2]`; empty for the whole.
    pub path: String,
    /// What is wrong, and what was expected.
    pub message: String,
}

impl OptionsError {
    /// An error at a path within the options.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        OptionsError { path: path.into(), message: message.into() }
    }
}

impl fmt::Display for OptionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.path, self.message)
        }
    }
}

impl std::error::Error for OptionsError {}

impl<S: Service> fmt::Debug for WorkloadKind<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkloadKind").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<S: Service> fmt::Debug for WorkloadPlan<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkloadPlan").field("clients", &self.clients).finish_non_exhaustive()
    }
}

impl<S: Service> fmt::Debug for CheckKind<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckKind").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Reads the options of a workload, with the path of what is wrong.
pub fn parse_options<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, OptionsError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { String::new() } else { path };
        OptionsError::new(path, error.into_inner().to_string())
    })
}
