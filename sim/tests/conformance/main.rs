//! Every setting and fault of the kernel, measured: each test fails if its setting does nothing.

#[path = "../kernel/puppet.rs"]
#[allow(dead_code)]
mod puppet;
#[path = "../kernel/spy.rs"]
mod spy;

mod bursts;
mod corruption;
mod disk_crashes;
mod disk_errors;
mod disks;
mod kinds;
mod latencies;
mod misdirection;
mod network_pairs;
mod reordering;
mod wire;
mod zones;
