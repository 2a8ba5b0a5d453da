//! `results.part.jsonl` while a sweep runs, and `results.jsonl` at its end.
//!
//! Rows are appended as runs finish, one write each, so that whatever ends the process leaves whole
//! lines. At the end they are copied in order into a new file that is then renamed: a file named
//! `results.jsonl` is always complete. Memory holds the places of rows, not the rows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Value, json};

use super::grid::{Point, Vary};
use super::plan::{Job, Plan};
use super::seeds::Seeds;
use crate::canonical;
use crate::failure::Build;
use crate::format::Study;
use crate::run::{RunRecord, SeriesOptions};

/// The version of the layout of the header and of rows.
const RESULTS_VERSION: u32 = 1;
const RESULTS: &str = "results.jsonl";
const PART: &str = "results.part.jsonl";

/// The first line of results: everything that decides what the rows are, and nothing else.
#[derive(Clone, Debug, PartialEq)]
pub struct Header(pub Value);

/// One run, as results hold it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The run.
    pub record: RunRecord,
    /// The values of `--set` and `--vary`.
    pub point: Point,
    /// For a failing run.
    pub signature: Option<String>,
}

/// Why results cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk said no.
    #[error("{path}: {error}")]
    Io {
        /// Which file.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// The folder has results, and nobody said `--resume`.
    #[error("`{0}` has results: take another folder, or add --resume to complete them")]
    HasResults(String),
    /// The results are of another sweep.
    #[error("`{path}` cannot be resumed: it was made with {what}")]
    Differs {
        /// Which folder.
        path: String,
        /// What is not the same.
        what: String,
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
}

impl StoreError {
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
        let path = path.display().to_string();
        move |error| StoreError::Io { path, error }
    }
}

/// What was asked for beside scenarios and seeds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Made<'a> {
    /// The values of `--set`.
    pub set: &'a [(String, Value)],
    /// The values of `--vary`.
    pub vary: &'a [Vary],
    /// Whether rows hold series, and which.
    pub series: Option<SeriesOptions>,
    /// The study that asks for all this.
    pub study: Option<&'a Study>,
}

/// The header of a plan's results.
#[must_use]
pub fn header_of(plan: &Plan, build: &Build, made: &Made<'_>) -> Header {
    let mut scenarios: BTreeMap<&str, Value> = BTreeMap::new();
    for unit in &plan.units {
        let mut protocols: Vec<&str> = unit.scenario.protocol.names().collect();
        protocols.sort_unstable();
        scenarios.entry(&unit.scenario.name).or_insert_with(|| {
            json!({
                "name": unit.scenario.name,
                "hash": canonical::hex(canonical::hash_value(&unit.json)),
                "protocols": protocols,
                "standard": plain(&*unit.standard),
            })
        });
    }
    let vary: Vec<Value> = made.vary.iter().map(|vary| json!([vary.path, vary.values])).collect();
    let mut header = json!({
        "format_version": RESULTS_VERSION,
        "build": plain(build),
        "scenarios": scenarios.into_values().collect::<Vec<Value>>(),
        "seeds": plan.seeds.to_json(),
        "grid": { "set": plain(made.set), "vary": vary },
    });
    // Without them, results are what they would be if nobody had thought of them.
    if let Some(series) = made.series {
        header["series"] = json!({ "bin_ns": series.bin_ns });
    }
    if let Some(study) = made.study {
        header["study"] = plain(study);
    }
    Header(canonical::sorted(&header))
}

fn plain<T: Serialize + ?Sized>(data: &T) -> Value {
    // Only types without maps of odd keys come here; they always have a JSON form.
    serde_json::to_value(data).unwrap_or(Value::Null)
}

impl Header {
    /// The header's line.
    #[must_use]
    pub fn line(&self) -> String {
        canonical::line(&self.0)
    }

    /// The study that the rows were made for.
    #[must_use]
    pub fn study(&self) -> Option<Study> {
        serde_json::from_value(self.0.get("study")?.clone()).ok()
    }

    /// The seeds that the rows are of.
    #[must_use]
    pub fn seeds(&self) -> Option<Seeds> {
        Seeds::from_json(self.0.get("seeds")?)
    }

    /// What is not the same in another header, in words; `None` if nothing is.
    #[must_use]
    pub fn difference(&self, other: &Header) -> Option<&'static str> {
        let parts = [
            ("format_version", "another version of the results"),
            ("build", "another build of the program"),
            ("scenarios", "other scenarios, or the scenario files have changed since"),
            ("seeds", "other seeds"),
            ("grid", "other values of --set or --vary"),
            ("series", "another --series or --bin"),
            ("study", "another study file"),
        ];
        let differs = |name: &str| self.0.get(name) != other.0.get(name);
        parts.into_iter().find(|(name, _)| differs(name)).map(|(_, words)| words)
    }
}

impl Row {
    /// The row's line.
    #[must_use]
    pub fn line(&self) -> String {
        let mut value = plain(&self.record);
        value["point"] = plain(&self.point);
        value["signature"] = plain(&self.signature);
        canonical::line(&value)
    }

    fn parse(text: &str) -> Result<Row, String> {
        let mut value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let fields = value.as_object_mut().ok_or("a row is a JSON object")?;
        let point = fields.remove("point").ok_or("there is no `point`")?;
        let signature = fields.remove("signature").ok_or("there is no `signature`")?;
        let point = serde_json::from_value(point).map_err(|error| format!("point: {error}"))?;
        let signature =
            serde_json::from_value(signature).map_err(|error| format!("signature: {error}"))?;
        let record = serde_path_to_error::deserialize(value).map_err(|error| error.to_string())?;
        Ok(Row { record, point, signature })
    }
}

/// Whether a folder has results of a sweep, complete or not.
#[must_use]
pub fn holds_results(folder: &Path) -> bool {
    folder.join(RESULTS).exists() || folder.join(PART).exists()
}

/// Reads a file of results: its header, and its rows one by one.
///
/// # Errors
/// Why the file is none.
pub fn read_rows(
    path: &Path,
    mut take: impl FnMut(Row) -> Result<(), String>,
) -> Result<Header, StoreError> {
    let damaged = |line: usize, problem: String| StoreError::Damaged {
        path: path.display().to_string(),
        line,
        problem,
    };
    let mut reader = BufReader::new(File::open(path).map_err(StoreError::io(path))?);
    let mut line = String::new();
    reader.read_line(&mut line).map_err(StoreError::io(path))?;
    let header: Option<Value> = serde_json::from_str(&line).ok();
    let header =
        header.filter(Value::is_object).ok_or_else(|| damaged(1, "there is no header".into()))?;
    if header.get("format_version").and_then(Value::as_u64) != Some(u64::from(RESULTS_VERSION)) {
        let problem = format!("these are no results of format_version {RESULTS_VERSION}");
        return Err(damaged(1, problem));
    }
    for number in 2.. {
        line.clear();
        reader.read_line(&mut line).map_err(StoreError::io(path))?;
        // A process that was killed may leave a piece of a last line: that run is made again.
        if !line.ends_with('\n') {
            break;
        }
        Row::parse(&line).and_then(&mut take).map_err(|problem| damaged(number, problem))?;
    }
    Ok(Header(header))
}

/// The header of a folder's results, if it has any.
///
/// # Errors
/// Why the files are no results.
pub fn read_header(folder: &Path) -> Result<Option<Header>, StoreError> {
    for name in [PART, RESULTS] {
        let path = folder.join(name);
        if path.exists() {
            return read_rows(&path, |_| Ok(())).map(Some);
        }
    }
    Ok(None)
}

/// The results of a sweep that is running.
#[derive(Debug)]
pub(super) struct PartStore {
    folder: PathBuf,
    file: File,
    length: u64,
    places: Vec<Place>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    unit: usize,
    seed: u64,
    start: u64,
    length: usize,
}

impl PartStore {
    /// Begins the results of a folder, or takes them up again: `take` gets what is already there.
    pub(super) fn open(
        folder: &Path,
        header: &Header,
        plan: &Plan,
        mut take: impl FnMut(Job, &Row),
    ) -> Result<PartStore, StoreError> {
        fs::create_dir_all(folder).map_err(StoreError::io(folder))?;
        let locator = Locator::new(plan);
        let mut known: BTreeMap<Job, Row> = BTreeMap::new();
        for name in [RESULTS, PART] {
            let path = folder.join(name);
            if !path.exists() {
                continue;
            }
            let found = read_rows(&path, |row| {
                let job = locator.find(&row).ok_or("this run is not part of the sweep")?;
                known.insert(job, row);
                Ok(())
            });
            // A header of another sweep explains rows of another sweep.
            let differs = peek_header(&path).and_then(|other| header.difference(&other));
            if let Some(what) = differs {
                let path = folder.display().to_string();
                return Err(StoreError::Differs { path, what: what.to_owned() });
            }
            found?;
        }
        let mut store = PartStore::begin(folder, header)?;
        for (job, row) in known {
            store.append(job, &row.line())?;
            take(job, &row);
        }
        store.publish_part()?;
        Ok(store)
    }

    fn begin(folder: &Path, header: &Header) -> Result<PartStore, StoreError> {
        let path = folder.join(format!("{PART}.new"));
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(true).open(&path);
        let mut store = PartStore {
            folder: folder.to_owned(),
            file: file.map_err(StoreError::io(&path))?,
            length: 0,
            places: Vec::new(),
        };
        store.write_line(&header.line())?;
        Ok(store)
    }

    /// The new file takes the old one's name only when it holds all that the old one did.
    fn publish_part(&self) -> Result<(), StoreError> {
        let path = self.folder.join(PART);
        fs::rename(self.folder.join(format!("{PART}.new")), &path).map_err(StoreError::io(&path))
    }

    /// Writes down a run.
    pub(super) fn append(&mut self, job: Job, line: &str) -> Result<(), StoreError> {
        let start = self.length;
        self.write_line(line)?;
        self.places.push(Place { unit: job.unit, seed: job.seed, start, length: line.len() + 1 });
        Ok(())
    }

    fn write_line(&mut self, line: &str) -> Result<(), StoreError> {
        let whole = format!("{line}\n");
        let written = self.file.write_all(whole.as_bytes()).and_then(|()| self.file.flush());
        written.map_err(StoreError::io(&self.folder.join(PART)))?;
        self.length += whole.len() as u64;
        Ok(())
    }

    /// Writes `results.jsonl`, in order, and drops the part file.
    pub(super) fn finish(mut self, header: &Header) -> Result<(), StoreError> {
        self.places.sort_by_key(|place| (place.unit, place.seed));
        let new = self.folder.join(format!("{RESULTS}.new"));
        let path = self.folder.join(RESULTS);
        self.copy_sorted(&new, header).map_err(StoreError::io(&new))?;
        fs::rename(&new, &path).map_err(StoreError::io(&path))?;
        let part = self.folder.join(PART);
        fs::remove_file(&part).map_err(StoreError::io(&part))
    }

    fn copy_sorted(&mut self, new: &Path, header: &Header) -> io::Result<()> {
        let mut output = BufWriter::new(File::create(new)?);
        writeln!(output, "{}", header.line())?;
        let mut row = Vec::new();
        for place in &self.places {
            row.resize(place.length, 0);
            self.file.seek(SeekFrom::Start(place.start))?;
            self.file.read_exact(&mut row)?;
            output.write_all(&row)?;
        }
        output.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    }
}

/// The header of a file of results, without a look at its rows; `None` if there is none.
#[must_use]
pub fn peek_header(path: &Path) -> Option<Header> {
    let mut line = String::new();
    BufReader::new(File::open(path).ok()?).read_line(&mut line).ok()?;
    Some(Header(serde_json::from_str(&line).ok()?))
}

/// Finds the job of a row.
#[derive(Debug)]
struct Locator<'a> {
    plan: &'a Plan,
    units: BTreeMap<(&'a str, &'a str, String), usize>,
    /// Positions of drawn seeds, which cannot be computed.
    drawn: BTreeMap<u64, u64>,
}

impl<'a> Locator<'a> {
    fn new(plan: &'a Plan) -> Locator<'a> {
        let units = (0..).zip(&plan.units).map(|(index, unit)| {
            let point = canonical::line(&plain(&unit.point));
            ((unit.scenario.name.as_str(), unit.protocol.as_str(), point), index)
        });
        let drawn = match plan.seeds {
            Seeds::Random { count, .. } => (0..count)
                .filter_map(|position| Some((plan.seeds.at(0, count, position)?, position)))
                .collect(),
            Seeds::Own { .. } | Seeds::Range { .. } | Seeds::Rounds { .. } | Seeds::Picked(_) => {
                BTreeMap::new()
            }
        };
        Locator { plan, units: units.collect(), drawn }
    }

    fn find(&self, row: &Row) -> Option<Job> {
        let point = canonical::line(&plain(&row.point));
        let key = (row.record.scenario.as_str(), row.record.protocol.as_str(), point);
        let unit = *self.units.get(&key)?;
        let seed = row.record.seed;
        let position = match &self.plan.seeds {
            Seeds::Own { from } | Seeds::Range { from, .. } | Seeds::Rounds { from } => {
                seed.checked_sub(*from)?
            }
            Seeds::Random { .. } => *self.drawn.get(&seed)?,
            Seeds::Picked(picked) => {
                picked.get(&unit)?.iter().position(|other| *other == seed)? as u64
            }
        };
        let own = self.plan.units[unit].standard.own_seeds();
        let found = self.plan.seeds.at(unit, own, position)?;
        (found == seed).then_some(Job { unit, position, seed })
    }
}

/// The failing runs of a file of results, by scenario, protocol and point.
pub type FailedSeeds = BTreeMap<(String, String, String), BTreeSet<u64>>;

/// Collects the failing runs of a file of results, for `--rerun`.
///
/// # Errors
/// Why the file is none.
pub fn failed_seeds(path: &Path) -> Result<FailedSeeds, StoreError> {
    let mut failed = FailedSeeds::new();
    read_rows(path, |row| {
        if row.signature.is_some() {
            let point = canonical::line(&plain(&row.point));
            let key = (row.record.scenario, row.record.protocol, point);
            failed.entry(key).or_default().insert(row.record.seed);
        }
        Ok(())
    })?;
    Ok(failed)
}
