//! Many seeds of many scenarios: the plan, the threads, the files, the judgement.
//!
//! ```text
//! plan.rs     which runs there are, and in which order they start
//! grid.rs     the points that `--set` and `--vary` span
//! seeds.rs    which seeds, and which of them are this shard's
//! workers.rs  the only threads of the project
//! store.rs    results.part.jsonl while it runs, results.jsonl at the end
//! shelf.rs    the failures worth a file
//! tally.rs    counts that judgement and summary need
//! judge.rs    expect, sometimes and measures, over all seeds
//! summary.rs  summary.json
//! spread.rs   its histograms
//! over_time.rs, timeline.rs, reach.rs   what runs with series did, summed
//! ```
//!
//! Runs are independent, and nothing that is written depends on the order in which they finish:
//! the results of one job and of sixteen are the same bytes.

mod grid;
mod judge;
mod outcome;
mod over_time;
mod plan;
mod reach;
mod seeds;
mod shelf;
mod spread;
mod stopwatch;
mod store;
mod summary;
mod tally;
mod timeline;
mod workers;

pub use grid::{Point, Vary, VaryError, grid_points};
pub use judge::{Finding, Judgement, Standard, judge};
pub use outcome::{Broken, Ended, SweepError, SweepOutcome, run_sweep};
pub use over_time::OverTime;
pub use plan::{AtPoints, Job, Plan, PlanError, Runs, Unit, plan_units};
pub use reach::Reach;
pub use seeds::{SeedRange, Seeds, SeedsError, Shard, first_seed_of};
pub use shelf::{FAILURES_PER_SIGNATURE, Written, study, write_failure};
pub use spread::{MeasureSpread, Spread, ViolationSpread, parts_of};
pub use store::{
    FailedSeeds, Header, Made, Row, StoreError, failed_seeds, header_of, holds_results,
    peek_header, read_header, read_rows,
};
pub use summary::{HostSummary, SignatureSummary, Summary};
pub use tally::{FaultTally, SignatureTally, Tally, UnitTally, Unproven};
pub use timeline::Timeline;
pub use workers::{Progress, SweepOptions, Watch};

#[cfg(test)]
mod fakes;
#[cfg(test)]
mod tests;
