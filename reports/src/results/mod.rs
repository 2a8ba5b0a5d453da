//! Results as pictures need them: read line by line, kept in bounded memory.
//!
//! ```text
//! read.rs       which files a path names, and what their lines hold
//! group.rs      what the runs of one scenario, as one protocol, at one point have in common
//! planned.rs    how many runs there were to be
//! sample.rs     one number a run: exact for up to 200,000 runs, in buckets beyond
//! ```

mod group;
mod planned;
mod read;
mod sample;

pub use group::{Found, Group, Quantity};
pub use read::{ReadError, Results, Source, read};
pub use sample::Sample;
