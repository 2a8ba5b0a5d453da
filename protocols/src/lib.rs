//! The protocols of seedbed, each a chapter, and the services that they offer.

mod protocol;
mod service;
pub mod units;

pub use protocol::{Bug, Protocol, Selector, Tolerance};
pub use service::{CheckKind, HistoryRecord, OptionsError, Tested, WorkloadKind, WorkloadPlan};
