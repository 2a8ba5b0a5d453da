//! The shapes at points: full for what was measured, hollow for what was published.

use crate::canvas::{Canvas, Colour, Spot, Stroke};
use crate::figure::{Mark, Role, Style};

/// Half of a mark's width.
const RADIUS: f64 = 4.0;
/// The same, of a hollow mark.
const RING: f64 = 6.0;

/// Draws a look's mark.
pub(super) fn paint(spot: Spot, style: Style, role: Role, canvas: &mut dyn Canvas) {
    let radius = if role == Role::Published { RING } else { RADIUS };
    let outline: Vec<Spot> = shape(style.mark())
        .into_iter()
        .map(|(x, y)| (spot.0 + x * radius, spot.1 + y * radius))
        .collect();
    let mut closed = outline.clone();
    closed.extend(outline.iter().take(2));
    match role {
        Role::Measured | Role::Quantiles => {
            // A rim of paper keeps marks apart that touch.
            canvas.line(&closed, &Stroke::solid(Colour::PAPER, 1.6));
            canvas.fill(&outline, style.colour(), 1.0);
        }
        // What was measured at the same place is seen inside.
        Role::Published => canvas.line(&closed, &Stroke::solid(style.colour(), 1.6)),
    }
}

/// A shape that fills a square from -1 to 1, about as dark as the others.
fn shape(mark: Mark) -> Vec<Spot> {
    match mark {
        Mark::Disc => DISC.to_vec(),
        Mark::Square => vec![(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
        Mark::Triangle => vec![(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)],
        Mark::Diamond => vec![(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)],
        Mark::Funnel => vec![(0.0, 1.2), (-1.1, -0.8), (1.1, -0.8)],
        Mark::Cross => PLUS.map(|(x, y)| ((x - y) * HALF_ROOT, (x + y) * HALF_ROOT)).to_vec(),
        Mark::Plus => PLUS.to_vec(),
    }
}

/// The square root of 1/2: what a turn by 45 degrees multiplies with.
const HALF_ROOT: f64 = std::f64::consts::FRAC_1_SQRT_2;

/// Twelve corners are round enough at this size.
const DISC: [Spot; 12] = [
    (1.0, 0.0),
    (0.866, 0.5),
    (0.5, 0.866),
    (0.0, 1.0),
    (-0.5, 0.866),
    (-0.866, 0.5),
    (-1.0, 0.0),
    (-0.866, -0.5),
    (-0.5, -0.866),
    (0.0, -1.0),
    (0.5, -0.866),
    (0.866, -0.5),
];

const PLUS: [Spot; 12] = [
    (-0.4, -1.2),
    (0.4, -1.2),
    (0.4, -0.4),
    (1.2, -0.4),
    (1.2, 0.4),
    (0.4, 0.4),
    (0.4, 1.2),
    (-0.4, 1.2),
    (-0.4, 0.4),
    (-1.2, 0.4),
    (-1.2, -0.4),
    (-0.4, -0.4),
];
