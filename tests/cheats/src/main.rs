//! The command line with protocols of its own: one that fails when it is told to, and five that
//! look at what no protocol may look at. A check of determinism must catch each of the five.

mod cheat;
mod tiny;

use std::process::ExitCode;

use cheat::{Address, Cheat, HashOrder, StaticCounter, ThreadLocal, WallClock};

fn main() -> ExitCode {
    let registry = seedbed::Registry::new()
        .with::<tiny::Tiny>()
        .with::<Cheat<HashOrder>>()
        .with::<Cheat<StaticCounter>>()
        .with::<Cheat<Address>>()
        .with::<Cheat<WallClock>>()
        .with::<Cheat<ThreadLocal>>();
    seedbed::main(registry)
}
