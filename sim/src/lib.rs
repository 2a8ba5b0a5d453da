//! The deterministic kernel of seedbed.

pub mod codec;
pub mod digest;
pub mod distribution;
pub mod id;
pub mod queue;
pub mod rng;
pub mod time;

pub use digest::Digest;
pub use distribution::Distribution;
pub use id::{NodeId, OpId};
pub use queue::{Key, Queue};
pub use rng::{Chance, Purpose, Rng, STREAM_LAYOUT, Streams, hash_name, mix};
pub use time::{LocalTime, SimTime};
