//! From a figure to a picture: one painter for every kind of canvas.
//!
//! ```text
//! layout.rs   how much room everything takes, so that nothing overlaps
//! painter.rs  axes, curves, lanes
//! marks.rs    the shapes at points
//! legend.rs   which look means what
//! ```

mod layout;
mod legend;
mod marks;
mod painter;

use crate::canvas::SvgCanvas;
use crate::figure::Figure;

use layout::Layout;

/// The picture as an SVG file.
#[must_use]
pub fn to_svg(figure: &Figure) -> String {
    let layout = Layout::new(figure);
    let mut canvas = SvgCanvas::new(layout.width, layout.height, &figure.title, &described(figure));
    painter::paint(figure, &layout, &mut canvas);
    canvas.finish()
}

/// The picture as a PNG file.
///
/// # Errors
/// What the encoder says.
#[cfg(feature = "png")]
pub fn to_png(figure: &Figure) -> std::io::Result<Vec<u8>> {
    let layout = Layout::new(figure);
    let mut canvas = crate::canvas::PngCanvas::new(layout.width, layout.height);
    painter::paint(figure, &layout, &mut canvas);
    canvas.finish().map_err(std::io::Error::other)
}

/// What a picture shows, for those who cannot see it.
fn described(figure: &Figure) -> String {
    if figure.is_empty() {
        return figure.if_empty.clone();
    }
    let axes = format!("{} against {}", figure.y.label, figure.x.label);
    format!("{axes}. The values are in {}.csv. {}", figure.name, figure.notes.join(" "))
}
