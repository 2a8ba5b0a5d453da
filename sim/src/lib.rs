//! The deterministic kernel of seedbed.

pub mod disk;
