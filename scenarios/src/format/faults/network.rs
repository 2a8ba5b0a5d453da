//! Faults of the network: what becomes of messages between hosts that can reach each other.

use seedbed_sim::{CLIENT_REPLY, CLIENT_REQUEST};

use super::kind::{FaultKind, Manual, Standing, TargetVisitor, fault_struct, visit_some};
use crate::format::message_action::MessageAction;
use crate::format::path::Path;
use crate::format::selector::Targets;
use crate::format::spec::Scenario;
use crate::format::units::Nanos;
use crate::format::validate::{Findings, Sort};

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
    /// Clogs hosts one by one, each in both directions, and unclogs them one by one in another
    /// order: orders and gaps are drawn. As FoundationDB's swizzle-clogging.
    SwizzleClog {
        /// Which hosts; a drawn half of them, two at least, if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        select: Option<Targets>,
        /// How long from the first clog until the last unclog. In its first half hosts are clogged,
        /// in its second half they are let go.
        #[serde(rename = "for")]
        duration: Nanos,
    }
}

fault_struct! {
    /// One single message: the `nth` of its kind from one host to another. It needs no time: it
    /// waits for its message, and counts from the start, or from its placement if it has one.
    MessageFault {
        /// The sender; of several, any.
        from: Targets,
        /// The receiver; of several, any.
        to: Targets,
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

fn first() -> u64 {
    1
}

fn check_link_choice(links: bool, select: bool, path: &Path, findings: &mut Findings<'_>) {
    if links && select {
        let help = "`select` means every link of some hosts, `from` and `to` one direction";
        findings.value_help(path, "`select` does not go with `from` and `to`", help);
    }
}

impl FaultKind for Clog {
    const MANUAL: Manual = Manual {
        models: "A full buffer or a slow path: nothing is lost, but it arrives late and all at once. \
                 (FoundationDB's simulator clogs interfaces in the same way.)",
        example: r#"{ "clog": { "at": "2s", "select": "leader", "for": "500ms" } }"#,
        needs: "",
        evidence: "The trace shows messages sent as `clogged`; `faults.clog` counts the clogs.",
    };

    fn duration(&self) -> Option<Nanos> {
        self.duration
    }

    fn visit_targets(&mut self, path: &Path, visit: &mut TargetVisitor<'_>) {
        visit_some(&mut self.from, path, "from", visit);
        visit_some(&mut self.to, path, "to", visit);
        visit_some(&mut self.select, path, "select", visit);
    }

    fn check(&self, path: &Path, _: &Scenario, findings: &mut Findings<'_>) {
        let links = self.from.is_some() || self.to.is_some();
        check_link_choice(links, self.select.is_some(), path, findings);
    }
}

impl FaultKind for SwizzleClog {
    const MANUAL: Manual = Manual {
        models: "A network that fails and comes back piece by piece, so that what hosts have heard \
                 of each other differs. (FoundationDB's simulator does it: Simulation and Testing)",
        example: r#"{ "swizzle_clog": { "at": "2s", "for": "2s" } }"#,
        needs: "",
        evidence: "The trace shows each clog and unclog; held messages arrive late.",
    };

    fn duration(&self) -> Option<Nanos> {
        Some(self.duration)
    }

    fn visit_targets(&mut self, path: &Path, visit: &mut TargetVisitor<'_>) {
        visit_some(&mut self.select, path, "select", visit);
    }
}

impl FaultKind for Unclog {
    const MANUAL: Manual = Manual {
        models: "A clogged path that is free again.",
        example: r#"{ "clog": { "at": "2s", "select": "n1" } }, { "unclog": { "at": "3s", "select": "n1" } }"#,
        needs: "",
        evidence: "`faults.unclog` counts how often there was something to let go.",
    };
    const REPAIRS: bool = true;

    fn visit_targets(&mut self, path: &Path, visit: &mut TargetVisitor<'_>) {
        visit_some(&mut self.from, path, "from", visit);
        visit_some(&mut self.to, path, "to", visit);
        visit_some(&mut self.select, path, "select", visit);
    }

    fn check(&self, path: &Path, _: &Scenario, findings: &mut Findings<'_>) {
        let links = self.from.is_some() || self.to.is_some();
        check_link_choice(links, self.select.is_some(), path, findings);
    }
}

impl FaultKind for MessageFault {
    const MANUAL: Manual = Manual {
        models: "The rare case, written by hand: just this message is lost, late or doubled.",
        example: r#"{ "message": { "from": "n1", "to": "n2", "kind": "vote-reply", "do": "lose", "optional": "n1 may never vote for n2" } }"#,
        needs: "",
        evidence: "`faults.message` counts the messages that were met.",
    };

    fn visit_targets(&mut self, path: &Path, visit: &mut TargetVisitor<'_>) {
        visit(&path.key("from"), Standing::Alone, &mut self.from);
        visit(&path.key("to"), Standing::Alone, &mut self.to);
    }

    fn check(&self, path: &Path, _: &Scenario, findings: &mut Findings<'_>) {
        findings.require_name(Sort::Kind, &path.key("kind"), &self.kind, false);
        if self.nth == 0 {
            findings.value(&path.key("nth"), "messages are counted from 1");
        }
        let of_client = [CLIENT_REQUEST, CLIENT_REPLY].contains(&self.kind.as_str());
        if of_client && self.action == MessageAction::Duplicate {
            let help = "it can be lost or delayed".to_owned();
            let message = "what clients say and hear comes over a connection: never twice";
            findings.value_help(&path.key("do"), message, help);
        }
    }
}
