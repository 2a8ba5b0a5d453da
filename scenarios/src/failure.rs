//! Failure files: one JSON object that holds everything needed to fail the same way again.
//!
//! A seed alone does not: it means something else as soon as the scenario changes. So the scenario
//! stands in the file, with what the run did (its digest, checkpoints on the way and the last
//! events) and with which program did it.

use std::collections::BTreeMap;
use std::path::Path;

use seedbed_sim::rng::STREAM_LAYOUT;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::canonical::{self, hex};
use crate::run::{Recording, RunOutput, signature};
use crate::sweep::Unit;

/// The version of the file's layout that this build writes and reads.
pub const FAILURE_VERSION: u32 = 1;
/// How many checkpoints a file holds at most.
pub const CHECKPOINTS_MAX: usize = 256;
/// Of how many last events a file holds every digest.
pub const TAIL_MAX: usize = 4096;

/// Which program made a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// The version of seedbed.
    pub version: String,
    /// The commit that it was built from; `unknown` outside of a repository.
    pub commit: String,
    /// The version of the layout of random streams.
    pub stream_layout: u32,
    /// A hash of the executable file, 16 hex digits.
    pub executable: String,
}

impl Build {
    /// The running program. `version` and `commit` are those of the binary.
    ///
    /// # Errors
    /// Why the executable file cannot be read.
    pub fn current(version: &str, commit: &str) -> std::io::Result<Build> {
        let executable = canonical::hash_file(&std::env::current_exe()?)?;
        Ok(Build {
            version: version.to_owned(),
            commit: commit.to_owned(),
            stream_layout: STREAM_LAYOUT,
            executable: hex(executable),
        })
    }
}

/// A run that violated a property, with everything needed to see it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// [`FAILURE_VERSION`].
    pub format_version: u32,
    /// The scenario, with what it extends and what the command line set.
    pub scenario: Value,
    /// The protocol that ran: a scenario may name several.
    pub protocol: String,
    /// The seed.
    #[serde(with = "crate::run::seed")]
    pub seed: u64,
    /// The values of `--set` and `--vary`, which the scenario already holds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub point: BTreeMap<String, Value>,
    /// The property that was violated.
    pub property: String,
    /// One sentence about it.
    pub message: String,
    /// In which event, from 1.
    pub event: u64,
    /// When, in virtual nanoseconds.
    pub virtual_time_ns: u64,
    /// What failures of one cause most likely share: the property, and a hash of what led there.
    pub signature: String,
    /// The digest when the run stopped.
    pub digest: String,
    /// Digests on the way: `[event, digest]`.
    pub checkpoints: Vec<(u64, String)>,
    /// The digests of the last events, the last one last.
    pub tail: Vec<String>,
    /// The files that the run read, beside the scenario, with their hashes.
    pub inputs: BTreeMap<String, String>,
    /// The program that made the run.
    pub build: Build,
}

/// A failure and what the terminal says about it.
#[derive(Clone, Debug)]
pub struct Study {
    /// What the file holds.
    pub failure: Failure,
    /// How many events the whole run had.
    pub events: u64,
    /// The host in the middle of it.
    pub host: Option<String>,
    /// The faults that were active when it stopped.
    pub faults_active: Vec<String>,
}

impl Study {
    /// Describes a failing run that was made with a full trace.
    #[must_use]
    pub fn of(unit: &Unit, seed: u64, output: &RunOutput, build: &Build) -> Study {
        let record = &output.record;
        let property = record.property.clone().unwrap_or_default();
        let nothing = Recording::default();
        let recording = output.recording.as_ref().unwrap_or(&nothing);
        let at = output.violation.as_ref();
        let failure = Failure {
            format_version: FAILURE_VERSION,
            scenario: (*unit.json).clone(),
            protocol: unit.protocol.clone(),
            seed,
            point: unit.point.clone(),
            signature: format!("{property}/{}", signature(&property, recording)),
            property,
            message: record.message.clone().unwrap_or_default(),
            event: at.map_or(record.events, |at| at.event),
            virtual_time_ns: at.map_or(record.virtual_time_ns, |at| at.time_ns),
            digest: record.digest.clone(),
            checkpoints: checkpoints(&recording.digests),
            tail: tail(&recording.digests),
            inputs: BTreeMap::new(),
            build: build.clone(),
        };
        Study {
            failure,
            events: record.events,
            host: at.and_then(|at| at.host.clone()),
            faults_active: output.faults_active.clone(),
        }
    }
}

/// Evenly spread, and always the last event: from it the tail is numbered.
fn checkpoints(digests: &[u64]) -> Vec<(u64, String)> {
    let stride = digests.len().div_ceil(CHECKPOINTS_MAX).max(1) as u64;
    let last = digests.len() as u64;
    let numbered = (1_u64..).zip(digests);
    let kept = numbered.filter(|(event, _)| (last - event).is_multiple_of(stride));
    kept.map(|(event, digest)| (event, hex(*digest))).collect()
}

fn tail(digests: &[u64]) -> Vec<String> {
    let start = digests.len().saturating_sub(TAIL_MAX);
    digests[start..].iter().map(|digest| hex(*digest)).collect()
}

/// Why a failure file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FailureError {
    /// The file cannot be read.
    #[error("cannot read the failure file: {0}")]
    Unreadable(String),
    /// The text stops in the middle.
    #[error("line {line}, column {column}: the failure file is cut off: it ends in the middle")]
    Truncated {
        /// The last line.
        line: usize,
        /// Its last column.
        column: usize,
    },
    /// The text is not JSON.
    #[error("line {line}, column {column}: this is no JSON: {problem}")]
    NotJson {
        /// Where.
        line: usize,
        /// Where in the line.
        column: usize,
        /// Why.
        problem: String,
    },
    /// The file is of another version of the layout.
    #[error(
        "this failure file has format_version {found}; this seedbed reads {FAILURE_VERSION}: \
         replay it with the seedbed that wrote it"
    )]
    Version {
        /// What stands in the file.
        found: String,
    },
    /// Somebody changed the file, or it was damaged.
    #[error(
        "the checksum does not match: the file says {stated}, its content has {actual}; \
         it was edited or damaged"
    )]
    Checksum {
        /// What stands in the file.
        stated: String,
        /// What it should be.
        actual: String,
    },
    /// A field is missing, unknown or of the wrong sort.
    #[error("{path}: {problem}")]
    Shape {
        /// Which field.
        path: String,
        /// What is wrong.
        problem: String,
    },
    /// A file that the run reads is not what it was.
    #[error("inputs.{path}: {problem}")]
    Input {
        /// Which file.
        path: String,
        /// What is wrong.
        problem: String,
    },
}

impl Failure {
    /// The digests that the file knows, by event.
    ///
    /// # Errors
    /// Which entry is no digest.
    pub fn known_digests(&self) -> Result<BTreeMap<u64, u64>, FailureError> {
        let mut known = BTreeMap::new();
        for (index, (event, digest)) in self.checkpoints.iter().enumerate() {
            known.insert(*event, read_digest(digest, || format!("checkpoints[{index}][1]"))?);
        }
        let last = self.checkpoints.last().map_or(0, |(event, _)| *event);
        let before_tail = last.checked_sub(self.tail.len() as u64).ok_or_else(|| {
            let problem =
                format!("holds {} digests, but the run had {last} events", self.tail.len());
            FailureError::Shape { path: "tail".to_owned(), problem }
        })?;
        for (index, (event, digest)) in (before_tail + 1..).zip(&self.tail).enumerate() {
            known.insert(event, read_digest(digest, || format!("tail[{index}]"))?);
        }
        Ok(known)
    }

    /// The file's text: one field a line, so that people and diffs can read it.
    ///
    /// # Panics
    /// Never: every field has a JSON form.
    #[must_use]
    pub fn to_text(&self) -> String {
        let value = serde_json::to_value(self).expect("a failure is plain data");
        let checksum = hex(canonical::hash_value(&value));
        let Value::Object(mut fields) = canonical::sorted(&value) else {
            unreachable!("a struct is an object");
        };
        fields.insert("checksum".to_owned(), Value::from(checksum));
        let mut names: Vec<&String> = fields.keys().collect();
        names.sort();
        let lines = names.into_iter().map(|name| field_text(name, &fields[name]));
        format!("{{\n{}\n}}\n", lines.collect::<Vec<String>>().join(",\n"))
    }

    /// Reads a file, strictly.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn read(path: &Path) -> Result<Failure, FailureError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| FailureError::Unreadable(error.to_string()))?;
        let failure = Failure::parse(&text)?;
        failure.check_inputs(path.parent().unwrap_or(Path::new("")))?;
        Ok(failure)
    }

    /// Reads a text, strictly: the version first, then the checksum, then every field.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn parse(text: &str) -> Result<Failure, FailureError> {
        let value: Value = serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            if error.is_eof() {
                FailureError::Truncated { line, column }
            } else {
                FailureError::NotJson { line, column, problem: bare_problem(&error) }
            }
        })?;
        let Value::Object(mut fields) = value else {
            return Err(shape("the file", "a failure file is one JSON object"));
        };
        check_version(&fields)?;
        let stated = match fields.remove("checksum") {
            Some(Value::String(stated)) => stated,
            Some(_) => return Err(shape("checksum", "expected 16 hex digits")),
            None => return Err(shape("checksum", "this field is missing")),
        };
        let value = Value::Object(fields);
        let actual = hex(canonical::hash_value(&value));
        if stated != actual {
            return Err(FailureError::Checksum { stated, actual });
        }
        let failure: Failure = serde_path_to_error::deserialize(value).map_err(|error| {
            let path = error.path().to_string();
            shape(if path == "." { "the file" } else { &path }, &error.into_inner().to_string())
        })?;
        failure.known_digests()?;
        read_digest(&failure.digest, || "digest".to_owned())?;
        Ok(failure)
    }

    /// Whether every file that the run reads is what it was; paths are relative to `folder`.
    fn check_inputs(&self, folder: &Path) -> Result<(), FailureError> {
        for (path, stated) in &self.inputs {
            let wrong = |problem: String| FailureError::Input { path: path.clone(), problem };
            let actual = canonical::hash_file(&folder.join(path))
                .map_err(|error| wrong(format!("cannot read it: {error}")))?;
            if hex(actual) != *stated {
                return Err(wrong("the file has changed since the failure".to_owned()));
            }
        }
        Ok(())
    }
}

fn check_version(fields: &Map<String, Value>) -> Result<(), FailureError> {
    match fields.get("format_version") {
        Some(version) if version.as_u64() == Some(u64::from(FAILURE_VERSION)) => Ok(()),
        Some(version) => Err(FailureError::Version { found: version.to_string() }),
        None => Err(shape("format_version", "this field is missing: is this a failure file?")),
    }
}

fn shape(path: &str, problem: &str) -> FailureError {
    FailureError::Shape { path: path.to_owned(), problem: problem.to_owned() }
}

/// The message of `serde_json` without its ` at line 1 column 2`.
fn bare_problem(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).unwrap_or(&text).to_owned()
}

fn read_digest(text: &str, path: impl Fn() -> String) -> Result<u64, FailureError> {
    canonical::parse_hex(text)
        .ok_or_else(|| shape(&path(), &format!("`{text}` is no digest: expected 16 hex digits")))
}

/// The scenario spread over lines, everything else on one.
fn field_text(name: &str, value: &Value) -> String {
    let text = if name == "scenario" {
        let pretty = serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string());
        pretty.replace('\n', "\n  ")
    } else {
        value.to_string()
    };
    format!("  {}: {text}", Value::from(name))
}

#[cfg(test)]
#[path = "failure_tests.rs"]
mod tests;
