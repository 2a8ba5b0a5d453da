//! Results as pictures need them: read line by line, kept in bounded memory.
//!
//! ```text
//! read.rs       which files a path names, and what their lines hold
//! group.rs      what the runs of one scenario, as one protocol, at one point have in common
//! sample.rs     one number a run: exact for up to 200,000 runs, in buckets beyond
//! timeline.rs   counts over virtual time, summed over runs
//! reach.rs      how many hosts had reached a milestone, over time and over runs
//! ```

mod group;
mod reach;
mod read;
mod sample;
mod timeline;

pub use group::{Found, Group, Quantity};
pub use reach::{Reach, Reached};
pub use read::{ReadError, Results, Source, read};
pub use sample::Sample;
pub use timeline::Timeline;
