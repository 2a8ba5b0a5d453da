//! What goes wrong: one key a fault, and when it happens inside.

use schemars::JsonSchema;
use serde::de::MapAccess;
use serde::{Deserialize, Serialize};

pub use super::fault_parts::{MessageAction, SequenceStep};
use super::network::Latency;
use super::one_key::one_key_enum;
use super::placement::{Condition, Every, Placement};
use super::selector::{Selector, Targets};
use super::units::{Chance, Nanos};

/// A fault. One object with one key, which names its kind.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Cuts the network between groups of hosts.
    Partition(Partition),
    /// Holds the traffic of links until they are unclogged, then lets it go.
    Clog(Clog),
    /// Lets the traffic of clogged links go.
    Unclog(Unclog),
    /// Ends what faults hold: cuts, clogs, pauses, and crashes (which restart).
    Heal(Heal),
    /// Drops a host's memory, and what its crash model says of its un-synced writes.
    Crash(Crash),
    /// Starts a crashed host again with the disk that survived.
    Restart(Restart),
    /// Stops a host's process for a while; its disk and its clocks go on.
    Pause(Pause),
    /// Loses messages.
    Loss(Loss),
    /// Delivers messages twice.
    Duplicate(Duplicate),
    /// Lets later messages overtake earlier ones.
    Reorder(Reorder),
    /// Delays messages by more than the network's latency.
    Delay(Delay),
    /// Loses, duplicates or delays one single message.
    Message(MessageFault),
    /// Faults one after the other.
    Sequence(Sequence),
    /// Draws, per run, how many faults of some kinds happen, when, and to whom.
    Random(RandomFaults),
}

one_key_enum!(Fault, "a fault", {
    "partition" => Partition, "clog" => Clog, "unclog" => Unclog, "heal" => Heal, "crash" => Crash,
    "restart" => Restart, "pause" => Pause, "loss" => Loss, "duplicate" => Duplicate,
    "reorder" => Reorder, "delay" => Delay, "message" => Message, "sequence" => Sequence,
    "random" => Random,
});

/// The fields that say when, in every fault but `random`.
///
/// They are repeated in each struct, since serde's `flatten` would lose the place of a mistake.
#[derive(Clone, Copy, Debug)]
pub struct CommonFields<'a> {
    /// At this time.
    pub at: Option<Nanos>,
    /// Once this holds.
    pub when: Option<&'a Condition>,
    /// So long after `when`.
    pub after: Option<Nanos>,
    /// Again and again.
    pub every: Option<Every>,
    /// The fault's own name: in reports, and for its random stream.
    pub name: Option<&'a str>,
    /// Why it may never take effect without making the run vacuous.
    pub optional: Option<&'a str>,
}

impl CommonFields<'_> {
    /// The one way in which the fault is placed. If a file gives several (which validation
    /// refuses), the first of `at`, `when`, `every` counts.
    #[must_use]
    pub fn placement(&self) -> Placement {
        match (self.at, self.when, self.every) {
            (Some(at), _, _) => Placement::At(at),
            (None, Some(condition), _) => Placement::When {
                condition: condition.clone(),
                after: self.after.unwrap_or_default(),
            },
            (None, None, Some(every)) => Placement::Every(every),
            (None, None, None) => Placement::Inline,
        }
    }
}

/// Declares a fault's struct with the placement fields after its own.
macro_rules! fault_struct {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)*
            /// The time at which it happens.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub at: Option<Nanos>,
            /// The condition on which it happens.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub when: Option<Condition>,
            /// How long after `when`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub after: Option<Nanos>,
            /// Happens again and again.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub every: Option<Every>,
            /// A name for reports, and for the fault's own random stream.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub name: Option<String>,
            /// Why it may never take effect without making the run vacuous.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub optional: Option<String>,
        }

        impl $name {
            /// The fields that say when.
            #[must_use]
            pub fn common(&self) -> CommonFields<'_> {
                CommonFields {
                    at: self.at,
                    when: self.when.as_ref(),
                    after: self.after,
                    every: self.every,
                    name: self.name.as_deref(),
                    optional: self.optional.as_deref(),
                }
            }
        }
    };
}

fault_struct! {
    /// Cuts the network: `groups`, `isolate` or `one_way`, exactly one of them.
    Partition {
        /// Hosts of different groups cannot reach one another; hosts in no group are not cut. If
        /// groups overlap when they resolve, the first wins.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        groups: Option<Vec<Targets>>,
        /// Each of these hosts is cut off from every other host.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        isolate: Option<Targets>,
        /// Messages from some hosts to others are lost; answers still arrive.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        one_way: Option<Direction>,
        /// How long; until a heal if absent.
        #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
        duration: Option<Nanos>,
    }
}

fault_struct! {
    /// Holds traffic: of the links `from` .. `to`, or of every link of the hosts in `select`.
    Clog {
        /// The senders; every host if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Targets>,
        /// The receivers; every host if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Targets>,
        /// Hosts all of whose links, in both directions, are meant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        select: Option<Targets>,
        /// How long; until an unclog or a heal if absent.
        #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
        duration: Option<Nanos>,
    }
}

fault_struct! {
    /// Lets held traffic go: of the links `from` .. `to`, or of every link of the hosts in
    /// `select`.
    Unclog {
        /// The senders; every host if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Targets>,
        /// The receivers; every host if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Targets>,
        /// Hosts all of whose links, in both directions, are meant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        select: Option<Targets>,
    }
}

fault_struct! {
    /// Ends every hold on some hosts.
    Heal {
        /// Which hosts; all if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        select: Option<Targets>,
    }
}

fault_struct! {
    /// Crashes hosts.
    Crash {
        /// Which hosts.
        select: Targets,
        /// What becomes of writes that were not synced.
        #[serde(default)]
        lose: CrashLoss,
        /// How long until it restarts; until a restart or a heal if absent.
        #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
        duration: Option<Nanos>,
    }
}

fault_struct! {
    /// Starts crashed hosts again.
    Restart {
        /// Which hosts.
        select: Targets,
    }
}

fault_struct! {
    /// Stops the process of hosts for a while.
    Pause {
        /// Which hosts.
        select: Targets,
        /// How long; until a heal if absent.
        #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
        duration: Option<Nanos>,
    }
}

/// Declares a fault that makes a chance of the network worse on some links.
macro_rules! chance_fault {
    ($(#[$meta:meta])* $name:ident) => {
        fault_struct! {
            $(#[$meta])*
            $name {
                /// The chance for each message.
                chance: Chance,
                /// The senders; every host and client if absent.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                from: Option<Targets>,
                /// The receivers; every host and client if absent.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                to: Option<Targets>,
                /// How long; until a heal if absent.
                #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
                duration: Option<Nanos>,
            }
        }
    };
}

chance_fault!(
    /// Loses each message with a chance, beside the network's own.
    Loss
);
chance_fault!(
    /// Delivers each message twice with a chance, beside the network's own.
    Duplicate
);
chance_fault!(
    /// Holds each message back with a chance, so that later ones overtake it.
    Reorder
);

fault_struct! {
    /// Delays messages by more than the network's latency.
    Delay {
        /// How much more.
        by: Latency,
        /// The senders; every host and client if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Targets>,
        /// The receivers; every host and client if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Targets>,
        /// How long; until a heal if absent.
        #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
        duration: Option<Nanos>,
    }
}

fault_struct! {
    /// One single message: the `nth` of its kind from one host to another. It needs no time: it
    /// waits for its message, and counts from the start, or from its placement if it has one.
    MessageFault {
        /// The sender.
        from: Selector,
        /// The receiver.
        to: Selector,
        /// The message kind; what clients ask and hear is `client-request` and `client-reply`.
        kind: String,
        /// Which of them, from 1.
        #[serde(default = "first")]
        nth: u64,
        /// What happens to it.
        #[serde(rename = "do")]
        action: MessageAction,
    }
}

fault_struct! {
    /// Faults and waits one after the other.
    Sequence {
        /// The steps. Faults in it have no placement of their own.
        steps: Vec<SequenceStep>,
    }
}

fn first() -> u64 {
    1
}

/// The links of one direction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Direction {
    /// The senders.
    pub from: Targets,
    /// The receivers.
    pub to: Targets,
}

/// What a crash leaves of writes that were not synced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CrashLoss {
    /// Nothing.
    Strict,
    /// A drawn prefix, in the order of the writes.
    Ordered,
    /// A drawn prefix whose last write is cut at a sector.
    #[default]
    Torn,
    /// Any subset.
    Reorder,
}

/// Faults drawn per run: how many, when, and to whom (among those on whom the kind takes effect).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RandomFaults {
    /// No earlier than this.
    pub from: Nanos,
    /// No later than this.
    pub until: Nanos,
    /// Which kinds to draw from.
    pub kinds: Vec<RandomKind>,
    /// How many, at least and at most.
    pub times: (u32, u32),
    /// How long each lasts, at least and at most.
    #[serde(rename = "for")]
    pub duration: (Nanos, Nanos),
    /// The hosts it may strike; all if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub select: Option<Targets>,
    /// A name for reports, and for its own random stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Why it may never take effect without making the run vacuous.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optional: Option<String>,
}

/// A kind of fault that can be drawn, because it needs no settings of its own.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RandomKind {
    /// A host crashes and restarts.
    Crash,
    /// A host's process stops and goes on.
    Pause,
    /// The hosts fall into two drawn groups.
    Partition,
    /// A host's links are clogged.
    Clog,
    /// Messages are lost, between all hosts or to and from one.
    Loss,
    /// Messages arrive twice.
    Duplicate,
    /// Messages overtake each other.
    Reorder,
    /// Messages take longer, by up to a drawn time.
    Delay,
}

/// What a partition cuts, once validation has seen that exactly one form is given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PartitionShape<'a> {
    /// Between groups.
    Groups(&'a [Targets]),
    /// Each of these from every other host.
    Isolate(&'a Targets),
    /// One direction.
    OneWay(&'a Direction),
}

impl Partition {
    /// What it cuts. If a file gives several forms (which validation refuses), the first counts,
    /// and no form at all is no group.
    #[must_use]
    pub fn shape(&self) -> PartitionShape<'_> {
        match (&self.groups, &self.isolate, &self.one_way) {
            (Some(groups), _, _) => PartitionShape::Groups(groups),
            (None, Some(isolate), _) => PartitionShape::Isolate(isolate),
            (None, None, Some(direction)) => PartitionShape::OneWay(direction),
            (None, None, None) => PartitionShape::Groups(&[]),
        }
    }
}

impl Fault {
    /// The fields that say when; `None` for `random`, which draws its own times.
    #[must_use]
    pub fn common(&self) -> Option<CommonFields<'_>> {
        match self {
            Fault::Partition(fault) => Some(fault.common()),
            Fault::Clog(fault) => Some(fault.common()),
            Fault::Unclog(fault) => Some(fault.common()),
            Fault::Heal(fault) => Some(fault.common()),
            Fault::Crash(fault) => Some(fault.common()),
            Fault::Restart(fault) => Some(fault.common()),
            Fault::Pause(fault) => Some(fault.common()),
            Fault::Loss(fault) => Some(fault.common()),
            Fault::Duplicate(fault) => Some(fault.common()),
            Fault::Reorder(fault) => Some(fault.common()),
            Fault::Delay(fault) => Some(fault.common()),
            Fault::Message(fault) => Some(fault.common()),
            Fault::Sequence(fault) => Some(fault.common()),
            Fault::Random(_) => None,
        }
    }

    /// How long it lasts, if the file says so and the kind lasts at all. A `random` draws it.
    #[must_use]
    pub fn duration(&self) -> Option<Nanos> {
        match self {
            Fault::Partition(fault) => fault.duration,
            Fault::Clog(fault) => fault.duration,
            Fault::Crash(fault) => fault.duration,
            Fault::Pause(fault) => fault.duration,
            Fault::Loss(fault) => fault.duration,
            Fault::Duplicate(fault) => fault.duration,
            Fault::Reorder(fault) => fault.duration,
            Fault::Delay(fault) => fault.duration,
            Fault::Unclog(_)
            | Fault::Heal(_)
            | Fault::Restart(_)
            | Fault::Message(_)
            | Fault::Sequence(_)
            | Fault::Random(_) => None,
        }
    }

    /// The fault's own name, if the file gives one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Fault::Random(random) => random.name.as_deref(),
            other => other.common().and_then(|common| common.name),
        }
    }

    /// Why the fault may never take effect, if the file says so.
    #[must_use]
    pub fn optional(&self) -> Option<&str> {
        match self {
            Fault::Random(random) => random.optional.as_deref(),
            other => other.common().and_then(|common| common.optional),
        }
    }
}

/// Reads the fault of a known key, where a map holds faults beside other things.
pub(super) fn fault_of_key<'de, A: MapAccess<'de>>(
    key: &str,
    map: &mut A,
) -> Option<Result<Fault, A::Error>> {
    Some(match key {
        "partition" => map.next_value().map(Fault::Partition),
        "clog" => map.next_value().map(Fault::Clog),
        "unclog" => map.next_value().map(Fault::Unclog),
        "heal" => map.next_value().map(Fault::Heal),
        "crash" => map.next_value().map(Fault::Crash),
        "restart" => map.next_value().map(Fault::Restart),
        "pause" => map.next_value().map(Fault::Pause),
        "loss" => map.next_value().map(Fault::Loss),
        "duplicate" => map.next_value().map(Fault::Duplicate),
        "reorder" => map.next_value().map(Fault::Reorder),
        "delay" => map.next_value().map(Fault::Delay),
        "message" => map.next_value().map(Fault::Message),
        "sequence" => map.next_value().map(Fault::Sequence),
        "random" => map.next_value().map(Fault::Random),
        _ => return None,
    })
}
