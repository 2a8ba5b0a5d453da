//! The deterministic kernel of seedbed.
