//! Scenarios: the files that say what is built, what load it gets, what goes wrong and what must hold.

pub mod format;
mod registry;
pub mod run;

pub use registry::{Plan, PlanError, Registry};
