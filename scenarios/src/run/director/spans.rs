//! When faults held: for pictures, which shade those times.

use seedbed_sim::SimTime;

use super::Director;

/// The time in which a fault held something, or the moment at which one did what takes no time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    from: SimTime,
    until: Option<SimTime>,
    kind: &'static str,
    /// The number of the active fault, while it holds.
    active: u64,
}

impl Span {
    /// From, until and kind; what still holds does so until the run's `end`.
    pub(crate) fn told(&self, end: SimTime) -> (u64, u64, String) {
        let until = self.until.unwrap_or(end);
        (self.from.nanos(), until.nanos(), self.kind.to_owned())
    }
}

impl Director {
    /// A fault holds something from now on.
    pub(super) fn open_span(&mut self, kind: &'static str, active: u64, now: SimTime) {
        self.spans.push(Span { from: now, until: None, kind, active });
    }

    /// Something happened that takes no time.
    pub(super) fn mark(&mut self, kind: &'static str, now: SimTime) {
        self.spans.push(Span { from: now, until: Some(now), kind, active: 0 });
    }

    /// Forgets faults that hold nothing any more, and closes the spans of all that are gone.
    pub(super) fn forget_idle(&mut self, now: SimTime) {
        self.active.retain(|_, active| !active.is_over());
        for span in self.spans.iter_mut().filter(|span| span.until.is_none()) {
            if !self.active.contains_key(&span.active) {
                span.until = Some(now);
            }
        }
    }
}
