//! What a step wants done: the effects that a handler appends and the kernel applies afterwards.

use std::any::Any;
use std::time::Duration;

use crate::disk::SyncRequest;
use crate::id::{NodeId, OpId};
use crate::node::{Answer, Item, Node, Ret};
use crate::parcels::Parcels;
use crate::sim::HoldId;

/// One effect of a step, in program order.
#[derive(Debug)]
pub(crate) enum Effect<N: Node> {
    /// Send the parcel in this slot.
    Send {
        slot: u32,
    },
    /// Send a copy of the parcel in this slot to every peer.
    Broadcast {
        slot: u32,
    },
    SetTimer {
        timer: N::Timer,
        after: Duration,
    },
    CancelTimer {
        timer: N::Timer,
    },
    Reply {
        id: OpId,
        answer: Box<Answer<Ret<N>>>,
    },
    Accepted {
        id: OpId,
        position: u64,
    },
    Deliver(Box<Item<N>>),
    /// What a hosted protocol replied or delivered to its host: seen by lifted invariants only.
    Inner(Inner),
    /// Outputs behind this wait until the disk says that the request is durable.
    Sync(SyncRequest),
    Reached(&'static str),
    Note(String),
    Crash,
    /// What follows touches the disk, whose next operation has this number: only while somebody
    /// wants to know what a handler did before what.
    DiskAt(u64),
    /// The host crashes here, in the middle of its step, before that operation of its disk.
    Cut {
        hold: HoldId,
        operation: u64,
    },
}

/// An output of a hosted protocol, typed by who lifted the invariant that watches it. The place is
/// the hash of the protocol's directory: several hosted ones may have items of the same type.
#[derive(Debug)]
pub(crate) enum Inner {
    /// `Box<Item<S>>` of the protocol hosted at this place.
    Delivered(u64, Box<dyn Any>),
    /// `Box<Answer<Ret<S>>>` of the protocol hosted at this place.
    Replied(u64, OpId, Box<dyn Any>),
}

/// The buffer that a step appends to. It owns the messages, so that each is written once.
#[derive(Debug)]
pub(crate) struct Effects<N: Node> {
    pub(crate) list: Vec<Effect<N>>,
    pub(crate) parcels: Parcels<N::Message>,
    /// Whether the step touched the disk or took time: most do not.
    pub(crate) slow: bool,
    /// Whether every step counts as one that did: a processor is slow, or a crash lies in wait.
    pub(crate) always_slow: bool,
    /// Whether a step notes when it touches the disk.
    pub(crate) marks_disk: bool,
    /// How much longer than an instant this step takes.
    pub(crate) busy: Duration,
    /// Whether anybody reads notes; they are not even formatted otherwise.
    pub(crate) tracing: bool,
    /// Whether an invariant of a hosted protocol watches what it replies and delivers.
    pub(crate) watch_inner: bool,
}

impl<N: Node> Default for Effects<N> {
    fn default() -> Self {
        Effects {
            list: Vec::new(),
            parcels: Parcels::default(),
            slow: false,
            always_slow: false,
            marks_disk: false,
            busy: Duration::ZERO,
            tracing: false,
            watch_inner: false,
        }
    }
}

impl<N: Node> Effects<N> {
    #[inline]
    pub(crate) fn send(&mut self, from: NodeId, to: NodeId, message: N::Message) {
        let slot = self.parcels.post(from, to, message);
        self.list.push(Effect::Send { slot });
    }

    pub(crate) fn broadcast(&mut self, from: NodeId, message: N::Message) {
        let slot = self.parcels.post(from, from, message);
        self.list.push(Effect::Broadcast { slot });
    }
}
