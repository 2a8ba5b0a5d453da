//! Faults of hosts: they crash, restart, stop for a while, are slow, leave and join.

use schemars::JsonSchema;
use seedbed_protocols::Strain;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Fault;
use super::kind::{FaultKind, Manual, Standing, TargetVisitor, fault_struct};
use crate::format::path::Path;
use crate::format::script_faults::for_each_fault;
use crate::format::selector::{Selector, Targets};
use crate::format::spec::Scenario;
use crate::format::speed::Speed;
use crate::format::units::Nanos;
use crate::format::validate::{Findings, Sort};

fault_struct! {
    /// Crashes hosts.
    Crash {
        /// Which hosts.
        select: Targets,
        /// What becomes of writes that were not synced, or of the whole disk.
        #[serde(default)]
        lose: CrashLoss,
        /// At which moment it strikes: at once if absent. It waits for its moment for up to 5 s.
        #[serde(default, rename = "in", skip_serializing_if = "Option::is_none")]
        moment: Option<CrashMoment>,
        /// With `"in": "send"`: the kind of the message; any if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<String>,
        /// How long until it restarts; until a restart or a heal if absent.
        #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
        duration: Option<Nanos>,
    }
}

fault_struct! {
    /// Starts hosts again that are down: crashed, stopped, or gone.
    Restart {
        /// Which hosts.
        select: Targets,
        /// What they find on their disks.
        #[serde(default, skip_serializing_if = "RestartDisk::is_kept")]
        disk: RestartDisk,
        /// Fields of `params` that are different for them from then on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        params: Option<Value>,
    }
}

fault_struct! {
    /// Slows the processors of hosts down: their handlers take longer, and what they send leaves at
    /// their end. Disks and the network keep their times.
    Slow {
        /// Which hosts.
        select: Targets,
        /// How fast they are meanwhile, of their usual speed: 0.1 takes ten times as long. It says
        /// nothing to handlers that take no time, so it goes with `step` here or in `hosts`, or
        /// with a protocol that says how long it works.
        #[serde(default, skip_serializing_if = "is_full")]
        factor: Speed,
        /// What each handler call takes meanwhile, beside its usual time and before `factor`.
        #[serde(default, skip_serializing_if = "is_nothing")]
        step: Nanos,
        /// How long; until a heal if absent.
        #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
        duration: Option<Nanos>,
    }
}

fault_struct! {
    /// Hosts leave as planned: what waits for the disk is written and sent first, then they are
    /// down for good, heal or not. `join` and `restart` bring them back.
    Leave {
        /// Which hosts.
        select: Targets,
    }
}

fault_struct! {
    /// Boots spare hosts, or hosts that have left.
    Join {
        /// Which hosts.
        select: Targets,
    }
}

fault_struct! {
    /// Restarts hosts one after the other, as an upgrade does: each stops as planned (what waits
    /// for the disk is written and sent first), is down for a while, and boots, perhaps with other
    /// `params`.
    RollingRestart {
        /// Which hosts, in this order.
        select: Targets,
        /// Fields of `params` that are different for each from its restart on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        params: Option<Value>,
        /// How long each is down.
        #[serde(default = "half_a_second")]
        down: Nanos,
        /// The time from the boot of one to the stop of the next.
        #[serde(default = "two_seconds")]
        gap: Nanos,
    }
}

fn is_full(speed: &Speed) -> bool {
    *speed == Speed::FULL
}

fn is_nothing(time: &Nanos) -> bool {
    *time == Nanos::ZERO
}

fn half_a_second() -> Nanos {
    Nanos::from_millis(500)
}

fn two_seconds() -> Nanos {
    Nanos::from_millis(2_000)
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
    /// The disk is lost as well, with all that was synced: the host restarts with a blank one.
    Everything,
}

/// The moment at which a crash strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CrashMoment {
    /// In the next handler call that sends something or touches the disk: a drawn number of what
    /// it does, in order, has happened, and the rest never did.
    Step,
    /// While the next sync is in flight.
    Write,
    /// Right after the next message has left (of a `kind`, if one is given), or the next answer to
    /// a client: what would have followed in the same handler call never happened.
    Send,
}

/// What a host that restarts finds on its disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RestartDisk {
    /// What survived.
    #[default]
    Kept,
    /// Nothing.
    Blank,
}

impl RestartDisk {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_kept(&self) -> bool {
        *self == RestartDisk::Kept
    }
}

impl FaultKind for Crash {
    const MANUAL: Manual = Manual {
        models: "A power failure or a kernel panic: memory is gone, and of the disk's cache what the crash model says; with `lose: everything` a machine that is replaced. `in` aims at the moments where bugs are.",
        example: r#"{ "crash": { "at": "2s", "select": "leader", "for": "1s" } }"#,
        needs: "",
        evidence: "`messages.host_down`, and the milestone `unsynced-data-lost` where writes were lost.",
    };

    fn duration(&self) -> Option<Nanos> {
        self.duration
    }

    fn strain(&self) -> Option<Strain> {
        let blank = self.lose == CrashLoss::Everything;
        Some(if blank { Strain::Amnesia } else { Strain::Crashes })
    }

    fn visit_targets(&mut self, path: &Path, visit: &mut TargetVisitor<'_>) {
        visit(&path.key("select"), Standing::Alone, &mut self.select);
    }

    fn check(&self, path: &Path, _: &Scenario, findings: &mut Findings<'_>) {
        if let Some(kind) = &self.kind {
            if self.moment == Some(CrashMoment::Send) {
                findings.require_name(Sort::Kind, &path.key("kind"), kind, false);
            } else {
                let help = "write `\"in\": \"send\"`".to_owned();
                let message = "`kind` is that of a message which has left, and this waits for none";
                findings.key(&path.key("kind"), message, Some(help));
            }
        }
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

    fn params(&self) -> Option<&Value> {
        self.params.as_ref()
    }

    fn strain(&self) -> Option<Strain> {
        (self.disk == RestartDisk::Blank).then_some(Strain::Amnesia)
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

impl FaultKind for Slow {
    const MANUAL: Manual = Manual {
        models: "A processor that is throttled, overcommitted or busy with something else: a host that works, and does not keep up.",
        example: r#"{ "slow": { "at": "2s", "select": "leader", "step": "5ms", "factor": 0.5, "for": "1s" } }"#,
        needs: "",
        evidence: "`faults.slow` counts once a handler has taken longer; `latency` measures rise.",
    };

    fn duration(&self) -> Option<Nanos> {
        self.duration
    }

    fn visit_targets(&mut self, path: &Path, visit: &mut TargetVisitor<'_>) {
        visit(&path.key("select"), Standing::Alone, &mut self.select);
    }

    fn check(&self, path: &Path, _: &Scenario, findings: &mut Findings<'_>) {
        if self.factor == Speed::FULL && self.step == Nanos::ZERO {
            let help = "write `step`, a time for each handler call, or a `factor` below 1";
            findings.value_help(path, "it slows nothing down", help);
        }
    }
}

impl FaultKind for Leave {
    const MANUAL: Manual = Manual {
        models: "A machine that is taken out of service in good order: SIGTERM, drained, switched off.",
        example: r#"{ "leave": { "at": "2s", "select": "leader" } }"#,
        needs: "",
        evidence: "`faults.leave` counts; the trace shows when it stopped; `messages.host_down` afterwards.",
    };

    fn strain(&self) -> Option<Strain> {
        Some(Strain::Crashes)
    }

    fn visit_targets(&mut self, path: &Path, visit: &mut TargetVisitor<'_>) {
        visit(&path.key("select"), Standing::Alone, &mut self.select);
    }
}

impl FaultKind for Join {
    const MANUAL: Manual = Manual {
        models: "A machine that is put into service: a spare one (`spare`), or one that had left. A protocol without changes of membership takes a spare host for a bystander.",
        example: r#"{ "join": { "at": "2s", "select": "n6" } }"#,
        needs: "\"spare\": 1",
        evidence: "The trace shows the boot; `faults.join` counts.",
    };
    const REPAIRS: bool = true;

    fn visit_targets(&mut self, path: &Path, visit: &mut TargetVisitor<'_>) {
        visit(&path.key("select"), Standing::Alone, &mut self.select);
    }

    fn check(&self, path: &Path, scenario: &Scenario, findings: &mut Findings<'_>) {
        if scenario.spare == 0 && !somebody_leaves(scenario) {
            let help = "give `spare` hosts, or let one `leave` before";
            findings.value_help(&path.key("select"), "there is nobody who could join", help);
        }
        // `all` and the like are those that take part already.
        for (index, selector) in self.select.0.iter().enumerate() {
            if !matches!(selector, Selector::Host(_) | Selector::Bound { .. }) {
                let message = format!("`{selector}` means hosts that take part already");
                let place = path.key("select").index(index);
                findings.value_help(&place, message, "name the host: `n6`");
            }
        }
    }
}

/// Whether any fault, or an operator, lets a host leave.
fn somebody_leaves(scenario: &Scenario) -> bool {
    let leaves = |fault: &Fault| {
        let leave = |fault: &Fault| matches!(fault, Fault::Leave(_));
        leave(fault) || fault.inner().any(|(_, inner)| leave(inner))
    };
    let mut found = scenario.faults.iter().any(leaves);
    for_each_fault(&scenario.script, &Path::root(), &mut |_, fault| found |= leaves(fault));
    found
}

impl FaultKind for RollingRestart {
    const MANUAL: Manual = Manual {
        models: "An upgrade or a change of configuration, host by host, so that for a while some run with the old settings and some with the new.",
        example: r#"{ "rolling_restart": { "at": "1s", "select": ["n1", "n2"], "params": { "heartbeat": "40ms" }, "down": "200ms", "gap": "300ms" } }"#,
        needs: "",
        evidence: "The trace shows each stop and each boot; the milestone `restarted`.",
    };

    fn visit_targets(&mut self, path: &Path, visit: &mut TargetVisitor<'_>) {
        visit(&path.key("select"), Standing::Alone, &mut self.select);
    }

    fn params(&self) -> Option<&Value> {
        self.params.as_ref()
    }

    fn check(&self, path: &Path, _: &Scenario, findings: &mut Findings<'_>) {
        if self.down == Nanos::ZERO {
            findings.value(&path.key("down"), "a host that restarts is down for a while");
        }
    }
}
