//! A desk to put one node on: its handlers called by hand, with no simulator around it.
//!
//! A handler only appends effects, so a test of a protocol's rules needs no network, no queue and
//! no other host: hand the node something, and look at what it wants done.
//!
//! ```
//! use std::borrow::Cow;
//!
//! use seedbed_sim::testing::{Desk, Effect};
//! use seedbed_sim::{Context, Message, Never, Node, NodeId, OpId};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
//! struct Token(u32);
//!
//! impl Message for Token {
//!     fn kinds() -> Vec<Cow<'static, str>> {
//!         vec!["token".into()]
//!     }
//!
//!     fn kind(&self) -> usize {
//!         0
//!     }
//! }
//!
//! /// Hands each token back, one older.
//! #[derive(Serialize)]
//! struct Returner;
//!
//! impl Node for Returner {
//!     type Service = ();
//!     type Message = Token;
//!     type Timer = ();
//!     type Params = ();
//!
//!     fn boot(_: &mut Context<'_, Self>, _: &()) -> Self {
//!         Returner
//!     }
//!
//!     fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: NodeId, Token(age): Token) {
//!         ctx.send(from, Token(age + 1));
//!     }
//!
//!     fn on_timer(&mut self, _: &mut Context<'_, Self>, _: ()) {}
//!
//!     fn on_request(&mut self, _: &mut Context<'_, Self>, _: OpId, op: Never) {
//!         match op {}
//!     }
//! }
//!
//! let [me, other] = [NodeId::host(0), NodeId::host(1)];
//! let mut desk = Desk::<Returner>::new(me, 2, (), 0);
//! assert_eq!(desk.boot(), []);
//! let effects = desk.message(other, Token(6));
//! assert_eq!(effects, [Effect::Send { to: other, message: Token(7) }]);
//! ```

use std::fmt;
use std::time::Duration;

use crate::clock::Clocks;
use crate::context::{Context, Shared};
use crate::disk::{CrashLoss, CrashModel, Disk, SyncId, SyncRequest};
use crate::effects::{Effect as Inside, Effects};
use crate::id::{NodeId, OpId};
use crate::machine::{Machine, Reads};
use crate::node::{Answer, Item, Node, Op, Ret};
use crate::rng::{Chance, Streams};
use crate::time::SimTime;

/// What a handler wants done.
pub enum Effect<N: Node> {
    /// Send a message.
    Send {
        /// To whom.
        to: NodeId,
        /// What.
        message: N::Message,
    },
    /// Send a message to every peer.
    Broadcast(N::Message),
    /// Set a timer, or set it again.
    SetTimer {
        /// Which.
        timer: N::Timer,
        /// How far ahead, on the monotonic clock.
        after: Duration,
    },
    /// Cancel a timer.
    CancelTimer(N::Timer),
    /// Answer a client's operation.
    Reply {
        /// Which operation.
        id: OpId,
        /// The answer.
        answer: Answer<Ret<N>>,
    },
    /// Tell an operator where its operation has been taken up.
    Accepted {
        /// Which operation.
        id: OpId,
        /// The position.
        position: u64,
    },
    /// Hand an item upward.
    Deliver(Item<N>),
    /// Hold what follows until what was written before is durable.
    Sync {
        /// Whether anything has to become durable first.
        waits: bool,
    },
    /// Report a milestone.
    Reached(&'static str),
    /// Say something to the trace.
    Note(String),
    /// Crash.
    Crash,
    /// Take this long; always last.
    Busy(Duration),
}

impl<N: Node> fmt::Debug for Effect<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Effect::Send { to, message } => write!(f, "send {message:?} to {to}"),
            Effect::Broadcast(message) => write!(f, "broadcast {message:?}"),
            Effect::SetTimer { timer, after } => write!(f, "set {timer:?} in {after:?}"),
            Effect::CancelTimer(timer) => write!(f, "cancel {timer:?}"),
            Effect::Reply { id, answer } => write!(f, "answer {id} with {answer:?}"),
            Effect::Accepted { id, position } => write!(f, "accepted {id} at {position}"),
            Effect::Deliver(item) => write!(f, "deliver {item:?}"),
            Effect::Sync { waits: true } => write!(f, "sync"),
            Effect::Sync { waits: false } => write!(f, "sync nothing"),
            Effect::Reached(milestone) => write!(f, "reached {milestone}"),
            Effect::Note(text) => write!(f, "note {text:?}"),
            Effect::Crash => write!(f, "crash"),
            Effect::Busy(time) => write!(f, "busy for {time:?}"),
        }
    }
}

impl<N: Node> PartialEq for Effect<N>
where
    N::Message: PartialEq,
    Ret<N>: PartialEq,
    Item<N>: PartialEq,
{
    fn eq(&self, other: &Self) -> bool {
        match self {
            Effect::Send { to, message } => {
                matches!(other, Effect::Send { to: t, message: m } if t == to && m == message)
            }
            Effect::Broadcast(message) => matches!(other, Effect::Broadcast(m) if m == message),
            Effect::SetTimer { timer, after } => {
                matches!(other, Effect::SetTimer { timer: t, after: a } if t == timer && a == after)
            }
            Effect::CancelTimer(timer) => matches!(other, Effect::CancelTimer(t) if t == timer),
            Effect::Reply { id, answer } => {
                matches!(other, Effect::Reply { id: i, answer: a } if i == id && a == answer)
            }
            Effect::Accepted { id, position } => {
                matches!(other, Effect::Accepted { id: i, position: p } if i == id && p == position)
            }
            Effect::Deliver(item) => matches!(other, Effect::Deliver(i) if i == item),
            Effect::Sync { waits } => matches!(other, Effect::Sync { waits: w } if w == waits),
            Effect::Reached(name) => matches!(other, Effect::Reached(n) if n == name),
            Effect::Note(text) => matches!(other, Effect::Note(t) if t == text),
            Effect::Crash => matches!(other, Effect::Crash),
            Effect::Busy(time) => matches!(other, Effect::Busy(t) if t == time),
        }
    }
}

/// One host without a world: its node, its disk, its clocks and its random stream.
///
/// Each call of a handler returns what the node wants done, in program order, and nothing of it
/// happens: to let a message arrive, or a timer fire, call the handler. Disk writes do reach the
/// disk, as always; [`Desk::complete_syncs`] makes durable what was synced.
pub struct Desk<N: Node> {
    me: NodeId,
    now: SimTime,
    shared: Shared,
    machine: Machine,
    effects: Effects<N>,
    params: N::Params,
    node: Option<N>,
    /// The last sync that a step asked for.
    sync: Option<SyncId>,
}

impl<N: Node> fmt::Debug for Desk<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let life = self.machine.incarnation;
        f.debug_struct("Desk").field("me", &self.me).field("incarnation", &life).finish()
    }
}

impl<N: Node> Desk<N> {
    /// A desk for host `me` out of `count` hosts of the role `node`. Panics if it is none of them.
    pub fn new(me: NodeId, count: u32, params: N::Params, seed: u64) -> Self {
        Desk::with_roles(me, &vec!["node"; count as usize], params, seed)
    }

    /// A desk for host `me` among hosts with these roles. Panics if it is none of them.
    pub fn with_roles(me: NodeId, roles: &[&str], params: N::Params, seed: u64) -> Self {
        assert!((me.number() as usize) < roles.len(), "{me} is none of the {} hosts", roles.len());
        let mut role_names: Vec<String> = roles.iter().map(|role| (*role).to_owned()).collect();
        role_names.sort_unstable();
        role_names.dedup();
        let index_of = |role: &&str| role_names.iter().position(|name| name == role);
        let roles: Vec<u16> =
            roles.iter().map(|role| index_of(role).expect("a name of the list") as u16).collect();
        let shared = Shared {
            streams: Streams::new(seed),
            members: (0..roles.len() as u32).map(NodeId::host).collect(),
            role_names,
            roles,
            clock_errors: Vec::new(),
            buggify: Chance::NEVER,
        };
        Desk {
            me,
            now: SimTime::ZERO,
            shared,
            machine: Machine::default(),
            effects: Effects { tracing: true, ..Effects::default() },
            params,
            node: None,
            sync: None,
        }
    }

    /// Boots the node; its memory is new, its disk is what it was. Panics if it is up.
    pub fn boot(&mut self) -> Vec<Effect<N>> {
        assert!(self.node.is_none(), "{} is up: crash it first", self.me);
        self.machine.incarnation += 1;
        let Desk { me, now, shared, machine, effects, params, .. } = self;
        let ctx = &mut context(*me, *now, shared, machine, effects);
        self.node = Some(N::boot(ctx, params));
        self.take_effects()
    }

    /// Lets a message of `from` arrive.
    pub fn message(&mut self, from: NodeId, message: N::Message) -> Vec<Effect<N>> {
        self.step(|node, ctx| node.on_message(ctx, from, message))
    }

    /// Lets a timer fire.
    pub fn timer(&mut self, timer: N::Timer) -> Vec<Effect<N>> {
        self.step(|node, ctx| node.on_timer(ctx, timer))
    }

    /// Lets a client's operation arrive.
    pub fn request(&mut self, id: OpId, op: Op<N>) -> Vec<Effect<N>> {
        self.step(|node, ctx| node.on_request(ctx, id, op))
    }

    /// Calls anything of the node as a step of its own. Panics if it is not up.
    pub fn step(&mut self, handle: impl FnOnce(&mut N, &mut Context<'_, N>)) -> Vec<Effect<N>> {
        let Desk { me, now, shared, machine, effects, node, .. } = self;
        let node = node.as_mut().expect("a node that is up: boot it first");
        handle(node, &mut context(*me, *now, shared, machine, effects));
        self.take_effects()
    }

    /// The node. Panics if it is not up.
    pub fn node(&self) -> &N {
        self.node.as_ref().expect("a node that is up: boot it first")
    }

    /// The node, to be put into the state that a test begins with. Panics if it is not up.
    pub fn node_mut(&mut self) -> &mut N {
        self.node.as_mut().expect("a node that is up: boot it first")
    }

    /// The disk.
    pub fn disk(&self) -> &Disk {
        &self.machine.disk
    }

    /// The disk, to be filled with what a test begins with.
    pub fn disk_mut(&mut self) -> &mut Disk {
        &mut self.machine.disk
    }

    /// The device completes every sync that was asked for so far.
    pub fn complete_syncs(&mut self) {
        if let Some(sync) = self.sync.take() {
            self.machine.disk.complete_sync(sync);
        }
    }

    /// The host crashes: its memory is gone, and of its un-synced writes what the model takes.
    pub fn crash(&mut self, model: CrashModel) -> CrashLoss {
        self.node = None;
        self.sync = None;
        self.machine.crash_disk(&self.shared.streams, self.me, model)
    }

    /// Lets time pass on all its clocks.
    pub fn advance(&mut self, time: Duration) {
        self.now += time;
    }

    /// The time that has passed.
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// Its clocks.
    pub fn clocks_mut(&mut self) -> &mut Clocks {
        &mut self.machine.clocks
    }

    fn take_effects(&mut self) -> Vec<Effect<N>> {
        self.machine.reads = Reads::default();
        let list = std::mem::take(&mut self.effects.list);
        let mut taken: Vec<_> = list.into_iter().filter_map(|effect| self.show(effect)).collect();
        let busy = std::mem::take(&mut self.effects.busy);
        if busy > Duration::ZERO {
            taken.push(Effect::Busy(busy));
        }
        taken
    }

    fn show(&mut self, effect: Inside<N>) -> Option<Effect<N>> {
        Some(match effect {
            Inside::Send { slot } => {
                let to = self.effects.parcels.header(slot).to;
                Effect::Send { to, message: self.effects.parcels.remove(slot) }
            }
            Inside::Broadcast { slot } => Effect::Broadcast(self.effects.parcels.remove(slot)),
            Inside::SetTimer { timer, after } => Effect::SetTimer { timer, after },
            Inside::CancelTimer { timer } => Effect::CancelTimer(timer),
            Inside::Reply { id, answer } => Effect::Reply { id, answer: *answer },
            Inside::Accepted { id, position } => Effect::Accepted { id, position },
            Inside::Deliver(item) => Effect::Deliver(*item),
            Inside::Sync(request) => Effect::Sync { waits: self.note_sync(request) },
            Inside::Reached(milestone) => Effect::Reached(milestone),
            Inside::Note(text) => Effect::Note(text),
            Inside::Crash => Effect::Crash,
            // Only lifted invariants see these, and there are none here.
            Inside::Inner(_) => return None,
        })
    }

    fn note_sync(&mut self, request: SyncRequest) -> bool {
        match request {
            SyncRequest::Nothing => false,
            SyncRequest::Joins(sync) | SyncRequest::Starts(sync) => {
                self.sync = self.sync.max(Some(sync));
                true
            }
        }
    }
}

fn context<'a, N: Node>(
    me: NodeId,
    time: SimTime,
    shared: &'a Shared,
    machine: &'a mut Machine,
    effects: &'a mut Effects<N>,
) -> Context<'a, N> {
    Context { me, time, shared, machine, effects, directory: "", nest: 0 }
}
