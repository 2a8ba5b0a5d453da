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

mod bandwidth;
mod chances;
mod clocks;
mod composite;
mod disks;
mod hosts;
mod kind;
mod network;
mod partitions;

use schemars::JsonSchema;
use seedbed_protocols::Strain;
use serde::de::MapAccess;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::bandwidth::*;
pub use self::chances::*;
pub use self::clocks::*;
pub use self::composite::*;
pub use self::disks::*;
pub use self::hosts::*;
pub use self::kind::{Area, CommonFields, Manual};
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

            /// What a kind acts on; none if there is no such kind.
            #[must_use]
            pub fn area(kind: &str) -> Option<Area> {
                let module = match kind {
                    $($name => $type::MODULE,)*
                    $($other => $other_type::MODULE,)*
                    _ => return None,
                };
                Some(Area::of_module(module))
            }

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
        /// Cuts the network: between groups, halves, around a bridge, in a ring, from clients.
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
        /// Starts hosts again that are down, with the disk that survived or a blank one.
        "restart" => Restart(Restart),
        /// Stops a host's process for a while; its disk and its clocks go on.
        "pause" => Pause(Pause),
        /// Lets the handlers of hosts take longer.
        "slow" => Slow(Slow),
        /// Hosts leave in good order, and stay away.
        "leave" => Leave(Leave),
        /// Spare hosts boot, or hosts that have left come back.
        "join" => Join(Join),
        /// Hosts restart one after the other, perhaps with other `params`.
        "rolling_restart" => RollingRestart(RollingRestart),
        /// Moves the wall clock of hosts, once.
        "clock_step" => ClockStep(ClockStep),
        /// Lets the clocks of hosts run faster or slower.
        "clock_drift" => ClockDrift(ClockDrift),
        /// Lets the wall clock of hosts jump to and fro.
        "clock_strobe" => ClockStrobe(ClockStrobe),
        /// Stops the clocks of hosts for a while.
        "clock_freeze" => ClockFreeze(ClockFreeze),
        /// Loses writes that a sync has acknowledged.
        "lost_writes" => LostWrites(LostWrites),
        /// Writes only some sectors of what a sync has acknowledged.
        "torn_writes" => TornWrites(TornWrites),
        /// Writes what a sync has acknowledged to another place of the disk.
        "misdirected_writes" => MisdirectedWrites(MisdirectedWrites),
        /// Flips bits on the platter, which stay flipped.
        "bit_rot" => BitRot(BitRot),
        /// Lets reads fail.
        "read_errors" => ReadErrors(ReadErrors),
        /// Lets writes fail.
        "write_errors" => WriteErrors(WriteErrors),
        /// Lets syncs fail, after which what they were to write counts as written.
        "failed_sync" => FailedSync(FailedSync),
        /// Fills a disk up.
        "disk_full" => DiskFull(DiskFull),
        /// Slows a disk down.
        "disk_slow" => DiskSlow(DiskSlow),
        /// Lets a disk answer nothing.
        "disk_stuck" => DiskStuck(DiskStuck),
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
        /// Lets links carry only so much.
        "bandwidth" => Bandwidth(Throttle),
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
    /// The handlers of a host take longer.
    "slow" => Slow,
    /// The wall clock of a host is moved.
    "clock_step" => ClockStep,
    /// The clocks of a host run faster or slower.
    "clock_drift" => ClockDrift,
    /// The wall clock of a host jumps to and fro.
    "clock_strobe" => ClockStrobe,
    /// The clocks of a host stand still.
    "clock_freeze" => ClockFreeze,
    /// A drawn minority is split off, or one host, or it cannot send or not receive.
    "partition" => Partition,
    /// One host sees both sides, each sees a majority of its own, or one direction is cut.
    "partial_partition" => PartialPartition,
    /// A host's links are clogged.
    "clog" => Clog,
    /// A disk loses acknowledged writes.
    "lost_writes" => LostWrites,
    /// A disk tears acknowledged writes.
    "torn_writes" => TornWrites,
    /// A disk misdirects acknowledged writes.
    "misdirected_writes" => MisdirectedWrites,
    /// Bits of a disk flip, for the drawn time.
    "bit_rot" => BitRot,
    /// Reads of a disk fail.
    "read_errors" => ReadErrors,
    /// Writes to a disk fail.
    "write_errors" => WriteErrors,
    /// Syncs of a disk fail.
    "failed_sync" => FailedSync,
    /// A disk is full.
    "disk_full" => DiskFull,
    /// A disk is slow.
    "disk_slow" => DiskSlow,
    /// A disk answers nothing.
    "disk_stuck" => DiskStuck,
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
    /// Links carry only so much, at a drawn rate.
    "bandwidth" => Bandwidth,
}

impl RandomKind {
    /// What it asks a protocol to tolerate.
    pub(in crate::format) fn strain(self) -> Option<Strain> {
        match self {
            RandomKind::Crash => Some(Strain::Crashes),
            RandomKind::Corrupt => Some(Strain::Corruption),
            RandomKind::Misdirect => Some(Strain::Misdirection),
            RandomKind::LostWrites | RandomKind::TornWrites | RandomKind::MisdirectedWrites => {
                Some(Strain::Disks)
            }
            RandomKind::BitRot => Some(Strain::Rot),
            RandomKind::ClockStep
            | RandomKind::ClockDrift
            | RandomKind::ClockStrobe
            | RandomKind::ClockFreeze => Some(Strain::Clocks),
            RandomKind::Pause
            | RandomKind::ReadErrors
            | RandomKind::WriteErrors
            | RandomKind::FailedSync
            | RandomKind::DiskFull
            | RandomKind::DiskSlow
            | RandomKind::DiskStuck
            | RandomKind::Slow
            | RandomKind::Partition
            | RandomKind::PartialPartition
            | RandomKind::Clog
            | RandomKind::SwizzleClog
            | RandomKind::Loss
            | RandomKind::Duplicate
            | RandomKind::Reorder
            | RandomKind::Delay
            | RandomKind::Bandwidth => None,
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

    /// Fields of `params` that it puts over those of hosts, if it does.
    #[must_use]
    pub fn params(&self) -> Option<&Value> {
        each_kind!(self, fault => fault.params())
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
