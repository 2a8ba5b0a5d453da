//! Messages, bytes, operations and latency over virtual time, with the times of faults.

use std::collections::BTreeMap;

use seedbed_scenarios::format::Nanos;
use seedbed_scenarios::sweep::{OverTime, Timeline};

use crate::figure::{Axis, Curve, Figure, Lane, Moment, Point, Role, Scale, Shape, Span, Style};

use super::scene::{Member, Scene, slug};
use super::unit::Unit;

/// Kinds beyond these many are drawn together.
const KINDS_MAX: usize = 8;
/// With more groups than this, messages by kind are not drawn for each of them.
const GROUPS_BY_KIND_MAX: usize = 6;
/// Shares of runs under a fault are drawn in so many steps.
const SHADES: f64 = 20.0;
/// What results call the end of all faults.
const HEAL: &str = "heal";

/// All pictures over time of a scene; none without series.
pub(super) fn all(scene: &Scene<'_>) -> Vec<Figure> {
    let (members, note) = scene.shown();
    let timed: Vec<Timed<'_, '_>> = members.into_iter().filter_map(Timed::new).collect();
    if timed.is_empty() {
        return Vec::new();
    }
    let mut figures = Vec::new();
    if timed.len() <= GROUPS_BY_KIND_MAX {
        figures.extend(timed.iter().map(|one| messages_by_kind(scene, one, timed.len())));
    }
    if timed.len() > 1 {
        figures.push(messages(scene, &timed));
    }
    figures.push(bytes(scene, &timed));
    let has_operations = timed.iter().any(|one| !one.timeline.operations.is_empty());
    if has_operations {
        figures.push(operations(scene, &timed));
        figures.push(latency(scene, &timed));
    }
    // A picture of one point tells nothing.
    let is_point = timed.iter().all(|one| one.timeline.covered_ns.len() < 2);
    for figure in &mut figures {
        figure.notes.extend(note.clone());
        if is_point {
            let width = widths(&timed.iter().collect::<Vec<_>>());
            figure.curves.clear();
            figure.if_empty = format!("Each run lies in one bin of {width}: sweep with --bin.");
        }
    }
    figures
}

/// A group with what its runs did over time.
struct Timed<'a, 'b> {
    member: &'b Member<'a>,
    series: &'a OverTime,
    timeline: &'a Timeline,
}

impl<'a, 'b> Timed<'a, 'b> {
    fn new(member: &'b Member<'a>) -> Option<Timed<'a, 'b>> {
        let series = member.group.series.as_ref()?;
        Some(Timed { member, series, timeline: &series.timeline })
    }

    /// Counts as rates: how often a second, in a run, on average.
    fn rates(&self, counts: &[u64]) -> Vec<Point> {
        let timeline = self.timeline;
        let point = |bin: usize| {
            let seconds = timeline.covered_s(bin);
            let count = counts.get(bin).copied().unwrap_or(0) as f64;
            (seconds > 0.0).then(|| Point::new(timeline.middle_s(bin), count / seconds))
        };
        (0..timeline.covered_ns.len()).filter_map(point).collect()
    }

    fn rate_curve(&self, name: String, style: Style, counts: &[u64]) -> Curve {
        let points = self.rates(counts);
        Curve { name, style, shape: Shape::Line, role: Role::Measured, points }
    }

    fn lanes(&self) -> Vec<Lane> {
        let timeline = self.timeline;
        let held = timeline.faults.iter().map(|(kind, held)| (kind, spans(timeline, held)));
        let mut lanes: BTreeMap<&String, Vec<Span>> = held.collect();
        for (kind, counts) in timeline.instants.iter().filter(|(kind, _)| !self.is_line(kind)) {
            lanes.entry(kind).or_default().extend(ticks(timeline, counts));
        }
        let lane = |(kind, mut spans): (&String, Vec<Span>)| {
            spans.sort_by(|one, other| one.from.total_cmp(&other.from));
            Lane { name: kind.clone(), spans }
        };
        lanes.into_iter().map(lane).collect()
    }

    /// Whether something happens to everybody at once: it has a line, and no lane.
    fn is_line(&self, kind: &str) -> bool {
        kind == HEAL && !self.moments().is_empty()
    }

    /// When at least half of the runs heal.
    fn moments(&self) -> Vec<Moment> {
        let heals = self.timeline.instants.get(HEAL).map_or(&[][..], Vec::as_slice);
        let ticks = ticks(self.timeline, heals).into_iter().filter(|tick| tick.share >= 0.5);
        ticks.map(|tick| Moment { x: tick.from, label: HEAL.to_owned() }).collect()
    }
}

/// Where something happened that takes no time: at the beginning of its bin.
fn ticks(timeline: &Timeline, counts: &[u64]) -> Vec<Span> {
    let bin_s = timeline.bin_ns as f64 / 1e9;
    let tick = |(bin, count): (usize, &u64)| {
        let covered = timeline.covered_ns.get(bin).copied().unwrap_or(0);
        let runs = covered.div_ceil(timeline.bin_ns).max(*count);
        let from = bin as f64 * bin_s;
        (*count > 0).then(|| Span { from, until: from, share: *count as f64 / runs as f64 })
    };
    counts.iter().enumerate().filter_map(tick).collect()
}

/// Bins in which a fault held, neighbours of one share together.
fn spans(timeline: &Timeline, held: &[u64]) -> Vec<Span> {
    let bin_s = timeline.bin_ns as f64 / 1e9;
    let mut spans: Vec<Span> = Vec::new();
    for (bin, held) in held.iter().enumerate().filter(|(_, held)| **held > 0) {
        let covered = timeline.covered_ns.get(bin).copied().unwrap_or(0).max(1);
        let exact = *held as f64 / covered as f64;
        let share = ((exact * SHADES).round() / SHADES).clamp(1.0 / SHADES, 1.0);
        let end = timeline.until_ns as f64 / 1e9;
        let (from, until) = (bin as f64 * bin_s, ((bin as f64 + 1.0) * bin_s).min(end));
        match spans.last_mut() {
            Some(last)
                if last.share == share && (last.until - from).abs() < 1e-9 * bin_s.max(from) =>
            {
                last.until = until;
            }
            _ => spans.push(Span { from, until, share }),
        }
    }
    spans
}

fn sum_of<'x>(counts: impl Iterator<Item = &'x Vec<u64>>) -> Vec<u64> {
    let mut sum: Vec<u64> = Vec::new();
    for counts in counts {
        if sum.len() < counts.len() {
            sum.resize(counts.len(), 0);
        }
        for (sum, count) in sum.iter_mut().zip(counts) {
            *sum += count;
        }
    }
    sum
}

/// What all pictures over time have in common. Faults are those of the first group: where groups
/// differ, they are named as its.
fn figure<'a>(
    scene: &Scene<'a>,
    name: &str,
    title: String,
    label: &str,
    timed: &[&Timed<'a, '_>],
) -> Figure {
    let lanes = timed.first().map_or_else(Vec::new, |one| one.lanes());
    let moments = timed.first().map_or_else(Vec::new, |one| one.moments());
    let mut notes = Vec::new();
    if !lanes.is_empty() {
        let of = match timed {
            [_, _, ..] if !timed[0].member.label.is_empty() => {
                format!(" (here of {})", timed[0].member.label)
            }
            _ => String::new(),
        };
        let runs = timed.first().map_or(0, |one| one.series.runs);
        notes.push(if runs > 1 {
            format!("Shaded: faults held{of}; the darker, the more runs at that time (to 5 %).")
        } else {
            format!("Shaded: faults held{of}.")
        });
    }
    Figure {
        name: scene.name(name),
        title,
        x: Axis::new("virtual time since start (s)", Scale::Linear),
        y: Axis::new(label, Scale::Auto),
        curves: Vec::new(),
        lanes,
        guides: Vec::new(),
        moments,
        notes,
        source: scene.source_of(&timed.iter().map(|one| one.member).collect::<Vec<_>>()),
        if_empty: "Nothing happened over time.".to_owned(),
    }
}

fn averaged(figure: &mut Figure, timed: &[&Timed<'_, '_>]) {
    if timed.iter().any(|one| one.series.runs > 1) {
        figure.notes.insert(0, format!("Averages over runs, in bins of {}.", widths(timed)));
    } else {
        figure.notes.insert(0, format!("One run, in bins of {}.", widths(timed)));
    }
}

/// How wide bins are: groups with longer runs may have wider ones.
fn widths(timed: &[&Timed<'_, '_>]) -> String {
    let mut widths: Vec<u64> = timed.iter().map(|one| one.timeline.bin_ns).collect();
    widths.sort_unstable();
    widths.dedup();
    let texts: Vec<String> = widths.into_iter().map(|width| Nanos(width).to_string()).collect();
    texts.join(" or ")
}

fn messages_by_kind<'a>(scene: &Scene<'a>, one: &Timed<'a, '_>, groups: usize) -> Figure {
    let (name, title) = if groups == 1 {
        ("messages-over-time".to_owned(), "Messages by kind over virtual time".to_owned())
    } else {
        let label = &one.member.label;
        let title = format!("Messages by kind over virtual time: {label}");
        (format!("messages-over-time-{}", slug(label)), title)
    };
    let mut figure = figure(scene, &name, title, "messages a second", &[one]);
    let mut kinds: Vec<(&String, u64, &Vec<u64>)> = one
        .timeline
        .sent
        .iter()
        .map(|(kind, counts)| (kind, counts.iter().sum::<u64>(), counts))
        .collect();
    kinds.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(other.0)));
    let kept = if kinds.len() > KINDS_MAX { KINDS_MAX - 1 } else { kinds.len() };
    let (kept, rest) = kinds.split_at(kept);
    for (kind, _, counts) in kept {
        figure.curves.push(one.rate_curve((*kind).clone(), scene.kinds.style(kind), counts));
    }
    if !rest.is_empty() {
        let counts = sum_of(rest.iter().map(|(_, _, counts)| *counts));
        let name = format!("{} other kinds", rest.len());
        let style = Style::REST;
        figure.curves.push(one.rate_curve(name, style, &counts));
    }
    averaged(&mut figure, &[one]);
    figure
}

fn messages<'a>(scene: &Scene<'a>, timed: &[Timed<'a, '_>]) -> Figure {
    let all: Vec<&Timed<'a, '_>> = timed.iter().collect();
    let title = "Messages of all kinds over virtual time".to_owned();
    let mut figure = figure(scene, "messages-over-time", title, "messages a second", &all);
    for one in timed {
        let counts = sum_of(one.timeline.sent.values());
        figure.curves.push(one.rate_curve(one.member.label.clone(), one.member.style, &counts));
    }
    averaged(&mut figure, &all);
    figure
}

fn bytes<'a>(scene: &Scene<'a>, timed: &[Timed<'a, '_>]) -> Figure {
    let all: Vec<&Timed<'a, '_>> = timed.iter().collect();
    let title = "Bytes sent over virtual time".to_owned();
    let mut figure = figure(scene, "bytes-over-time", title, "bytes a second", &all);
    for one in timed {
        let (label, style) = (one.member.label.clone(), one.member.style);
        figure.curves.push(one.rate_curve(label, style, &one.timeline.bytes));
    }
    averaged(&mut figure, &all);
    figure
}

/// How operations end over time: by outcome for one group, those that took place for several.
fn operations<'a>(scene: &Scene<'a>, timed: &[Timed<'a, '_>]) -> Figure {
    let all: Vec<&Timed<'a, '_>> = timed.iter().collect();
    let (title, label) = match timed {
        [_] => ("Operations that ended, by outcome", "operations a second"),
        _ => ("Operations that took place (ok)", "operations a second"),
    };
    let mut figure =
        figure(scene, "operations-over-time", format!("{title}, over virtual time"), label, &all);
    if let [one] = timed {
        for (slot, outcome) in [(2, "ok"), (1, "fail"), (3, "info")] {
            let counts = one.timeline.operations.get(outcome);
            if let Some(counts) = counts.filter(|counts| counts.iter().any(|count| *count > 0)) {
                let style = Style::of_slot(slot);
                figure.curves.push(one.rate_curve(outcome.to_owned(), style, counts));
            }
        }
    } else {
        for one in timed {
            let counts = one.timeline.operations.get("ok").cloned().unwrap_or_default();
            figure.curves.push(one.rate_curve(one.member.label.clone(), one.member.style, &counts));
        }
    }
    averaged(&mut figure, &all);
    figure
}

/// Latency by when operations ended: three quantiles for one group, one for several.
fn latency<'a>(scene: &Scene<'a>, timed: &[Timed<'a, '_>]) -> Figure {
    let all: Vec<&Timed<'a, '_>> = timed.iter().collect();
    let longest = timed.iter().flat_map(|one| &one.timeline.longest).copied().max();
    let unit = Unit::of_time(longest.unwrap_or(0) as f64);
    let title = match timed {
        [_] => "Operation latency over virtual time",
        _ => "99th percentile of operation latency in a run, averaged, over virtual time",
    };
    let label = unit.label("latency from intended start");
    let mut figure = figure(scene, "latency-over-time", title.to_owned(), &label, &all);
    let curve = |one: &Timed<'_, '_>, name: String, style: Style, sums: &[u64], mean: bool| {
        let timeline = one.timeline;
        let point = |(bin, count): (usize, &u64)| {
            let sum = sums.get(bin).copied().unwrap_or(0) as f64;
            let number = if mean { sum / (*count).max(1) as f64 } else { sum };
            Point::new(timeline.middle_s(bin), number / unit.size)
        };
        let bins = timeline.latencies.iter().enumerate().filter(|(_, count)| **count > 0);
        let (shape, role) = (Shape::Line, Role::Measured);
        Curve { name, style, shape, role, points: bins.map(point).collect() }
    };
    if let [one] = timed {
        let slot = Style::of_slot;
        let named = |name: &str| name.to_owned();
        let of_runs = |name: &str| match one.series.runs {
            0 | 1 => name.to_owned(),
            _ => format!("{name} of a run, averaged"),
        };
        let timeline = one.timeline;
        figure.curves = vec![
            curve(one, named(&of_runs("p50")), slot(0), &timeline.p50_sum, true),
            curve(one, named(&of_runs("p99")), slot(1), &timeline.p99_sum, true),
            curve(one, named("longest"), slot(7), &timeline.longest, false),
        ];
    } else {
        for one in timed {
            let (label, style) = (one.member.label.clone(), one.member.style);
            figure.curves.push(curve(one, label, style, &one.timeline.p99_sum, true));
        }
    }
    averaged(&mut figure, &all);
    figure.notes.push(super::latency::WITHOUT_FINAL.to_owned());
    if timed.iter().any(|one| one.series.runs > 1) {
        let note = "Percentiles are averages of the runs' own.";
        figure.notes.insert(1, note.to_owned());
    }
    figure
}
