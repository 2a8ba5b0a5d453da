//! Scenarios: the files that say what is built, what load it gets, what goes wrong and what must
//! hold.

pub mod canonical;
pub mod determinism;
pub mod failure;
pub mod format;
pub mod histogram;
mod registry;
pub mod replay;
pub mod run;
pub mod study;
pub mod sweep;

pub use registry::{Plan, PlanError, Registry};
