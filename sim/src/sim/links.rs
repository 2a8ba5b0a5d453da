//! Links that messages wait for: transmitters with a queue, and what a fault changes about them.

use crate::client::{CLIENT_REPLY_KIND, CLIENT_REQUEST_KIND};
use crate::codec;
use crate::id::NodeId;
use crate::network::{Capacity, Fate, Packet};
use crate::node::{Message, Node};
use crate::sim::Sim;
use crate::sim::clients::Body;
use crate::sim::core::{Clogged, Core, Internal, Slot};
use crate::time::SimTime;
use crate::trace::What;

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
        if let Slot::Parcel(parcel) = slot
            && self.core.network.is_stream(it.from, it.to)
        {
            return self.send_on_stream(parcel, it);
        }
        if !self.core.network.admits(it.from, it.to, it.size) {
            self.core.counts.queue_dropped += 1;
            return self.vanish(slot, "queue_dropped");
        }
        let now = self.core.now;
        let route = self.core.network.route_bare(it.from, it.to, it.kind, it.word, now);
        let nowhere = Packet { raw: None, size: it.size, delay_ns: 0, copy: None };
        match route.fate {
            Fate::Arrives(at) => {
                self.trace_leaving(slot, "queued");
                let span = |at: SimTime| at.nanos() - now.nanos();
                let copy = route.copy.map(|at| (self.second_of(slot).pack(), span(at)));
                let packet = Packet { raw: Some(slot.pack()), delay_ns: span(at), copy, ..nowhere };
                self.core.enter_link(it.from, it.to, packet);
            }
            Fate::Clogged(delay_ns) => {
                self.trace_leaving(slot, "clogged");
                let Leaving { from, to, .. } = it;
                self.core.clogged.push(Clogged { from, to, raw: slot.pack(), delay_ns });
                if let Some(at) = route.copy {
                    let delay_ns = at.nanos() - now.nanos();
                    let raw = self.second_of(slot).pack();
                    self.core.clogged.push(Clogged { from, to, raw, delay_ns });
                }
            }
            Fate::Lost | Fate::Cut => {
                let (count, name) = match route.fate {
                    Fate::Cut => (&mut self.core.counts.cut, "cut"),
                    _ => (&mut self.core.counts.lost, "lost"),
                };
                *count += 1;
                self.core.enter_link(it.from, it.to, nowhere);
                self.vanish(slot, name);
            }
            Fate::Detour => unreachable!("a bare route has no detour"),
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

    /// The network makes a second copy of a message. Client mail is never doubled.
    fn second_of(&mut self, slot: Slot) -> Slot {
        let Slot::Parcel(slot) = slot else {
            unreachable!("client mail is never doubled");
        };
        Slot::Parcel(self.make_second(slot))
    }

    /// The network makes a second copy of a parcel.
    pub(super) fn make_second(&mut self, slot: u32) -> u32 {
        let copy = self.effects.parcels.duplicate(slot);
        let from = self.effects.parcels.header(copy).from;
        self.core.counts.duplicated += 1;
        self.trace(Some(from), What::Copied { parcel: slot, copy }, &"");
        copy
    }

    /// What a clogged link has let go enters it.
    pub(super) fn enter_late(&mut self, message: Clogged) {
        let slot = Slot::unpack(message.raw);
        let size = self.leaving(slot).size;
        let Clogged { from, to, raw, delay_ns } = message;
        if self.core.network.admits(from, to, size) {
            let packet = Packet { raw: Some(raw), size, delay_ns, copy: None };
            self.core.enter_link(from, to, packet);
        } else {
            self.drop_arrival(slot, "queue_dropped");
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
    /// A message that the link has room for takes its turn on it.
    pub(super) fn enter_link(&mut self, from: NodeId, to: NodeId, packet: Packet) {
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
        let Packet { raw, delay_ns, copy, .. } = packet;
        for (raw, delay_ns) in raw.map(|raw| (raw, delay_ns)).into_iter().chain(copy) {
            let at = self.now.saturating_add_nanos(delay_ns);
            match Slot::unpack(raw) {
                Slot::Parcel(slot) if self.network.is_stream(from, to) => {
                    self.fly(from, to, crate::network::Item::Message(slot), at);
                }
                slot @ (Slot::Parcel(_) | Slot::Mail(_) | Slot::Internal(_)) => self.push(at, slot),
            }
        }
    }
}
