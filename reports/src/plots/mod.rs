//! From results to figures: which pictures there are, and what each holds.
//!
//! ```text
//! scene.rs          the curves of one scenario: their names and looks
//! looks.rs          looks of groups, by their labels
//! names.rs          what paths of the grid are called
//! unit.rs           units, and values of the grid as numbers
//! titles.rs         what quantities are called
//! distribution.rs   one number a run, as a cumulative distribution
//! against.rs        one number a run, against what was varied
//! published.rs      what somebody else measured
//! kinds.rs          messages by kind
//! over_time.rs      messages, bytes, operations and latency over virtual time
//! reached.rs        hosts that have reached a milestone, over time
//! latency.rs        how long operations take
//! violations.rs     how many seeds a violation takes
//! ```

mod against;
mod distribution;
mod kinds;
mod latency;
mod looks;
mod names;
mod over_time;
mod published;
mod reached;
mod scene;
mod titles;
mod unit;
mod violations;

use crate::figure::{Figure, grouped};
use crate::results::{Group, Quantity, Results};

use scene::{Scene, count_of};

/// What a sweep with series would add.
const WITHOUT_SERIES: &str = "sweep with --series to see messages, operations, latency and hosts \
                              over time";

/// With more scenarios than this, each one's pictures are drawn only if it is named.
const SCENARIOS_MAX: usize = 8;

/// All pictures of some results, and what one should know about those that are missing. If there
/// are `wanted` scenarios, only theirs.
#[must_use]
pub fn figures(results: &Results, wanted: &[String]) -> (Vec<Figure>, Vec<String>) {
    let mut figures = Vec::new();
    let mut hints = Vec::new();
    let scenes = scene::scenes(results, wanted);
    if scenes.len() <= SCENARIOS_MAX || !wanted.is_empty() {
        for scene in &scenes {
            draw_scene(scene, &mut figures);
        }
    } else {
        let count = scenes.len();
        hints.push(format!("{count} scenarios: add --scenario NAME for the pictures of one"));
    }
    figures.extend(violations::seeds_to_violation(results, wanted));
    let figures = told_apart(figures);
    hints.extend(incomplete(results));
    hints.extend(without_series(results, wanted));
    (figures, hints)
}

/// Whether there would be more to see of results that were swept with series: of studies nobody
/// expects more, and a summary holds series as results do.
fn without_series(results: &Results, wanted: &[String]) -> Option<String> {
    let is_wanted = |group: &&Group| wanted.is_empty() || wanted.contains(&group.scenario);
    let is_plain =
        |group: &&Group| group.series.is_none() && results.sources[group.source].study.is_none();
    let groups: Vec<&Group> = results.groups.iter().filter(is_wanted).collect();
    let plain: Vec<&Group> = groups.iter().copied().filter(is_plain).collect();
    if plain.is_empty() {
        return None;
    }
    if plain.len() == groups.len() {
        return Some(WITHOUT_SERIES.to_owned());
    }
    let mut labels: Vec<&str> =
        plain.iter().map(|group| results.sources[group.source].label.as_str()).collect();
    labels.dedup();
    Some(format!("without --series: {}; {WITHOUT_SERIES} of all", labels.join(", ")))
}

/// Says of which sweeps runs are missing: their pictures look as if they were whole.
fn incomplete(results: &Results) -> Vec<String> {
    let mut hints = Vec::new();
    for (index, source) in results.sources.iter().enumerate() {
        let file = source.file.display();
        let groups = results.groups.iter().filter(|group| group.source == index);
        let runs: u64 = groups.map(|group| group.runs).sum();
        if let Some(planned) = source.planned.filter(|planned| *planned > runs) {
            let (runs, planned) = (grouped(runs), count_of(planned, "run"));
            hints.push(format!(
                "{file} has {runs} of {planned}: the sweep was not finished (complete it with \
                 --resume), or this is a shard of it"
            ));
        }
        if source.is_cut {
            hints.push(format!("{file}: the last line was cut; its run is left out"));
        }
    }
    hints
}

/// The same picture twice is drawn once: a study asks for one that there is anyway. Others of one
/// name are numbered, so that none overwrites another's files.
fn told_apart(figures: Vec<Figure>) -> Vec<Figure> {
    let mut kept: Vec<Figure> = Vec::new();
    for mut figure in figures {
        let plain = figure.name.clone();
        let mut number = 1;
        while let Some(other) = kept.iter().find(|other| other.name == figure.name) {
            if *other == figure {
                break;
            }
            number += 1;
            figure.name = format!("{plain}-{number}");
        }
        if kept.iter().all(|other| other.name != figure.name) {
            kept.push(figure);
        }
    }
    kept
}

fn draw_scene(scene: &Scene<'_>, figures: &mut Vec<Figure>) {
    for drawn in scene.studied() {
        let quantity = Quantity::parse(&drawn.name);
        figures.push(match &drawn.against {
            Some(path) => against::against(scene, &quantity, path, Some(drawn)),
            None => distribution::distribution(scene, &quantity, Some(drawn)),
        });
    }
    figures.extend(over_time::all(scene));
    // A study says what else is worth a picture.
    if !scene.studied().is_empty() {
        figures.extend(reached::all(scene));
        figures.extend(latency::operation_latency(scene));
        return;
    }
    figures.extend(kinds::messages_by_kind(scene));
    let quantities = scene.quantities();
    figures.extend(distribution::milestones(scene, &quantities));
    for quantity in quantities.iter().filter(|quantity| titles::is_drawn(quantity, scene)) {
        let is_time = matches!(quantity, Quantity::Milestone(_) | Quantity::AfterHeal(_));
        if !is_time || scene.members.len() > 1 {
            figures.push(distribution::distribution(scene, quantity, None));
        }
    }
    for path in scene.numeric_paths() {
        for quantity in quantities.iter().filter(|quantity| titles::is_drawn(quantity, scene)) {
            // A milestone that fewer than half of the runs reach has no median.
            let figure = against::against(scene, quantity, &path, None);
            figures.extend(Some(figure).filter(|figure| !figure.is_empty()));
        }
    }
    figures.extend(reached::all(scene));
    figures.extend(latency::operation_latency(scene));
}
