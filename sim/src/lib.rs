//! The deterministic kernel of seedbed.

pub mod codec;
pub mod digest;
pub mod id;
pub mod rng;
pub mod time;

pub use digest::Digest;
pub use id::{NodeId, OpId};
pub use rng::{Chance, Purpose, Rng, STREAM_LAYOUT, Streams, hash_name, mix};
pub use time::{LocalTime, SimTime};
