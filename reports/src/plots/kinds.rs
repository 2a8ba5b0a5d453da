//! Messages sent in a run, by kind.

use crate::figure::{Axis, Curve, Figure, Point, Role, Scale, Shape};

use super::scene::{Member, Scene};

/// More groups than this would not fit side by side in a row.
const GROUPS_MAX: usize = 8;

/// One row a kind: the median over runs, and the band in which eight runs of ten are.
pub(super) fn messages_by_kind(scene: &Scene<'_>) -> Option<Figure> {
    let members: Vec<&Member<'_>> = scene.members.iter().take(GROUPS_MAX).collect();
    if members.iter().all(|member| member.group.by_kind.is_empty()) {
        return None;
    }
    let total = |kind: &str| -> f64 {
        let runs = members.iter().filter_map(|member| {
            let sample = member.group.by_kind.get(kind)?;
            Some(sample.quantile_with_zeros(500, member.group.runs))
        });
        runs.sum()
    };
    let mut kinds: Vec<&str> = Vec::new();
    for kind in members.iter().flat_map(|member| member.group.by_kind.keys()) {
        if !kinds.contains(&kind.as_str()) {
            kinds.push(kind);
        }
    }
    // The most frequent first; names decide between equals.
    kinds.sort_by(|one, other| total(other).total_cmp(&total(one)).then_with(|| one.cmp(other)));
    let curves = members.iter().map(|member| {
        let point = |(row, kind): (usize, &&str)| {
            let sample = member.group.by_kind.get(*kind);
            let number = |thousandths: u64| {
                sample.map_or(0.0, |sample| {
                    sample.quantile_with_zeros(thousandths, member.group.runs)
                })
            };
            Point { x: number(500), y: row as f64, band: Some((number(100), number(900))) }
        };
        Curve {
            name: member.label.clone(),
            style: member.style,
            shape: Shape::Marks,
            role: Role::Measured,
            points: kinds.iter().enumerate().map(point).collect(),
        }
    });
    let mut notes =
        vec!["Marks are medians over runs; bars hold eight runs of ten (p10 to p90).".to_owned()];
    if members.len() < scene.members.len() {
        let all = scene.members.len();
        notes.push(format!("The first {GROUPS_MAX} of {all} groups are drawn."));
    }
    Some(Figure {
        name: scene.name("messages-by-kind"),
        title: "Messages sent in a run, by kind".to_owned(),
        x: Axis::new("messages sent in a run", Scale::Auto),
        y: Axis::new("kind", Scale::Names(kinds.iter().map(|kind| (*kind).to_owned()).collect())),
        curves: curves.collect(),
        lanes: Vec::new(),
        guides: Vec::new(),
        moments: Vec::new(),
        notes,
        source: scene.source_of(&members),
        if_empty: "No message was sent.".to_owned(),
    })
}
