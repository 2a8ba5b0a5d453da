//! The kernel, one sentence of its contract a test.

mod clients;
mod clocks;
mod crash;
mod faults;
mod gate;
mod invariants;
mod milestones;
mod pause;
mod puppet;
mod runs;
mod spy;
mod steps;
mod storm;
mod streams;
mod timers;
