//! Checks that take one pass over a history: linear time, or that of a sort.
//!
//! Each holds a history of one kind of object against what must be true of it whatever the
//! interleaving was, and counts as it goes: a [`Scan`] is a verdict with a report, whose numbers
//! are fit for measures and plots. They are first-line checks after those of Jepsen
//! (`jepsen.checker`, Kingsbury et al.): fast on millions of operations, plain in what they say,
//! and not complete. A history that passes may still not be linearizable; one that fails is
//! certainly wrong, for operations of unknown fate always get the benefit of the doubt.
//!
//! | scan | of | finds |
//! |---|---|---|
//! | [`set_full`] | [`crate::SetOp`] add and read | elements lost, stale, recovered, unexpected |
//! | [`unique_ids`] | any operation answered with an identifier | identifiers given twice |
//! | [`counter`] | [`crate::CounterOp`] | counts that no choice of concurrent adds explains |
//! | [`queue`] | [`crate::QueueOp`] | values lost, duplicated, reordered, unexpected, recovered |
//! | [`message_log`] | [`MessageOp`] send and poll | messages lost, duplicated, reordered |
//! | [`bank`] | [`BankOp`] | totals that change, debts |
//! | [`mutual_exclusion`] | [`crate::LockOp`] | locks held by two owners at once |
//! | [`availability`] | any | windows with few answers, long gaps |

mod availability;
mod bank;
mod counter;
mod message_log;
mod mutual_exclusion;
mod quantiles;
mod queue;
mod set_full;
mod unique_ids;

pub use availability::{AvailabilityDemand, AvailabilityReport, Window, availability};
pub use bank::{BankOp, BankReport, BankRet, BankRules, bank};
pub use counter::{CounterReport, counter};
pub use message_log::{MessageOp, MessageReport, MessageRet, message_log};
pub use mutual_exclusion::{CrashedHolders, LockReport, mutual_exclusion};
pub use quantiles::Quantiles;
pub use queue::{QueueOrder, QueueReport, queue};
pub use set_full::{SetReport, StaleReads, set_full};
pub use unique_ids::{UniqueIdsReport, unique_ids};

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::history::{History, Operation, OperationId};
use crate::verdict::{Explanation, Verdict};

/// What a scan says of a history, and what it counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan<R> {
    /// Whether what must be true is.
    pub verdict: Verdict,
    /// The numbers.
    pub report: R,
}

/// The first violation found, of the most serious kind: kinds are tried in the order of calls.
struct Blame<'a, O, R> {
    history: &'a History<O, R>,
    verdict: Verdict,
}

impl<'a, O: fmt::Display, R: fmt::Display> Blame<'a, O, R> {
    fn new(history: &'a History<O, R>) -> Blame<'a, O, R> {
        Blame { history, verdict: Verdict::Pass }
    }

    /// Takes down a violation, unless there is one already; the sentence is built only then.
    fn fail(
        &mut self,
        clause: &str,
        ids: impl IntoIterator<Item = OperationId>,
        summary: impl FnOnce() -> String,
    ) {
        match self.verdict {
            Verdict::Fail(_) => {}
            Verdict::Pass | Verdict::Unknown(_) => {
                let explanation = Explanation::new(clause, summary(), self.history, ids);
                self.verdict = Verdict::Fail(explanation);
            }
        }
    }

    /// Says that nothing can be said, unless something was.
    fn unknown(&mut self, reason: &str) {
        if self.verdict.is_pass() {
            self.verdict = Verdict::Unknown(reason.to_owned());
        }
    }
}

/// When an operation that was answered ended.
fn ended_ns<O, R>(operation: &Operation<O, R>) -> u64 {
    operation.ended_ns.expect("an operation that was answered has ended")
}

/// A count as a report has it.
fn count(number: usize) -> u64 {
    u64::try_from(number).expect("a count of things in memory fits 64 bits")
}
