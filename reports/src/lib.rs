//! What results say: read, compared, drawn.
//!
//! Everything here starts from the files that a sweep wrote (`results.jsonl`, `summary.json`), and
//! nothing here runs a simulation.

pub mod canvas;
pub mod figure;
pub mod draw;
