//! A counter: read and add.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::model::{Model, Others, Step};

/// What a client may ask of a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CounterOp {
    /// Return the count.
    Read,
    /// Add this, which may be negative.
    Add(i64),
}

impl fmt::Display for CounterOp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CounterOp::Read => formatter.write_str("read"),
            CounterOp::Add(number) => write!(formatter, "add {number}"),
        }
    }
}

/// What a counter may answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CounterRet {
    /// A read found this count. To an add: the count after it.
    Value(i64),
    /// The add took place.
    Done,
}

impl fmt::Display for CounterRet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CounterRet::Value(number) => write!(formatter, "{number}"),
            CounterRet::Done => formatter.write_str("done"),
        }
    }
}

/// A counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counter {
    initial: i64,
}

impl Counter {
    /// A counter that begins at `initial`.
    pub fn new(initial: i64) -> Counter {
        Counter { initial }
    }
}

/// Set if an operation makes the count bigger.
const MARK_UP: u64 = 1;
/// Set if an operation makes the count smaller.
const MARK_DOWN: u64 = 2;

impl Model for Counter {
    type Op = CounterOp;
    type Ret = CounterRet;
    type State = i64;
    type Key = ();

    fn init(&self) -> i64 {
        self.initial
    }

    /// An add that would leave 64 bits is refused.
    fn step(&self, state: &i64, op: &CounterOp, ret: Option<&CounterRet>) -> Step<i64> {
        match (op, ret) {
            (CounterOp::Read, None) => Step::Same,
            (CounterOp::Read, Some(CounterRet::Value(count))) => Step::same_if(count == state),
            (CounterOp::Read, Some(CounterRet::Done)) => Step::Refused,
            (CounterOp::Add(number), ret) => match (state.checked_add(*number), ret) {
                (Some(sum), None | Some(CounterRet::Done)) => Step::to(sum, state),
                (Some(sum), Some(CounterRet::Value(count))) if sum == *count => {
                    Step::to(sum, state)
                }
                (Some(_) | None, _) => Step::Refused,
            },
        }
    }

    fn key(&self, _op: &CounterOp) -> Option<()> {
        None
    }

    fn is_read_only(&self, op: &CounterOp, _ret: Option<&CounterRet>) -> bool {
        matches!(op, CounterOp::Read | CounterOp::Add(0))
    }

    fn marks(&self, op: &CounterOp, _ret: Option<&CounterRet>) -> u64 {
        match op {
            CounterOp::Add(1..) => MARK_UP,
            CounterOp::Add(..0) => MARK_DOWN,
            CounterOp::Add(0) | CounterOp::Read => 0,
        }
    }

    fn is_observation(&self, _op: &CounterOp, ret: &CounterRet) -> bool {
        matches!(ret, CounterRet::Value(_))
    }

    /// A count that is too small can still be reached if enough may be added, and so on.
    fn can_reach(
        &self,
        state: &i64,
        others: &Others<'_, CounterOp, CounterRet>,
        op: &CounterOp,
        ret: &CounterRet,
    ) -> bool {
        let CounterRet::Value(count) = ret else { return true };
        // Sums of many numbers of 64 bits fit 128.
        let before = match op {
            CounterOp::Read => i128::from(*count),
            CounterOp::Add(number) => i128::from(*count) - i128::from(*number),
        };
        let missing = before - i128::from(*state);
        let reach = |sign: i128| match others.calls {
            Some(calls) => calls
                .iter()
                .map(|(op, _)| match op {
                    CounterOp::Add(number) => (i128::from(*number) * sign).max(0),
                    CounterOp::Read => 0,
                })
                .sum::<i128>(),
            None => i128::MAX,
        };
        match missing.cmp(&0) {
            Ordering::Less => others.marks & MARK_DOWN != 0 && -missing <= reach(-1),
            Ordering::Equal => true,
            Ordering::Greater => others.marks & MARK_UP != 0 && missing <= reach(1),
        }
    }
}
