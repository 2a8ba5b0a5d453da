//! Faults of hosts: they crash, restart, and stop for a while.

use schemars::JsonSchema;
use seedbed_protocols::Strain;
use serde::{Deserialize, Serialize};

use super::kind::{FaultKind, Manual, Standing, TargetVisitor, fault_struct};
use crate::format::path::Path;
use crate::format::selector::Targets;
use crate::format::units::Nanos;

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

impl FaultKind for Crash {
    const MANUAL: Manual = Manual {
        models: "A power failure or a kernel panic: memory is gone, and of the disk's cache what the crash model says.",
        example: r#"{ "crash": { "at": "2s", "select": "leader", "for": "1s" } }"#,
        needs: "",
        evidence: "`messages.host_down`, and the milestone `unsynced-data-lost` where writes were lost.",
    };

    fn duration(&self) -> Option<Nanos> {
        self.duration
    }

    fn strain(&self) -> Option<Strain> {
        Some(Strain::Crashes)
    }

    fn visit_targets(&mut self, path: &Path, visit: &mut TargetVisitor<'_>) {
        visit(&path.key("select"), Standing::Alone, &mut self.select);
    }
}

impl FaultKind for Restart {
    const MANUAL: Manual = Manual {
        models: "A supervisor or an operator who starts the machine again.",
        example: r#"{ "crash": { "at": "2s", "select": "n1" } }, { "restart": { "at": "3s", "select": "n1" } }"#,
        needs: "",
        evidence: "The trace shows the boot; `faults.restart` counts.",
    };
    const REPAIRS: bool = true;

    fn visit_targets(&mut self, path: &Path, visit: &mut TargetVisitor<'_>) {
        visit(&path.key("select"), Standing::Alone, &mut self.select);
    }
}

impl FaultKind for Pause {
    const MANUAL: Manual = Manual {
        models: "A stop of the process: garbage collection, a migrating virtual machine, SIGSTOP.",
        example: r#"{ "pause": { "at": "2s", "select": "leader", "for": "500ms" } }"#,
        needs: "",
        evidence: "The trace shows pause and resume; its timers fire late.",
    };

    fn duration(&self) -> Option<Nanos> {
        self.duration
    }

    fn visit_targets(&mut self, path: &Path, visit: &mut TargetVisitor<'_>) {
        visit(&path.key("select"), Standing::Alone, &mut self.select);
    }
}
