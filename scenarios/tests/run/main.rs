//! Runs of scenarios.

mod library;
