//! What happens to messages whose bits flip or that go astray: out of the way of all others.

use crate::codec;
use crate::id::NodeId;
use crate::network::{Fate, Harm, Route, copy_word, flip_bits, other_host};
use crate::node::{Message, Node};
use crate::sim::Sim;
use crate::sim::leave::copy_fate;
use crate::trace::What;

impl<N: Node> Sim<N> {
    /// The parcel leaves, and it or its copy suffers.
    #[cold]
    #[inline(never)]
    pub(super) fn leave_harmed(&mut self, slot: u32, route: Route) {
        let word = self.effects.parcels.header(slot).draw;
        // What is copied is the message as it was sent.
        if let Some(at) = route.copy {
            let copy = self.make_copy(slot);
            let fate = copy_fate(route.fate, at, self.core.now);
            self.suffer(copy, fate, route.copy_harm, copy_word(word));
        }
        self.suffer(slot, route.fate, route.harm, word);
    }

    fn suffer(&mut self, slot: u32, fate: Fate, harm: Harm, word: u64) {
        let parcel = self.effects.parcels.header(slot);
        let meant = (parcel.from, parcel.to);
        let (mut link, mut fate) = (meant, fate);
        if harm.misdirected {
            (link, fate) = self.misdirect(slot, fate, word);
        }
        if let Fate::Arrives(_) | Fate::Clogged(_) = fate {
            let astray = self.effects.parcels.header(slot).to != meant.1;
            let refused = astray && self.config.network.addressee;
            if (harm.corrupted && !self.corrupt(slot, word)) || refused {
                return self.drop_undecodable(slot);
            }
        }
        self.depart(slot, link, fate);
    }

    /// Sends the parcel to another host. Returns the link on which it waits, if it does, and its
    /// fate: cuts and clogs on the way there hold as well as those on the way that was meant.
    fn misdirect(&mut self, slot: u32, fate: Fate, word: u64) -> ((NodeId, NodeId), Fate) {
        let parcel = *self.effects.parcels.header(slot);
        let (meant, now) = ((parcel.from, parcel.to), self.core.now);
        let members = &self.core.shared.members;
        let Some(other) = other_host(members, parcel.from, parcel.to, word) else {
            return (meant, fate);
        };
        let taken = (parcel.from, other);
        let rerouted = self.core.network.reroute(taken, parcel.kind, fate, now);
        if rerouted == Fate::Cut {
            return (meant, Fate::Cut);
        }
        self.effects.parcels.header_mut(slot).to = other;
        self.core.counts.misdirected += 1;
        let what = What::Misdirected { parcel: slot, meant: parcel.to, to: other };
        self.trace(Some(parcel.from), what, &"");
        // What the link that was meant holds, comes out when that one is let go.
        (if rerouted == fate { meant } else { taken }, rerouted)
    }

    /// Flips bits of the message; false if it cannot be delivered any more. The digest of its
    /// arrival is that of what arrives.
    fn corrupt(&mut self, slot: u32, word: u64) -> bool {
        let mut bytes = codec::encode(self.effects.parcels.message(slot));
        if !flip_bits(&mut bytes, word) {
            return true;
        }
        self.core.counts.corrupted += 1;
        let from = self.effects.parcels.header(slot).from;
        self.trace(Some(from), What::Corrupted { parcel: slot }, &"");
        if self.config.network.checksum {
            return false;
        }
        let Ok(message) = codec::decode::<N::Message>(&bytes) else {
            return false;
        };
        // A kind that a message only claims may be none of the protocol's.
        let kind = message.kind();
        if kind >= self.kinds.len() {
            return false;
        }
        let digest = codec::digest_of(&message);
        let parcel = self.effects.parcels.header_mut(slot);
        parcel.kind = kind as u16;
        parcel.digest = digest;
        self.effects.parcels.replace(slot, message);
        true
    }

    fn drop_undecodable(&mut self, slot: u32) {
        let parcel = *self.effects.parcels.header(slot);
        self.effects.parcels.remove(slot);
        self.core.counts.undecodable += 1;
        let kind = self.kinds[usize::from(parcel.kind)].clone();
        let why = "undecodable";
        let what = What::Dropped { from: parcel.from, kind: &kind, parcel: slot, why };
        self.trace(Some(parcel.to), what, &"");
    }
}
