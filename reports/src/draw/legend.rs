//! Which look means what: below the picture, in columns, where it covers nothing.

use crate::canvas::{Canvas, Lettering, Stroke, shortened, text_width};
use crate::figure::{Curve, Figure, Role, Shape, Style};

use super::layout::{MARGIN, TICK_SIZE, is_listed};
use super::marks;

const ROW: f64 = 19.0;
/// The width of a look, and the space after it.
const SWATCH: f64 = 34.0;
const SWATCH_GAP: f64 = 7.0;
const COLUMN_GAP: f64 = 18.0;

/// One line of the legend.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub name: String,
    pub style: Style,
    pub shape: Shape,
    pub role: Role,
}

/// The entries of a figure's legend: every curve once. What was published in the look of a measured
/// curve is not listed: a note says what hollow marks are.
pub(super) fn entries(figure: &Figure) -> Vec<Entry> {
    let drawn = figure.curves.iter().filter(|curve| !curve.points.is_empty());
    let has_twin = |curve: &&Curve| {
        let same = |other: &Curve| other.role == Role::Measured && other.style == curve.style;
        curve.role == Role::Published && figure.curves.iter().any(same)
    };
    let listed = drawn.filter(|curve| curve.role != Role::Quantiles && !has_twin(curve));
    let entry = |curve: &Curve| Entry {
        name: curve.name.clone(),
        style: curve.style,
        shape: curve.shape,
        role: curve.role,
    };
    let mut entries: Vec<Entry> = Vec::new();
    for entry in listed.map(entry) {
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    let count = entries.len();
    entries.retain(|entry| is_listed(entry, count));
    entries
}

/// The entries in columns.
#[derive(Debug)]
pub(super) struct Grid {
    entries: Vec<Entry>,
    columns: usize,
    column_width: f64,
}

impl Grid {
    pub(super) fn new(entries: Vec<Entry>, width: f64) -> Grid {
        let widths = entries.iter().map(|entry| text_width(&entry.name, TICK_SIZE, false));
        let widest = widths.fold(0.0, f64::max);
        let column_width = (SWATCH + SWATCH_GAP + widest + COLUMN_GAP).min(width);
        let columns = ((width / column_width) as usize).clamp(1, entries.len().max(1));
        Grid { entries, columns, column_width }
    }

    fn rows(&self) -> usize {
        self.entries.len().div_ceil(self.columns)
    }

    pub(super) fn height(&self) -> f64 {
        let rows = self.rows() as f64;
        if rows > 0.0 { rows * ROW + 4.0 } else { 0.0 }
    }

    /// Draws it. Entries are read down the columns.
    pub(super) fn paint(&self, top: f64, canvas: &mut dyn Canvas) {
        let rows = self.rows().max(1);
        for (index, entry) in self.entries.iter().enumerate() {
            let left = MARGIN + self.column_width * (index / rows) as f64;
            let middle = top + ROW * ((index % rows) as f64 + 0.5) + 3.0;
            paint_swatch(entry, (left, middle), canvas);
            let room = self.column_width - SWATCH - SWATCH_GAP;
            let name = shortened(&entry.name, TICK_SIZE, room);
            let spot = (left + SWATCH + SWATCH_GAP, middle + TICK_SIZE * 0.36);
            canvas.text(spot, &name, &Lettering::plain(TICK_SIZE));
        }
    }
}

fn paint_swatch(entry: &Entry, (left, middle): (f64, f64), canvas: &mut dyn Canvas) {
    if entry.shape != Shape::Marks {
        let stroke = Stroke { colour: entry.style.colour(), width: 2.0, dash: entry.style.dash() };
        canvas.line(&[(left, middle), (left + SWATCH, middle)], &stroke);
    }
    marks::paint((left + SWATCH / 2.0, middle), entry.style, entry.role, canvas);
}
