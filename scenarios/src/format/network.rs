//! The network while nothing is wrong with it.

use std::collections::{BTreeMap, BTreeSet};

use seedbed_protocols::Strain;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::latency::Latency;
use super::selector::Targets;
use super::units::{Chance, Nanos};
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

impl NetworkSettings {
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
            Strain::Crashes | Strain::Amnesia | Strain::Disks | Strain::Clocks => false,
        }
    }
}
