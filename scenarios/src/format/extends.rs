//! `"extends": "base.json"`: another file's fields, where this one has none of its own.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path as FilePath, PathBuf};

use serde_json::{Map, Value};

use super::decode::Problem;
use super::document::{Parsed, Source, parse};
use super::error::{Error, ErrorKind, Errors};
use super::path::Path;

/// Where files come from: the disk, or memory in tests.
pub trait Files {
    /// Reads a file.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn read(&self, path: &FilePath) -> io::Result<Vec<u8>>;

    /// A name that two paths to one file share, so that a cycle is seen.
    fn identity(&self, path: &FilePath) -> PathBuf;
}

/// The files of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiskFiles;

/// Files in memory, by path.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles(pub BTreeMap<PathBuf, Vec<u8>>);

impl Files for DiskFiles {
    fn read(&self, path: &FilePath) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn identity(&self, path: &FilePath) -> PathBuf {
        std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
    }
}

impl Files for MemoryFiles {
    fn read(&self, path: &FilePath) -> io::Result<Vec<u8>> {
        let found = self.0.get(&self.identity(path)).cloned();
        found.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such file"))
    }

    /// Takes `.` and `..` out.
    fn identity(&self, path: &FilePath) -> PathBuf {
        let mut plain = PathBuf::new();
        for part in path.components() {
            match part {
                std::path::Component::CurDir => {}
                std::path::Component::ParentDir => {
                    plain.pop();
                }
                std::path::Component::Normal(_)
                | std::path::Component::RootDir
                | std::path::Component::Prefix(_) => plain.push(part),
            }
        }
        plain
    }
}

/// A file and its bases, merged.
#[derive(Debug)]
pub(super) struct Merged {
    pub(super) sources: Vec<Source>,
    pub(super) fields: Map<String, Value>,
    pub(super) origins: BTreeMap<String, usize>,
}

/// A chain of bases longer than this is a mistake.
const BASES_MAX: usize = 32;

/// Reads a text and its bases. A field of the file replaces the base's as a whole.
pub(super) fn read_with_bases(
    files: &dyn Files,
    path: &FilePath,
    bytes: &[u8],
) -> Result<Merged, Errors> {
    let mut parsed = parse(path, bytes)?;
    refuse_failure_file(&parsed)?;
    let mut merged = Merged { sources: Vec::new(), fields: Map::new(), origins: BTreeMap::new() };
    let mut chain = vec![files.identity(path)];
    loop {
        let base = base_of(&mut parsed)?;
        let source_index = merged.sources.len();
        for (key, value) in parsed.fields {
            merged.origins.entry(key.clone()).or_insert(source_index);
            merged.fields.entry(key).or_insert(value);
        }
        merged.sources.push(parsed.source);
        let Some(base) = base else { return Ok(merged) };
        let Some(source) = merged.sources.last() else {
            return Ok(merged);
        };
        parsed = read_base(files, source, &base, &mut chain)?;
    }
}

/// A failure file lies where scenarios do, and has none of their keys.
fn refuse_failure_file(parsed: &Parsed) -> Result<(), Errors> {
    let is_failure =
        ["checksum", "digest", "scenario"].iter().all(|key| parsed.fields.contains_key(*key));
    if !is_failure {
        return Ok(());
    }
    let root = Path::root();
    let message = "this is a failure file, not a scenario";
    let help = Some("`replay` takes failure files".to_owned());
    let place = parsed.source.place(&root, false);
    Err(Error::new(ErrorKind::Shape, root, message).at(place).help(help).into())
}

/// Takes `extends` out of a file's fields.
fn base_of(parsed: &mut Parsed) -> Result<Option<String>, Errors> {
    match parsed.fields.remove("extends") {
        None => Ok(None),
        Some(Value::String(base)) => Ok(Some(base)),
        Some(_) => {
            let problem = "expected the path of a file";
            Err(error_at_extends(&parsed.source, ErrorKind::Shape, problem, None).into())
        }
    }
}

fn read_base(
    files: &dyn Files,
    source: &Source,
    base: &str,
    chain: &mut Vec<PathBuf>,
) -> Result<Parsed, Errors> {
    let folder = source.path.parent().unwrap_or(FilePath::new(""));
    let path = folder.join(base);
    let identity = files.identity(&path);
    if chain.contains(&identity) || chain.len() > BASES_MAX {
        let names: Vec<String> =
            chain.iter().chain([&identity]).map(|path| path.display().to_string()).collect();
        let message = "this file extends itself, directly or through its bases";
        let help = Some(names.join(" -> "));
        return Err(error_at_extends(source, ErrorKind::Meaning, message, help).into());
    }
    let bytes = files.read(&path).map_err(|error| {
        let message = format!("cannot read `{}`: {error}", path.display());
        let help = "`extends` is relative to the file in which it stands".to_owned();
        Errors::from(error_at_extends(source, ErrorKind::Io, &message, Some(help)))
    })?;
    chain.push(identity);
    parse(&path, &bytes)
}

fn error_at_extends(
    source: &Source,
    kind: ErrorKind,
    message: &str,
    help: Option<String>,
) -> Error {
    let path = Path::root().key("extends");
    let place = source.place(&path, false);
    let problem = Problem::value(&path, message);
    Error::new(kind, problem.path, problem.message).at(place).help(help)
}
