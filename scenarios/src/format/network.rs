//! The network while nothing is wrong with it.

use std::collections::{BTreeMap, BTreeSet};

use seedbed_protocols::Strain;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::latency::Latency;
use super::selector::Targets;
use super::units::{Bandwidth, Chance, Nanos, Size};
use super::wan::Wan;

/// What a file says of some links; what it does not say is as elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LinkFields<'a> {
    /// How long a message travels.
    pub latency: Option<&'a Latency>,
    /// A further delay of each message.
    pub jitter: Option<Nanos>,
    /// The share of messages that are lost.
    pub loss: Option<Chance>,
    /// How strongly losses come together.
    pub correlation: Option<Chance>,
    /// The chance that a message arrives twice.
    pub duplicate: Option<Chance>,
    /// The chance that a message is held back.
    pub reorder: Option<Chance>,
    /// How long it is then.
    pub reorder_by: Option<&'a Latency>,
    /// The chance that bits of a message flip.
    pub corrupt: Option<Chance>,
    /// The chance that a message comes to another host.
    pub misdirect: Option<Chance>,
    /// How many bits it carries in a second.
    pub bandwidth: Option<Bandwidth>,
    /// How many bytes may wait for it.
    pub queue: Option<Size>,
    /// How long each message occupies it besides its bytes.
    pub cost: Option<Nanos>,
}

/// Declares a struct with the settings of a link between its own fields.
///
/// They are repeated in each struct, since serde's `flatten` would lose the place of a mistake.
macro_rules! link_struct {
    (
        $(#[$meta:meta])*
        $name:ident {
            $($(#[$first_meta:meta])* $first:ident: $first_type:ty,)*
        } {
            $($(#[$last_meta:meta])* $last:ident: $last_type:ty,)*
        }
    ) => {
        $(#[$meta])*
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$first_meta])* pub $first: $first_type,)*
            /// How long a message travels.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub latency: Option<Latency>,
            /// A further delay of each message, drawn evenly between zero and this.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub jitter: Option<Nanos>,
            /// The chance that a message is lost.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub loss: Option<Chance>,
            /// How strongly losses come together: the correlation of the fates of two messages that
            /// leave on a link one after the other. The share that is lost stays `loss`; a burst of
            /// losses is 1 / ((1 - loss) (1 - correlation)) messages long in the mean.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub correlation: Option<Chance>,
            /// The chance that a message arrives twice.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub duplicate: Option<Chance>,
            /// The chance that a message is held back so that later ones overtake it.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub reorder: Option<Chance>,
            /// How long it is held back; up to eight mean latencies if absent.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub reorder_by: Option<Latency>,
            /// The chance that one to eight bits of a message between hosts flip on the way. What
            /// cannot be decoded then is dropped, and so is all of it with `checksum`; the rest is
            /// delivered as it is. Client mail is never corrupted.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub corrupt: Option<Chance>,
            /// The chance that a message between hosts comes to another host than it was sent to,
            /// from which `addressee` protects. Client mail never does.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub misdirect: Option<Chance>,
            /// How many bits each directed link carries in a second. Messages wait for each other in
            /// a queue of `queue` bytes, whose tail is dropped where it is full; a stream waits for
            /// room.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub bandwidth: Option<Bandwidth>,
            /// How many bytes may wait for a link that has a `bandwidth` or a `cost`: 64KiB if
            /// absent.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub queue: Option<Size>,
            /// How long each message occupies its link besides its bytes: headers, system calls.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub cost: Option<Nanos>,
            $($(#[$last_meta])* pub $last: $last_type,)*
        }

        impl $name {
            /// What it says of its links.
            #[must_use]
            pub fn link(&self) -> LinkFields<'_> {
                LinkFields {
                    latency: self.latency.as_ref(),
                    jitter: self.jitter,
                    loss: self.loss,
                    correlation: self.correlation,
                    duplicate: self.duplicate,
                    reorder: self.reorder,
                    reorder_by: self.reorder_by.as_ref(),
                    corrupt: self.corrupt,
                    misdirect: self.misdirect,
                    bandwidth: self.bandwidth,
                    queue: self.queue,
                    cost: self.cost,
                }
            }
        }
    };
}

link_struct! {
    /// The network between all hosts, and the links that differ.
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
    NetworkSettings {} {
        /// Whether every message between hosts carries a checksum, so that one whose bits flipped
        /// is dropped. It is taken as perfect.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        checksum: bool,
        /// Whether every message between hosts names its addressee, so that another host to which
        /// it comes drops it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        addressee: bool,
        /// How hosts talk to each other. Clients have a connection of their own an attempt either
        /// way.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transport: Option<Transport>,
        /// How long a link may be cut, or lose one message again and again, before the stream over
        /// it breaks: 10s if absent. Streams only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dead_link: Option<Nanos>,
        /// How long after it was lost a message is sent again: 200ms if absent, twice as long each
        /// further time. Streams only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retransmit: Option<Nanos>,
        /// A measured wide-area network: the zones of the scenario are its regions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wan: Option<Wan>,
        /// How long a message travels from a zone (the key) to others (the keys inside); both ways,
        /// unless the other way is given as well. What is not given is as everywhere.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        zones: BTreeMap<String, BTreeMap<String, Latency>>,
        /// Links that are different, each field replacing that of the zones, and the general one; a
        /// later entry wins.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        links: Vec<LinkSettings>,
    }
}

link_struct! {
    /// The links from some hosts to others: one direction.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    LinkSettings {
        /// The senders: names, host roles, zones, or `clients`.
        from: Targets,
        /// The receivers.
        to: Targets,
    } {}
}

/// How hosts talk to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// Each message for itself: it may be lost, overtaken or doubled, and nobody is told.
    Datagram,
    /// One ordered stream for each pair of hosts. What is lost is sent again; a crash or a long
    /// cut breaks the stream, what is on its way is gone then, and both ends are told.
    Stream,
}

/// How many bytes may wait for a link that is limited, if the file does not say.
pub const QUEUE_DEFAULT: Size = Size(64 * 1024);

impl NetworkSettings {
    /// Whether hosts talk over ordered streams.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        self.transport == Some(Transport::Stream)
    }

    /// The ways in which the settings ask a protocol to tolerate something, faults apart.
    pub(super) fn strains(&self) -> BTreeSet<Strain> {
        let is_on = |chance: Option<Chance>| chance.is_some_and(|chance| chance != Chance::NEVER);
        let mut strains = BTreeSet::new();
        for link in std::iter::once(self.link()).chain(self.links.iter().map(LinkSettings::link)) {
            strains.extend(is_on(link.corrupt).then_some(Strain::Corruption));
            strains.extend(is_on(link.misdirect).then_some(Strain::Misdirection));
        }
        strains
    }

    /// Whether hosts notice such a fault before their protocol can.
    pub(super) fn shields_from(&self, strain: Strain) -> bool {
        match strain {
            Strain::Corruption => self.checksum,
            Strain::Misdirection => self.addressee,
            Strain::Crashes | Strain::Amnesia | Strain::Disks | Strain::Rot | Strain::Clocks => {
                false
            }
        }
    }
}
