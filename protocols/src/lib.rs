//! The protocols of seedbed, each a chapter, and the services that they offer.

mod history;
mod measure;
mod protocol;
pub mod raft;
mod service;
pub mod services;
pub mod units;

pub use history::checkable;
pub use measure::{Measure, Totals};
pub use protocol::{Bug, CLIENTS_FINISHED, FileRange, Protocol, Selector, Strain, Tolerance};
pub use service::{
    CheckKind, HistoryRecord, OptionsError, Tested, WorkloadKind, WorkloadPlan, parse_options,
};
