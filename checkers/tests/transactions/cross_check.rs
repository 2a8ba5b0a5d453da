//! The checker against both definitions, on all sorts of small histories.

use std::collections::BTreeMap;

use seedbed_checkers::Verdict;
use seedbed_checkers::transactions::{Level, Options, Report, Searches, report};

use super::brute;
use super::history::{History, Txn, history};
use super::random::{self, Shape};
use super::rng::Rng;

/// How often each level was violated and held, over many histories.
#[derive(Default)]
pub struct Tally(pub BTreeMap<Level, [usize; 2]>);

/// Judges one history in every way and panics where they differ.
pub fn compare(txns: &[Txn], lists: bool, tally: &mut Tally) {
    let history = history(txns);
    let report = judged(&history, Searches::Both);
    let complete = judged(&history, Searches::Complete);
    let greedy = judged(&history, Searches::Greedy);
    let graphs = brute::adya(txns, lists);
    let axioms = brute::axioms(txns, lists);
    for (level, verdict) in &report.verdicts {
        let holds = match verdict {
            Verdict::Pass => true,
            Verdict::Fail(_) => false,
            Verdict::Unknown(reason) => panic!("{level}: {reason} on {txns:#?}"),
        };
        if brute::has_graph(*level) {
            assert_eq!(holds, graphs[level], "graph {level}: {verdict}\n{txns:#?}");
        }
        if let Some(&axiom) = axioms.get(level) {
            assert_eq!(holds, axiom, "axiom {level}: {verdict}\n{txns:#?}");
        }
        assert_eq!(holds, complete.verdict(*level).is_pass(), "complete {level}\n{txns:#?}");
        match greedy.verdict(*level) {
            Verdict::Pass => assert!(holds, "greedy {level}\n{txns:#?}"),
            Verdict::Fail(_) => assert!(!holds, "greedy {level}\n{txns:#?}"),
            Verdict::Unknown(_) => {}
        }
        tally.0.entry(*level).or_default()[usize::from(holds)] += 1;
    }
    check_hierarchy(&report, txns);
}

fn judged(history: &History, searches: Searches) -> Report {
    report(history, &Options { searches, ..Options::default() })
}

/// Where a level holds all that it implies hold.
fn check_hierarchy(report: &Report, txns: &[Txn]) {
    let holds = |level: Level| report.verdict(level).is_pass();
    for stronger in Level::ALL.into_iter().filter(|&level| holds(level)) {
        for weaker in Level::ALL.into_iter().filter(|&weaker| stronger.implies(weaker)) {
            assert!(holds(weaker), "{stronger} without {weaker}\n{txns:#?}");
        }
    }
}

/// Compares many histories of one family.
pub fn sweep(seed: u64, count: usize, shape: Shape) -> Tally {
    let mut rng = Rng(seed);
    let mut tally = Tally::default();
    for _ in 0..count {
        compare(&random::history(&mut rng, shape), shape.lists, &mut tally);
    }
    tally
}
