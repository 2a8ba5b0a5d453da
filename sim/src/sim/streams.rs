//! Ordered streams at work: what leaves, waits, arrives in order, and breaks.

use std::time::Duration;

use crate::context::Context;
use crate::id::NodeId;
use crate::network::{Dropped, Fate, Item, Packet, Segment, StreamConfig};
use crate::node::Node;
use crate::sim::core::{Core, Internal, Slot};
use crate::sim::host::Host;
use crate::sim::links::Leaving;
use crate::sim::step::handle;
use crate::sim::{STREAM_BROKEN, Sim};
use crate::time::SimTime;
use crate::trace::What;

/// What an event is, in the digest.
const TAG: u64 = 7 << 56;

/// What has become of an attempt to transmit a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attempt {
    Left,
    /// It must be sent again.
    Lost,
    /// The queue of its link is full.
    Full,
}

impl<N: Node> Sim<N> {
    /// A message leaves its host on a stream. It opens if it must.
    pub(super) fn send_on_stream(&mut self, slot: u32, it: Leaving) {
        let Leaving { from, to, kind, word, size } = it;
        let Some(streams) = self.core.network.streams() else {
            unreachable!("only streams come here");
        };
        let side = streams.side(from, to);
        if side.end.is_stale() {
            self.core.counts.lost += 1;
            return self.vanish(Slot::Parcel(slot), "lost");
        }
        if !std::mem::replace(side.open, true) {
            self.watch_cut(from, to);
            self.watch_cut(to, from);
        }
        self.trace_leaving(Slot::Parcel(slot), "streams");
        let segment = Segment { slot, kind, word, size };
        let blocked = self.core.network.is_blocked(from, to);
        let lane = self.core.network.stream_side(from, to).out;
        let waits = blocked || !lane.held.is_empty();
        lane.held.push_back(segment);
        if !waits {
            self.flush(from, to);
        }
    }

    /// Transmits what waits, until something has to be sent again or there is no more room.
    fn flush(&mut self, from: NodeId, to: NodeId) {
        while let Some(segment) = self.core.network.stream_side(from, to).out.held.front().copied()
        {
            match self.core.transmit(from, to, segment) {
                Attempt::Left => {
                    let lane = self.core.network.stream_side(from, to).out;
                    lane.held.pop_front();
                    lane.losses = 0;
                }
                Attempt::Lost => return self.core.retransmit_later(from, to),
                Attempt::Full => {
                    self.core.network.stream_side(from, to).out.wants_room = true;
                    return;
                }
            }
        }
    }

    /// The first message that waits is due to be sent again.
    pub(super) fn on_stream_retry(&mut self, from: NodeId, to: NodeId, turn: u32) {
        let now = self.core.now;
        let dead_link = self.core.network.stream_config().dead_link;
        let blocked = self.core.network.is_blocked(from, to);
        let lane = self.core.network.stream_side(from, to).out;
        // While the link is held, nothing is lost; letting it go begins anew.
        if lane.retry_turn != turn || lane.losses == 0 || blocked {
            return;
        }
        if now >= lane.losing_since.saturating_add(dead_link) {
            self.break_stream(from, to);
        } else {
            self.flush(from, to);
        }
    }

    /// Something arrives, unless the stream has broken meanwhile.
    pub(super) fn on_stream_arrival(&mut self, from: NodeId, to: NodeId, turn: u32) {
        match self.core.network.stream_side(from, to).out.land(turn) {
            None => {}
            Some(Item::Reset) => {
                // At once: what was sent after it may arrive at the same time.
                self.core.network.stream_side(to, from).end.reset_coming = false;
                let slot = self.prepare_disconnect(to, from);
                self.on_disconnect(slot, to);
            }
            // Nobody listens: its machine says so.
            Some(Item::Message(slot)) if !self.is_up(to) => {
                self.drop_arrival(Slot::Parcel(slot), "host_down");
                self.reset(to, from);
            }
            Some(Item::Message(slot)) => self.on_parcel(slot),
        }
    }

    /// The link has room again, or is free: what waits goes on.
    pub(super) fn stream_has_room(&mut self, from: NodeId, to: NodeId) {
        if !self.core.network.has_stream(from, to) || self.core.network.is_blocked(from, to) {
            return;
        }
        if std::mem::take(&mut self.core.network.stream_side(from, to).out.wants_room) {
            self.flush(from, to);
        }
    }

    /// A fault has begun to cut the link.
    pub(super) fn stream_cut(&mut self, from: NodeId, to: NodeId) {
        if self.core.network.has_stream(from, to) {
            self.watch_cut(from, to);
        }
    }

    /// No fault cuts or clogs the link any more.
    pub(super) fn stream_freed(&mut self, from: NodeId, to: NodeId) {
        if !self.core.network.has_stream(from, to) || self.core.network.is_blocked(from, to) {
            return;
        }
        let lane = self.core.network.stream_side(from, to).out;
        lane.losses = 0;
        if std::mem::take(&mut lane.reset_held) {
            self.core.fly_reset(from, to);
        }
        self.flush(from, to);
    }

    /// If the link is cut, the stream breaks when it has been for too long.
    fn watch_cut(&mut self, from: NodeId, to: NodeId) {
        if !self.core.network.is_cut(from, to) {
            return;
        }
        let dead_link = self.core.network.stream_config().dead_link;
        let lane = self.core.network.stream_side(from, to).out;
        lane.cut_turn = lane.cut_turn.wrapping_add(1);
        let turn = lane.cut_turn;
        let at = self.core.now.saturating_add(dead_link);
        self.core.push_internal(at, Internal::DeadLink { from, to, turn });
    }

    pub(super) fn stream_mended(&mut self, from: NodeId, to: NodeId) {
        if self.core.network.has_stream(from, to) && !self.core.network.is_cut(from, to) {
            let lane = self.core.network.stream_side(from, to).out;
            lane.cut_turn = lane.cut_turn.wrapping_add(1);
        }
        self.stream_freed(from, to);
    }

    pub(super) fn on_dead_link(&mut self, from: NodeId, to: NodeId, turn: u32) {
        if self.core.network.stream_side(from, to).out.cut_turn == turn {
            self.break_stream(from, to);
        }
    }

    /// The network has given up: what is under way is gone, and both ends are told.
    fn break_stream(&mut self, one: NodeId, other: NodeId) {
        let now = self.core.now;
        let (out, back, was_open) = self.core.network.stream_side(one, other).clear(now);
        self.count_broken(one, other, out);
        self.count_broken(other, one, back);
        for (host, peer) in [(one.min(other), one.max(other)), (one.max(other), one.min(other))] {
            let end = self.core.network.stream_side(host, peer).end;
            let was_coming = std::mem::take(&mut end.reset_coming);
            if self.is_up(host) && (was_open || was_coming) {
                let slot = self.prepare_disconnect(host, peer);
                self.core.push(now, Slot::Internal(slot));
            }
        }
        if was_open {
            self.reached_by_name(STREAM_BROKEN);
        }
    }

    /// `host` has crashed: its streams are no more.
    pub(super) fn reset_streams_of(&mut self, host: NodeId) {
        let Some(streams) = self.core.network.streams() else {
            return;
        };
        for peer in streams.peers_of(host) {
            *self.core.network.stream_side(host, peer).end = Default::default();
            if self.reset(host, peer) {
                self.reached_by_name(STREAM_BROKEN);
            }
        }
    }

    /// The machine of `gone` has no connection with `peer` any more, and says so: the news takes
    /// the mean latency of the link, and is told when it arrives. True if there was one.
    fn reset(&mut self, gone: NodeId, peer: NodeId) -> bool {
        let now = self.core.now;
        let peer_is_up = self.is_up(peer);
        let mut side = self.core.network.stream_side(gone, peer);
        let (out, back, was_open) = side.clear(now);
        let (held, flying_until) = (out.reset_held, out.reset_at);
        let coming = peer_is_up && (was_open || side.other_end.reset_coming);
        side.other_end.reset_coming = coming;
        self.count_broken(gone, peer, out);
        self.count_broken(peer, gone, back);
        if !coming {
            return was_open;
        }
        if let Some(at) = flying_until {
            // The news that is on its way already will do.
            self.core.fly(gone, peer, Item::Reset, at);
        } else if held || self.core.network.is_blocked(gone, peer) {
            self.core.network.stream_side(gone, peer).out.reset_held = true;
        } else {
            self.core.fly_reset(gone, peer);
        }
        was_open
    }

    /// What a broken stream loses: into a cut what a cut has held, else on the way.
    fn count_broken(&mut self, from: NodeId, to: NodeId, dropped: Dropped) {
        let cut = self.core.network.is_cut(from, to);
        for slot in dropped.held {
            let why = if cut { "cut" } else { "lost" };
            self.drop_arrival(Slot::Parcel(slot), why);
        }
        let waiting = self.core.network.transmitter_if_any(from, to);
        let queued = waiting.map(|transmitter| transmitter.abandon()).unwrap_or_default();
        for slot in dropped.flying {
            self.drop_arrival(Slot::Parcel(slot), "lost");
        }
        for raw in queued {
            self.drop_arrival(Slot::unpack(raw), "lost");
        }
    }

    /// `host` is to be told that its stream with `peer` is no more.
    fn prepare_disconnect(&mut self, host: NodeId, peer: NodeId) -> u32 {
        self.core.network.stream_side(host, peer).end.untold += 1;
        let incarnation = self.hosts.0[host.index()].machine.incarnation;
        self.core.internals.insert(Internal::Disconnect { host, peer, incarnation })
    }

    /// `host` is told, now or when it is ready.
    pub(super) fn on_disconnect(&mut self, slot: u32, host: NodeId) {
        if self.hosts.0[host.index()].ready_at > self.core.now || self.has_inbox(host) {
            self.postpone(host, Slot::Internal(slot));
        } else {
            self.deliver_disconnect(slot);
        }
    }

    pub(super) fn deliver_disconnect(&mut self, slot: u32) {
        let Internal::Disconnect { host, peer, .. } = self.core.internals.remove(slot) else {
            unreachable!("a disconnect, as whoever called saw");
        };
        self.core.event(TAG | u64::from(host.number()), u64::from(peer.number()));
        self.core.network.stream_side(host, peer).end.untold -= 1;
        self.trace(Some(host), What::Disconnected { peer }, &"");
        handle!(self, host, |node, ctx| node.on_disconnect(ctx, peer));
    }
}

impl Core {
    /// One attempt to transmit a message.
    fn transmit(&mut self, from: NodeId, to: NodeId, segment: Segment) -> Attempt {
        let Segment { slot, kind, word, size } = segment;
        if !self.network.admits(from, to, size) {
            return Attempt::Full;
        }
        let attempt = self.network.stream_side(from, to).out.losses;
        let fate = self.network.route_segment((from, to), kind, word, attempt, self.now);
        let mut packet = Packet { raw: None, size, delay_ns: 0 };
        match fate {
            Fate::Arrives(at) => {
                packet.delay_ns = at.nanos() - self.now.nanos();
                packet.raw = Some(Slot::Parcel(slot).pack());
                self.transmit_packet(from, to, packet);
                Attempt::Left
            }
            Fate::Lost | Fate::Cut | Fate::Clogged(_) | Fate::Queued(_) | Fate::Detour => {
                self.transmit_packet(from, to, packet);
                Attempt::Lost
            }
        }
    }

    /// The first message that waits was lost: it is sent again after the time-out, which doubles.
    fn retransmit_later(&mut self, from: NodeId, to: NodeId) {
        let now = self.now;
        let StreamConfig { dead_link, retransmit } = self.network.stream_config();
        let lane = self.network.stream_side(from, to).out;
        if lane.losses == 0 {
            lane.losing_since = now;
        }
        let pause = retransmit.saturating_mul(1_u32.checked_shl(lane.losses).unwrap_or(u32::MAX));
        let at = now.saturating_add(pause.max(Duration::from_nanos(1)));
        let at = at.min(lane.losing_since.saturating_add(dead_link));
        lane.losses += 1;
        lane.retry_turn = lane.retry_turn.wrapping_add(1);
        let turn = lane.retry_turn;
        self.push_internal(at, Internal::StreamRetry { from, to, turn });
    }

    /// Puts something on its way, to arrive at `at` or behind what is there.
    pub(super) fn fly(&mut self, from: NodeId, to: NodeId, item: Item, at: SimTime) {
        let (at, turn) = self.network.stream_side(from, to).out.fly(item, at);
        self.push_internal(at, Internal::StreamArrival { from, to, turn });
    }

    fn fly_reset(&mut self, from: NodeId, to: NodeId) {
        let at = self.now.saturating_add_nanos(self.network.mean_latency_ns(from, to));
        self.fly(from, to, Item::Reset, at);
    }
}
