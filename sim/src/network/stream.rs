//! Ordered streams between hosts: the state of each pair's connection. Plain bookkeeping; what
//! follows from it is done in `sim/streams.rs`.
//!
//! A stream is one connection for each pair of hosts, with a lane in each direction. It opens with
//! the first message, at no cost, and breaks when one end crashes, when a link has been cut for
//! `dead_link`, or when one message has been sent again and again for that long. What is on its way
//! is gone then, and each end that lives is told. An end that has not been told yet believes in the
//! old connection, so what it sends is lost with it; after it was told, the next message opens a
//! new one.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::id::NodeId;
use crate::network::Network;
use crate::time::SimTime;

/// How hosts talk to each other. Clients always have a connection of their own an attempt, which
/// may lose what is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// Each message for itself: it may be lost, overtaken or doubled, and nobody is told.
    #[default]
    Datagram,
    /// One ordered stream for each pair of hosts.
    Stream(StreamConfig),
}

/// How ordered streams behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamConfig {
    /// A stream breaks when a link of it has been cut for this long, or when one message has been
    /// sent again in vain for this long.
    pub dead_link: Duration,
    /// A lost message is sent again after this long, and after twice the time when it is lost
    /// again, and so on (RFC 6298). What was sent after it waits.
    pub retransmit: Duration,
}

impl Default for StreamConfig {
    /// Dead after 10 s; the first retransmission after 200 ms, the least that Linux waits.
    fn default() -> Self {
        StreamConfig { dead_link: Duration::from_secs(10), retransmit: Duration::from_millis(200) }
    }
}

/// A message of a stream that has not been transmitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Its slot among the parcels.
    pub(crate) slot: u32,
    pub(crate) kind: u16,
    pub(crate) word: u64,
    pub(crate) size: u64,
}

/// What travels on a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// The parcel in this slot.
    Message(u32),
    /// The connection is no more.
    Reset,
}

/// One direction of a stream.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lane {
    /// What waits for the link to be free, or behind a message that has to be sent again.
    pub(crate) held: VecDeque<Segment>,
    /// A reset waits for the link to be free, in front of all others.
    pub(crate) reset_held: bool,
    /// The first of them waits for room on its link.
    pub(crate) wants_room: bool,
    /// How often the first of them has been lost in a row, and since when.
    pub(crate) losses: u32,
    pub(crate) losing_since: SimTime,
    /// What is under way, in order, each with its arrival.
    flying: VecDeque<(SimTime, Item)>,
    /// When the last of them arrives: nothing arrives before.
    last_at: SimTime,
    /// Changes when what is under way is dropped: the event of an arrival before that is stale.
    turn: u32,
    /// The same for retransmissions and for the watch over a cut.
    pub(crate) retry_turn: u32,
    pub(crate) cut_turn: u32,
}

impl Lane {
    /// Sends something on its way, behind what is there. Returns when it arrives.
    pub(crate) fn fly(&mut self, item: Item, at: SimTime) -> (SimTime, u32) {
        self.last_at = self.last_at.max(at);
        self.flying.push_back((self.last_at, item));
        (self.last_at, self.turn)
    }

    /// What arrives now, unless it has been dropped meanwhile.
    pub(crate) fn land(&mut self, turn: u32) -> Option<Item> {
        if turn != self.turn {
            return None;
        }
        self.flying.pop_front().map(|(_, item)| item)
    }

    /// Drops everything. Returns the messages: those that waited, and those under way; and when a
    /// reset would have arrived, if there was one.
    fn clear(&mut self, now: SimTime) -> Dropped {
        self.turn = self.turn.wrapping_add(1);
        self.retry_turn = self.retry_turn.wrapping_add(1);
        self.losses = 0;
        self.wants_room = false;
        self.last_at = now;
        let mut dropped = Dropped {
            held: self.held.drain(..).map(|segment| segment.slot).collect(),
            reset_held: std::mem::take(&mut self.reset_held),
            ..Dropped::default()
        };
        for (at, item) in self.flying.drain(..) {
            match item {
                Item::Message(slot) => dropped.flying.push(slot),
                Item::Reset => dropped.reset_at = Some(at),
            }
        }
        dropped
    }
}

/// What a lane lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dropped {
    pub(crate) held: Vec<u32>,
    pub(crate) flying: Vec<u32>,
    pub(crate) reset_held: bool,
    pub(crate) reset_at: Option<SimTime>,
}

/// What one end believes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct End {
    /// The news that its connection is no more is on its way.
    pub(crate) reset_coming: bool,
    /// How many times it is about to be told: the events wait for its host to be ready.
    pub(crate) untold: u32,
}

impl End {
    /// Whether what it sends goes to a connection that is no more.
    pub(crate) fn is_stale(self) -> bool {
        self.reset_coming || self.untold > 0
    }
}

/// The stream between two hosts, seen from one of them: its own end first.
#[derive(Debug)]
pub(crate) struct Side<'a> {
    pub(crate) open: &'a mut bool,
    pub(crate) end: &'a mut End,
    pub(crate) other_end: &'a mut End,
    pub(crate) out: &'a mut Lane,
    pub(crate) back: &'a mut Lane,
}

impl Side<'_> {
    /// Drops what is under way in both directions, and closes. Returns what was lost: out and back,
    /// and whether a connection was open.
    pub(crate) fn clear(&mut self, now: SimTime) -> (Dropped, Dropped, bool) {
        let was_open = std::mem::take(self.open);
        (self.out.clear(now), self.back.clear(now), was_open)
    }
}

/// Both ends and both lanes of a stream; the lower host first.
#[derive(Clone, Debug, Default)]
struct Pair {
    open: bool,
    ends: [End; 2],
    lanes: [Lane; 2],
}

impl Network {
    pub(crate) fn streams(&mut self) -> Option<&mut Streams> {
        self.streams.as_deref_mut()
    }

    pub(crate) fn has_streams(&self) -> bool {
        self.streams.is_some()
    }

    /// Whether the two hosts have ever talked over a stream.
    pub(crate) fn has_stream(&self, one: NodeId, other: NodeId) -> bool {
        self.streams.as_ref().is_some_and(|streams| streams.knows(one, other))
    }

    /// The stream between two hosts as `from` sees it. Panics where there are only datagrams.
    pub(crate) fn stream_side(&mut self, from: NodeId, to: NodeId) -> Side<'_> {
        self.streams.as_mut().expect("a network of streams").side(from, to)
    }

    /// How streams behave. Panics where there are only datagrams.
    pub(crate) fn stream_config(&self) -> StreamConfig {
        self.streams.as_ref().expect("a network of streams").config
    }
}

/// All streams of a run.
#[derive(Clone, Debug)]
pub(crate) struct Streams {
    pub(crate) config: StreamConfig,
    pairs: BTreeMap<(NodeId, NodeId), Pair>,
}

impl Streams {
    pub(crate) fn new(config: StreamConfig) -> Self {
        Streams { config, pairs: BTreeMap::new() }
    }

    /// The stream between two hosts as `from` sees it.
    pub(crate) fn side(&mut self, from: NodeId, to: NodeId) -> Side<'_> {
        let pair = self.pairs.entry((from.min(to), from.max(to))).or_default();
        let [lower, upper] = &mut pair.ends;
        let [up, down] = &mut pair.lanes;
        let open = &mut pair.open;
        if from < to {
            Side { open, end: lower, other_end: upper, out: up, back: down }
        } else {
            Side { open, end: upper, other_end: lower, out: down, back: up }
        }
    }

    /// Whether the two have ever talked.
    pub(crate) fn knows(&self, one: NodeId, other: NodeId) -> bool {
        self.pairs.contains_key(&(one.min(other), one.max(other)))
    }

    /// Every host that `host` has ever talked to, in order.
    pub(crate) fn peers_of(&self, host: NodeId) -> Vec<NodeId> {
        let with = |&(lower, upper): &(NodeId, NodeId)| match host {
            _ if host == lower => Some(upper),
            _ if host == upper => Some(lower),
            _ => None,
        };
        self.pairs.keys().filter_map(with).collect()
    }
}
