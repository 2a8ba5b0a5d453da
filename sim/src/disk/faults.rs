//! What can be wrong with a disk: faults as data.

use std::ops::Range;
use std::time::Duration;

use serde::Serialize;

use crate::rng::Chance;

/// What is wrong with a disk while a fault holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiskFault {
    /// What goes wrong.
    pub trouble: Trouble,
    /// Only with files whose names begin with this (`raft/log`); with all of them if it is empty.
    pub files: String,
    /// What the fault draws from, so that no other fault changes what this one does.
    pub salt: u64,
}

impl DiskFault {
    /// This trouble with every file of the disk.
    pub fn new(trouble: Trouble, salt: u64) -> Self {
        DiskFault { trouble, files: String::new(), salt }
    }

    /// Whether what it does lasts beyond a heal: rot stays, until the fault is released by itself.
    pub fn is_damage(&self) -> bool {
        matches!(self.trouble, Trouble::BitRot { .. })
    }

    /// The same with files only whose names begin with `files`.
    #[must_use]
    pub fn of_files(self, files: impl Into<String>) -> Self {
        DiskFault { files: files.into(), ..self }
    }
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Trouble {
    /// A write that a sync acknowledges never reaches the platter: the durable disk lacks it. The
    /// node still reads it from the cache, until a crash drops the cache.
    LostWrites(Rate),
    /// The same, but some of the write's sectors do reach the platter, in any order. A write
    /// within one sector is never torn.
    TornWrites(Rate),
    /// A write that a sync acknowledges lands on another place of the same disk, over what was
    /// durable there, and its own place keeps what it had. (Bairavasundaram et al., FAST 2008:
    /// misdirected writes, found by checksums that say which block they belong to.)
    MisdirectedWrites(Rate),
    /// Bits flip on the platter and stay flipped: every read shows them, until the place is
    /// written again or the fault lets go. What is below is not lost: rot is a mask.
    BitRot {
        /// Where it may strike: ranges of files, in each of which one bit flips at most. Anywhere,
        /// if there are none.
        within: Vec<(String, Range<u64>)>,
        /// How many bits flip; drawn among the durable bytes.
        places: u32,
    },
    /// Reads fail.
    ReadErrors {
        /// How often.
        rate: Rate,
        /// Whether one sector of what was to be read fails from then on, until it is written again
        /// or the fault lets go; else the next try may succeed.
        sticky: bool,
    },
    /// Writes fail, half of the time after a part of them; so do truncations, renames and removals.
    WriteErrors(Rate),
    /// Syncs fail, and the writes that they were to make durable count as clean afterwards: the
    /// node still reads them, no later sync writes them, a crash loses them. Changes of names
    /// stay for the next sync. (Rebello et al., ATC 2020: so do ext4, XFS and Btrfs.)
    FailedSyncs(Rate),
    /// Writes fail for want of space, after the part that still fits.
    Full(Room),
    /// Syncs and reads take longer.
    Slow {
        /// So many hundredths of the time; 100 is as fast as ever.
        percent: u32,
        /// And so much more.
        by: Duration,
    },
    /// The device does not answer: syncs do not complete and reads do not return while it lasts.
    Stuck,
}

/// How often something goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Rate {
    /// The chance of each operation.
    pub chance: Chance,
    /// No more often than this.
    pub times_max: Option<u32>,
}

impl Rate {
    /// Every time.
    pub const ALWAYS: Rate = Rate { chance: Chance::ALWAYS, times_max: None };

    /// With a chance, as often as it comes.
    pub const fn of(chance: Chance) -> Rate {
        Rate { chance, times_max: None }
    }

    /// The next `count` times.
    pub const fn next(count: u32) -> Rate {
        Rate { chance: Chance::ALWAYS, times_max: Some(count) }
    }

    fn is_never(self) -> bool {
        self.chance == Chance::NEVER || self.times_max == Some(0)
    }
}

/// How much fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Room {
    /// So many bytes in all files.
    Capacity(u64),
    /// So many more than there are when the fault begins.
    Free(u64),
}

/// The operations that a trouble with a [`Rate`] decides about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strike {
    Lose,
    Tear,
    Misdirect,
    FailRead,
    FailWrite,
    FailSync,
}

impl Trouble {
    /// What it decides about, and how often it strikes.
    pub(super) fn strike(&self) -> Option<(Strike, Rate)> {
        match self {
            Trouble::LostWrites(rate) => Some((Strike::Lose, *rate)),
            Trouble::TornWrites(rate) => Some((Strike::Tear, *rate)),
            Trouble::MisdirectedWrites(rate) => Some((Strike::Misdirect, *rate)),
            Trouble::ReadErrors { rate, .. } => Some((Strike::FailRead, *rate)),
            Trouble::WriteErrors(rate) => Some((Strike::FailWrite, *rate)),
            Trouble::FailedSyncs(rate) => Some((Strike::FailSync, *rate)),
            Trouble::BitRot { .. } | Trouble::Full(_) | Trouble::Slow { .. } | Trouble::Stuck => {
                None
            }
        }
    }

    /// Whether it does nothing at all.
    pub(super) fn is_nothing(&self) -> bool {
        match self {
            Trouble::BitRot { places, .. } => *places == 0,
            Trouble::Slow { percent, by } => *percent <= 100 && by.is_zero(),
            Trouble::Full(_) | Trouble::Stuck => false,
            Trouble::LostWrites(_)
            | Trouble::TornWrites(_)
            | Trouble::MisdirectedWrites(_)
            | Trouble::ReadErrors { .. }
            | Trouble::WriteErrors(_)
            | Trouble::FailedSyncs(_) => self.strike().is_some_and(|(_, rate)| rate.is_never()),
        }
    }
}
