//! The books: which faults were reached, which took effect, and which kinds swarm switched off.

use std::collections::BTreeSet;

use seedbed_sim::rng::{Purpose, Streams};

use crate::format::Fault;

/// What happened to one fault of the scenario, over all its firings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Where it stands: `faults[0].partition`.
    pub(crate) path: String,
    /// Whether it may never take effect.
    pub(crate) optional: bool,
    /// Whether swarm switched its kind off, so that it is not required.
    pub(crate) switched_off: bool,
    /// How often its moment came.
    pub(crate) reached: u64,
    /// How often it took effect.
    pub(crate) took: u64,
    /// Whether it waits for a condition, and whether that came.
    pub(crate) awaits_condition: bool,
    pub(crate) condition_met: bool,
    /// A sequence or a `random`: its parts are judged, or it is judged by what it drew.
    composite: Composite,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Composite {
    No,
    Sequence,
    Random,
}

impl Tally {
    pub(crate) fn new(path: String, fault: &Fault, optional: bool) -> Tally {
        let composite = match fault {
            Fault::Sequence(_) => Composite::Sequence,
            Fault::Random(_) => Composite::Random,
            _ => Composite::No,
        };
        Tally {
            path,
            optional,
            switched_off: false,
            reached: 0,
            took: 0,
            awaits_condition: false,
            condition_met: false,
            composite,
        }
    }

    /// Why the run proves little about this fault, if so: words that follow its path.
    pub(crate) fn vacuous(&self) -> Option<&'static str> {
        if self.optional || self.switched_off {
            return None;
        }
        if self.awaits_condition && !self.condition_met {
            return Some("waited for a condition that never came");
        }
        match self.composite {
            Composite::Sequence => None,
            Composite::Random if self.took == 0 => Some("drew nothing that took effect"),
            Composite::No if self.reached > 0 && self.took == 0 => Some("never took effect"),
            Composite::Random | Composite::No => None,
        }
    }
}

/// The kinds that can be switched off: what repairs stays on.
fn kinds_of(fault: &Fault, kinds: &mut BTreeSet<&'static str>) {
    match fault {
        Fault::Sequence(_) => fault.inner().for_each(|(_, inner)| kinds_of(inner, kinds)),
        Fault::Random(random) => kinds.extend(random.kinds.iter().map(|kind| kind.key())),
        other if other.repairs() => {}
        other => {
            kinds.insert(other.key());
        }
    }
}

/// Whether swarm leaves nothing of a fault: its kind is off, or those of all faults in it.
pub(super) fn is_off(fault: &Fault, off: &BTreeSet<&'static str>) -> bool {
    let mut kinds = BTreeSet::new();
    kinds_of(fault, &mut kinds);
    !kinds.is_empty() && kinds.is_subset(off)
}

/// Draws which kinds are off in this run: each with a chance of one half, but never all of them.
pub(super) fn draw_swarm(streams: &Streams, faults: &[Fault]) -> BTreeSet<&'static str> {
    let mut kinds = BTreeSet::new();
    for fault in faults {
        kinds_of(fault, &mut kinds);
    }
    // No fault can own this stream: theirs are owned by 0 and by the numbers of draws.
    let mut rng = streams.open_named(Purpose::Fault, u64::MAX, "swarm");
    let kinds: Vec<&'static str> = kinds.into_iter().collect();
    let kept = rng.pick(&kinds).copied();
    kinds.into_iter().filter(|kind| rng.next() >> 63 == 0 && Some(*kind) != kept).collect()
}
