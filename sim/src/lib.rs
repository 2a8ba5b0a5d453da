//! The deterministic kernel of seedbed.

pub mod clock;
pub mod codec;
pub mod digest;
pub mod distribution;
pub mod id;
pub mod queue;
pub mod rng;
pub mod time;

pub use clock::{Clocks, Drift};
pub use digest::Digest;
pub use distribution::Distribution;
pub use id::{NodeId, OpId};
pub use queue::{Key, Queue};
pub use rng::{Chance, Purpose, Rng, STREAM_LAYOUT, Streams, hash_name, mix};
pub use time::{LocalTime, SimTime};
