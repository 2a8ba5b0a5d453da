//! Special cases that need no search.
//!
//! Linearizability is NP-complete, even for one register (Gibbons & Korach 1997). What makes it
//! hard is not knowing which write a read has read. Where every value is written once, reads tell,
//! and the question becomes one about intervals:
//!
//! - **Registers and appending stores** ([`unique_register`], [`unique_appends`]). A *cluster* is
//!   a write with all that depends on it, in a known order. It must take place in one piece. With
//!   f the earliest end in a cluster and s the latest invocation, it is in force from f to s
//!   (*forward zone*, f < s), or fits into any instant of \[s, f\] (*backward zone*). A history is
//!   linearizable if each cluster is by itself, no two forward zones overlap, and no backward zone
//!   lies within a forward one (Gibbons & Korach 1997, section 4; Golab, Li & Shah 2011).
//! - **Sets** ([`growing_set`], [`element_once`]): reads of all of a set that only grows are
//!   ordered by inclusion, which is one cluster; of one element that is added once and removed
//!   once, the same by zones.
//! - **Queues** ([`unique_queue`]): four forbidden patterns (Bouajjani, Emmi, Enea & Hamza, ICALP
//!   2015), each found by sorting.
//! - **Locks** ([`owned_lock`]): an owner holds the lock at least from the end of its acquire to
//!   the invocation of its release; such intervals must not overlap.
//!
//! All take O(n log n). A pending operation that nobody saw is left out, for nothing depends on
//! it; one that somebody saw has taken place, and its interval has no end. Each function answers
//! `None` if the calls are not of its form: the search decides then.

use crate::models::Call;

mod appends;
mod lock;
mod queue;
mod register;
mod sets;
mod zones;

pub use appends::unique_appends;
pub use lock::owned_lock;
pub use queue::unique_queue;
pub use register::unique_register;
pub use sets::{element_once, growing_set};

/// What a polynomial algorithm found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The calls are linearizable.
    Linearizable,
    /// They are not.
    Violated(Contradiction),
}

/// Calls that cannot all be as they were recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// Their places among the calls that were given.
    pub calls: Vec<usize>,
    /// What is wrong with them, in one sentence.
    pub why: String,
}

impl Decision {
    pub(crate) fn violated(calls: impl Into<Vec<usize>>, why: String) -> Decision {
        Decision::Violated(Contradiction { calls: calls.into(), why })
    }
}

/// What a call does to one value, where it says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access<'a, V> {
    /// It found this value.
    Read(&'a V),
    /// It replaced the value by this one, whatever it was.
    Write(&'a V),
    /// It appended this to the value.
    Append(&'a V),
    /// It neither changed nor saw anything.
    Nothing,
}

/// The interval of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Interval {
    invoked_ns: u64,
    /// `u64::MAX` without an end.
    until_ns: u64,
}

impl Interval {
    fn of<O, R>(call: &Call<'_, O, R>) -> Interval {
        Interval { invoked_ns: call.invoked_ns, until_ns: call.until_ns }
    }
}
