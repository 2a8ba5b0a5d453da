//! Which files a path names, and what their lines hold. Files are read line by line: a line is
//! forgotten once its numbers are in a group.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use seedbed_scenarios::format::Study;
use seedbed_scenarios::run::{Series, Verdict};
use seedbed_scenarios::sweep::{Point, Spread};
use serde::Deserialize;
use serde_json::Value;

use super::group::Group;
use super::planned::{self, Planned};

/// Everything that is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Results {
    /// Where it is from.
    pub sources: Vec<Source>,
    /// In the order of the sources, and of their files.
    pub groups: Vec<Group>,
}

/// One path.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// What legends call it: different for every source.
    pub label: String,
    /// The file that was read.
    pub file: PathBuf,
    /// What was varied, with its values, in the order of the grid.
    pub vary: Vec<(String, Vec<Value>)>,
    /// The study whose results these are.
    pub study: Option<Study>,
    /// Whether only histograms are known.
    pub is_summary: bool,
    /// How many runs the sweep was to make, if its header says so.
    pub planned: Option<u64>,
    /// Whether the last line was cut: that run is not among the others.
    pub is_cut: bool,
}

/// Why results cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The disk said no.
    #[error("{path}: {error}")]
    Io {
        /// Which file.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// A file is not what a sweep writes.
    #[error("{path}:{line}: {problem}")]
    Damaged {
        /// Which file.
        path: String,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A folder without results.
    #[error("there are no results in `{0}`: neither results.jsonl nor summary.json")]
    NoResults(String),
    /// A folder of a sweep that is under way, or that nobody has finished.
    #[error(
        "the sweep in `{0}` is not finished: complete it with --resume, or name its \
         results.part.jsonl to see the runs so far"
    )]
    Unfinished(String),
    /// The same file under two names.
    #[error("`{0}` and `{1}` are the same results: name them once")]
    Twice(String, String),
}

/// What pictures need of a run.
#[derive(Debug, Deserialize)]
pub(super) struct Line {
    scenario: String,
    protocol: String,
    point: Point,
    pub verdict: Verdict,
    pub property: Option<String>,
    pub virtual_time_ns: u64,
    pub milestones: BTreeMap<String, u64>,
    pub milestones_after_heal: BTreeMap<String, u64>,
    pub measures: BTreeMap<String, f64>,
    pub messages: Sent,
    #[serde(default)]
    pub series: Option<Series>,
}

/// What pictures need of a run's messages.
#[derive(Debug, Deserialize)]
pub(super) struct Sent {
    pub by_kind: BTreeMap<String, u64>,
}

/// What pictures need of a header.
#[derive(Debug, Deserialize)]
pub(super) struct HeaderLine {
    format_version: u32,
    #[serde(default)]
    pub grid: Grid,
    #[serde(default)]
    pub seeds: Option<Value>,
    #[serde(default)]
    pub scenarios: Option<Vec<Planned>>,
    #[serde(default)]
    study: Option<Study>,
}

/// What was varied.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Grid {
    #[serde(default)]
    pub vary: Vec<(String, Vec<Value>)>,
}

/// What pictures need of a summary.
#[derive(Debug, Deserialize)]
struct SummaryFile {
    histograms: Vec<Spread>,
    #[serde(default)]
    study: Option<Study>,
}

/// The version of results that this reads.
const RESULTS_VERSION: u32 = 1;

/// Reads result folders, `results.jsonl` and `summary.json` files.
///
/// # Errors
/// Why one of them cannot be read: with file and line.
pub fn read(paths: &[PathBuf]) -> Result<Results, ReadError> {
    let labels = labels_of(paths);
    let mut results = Results { sources: Vec::new(), groups: Vec::new() };
    for (path, label) in paths.iter().zip(labels) {
        let file = file_of(path)?;
        let is_summary = file.extension().is_some_and(|ending| ending == "json");
        let index = results.sources.len();
        let known = results.sources.iter().position(|source| is_same(&source.file, &file));
        if let Some(known) = known {
            let names = [&paths[known], path].map(|path| path.display().to_string());
            let [one, other] = names;
            return Err(ReadError::Twice(one, other));
        }
        let mut source = Source {
            label,
            file: file.clone(),
            vary: Vec::new(),
            study: None,
            is_summary,
            planned: None,
            is_cut: false,
        };
        if is_summary {
            read_summary(&file, index, &mut source, &mut results.groups)?;
        } else {
            read_lines(&file, index, &mut source, &mut results.groups)?;
        }
        results.sources.push(source);
    }
    results.groups.iter_mut().for_each(Group::finish);
    Ok(results)
}

/// A folder stands for the most detailed of its files.
fn file_of(path: &Path) -> Result<PathBuf, ReadError> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let files = ["results.jsonl", "summary.json"].map(|name| path.join(name));
    let found = files.into_iter().find(|file| file.exists());
    found.ok_or_else(|| {
        let name = path.display().to_string();
        let is_begun = path.join("results.part.jsonl").exists();
        if is_begun { ReadError::Unfinished(name) } else { ReadError::NoResults(name) }
    })
}

/// Whether two paths lead to one file.
fn is_same(one: &Path, other: &Path) -> bool {
    match (fs::canonicalize(one), fs::canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        // What cannot be found is reported when it is read.
        (Err(_), _) | (_, Err(_)) => false,
    }
}

/// What paths are called in legends: their own names, or all of the path where those are alike.
fn labels_of(paths: &[PathBuf]) -> Vec<String> {
    let folder = |path: &PathBuf| {
        let file = path.extension().is_some_and(|ending| ending == "json" || ending == "jsonl");
        let folder = if file { path.parent().unwrap_or(path) } else { path };
        folder.file_name().map(|name| name.to_string_lossy().into_owned())
    };
    let short: Vec<Option<String>> = paths.iter().map(folder).collect();
    let label = |(index, name): (usize, &Option<String>)| {
        let alone = short.iter().filter(|other| *other == name).count() == 1;
        match name {
            Some(name) if alone => name.clone(),
            _ => paths[index].display().to_string(),
        }
    };
    short.iter().enumerate().map(label).collect()
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> ReadError {
    let path = path.display().to_string();
    move |error| ReadError::Io { path, error }
}

fn read_summary(
    path: &Path,
    index: usize,
    source: &mut Source,
    groups: &mut Vec<Group>,
) -> Result<(), ReadError> {
    let text = fs::read_to_string(path).map_err(io_error(path))?;
    let summary: SummaryFile = serde_json::from_str(&text).map_err(|error| {
        let (path, line) = (path.display().to_string(), error.line());
        ReadError::Damaged { path, line, problem: format!("this is no summary: {error}") }
    })?;
    source.study = summary.study;
    groups.extend(summary.histograms.into_iter().map(|spread| Group::of_spread(index, spread)));
    Ok(())
}

fn read_lines(
    path: &Path,
    index: usize,
    source: &mut Source,
    groups: &mut Vec<Group>,
) -> Result<(), ReadError> {
    let damaged = |line: usize, problem: String| ReadError::Damaged {
        path: path.display().to_string(),
        line,
        problem,
    };
    let mut reader = BufReader::with_capacity(1 << 18, File::open(path).map_err(io_error(path))?);
    let first_group = groups.len();
    let mut text = Vec::new();
    for number in 1.. {
        text.clear();
        let length = reader.read_until(b'\n', &mut text).map_err(io_error(path))?;
        if length == 0 && number == 1 {
            return Err(damaged(1, "the file is empty".to_owned()));
        }
        // A sweep that was killed may leave a piece of a last line: that run does not count.
        if length == 0 || (number > 1 && text.last() != Some(&b'\n')) {
            source.is_cut = length > 0;
            break;
        }
        if number == 1 {
            let header: HeaderLine = serde_json::from_slice(&text)
                .map_err(|error| damaged(1, format!("this is no header of results: {error}")))?;
            if header.format_version != RESULTS_VERSION {
                let problem = format!("these are no results of format_version {RESULTS_VERSION}");
                return Err(damaged(1, problem));
            }
            source.planned = planned::runs(&header);
            (source.vary, source.study) = (header.grid.vary, header.study);
            continue;
        }
        let line: Line =
            serde_json::from_slice(&text).map_err(|error| damaged(number, error.to_string()))?;
        let group = group_of(&line, index, first_group, groups);
        group.add(&line);
    }
    Ok(())
}

/// The group of a line, which is most often that of the line before.
fn group_of<'a>(
    line: &Line,
    source: usize,
    first: usize,
    groups: &'a mut Vec<Group>,
) -> &'a mut Group {
    let same = |group: &Group| {
        group.scenario == line.scenario
            && group.protocol == line.protocol
            && group.point == line.point
    };
    let found = (first..groups.len()).rev().find(|index| same(&groups[*index]));
    let index = found.unwrap_or(groups.len());
    if found.is_none() {
        let (scenario, protocol) = (line.scenario.clone(), line.protocol.clone());
        groups.push(Group::new(source, scenario, protocol, line.point.clone()));
    }
    &mut groups[index]
}
