//! Clients: programs on hosts of their own that ask a service for operations over the simulated
//! network, and the history of what they saw.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use crate::distribution::Distribution;
use crate::id::{NodeId, OpId};
use crate::node::Service;
use crate::rng::Rng;
use crate::time::SimTime;

/// What clients' requests are called where message kinds are named.
pub const CLIENT_REQUEST: &str = "client-request";
/// What replies to clients are called where message kinds are named.
pub const CLIENT_REPLY: &str = "client-reply";

/// The kind of clients' requests, for rules and conditions about messages.
pub const CLIENT_REQUEST_KIND: u16 = u16::MAX - 1;
/// The kind of replies to clients, for rules and conditions about messages.
pub const CLIENT_REPLY_KIND: u16 = u16::MAX - 2;

/// A client program: decides what one client does next.
pub trait Workload<S: Service> {
    /// What `client` does next; `last` is its last operation with how it ended.
    fn next(
        &mut self,
        client: &ClientView<'_>,
        last: Option<(&S::Op, &Outcome<S::Ret>)>,
        rng: &mut Rng,
    ) -> Next<S::Op>;
}

/// What a client program knows of its client.
#[derive(Debug)]
pub struct ClientView<'a> {
    /// The client's number, from 0.
    pub number: u32,
    /// Counts up whenever the client goes on as a new process, after an operation that ended
    /// `info`: a new session.
    pub generation: u32,
    /// The hosts that take part.
    pub members: &'a [NodeId],
}

/// What a client does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next<O> {
    /// Asks for an operation.
    Invoke(O, Target),
    /// Waits on its own clock, then is asked again.
    Wait(Duration),
    /// Is done.
    Done,
}

/// Whom a client asks first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// This host and no other: a refusal ends the operation.
    Host(NodeId),
    /// Who answered last, or whom a refusal named; else any.
    Leader,
    /// A random host.
    Any,
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<R> {
    /// It took place.
    Ok(R),
    /// It never took place: every attempt was definitely refused.
    Fail,
    /// Nobody knows.
    Info,
}

/// The settings of a group of clients that run the same program.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// How far apart the intended starts of operations are (open loop); none: each operation
    /// starts when the last has ended.
    pub interval: Option<Distribution>,
    /// When an operation that has not been answered ends, on the client's clock.
    pub timeout: Duration,
    /// When an attempt is given up for another, where the service may retry; and when a final
    /// operation is given up, to be asked again.
    pub attempt_timeout: Duration,
    /// How long a client waits after a refusal before it tries the next host.
    pub pause: Duration,
}

impl Default for ClientConfig {
    fn default() -> Self {
        ClientConfig {
            interval: None,
            timeout: Duration::from_secs(1),
            attempt_timeout: Duration::from_millis(250),
            pause: Duration::from_millis(10),
        }
    }
}

/// One line of a history: an operation began or ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Record<O, R> {
    /// When, in the time that no host knows.
    pub time: SimTime,
    /// Which operation.
    pub op: OpId,
    /// The client's process: it goes on as a new one after an `info`.
    pub generation: u32,
    /// Whether this is one of the service's final operations, after heal.
    pub last: bool,
    /// What happened.
    pub event: HistoryEvent<O, R>,
}

/// What happened to an operation.
#[derive(Clone, Debug, PartialEq)]
pub enum HistoryEvent<O, R> {
    /// It began; the intended start may lie before.
    Invoke {
        /// The operation.
        op: O,
        /// When the open loop meant it to start.
        intended: SimTime,
    },
    /// It ended `ok`.
    Ok(R),
    /// It ended `fail`: it never took place.
    Fail,
    /// It ended `info`: nobody knows.
    Info,
}

/// How many operations ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OperationCounts {
    /// Ended `ok`.
    pub ok: u64,
    /// Ended `fail`.
    pub fail: u64,
    /// Ended `info`. What has not ended is in none of these.
    pub info: u64,
    /// Intended by the open loop, but dropped at heal before they began.
    pub dropped: u64,
    /// Replies that came after their operation had ended.
    pub late_replies: u64,
}

/// One client: its program, and the operation that it is waiting for.
pub(crate) struct Client<S: Service> {
    pub(crate) program: Box<dyn Workload<S>>,
    pub(crate) config: ClientConfig,
    pub(crate) generation: u32,
    /// How many operations it has begun.
    pub(crate) begun: u64,
    pub(crate) current: Option<Attempted<S>>,
    pub(crate) last: Option<(S::Op, Outcome<S::Ret>)>,
    /// Intended starts that the open loop has produced and the client has not come to.
    pub(crate) due: VecDeque<SimTime>,
    pub(crate) believed_leader: Option<NodeId>,
    pub(crate) state: ClientState<S>,
    /// How often its present final operation has been given up.
    pub(crate) given_up: u32,
    /// Invalidates wake-ups that were meant for what the client did before.
    pub(crate) wake: u32,
    /// True while the program has asked to wait.
    pub(crate) waits: bool,
    pub(crate) rng: Option<Box<Rng>>,
    pub(crate) network: Option<Box<Rng>>,
}

/// What a client is at.
pub(crate) enum ClientState<S: Service> {
    /// Runs its program.
    Working,
    /// Its program has ended.
    Done,
    /// Runs the service's final operations, each until it is `ok`.
    Finishing(VecDeque<(S::Op, Target)>),
    /// Has finished them.
    Finished,
}

/// The operation that a client is waiting for.
pub(crate) struct Attempted<S: Service> {
    pub(crate) id: OpId,
    pub(crate) op: S::Op,
    pub(crate) target: Target,
    pub(crate) asked: NodeId,
    /// True once the fate of one attempt is unknown: it can then end only `ok` or `info`.
    pub(crate) doubtful: bool,
    /// True while an attempt is out.
    pub(crate) waiting: bool,
    pub(crate) attempt: u32,
    pub(crate) last: bool,
}

impl<S: Service> fmt::Debug for Client<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("begun", &self.begun).finish_non_exhaustive()
    }
}
