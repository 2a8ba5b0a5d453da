//! How much room everything takes, so that nothing overlaps. Pixels at the nominal size.

use crate::canvas::{shortened, text_width, wrapped};
use crate::figure::{Axis, Figure, Projection, Scale};

use super::legend::{self, Entry};

/// Every picture is so wide.
const WIDTH: f64 = 800.0;
/// Free space around everything.
pub(super) const MARGIN: f64 = 14.0;
/// The room for curves is so high, if y is a number.
const PLOT_HEIGHT: f64 = 330.0;
/// A row of an axis of names is at least so high, and so much for each curve.
const NAME_ROW: f64 = 24.0;
const CURVE_ROW: f64 = 9.0;
/// Names of an axis are cut above this width.
const NAME_WIDTH_MAX: f64 = 310.0;
/// A lane of faults is so high.
pub(super) const LANE: f64 = 15.0;

pub(super) const TITLE_SIZE: f64 = 17.0;
pub(super) const LABEL_SIZE: f64 = 13.0;
pub(super) const TICK_SIZE: f64 = 12.0;
pub(super) const NOTE_SIZE: f64 = 11.5;

const TITLE_LINE: f64 = 22.0;
pub(super) const NOTE_LINE: f64 = 16.0;
/// From the axis to the bottom of its labels.
const TICK_ROOM: f64 = 20.0;
const AXIS_LABEL_ROOM: f64 = 20.0;

/// Where things are.
#[derive(Debug)]
pub(super) struct Layout {
    pub width: f64,
    pub height: f64,
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
    pub title: Vec<String>,
    /// Baselines.
    pub title_base: f64,
    pub lanes_top: f64,
    pub x_label_base: f64,
    pub legend: legend::Grid,
    pub legend_top: f64,
    pub notes: Vec<String>,
    pub notes_base: f64,
    pub x: Projection,
    pub y: Projection,
    /// Whether names along x are set upwards, because side by side they would overlap.
    pub upward_names: bool,
}

impl Layout {
    pub(super) fn new(figure: &Figure) -> Layout {
        let inner = WIDTH - 2.0 * MARGIN;
        let title = wrapped(&figure.title, TITLE_SIZE, true, inner);
        let title_base = MARGIN + TITLE_SIZE;
        let lanes_top = title_base + TITLE_LINE * (title.len().max(1) - 1) as f64 + 14.0;
        let top = lanes_top + LANE * figure.lanes.len() as f64 + 8.0;
        let bottom = top + plot_height(figure);
        let right = WIDTH - MARGIN - right_room(figure);
        let left = left_room(figure, (bottom, top));
        let x = Projection::new(&figure.x, x_values(figure), (left, right));
        let y = Projection::new(&figure.y, y_values(figure), upright(&figure.y, (bottom, top)));
        let names = names_of(&figure.x);
        let slot = (right - left) / names.len().max(1) as f64;
        let widest = widest_of(names.iter().map(String::as_str), TICK_SIZE);
        let upward_names = widest + 10.0 > slot;
        let tick_room = if upward_names { widest.min(NAME_WIDTH_MAX) + 14.0 } else { TICK_ROOM };
        let x_label_base = bottom + tick_room + LABEL_SIZE + 2.0;
        let entries = legend::entries(figure);
        let legend = legend::Grid::new(entries, inner);
        let legend_top =
            if figure.is_empty() { bottom } else { x_label_base + AXIS_LABEL_ROOM - LABEL_SIZE };
        let notes_base = legend_top + legend.height() + NOTE_LINE + 2.0;
        let mut notes: Vec<String> = Vec::new();
        for note in figure.notes.iter().chain([&figure.source]) {
            notes.extend(wrapped(note, NOTE_SIZE, false, inner));
        }
        let height = notes_base + NOTE_LINE * (notes.len().max(1) - 1) as f64 + MARGIN;
        Layout {
            width: WIDTH,
            height: height.ceil(),
            left,
            right,
            top,
            bottom,
            title,
            title_base,
            lanes_top,
            x_label_base,
            legend,
            legend_top,
            notes,
            notes_base,
            x,
            y,
            upward_names,
        }
    }

    pub(super) fn title_line(&self, index: usize) -> f64 {
        self.title_base + TITLE_LINE * index as f64
    }
}

/// The pixels between which an axis goes upwards; names go down, as lists do.
fn upright(axis: &Axis, (bottom, top): (f64, f64)) -> (f64, f64) {
    if axis.has_names() { (top, bottom) } else { (bottom, top) }
}

fn plot_height(figure: &Figure) -> f64 {
    if figure.is_empty() {
        return 90.0;
    }
    match &figure.y.scale {
        Scale::Names(names) => {
            let row = (CURVE_ROW * figure.curves.len() as f64 + 6.0).max(NAME_ROW);
            (row * names.len() as f64).max(2.0 * NAME_ROW)
        }
        Scale::Linear | Scale::Auto | Scale::Span | Scale::Logarithmic | Scale::Share => {
            PLOT_HEIGHT
        }
    }
}

fn right_room(figure: &Figure) -> f64 {
    let guides = figure.guides.iter().map(|guide| guide.label.as_str());
    // Half of the last label along x may stand beyond the end of the axis.
    (widest_of(guides, TICK_SIZE) + 8.0).max(24.0)
}

/// Room for the labels of y and the names of lanes.
fn left_room(figure: &Figure, span: (f64, f64)) -> f64 {
    let y = Projection::new(&figure.y, y_values(figure), upright(&figure.y, span));
    let labels = y.ticks().iter().filter_map(|tick| tick.label.as_deref());
    let ticks = if figure.is_empty() { 0.0 } else { widest_of(labels, TICK_SIZE) };
    let ticks = ticks.min(NAME_WIDTH_MAX);
    let label = if figure.y.label.is_empty() { 0.0 } else { LABEL_SIZE + 8.0 };
    let lanes = widest_of(figure.lanes.iter().map(|lane| lane.name.as_str()), TICK_SIZE);
    MARGIN + (label + ticks + 9.0).max(lanes.min(NAME_WIDTH_MAX) + 9.0).max(24.0)
}

/// A name as an axis or a lane shows it.
pub(super) fn shown(name: &str) -> String {
    shortened(name, TICK_SIZE, NAME_WIDTH_MAX)
}

fn widest_of<'a>(texts: impl Iterator<Item = &'a str>, size: f64) -> f64 {
    texts.map(|text| text_width(text, size, false)).fold(0.0, f64::max)
}

fn names_of(axis: &Axis) -> &[String] {
    match &axis.scale {
        Scale::Names(names) => names,
        Scale::Linear | Scale::Auto | Scale::Span | Scale::Logarithmic | Scale::Share => &[],
    }
}

fn x_values(figure: &Figure) -> impl Iterator<Item = f64> {
    let along_x = figure.y.has_names();
    let points = figure.curves.iter().flat_map(|curve| &curve.points);
    let points = points.flat_map(move |point| {
        let band = point.band.filter(|_| along_x);
        [Some(point.x), band.map(|band| band.0), band.map(|band| band.1)]
    });
    let spans = figure.lanes.iter().flat_map(|lane| &lane.spans);
    let moments = figure.moments.iter().map(|moment| moment.x);
    let times = spans.flat_map(|span| [span.from, span.until]).chain(moments);
    points.flatten().chain(times)
}

fn y_values(figure: &Figure) -> impl Iterator<Item = f64> {
    let points = figure.curves.iter().flat_map(|curve| &curve.points);
    points
        .flat_map(|point| {
            [Some(point.y), point.band.map(|band| band.0), point.band.map(|band| band.1)]
        })
        .flatten()
}

/// Whether a curve has a place in the legend.
pub(super) fn is_listed(entry: &Entry, entries: usize) -> bool {
    entries > 1 || !entry.name.is_empty()
}
