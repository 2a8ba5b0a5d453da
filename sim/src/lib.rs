//! The deterministic kernel of seedbed: protocol code on virtual hosts, in one single-threaded
//! discrete-event simulator with a seeded network, clocks and disks.
//!
//! A run is decided by its configuration and its seed, and by nothing else: the same binary gives
//! the same [digest](Sim::digest) on every machine, in debug and in release, with and without a
//! trace. The kernel knows no protocol, reads no file, starts no thread, and never looks at the
//! time of day.
//!
//! # An echo node
//!
//! Two hosts; the first says `Ping`, the other one answers, and so on for a virtual second.
//!
//! ```
//! use std::borrow::Cow;
//! use std::time::Duration;
//!
//! use seedbed_sim::{Config, Context, Message, Never, Node, NodeId, OpId, Sim, SimTime, Stop};
//! use serde::{Deserialize, Serialize};
//!
//! /// What the nodes say to each other.
//! #[derive(Clone, Debug, Serialize, Deserialize)]
//! enum Said {
//!     Ping,
//!     Pong,
//! }
//!
//! impl Message for Said {
//!     fn kinds() -> Vec<Cow<'static, str>> {
//!         vec!["ping".into(), "pong".into()]
//!     }
//!
//!     fn kind(&self) -> usize {
//!         match self {
//!             Said::Ping => 0,
//!             Said::Pong => 1,
//!         }
//!     }
//! }
//!
//! /// The node: a value with a few handlers. Its serialized state is what reports show.
//! #[derive(Serialize)]
//! struct Echo {
//!     pongs: u64,
//! }
//!
//! impl Node for Echo {
//!     type Service = (); // no clients
//!     type Message = Said;
//!     type Timer = (); // one timer, so its tag says nothing
//!     type Params = Duration; // how long to wait before the next ping
//!
//!     fn boot(ctx: &mut Context<'_, Self>, wait: &Duration) -> Self {
//!         if ctx.me() == NodeId::host(0) {
//!             ctx.set_timer((), *wait);
//!         }
//!         Echo { pongs: 0 }
//!     }
//!
//!     fn on_timer(&mut self, ctx: &mut Context<'_, Self>, _: ()) {
//!         ctx.broadcast(Said::Ping);
//!     }
//!
//!     fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: NodeId, said: Said) {
//!         match said {
//!             Said::Ping => ctx.send(from, Said::Pong),
//!             Said::Pong => {
//!                 self.pongs += 1;
//!                 ctx.set_timer((), Duration::from_millis(10));
//!             }
//!         }
//!     }
//!
//!     fn on_request(&mut self, _: &mut Context<'_, Self>, _: OpId, op: Never) {
//!         match op {}
//!     }
//! }
//!
//! let run = |seed: u64| {
//!     let mut sim = Sim::<Echo>::new(Config::new(seed, 2, Duration::from_millis(20)));
//!     assert_eq!(sim.run(SimTime::ZERO + Duration::from_secs(1)), Stop::Until);
//!     let echo = sim.view().node(NodeId::host(0)).expect("a host that is up");
//!     (echo.pongs, sim.digest())
//! };
//! let (pongs, digest) = run(7);
//! assert!(pongs > 20, "a round trip takes 2 to 20 ms: {pongs}");
//! assert_eq!(run(7), (pongs, digest), "one seed, one run");
//! assert_ne!(run(8).1, digest);
//! ```
//!
//! Faults are put in from outside ([`Sim::inject`], [`Sim::heal`]) at times and conditions that
//! were asked for ([`Sim::wake_at`], [`Sim::watch`]), and [`testing::Desk`] tests a node with no
//! simulator around it.
//!
//! # The nouns
//!
//! - A [`Node`] is the state machine of a *host*: it does no input or output and touches the world
//!   only through its [`Context`]. One call of a handler is a *step*, an atomic instant; what it
//!   wants done are *effects*, applied when it returns.
//! - A [`Message`] goes from node to node as a datagram. [`MessageCounts`] say what became of all.
//! - A [`Service`] is what clients may ask of a node. A client runs a [`Workload`] on a host of its
//!   own, and what it saw is a history of [`Record`]s.
//! - Each host has a [`disk`] that a crash may take back, and two clocks ([`clock`]); what was
//!   written before [`Context::sync`] is durable before anything that follows leaves the host.
//! - A disk may also fail, lie, rot, fill up or slow down: [`DiskFault`].
//! - A [`Fault`] *holds* what it took until it is released; [`Sim::heal`] ends every hold.
//! - An [`Invariant`] must hold at every moment and is shown each [`Observation`]; a [`Milestone`]
//!   is what a run is expected to reach. Both look at the world through a [`View`].
//! - A node may host another protocol: [`Hosted`], [`Hosts`], and [`lift`] for its invariants.
//! - [`Config`] is what a run is built from; a [`Tracer`] is told all that happens.
//!
//! # What is absent
//!
//! - No real network, disk, clock, thread or entropy, and no way for a node to reach one.
//! - No selectors, schedules or drawn faults, and no verdicts: whoever drives the simulation
//!   resolves and places faults, and judges histories.
//! - Ordered streams (connections that break) and bandwidth.
//! - Changes of clocks during a run: offset and drift are set at the start.
//! - A crash falls between two steps, never into one.
//! - Slow processors, hosts that join or leave, and a change of params during a run.

mod client;
pub mod clock;
pub mod codec;
mod config;
mod context;
mod counters;
pub mod digest;
pub mod disk;
pub mod distribution;
mod effects;
mod hosted;
mod id;
mod invariant;
mod lift;
mod machine;
mod milestone;
mod network;
mod node;
mod parcels;
pub mod queue;
pub mod rng;
mod sim;
mod slab;
pub mod testing;
mod time;
mod trace;
mod view;

pub use client::{
    CLIENT_REPLY, CLIENT_REPLY_KIND, CLIENT_REQUEST, CLIENT_REQUEST_KIND, ClientConfig, ClientView,
    HistoryEvent, Next, OperationCounts, Outcome, Record, Target, Workload,
};
pub use config::{Config, DiskConfig, HostConfig, Limits, LinkConfig, NetworkConfig, ZonesConfig};
pub use context::{Context, DiskHandle};
pub use counters::MessageCounts;
pub use disk::{CrashModel, Cursor, DiskError, DiskFault, Rate, Room, Trouble};
pub use distribution::Distribution;
pub use hosted::{Hosted, Hosts, Upward, hosted_kinds};
pub use id::{NodeId, OpId};
pub use invariant::{Broken, Check, Invariant, Observation, Watch, broken};
pub use lift::lift;
pub use milestone::Milestone;
pub use network::{MessageAction, MessageRule, Shaping};
pub use node::{Answer, Item, Message, Never, Node, Op, Ret, Retry, Service};
pub use rng::{Chance, Rng};
pub use sim::{
    Condition, CrashReport, Fault, HoldId, NODE_PANICKED, OPERATOR, RESTARTED, Sim, Stop,
    Submission, UNSYNCED_DATA_LOST, Violation,
};
pub use time::{LocalTime, SimTime};
pub use trace::{Entry, Tracer, What};
pub use view::{DiskLens, View};
