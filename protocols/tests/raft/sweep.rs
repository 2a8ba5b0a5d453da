//! Sweeps: many seeds with faults, in which every property must hold.

use std::collections::BTreeMap;

use seedbed_protocols::raft::{LogCursor, Raft};
use seedbed_protocols::units::Nanos;
use seedbed_sim::{Check, Invariant, NodeId, Observation, View, Watch, broken};

use crate::driver::{Plan, run, run_with};

/// Log Matching as the paper says it: whole logs are compared, entry by entry, at every change.
#[derive(Debug, Default)]
struct WholeLogs {
    seen: BTreeMap<NodeId, LogCursor>,
}

impl Invariant<Raft> for WholeLogs {
    fn name(&self) -> &'static str {
        "whole-logs"
    }

    fn about(&self) -> &'static str {
        "logs that share an entry are identical up to it"
    }

    fn watches(&self) -> Watch {
        Watch::HANDLED
    }

    fn observe(&mut self, seen: &Observation<'_, Raft>, world: &View<'_, Raft>) -> Check {
        let Observation::Handled { host, node } = *seen else {
            return Ok(());
        };
        let cursor = self.seen.entry(host).or_default();
        if node.log().seen_by(cursor) {
            return Ok(());
        }
        node.log().changed_since(cursor);
        for (other, peer) in world.nodes().filter(|(other, _)| *other != host) {
            let (mine, theirs) = (node.log().entries(), peer.log().entries());
            let same_term = mine.iter().zip(theirs).rposition(|(a, b)| a.term == b.term);
            let agreed = same_term.map_or(0, |last| last + 1);
            if mine[..agreed] != theirs[..agreed] {
                return broken(format!("{host} and {other} differ at or below {agreed}"));
            }
        }
        Ok(())
    }
}

fn sweep(plan: &Plan, seeds: std::ops::Range<u64>) {
    let mut reached = BTreeMap::new();
    let (mut ok, count) = (0, seeds.end - seeds.start);
    for seed in seeds {
        let ending = run_with(plan, seed, vec![Box::<WholeLogs>::default()]);
        if let Some((property, message)) = ending.broken {
            panic!("seed {seed}: {property}: {message}");
        }
        ok += ending.ok;
        for name in ending.milestones {
            *reached.entry(name).or_insert(0) += 1;
        }
    }
    // A sweep in which nothing happens proves nothing.
    assert!(ok >= 15 * count, "only {ok} operations in {count} runs");
    for name in ["leader-elected", "leader-deposed", "commit-after-restart", "stale-term-message"] {
        let share = reached.get(name).copied().unwrap_or(0) * 100 / count;
        assert!(share >= 50, "{name} was reached in {share} % of the runs: {reached:?}");
    }
    for name in ["split-vote", "uncommitted-entry-truncated", "unsynced-data-lost"] {
        assert!(reached.contains_key(name), "{name} was never reached: {reached:?}");
    }
}

#[test]
fn three_hosts_keep_every_promise() {
    sweep(&Plan::new(3), 0..50);
}

#[test]
fn five_hosts_keep_every_promise() {
    sweep(&Plan::new(5), 1000..1050);
}

/// Small batches and no no-op: entries of earlier terms stay uncommitted for long. Without a no-op
/// the last reads may have to wait for ever, so only safety is asked.
#[test]
fn entries_of_earlier_terms_are_safe_without_a_noop() {
    let mut plan = Plan::new(5);
    plan.params.noop = false;
    plan.params.batch_max = 1;
    for seed in 0..40 {
        let ending = run(&plan, seed);
        let safe = ending.broken.as_ref().is_none_or(|(property, _)| property == "liveness");
        assert!(safe, "seed {seed}: {:?}", ending.broken);
    }
}

/// Slow elections: clients wait long enough to outlive their leaders.
#[test]
fn patient_clients_of_four_hosts_see_one_log() {
    let mut plan = Plan::new(4);
    plan.client_timeout = Nanos::from_secs(2);
    sweep(&plan, 0..20);
}

#[test]
fn a_seed_runs_the_same_twice() {
    let plan = Plan::new(3);
    let (first, second) = (run(&plan, 7), run(&plan, 7));
    assert_eq!((first.digest, first.events), (second.digest, second.events));
    assert_ne!(first.digest, run(&plan, 8).digest);
}
