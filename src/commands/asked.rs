//! What is to be swept: scenarios with what the command line varies, or a study.

use std::path::{Path, PathBuf};

use seedbed_scenarios::format::{Errors, Study};
use seedbed_scenarios::sweep::{AtPoints, Point, Unit, Vary, grid_points, plan_units};
use serde_json::Value;

use crate::files::{Files, find_files};
use crate::halt::Halt;
use crate::laboratory::Laboratory;

use super::settings::{read_settings, settings_of};

/// Scenario files, and the grid that they are run over.
#[derive(Debug)]
pub struct Asked {
    files: Vec<PathBuf>,
    /// What is set at every point.
    pub set: Vec<(String, Value)>,
    /// What is varied.
    pub vary: Vec<Vary>,
    /// The study that asks for it.
    pub study: Option<Study>,
}

impl Asked {
    /// Reads the paths; a study that is named is all that is swept.
    pub fn read(
        paths: &[PathBuf],
        set: &[String],
        vary: &[Vary],
        laboratory: &Laboratory,
    ) -> Result<Asked, Halt> {
        let Files { scenarios, studies } = find_files(paths)?;
        // Studies that lie in a folder of scenarios take long: they are run by their names.
        let Some(named) = studies.iter().find(|study| paths.contains(study)) else {
            if scenarios.is_empty() {
                let message = "there are only studies, and each is run by its own name";
                return Err(Halt::NothingToRun(message.to_owned()));
            }
            let set = read_settings(set)?;
            return Ok(Asked { files: scenarios, set, vary: vary.to_vec(), study: None });
        };
        let wrong = |what: &str| {
            let message = format!("`{}` is a study: {what}", named.display());
            Err(Halt::CommandLine(message))
        };
        if paths.len() > 1 {
            return wrong("it is swept alone");
        }
        if !set.is_empty() || !vary.is_empty() {
            return wrong("it says itself what is set and varied");
        }
        let loaded =
            laboratory.load_study(named).map_err(|errors| Halt::Scenarios(vec![errors]))?;
        Ok(Asked {
            files: vec![loaded.scenario],
            set: loaded.set,
            vary: loaded.vary,
            study: Some(loaded.study),
        })
    }

    /// Reads every file at every point of the grid.
    pub fn load_units(&self, laboratory: &Laboratory) -> Result<Vec<Unit>, Halt> {
        let points = grid_points(&self.set, &self.vary);
        let points = points.map_err(|error| Halt::CommandLine(error.to_string()))?;
        let mut scenarios = Vec::new();
        let mut wrong = Vec::new();
        for file in &self.files {
            match load_at_points(file, &points, laboratory) {
                Ok(loaded) => scenarios.push(loaded),
                Err(errors) => wrong.push(errors),
            }
        }
        if !wrong.is_empty() {
            return Err(Halt::Scenarios(wrong));
        }
        plan_units(scenarios).map_err(|error| Halt::BadFile(error.to_string()))
    }
}

fn load_at_points(
    file: &Path,
    points: &[Point],
    laboratory: &Laboratory,
) -> Result<AtPoints, Errors> {
    let load = |point: &Point| {
        let loaded = laboratory.load(file, &settings_of(point))?;
        let json = loaded.document.value().clone();
        Ok((point.clone(), loaded.scenario, json))
    };
    points.iter().map(load).collect()
}
