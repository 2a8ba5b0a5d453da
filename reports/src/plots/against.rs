//! One number a run, against what was varied: the median over runs, with the band in which eight
//! runs of ten are.

use std::collections::BTreeMap;

use seedbed_scenarios::format::Drawn;
use serde_json::Value;

use crate::figure::{Axis, Curve, Figure, Point, Role, Scale, Shape, Style};
use crate::results::{Group, Quantity};

use super::published;
use super::scene::{Scene, count_of, short_path};
use super::titles;
use super::unit::{Unit, numbers, value_text};

/// The axis along which a path is varied, and where its values are.
struct Across {
    axis: Axis,
    places: Vec<(Value, f64)>,
}

impl Across {
    fn new(scene: &Scene<'_>, path: &str) -> Across {
        let values = scene.values_of(path);
        let (axis, places) = match numbers(&values) {
            Some((numbers, word)) => {
                let label = Unit { word, size: 1.0 }.label(path);
                (Axis::new(label, Scale::Auto), numbers)
            }
            None => {
                let names = values.iter().map(|value| value_text(value)).collect();
                let places = (0..values.len()).map(|index| index as f64).collect();
                (Axis::new(path, Scale::Names(names)), places)
            }
        };
        let places = values.into_iter().cloned().zip(places).collect();
        Across { axis, places }
    }

    fn place(&self, value: &Value) -> Option<f64> {
        let found = self.places.iter().find(|(other, _)| other == value);
        found.map(|(_, place)| *place)
    }
}

/// A quantity against a varied path, one curve for each value of what else differs.
pub(super) fn against(
    scene: &Scene<'_>,
    quantity: &Quantity,
    path: &str,
    drawn: Option<&Drawn>,
) -> Figure {
    let across = Across::new(scene, path);
    let highest = scene.members.iter().filter_map(|member| {
        let sample = member.group.quantities.get(quantity)?;
        sample.quantile(900, sample.count())
    });
    let unit = titles::unit(quantity, highest.fold(0.0, f64::max));
    let mut curves = measured(scene, quantity, path, unit, &across);
    let place = |value: &Value| across.place(value);
    curves.extend(published::against(scene, quantity, path, unit, place));
    let mut notes =
        vec!["Lines are medians over runs; bands hold eight runs of ten (p10 to p90).".to_owned()];
    notes.extend(never(scene, quantity));
    notes.extend(published::sources(scene, quantity));
    let scale = match drawn {
        Some(drawn) if drawn.log => Scale::Logarithmic,
        Some(_) => Scale::Linear,
        None => Scale::Auto,
    };
    let file_name = format!("{}-by-{}", titles::file_name(quantity), short_path(path));
    let title = || format!("{} by {}", titles::title(quantity), short_path(path));
    Figure {
        name: scene.name(&file_name),
        title: drawn.map_or_else(title, |drawn| drawn.title.clone()),
        x: across.axis,
        y: Axis::new(unit.label(&titles::label(quantity)), scale),
        curves,
        lanes: Vec::new(),
        guides: Vec::new(),
        notes,
        source: scene.source.clone(),
        if_empty: format!("No run has a value of {}.", titles::label(quantity)),
    }
}

fn measured(
    scene: &Scene<'_>,
    quantity: &Quantity,
    path: &str,
    unit: Unit,
    across: &Across,
) -> Vec<Curve> {
    let shape = if across.axis.has_names() { Shape::Marks } else { Shape::MarkedLine };
    let mut curves: BTreeMap<usize, Curve> = BTreeMap::new();
    let mut keys: Vec<String> = Vec::new();
    for member in &scene.members {
        let Some(x) = member.group.point.get(path).and_then(|value| across.place(value)) else {
            continue;
        };
        let key = rest_of(&member.label, path, member.group);
        let index = keys.iter().position(|other| *other == key).unwrap_or(keys.len());
        if index == keys.len() {
            keys.push(key.clone());
        }
        let style = Style::of_slot(index);
        let role = Role::Measured;
        let curve = curves.entry(index).or_insert_with(|| Curve {
            name: key,
            style,
            shape,
            role,
            points: Vec::new(),
        });
        let Some(sample) = member.group.quantities.get(quantity) else { continue };
        let runs = member.group.runs;
        let number = |thousandths: u64| sample.quantile(thousandths, runs);
        let Some(y) = number(500) else { continue };
        let high = number(900).or_else(|| sample.at_rank(sample.count()));
        let band = number(100).zip(high).map(|(low, high)| (low / unit.size, high / unit.size));
        curve.points.push(Point { x, y: y / unit.size, band });
    }
    let mut curves: Vec<Curve> = curves.into_values().collect();
    for curve in &mut curves {
        curve.points.sort_by(|one, other| one.x.total_cmp(&other.x));
        if curve.name.is_empty() && scene.study.is_some_and(|study| !study.published.is_empty()) {
            curve.name = "seedbed, median".to_owned();
        }
    }
    curves
}

/// A group's label without its part about `path`.
fn rest_of(label: &str, path: &str, group: &Group) -> String {
    let value = group.point.get(path).map_or_else(String::new, value_text);
    let own = format!("{} {value}", short_path(path));
    let parts = label.split(", ").filter(|part| *part != own);
    parts.collect::<Vec<&str>>().join(", ")
}

/// A note about groups of whose runs some have no number.
fn never(scene: &Scene<'_>, quantity: &Quantity) -> Option<String> {
    let missing: u64 = scene
        .members
        .iter()
        .map(|member| {
            let sample = member.group.quantities.get(quantity);
            member.group.runs
                - sample.map_or(0, crate::results::Sample::count).min(member.group.runs)
        })
        .sum();
    let runs = count_of(missing, "run");
    (missing > 0).then(|| {
        format!("{runs} without a value count as longer than all others; no point where half are.")
    })
}
