//! What pictures are drawn on: a plane of 96ths of an inch, x to the right and y down.
//!
//! ```text
//! text.rs   how wide a text is, from the embedded font
//! svg.rs    an SVG file: text stays text, curves are groups with a title
//! png.rs    a PNG file: plotters' bitmap, drawn larger and averaged down
//! ```

mod text;

#[cfg(feature = "png")]
mod png;
mod svg;

#[cfg(feature = "png")]
pub use png::PngCanvas;
pub use svg::SvgCanvas;
pub use text::{shortened, text_width, wrapped};

/// A place, in pixels at the picture's nominal size.
pub type Spot = (f64, f64);

/// A colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

impl Colour {
    /// Text and axes.
    pub const INK: Colour = Colour(0x22, 0x22, 0x22);
    /// Notes.
    pub const FAINT: Colour = Colour(0x59, 0x59, 0x59);
    /// Grid lines.
    pub const GRID: Colour = Colour(0xdd, 0xdd, 0xdd);
    /// The page.
    pub const PAPER: Colour = Colour(0xff, 0xff, 0xff);
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    /// Its colour.
    pub colour: Colour,
    /// Its width, in pixels.
    pub width: f64,
    /// Lengths of dashes and gaps in turn, in pixels; empty for a line without gaps.
    pub dash: &'static [f64],
}

impl Stroke {
    /// A line without gaps.
    #[must_use]
    pub fn solid(colour: Colour, width: f64) -> Stroke {
        Stroke { colour, width, dash: &[] }
    }
}

/// Which end of a text its spot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The text begins at the spot.
    Start,
    /// The text has its middle there.
    Middle,
    /// The text ends there.
    End,
}

/// How a text is set. Its spot is on the baseline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lettering {
    /// Pixels from line to line would be about 1.2 times this.
    pub size: f64,
    /// Whether it is bold.
    pub bold: bool,
    /// Its colour.
    pub colour: Colour,
    /// Which end the spot is.
    pub anchor: Anchor,
    /// Whether it reads from bottom to top.
    pub upwards: bool,
}

impl Lettering {
    /// Upright text in the colour of axes, beginning at its spot.
    #[must_use]
    pub fn plain(size: f64) -> Lettering {
        let (colour, anchor) = (Colour::INK, Anchor::Start);
        Lettering { size, bold: false, colour, anchor, upwards: false }
    }

    /// The same text with another end at its spot.
    #[must_use]
    pub fn anchored(self, anchor: Anchor) -> Lettering {
        Lettering { anchor, ..self }
    }

    /// The same text in another colour.
    #[must_use]
    pub fn coloured(self, colour: Colour) -> Lettering {
        Lettering { colour, ..self }
    }
}

/// What a picture is drawn on.
pub trait Canvas {
    /// A line through spots.
    fn line(&mut self, spots: &[Spot], stroke: &Stroke);
    /// A filled shape; `opacity` is from 0 to 1.
    fn fill(&mut self, spots: &[Spot], colour: Colour, opacity: f64);
    /// A text.
    fn text(&mut self, spot: Spot, text: &str, lettering: &Lettering);
    /// What follows, until [`Canvas::end_group`], belongs together under a name.
    fn begin_group(&mut self, title: &str);
    /// Ends what [`Canvas::begin_group`] began.
    fn end_group(&mut self);
}
