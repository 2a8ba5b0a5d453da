//! The names of what can be wrong with a transactional history.

use std::fmt;

use crate::verdict::Explanation;

/// The kind of an anomaly. Its text is the name that Adya and Elle use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnomalyKind {
    /// A read holds a value that nobody wrote.
    GarbageRead,
    /// A read of a list holds one element twice.
    DuplicateElements,
    /// Values of a register were each written by a transaction that had read the one before, in
    /// a circle.
    CyclicVersions,
    /// Two reads of a list are not prefixes of one list.
    IncompatibleOrder,
    /// A committed transaction read what an aborted one wrote.
    G1a,
    /// A committed value was built on one of an aborted transaction.
    DirtyUpdate,
    /// A transaction read what another one wrote and then overwrote itself.
    G1b,
    /// A transaction's reads contradict its own earlier writes and reads.
    Internal,
    /// A transaction read what it wrote only later.
    FutureRead,
    /// Two transactions read the same version of a key, and both wrote that key.
    LostUpdate,
    /// A cycle of dependencies.
    Cycle(Class, Variant),
    /// A transaction saw another one, and then did not see it any more.
    ObservedTransactionVanishes,
    /// A transaction saw a part of another one.
    FracturedRead,
    /// A transaction saw another one, but not all that had led to it.
    CausalityViolation(Variant),
    /// No order of the versions is free of cycles, although none is forced on all of them.
    NoOrder,
}

/// What a cycle of dependencies is made of, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Write dependencies only.
    G0,
    /// Write and read dependencies.
    G1c,
    /// Exactly one anti-dependency.
    GSingle,
    /// Several anti-dependencies, no two of them in a row.
    GNonadjacent,
    /// Two anti-dependencies in a row.
    G2Item,
}

impl Class {
    /// All classes, the worst first.
    pub const ALL: [Class; 5] =
        [Class::G0, Class::G1c, Class::GSingle, Class::GNonadjacent, Class::G2Item];
}

/// Which order of transactions a cycle needs beside dependencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variant {
    /// None.
    Plain,
    /// The order of a process.
    Process,
    /// Real time.
    RealTime,
}

impl AnomalyKind {
    /// Whether a history that is known to have this anomaly has the other one for that reason.
    pub(super) fn covers(self, other: AnomalyKind) -> bool {
        if let (AnomalyKind::Cycle(class, variant), AnomalyKind::Cycle(other, weaker)) =
            (self, other)
        {
            return class == other && variant <= weaker;
        }
        if let (AnomalyKind::CausalityViolation(variant), AnomalyKind::CausalityViolation(weaker)) =
            (self, other)
        {
            return variant <= weaker;
        }
        self == other
    }
}

impl fmt::Display for Class {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Class::G0 => "G0",
            Class::G1c => "G1c",
            Class::GSingle => "G-single",
            Class::GNonadjacent => "G-nonadjacent",
            Class::G2Item => "G2-item",
        })
    }
}

impl Variant {
    fn suffix(self) -> &'static str {
        match self {
            Variant::Plain => "",
            Variant::Process => "-process",
            Variant::RealTime => "-realtime",
        }
    }
}

impl fmt::Display for AnomalyKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            AnomalyKind::GarbageRead => "garbage-read",
            AnomalyKind::DuplicateElements => "duplicate-elements",
            AnomalyKind::CyclicVersions => "cyclic-versions",
            AnomalyKind::IncompatibleOrder => "incompatible-order",
            AnomalyKind::G1a => "G1a",
            AnomalyKind::DirtyUpdate => "dirty-update",
            AnomalyKind::G1b => "G1b",
            AnomalyKind::Internal => "internal",
            AnomalyKind::FutureRead => "future-read",
            AnomalyKind::LostUpdate => "lost-update",
            AnomalyKind::ObservedTransactionVanishes => "observed-transaction-vanishes",
            AnomalyKind::FracturedRead => "fractured-read",
            AnomalyKind::NoOrder => "no-version-order",
            AnomalyKind::CausalityViolation(variant) => {
                return write!(formatter, "causality-violation{}", variant.suffix());
            }
            AnomalyKind::Cycle(class, variant) => {
                return write!(formatter, "{class}{}", variant.suffix());
            }
        })
    }
}

/// Something that is wrong with a history, whatever level it should have kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anomaly {
    /// What it is.
    pub kind: AnomalyKind,
    /// The transactions that show it, and how.
    pub explanation: Explanation,
}

impl fmt::Display for Anomaly {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.explanation.fmt(formatter)
    }
}
