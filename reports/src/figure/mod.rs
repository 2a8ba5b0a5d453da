//! The figure model: what stands between data and files. A figure is drawn and written as CSV from
//! the same values, so that each plotted value is in the CSV by construction.
//!
//! ```text
//! axis.rs    scales, ticks, and where a value lies on an axis
//! style.rs   colours, dashes and marks, and which thing has which
//! csv.rs     the values as a table
//! ```

mod axis;
mod csv;
mod style;

pub use axis::{Axis, Projection, Scale, Tick, grouped};
pub use csv::to_csv;
pub use style::{Mark, Style, StyleBook};

/// A picture, as data.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The name of its files, without the ending.
    pub name: String,
    /// What it shows, in a line.
    pub title: String,
    /// The axis across.
    pub x: Axis,
    /// The axis upwards.
    pub y: Axis,
    /// What is drawn between the axes.
    pub curves: Vec<Curve>,
    /// When faults held, above the axes; x is time then.
    pub lanes: Vec<Lane>,
    /// Lines across at values of y.
    pub guides: Vec<Guide>,
    /// Lines upwards at values of x.
    pub moments: Vec<Moment>,
    /// What one must know to read it.
    pub notes: Vec<String>,
    /// Which runs it shows.
    pub source: String,
    /// The sentence that stands in it when there is nothing to draw.
    pub if_empty: String,
}

impl Figure {
    /// Whether there is nothing to draw.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.curves.iter().all(|curve| curve.points.is_empty())
    }
}

/// Values that belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// What it is, as the legend says it.
    pub name: String,
    /// How it looks.
    pub style: Style,
    /// How its points are joined.
    pub shape: Shape,
    /// What it is a curve of.
    pub role: Role,
    /// Its values, in the order in which they are joined.
    pub points: Vec<Point>,
}

/// How points are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// By straight lines, with a mark now and then.
    Line,
    /// By straight lines, with a mark at every point.
    MarkedLine,
    /// By steps: a value holds until the next one.
    Steps,
    /// Not at all: marks alone.
    Marks,
}

/// Where values come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// From runs.
    Measured,
    /// From the same runs as the curve of the same name: some of its places, marked.
    Quantiles,
    /// From a publication; drawn with hollow marks.
    Published,
}

impl Role {
    /// The word for it in the CSV.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Role::Measured => "curve",
            Role::Quantiles => "quantile",
            Role::Published => "published",
        }
    }
}

/// A value, perhaps with a band.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Where on the axis across.
    pub x: f64,
    /// Where on the axis upwards.
    pub y: f64,
    /// From where to where the band goes; along x if y is an axis of names, else along y. An edge
    /// that is infinite is not known: the band goes on to the edge of the picture.
    pub band: Option<(f64, f64)>,
}

impl Point {
    /// A value without a band.
    #[must_use]
    pub fn new(x: f64, y: f64) -> Point {
        Point { x, y, band: None }
    }
}

/// When one kind of fault held.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// The kind.
    pub name: String,
    /// Spans of time, in order, that do not overlap; some have no length.
    pub spans: Vec<Span>,
}

/// A span of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// From when.
    pub from: f64,
    /// Until when.
    pub until: f64,
    /// In what share of the runs the fault held, from 0 to 1.
    pub share: f64,
}

/// A line upwards.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// At which value of x.
    pub x: f64,
    /// What stands beside it.
    pub label: String,
}

/// A line across.
#[derive(Clone, Debug, PartialEq)]
pub struct Guide {
    /// At which value of y.
    pub y: f64,
    /// What stands at its right end.
    pub label: String,
}
