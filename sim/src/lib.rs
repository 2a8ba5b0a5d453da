//! The deterministic kernel of seedbed.

mod client;
pub mod clock;
pub mod codec;
mod config;
mod context;
mod counters;
pub mod digest;
pub mod disk;
pub mod distribution;
mod effects;
mod hosted;
mod id;
mod invariant;
mod lift;
mod machine;
mod milestone;
mod network;
mod node;
mod parcels;
pub mod queue;
pub mod rng;
mod sim;
mod slab;
pub mod testing;
mod time;
mod trace;
mod view;

pub use client::{
    ClientConfig, ClientView, HistoryEvent, Next, OperationCounts, Outcome, Record, Target,
    Workload,
};
pub use config::{Config, DiskConfig, HostConfig, Limits, LinkConfig, NetworkConfig};
pub use context::{Context, DiskHandle};
pub use counters::MessageCounts;
pub use disk::{CrashModel, Cursor, DiskError};
pub use distribution::Distribution;
pub use hosted::{Hosted, Hosts, Upward, hosted_kinds};
pub use id::{NodeId, OpId};
pub use invariant::{Broken, Check, Invariant, Observation, Watch, broken};
pub use lift::lift;
pub use milestone::Milestone;
pub use network::{MessageAction, MessageRule, Shaping};
pub use node::{Answer, Item, Message, Never, Node, Op, Ret, Retry, Service};
pub use rng::{Chance, Rng};
pub use sim::{
    Condition, CrashReport, Fault, HoldId, NODE_PANICKED, OPERATOR, RESTARTED, Sim, Stop,
    Submission, UNSYNCED_DATA_LOST, Violation,
};
pub use time::{LocalTime, SimTime};
pub use trace::{Entry, Tracer, What};
pub use view::{DiskLens, View};
