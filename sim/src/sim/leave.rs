//! Outputs leave their host: counted, shown to invariants, and handed to the network.

use crate::codec;
use crate::disk::SyncId;
use crate::id::NodeId;
use crate::network::{Fate, Route};
use crate::node::{Message, Node};
use crate::sim::Sim;
use crate::sim::core::{Clogged, Slot};
use crate::sim::host::Output;
use crate::time::SimTime;
use crate::trace::What;

impl<N: Node> Sim<N> {
    /// A handler sent the parcel in `slot`: it leaves now, or when its gate opens. Either way its
    /// random word is drawn here, in the order of sends.
    #[inline]
    pub(super) fn send(&mut self, from: NodeId, slot: u32, gate: Option<SyncId>) {
        let parcel = self.effects.parcels.header_mut(slot);
        if parcel.to != from {
            let machine = &mut self.hosts.0[from.index()].machine;
            parcel.draw = machine.network_word(&self.core.shared.streams, from);
        }
        match gate {
            None => self.leave(slot),
            Some(sync) => {
                let cold = self.hosts.0[from.index()].cold();
                cold.outbox.push_back((sync, Output::Message(slot)));
            }
        }
    }

    /// Sends a copy of the parcel to every peer; the last one gets the original.
    #[inline(never)]
    pub(super) fn send_copies(&mut self, from: NodeId, slot: u32, gate: Option<SyncId>) {
        let members = self.core.shared.members.len();
        let last = (0..members)
            .rev()
            .map(|index| self.core.shared.members[index])
            .find(|host| *host != from);
        let Some(last) = last else {
            self.effects.parcels.remove(slot);
            return;
        };
        for index in 0..members {
            let to = self.core.shared.members[index];
            if to == from || to == last {
                continue;
            }
            let copy = self.effects.parcels.duplicate(slot);
            self.effects.parcels.header_mut(copy).to = to;
            self.send(from, copy, gate);
        }
        self.effects.parcels.header_mut(slot).to = last;
        self.send(from, slot, gate);
    }

    /// The parcel leaves its host.
    #[inline]
    pub(super) fn leave(&mut self, slot: u32) {
        let message = self.effects.parcels.message(slot);
        let (kind, size) = (message.kind() as u16, message.size());
        let digest = codec::digest_of(message);
        let parcel = self.effects.parcels.header_mut(slot);
        let (from, to, word) = (parcel.from, parcel.to, parcel.draw);
        parcel.kind = kind;
        parcel.digest = digest;
        let link = u64::from(from.number()) << 32 | u64::from(to.number());
        self.core.digest.fold2(link, digest);
        if from == to {
            self.observe_left(slot, to);
            self.core.push(self.core.now, Slot::Parcel(slot));
            return;
        }
        self.core.count_sent(kind, size);
        self.observe_left(slot, to);
        let route = self.core.network.route(from, to, kind, word, self.core.now);
        if self.tracer.is_some() {
            self.trace_sent(slot, route);
        }
        if route.is_harmed() {
            return self.leave_harmed(slot, route);
        }
        if let Some(at) = route.copy {
            let copy = self.make_copy(slot);
            self.depart(copy, (from, to), copy_fate(route.fate, at, self.core.now));
        }
        self.depart(slot, (from, to), route.fate);
    }

    /// The network takes over a parcel of this link.
    #[inline]
    pub(super) fn depart(&mut self, slot: u32, (from, to): (NodeId, NodeId), fate: Fate) {
        match fate {
            Fate::Arrives(at) => self.core.push(at, Slot::Parcel(slot)),
            Fate::Clogged(delay_ns) => {
                let raw = Slot::Parcel(slot).pack();
                self.core.clogged.push(Clogged { from, to, raw, delay_ns });
            }
            Fate::Lost => {
                self.core.counts.lost += 1;
                self.effects.parcels.remove(slot);
            }
            Fate::Cut => {
                self.core.counts.cut += 1;
                self.effects.parcels.remove(slot);
            }
        }
    }

    /// The network makes a second copy.
    #[inline(never)]
    pub(super) fn make_copy(&mut self, slot: u32) -> u32 {
        let copy = self.effects.parcels.duplicate(slot);
        let from = self.effects.parcels.header(copy).from;
        self.core.counts.duplicated += 1;
        self.trace(Some(from), What::Copied { parcel: slot, copy }, &"");
        copy
    }

    #[cold]
    fn trace_sent(&mut self, slot: u32, route: Route) {
        let parcel = self.effects.parcels.header(slot);
        let (from, to, kind) = (parcel.from, parcel.to, usize::from(parcel.kind));
        let text = format!("{:?}", self.effects.parcels.message(slot));
        let name = self.kinds[kind].clone();
        let fate = fate_name(route.fate);
        self.trace(Some(from), What::Sent { to, kind: &name, parcel: slot, fate }, &text);
    }

    /// Something came for a host that cannot take it.
    #[cold]
    pub(super) fn drop_arrival(&mut self, slot: Slot, why: &'static str) {
        match slot {
            Slot::Parcel(slot) => {
                let parcel = *self.effects.parcels.header(slot);
                self.effects.parcels.remove(slot);
                if parcel.from == parcel.to {
                    return;
                }
                self.count_dropped(why);
                let kind = self.kinds[usize::from(parcel.kind)].clone();
                let what = What::Dropped { from: parcel.from, kind: &kind, parcel: slot, why };
                self.trace(Some(parcel.to), what, &"");
            }
            Slot::Mail(slot) => {
                // What an operator submits has not come over the network.
                if self.mails.remove(slot).on_network {
                    self.count_dropped(why);
                }
            }
            Slot::Internal(slot) => {
                self.core.internals.remove(slot);
            }
        }
    }

    fn count_dropped(&mut self, why: &'static str) {
        if why == "host_down" {
            self.core.counts.host_down += 1;
        } else {
            self.core.counts.queue_dropped += 1;
        }
    }
}

/// What becomes of a copy that arrives at `at`, unless it waits on a clogged link.
pub(super) fn copy_fate(fate: Fate, at: SimTime, now: SimTime) -> Fate {
    match fate {
        Fate::Clogged(_) => Fate::Clogged((at - now).as_nanos() as u64),
        Fate::Arrives(_) | Fate::Lost | Fate::Cut => Fate::Arrives(at),
    }
}

pub(super) fn fate_name(fate: Fate) -> &'static str {
    match fate {
        Fate::Arrives(_) => "arrives",
        Fate::Clogged(_) => "clogged",
        Fate::Lost => "lost",
        Fate::Cut => "cut",
    }
}
