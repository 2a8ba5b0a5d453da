//! A million small histories judged at every level, and by the definitions.
//!
//! ```console
//! $ cargo run --release -p seedbed-checkers --example transactions-fuzz [COUNT [SEED]]
//! ```

#[path = "../tests/transactions/brute.rs"]
mod brute;
#[path = "../tests/transactions/cross_check.rs"]
mod cross_check;
#[path = "../tests/transactions/history.rs"]
mod history;
#[path = "../tests/transactions/random.rs"]
mod random;
#[path = "../tests/transactions/relation.rs"]
mod relation;
#[path = "../tests/transactions/rng.rs"]
mod rng;

use random::Shape;

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|text| text.parse().ok());
    let count: u64 = numbers.next().unwrap_or(1_000_000);
    let seed = numbers.next().unwrap_or(1);
    let shapes = [
        Shape { lists: true, txns: 4, keys: 2, ops: 3, scrambled: 40 },
        Shape { lists: false, txns: 4, keys: 2, ops: 3, scrambled: 40 },
        Shape { lists: true, txns: 4, keys: 3, ops: 2, scrambled: 100 },
        Shape { lists: false, txns: 5, keys: 2, ops: 2, scrambled: 70 },
    ];
    let share = usize::try_from(count / 4).expect("a count of histories fits");
    for (shape, number) in shapes.into_iter().zip(0..) {
        let tally = cross_check::sweep(seed + number * 1000, share, shape);
        println!("{share} histories of {shape:?}");
        for (level, [violated, held]) in tally.0 {
            println!("  {level:<32} violated {violated:>8}, held {held:>8}");
        }
    }
}
