//! Every setting and fault of the kernel, measured: each test fails if its setting does nothing.

#[path = "../kernel/puppet.rs"]
#[allow(dead_code)]
mod puppet;
#[path = "../kernel/spy.rs"]
mod spy;

mod buggify;
mod bursts;
mod capacity;
mod clocks;
mod corruption;
mod disk_crashes;
mod disk_errors;
mod disks;
mod hosts;
mod kinds;
mod latencies;
mod lossless;
mod misdirection;
mod network_pairs;
mod reordering;
mod sharp;
mod streams;
mod talker;
mod uncertainty;
mod wire;
mod zones;
