//! What somebody else measured, drawn with hollow marks beside what runs measured.

use std::collections::BTreeMap;

use seedbed_scenarios::format::{Published, PublishedPoint};
use seedbed_scenarios::sweep::Point as GridPoint;
use serde_json::Value;

use crate::figure::{Curve, Point, Role, Shape, Style};
use crate::results::Quantity;

use super::scene::Scene;
use super::unit::Unit;

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

/// Whether a point of the grid is one that `at` names.
fn fits(at: &BTreeMap<String, Value>, point: &BTreeMap<String, Value>) -> bool {
    at.iter().all(|(path, value)| point.get(path) == Some(value))
}

/// Published percentiles, one curve for each point of the grid, in the look of its group.
pub(super) fn in_distribution(scene: &Scene<'_>, quantity: &Quantity, unit: Unit) -> Vec<Curve> {
    let mut curves = Vec::new();
    for published in of_quantity(scene, quantity) {
        for (index, at) in published.points.iter().enumerate() {
            let mut points: Vec<Point> = at
                .numbers
                .iter()
                .filter_map(|(name, number)| {
                    Some(Point::new(number.0 / unit.size, share_of(name)?))
                })
                .collect();
            points.sort_by(|one, other| one.y.total_cmp(&other.y));
            let same = scene.members.iter().find(|member| fits(&at.at, &member.group.point));
            let style =
                same.map_or(Style::of_slot(scene.members.len() + index), |member| member.style);
            let name = format!("{}{}", published.label, named(scene, &at.at));
            let shape = Shape::Marks;
            curves.push(Curve { name, style, shape, role: Role::Published, points });
        }
    }
    curves
}

/// Which point numbers are of, as legends say it.
fn named(scene: &Scene<'_>, at: &BTreeMap<String, Value>) -> String {
    let part = |(path, value): (&String, &Value)| scene.value_name(path, value);
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
/// of the other paths, in the look of the curve that was measured there. `place` says where on the
/// axis a value of the path is.
pub(super) fn against(
    scene: &Scene<'_>,
    quantity: &Quantity,
    path: &str,
    unit: Unit,
    place: impl Fn(&Value) -> Option<f64>,
    measured: &[(GridPoint, Curve)],
) -> Vec<Curve> {
    let mut curves: Vec<Curve> = Vec::new();
    for published in of_quantity(scene, quantity) {
        for at in &published.points {
            let Some(x) = at.at.get(path).and_then(&place) else { continue };
            let mut others = at.at.clone();
            others.remove(path);
            let Some((statistic, point)) = central(at, x, unit) else { continue };
            let name = format!("{}{}, {statistic}", published.label, named(scene, &others));
            if let Some(curve) = curves.iter_mut().find(|curve| curve.name == name) {
                curve.points.push(point);
                continue;
            }
            let same = measured.iter().find(|(point, _)| fits(&others, point));
            let other = Style::of_slot(measured.len() + curves.len());
            curves.push(Curve {
                name,
                style: same.map_or(other, |(_, curve)| curve.style),
                shape: Shape::MarkedLine,
                role: Role::Published,
                points: vec![point],
            });
        }
    }
    for curve in &mut curves {
        curve.points.sort_by(|one, other| one.x.total_cmp(&other.x));
    }
    curves
}

/// The median, else the mean, with the band that there is.
fn central(at: &PublishedPoint, x: f64, unit: Unit) -> Option<(&'static str, Point)> {
    let number = |name: &str| at.numbers.get(name).map(|number| number.0 / unit.size);
    let (statistic, y) = match (number("p50"), number("mean")) {
        (Some(median), _) => ("median", median),
        (None, Some(mean)) => ("mean", mean),
        (None, None) => return None,
    };
    let band = number("p10").zip(number("p90")).or_else(|| number("min").zip(number("max")));
    Some((statistic, Point { x, y, band }))
}
