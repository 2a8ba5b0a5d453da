//! Holds every weak level against brute force on as many small random histories as are asked for.
//!
//! `cargo run --release -p seedbed-checkers --example weak_fuzz [COUNT] [FIRST_SEED]`

use std::collections::BTreeMap;

use seedbed_checkers::weak::{Level, consistent};
use seedbed_checkers::{Budget, Keyed, Register, Verdict};

#[path = "../tests/support/fuzz.rs"]
#[expect(dead_code, reason = "shared with tests")]
mod fuzz;
#[path = "../tests/support/weak_oracle.rs"]
mod oracle;

fn main() {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse().expect("it is a number"));
    let (count, first) = (numbers.next().unwrap_or(1_000_000), numbers.next().unwrap_or(1 << 32));
    let model: Keyed<u8, Register<u8>> = Keyed::new(Register::new(oracle::INITIAL));
    let mut held: BTreeMap<Level, u64> = BTreeMap::new();
    let mut wrong = 0;
    for seed in first..first + count {
        let history = oracle::random_history(&mut fuzz::Random(seed));
        for level in Level::ALL {
            let expected = oracle::holds(level, &history);
            let verdict = consistent(level, &model, &history, Budget::default());
            let is_right = match verdict {
                Verdict::Pass => expected,
                Verdict::Fail(_) => !expected,
                Verdict::Unknown(_) => false,
            };
            if !is_right {
                wrong += 1;
                println!("seed {seed}, {level}: {verdict}");
            }
            *held.entry(level).or_default() += u64::from(expected);
        }
    }
    println!("{count} histories, {wrong} wrong verdicts");
    for (level, holds) in held {
        println!("  {level}: holds of {holds}");
    }
    std::process::exit(i32::from(wrong > 0));
}
