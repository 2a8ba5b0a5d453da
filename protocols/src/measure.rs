//! Numbers that a protocol measures of a run, beside those that every protocol has.

use seedbed_sim::{MessageCounts, Node, Observation, SimTime, View, Watch};

/// A number of a run that only the protocol can know: how long nobody led, how many entries were
/// committed. It is shown what happens, as an invariant is, and only in runs of scenarios that name
/// it (in `measures` or `checks`): in all others it costs nothing.
pub trait Measure<N: Node> {
    /// Its name, lower case with underscores, the unit last: `leaderless_time_ns`.
    fn name(&self) -> &'static str;

    /// One line about it.
    fn about(&self) -> &'static str;

    /// Which observations it wants; the others cost it nothing.
    fn watches(&self) -> Watch;

    /// Sees one observation.
    fn observe(&mut self, seen: &Observation<'_, N>, world: &View<'_, N>);

    /// The number, now that the run is over; none if there was nothing to measure.
    fn value(&self, run: &Totals<'_>) -> Option<f64>;
}

/// What is known of a run that is over.
#[derive(Clone, Copy, Debug)]
pub struct Totals<'a> {
    /// When it ended.
    pub end: SimTime,
    /// How many messages were sent.
    pub messages: &'a MessageCounts,
}
