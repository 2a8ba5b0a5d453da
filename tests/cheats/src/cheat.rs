//! Five ways in which a protocol can depend on something else than its seed.
#![expect(
    clippy::disallowed_types,
    reason = "these protocols do what is forbidden, so that a check can be seen to catch it"
)]

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use seedbed::protocols::{Protocol, Tolerance};
use seedbed::sim::{Context, Invariant, Message, Node, NodeId, Op, OpId};
use serde::{Deserialize, Serialize};

/// Something to look at that is not the seed.
pub trait Temptation: 'static {
    /// The protocol's name.
    const NAME: &'static str;
    /// Looks.
    fn look() -> u64;
}

/// The order in which a hash map hands out its keys.
pub struct HashOrder;
/// A counter that outlives a run.
pub struct StaticCounter;
/// Where something is in memory.
pub struct Address;
/// What time it is.
pub struct WallClock;
/// A counter that outlives a run, on this thread.
pub struct ThreadLocal;

impl Temptation for HashOrder {
    const NAME: &'static str = "cheat-hash-order";

    fn look() -> u64 {
        let map: HashMap<u64, ()> = (0..32).map(|key| (key, ())).collect();
        map.keys().fold(0, |folded: u64, key| folded.wrapping_mul(31).wrapping_add(*key))
    }
}

static RUNS: AtomicU64 = AtomicU64::new(0);

impl Temptation for StaticCounter {
    const NAME: &'static str = "cheat-static-counter";

    fn look() -> u64 {
        RUNS.fetch_add(1, Ordering::Relaxed)
    }
}

impl Temptation for Address {
    const NAME: &'static str = "cheat-address";

    fn look() -> u64 {
        std::ptr::from_ref(&RUNS).addr() as u64
    }
}

impl Temptation for WallClock {
    const NAME: &'static str = "cheat-wall-clock";

    fn look() -> u64 {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        since.map_or(0, |since| since.as_nanos() as u64)
    }
}

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

impl Temptation for ThreadLocal {
    const NAME: &'static str = "cheat-thread-local";

    fn look() -> u64 {
        CALLS.replace(CALLS.get() + 1)
    }
}

/// A host that tells the others what it saw, in its third message.
#[derive(Clone, Debug, Serialize)]
pub struct Cheat<T> {
    said: u64,
    #[serde(skip)]
    temptation: PhantomData<T>,
}

/// What a host saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saw(u64);

impl Message for Saw {
    fn kinds() -> Vec<Cow<'static, str>> {
        vec!["saw".into()]
    }

    fn kind(&self) -> usize {
        0
    }
}

/// The only timer: say something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Speak;

/// No parameters.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

impl<T: Temptation> Node for Cheat<T> {
    type Service = ();
    type Message = Saw;
    type Timer = Speak;
    type Params = Nothing;

    fn boot(ctx: &mut Context<'_, Self>, _: &Nothing) -> Self {
        ctx.set_timer(Speak, Duration::from_millis(10));
        Cheat { said: 0, temptation: PhantomData }
    }

    fn on_message(&mut self, _: &mut Context<'_, Self>, _: NodeId, _: Saw) {}

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, _: Speak) {
        self.said += 1;
        ctx.broadcast(Saw(if self.said == 3 { T::look() } else { 0 }));
        if self.said < 5 {
            ctx.set_timer(Speak, Duration::from_millis(10));
        }
    }

    fn on_request(&mut self, _: &mut Context<'_, Self>, _: OpId, op: Op<Self>) {
        match op {}
    }
}

impl<T: Temptation> Protocol for Cheat<T> {
    const NAME: &'static str = T::NAME;
    const ABOUT: &'static str = "looks at something that is not its seed";

    fn invariants(_: &Nothing) -> Vec<Box<dyn Invariant<Self>>> {
        Vec::new()
    }

    fn tolerance(_: &Nothing, hosts: usize) -> Tolerance {
        Tolerance {
            crashes: hosts,
            amnesia: true,
            lost_copies: hosts,
            damaged_copies: hosts,
            ..Tolerance::default()
        }
    }

    fn liveness_bound(_: &Nothing) -> Duration {
        Duration::from_millis(10)
    }
}
