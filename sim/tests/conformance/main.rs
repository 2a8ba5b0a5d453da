//! Every setting and fault of the kernel, measured: each test fails if its setting does nothing.

#[path = "../kernel/puppet.rs"]
#[allow(dead_code)]
mod puppet;

mod buggify;
mod clocks;
mod hosts;
mod sharp;
mod uncertainty;
