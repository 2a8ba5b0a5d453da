//! One number a run, against what was varied: the median over runs, with the band in which eight
//! runs of ten are.

use seedbed_scenarios::format::Drawn;
use seedbed_scenarios::sweep::Point as GridPoint;
use serde_json::Value;

use crate::figure::{Axis, Curve, Figure, Point, Role, Scale, Shape};
use crate::results::{Group, Quantity};

use super::published;
use super::scene::{Scene, count_of};
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
                (Axis::new(label, Scale::Span), numbers)
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
    let measured = measured(scene, quantity, path, unit, &across);
    let place = |value: &Value| across.place(value);
    let published = published::against(scene, quantity, path, unit, place, &measured);
    let curves = measured.into_iter().map(|(_, curve)| curve).chain(published).collect();
    let mut notes =
        vec!["Lines are medians over runs; bands hold eight runs of ten (p10 to p90).".to_owned()];
    notes.extend(never(scene, quantity));
    notes.extend(published::sources(scene, quantity));
    let scale = match drawn {
        Some(drawn) if drawn.log => Scale::Logarithmic,
        Some(_) | None => Scale::Auto,
    };
    let file_name = format!("{}-by-{}", titles::file_name(quantity), scene.short(path));
    let title = || format!("{}, by {}", titles::title(quantity), scene.short(path));
    Figure {
        name: scene.name(&file_name),
        title: drawn.map_or_else(title, |drawn| drawn.title.clone()),
        x: across.axis,
        y: Axis::new(unit.label(&titles::label(quantity)), scale),
        curves,
        lanes: Vec::new(),
        guides: Vec::new(),
        moments: Vec::new(),
        notes,
        source: scene.source.clone(),
        if_empty: format!("No run has a value of {}.", titles::label(quantity)),
    }
}

/// The curves of a picture, each with what its groups have in common.
fn measured(
    scene: &Scene<'_>,
    quantity: &Quantity,
    path: &str,
    unit: Unit,
    across: &Across,
) -> Vec<(GridPoint, Curve)> {
    let shape = if across.axis.has_names() { Shape::Marks } else { Shape::MarkedLine };
    let has_published = scene.study.is_some_and(|study| !study.published.is_empty());
    let mut keys: Vec<String> = Vec::new();
    let mut curves: Vec<(GridPoint, Curve)> = Vec::new();
    for member in &scene.members {
        let Some(value) = member.group.point.get(path) else { continue };
        let Some(x) = across.place(value) else { continue };
        let key = member.label_without(path);
        let index = keys.iter().position(|other| *other == key).unwrap_or(keys.len());
        if index == keys.len() {
            keys.push(key.clone());
            let alone = key.is_empty() && has_published;
            let name = if alone { "seedbed, median".to_owned() } else { key };
            let (style, role) = (scene.looks.style(&member.label_without(path)), Role::Measured);
            let mut rest = member.group.point.clone();
            rest.remove(path);
            curves.push((rest, Curve { name, style, shape, role, points: Vec::new() }));
        }
        curves[index].1.points.extend(median_of(member.group, quantity, x, unit));
    }
    for (_, curve) in &mut curves {
        curve.points.sort_by(|one, other| one.x.total_cmp(&other.x));
    }
    curves
}

/// The median of a group, with the band; runs without a value count as higher than all others.
fn median_of(group: &Group, quantity: &Quantity, x: f64, unit: Unit) -> Option<Point> {
    let sample = group.quantities.get(quantity)?;
    let number = |thousandths: u64| sample.quantile(thousandths, group.runs);
    let y = number(500)? / unit.size;
    // Where more than a tenth of the runs have no number, the band is open above.
    let high = number(900).unwrap_or(f64::INFINITY);
    let band = number(100).map(|low| (low / unit.size, high / unit.size));
    Some(Point { x, y, band })
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
        format!(
            "{runs} without a value count as higher than all others: where more than a tenth are, \
             the band is open above; where half are, there is no point."
        )
    })
}
