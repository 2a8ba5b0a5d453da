//! `--set path=value`, as results name it.

use seedbed_scenarios::format::Setting;
use seedbed_scenarios::sweep::{Point, grid_points};
use serde_json::Value;

use crate::halt::Halt;

/// Paths and values, in the order in which they were given.
pub fn read_settings(texts: &[String]) -> Result<Vec<(String, Value)>, Halt> {
    let read = texts.iter().map(|text| {
        let setting = Setting::parse(text).map_err(|error| Halt::Scenarios(vec![error.into()]))?;
        Ok((setting.path.to_string(), setting.value))
    });
    read.collect()
}

/// The one point that settings alone make.
pub fn point_of(texts: &[String]) -> Result<Point, Halt> {
    let settings = read_settings(texts)?;
    let points = grid_points(&settings, &[]);
    let points = points.map_err(|error| Halt::CommandLine(error.to_string()))?;
    Ok(points.into_iter().next().unwrap_or_default())
}

/// A point as settings for reading a file.
pub fn settings_of(point: &Point) -> Vec<String> {
    point.iter().map(|(path, value)| format!("{path}={value}")).collect()
}
