//! The kernel, one sentence of its contract a test.

mod clients;
mod clocks;
mod crash;
mod desk;
mod digests;
mod faults;
mod gate;
mod invariants;
mod milestones;
mod nesting;
mod pause;
mod puppet;
mod runs;
mod spy;
mod steps;
mod storm;
mod streams;
mod timers;
