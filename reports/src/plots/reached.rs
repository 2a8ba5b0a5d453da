//! The share of hosts that have reached a milestone, over virtual time.

use crate::figure::{Axis, Curve, Figure, Point, Role, Scale, Shape, Style};
use crate::results::Reach;

use super::scene::Scene;
use super::unit::Unit;

/// With more curves than this, bands would cover each other.
const BANDS_MAX: usize = 3;

/// One curve a milestone for a single group, else one picture a milestone; none without series.
pub(super) fn all(scene: &Scene<'_>) -> Vec<Figure> {
    let mut names: Vec<&str> = Vec::new();
    let (members, note) = scene.shown();
    for name in members.iter().flat_map(|member| member.group.reach.keys()) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let mut figures = Vec::new();
    if let [member] = members.as_slice() {
        let curves: Vec<(String, Style, &Reach)> = member
            .group
            .reach
            .iter()
            .map(|(name, reach)| (name.clone(), scene.milestones.style(name), reach))
            .collect();
        if !curves.is_empty() {
            let title = "Share of hosts that have reached a milestone";
            figures.push(figure(scene, "hosts-reached", title.to_owned(), &curves));
        }
        return figures;
    }
    for name in names {
        let curves: Vec<(String, Style, &Reach)> = members
            .iter()
            .filter_map(|member| {
                let reach = member.group.reach.get(name)?;
                Some((member.label.clone(), member.style, reach))
            })
            .collect();
        let title = format!("Share of hosts that have reached {name}");
        let mut figure = figure(scene, &format!("hosts-reached-{name}"), title, &curves);
        figure.notes.extend(note.clone());
        figures.push(figure);
    }
    figures
}

fn figure(
    scene: &Scene<'_>,
    name: &str,
    title: String,
    reached: &[(String, Style, &Reach)],
) -> Figure {
    let moments: Vec<Vec<crate::results::Reached>> =
        reached.iter().map(|(_, _, reach)| reach.moments()).collect();
    let last = moments.iter().filter_map(|moments| moments.last()).map(|last| last.at_ns).max();
    let unit = Unit::of_time(last.unwrap_or(0) as f64);
    let bands = reached.len() <= BANDS_MAX;
    let curve = |((name, style, _), moments): (&(String, Style, &Reach), &Vec<_>)| {
        let point = |moment: &crate::results::Reached| Point {
            x: moment.at_ns as f64 / unit.size,
            y: moment.p50,
            band: bands.then_some((moment.p10, moment.p90)),
        };
        Curve {
            name: name.clone(),
            style: *style,
            shape: Shape::Steps,
            role: Role::Measured,
            points: moments.iter().map(point).collect(),
        }
    };
    let note = if bands {
        "Lines are medians over runs; bands hold eight runs of ten (p10 to p90)."
    } else {
        "Lines are medians over runs."
    };
    Figure {
        name: scene.name(name),
        title,
        x: Axis::new(unit.label("virtual time since start"), Scale::Linear),
        y: Axis::new("share of hosts", Scale::Share),
        curves: reached.iter().zip(&moments).map(curve).collect(),
        lanes: Vec::new(),
        guides: Vec::new(),
        notes: vec![note.to_owned()],
        source: scene.source.clone(),
        if_empty: "No host reached a milestone.".to_owned(),
    }
}
