//! How many seeds a violation takes.

use crate::figure::{Axis, Curve, Figure, Point, Role, Scale, Shape, Style};
use crate::results::{Group, Results};

use super::names::Names;
use super::scene::{count_of, scenes};
use super::unit::value_text;

/// More rows than this do not fit on a page.
const ROWS_MAX: usize = 40;

/// One row for each wanted scenario, each group and property that was violated: how many seeds it
/// took until the first, and how many it takes on average. One picture for all scenarios.
pub(super) fn seeds_to_violation(results: &Results, wanted: &[String]) -> Option<Figure> {
    let is_wanted = |group: &&Group| wanted.is_empty() || wanted.contains(&group.scenario);
    let groups: Vec<&Group> = results.groups.iter().filter(is_wanted).collect();
    let found: usize = groups.iter().map(|group| group.found.len()).sum();
    if found == 0 {
        return None;
    }
    let mut names = Vec::new();
    let mut first = Vec::new();
    let mut mean = Vec::new();
    let mut clean = Vec::new();
    let paths = groups.iter().flat_map(|group| group.point.keys());
    let paths = Names::new(paths.map(String::as_str));
    for group in &groups {
        if group.found.is_empty() && !clean.contains(&group.scenario.as_str()) {
            clean.push(group.scenario.as_str());
        }
        for (property, found) in &group.found {
            if names.len() == ROWS_MAX {
                continue;
            }
            let row = names.len() as f64;
            names.push(row_name(results, &paths, group, property));
            first.push(Point::new(found.first_position.saturating_add(1) as f64, row));
            mean.push(Point::new(group.runs as f64 / found.runs.max(1) as f64, row));
        }
    }
    let curve = |name: &str, slot: usize, points: Vec<Point>| {
        let (style, shape, role) = (Style::of_slot(slot), Shape::Marks, Role::Measured);
        Curve { name: name.to_owned(), style, shape, role, points }
    };
    let mut notes = Vec::new();
    if found > ROWS_MAX {
        notes.push(format!("The first {ROWS_MAX} of {found} rows."));
    }
    let mut violating = groups.iter().filter(|group| !group.found.is_empty());
    clean.retain(|name| violating.clone().all(|group| group.scenario != *name));
    if !clean.is_empty() {
        notes.push(format!("Without a violation: {}.", clean.join(", ")));
    }
    let runs: u64 = groups.iter().map(|group| group.runs).sum();
    let single = violating.next().map(|group| group.scenario.clone()).unwrap_or_default();
    let one = names.len() == 1 && scenes(results, wanted).len() == 1;
    Some(Figure {
        name: "seeds-to-violation".to_owned(),
        title: if one {
            format!("Seeds until a violation is found: {single}")
        } else {
            "Seeds until a violation is found".to_owned()
        },
        x: Axis::new("seeds", Scale::Logarithmic),
        y: Axis::new("", Scale::Names(names)),
        curves: vec![
            curve("until the first violation", 0, first),
            curve("for each violation, on average", 1, mean),
        ],
        lanes: Vec::new(),
        guides: Vec::new(),
        moments: Vec::new(),
        notes,
        source: format!("{} in all.", count_of(runs, "run")),
        if_empty: "No run violated a property.".to_owned(),
    })
}

fn row_name(results: &Results, paths: &Names, group: &Group, property: &str) -> String {
    let mut parts = Vec::new();
    if results.sources.len() > 1 {
        parts.push(results.sources[group.source].label.clone());
    }
    let last = group.scenario.rsplit('/').next().unwrap_or(&group.scenario);
    parts.push(last.to_owned());
    for (path, value) in &group.point {
        parts.push(format!("{} {}", paths.of(path), value_text(value)));
    }
    format!("{}: {property}", parts.join(", "))
}
