//! What the kernel keeps apart from hosts and messages: plain code, compiled once.

use crate::client::{CLIENT_REPLY_KIND, CLIENT_REQUEST_KIND};
use crate::config::Limits;
use crate::context::Shared;
use crate::counters::MessageCounts;
use crate::digest::Digest;
use crate::disk::SyncId;
use crate::id::NodeId;
use crate::network::Network;
use crate::queue::{Key, Queue};
use crate::sim::Stop;
use crate::slab::Slab;
use crate::time::SimTime;

/// An entry of the queue that is no message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Internal {
    Timer {
        host: NodeId,
        entry: u32,
        incarnation: u32,
    },
    /// The host can go on with its inbox.
    Wake {
        host: NodeId,
        incarnation: u32,
    },
    /// A step that took time is over.
    StepEnd {
        host: NodeId,
        incarnation: u32,
    },
    SyncDone {
        host: NodeId,
        incarnation: u32,
        sync: SyncId,
    },
    /// The disk has an error to tell the host's node.
    DiskFailed {
        host: NodeId,
        incarnation: u32,
    },
    /// A host boots, unless it is no longer the one whose life number `after` has ended.
    Boot {
        host: NodeId,
        after: u32,
    },
    /// A client goes on, unless it has been woken otherwise.
    ClientWake {
        client: u32,
        wake: u32,
    },
    /// The open loop means a client to start an operation.
    ClientArrival {
        client: u32,
    },
    /// An attempt is given up.
    ClientRetry {
        client: u32,
        op: u64,
        attempt: u32,
    },
    /// An operation is given up.
    ClientTimeout {
        client: u32,
        op: u64,
    },
    /// Whoever drives the simulation asked to be woken.
    Director {
        tag: u64,
    },
}

/// Which slab a queue slot points into: the top two bits of its 24.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    Parcel(u32),
    Internal(u32),
    Mail(u32),
}

const SLAB_BITS: u32 = 22;
const SLAB_MASK: u32 = (1 << SLAB_BITS) - 1;

impl Slot {
    #[inline]
    pub(crate) fn pack(self) -> u32 {
        let (tag, slot) = match self {
            Slot::Parcel(slot) => (0, slot),
            Slot::Internal(slot) => (1, slot),
            Slot::Mail(slot) => (2, slot),
        };
        assert!(slot <= SLAB_MASK, "more than 4,194,304 pending events of one sort");
        tag << SLAB_BITS | slot
    }

    #[inline]
    pub(crate) fn unpack(raw: u32) -> Self {
        match raw >> SLAB_BITS {
            0 => Slot::Parcel(raw),
            1 => Slot::Internal(raw & SLAB_MASK),
            _ => Slot::Mail(raw & SLAB_MASK),
        }
    }
}

/// What whoever drives the simulation waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The milestone of this index is reached.
    Milestone(usize),
    /// This many operations have ended `ok`.
    Operations(u64),
    /// This many messages of a kind (any, if none) have left their hosts.
    Sent {
        /// Index into the protocol's kinds, [`crate::CLIENT_REQUEST_KIND`] or
        /// [`crate::CLIENT_REPLY_KIND`].
        kind: Option<u16>,
        /// How many.
        count: u64,
    },
}

pub(crate) struct Core {
    pub(crate) now: SimTime,
    pub(crate) queue: Queue,
    pub(crate) sequence: u64,
    pub(crate) internals: Slab<Internal>,
    pub(crate) digest: Digest,
    pub(crate) events: u64,
    /// When the current instant began, in events.
    pub(crate) instant_since: u64,
    pub(crate) limits: Limits,
    pub(crate) shared: Shared,
    pub(crate) network: Network,
    pub(crate) counts: MessageCounts,
    /// Messages held on clogged links, in order.
    pub(crate) clogged: Vec<Clogged>,
    pub(crate) watches: Vec<(u64, Condition)>,
    pub(crate) watches_made: u64,
    /// What `run` must return before it handles another event.
    pub(crate) attention: Vec<Stop>,
    /// The host whose handler is running, so that a panic can be laid at its door.
    pub(crate) running: Option<NodeId>,
}

/// A message that waits for its link to be let go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clogged {
    pub(crate) from: NodeId,
    pub(crate) to: NodeId,
    pub(crate) raw: u32,
    pub(crate) delay_ns: u64,
}

impl Core {
    #[inline]
    pub(crate) fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    #[inline]
    pub(crate) fn push(&mut self, at: SimTime, slot: Slot) {
        let sequence = self.next_sequence();
        self.queue.push(Key::pack(at, sequence, slot.pack()));
    }

    pub(crate) fn push_internal(&mut self, at: SimTime, internal: Internal) -> u32 {
        let slot = self.internals.insert(internal);
        self.push(at, Slot::Internal(slot));
        slot
    }

    /// Counts an event and folds what it is into the digest.
    #[inline]
    pub(crate) fn event(&mut self, what: u64, payload: u64) {
        self.events += 1;
        // An odd factor keeps two different `what` different, whatever the time.
        let moment = self.now.nanos() ^ what.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.digest.fold2(moment, payload);
    }

    #[inline]
    pub(crate) fn count_sent(&mut self, kind: u16, size: u64) {
        self.counts.sent += 1;
        self.counts.bytes += size;
        self.counts.by_kind[usize::from(kind)] += 1;
        if !self.watches.is_empty() {
            self.check_watches();
        }
    }

    /// The same for what clients say and hear.
    pub(crate) fn count_mail(&mut self, kind: u16, size: u64) {
        self.counts.sent += 1;
        self.counts.bytes += size;
        if kind == CLIENT_REQUEST_KIND {
            self.counts.client_requests += 1;
        } else {
            self.counts.client_replies += 1;
        }
        if !self.watches.is_empty() {
            self.check_watches();
        }
    }

    /// Moves the conditions that hold now to `attention`. Milestones are not asked here: whoever
    /// reaches one says so.
    #[cold]
    pub(crate) fn check_watches(&mut self) {
        let Core { watches, counts, attention, .. } = self;
        watches.retain(|(id, condition)| {
            let met = match *condition {
                Condition::Sent { kind, count } => match kind {
                    None => counts.sent >= count,
                    Some(CLIENT_REQUEST_KIND) => counts.client_requests >= count,
                    Some(CLIENT_REPLY_KIND) => counts.client_replies >= count,
                    Some(kind) => counts.by_kind[usize::from(kind)] >= count,
                },
                Condition::Milestone(_) | Condition::Operations(_) => false,
            };
            if met {
                attention.push(Stop::Condition(*id));
            }
            !met
        });
    }

    /// Moves the watches on which `met` says yes to `attention`.
    pub(crate) fn fire_watches(&mut self, met: impl Fn(&Condition) -> bool) {
        let Core { watches, attention, .. } = self;
        watches.retain(|(id, condition)| {
            let fires = met(condition);
            if fires {
                attention.push(Stop::Condition(*id));
            }
            !fires
        });
    }
}
