//! Links that messages wait for: transmitters with a queue, and what a fault changes about them.

use crate::client::{CLIENT_REPLY_KIND, CLIENT_REQUEST_KIND};
use crate::codec;
use crate::id::NodeId;
use crate::network::{Capacity, Fate, Item, Packet};
use crate::node::{Message, Node};
use crate::sim::Sim;
use crate::sim::clients::Body;
use crate::sim::core::{Core, Internal, Slot};
use crate::sim::leave::fate_name;

/// What the network wants to know of a message that leaves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaving {
    pub(super) from: NodeId,
    pub(super) to: NodeId,
    pub(super) kind: u16,
    pub(super) word: u64,
    pub(super) size: u64,
}

impl<N: Node> Sim<N> {
    fn leaving(&self, slot: Slot) -> Leaving {
        match slot {
            Slot::Parcel(slot) => {
                let parcel = self.effects.parcels.header(slot);
                let size = self.effects.parcels.message(slot).size();
                let (from, to, kind, word) = (parcel.from, parcel.to, parcel.kind, parcel.draw);
                Leaving { from, to, kind, word, size }
            }
            Slot::Mail(slot) => {
                let mail = self.mails.get(slot);
                let (kind, size) = match &mail.body {
                    Body::Request(op) => (CLIENT_REQUEST_KIND, codec::size_of(op)),
                    Body::Reply(answer) => (CLIENT_REPLY_KIND, codec::size_of(answer)),
                };
                Leaving { from: mail.from, to: mail.to, kind, word: mail.draw, size }
            }
            Slot::Internal(_) => unreachable!("only messages leave"),
        }
    }

    /// A message leaves on a link that is more than a delay and a chance: a stream, or one that
    /// carries only so much.
    #[inline(never)]
    pub(super) fn detour(&mut self, slot: Slot) {
        let it = self.leaving(slot);
        let (Leaving { from, to, .. }, now) = (it, self.core.now);
        if let Slot::Parcel(parcel) = slot
            && self.core.network.is_stream(from, to)
        {
            return self.send_on_stream(parcel, it);
        }
        let mut route = self.core.network.route_bare(from, to, it.kind, it.word, now);
        if let Fate::Arrives(at) = route.fate {
            route.fate = Fate::Queued(at.nanos() - now.nanos());
        }
        self.trace_leaving(slot, fate_name(route.fate));
        if let Fate::Lost | Fate::Cut = route.fate {
            self.core.occupy_link(from, to, it.size);
        }
        match slot {
            Slot::Parcel(slot) => self.take_route(slot, (from, to), route),
            Slot::Mail(slot) => self.mail_departs(slot, route.fate),
            Slot::Internal(_) => unreachable!("only messages leave"),
        }
    }

    /// A message waits for its turn on its link, and is dropped if there is no room.
    #[inline(never)]
    pub(super) fn enter_link(&mut self, slot: Slot, (from, to): (NodeId, NodeId), delay_ns: u64) {
        let size = self.leaving(slot).size;
        if self.core.network.admits(from, to, size) {
            let packet = Packet { raw: Some(slot.pack()), size, delay_ns };
            self.core.transmit_packet(from, to, packet);
        } else {
            self.drop_arrival(slot, "queue_dropped");
        }
    }

    /// A message that is gone as it leaves.
    pub(super) fn vanish(&mut self, slot: Slot, fate: &'static str) {
        self.trace_leaving(slot, fate);
        match slot {
            Slot::Parcel(slot) => drop(self.effects.parcels.remove(slot)),
            Slot::Mail(slot) => drop(self.mails.remove(slot)),
            Slot::Internal(_) => unreachable!("only messages leave"),
        }
    }

    pub(super) fn trace_leaving(&mut self, slot: Slot, fate: &'static str) {
        if self.tracer.is_none() {
            return;
        }
        match slot {
            Slot::Parcel(slot) => self.trace_sent(slot, fate),
            Slot::Mail(slot) => self.trace_mail(slot, fate),
            Slot::Internal(_) => unreachable!("only messages leave"),
        }
    }

    /// A transmission is over.
    pub(super) fn on_transmitted(&mut self, from: NodeId, to: NodeId, turn: u32) {
        if self.core.network.transmitter(from, to).turn() == turn {
            self.core.finish_transmission(from, to);
            self.stream_has_room(from, to);
        }
    }

    /// The capacities of these links have changed; each comes with what it was.
    pub(super) fn plan_again(&mut self, links: Vec<((NodeId, NodeId), Capacity)>) {
        for ((from, to), before) in links {
            let capacity = self.core.network.capacity(from, to);
            if capacity == before {
                continue;
            }
            let now = self.core.now;
            let transmitter = self.core.network.transmitter(from, to);
            let Some(ends) = transmitter.plan_again(&before, &capacity, now) else {
                continue;
            };
            let turn = transmitter.turn();
            if capacity.is_limited() {
                self.core.push_internal(ends, Internal::Transmitted { from, to, turn });
            } else {
                // What waited must not be overtaken by what leaves next.
                while self.core.finish_transmission(from, to) {}
            }
            self.stream_has_room(from, to);
        }
    }
}

impl Core {
    /// What is lost further on takes its share of the link all the same, if there is room.
    pub(super) fn occupy_link(&mut self, from: NodeId, to: NodeId, size: u64) {
        if self.network.is_limited(from, to) && self.network.admits(from, to, size) {
            self.transmit_packet(from, to, Packet { raw: None, size, delay_ns: 0 });
        }
    }

    /// A message that the link has room for takes its turn on it.
    pub(super) fn transmit_packet(&mut self, from: NodeId, to: NodeId, packet: Packet) {
        let capacity = self.network.capacity(from, to);
        if !capacity.is_limited() {
            return self.travel(from, to, packet);
        }
        let now = self.now;
        let transmitter = self.network.transmitter(from, to);
        if let Some(ends) = transmitter.take(packet, &capacity, now) {
            let turn = transmitter.turn();
            self.push_internal(ends, Internal::Transmitted { from, to, turn });
        }
    }

    /// The current transmission of a link is over, if there is one: true if so.
    fn finish_transmission(&mut self, from: NodeId, to: NodeId) -> bool {
        let (capacity, now) = (self.network.capacity(from, to), self.now);
        let transmitter = self.network.transmitter(from, to);
        let Some((done, ends)) = transmitter.finish(&capacity, now) else {
            return false;
        };
        let turn = transmitter.turn();
        if let Some(ends) = ends
            && capacity.is_limited()
        {
            self.push_internal(ends, Internal::Transmitted { from, to, turn });
        }
        self.travel(from, to, done);
        true
    }

    /// A message is on its way.
    fn travel(&mut self, from: NodeId, to: NodeId, packet: Packet) {
        let Some(raw) = packet.raw else {
            return;
        };
        let at = self.now.saturating_add_nanos(packet.delay_ns);
        match Slot::unpack(raw) {
            Slot::Parcel(slot) if self.network.is_stream(from, to) => {
                self.fly(from, to, Item::Message(slot), at);
            }
            slot @ (Slot::Parcel(_) | Slot::Mail(_) | Slot::Internal(_)) => self.push(at, slot),
        }
    }
}
