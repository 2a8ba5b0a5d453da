//! What somebody else measured, drawn with hollow marks beside what runs measured.

use std::collections::BTreeMap;

use seedbed_scenarios::format::{Published, PublishedPoint};
use serde_json::Value;

use crate::figure::{Curve, Point, Role, Shape, Style};
use crate::results::Quantity;

use super::scene::{Scene, short_path};
use super::unit::{Unit, value_text};

fn of_quantity<'a>(scene: &Scene<'a>, quantity: &Quantity) -> impl Iterator<Item = &'a Published> {
    let quantity = quantity.clone();
    let all = scene.study.into_iter().flat_map(|study| &study.published);
    all.filter(move |published| Quantity::parse(&published.measure) == quantity)
}

/// Where published numbers are from, in a line each.
pub(super) fn sources(scene: &Scene<'_>, quantity: &Quantity) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    for published in of_quantity(scene, quantity) {
        let note = format!("{} (hollow marks): {}.", published.label, published.source);
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    notes
}

/// The look of a published point: that of the group it belongs to, else one of its own.
fn style_at(scene: &Scene<'_>, at: &BTreeMap<String, Value>, other: usize) -> Style {
    let fits = |point: &BTreeMap<String, Value>| {
        at.iter().all(|(path, value)| point.get(path) == Some(value))
    };
    let found = scene.members.iter().find(|member| fits(&member.group.point));
    found.map_or(Style::of_slot(scene.members.len() + other), |member| member.style)
}

/// Published percentiles, one curve for each point of the grid.
pub(super) fn in_distribution(scene: &Scene<'_>, quantity: &Quantity, unit: Unit) -> Vec<Curve> {
    let mut curves = Vec::new();
    for published in of_quantity(scene, quantity) {
        for (index, at) in published.points.iter().enumerate() {
            let mut points: Vec<Point> = at
                .numbers
                .iter()
                .filter_map(|(name, number)| Some(Point::new(number / unit.size, share_of(name)?)))
                .collect();
            points.sort_by(|one, other| one.y.total_cmp(&other.y));
            let name = format!("{}{}", published.label, named(&at.at));
            let (style, shape) = (style_at(scene, &at.at, index), Shape::Marks);
            curves.push(Curve { name, style, shape, role: Role::Published, points });
        }
    }
    curves
}

/// Which point numbers are of, as legends say it.
fn named(at: &BTreeMap<String, Value>) -> String {
    let part =
        |(path, value): (&String, &Value)| format!("{} {}", short_path(path), value_text(value));
    let parts: Vec<String> = at.iter().map(part).collect();
    if parts.is_empty() { String::new() } else { format!(", {}", parts.join(", ")) }
}

/// The share of runs below a number of this name.
fn share_of(name: &str) -> Option<f64> {
    match name {
        "min" => Some(0.0),
        "max" => Some(1.0),
        _ => {
            let percent: f64 = name.strip_prefix('p')?.parse().ok()?;
            (0.0..=100.0).contains(&percent).then_some(percent / 100.0)
        }
    }
}

/// Published medians or means against what was varied, one curve for each statistic and each value
/// of the other paths. `place` says where on the axis a value of the path is.
pub(super) fn against(
    scene: &Scene<'_>,
    quantity: &Quantity,
    path: &str,
    unit: Unit,
    place: impl Fn(&Value) -> Option<f64>,
) -> Vec<Curve> {
    let mut curves: Vec<Curve> = Vec::new();
    for published in of_quantity(scene, quantity) {
        for at in &published.points {
            let Some(x) = at.at.get(path).and_then(&place) else { continue };
            let others: BTreeMap<String, Value> =
                at.at.iter().filter(|(other, _)| *other != path).map(owned).collect();
            let Some((statistic, point)) = central(at, x, unit) else { continue };
            let name = format!("{}{}, {statistic}", published.label, named(&others));
            match curves.iter_mut().find(|curve| curve.name == name) {
                Some(curve) => curve.points.push(point),
                None => curves.push(Curve {
                    style: style_at(scene, &at.at, curves.len()),
                    name,
                    shape: Shape::MarkedLine,
                    role: Role::Published,
                    points: vec![point],
                }),
            }
        }
    }
    for curve in &mut curves {
        curve.points.sort_by(|one, other| one.x.total_cmp(&other.x));
    }
    curves
}

fn owned((path, value): (&String, &Value)) -> (String, Value) {
    (path.clone(), value.clone())
}

/// The median, else the mean, with the band that there is.
fn central(at: &PublishedPoint, x: f64, unit: Unit) -> Option<(&'static str, Point)> {
    let number = |name: &str| at.numbers.get(name).map(|number| number / unit.size);
    let (statistic, y) = match (number("p50"), number("mean")) {
        (Some(median), _) => ("median", median),
        (None, Some(mean)) => ("mean", mean),
        (None, None) => return None,
    };
    let band = number("p10").zip(number("p90")).or_else(|| number("min").zip(number("max")));
    Some((statistic, Point { x, y, band }))
}
