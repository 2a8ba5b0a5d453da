//! Faults of links that strike each message by itself: chances, and what takes longer.

use seedbed_protocols::Strain;

use super::kind::{FaultKind, Manual, TargetVisitor, fault_struct, visit_some};
use crate::format::latency::Latency;
use crate::format::path::Path;
use crate::format::selector::Targets;
use crate::format::spec::Scenario;
use crate::format::units::{Chance, Nanos};
use crate::format::validate::{Findings, Sort, check_correlation, check_latency};

/// Declares a fault that strikes messages of some links, after its own fields.
macro_rules! shaping_fault {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        fault_struct! {
            $(#[$meta])*
            $name {
                $($(#[$field_meta])* $field: $type,)*
                /// The senders; every host and client if absent.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                from: Option<Targets>,
                /// The receivers; every host and client if absent.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                to: Option<Targets>,
                /// Only messages of these kinds; of all kinds if absent. What clients ask and hear
                /// is `client-request` and `client-reply`.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                kinds: Option<Vec<String>>,
                /// How long; until a heal if absent.
                #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
                duration: Option<Nanos>,
            }
        }

        impl $name {
            /// Whose messages it strikes.
            #[must_use]
            pub fn traffic(&self) -> Traffic<'_> {
                let (from, to, kinds) = (self.from.as_ref(), self.to.as_ref(), &self.kinds);
                Traffic { from, to, kinds: kinds.as_deref().unwrap_or_default() }
            }
        }
    };
}

/// The messages that a fault of links strikes.
#[derive(Clone, Copy, Debug)]
pub struct Traffic<'a> {
    /// The senders; every host and client if none.
    pub from: Option<&'a Targets>,
    /// The receivers; every host and client if none.
    pub to: Option<&'a Targets>,
    /// The kinds; all if empty.
    pub kinds: &'a [String],
}

/// Says which of the kinds of messages there are none of.
pub(in crate::format) fn check_kinds(
    kinds: Option<&Vec<String>>,
    path: &Path,
    findings: &mut Findings<'_>,
) {
    let path = path.key("kinds");
    for (index, kind) in kinds.into_iter().flatten().enumerate() {
        findings.require_name(Sort::Kind, &path.index(index), kind, false);
    }
    if kinds.is_some_and(Vec::is_empty) {
        findings.value_help(&path, "of no kind there is no message", "leave it out for all kinds");
    }
}

/// What such a fault says about itself beside its manual.
macro_rules! shaping_kind {
    (|$self:ident, $path:ident, $scenario:ident, $findings:ident| $check:expr) => {
        fn duration(&self) -> Option<Nanos> {
            self.duration
        }

        fn visit_targets(&mut self, path: &Path, visit: &mut TargetVisitor<'_>) {
            visit_some(&mut self.from, path, "from", visit);
            visit_some(&mut self.to, path, "to", visit);
        }

        fn check(&$self, $path: &Path, $scenario: &Scenario, $findings: &mut Findings<'_>) {
            check_kinds($self.kinds.as_ref(), $path, $findings);
            $check
        }
    };
}

shaping_fault! {
    /// Loses each message with a chance, beside the network's own.
    Loss {
        /// The chance for each message.
        chance: Chance,
        /// How strongly losses come together, as `correlation` in `network`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        correlation: Option<Chance>,
    }
}

shaping_fault! {
    /// Delivers each message twice with a chance, beside the network's own.
    Duplicate {
        /// The chance for each message.
        chance: Chance,
    }
}

shaping_fault! {
    /// Holds each message back with a chance, so that later ones overtake it.
    Reorder {
        /// The chance for each message.
        chance: Chance,
        /// How long a message is held back; up to eight mean latencies of its link if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Latency>,
    }
}

shaping_fault! {
    /// Delays messages by more than the network's latency.
    Delay {
        /// How much more.
        by: Latency,
    }
}

shaping_fault! {
    /// Flips one to eight bits of each message between hosts with a chance, as `corrupt` in
    /// `network`.
    Corrupt {
        /// The chance for each message.
        chance: Chance,
    }
}

shaping_fault! {
    /// Lets each message between hosts come to another host with a chance, as `misdirect` in
    /// `network`.
    Misdirect {
        /// The chance for each message.
        chance: Chance,
    }
}

impl FaultKind for Loss {
    const MANUAL: Manual = Manual {
        models: "A congested or broken link that drops packets, one by one or in bursts (a chain of two \
                 states, Gilbert 1960, as tc-netem's `loss 20% 25%` means it).",
        example: r#"{ "loss": { "at": "2s", "chance": "30%", "correlation": "50%", "for": "2s" } }"#,
        needs: "",
        evidence: "`messages.lost`.",
    };

    shaping_kind!(|self, path, _scenario, findings| {
        if let Some(correlation) = self.correlation {
            check_correlation(correlation, &path.key("correlation"), findings);
        }
    });
}

impl FaultKind for Duplicate {
    const MANUAL: Manual = Manual {
        models: "A sender or a switch that sends a packet again although it has arrived.",
        example: r#"{ "duplicate": { "at": "2s", "chance": "30%", "for": "2s" } }"#,
        needs: "",
        evidence: "`messages.duplicated`.",
    };

    shaping_kind!(|self, path, _scenario, findings| {});
}

impl FaultKind for Reorder {
    const MANUAL: Manual = Manual {
        models: "Several paths of different length between two hosts. (The `longReordering` of the MIT \
                 6.5840 labs holds two replies of three back by 0.2 to 2.2 s.)",
        example: r#"{ "reorder": { "at": "2s", "chance": "30%", "by": { "uniform": ["50ms", "500ms"] }, "for": "2s" } }"#,
        needs: "",
        evidence: "The trace shows later messages of a link arriving before earlier ones.",
    };

    shaping_kind!(|self, path, _scenario, findings| {
        if let Some(by) = &self.by {
            check_latency(by, &path.key("by"), findings);
        }
    });
}

impl FaultKind for Delay {
    const MANUAL: Manual = Manual {
        models: "A long queue or a detour: everything takes longer.",
        example: r#"{ "delay": { "at": "2s", "by": { "uniform": ["10ms", "50ms"] }, "for": "2s" } }"#,
        needs: "",
        evidence: "The trace shows messages of the link on their way for longer.",
    };

    shaping_kind!(|self, path, _scenario, findings| check_latency(
        &self.by,
        &path.key("by"),
        findings
    ));
}

impl FaultKind for Corrupt {
    const MANUAL: Manual = Manual {
        models: "A bad cable, memory or network card whose flipped bits no checksum on the way has caught \
                 (Stone and Partridge, SIGCOMM 2000: one TCP segment in 16 million to 10 billion).",
        example: r#"{ "corrupt": { "at": "2s", "chance": "10%", "for": "2s" } }"#,
        needs: r#""network": { "checksum": true }"#,
        evidence: "`messages.corrupted`, and of those `messages.undecodable` were dropped.",
    };

    shaping_kind!(|self, path, _scenario, findings| {});

    fn strain(&self) -> Option<Strain> {
        Some(Strain::Corruption)
    }
}

impl FaultKind for Misdirect {
    const MANUAL: Manual = Manual {
        models: "A stale address: a host that has been given the address of another one, or a wrong entry \
                 in a routing or port table.",
        example: r#"{ "misdirect": { "at": "2s", "chance": "10%", "for": "2s" } }"#,
        needs: r#""network": { "addressee": true }"#,
        evidence: "`messages.misdirected`; with `addressee` these are in `messages.undecodable`.",
    };

    shaping_kind!(|self, path, _scenario, findings| {});

    fn strain(&self) -> Option<Strain> {
        Some(Strain::Misdirection)
    }
}
