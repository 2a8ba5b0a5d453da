//! What results say: read, compared, drawn.
//!
//! Everything here starts from the files that a sweep wrote (`results.jsonl`, `summary.json`), and
//! nothing here runs a simulation.
//!
//! ```text
//! results/   the files, line by line, in bounded memory
//! plots/     which pictures there are, and what each holds
//! figure/    a picture as data; the same data as CSV
//! draw/      a figure on a canvas
//! canvas/    SVG and PNG
//! compare/   two results, and whether they differ by more than chance
//! ```

pub mod canvas;
pub mod compare;
pub mod draw;
pub mod figure;
pub mod plots;
pub mod results;
mod shelf;

pub use shelf::{Plotted, plot};
