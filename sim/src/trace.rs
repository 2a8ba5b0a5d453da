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
    Boot {
        /// Which of its lives this is, from 1.
        incarnation: u32,
    },
    /// A host crashed.
    Crash {
        /// How many un-synced disk operations were lost.
        operations_lost: u64,
        /// How many un-synced bytes were lost.
        bytes_lost: u64,
    },
    /// A host stopped handling anything.
    Pause,
    /// A host went on.
    Resume,
    /// A message left its host.
    Sent {
        /// The receiver.
        to: NodeId,
        /// The name of its kind.
        kind: &'a str,
        /// Its name.
        parcel: u32,
        /// What the network does to it: `arrives`, `clogged`, `lost` or `cut`.
        fate: &'a str,
    },
    /// The network made a copy of a message.
    Copied {
        /// The message.
        parcel: u32,
        /// The name of the copy.
        copy: u32,
    },
    /// Bits of a message flipped on its way.
    Corrupted {
        /// The message.
        parcel: u32,
    },
    /// A message went to another host than it was sent to.
    Misdirected {
        /// The message.
        parcel: u32,
        /// Whom it was sent to.
        meant: NodeId,
        /// Where it went.
        to: NodeId,
    },
    /// A message was handled.
    Handled {
        /// The sender.
        from: NodeId,
        /// The name of its kind.
        kind: &'a str,
        /// Its name.
        parcel: u32,
    },
    /// A message was dropped on arrival, or because it could not be delivered any more.
    Dropped {
        /// The sender.
        from: NodeId,
        /// The name of its kind.
        kind: &'a str,
        /// Its name.
        parcel: u32,
        /// Why: `host_down`, `queue_dropped` or `undecodable`.
        why: &'a str,
    },
    /// A timer was set.
    TimerSet {
        /// Its number on its host.
        timer: u32,
        /// When it is due.
        at: SimTime,
    },
    /// A timer fired.
    TimerFired {
        /// Its number on its host.
        timer: u32,
    },
    /// A sync completed: what was written before it is durable.
    Durable,
    /// A sync failed: the text says what of.
    SyncFailed,
    /// A node said something with `ctx.note`.
    Note,
    /// A milestone was reached.
    Milestone {
        /// Its name.
        name: &'a str,
    },
    /// A fault began, changed or ended.
    Fault {
        /// Its kind.
        kind: &'a str,
    },
    /// An operation began.
    Invoke,
    /// An operation ended.
    Ended {
        /// How: `ok`, `fail` or `info`.
        outcome: &'a str,
    },
    /// An item was delivered upward.
    Delivered,
    /// A property does not hold.
    Violation {
        /// Its name.
        property: &'a str,
    },
}
