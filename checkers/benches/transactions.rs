//! How long a list-append history takes to judge, from the typed history to the verdict.
//!
//! ```console
//! $ cargo bench -p seedbed-checkers --bench transactions
//! ```

#[path = "../tests/transactions/rng.rs"]
mod rng;
#[path = "../tests/transactions/store.rs"]
mod store;

use std::time::Duration;

use seedbed_checkers::transactions::{Level, Options, check};

/// User time of this process, which the neighbours on a shared machine do not change.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().nth(11).and_then(|ticks| ticks.parse().ok());
    Duration::from_millis(ticks.unwrap_or(0_u64) * 10)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn main() {
    let sizes: Vec<usize> = match std::env::args().skip(1).find_map(|size| size.parse().ok()) {
        Some(size) => vec![size],
        None => vec![10_000, 100_000, 1_000_000],
    };
    for transactions in sizes {
        let load = store::Load {
            lists: true,
            transactions,
            processes: 30,
            active_keys: 300,
            writes_per_key: 32,
            reads: 50,
        };
        let history = store::run(1, load);
        for level in [Level::Serializable, Level::StrictSerializable, Level::SnapshotIsolation] {
            let times: Vec<Duration> = (0..if transactions > 200_000 { 3 } else { 7 })
                .map(|_| {
                    let before = cpu_time();
                    let verdict = check(level, &history, &Options::default());
                    assert!(verdict.is_pass(), "{verdict}");
                    cpu_time() - before
                })
                .collect();
            println!("{transactions:>8} transactions  {level:<20} {:?}", median(times));
        }
    }
}
