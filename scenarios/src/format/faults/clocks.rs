//! Faults of clocks. Each host has two: the wall clock, which may be set, and the monotonic one, on
//! which timers run and which never jumps.

use schemars::JsonSchema;
use seedbed_protocols::Strain;
use serde::{Deserialize, Serialize};

use super::kind::{FaultKind, Manual, Standing, TargetVisitor, fault_struct};
use crate::format::path::Path;
use crate::format::selector::Targets;
use crate::format::spec::Scenario;
use crate::format::units::{Drift, Nanos, SignedNanos};
use crate::format::validate::Findings;

/// Every protocol has to live with a clock that is off by so much: NTP gives up beyond (RFC 5905).
const GOOD_DRIFT_PPM: i64 = 500;

fault_struct! {
    /// Moves the wall clock of hosts by so much, once and for good: timers do not notice. A clock
    /// with `uncertainty` is set right at its next poll.
    ClockStep {
        /// Which hosts.
        select: Targets,
        /// How far: backwards if negative.
        by: SignedNanos,
    }
}

fault_struct! {
    /// Lets both clocks of hosts run faster or slower, and their timers with them. What they have
    /// gained or lost stays when it ends.
    ClockDrift {
        /// Which hosts.
        select: Targets,
        /// How much faster, beside the host's own drift; slower if negative.
        drift: Drift,
        /// How long; until a heal if absent.
        #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
        duration: Option<Nanos>,
    }
}

fault_struct! {
    /// Lets the wall clock of hosts jump to and fro: off for one period, right for the next.
    ClockStrobe {
        /// Which hosts.
        select: Targets,
        /// How far it jumps: backwards first if negative.
        by: SignedNanos,
        /// The time from one jump to the next.
        period: Nanos,
        /// How long; until a heal if absent.
        #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
        duration: Option<Nanos>,
    }
}

fault_struct! {
    /// Stops the clocks of hosts. They go on from where they stopped.
    ClockFreeze {
        /// Which hosts.
        select: Targets,
        /// Which clocks: with both, no timer fires.
        #[serde(default)]
        clock: WhichClocks,
        /// How long; until a heal if absent.
        #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
        duration: Option<Nanos>,
    }
}

/// Which clocks of a host stand still.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhichClocks {
    /// The wall clock and the monotonic clock.
    #[default]
    Both,
    /// The wall clock only: timers go on.
    Wall,
}

impl FaultKind for ClockStep {
    const MANUAL: Manual = Manual {
        models: "A time server that is wrong, an administrator who sets the time, a virtual machine that wakes up (Jepsen's clock nemesis: bump).",
        example: r#"{ "clock_step": { "at": "2s", "select": "leader", "by": "-500ms" } }"#,
        needs: "",
        evidence: "`faults.clock_step` counts; the trace says whose clock moved, and by how much.",
    };

    fn strain(&self) -> Option<Strain> {
        Some(Strain::Clocks)
    }

    fn visit_targets(&mut self, path: &Path, visit: &mut TargetVisitor<'_>) {
        visit(&path.key("select"), Standing::Alone, &mut self.select);
    }

    fn check(&self, path: &Path, _: &Scenario, findings: &mut Findings<'_>) {
        if self.by.0 == 0 {
            findings.value(&path.key("by"), "a step of nothing has no effect");
        }
    }
}

impl FaultKind for ClockDrift {
    const MANUAL: Manual = Manual {
        models: "A bad or hot oscillator. Quartz is good for some 20 ppm, Spanner reckons with 200 ppm (Corbett et al. 2012, section 3); much more is a broken clock.",
        example: r#"{ "clock_drift": { "at": "2s", "select": "follower", "drift": "300000ppm", "for": "2s" } }"#,
        needs: "",
        evidence: "`faults.clock_drift` counts; the trace says since when, and timers of the host fire early or late.",
    };

    fn duration(&self) -> Option<Nanos> {
        self.duration
    }

    fn strain(&self) -> Option<Strain> {
        (self.drift.ppm.abs() > GOOD_DRIFT_PPM).then_some(Strain::Clocks)
    }

    fn visit_targets(&mut self, path: &Path, visit: &mut TargetVisitor<'_>) {
        visit(&path.key("select"), Standing::Alone, &mut self.select);
    }

    fn check(&self, path: &Path, _: &Scenario, findings: &mut Findings<'_>) {
        if self.drift.ppm == 0 {
            findings.value(&path.key("drift"), "a drift of nothing has no effect");
        }
    }
}

impl FaultKind for ClockStrobe {
    const MANUAL: Manual = Manual {
        models: "Two time servers that disagree, or a broken time daemon (Jepsen's clock nemesis: strobe).",
        example: r#"{ "clock_strobe": { "at": "2s", "select": "all", "by": "200ms", "period": "10ms", "for": "2s" } }"#,
        needs: "",
        evidence: "`faults.clock_strobe` counts; the trace says since when.",
    };

    fn duration(&self) -> Option<Nanos> {
        self.duration
    }

    fn strain(&self) -> Option<Strain> {
        Some(Strain::Clocks)
    }

    fn visit_targets(&mut self, path: &Path, visit: &mut TargetVisitor<'_>) {
        visit(&path.key("select"), Standing::Alone, &mut self.select);
    }

    fn check(&self, path: &Path, _: &Scenario, findings: &mut Findings<'_>) {
        if self.by.0 == 0 {
            findings.value(&path.key("by"), "a jump of nothing has no effect");
        }
        if self.period == Nanos::ZERO {
            findings.value(&path.key("period"), "a period is longer than nothing");
        }
        if self.duration.is_some_and(|lasts| lasts < self.period) {
            findings.value(&path.key("period"), "it never jumps back: the period is above `for`");
        }
    }
}

impl FaultKind for ClockFreeze {
    const MANUAL: Manual = Manual {
        models: "A virtual machine whose clock stands still while it runs, a hung time source. With both clocks no timer fires: an election is never called, a lease never expires.",
        example: r#"{ "clock_freeze": { "at": "2s", "select": "leader", "for": "1s" } }"#,
        needs: "",
        evidence: "`faults.clock_freeze` counts; no timer of the host fires between the two lines of the trace.",
    };

    fn duration(&self) -> Option<Nanos> {
        self.duration
    }

    fn strain(&self) -> Option<Strain> {
        Some(Strain::Clocks)
    }

    fn visit_targets(&mut self, path: &Path, visit: &mut TargetVisitor<'_>) {
        visit(&path.key("select"), Standing::Alone, &mut self.select);
    }
}
