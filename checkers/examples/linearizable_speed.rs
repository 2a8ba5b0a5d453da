//! How fast linearizability is decided, beside porcupine's own figures for the same files.
//!
//! `cargo run --release -p seedbed-checkers --example linearizable_speed [WORD]`: only what has
//! WORD in its name.

#![expect(clippy::disallowed_types, reason = "it measures time; no verdict depends on it")]

use std::time::Instant;

use seedbed_checkers::linearizable::{Rules, is_linearizable};
use seedbed_checkers::models::{
    Counter, Kv, Lock, Model, Queue, Register, Set, Stack, VersionedKv,
};
use seedbed_checkers::{Budget, History};

#[path = "../tests/support/fuzz.rs"]
#[expect(dead_code, reason = "shared with tests")]
mod fuzz;
#[path = "../tests/support/objects.rs"]
mod objects;
#[path = "../tests/support/public.rs"]
mod public;
#[path = "../tests/support/simulated.rs"]
mod simulated;

use simulated::Load;

const RUNS: usize = 9;

/// The median of several runs, in milliseconds, with what came of the last.
fn median_ms<T>(runs: usize, mut work: impl FnMut() -> T) -> (f64, T) {
    let mut times = Vec::new();
    let mut result = None;
    for _ in 0..runs {
        let begin = Instant::now();
        result = Some(work());
        times.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    (times[runs / 2], result.expect("there is a run"))
}

fn main() {
    let word = std::env::args().nth(1).unwrap_or_default();
    public_files(&word);
    synthetic(&word);
}

/// What checking a file took: by all rules, without the polynomial algorithms, and with reading.
struct Times {
    ms: f64,
    ms_search: f64,
    ms_read: f64,
}

/// Checks a file, and answers with the times and the verdict.
fn check_file<M: Model>(
    model: &M,
    text: &str,
    read: fn(&str) -> History<M::Op, M::Ret>,
) -> (Times, Option<bool>) {
    let history = read(text);
    let check = |history: &History<M::Op, M::Ret>, rules| {
        is_linearizable(model, history, Budget::default(), rules).0
    };
    let search_only = Rules { polynomial: false, ..Rules::ALL };
    let (ms, verdict) = median_ms(RUNS, || check(&history, Rules::ALL));
    let (ms_search, _) = median_ms(RUNS, || check(&history, search_only));
    let (ms_read, _) = median_ms(RUNS, || check(&read(text), Rules::ALL));
    (Times { ms, ms_search, ms_read }, verdict)
}

fn public_files(word: &str) {
    let verdicts: serde_json::Value =
        serde_json::from_str(&public::text("verdicts.json")).expect("it is JSON");
    println!("file           porcupine ms   ours ms    ratio search alone with reading");
    let (mut theirs, mut ours, mut search, mut reading, mut etcd) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (name, expected) in verdicts.as_object().expect("it is an object") {
        if !name.contains(word) {
            continue;
        }
        let text = public::text(name);
        let (times, verdict) = match expected["model"].as_str() {
            Some("kv") => check_file(&Kv::new(String::new()), &text, public::stores),
            _ => check_file(&Register::new(None), &text, public::registers),
        };
        let expected_verdict = expected["verdict"].as_str().map(|verdict| verdict == "ok");
        assert_eq!(verdict, expected_verdict, "{name}");
        let porcupine = expected["porcupine_ms"].as_f64().expect("it was measured");
        let Times { ms, ms_search, ms_read } = times;
        let ratio = porcupine / ms;
        println!(
            "{name:14} {porcupine:12.3} {ms:9.3} {ratio:7.0}x {ms_search:12.3} {ms_read:12.3}"
        );
        theirs += porcupine;
        ours += ms;
        search += ms_search;
        reading += ms_read;
        etcd += if name.starts_with("etcd") { ms } else { 0.0 };
    }
    let ratio = theirs / ours;
    println!("{:14} {theirs:12.3} {ours:9.3} {ratio:7.0}x {search:12.3} {reading:12.3}", "sum");
    println!("{:14} {:>12} {etcd:9.3}\n", "etcd, sum", "");
}

/// Times checking one history, by all rules and without the polynomial algorithms.
fn time<M: Model>(name: &str, word: &str, model: &M, history: impl Fn() -> History<M::Op, M::Ret>) {
    if !name.contains(word) {
        return;
    }
    let history = history();
    let mut line = format!("{name:52}");
    for rules in [Rules::ALL, Rules { polynomial: false, ..Rules::ALL }] {
        let check = || is_linearizable(model, &history, Budget::default(), rules);
        let (ms, (verdict, spent)) = median_ms(3, check);
        let verdict = match verdict {
            Some(true) => "ok",
            Some(false) => "bad",
            None => "unknown",
        };
        line += &format!(" {ms:9.1} ms {verdict:7} {:>11} {:>9}", spent.steps, spent.states);
    }
    println!("{line}");
}

fn synthetic(word: &str) {
    println!(
        "{:52} {:43}  by search alone",
        "synthetic, operations x clients", "ms, verdict, steps, states"
    );
    let load = |operations, clients, crashes| Load { operations, clients, crashes, seed: 7 };
    let kv = Kv::new(String::new());
    for crashes in [0, 1] {
        let name = |text: &str| format!("{text}, {crashes} % pending");
        time(&name("kv, unique puts, 100 keys: 100000 x 50"), word, &kv, || {
            objects::unique_puts(load(100_000, 50, crashes), 100)
        });
        time(&name("kv, appends and puts, 10 keys: 100000 x 50"), word, &kv, || {
            objects::appends(load(100_000, 50, crashes), 10)
        });
        time(&name("kv, everything, 100 keys: 100000 x 50"), word, &kv, || {
            objects::everything(load(100_000, 50, crashes), 100)
        });
        time(&name("cas-register, 5 values: 100000 x 20"), word, &Register::new(0), || {
            objects::cas_register(load(100_000, 20, crashes))
        });
        time(&name("versioned kv, 10 keys: 100000 x 20"), word, &VersionedKv::new(), || {
            objects::versioned(load(100_000, 20, crashes), 10)
        });
        time(&name("counter: 10000 x 10"), word, &Counter::new(0), || {
            objects::counter(load(10_000, 10, crashes))
        });
        time(&name("set, 50 elements: 100000 x 20"), word, &Set::new(), || {
            objects::set_elements(load(100_000, 20, crashes), 50)
        });
        time(&name("set that grows, 1 % reads: 10000 x 20"), word, &Set::new(), || {
            objects::growing_set(load(10_000, 20, crashes), 100)
        });
        time(&name("queue, unique: 10000 x 10"), word, &Queue::new(), || {
            objects::queue(load(10_000, 10, crashes), u64::MAX)
        });
        time(&name("queue, 5 values: 1000 x 5"), word, &Queue::new(), || {
            objects::queue(load(1_000, 5, crashes), 5)
        });
        time(&name("stack, unique: 1000 x 5"), word, &Stack::new(), || {
            objects::stack(load(1_000, 5, crashes))
        });
        time(&name("lock: 10000 x 10"), word, &Lock, || objects::lock(load(10_000, 10, crashes)));
    }
}
