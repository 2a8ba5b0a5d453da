//! What faults do to links beside cutting and clogging them.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::client::{CLIENT_REPLY_KIND, CLIENT_REQUEST_KIND};
use crate::config::LinkConfig;
use crate::distribution::Distribution;
use crate::id::NodeId;
use crate::rng::{Chance, mix};
use crate::time::SimTime;

use super::burst::Chains;
use super::harm::Harm;
use super::{Fate, MessageAction, Route, held_back, lane, scale};

/// The lanes of a message's word that has been mixed with the salt of a [`Shaping`].
mod shaping_lane {
    pub(super) const DELAY: u64 = 0;
    pub(super) const REORDER: u64 = 1;
    pub(super) const DUPLICATE: u64 = 2;
    pub(super) const LOSS: u64 = 3;
    pub(super) const COPY_DELAY: u64 = 4;
    pub(super) const COPY: u64 = 5;
}

/// A temporary change of links, held by a fault.
///
/// What it does to a message follows from the message's word and its own salt, never from which
/// other faults are there: taking one fault out leaves what the others do as it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Shaping {
    /// Sets its chances apart from those of other shapings. Two of one salt strike the same
    /// messages.
    pub salt: u64,
    /// Additional chance of loss.
    pub loss: Chance,
    /// How much a loss makes the next one likelier, as [`LinkConfig::loss_correlation`].
    pub loss_correlation: Chance,
    /// Additional chance of a duplicate.
    pub duplicate: Chance,
    /// Additional chance of being held back.
    pub reorder: Chance,
    /// How long a message is held back; up to eight mean latencies if none.
    pub reorder_delay: Option<Distribution>,
    /// Additional latency.
    pub delay: Distribution,
    /// Additional chance that bits are flipped.
    pub corrupt: Chance,
    /// Additional chance of coming to another host.
    pub misdirect: Chance,
    /// Only messages of these kinds (indices into the protocol's kinds, [`CLIENT_REQUEST_KIND`] or
    /// [`CLIENT_REPLY_KIND`]); any if empty.
    pub kinds: Vec<u16>,
}

impl Shaping {
    /// Whether it can do anything to what is sent on this link, in a world of `members` hosts:
    /// client mail is never duplicated, corrupted or misdirected, and a message that goes astray
    /// needs a third host to come to.
    pub(crate) fn touches(&self, from: NodeId, to: NodeId, members: usize) -> bool {
        let slows = self.reorder != Chance::NEVER || self.delay != Distribution::Constant(0);
        let on_mail = self.loss != Chance::NEVER || slows;
        if from.is_client() || to.is_client() {
            let kind = if from.is_client() { CLIENT_REQUEST_KIND } else { CLIENT_REPLY_KIND };
            return on_mail && self.is_for(kind);
        }
        let strays = self.misdirect != Chance::NEVER && members > 2;
        let tampers = self.duplicate != Chance::NEVER || self.corrupt != Chance::NEVER || strays;
        (on_mail || tampers) && (self.kinds.is_empty() || self.kinds.iter().any(is_of_hosts))
    }

    fn is_for(&self, kind: u16) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }

    fn has_later_settings(&self) -> bool {
        [self.loss_correlation, self.corrupt, self.misdirect] != [Chance::NEVER; 3]
            || self.reorder_delay.is_some()
            || !self.kinds.is_empty()
    }
}

/// Whether hosts send messages of this kind to each other.
fn is_of_hosts(kind: &u16) -> bool {
    ![CLIENT_REQUEST_KIND, CLIENT_REPLY_KIND].contains(kind)
}

impl Default for Shaping {
    fn default() -> Self {
        Shaping {
            salt: 0,
            loss: Chance::NEVER,
            loss_correlation: Chance::NEVER,
            duplicate: Chance::NEVER,
            reorder: Chance::NEVER,
            reorder_delay: None,
            delay: Distribution::Constant(0),
            corrupt: Chance::NEVER,
            misdirect: Chance::NEVER,
            kinds: Vec::new(),
        }
    }
}

impl Serialize for Shaping {
    /// Settings that came later are written only where they are used: what a shaping without them
    /// adds to the digest of a run has stayed as it was.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let later = self.has_later_settings();
        let mut fields = serializer.serialize_struct("Shaping", if later { 10 } else { 5 })?;
        fields.serialize_field("salt", &self.salt)?;
        fields.serialize_field("loss", &self.loss)?;
        fields.serialize_field("duplicate", &self.duplicate)?;
        fields.serialize_field("reorder", &self.reorder)?;
        fields.serialize_field("delay", &self.delay)?;
        if later {
            fields.serialize_field("loss_correlation", &self.loss_correlation)?;
            fields.serialize_field("reorder_delay", &self.reorder_delay)?;
            fields.serialize_field("corrupt", &self.corrupt)?;
            fields.serialize_field("misdirect", &self.misdirect)?;
            fields.serialize_field("kinds", &self.kinds)?;
        }
        fields.end()
    }
}

/// A shaping while a fault holds it.
#[derive(Clone, Debug)]
pub(super) struct ActiveShaping {
    pub(super) hold: u32,
    /// In order.
    pub(super) links: Vec<(NodeId, NodeId)>,
    shaping: Shaping,
    losses: Chains,
}

impl ActiveShaping {
    pub(super) fn new(hold: u32, links: Vec<(NodeId, NodeId)>, shaping: Shaping) -> Self {
        ActiveShaping { hold, links, shaping, losses: Chains::default() }
    }

    /// Whether a message of this kind on this link is for it to shape.
    pub(super) fn strikes(&self, link: (NodeId, NodeId), kind: u16) -> bool {
        self.shaping.is_for(kind) && self.links.binary_search(&link).is_ok()
    }
}

/// What faults do to one message, all of them together: the order in which they came is nothing to
/// it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Changes {
    lost: bool,
    duplicated: bool,
    delay_ns: u64,
    copy_delay_ns: u64,
    harm: Harm,
    copy_harm: Harm,
}

impl Changes {
    pub(super) fn add_shaping(
        &mut self,
        active: &mut ActiveShaping,
        link: (NodeId, NodeId),
        word: u64,
        class: &LinkConfig,
    ) {
        let shaping = &active.shaping;
        let salted = mix(word, shaping.salt);
        let lane = |lane| mix(salted, lane);
        let delay_ns = shaping.delay.sample(lane(shaping_lane::DELAY));
        let held_by = shaping.reorder_delay.as_ref();
        let held_ns = held_back(shaping.reorder, held_by, lane(shaping_lane::REORDER), class);
        let copy_delay_ns = shaping.delay.sample(lane(shaping_lane::COPY_DELAY));
        self.delay_ns = self.delay_ns.saturating_add(delay_ns).saturating_add(held_ns);
        self.copy_delay_ns = self.copy_delay_ns.saturating_add(copy_delay_ns);
        self.duplicated |= shaping.duplicate.hits(lane(shaping_lane::DUPLICATE) as u32);
        let loss_word = lane(shaping_lane::LOSS) as u32;
        self.lost |= match shaping.loss_correlation {
            Chance::NEVER => shaping.loss.hits(loss_word),
            correlation => active.losses.hits(link, shaping.loss, correlation, loss_word),
        };
        if [shaping.corrupt, shaping.misdirect] != [Chance::NEVER; 2] {
            let drawn = |word| Harm::drawn(shaping.corrupt, shaping.misdirect, word);
            self.harm.add(drawn(salted));
            self.copy_harm.add(drawn(lane(shaping_lane::COPY)));
        }
    }

    pub(super) fn add_action(&mut self, action: MessageAction) {
        match action {
            MessageAction::Lose => self.lost = true,
            MessageAction::Duplicate => self.duplicated = true,
            MessageAction::Delay(by) => {
                self.delay_ns = self.delay_ns.saturating_add(by);
                self.copy_delay_ns = self.copy_delay_ns.saturating_add(by);
            }
        }
    }

    pub(super) fn make(self, route: &mut Route, word: u64, now: SimTime, class: &LinkConfig) {
        let Fate::Arrives(at) = &mut route.fate else {
            return;
        };
        if self.lost {
            *route = Route::of(Fate::Lost);
            return;
        }
        *at = at.saturating_add_nanos(self.delay_ns);
        if self.duplicated && route.copy.is_none() {
            let longest_ns = class.latency.mean_ns().saturating_mul(2).saturating_add(1);
            let copy_ns = scale(mix(word, lane::COPY_LATENCY), longest_ns);
            route.copy = Some(now.saturating_add_nanos(copy_ns));
        }
        route.copy = route.copy.map(|at| at.saturating_add_nanos(self.copy_delay_ns));
        route.harm.add(self.harm);
        route.copy_harm.add(self.copy_harm);
        if route.copy.is_none() {
            route.copy_harm = Harm::NONE;
        }
    }
}
