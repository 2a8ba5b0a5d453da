//! Faults of disks: they lie, rot, fail, fill up and slow down.
//!
//! Those that lie or rot do damage. Within the contract they do it on no more hosts than the
//! protocol tolerates; the director keeps the atlas.

use seedbed_protocols::Strain;

use super::kind::{FaultKind, Manual, Standing, TargetVisitor, fault_struct};
use crate::format::path::Path;
use crate::format::selector::Targets;
use crate::format::spec::Scenario;
use crate::format::units::{Chance, Nanos, Size};
use crate::format::validate::Findings;

/// Declares a fault that strikes some of the operations of a disk.
macro_rules! striking_fault {
    ($(#[$meta:meta])* $name:ident) => {
        fault_struct! {
            $(#[$meta])*
            $name {
                /// On whose disks.
                select: Targets,
                /// The chance for each operation.
                chance: Chance,
                /// No more often than this on each disk.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                times: Option<u32>,
                /// Only files whose names begin with this; all of them if absent.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                files: Option<String>,
                /// How long; until a heal if absent.
                #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
                duration: Option<Nanos>,
            }
        }
    };
}

striking_fault!(
    /// Loses writes that a sync has acknowledged: they never reach the platter. The host reads them
    /// from its cache until it crashes.
    LostWrites
);
striking_fault!(
    /// Lets only some sectors of a write reach the platter that a sync has acknowledged. A write
    /// within one sector of 512 bytes is never torn.
    TornWrites
);
striking_fault!(
    /// Lets a write that a sync has acknowledged land on another place of the same disk; its own
    /// place keeps what it had.
    MisdirectedWrites
);
striking_fault!(
    /// Lets writes fail, half of the time after a part of them; and truncations, renames, removals.
    WriteErrors
);
striking_fault!(
    /// Lets syncs fail. What they were to write counts as written afterwards, and is not: the host
    /// reads it until it crashes.
    FailedSync
);

fault_struct! {
    /// Lets reads fail.
    ReadErrors {
        /// On whose disks.
        select: Targets,
        /// The chance for each read.
        chance: Chance,
        /// No more often than this on each disk.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        times: Option<u32>,
        /// Whether a sector that could not be read once never can, until it is written again; else
        /// the next read may succeed.
        #[serde(default)]
        sticky: bool,
        /// Only files whose names begin with this; all of them if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        files: Option<String>,
        /// How long; until a heal if absent.
        #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
        duration: Option<Nanos>,
    }
}

fault_struct! {
    /// Flips bits on the platter. They stay flipped, whoever reads them, until the place is written
    /// again; a heal does not mend them.
    BitRot {
        /// On whose disks.
        select: Targets,
        /// How many bits, each in another record of the protocol within the contract.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        places: u32,
        /// Only files whose names begin with this; all of them if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        files: Option<String>,
        /// Only bytes from the first to before the second of these offsets.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bytes: Option<(u64, u64)>,
        /// How long until the bits are as before: the rot is a mask over good bytes. For ever if
        /// absent.
        #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
        duration: Option<Nanos>,
    }
}

fault_struct! {
    /// Fills disks up: writes fail after the part that fits, until something is cut or removed.
    DiskFull {
        /// Whose disks.
        select: Targets,
        /// How many bytes more fit than there are when it begins.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        free: Option<Size>,
        /// How many bytes fit in all, instead of `free`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        capacity: Option<Size>,
        /// How long; until a heal if absent.
        #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
        duration: Option<Nanos>,
    }
}

fault_struct! {
    /// Slows disks down: every sync and every read takes longer.
    DiskSlow {
        /// Whose disks.
        select: Targets,
        /// So many times as long; to the hundredth.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        factor: Option<f64>,
        /// So much longer, after the factor.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Nanos>,
        /// How long; until a heal if absent.
        #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
        duration: Option<Nanos>,
    }
}

fault_struct! {
    /// Lets disks answer nothing: syncs do not complete and reads do not return while it lasts.
    DiskStuck {
        /// Whose disks.
        select: Targets,
        /// How long; until a heal if absent.
        #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
        duration: Option<Nanos>,
    }
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_one(places: &u32) -> bool {
    *places == 1
}

/// No disk is a million times as slow.
const FACTOR_MAX: f64 = 1e6;

fn check_strikes(
    (chance, times): (Chance, Option<u32>),
    files: Option<&String>,
    path: &Path,
    findings: &mut Findings<'_>,
) {
    if chance == Chance::default() {
        findings.value(&path.key("chance"), "what never happens is no fault");
    }
    if times == Some(0) {
        findings.value(&path.key("times"), "it never happens");
    }
    check_files(files, path, findings);
}

fn check_files(files: Option<&String>, path: &Path, findings: &mut Findings<'_>) {
    if files.is_some_and(String::is_empty) {
        let help = "leave it out for all files";
        findings.value_help(&path.key("files"), "this names no file", help);
    }
}

macro_rules! striking_kind {
    ($name:ident, $strain:expr, $manual:expr) => {
        impl FaultKind for $name {
            const MANUAL: Manual = $manual;

            fn duration(&self) -> Option<Nanos> {
                self.duration
            }

            fn strain(&self) -> Option<Strain> {
                $strain
            }

            fn visit_targets(&mut self, path: &Path, visit: &mut TargetVisitor<'_>) {
                visit(&path.key("select"), Standing::Alone, &mut self.select);
            }

            fn check(&self, path: &Path, _: &Scenario, findings: &mut Findings<'_>) {
                let files = self.files.as_ref();
                check_strikes((self.chance, self.times), files, path, findings);
            }
        }
    };
}

striking_kind!(
    LostWrites,
    Some(Strain::Disks),
    Manual {
        models: "A device that acknowledges a flush and forgets the data: firmware bugs, volatile \
                 caches without power-loss protection (Zheng et al., FAST 2013).",
        example: r#"{ "lost_writes": { "at": "2s", "select": "n1", "chance": "50%", "files": "log", "for": "2s" } }"#,
        needs: r#""contract": "beyond""#,
        evidence: "`faults.lost_writes` counts disks that lost a write; after a crash the host is \
                   shorter by what it had acknowledged.",
    }
);
striking_kind!(
    TornWrites,
    Some(Strain::Disks),
    Manual {
        models: "A device that says a write of several sectors is done when only some are.",
        example: r#"{ "torn_writes": { "at": "1s", "select": "n1", "chance": "100%", "for": "3500ms" } }"#,
        needs: r#""contract": "beyond""#,
        evidence: "`faults.torn_writes` counts disks that tore a write of two sectors or more.",
    }
);
striking_kind!(
    MisdirectedWrites,
    Some(Strain::Disks),
    Manual {
        models: "A write that firmware or a driver sends to another block (Bairavasundaram et al., \
                 FAST 2008; TigerBeetle's simulator found two bugs with it).",
        example: r#"{ "misdirected_writes": { "at": "2s", "select": "n1", "chance": "50%", "times": 1, "for": "2s" } }"#,
        needs: r#""contract": "beyond""#,
        evidence: "`faults.misdirected_writes` counts disks on which a write landed elsewhere.",
    }
);
striking_kind!(
    WriteErrors,
    None,
    Manual {
        models: "A bad cable or a dying disk: EIO from write, now and then, perhaps after a part.",
        example: r#"{ "write_errors": { "at": "2s", "select": "n1", "chance": "20%", "for": "2s" } }"#,
        needs: "",
        evidence: "`faults.write_errors` counts disks on which a write failed; Raft crashes its \
                   host, which restarts.",
    }
);
striking_kind!(
    FailedSync,
    None,
    Manual {
        models: "EIO from fsync, after which the kernel marks the pages clean: ext4, XFS and Btrfs \
                 all do (Rebello et al., ATC 2020; PostgreSQL's fsyncgate).",
        example: r#"{ "failed_sync": { "at": "2s", "select": "n1", "chance": "50%", "for": "2s" } }"#,
        needs: "",
        evidence: "`faults.failed_sync` counts disks on which a sync failed; the outputs behind it \
                   never leave, and the host crashes by default.",
    }
);

impl FaultKind for ReadErrors {
    const MANUAL: Manual = Manual {
        models: "Latent sector errors, found when a sector is read (Bairavasundaram et al., \
                 SIGMETRICS 2007: 3 % of disks in 32 months).",
        example: r#"{ "read_errors": { "at": "2s", "select": "n1", "chance": "50%", "sticky": true, "for": "3s" } }, { "crash": { "at": "2.5s", "select": "n1", "for": "200ms" } }"#,
        needs: "",
        evidence: "`faults.read_errors` counts disks on which a read failed. Raft reads when it \
                   boots, so it takes a crash.",
    };

    fn duration(&self) -> Option<Nanos> {
        self.duration
    }

    fn visit_targets(&mut self, path: &Path, visit: &mut TargetVisitor<'_>) {
        visit(&path.key("select"), Standing::Alone, &mut self.select);
    }

    fn check(&self, path: &Path, _: &Scenario, findings: &mut Findings<'_>) {
        check_strikes((self.chance, self.times), self.files.as_ref(), path, findings);
    }
}

impl FaultKind for BitRot {
    const MANUAL: Manual = Manual {
        models: "Silent corruption on the medium: the disk returns other bytes than were written, \
                 again and again (Bairavasundaram et al., FAST 2008).",
        example: r#"{ "bit_rot": { "at": "2s", "select": "n1", "files": "log" } }, { "crash": { "at": "3s", "select": "n1", "for": "200ms" } }"#,
        needs: "",
        evidence: "The milestone `disk-damage-noticed` of Raft; without a crash nobody reads it.",
    };

    fn duration(&self) -> Option<Nanos> {
        self.duration
    }

    fn strain(&self) -> Option<Strain> {
        Some(Strain::Rot)
    }

    fn visit_targets(&mut self, path: &Path, visit: &mut TargetVisitor<'_>) {
        visit(&path.key("select"), Standing::Alone, &mut self.select);
    }

    fn check(&self, path: &Path, _: &Scenario, findings: &mut Findings<'_>) {
        if self.places == 0 {
            findings.value(&path.key("places"), "no place rots");
        }
        check_files(self.files.as_ref(), path, findings);
        if let Some((start, end)) = self.bytes
            && start >= end
        {
            findings.value(&path.key("bytes"), format!("there is no byte from {start} to {end}"));
        }
    }
}

impl FaultKind for DiskFull {
    const MANUAL: Manual = Manual {
        models: "ENOSPC: a log that nobody rotated, a neighbour that fills the volume.",
        example: r#"{ "disk_full": { "at": "2s", "select": "n1", "free": "100B", "for": "2s" } }"#,
        needs: "",
        evidence: "Raft crashes its host at each write that does not fit, and it restarts: \
                   the milestone `restarted`.",
    };

    fn duration(&self) -> Option<Nanos> {
        self.duration
    }

    fn visit_targets(&mut self, path: &Path, visit: &mut TargetVisitor<'_>) {
        visit(&path.key("select"), Standing::Alone, &mut self.select);
    }

    fn check(&self, path: &Path, _: &Scenario, findings: &mut Findings<'_>) {
        if self.free.is_some() == self.capacity.is_some() {
            let help = "`free` counts from what is there, `capacity` from nothing";
            findings.value_help(path, "write one of `free` and `capacity`", help);
        }
    }
}

impl FaultKind for DiskSlow {
    const MANUAL: Manual = Manual {
        models: "Fail-slow hardware: a disk 10 to 1000 times as slow that still works (Gunawi et \
                 al., FAST 2018).",
        example: r#"{ "disk_slow": { "at": "2s", "select": "leader", "factor": 50, "for": "2s" } }"#,
        needs: "",
        evidence: "Operations take longer; `faults.disk_slow` counts.",
    };

    fn duration(&self) -> Option<Nanos> {
        self.duration
    }

    fn visit_targets(&mut self, path: &Path, visit: &mut TargetVisitor<'_>) {
        visit(&path.key("select"), Standing::Alone, &mut self.select);
    }

    fn check(&self, path: &Path, _: &Scenario, findings: &mut Findings<'_>) {
        if let Some(factor) = self.factor
            && !(1.0..=FACTOR_MAX).contains(&factor)
        {
            let message = format!("{factor} is no factor of slowness: 1 to {FACTOR_MAX}");
            findings.value(&path.key("factor"), message);
        }
        let factor = self.factor.is_none_or(|factor| factor == 1.0);
        if factor && self.by.is_none_or(|by| by == Nanos::ZERO) {
            let help = "write a `factor` above 1, or `by`";
            findings.value_help(path, "this disk is as fast as ever", help);
        }
    }
}

impl FaultKind for DiskStuck {
    const MANUAL: Manual = Manual {
        models: "A controller that hangs, a network volume that is away: no answer and no error.",
        example: r#"{ "disk_stuck": { "at": "2s", "select": "n1", "for": "1s" } }"#,
        needs: "",
        evidence: "Nothing that waits for a sync leaves the host; `faults.disk_stuck` counts.",
    };

    fn duration(&self) -> Option<Nanos> {
        self.duration
    }

    fn visit_targets(&mut self, path: &Path, visit: &mut TargetVisitor<'_>) {
        visit(&path.key("select"), Standing::Alone, &mut self.select);
    }
}
