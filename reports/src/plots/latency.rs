//! How long operations take, all runs together.

use crate::figure::{Axis, Figure, Scale};
use crate::results::Sample;

use super::distribution::{Sampled, curves_of, guides};
use super::scene::Scene;
use super::unit::Unit;

/// Which operations have latencies.
pub(super) const WITHOUT_FINAL: &str =
    "Operations that ended ok; the final ones after heal are not among them.";

/// The distribution of latencies, one curve a group; none without series.
pub(super) fn operation_latency(scene: &Scene<'_>) -> Option<Figure> {
    let (members, note) = scene.shown();
    let samples: Vec<Option<Sample>> = members
        .iter()
        .map(|member| {
            let latency = &member.group.series.as_ref()?.latency;
            (!latency.is_empty()).then(|| Sample::of_histogram(latency, 1))
        })
        .collect();
    let sampled: Vec<Sampled<'_>> = members
        .iter()
        .zip(&samples)
        .filter_map(|(member, sample)| {
            let sample = sample.as_ref()?;
            let (name, style) = (member.label.clone(), member.style);
            Some(Sampled { name, style, sample, runs: sample.count() })
        })
        .collect();
    if sampled.is_empty() {
        return None;
    }
    let longest = sampled.iter().filter_map(|one| one.sample.at_rank(one.runs)).fold(0.0, f64::max);
    let unit = Unit::of_time(longest);
    Some(Figure {
        name: scene.name("operation-latency"),
        title: "Operation latency".to_owned(),
        x: Axis::new(unit.label("latency of operations from their intended start"), Scale::Auto),
        y: Axis::new("share of operations", Scale::Share),
        curves: curves_of(&sampled, unit),
        lanes: Vec::new(),
        guides: guides(),
        moments: Vec::new(),
        notes: ["All runs together; latencies to 0.4 %.", WITHOUT_FINAL]
            .map(str::to_owned)
            .into_iter()
            .chain(note)
            .collect(),
        source: scene.source_of(&members),
        if_empty: "No operation took place.".to_owned(),
    })
}
