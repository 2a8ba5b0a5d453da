//! Transactions: known cases, planted anomalies, and a cross-check against definitions.

mod brute;
mod cases;
mod cross_check;
mod history;
mod mutations;
mod planted;
mod random;
mod recorded;
mod relation;
mod rng;
mod store;
mod sweeps;
