//! Five hosts write 1 GiB in all, 64 KiB at a time, always the same bytes, and sync each time.
//!
//! Equal blocks of a disk are stored once, so the process stays small:
//!
//! ```console
//! $ cargo build --release --package seedbed-sim --example large_disks
//! $ /usr/bin/time -v target/release/examples/large_disks
//! ```
//!
//! On Linux it prints its own peak as well, and fails if that is above 100 MB.

use std::borrow::Cow;
use std::time::Duration;

use seedbed_sim::{Config, Context, Message, Never, Node, NodeId, OpId, Sim, SimTime, Stop};
use serde::{Deserialize, Serialize};

/// What one host writes: a fifth of a gibibyte, rounded up to whole pieces.
const BYTES_MAX: u64 = (1 << 30) / 5;
const PIECE_BYTES: usize = 64 * 1024;
const PEAK_MAX_KB: u64 = 100_000;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Silence;

impl Message for Silence {
    fn kinds() -> Vec<Cow<'static, str>> {
        vec!["silence".into()]
    }

    fn kind(&self) -> usize {
        0
    }
}

#[derive(Serialize)]
struct Writer {
    #[serde(skip)]
    piece: Vec<u8>,
}

impl Node for Writer {
    type Service = ();
    type Message = Silence;
    type Timer = ();
    type Params = ();

    fn boot(ctx: &mut Context<'_, Self>, (): &()) -> Self {
        ctx.set_timer((), Duration::from_millis(2));
        Writer { piece: (0..PIECE_BYTES).map(|at| (at * 31 / 7) as u8).collect() }
    }

    fn on_message(&mut self, _: &mut Context<'_, Self>, _: NodeId, _: Silence) {}

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, (): ()) {
        ctx.disk().append("data", &self.piece).expect("a sound disk");
        ctx.sync();
        if ctx.disk().len("data").is_some_and(|len| len < BYTES_MAX) {
            ctx.set_timer((), Duration::from_millis(2));
        }
    }

    fn on_request(&mut self, _: &mut Context<'_, Self>, _: OpId, op: Never) {
        match op {}
    }
}

fn main() {
    let mut sim = Sim::<Writer>::new(Config::new(0, 5, ()));
    assert_eq!(sim.run(SimTime::from_nanos(60_000_000_000)), Stop::Idle);
    let view = sim.view();
    let durable = sim.members().iter().filter_map(|host| view.durable(*host).len("data"));
    let durable: u64 = durable.sum();
    assert!(durable >= 1 << 30, "{durable} bytes are durable");
    println!("{durable} bytes are durable on five disks");
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    if let Some(peak) = peak.and_then(|peak| peak.trim().strip_suffix(" kB")) {
        println!("the process took {peak} kB at its peak");
        let peak: u64 = peak.parse().expect("a number of kilobytes");
        assert!(peak < PEAK_MAX_KB, "more than {PEAK_MAX_KB} kB");
    }
}
