//! The kernel, one sentence of its contract a test.

mod puppet;
mod steps;
