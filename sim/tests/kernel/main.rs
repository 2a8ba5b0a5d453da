//! The kernel, one sentence of its contract a test.

mod crash;
mod gate;
mod pause;
mod puppet;
mod steps;
