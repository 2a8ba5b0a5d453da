//! The kernel, one sentence of its contract a test.

mod clocks;
mod crash;
mod faults;
mod gate;
mod pause;
mod puppet;
mod steps;
mod storm;
mod streams;
mod timers;
