//! Histories in the formats of others.

mod edn;
mod reading;
mod robustness;
