//! The kernel against a hand-written event loop: `cargo run --release` here.
//!
//! Both do the same work in turn, in one process, timed by its processor time; the ratio is the
//! median of the ratios of the rounds, because a shared machine has fast and slow phases.

mod bare;
mod ours;

use cpu_time::ProcessTime;
use seedbed_protocols::Protocol;
use seedbed_protocols::raft::Raft;
use seedbed_sim::{Config, Distribution, Node as SimNode, Sim, SimTime, Stop};

use crate::bare::{Broadcast, Gossip, MS, Node, PingPong};
use crate::ours::Work;

const MESSAGES: u64 = 1_500_000;

fn rate(work: impl FnOnce() -> u64) -> f64 {
    let start = ProcessTime::now();
    let messages = work();
    messages as f64 / start.elapsed().as_secs_f64() / 1e6
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn compare(name: &str, rounds: usize, bare: impl Fn() -> u64, ours: impl Fn() -> u64) {
    let mut bares = Vec::new();
    let mut all = Vec::new();
    let mut ratios = Vec::new();
    for _ in 0..rounds {
        let theirs = rate(&bare);
        let mine = rate(&ours);
        bares.push(theirs);
        all.push(mine);
        ratios.push(mine / theirs);
    }
    let low = ratios.iter().copied().fold(f64::MAX, f64::min);
    let high = ratios.iter().copied().fold(0.0, f64::max);
    println!(
        "{name:<44} bare {:>6.2} M/s   kernel {:>6.2} M/s   ratio {:.2} ({low:.2} to {high:.2})",
        median(bares),
        median(all),
        median(ratios),
    );
}

fn boxed<N: Node + 'static>(count: usize, node: impl Fn() -> N) -> Vec<Box<dyn Node>> {
    (0..count).map(|_| Box::new(node()) as Box<dyn Node>).collect()
}

/// Five idle Raft hosts for 60 virtual seconds, with all invariants on.
fn idle_raft(rounds: usize) {
    let mut times = Vec::new();
    let mut events = 0;
    for seed in 0..20 * rounds as u64 {
        let start = ProcessTime::now();
        let params = <Raft as SimNode>::Params::default();
        let mut config = Config::new(seed, 5, params.clone());
        config.network.everywhere.latency = Distribution::Uniform { min: MS, max: 10 * MS };
        let mut sim: Sim<Raft> = Sim::new(config);
        sim.set_invariants(Raft::invariants(&params));
        sim.set_milestones(Raft::milestones());
        assert_eq!(sim.run(SimTime::from_nanos(60_000 * MS)), Stop::Until);
        events = sim.events();
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    let low = times.iter().copied().fold(f64::MAX, f64::min);
    let high = times.iter().copied().fold(0.0, f64::max);
    let name = "idle Raft, 5 hosts, 60 virtual seconds";
    println!("{name:<44} {:.2} ms ({low:.2} to {high:.2}), {events} events", median(times));
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let rounds = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(9);
    let only = arguments.next().unwrap_or_default();
    let uniform = (MS, 9 * MS);
    let wanted = |name: &str| name.contains(&only);
    for (name, fixed, outstanding) in [
        ("ping-pong, 1 outstanding, fixed 1 ms", true, 1),
        ("ping-pong, 1 outstanding, uniform", false, 1),
        ("ping-pong, 64 outstanding", false, 64),
    ] {
        let latency = if fixed { (MS, 0) } else { uniform };
        if wanted(name) {
            compare(
                name,
                rounds,
                || bare::run(1, &mut boxed(2, || PingPong(outstanding)), latency, MESSAGES),
                || ours::run(ours::sim(1, 2, Work::PingPong(outstanding), fixed), MESSAGES),
            );
        }
    }
    for (name, tokens) in
        [("gossip, 100 hosts, 1000 in flight", 10), ("gossip, 100 hosts, 100,000 in flight", 1000)]
    {
        if wanted(name) {
            compare(
                name,
                rounds,
                || bare::run(1, &mut boxed(100, || Gossip(tokens)), uniform, MESSAGES),
                || ours::run(ours::sim(1, 100, Work::Gossip(tokens), false), MESSAGES),
            );
        }
    }
    let broadcast = |rounds| move || Broadcast { rounds, r: 0, sum: 1 };
    if wanted("broadcast, 100 hosts") {
        compare(
            "broadcast, 100 hosts",
            rounds,
            || bare::run(1, &mut boxed(100, broadcast(100)), uniform, u64::MAX),
            || ours::run(ours::sim(1, 100, Work::Broadcast(100), false), u64::MAX),
        );
    }
    if wanted("idle raft") {
        idle_raft(rounds);
    }
    if wanted("fresh simulations") {
        compare(
            "fresh simulations of 5 hosts, 1000 messages",
            rounds,
            || {
                (0..1000)
                    .map(|seed| bare::run(seed, &mut boxed(5, broadcast(50)), uniform, u64::MAX))
                    .sum()
            },
            || {
                (0..1000)
                    .map(|seed| ours::run(ours::sim(seed, 5, Work::Broadcast(50), false), u64::MAX))
                    .sum()
            },
        );
    }
}
