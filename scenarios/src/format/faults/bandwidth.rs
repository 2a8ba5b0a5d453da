//! The fault that makes links carry less.

use super::kind::{FaultKind, Manual, TargetVisitor, fault_struct, visit_some};
use crate::format::path::Path;
use crate::format::selector::Targets;
use crate::format::units::{Bandwidth, Nanos, Size};

fault_struct! {
    /// Lets links carry only so much. Where several such faults hold a link, the lowest rate and
    /// the shortest queue count. When it ends, what still waits goes on at once.
    Throttle {
        /// Bits per second of each directed link.
        rate: Bandwidth,
        /// How many bytes may wait for each link; more are dropped. 64KiB if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        queue: Option<Size>,
        /// The senders; every host and client if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Targets>,
        /// The receivers; every host and client if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Targets>,
        /// How long; until a heal if absent.
        #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
        duration: Option<Nanos>,
    }
}

impl FaultKind for Throttle {
    const MANUAL: Manual = Manual {
        models: "A congested or misconfigured link: a port that negotiated a lower speed, a noisy \
                 neighbour, a traffic shaper. Latency grows with the queue, and a full queue drops \
                 its tail. (As `tbf` of tc, and the `bandwidth` of Chaos Mesh's NetworkChaos.)",
        example: r#"{ "bandwidth": { "at": "2s", "rate": "16kbit", "queue": "4KiB", "from": "leader", "for": "2s" } }"#,
        needs: "",
        evidence: "The trace shows messages of the link sent as `queued` and on their way for \
                   longer; `messages.queue_dropped` counts what found the queue full.",
    };

    fn duration(&self) -> Option<Nanos> {
        self.duration
    }

    fn visit_targets(&mut self, path: &Path, visit: &mut TargetVisitor<'_>) {
        visit_some(&mut self.from, path, "from", visit);
        visit_some(&mut self.to, path, "to", visit);
    }
}
