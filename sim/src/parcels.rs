//! Messages on their way: a slab whose headers lie apart from the messages, so that a message is
//! moved twice in its life (in at `send`, out when it is handled) and never copied along.

use crate::id::NodeId;

/// What the kernel wants to know of a message without asking the protocol.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parcel {
    pub(crate) from: NodeId,
    pub(crate) to: NodeId,
    /// The one random word of this send; everything the network does follows from it.
    pub(crate) draw: u64,
    /// The digest of the message, taken once when it leaves.
    pub(crate) digest: u64,
    /// [`NOT_LEFT`] until it leaves.
    pub(crate) kind: u16,
}

/// The kind of a parcel that has not left its host.
const NOT_LEFT: u16 = u16::MAX;

impl Parcel {
    /// Whether it has left its host for another.
    pub(crate) fn on_network(&self) -> bool {
        self.kind != NOT_LEFT && self.from != self.to
    }
}

/// All messages that have been sent and not handled. Slots are reused last in, first out.
#[derive(Clone, Debug)]
pub(crate) struct Parcels<M> {
    headers: Vec<Parcel>,
    messages: Vec<Option<M>>,
    free: Vec<u32>,
}

impl<M> Default for Parcels<M> {
    fn default() -> Self {
        Parcels { headers: Vec::new(), messages: Vec::new(), free: Vec::new() }
    }
}

impl<M> Parcels<M> {
    /// Takes a message that has just been sent.
    #[inline]
    pub(crate) fn post(&mut self, from: NodeId, to: NodeId, message: M) -> u32 {
        self.insert(Parcel { from, to, draw: 0, digest: 0, kind: NOT_LEFT }, message)
    }

    #[inline]
    fn insert(&mut self, header: Parcel, message: M) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.headers[slot as usize] = header;
            self.messages[slot as usize] = Some(message);
            slot
        } else {
            self.headers.push(header);
            self.messages.push(Some(message));
            (self.headers.len() - 1) as u32
        }
    }

    /// Takes the message out, and frees its slot.
    #[inline]
    pub(crate) fn remove(&mut self, slot: u32) -> M {
        let message = self.messages[slot as usize].take().expect("a slot in use");
        self.free.push(slot);
        message
    }

    #[inline]
    pub(crate) fn header(&self, slot: u32) -> &Parcel {
        &self.headers[slot as usize]
    }

    #[inline]
    pub(crate) fn header_mut(&mut self, slot: u32) -> &mut Parcel {
        &mut self.headers[slot as usize]
    }

    #[inline]
    pub(crate) fn message(&self, slot: u32) -> &M {
        self.messages[slot as usize].as_ref().expect("a slot in use")
    }

    /// Puts another message in the place of one.
    pub(crate) fn replace(&mut self, slot: u32, message: M) {
        self.messages[slot as usize] = Some(message);
    }

    /// How many messages are on the network or in inboxes.
    pub(crate) fn on_network(&self) -> usize {
        let used = self.headers.iter().zip(&self.messages);
        used.filter(|(header, message)| message.is_some() && header.on_network()).count()
    }
}

impl<M: Clone> Parcels<M> {
    /// A second parcel with the same header and message.
    pub(crate) fn duplicate(&mut self, slot: u32) -> u32 {
        let message = self.message(slot).clone();
        self.insert(*self.header(slot), message)
    }
}
