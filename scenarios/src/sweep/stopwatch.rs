//! How long a sweep takes, which no run ever sees.
#![expect(clippy::disallowed_types, reason = "for `--for` and the rates of the summary only")]

use std::time::Instant;

#[derive(Clone, Copy, Debug)]
pub(super) struct Stopwatch(Instant);

impl Stopwatch {
    pub(super) fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }

    pub(super) fn seconds(self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}
