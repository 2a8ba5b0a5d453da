//! What goes wrong: one key a fault, and when it happens inside.
//!
//! # Where a new kind of fault goes
//!
//! 1. Its struct, with [`fault_struct!`](kind), and its `FaultKind`, in the file of its area.
//! 2. One line in the table of [`Fault`] below, and one in that of [`RandomKind`] if it can be drawn
//!    without settings.
//! 3. What it takes, in the director's `fire`: the compiler asks for it.
//!
//! Docs of structs and fields become the schema, and with the manual the catalogue of faults.

mod chances;
mod composite;
mod hosts;
mod kind;
mod network;
mod partitions;

use schemars::JsonSchema;
use seedbed_protocols::Strain;
use serde::de::MapAccess;
use serde::{Deserialize, Serialize};

pub use self::chances::*;
pub use self::composite::*;
pub use self::hosts::*;
pub use self::kind::{CommonFields, Manual};
pub(in crate::format) use self::kind::{FaultKind, Labelled, Standing, TargetVisitor};
pub use self::network::*;
pub use self::partitions::*;
pub use super::message_action::MessageAction;
use super::one_key::one_key_enum;
use super::path::Path;
use super::spec::Scenario;
use super::units::Nanos;
use super::validate::Findings;

/// Declares the kinds of faults: those that may be a step of a sequence, and those that may not.
macro_rules! faults {
    (
        steps { $($(#[$meta:meta])* $name:literal => $variant:ident($type:ident),)* }
        others { $($(#[$other_meta:meta])* $other:literal => $other_variant:ident($other_type:ident),)* }
    ) => {
        /// A fault. One object with one key, which names its kind.
        #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Fault {
            $($(#[$meta])* $variant($type),)*
            $($(#[$other_meta])* $other_variant($other_type),)*
        }

        one_key_enum!(Fault, "a fault", {
            $($name => $variant,)* $($other => $other_variant,)*
        });

        impl Fault {
            /// What a step of a sequence may be.
            pub(in crate::format) const STEP_NAMES: &'static [&'static str] =
                &["wait", $($name),*];

            /// What the catalogue says of each kind.
            pub const MANUALS: &'static [(&'static str, Manual)] =
                &[$(($name, $type::MANUAL),)* $(($other, $other_type::MANUAL),)*];

            /// Whether it ends what other faults hold.
            #[must_use]
            pub fn repairs(&self) -> bool {
                match self {
                    $(Fault::$variant(_) => $type::REPAIRS,)*
                    $(Fault::$other_variant(_) => $other_type::REPAIRS,)*
                }
            }
        }

        /// Reads the fault of a known key, where a map holds faults beside other things.
        pub(in crate::format) fn fault_of_key<'de, A: MapAccess<'de>>(
            key: &str,
            map: &mut A,
        ) -> Option<Result<Fault, A::Error>> {
            Some(match key {
                $($name => map.next_value().map(Fault::$variant),)*
                $($other => map.next_value().map(Fault::$other_variant),)*
                _ => return None,
            })
        }

        /// Does the same with whatever kind a fault is.
        macro_rules! each_kind {
            ($fault:expr, $inner:ident => $result:expr) => {
                match $fault {
                    $(Fault::$variant($inner) => $result,)*
                    $(Fault::$other_variant($inner) => $result,)*
                }
            };
        }
    };
}

faults! {
    steps {
        /// Cuts the network between groups of hosts.
        "partition" => Partition(Partition),
        /// Holds the traffic of links until they are unclogged, then lets it go.
        "clog" => Clog(Clog),
        /// Clogs hosts one by one, and unclogs them in another order.
        "swizzle_clog" => SwizzleClog(SwizzleClog),
        /// Lets the traffic of clogged links go.
        "unclog" => Unclog(Unclog),
        /// Ends what faults hold: cuts, clogs, pauses, and crashes (which restart).
        "heal" => Heal(Heal),
        /// Drops a host's memory, and what its crash model says of its un-synced writes.
        "crash" => Crash(Crash),
        /// Starts a crashed host again with the disk that survived.
        "restart" => Restart(Restart),
        /// Stops a host's process for a while; its disk and its clocks go on.
        "pause" => Pause(Pause),
        /// Loses messages.
        "loss" => Loss(Loss),
        /// Delivers messages twice.
        "duplicate" => Duplicate(Duplicate),
        /// Lets later messages overtake earlier ones.
        "reorder" => Reorder(Reorder),
        /// Delays messages by more than the network's latency.
        "delay" => Delay(Delay),
        /// Flips bits of messages.
        "corrupt" => Corrupt(Corrupt),
        /// Lets messages come to other hosts than they were sent to.
        "misdirect" => Misdirect(Misdirect),
        /// Loses, duplicates or delays one single message.
        "message" => Message(MessageFault),
    }
    others {
        /// Faults one after the other.
        "sequence" => Sequence(Sequence),
        /// Draws, per run, how many faults of some kinds happen, when, and to whom.
        "random" => Random(RandomFaults),
    }
}

/// Declares the kinds that `random` draws from.
macro_rules! random_kinds {
    ($($(#[$meta:meta])* $name:literal => $variant:ident,)*) => {
        /// A kind of fault that can be drawn, because it needs no settings of its own.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
        )]
        pub enum RandomKind {
            $($(#[$meta])* #[serde(rename = $name)] $variant,)*
        }

        impl RandomKind {
            /// The name under which it is drawn and counted: that of the placed fault, if there is one.
            #[must_use]
            pub fn key(self) -> &'static str {
                match self { $(RandomKind::$variant => $name,)* }
            }
        }
    };
}

random_kinds! {
    /// A host crashes and restarts.
    "crash" => Crash,
    /// A host's process stops and goes on.
    "pause" => Pause,
    /// The hosts fall into two drawn groups.
    "partition" => Partition,
    /// One host sees both sides, each sees a majority of its own, or one direction is cut.
    "partial_partition" => PartialPartition,
    /// A host's links are clogged.
    "clog" => Clog,
    /// Hosts are clogged one by one, and unclogged in another order.
    "swizzle_clog" => SwizzleClog,
    /// Messages are lost, between all hosts or to and from one.
    "loss" => Loss,
    /// Messages arrive twice.
    "duplicate" => Duplicate,
    /// Messages overtake each other.
    "reorder" => Reorder,
    /// Messages take longer, by up to a drawn time.
    "delay" => Delay,
    /// Bits of messages flip.
    "corrupt" => Corrupt,
    /// Messages come to other hosts than they were sent to.
    "misdirect" => Misdirect,
}

impl RandomKind {
    /// What it asks a protocol to tolerate.
    pub(in crate::format) fn strain(self) -> Option<Strain> {
        match self {
            RandomKind::Crash => Some(Strain::Crashes),
            RandomKind::Corrupt => Some(Strain::Corruption),
            RandomKind::Misdirect => Some(Strain::Misdirection),
            RandomKind::Pause
            | RandomKind::Partition
            | RandomKind::PartialPartition
            | RandomKind::Clog
            | RandomKind::SwizzleClog
            | RandomKind::Loss
            | RandomKind::Duplicate
            | RandomKind::Reorder
            | RandomKind::Delay => None,
        }
    }
}

impl Fault {
    /// What it asks a protocol to tolerate, not counting the faults inside it.
    pub(in crate::format) fn strain(&self) -> Option<Strain> {
        each_kind!(self, fault => fault.strain())
    }

    /// The fields that say when; `None` for `random`, which draws its own times.
    #[must_use]
    pub fn common(&self) -> Option<CommonFields<'_>> {
        each_kind!(self, fault => fault.common())
    }

    /// How long it lasts, if the file says so and the kind lasts at all. A `random` draws it.
    #[must_use]
    pub fn duration(&self) -> Option<Nanos> {
        each_kind!(self, fault => fault.duration())
    }

    /// The fault's own name, if the file gives one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        each_kind!(self, fault => fault.name())
    }

    /// Why the fault may never take effect, if the file says so.
    #[must_use]
    pub fn optional(&self) -> Option<&str> {
        each_kind!(self, fault => fault.optional())
    }

    /// The faults inside a sequence, each with the index of its step; none in other kinds.
    pub fn inner(&self) -> impl Iterator<Item = (usize, &Fault)> {
        let steps = match self {
            Fault::Sequence(sequence) => &sequence.steps[..],
            _ => &[],
        };
        steps.iter().enumerate().filter_map(|(index, step)| match step {
            SequenceStep::Wait(_) => None,
            SequenceStep::Fault(fault) => Some((index, &**fault)),
        })
    }

    /// Shows every list of hosts in it, but not those of the faults inside a sequence. `path` is
    /// that of the object with the one key.
    pub(in crate::format) fn visit_targets(&mut self, path: &Path, visit: &mut TargetVisitor<'_>) {
        let path = path.key(self.key());
        each_kind!(self, fault => fault.visit_targets(&path, visit));
    }

    /// Says what is wrong with the fields of its kind. `path` is that of the fault's inside.
    pub(in crate::format) fn check_kind(
        &self,
        path: &Path,
        scenario: &Scenario,
        findings: &mut Findings<'_>,
    ) {
        each_kind!(self, fault => fault.check(path, scenario, findings));
    }
}
