//! The share of hosts that have reached a milestone, over virtual time.

use seedbed_scenarios::histogram::Histogram;
use seedbed_scenarios::sweep::{OverTime, Reach};

use crate::figure::{Axis, Curve, Figure, Point, Role, Scale, Shape, Style};
use crate::results::Sample;

use super::scene::Scene;
use super::unit::Unit;

/// With more curves than this, bands would cover each other.
const BANDS_MAX: usize = 3;

/// One curve a milestone for a single group, else one picture a milestone; none without series.
pub(super) fn all(scene: &Scene<'_>) -> Vec<Figure> {
    let (members, note) = scene.shown();
    let series = |group: &'_ crate::results::Group| group.series.is_some();
    let timed: Vec<_> = members.into_iter().filter(|member| series(member.group)).collect();
    let mut figures = Vec::new();
    if let [member] = timed.as_slice() {
        let reached: Vec<Reached> = member
            .group
            .series
            .iter()
            .flat_map(|series| {
                series.reached.iter().map(move |(name, reach)| (series, name, reach))
            })
            .map(|(series, name, reach)| {
                Reached::new(name.clone(), scene.milestones.style(name), series, reach)
            })
            .collect();
        if !reached.is_empty() {
            let title = "Share of hosts that have reached a milestone";
            figures.push(figure(scene, "hosts-reached", title.to_owned(), &reached));
        }
        return figures;
    }
    let mut names: Vec<&str> = Vec::new();
    let all = timed.iter().flat_map(|member| &member.group.series);
    for name in all.flat_map(|series| series.reached.keys()) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    for name in names {
        let reached = timed.iter().filter_map(|member| {
            let series = member.group.series.as_ref()?;
            let reach = series.reached.get(name)?;
            Some(Reached::new(member.label.clone(), member.style, series, reach))
        });
        let reached: Vec<Reached> = reached.collect();
        let title = format!("Share of hosts that have reached {name}");
        let mut figure = figure(scene, &format!("hosts-reached-{name}"), title, &reached);
        figure.notes.extend(note.clone());
        figure.source = scene.source_of(&timed);
        figures.push(figure);
    }
    figures
}

/// When a tenth, half and nine tenths of the runs had reached a share of the hosts.
struct Step {
    share: f64,
    /// In nanoseconds; none if fewer runs ever reached it.
    early: Option<f64>,
    middle: Option<f64>,
    late: Option<f64>,
}

/// A curve to be.
struct Reached {
    name: String,
    style: Style,
    steps: Vec<Step>,
}

impl Reached {
    fn new(name: String, style: Style, series: &OverTime, reach: &Reach) -> Reached {
        let step = |(share, times): (f64, Histogram)| {
            let times = Sample::of_histogram(&times, 1);
            let [early, middle, late] =
                [100, 500, 900].map(|thousandths| times.quantile(thousandths, series.runs));
            Step { share, early, middle, late }
        };
        Reached { name, style, steps: reach.shares().into_iter().map(step).collect() }
    }

    fn times(&self) -> impl Iterator<Item = f64> {
        self.steps.iter().flat_map(|step| [step.early, step.middle, step.late]).flatten()
    }

    /// The share that most steps have reached at a time.
    fn share_at(&self, time: f64, when: impl Fn(&Step) -> Option<f64>) -> f64 {
        let reached = self.steps.iter().filter(|step| when(step).is_some_and(|at| at <= time));
        reached.map(|step| step.share).fold(0.0, f64::max)
    }

    /// A point for each time at which the median or an edge of the band rises.
    fn points(&self, unit: Unit, has_band: bool) -> Vec<Point> {
        let mut times: Vec<f64> = if has_band {
            self.times().collect()
        } else {
            self.steps.iter().filter_map(|step| step.middle).collect()
        };
        times.sort_by(f64::total_cmp);
        times.dedup();
        let point = |time: &f64| {
            let share = |when: fn(&Step) -> Option<f64>| self.share_at(*time, when);
            let band = (share(|step| step.late), share(|step| step.early));
            let y = share(|step| step.middle);
            Point { x: time / unit.size, y, band: has_band.then_some(band) }
        };
        times.iter().map(point).collect()
    }
}

fn figure(scene: &Scene<'_>, name: &str, title: String, reached: &[Reached]) -> Figure {
    let last = reached.iter().flat_map(Reached::times).fold(0.0, f64::max);
    let unit = Unit::of_time(last);
    let has_bands = reached.len() <= BANDS_MAX;
    let mut notes = vec![String::new()];
    let is_seen = |one: &&Reached| one.steps.iter().any(|step| step.middle.is_some());
    let (seen, unseen): (Vec<&Reached>, Vec<&Reached>) = reached.iter().partition(is_seen);
    if !unseen.is_empty() {
        let names: Vec<&str> = unseen.iter().map(|one| one.name.as_str()).collect();
        notes.push(format!("Fewer than half of the runs reached it: {}.", names.join(", ")));
    }
    let curve = |one: &&Reached| Curve {
        name: one.name.clone(),
        style: one.style,
        shape: Shape::Steps,
        role: Role::Measured,
        points: one.points(unit, has_bands),
    };
    let lines = if has_bands {
        "Lines are what half of the runs have reached; bands go from what nine of ten runs have \
         to what one of ten has; times to 0.4 %."
    } else {
        "Lines are what half of the runs have reached; times to 0.4 %."
    };
    notes[0] = lines.to_owned();
    Figure {
        name: scene.name(name),
        title,
        x: Axis::new(unit.label("virtual time since start"), Scale::Auto),
        y: Axis::new("share of hosts", Scale::Share),
        curves: seen.iter().map(curve).collect(),
        lanes: Vec::new(),
        guides: Vec::new(),
        moments: Vec::new(),
        notes,
        source: scene.source.clone(),
        if_empty: "Fewer than half of the runs reached a milestone on any host.".to_owned(),
    }
}
