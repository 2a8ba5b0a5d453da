//! Finding scenario and study files.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use seedbed_scenarios::study::is_study;

use crate::halt::Halt;

/// The files that paths name.
#[derive(Debug, Default)]
pub struct Files {
    /// Scenarios, and whatever else is no study.
    pub scenarios: Vec<PathBuf>,
    /// Studies.
    pub studies: Vec<PathBuf>,
}

/// The scenario and study files that paths name, in order, each once; there is at least one. A
/// folder stands for every `*.json` below it, but for hidden ones, schemas (`*.schema.json`) and
/// files that others extend (`*.base.json`).
pub fn find_files(paths: &[PathBuf]) -> Result<Files, Halt> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            let unreadable = |error: io::Error| {
                Halt::Internal(format!("cannot read `{}`: {error}", path.display()))
            };
            walk(path, &mut found).map_err(unreadable)?;
        } else {
            found.push(path.clone());
        }
    }
    let mut seen = BTreeSet::new();
    found.retain(|path| seen.insert(fs::canonicalize(path).unwrap_or_else(|_| path.clone())));
    if found.is_empty() {
        let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        return Err(Halt::NothingToRun(format!("no scenario files in {}", names.join(", "))));
    }
    let (studies, scenarios) = found.into_iter().partition(|path| is_study(path));
    Ok(Files { scenarios, studies })
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let entries = fs::read_dir(folder)?.collect::<io::Result<Vec<fs::DirEntry>>>()?;
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            walk(&path, found)?;
        } else if name.ends_with(".json")
            && !name.ends_with(".schema.json")
            && !name.ends_with(".base.json")
        {
            found.push(path);
        }
    }
    Ok(())
}
