//! Every planted bug is caught, by the property that its table row names.

use std::time::Duration;

use seedbed_protocols::Protocol;
use seedbed_protocols::raft::{BUGS, Bug, Params, Raft};
use seedbed_protocols::units::Size;
use seedbed_sim::CrashModel;

use crate::driver::{Plan, run};

/// Within so many seeds each bug must show.
const SEEDS: u64 = 300;

/// The conditions under which a bug shows soonest.
fn plan_for(bug: Bug) -> Plan {
    let mut plan = Plan::new(5);
    match bug {
        // A vote or an entry that comes a term late, or two candidates in one term.
        Bug::StaleVoteCounted
        | Bug::VoteReplyCountedTwice
        | Bug::SameTermStepDownClearsVote
        | Bug::StaleAppendAccepted => plan = plan.hectic(),
        // With a no-op, an entry of the new term travels with those of earlier ones.
        Bug::PriorTermCommit => {
            plan.params.noop = false;
            plan.params.batch_max = 1;
        }
        // Only a record that crosses sectors can be torn, and only while it is being written.
        Bug::TornTailNotCut => {
            plan.clients = 6;
            plan.payload = Some(Size(2000));
            plan.chaos = Duration::from_secs(2);
            plan.pace = Duration::from_millis(60);
            plan.crash_models = vec![CrashModel::Torn, CrashModel::Reorder];
        }
        Bug::VoteNotPersisted
        | Bug::ElectionRestrictionByLength
        | Bug::MatchingSuffixErased
        | Bug::ConflictKeepsTail
        | Bug::CommitBeyondLastNewEntry
        | Bug::CommitRegresses
        | Bug::MatchFromOwnLastIndex
        | Bug::MatchRegresses
        | Bug::DeposedLeaderStampsNewTerm
        | Bug::AckBeforeSync
        | Bug::LeaderCountsItselfEarly
        | Bug::CommitByHalf
        | Bug::AppliesUncommitted
        | Bug::AnswersOnAppend
        | Bug::WaitersByIndex
        | Bug::DeposedOperationsFailed
        | Bug::IndexFromZero
        | Bug::NoopReadAsCommand => {}
    }
    plan
}

#[test]
fn each_bug_breaks_the_property_that_its_row_names() {
    let mut missed = Vec::new();
    for (bug, row) in Bug::ALL.into_iter().zip(BUGS) {
        let plan = plan_for(bug).planting(bug);
        let caught = (0..SEEDS).find(|seed| {
            run(&plan, *seed).broken.is_some_and(|(property, _)| property == row.property)
        });
        match caught {
            Some(seed) => println!("{}: {} at seed {seed}", row.name, row.property),
            None => missed.push(row.name),
        }
    }
    assert!(missed.is_empty(), "not caught within {SEEDS} seeds: {missed:?}");
}

/// No invariant is there for show: each has a bug that breaks it.
#[test]
fn every_invariant_has_a_bug_that_breaks_it() {
    for invariant in Raft::invariants(&Params::default()) {
        let name = invariant.name();
        assert!(BUGS.iter().any(|row| row.property == name), "{name} is broken by no bug");
    }
}

/// The same conditions without the bug break nothing: it is the bug that is caught.
#[test]
fn the_conditions_of_the_bugs_are_no_bugs() {
    let conditions =
        [(Bug::StaleVoteCounted, 40), (Bug::PriorTermCommit, 40), (Bug::TornTailNotCut, 4)];
    for (bug, seeds) in conditions {
        let plan = plan_for(bug);
        for seed in 0..seeds {
            let broken = run(&plan, seed).broken;
            // Nobody is promised an end of elections that hectic, or of reads without a no-op.
            let safe = broken.as_ref().is_none_or(|(property, _)| property == "liveness");
            assert!(safe, "{} at seed {seed}: {broken:?}", bug.name());
        }
    }
}

/// Each clause of the log checker is broken by some bug. Which clause is named first is the
/// checker's business; here all that broke count.
#[test]
fn every_clause_of_the_log_checker_can_be_broken() {
    let mut missing: Vec<&str> =
        seedbed_checkers::LogClause::ALL.iter().map(|clause| clause.name()).collect();
    let bugs = [
        Bug::AnswersOnAppend,
        Bug::WaitersByIndex,
        Bug::DeposedOperationsFailed,
        Bug::IndexFromZero,
        Bug::NoopReadAsCommand,
    ];
    for bug in bugs {
        let mut plan = plan_for(bug).planting(bug);
        // Without a no-op the first command is at index 1, and counted from 0 that is none.
        plan.params.noop = bug != Bug::IndexFromZero;
        for seed in 0..60 {
            let clauses = run(&plan, seed).clauses;
            missing.retain(|clause| !clauses.iter().any(|broken| broken == clause));
        }
    }
    assert!(missing.is_empty(), "clauses that nothing broke: {missing:?}");
}
