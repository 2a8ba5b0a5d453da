//! One run of one scenario with one seed.
//!
//! [`crate::Plan::run`] builds a simulation from the scenario, lets the *director* place its faults
//! and the *script* act as an operator, and says what came of it as a [`RunOutput`].

mod bins;
pub(crate) mod build;
mod director;
mod driver;
pub(crate) mod execute;
mod gauges;
mod history;
mod judge;
mod ledger;
mod meter;
mod network;
pub(crate) mod places;
mod record;
mod recording;
mod script;
pub mod seed;
mod series;
mod signature;
mod tracer;
mod world;

pub use bins::bins_together;
pub use judge::measure_names;
pub use record::{Messages, Operations, RECORD_VERSION, RunRecord, Verdict};
pub use recording::{CausalEvent, Recording, TraceLevel, TraceLine};
pub use seedbed_protocols::CLIENTS_FINISHED;
pub use series::{LatencyByBin, Series, SeriesOptions};
pub use signature::signature;

/// What the runner itself can find violated, beside invariants, checks and milestones: name and a
/// line about it.
pub const PROPERTIES: &[(&str, &str)] = &[
    (seedbed_sim::NODE_PANICKED, "a handler of a node panicked"),
    (CLIENTS_FINISHED, "after heal every client gets its final operations through in time"),
    ("submit", "a script's submission is answered as its step expects"),
    ("agree", "hosts agree on a script's operation in time"),
    ("not-committed", "what a script rules out is not committed"),
    ("expect-leader", "there is exactly one leader in time, where a script expects it"),
    ("expect-no-leader", "nobody leads, where a script expects it"),
    ("measure", "the steps of a script cost what its `measure` allows"),
    ("bind", "the selector that a script binds resolves to a host in time"),
];

/// How one run is made; nothing here may change what happens in it.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// What is written down.
    pub trace: TraceLevel,
    /// Goes on after the first violation.
    pub keep_going: bool,
    /// Ends the run early, at this virtual time in nanoseconds.
    pub until_ns: Option<u64>,
    /// Keeps the history.
    pub history: bool,
    /// Keeps what the run looks like over time.
    pub series: Option<SeriesOptions>,
    /// Hosts whose serialized node is wanted at the end (`--show n3`).
    pub show: Vec<String>,
}

/// What comes of a run.
#[derive(Clone, Debug)]
pub struct RunOutput {
    /// What is kept.
    pub record: RunRecord,
    /// At which event the first violation was, and when.
    pub violation: Option<ViolationPoint>,
    /// What was written down, if it was asked for.
    pub recording: Option<Recording>,
    /// The history as JSON Lines, if it was asked for.
    pub history: Option<String>,
    /// The faults that were active when the run ended, in words: `partition {n1}|{n2 n3} since 2s`.
    pub faults_active: Vec<String>,
    /// The nodes asked for, serialized; `null` for one that is down or does not exist.
    pub shown: Vec<(String, serde_json::Value)>,
    /// A story of drawn settings for people: swarm kinds switched off, drawn fault times.
    pub drawn: Vec<String>,
}

/// Where the first violation was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViolationPoint {
    /// In which event, from 1; 0 before the first.
    pub event: u64,
    /// When, in nanoseconds.
    pub time_ns: u64,
    /// The host in the middle of it; known only where the run was traced in full.
    pub host: Option<String>,
}
