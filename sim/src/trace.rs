//! The full story of a run, for whoever wants it. Free when nobody does: a sweep keeps digests and
//! counters only, and a failing seed is run again with a tracer.

use std::fmt::Display;

use crate::id::NodeId;
use crate::time::SimTime;

/// Receives everything that happens, in order.
pub trait Tracer {
    /// Something happened.
    fn record(&mut self, entry: &Entry<'_>);

    /// An event is over; `digest` is the run's digest after it.
    fn event_over(&mut self, event: u64, digest: u64);
}

/// One thing that happened.
pub struct Entry<'a> {
    /// The event in which it happened, counted from 1; 0 before the first.
    pub event: u64,
    /// When.
    pub time: SimTime,
    /// Where; none for what happens to the whole world.
    pub host: Option<NodeId>,
    /// What.
    pub what: What<'a>,
    /// The details as text, formatted only if asked for.
    pub text: &'a dyn Display,
}

impl std::fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {:?}: {}", self.event, self.time, self.what, self.text)
    }
}

/// What happened. A `parcel` names a message from the time it leaves until it is handled; names
/// are used again afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum What<'a> {
    /// A host booted: its first time, or again.
    Boot { incarnation: u32 },
    /// A host crashed; this much un-synced data was lost.
    Crash { operations_lost: u64, bytes_lost: u64 },
    /// A host stopped handling anything.
    Pause,
    /// A host went on.
    Resume,
    /// A message left its host.
    Sent { to: NodeId, kind: &'a str, parcel: u32, fate: &'a str },
    /// The network made a copy of a message.
    Copied { parcel: u32, copy: u32 },
    /// A message was handled.
    Handled { from: NodeId, kind: &'a str, parcel: u32 },
    /// A message was dropped on arrival.
    Dropped { from: NodeId, kind: &'a str, parcel: u32, why: &'a str },
    /// A timer was set.
    TimerSet { timer: u32, at: SimTime },
    /// A timer fired.
    TimerFired { timer: u32 },
    /// A sync completed: what was written before it is durable.
    Durable,
    /// A node said something with `ctx.note`.
    Note,
    /// A milestone was reached.
    Milestone { name: &'a str },
    /// A fault began, changed or ended.
    Fault { kind: &'a str },
    /// An operation began.
    Invoke,
    /// An operation ended.
    Ended { outcome: &'a str },
    /// An item was delivered upward.
    Delivered,
    /// A property does not hold.
    Violation { property: &'a str },
}
