//! One number a run, as a cumulative distribution over runs: how many of them are at or below it.

use seedbed_scenarios::format::Drawn;

use crate::figure::{Axis, Curve, Figure, Guide, Point, Role, Scale, Shape, Style, grouped};
use crate::results::{Quantity, Sample};

use super::published;
use super::scene::{Scene, count_of};
use super::titles;
use super::unit::Unit;

/// The quantiles that are marked: thousandths and names.
const MARKED: [(u64, &str); 3] = [(500, "p50"), (900, "p90"), (990, "p99")];

/// Lines across at the quantiles that are marked.
pub(super) fn guides() -> Vec<Guide> {
    let guide = |(thousandths, label): (u64, &str)| Guide {
        y: thousandths as f64 / 1000.0,
        label: label.to_owned(),
    };
    MARKED.into_iter().map(guide).collect()
}

/// The distribution of a quantity, one curve a group.
pub(super) fn distribution(
    scene: &Scene<'_>,
    quantity: &Quantity,
    drawn: Option<&Drawn>,
) -> Figure {
    let (members, note) = scene.shown();
    let sampled: Vec<Sampled<'_>> = members
        .iter()
        .filter_map(|member| {
            let sample = member.group.quantities.get(quantity)?;
            let (name, style) = (member.label.clone(), member.style);
            Some(Sampled { name, style, sample, runs: member.group.runs })
        })
        .collect();
    let unit = titles::unit(quantity, highest(&sampled));
    let mut curves = curves_of(&sampled, unit);
    curves.extend(published::in_distribution(scene, quantity, unit));
    let mut notes = missing(&sampled);
    notes.extend(published::sources(scene, quantity));
    notes.extend(note);
    let scale = match drawn {
        Some(drawn) if drawn.log => Scale::Logarithmic,
        Some(_) | None => Scale::Auto,
    };
    Figure {
        name: scene.name(&titles::file_name(quantity)),
        title: drawn.map_or_else(|| titles::title(quantity), |drawn| drawn.title.clone()),
        x: Axis::new(unit.label(&titles::label(quantity)), scale),
        y: Axis::new("share of runs", Scale::Share),
        curves,
        lanes: Vec::new(),
        guides: guides(),
        moments: Vec::new(),
        notes,
        source: scene.source_of(&members),
        if_empty: format!("No run has a value of {}.", titles::label(quantity)),
    }
}

/// All milestones of a single group, one curve each: first times, and times after heal.
pub(super) fn milestones(scene: &Scene<'_>, quantities: &[Quantity]) -> Vec<Figure> {
    let [member] = scene.members.as_slice() else { return Vec::new() };
    let after_heal = |quantity: &&Quantity| matches!(quantity, Quantity::AfterHeal(_));
    let first = |quantity: &&Quantity| matches!(quantity, Quantity::Milestone(_));
    let figure = |name: &str, title: &str, label: &str, chosen: Vec<&Quantity>| {
        let sampled: Vec<Sampled<'_>> = chosen
            .iter()
            .filter_map(|quantity| {
                let (Quantity::Milestone(name) | Quantity::AfterHeal(name)) = quantity else {
                    return None;
                };
                let sample = member.group.quantities.get(quantity)?;
                let style = scene.milestones.style(name);
                Some(Sampled { name: name.clone(), style, sample, runs: member.group.runs })
            })
            .collect();
        let unit = Unit::of_time(highest(&sampled));
        // Curves of which nothing is seen but their legend are a sentence.
        let is_at_once = !sampled.is_empty() && highest(&sampled) == 0.0;
        let names: Vec<&str> = sampled.iter().map(|one| one.name.as_str()).collect();
        let if_empty = if is_at_once {
            format!("At once, in all runs that got there: {}.", names.join(", "))
        } else {
            "No run reached a milestone.".to_owned()
        };
        let curves = if is_at_once { Vec::new() } else { curves_of(&sampled, unit) };
        Figure {
            name: scene.name(name),
            title: title.to_owned(),
            x: Axis::new(unit.label(label), Scale::Auto),
            y: Axis::new("share of runs", Scale::Share),
            curves,
            lanes: Vec::new(),
            guides: guides(),
            moments: Vec::new(),
            notes: missing(&sampled),
            source: scene.source.clone(),
            if_empty,
        }
    };
    let chosen: Vec<&Quantity> = quantities.iter().filter(first).collect();
    let mut figures = vec![figure(
        "convergence",
        "Convergence: when milestones are first reached",
        "time since start",
        chosen,
    )];
    let chosen: Vec<&Quantity> = quantities.iter().filter(after_heal).collect();
    if !chosen.is_empty() {
        let title = "Convergence after heal: when milestones hold again";
        figures.push(figure("convergence-after-heal", title, "time since heal", chosen));
    }
    figures
}

/// A sample, as a curve will show it.
pub(super) struct Sampled<'a> {
    pub name: String,
    pub style: Style,
    pub sample: &'a Sample,
    /// How many runs there are, with or without a number.
    pub runs: u64,
}

fn highest(sampled: &[Sampled<'_>]) -> f64 {
    let last = |one: &Sampled<'_>| one.sample.at_rank(one.sample.count());
    sampled.iter().filter_map(last).fold(0.0, f64::max)
}

/// A curve and its marked quantiles, each.
pub(super) fn curves_of(sampled: &[Sampled<'_>], unit: Unit) -> Vec<Curve> {
    let mut curves = Vec::new();
    for one in sampled {
        let point = |(number, share): (f64, f64)| Point::new(number / unit.size, share);
        let curve = |shape: Shape, role: Role, points: Vec<Point>| {
            let name = one.name.clone();
            Curve { name, style: one.style, shape, role, points }
        };
        let points = one.sample.distribution(one.runs).into_iter().map(point);
        curves.push(curve(Shape::Steps, Role::Measured, points.collect()));
        let marked = MARKED.into_iter().filter_map(|(thousandths, _)| {
            let number = one.sample.quantile(thousandths, one.runs)?;
            Some(Point::new(number / unit.size, thousandths as f64 / 1000.0))
        });
        curves.push(curve(Shape::Marks, Role::Quantiles, marked.collect()));
    }
    curves
}

/// A note about runs without a number.
fn missing(sampled: &[Sampled<'_>]) -> Vec<String> {
    let parts: Vec<String> = sampled
        .iter()
        .filter(|one| one.sample.count() < one.runs)
        .map(|one| {
            let of = count_of(one.runs, "run");
            let whole = format!("{} of {of}", grouped(one.runs - one.sample.count()));
            if one.name.is_empty() { whole } else { format!("{} {whole}", one.name) }
        })
        .collect();
    if parts.is_empty() {
        return Vec::new();
    }
    vec![format!("Runs that never got there: {}.", parts.join("; "))]
}
