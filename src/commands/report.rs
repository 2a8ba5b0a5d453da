//! `report`: pictures of results.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use seedbed_reports::plots;
use seedbed_reports::results;
use seedbed_reports::{Plotted, plot};
use seedbed_scenarios::format::names::suggest;
use serde_json::json;

use crate::console::{Console, Format};
use crate::exit_codes::Exit;
use crate::halt::Halt;

/// What `report` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Folders that `sweep --out` wrote, or results.jsonl or summary.json files. Several are drawn
    /// into the same pictures.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Writes every picture there: as SVG, as PNG, and its values as CSV.
    #[arg(long, value_name = "DIR", required = true)]
    plots: PathBuf,
    /// Draws only this scenario, named as in results. May be given several times.
    #[arg(long, value_name = "NAME")]
    scenario: Vec<String>,
    /// Writes into a folder that is not empty; files of the same names are replaced.
    #[arg(long)]
    overwrite: bool,
}

pub fn execute(arguments: &Arguments, console: &Console) -> Result<Exit, Halt> {
    let folder = &arguments.plots;
    if !arguments.overwrite && is_filled(folder)? {
        let message = format!(
            "`{}` is not empty: take another folder, or add --overwrite to replace what is there",
            folder.display()
        );
        return Err(Halt::CommandLine(message));
    }
    let results = results::read(&arguments.paths)?;
    if results.groups.iter().all(|group| group.runs == 0) {
        return Err(Halt::NothingToRun("there are no runs in these results".to_owned()));
    }
    let known = |name: &String| results.groups.iter().any(|group| group.scenario == *name);
    if let Some(unknown) = arguments.scenario.iter().find(|name| !known(name)) {
        let names = results.groups.iter().map(|group| group.scenario.as_str());
        let names: BTreeSet<&str> = names.collect();
        let help = suggest(unknown, names).map(|help| format!(": {help}")).unwrap_or_default();
        let message = format!("there are no runs of `{unknown}` in these results{help}");
        return Err(Halt::CommandLine(message));
    }
    let (figures, hints) = plots::figures(&results, &arguments.scenario);
    fs::create_dir_all(folder).map_err(|error| disk(folder, &error))?;
    let mut written = Vec::new();
    for figure in &figures {
        let plotted = plot(folder, figure);
        written.push(plotted.map_err(|error| Halt::Internal(error.to_string()))?);
    }
    match console.format {
        Format::Human => console.print(&listed(folder, &written)),
        Format::Json => console.print(&format!("{}\n", as_json(&written, &hints))),
    }
    for hint in &hints {
        console.complain(&format!("hint: {hint}\n"));
    }
    Ok(Exit::Fine)
}

fn disk(path: &Path, error: &io::Error) -> Halt {
    Halt::Internal(format!("{}: {error}", path.display()))
}

/// Whether there is anything in a folder; there is nothing in one that does not exist.
fn is_filled(folder: &Path) -> Result<bool, Halt> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(disk(folder, &error)),
    }
}

/// A line a picture.
fn listed(folder: &Path, written: &[Plotted]) -> String {
    let mut text = String::new();
    for plotted in written {
        let endings: Vec<String> = plotted
            .files
            .iter()
            .filter_map(|file| file.extension())
            .map(|ending| ending.to_string_lossy().into_owned())
            .collect();
        let path = folder.join(&plotted.name);
        let empty = if plotted.is_empty { " (nothing to draw)" } else { "" };
        let title = &plotted.title;
        text.push_str(&format!("{}.{{{}}}  {title}{empty}\n", path.display(), endings.join(",")));
    }
    text
}

fn as_json(written: &[Plotted], hints: &[String]) -> serde_json::Value {
    let plots: Vec<serde_json::Value> = written
        .iter()
        .map(|plotted| {
            json!({
                "name": plotted.name,
                "title": plotted.title,
                "files": plotted.files,
                "empty": plotted.is_empty,
            })
        })
        .collect();
    json!({ "plots": plots, "hints": hints })
}
