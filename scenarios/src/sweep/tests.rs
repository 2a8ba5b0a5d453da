//! Sweeps of runs that never happened.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};

use super::fakes::{Fake, Folder, Nobody, at_points, build, scenario};
use super::*;
use crate::failure::Build;
use crate::run::Verdict;

fn options<'a>(fake: &'a Fake, folder: &Folder, jobs: usize) -> SweepOptions<'a> {
    SweepOptions {
        jobs,
        time_max: None,
        fail_fast: false,
        out: Some(folder.path().to_owned()),
        failures: folder.path().join("failures"),
        resume: false,
        series: None,
        stop: &fake.stop,
    }
}

fn sweep(plan: &Plan, fake: &Fake, options: &SweepOptions<'_>) -> Result<SweepOutcome, SweepError> {
    let header = header_of(plan, &build(), &Made::default());
    run_sweep(plan, &header, &build(), fake, options, &Nobody, true)
}

fn plan_of(scenarios: Vec<AtPoints>, count: u64) -> Plan {
    let units = plan_units(scenarios).unwrap();
    Plan::new(units, Seeds::Range { from: 0, count }, Shard::WHOLE)
}

/// Every fifth seed breaks one property or the other.
fn every_fifth() -> Fake {
    Fake::new(|_, seed| match seed % 10 {
        0 => (Verdict::Fail, "safe"),
        5 => (Verdict::Fail, "live"),
        _ => (Verdict::Pass, ""),
    })
}

fn two_scenarios() -> Plan {
    let points: Vec<Point> =
        [1, 2].iter().map(|k| Point::from([("params.k".to_owned(), json!(k))])).collect();
    plan_of(
        vec![
            at_points("z/last", json!({"protocol": ["wave", "flood"]}), &points),
            scenario("a/first", json!({})),
        ],
        60,
    )
}

#[test]
fn one_job_and_many_write_the_same_files() {
    let plan = two_scenarios();
    let (one, many) = (Folder::new("one-job"), Folder::new("many-jobs"));
    let fake = every_fifth();
    sweep(&plan, &fake, &options(&fake, &one, 1)).unwrap();
    sweep(&plan, &fake, &options(&fake, &many, 4)).unwrap();
    let contents = one.contents();
    assert_eq!(contents, many.contents());
    assert_eq!(contents["results.jsonl"].lines().count(), 1 + 5 * 60);
    assert!(!contents.contains_key("results.part.jsonl"));
}

#[test]
fn rows_are_in_order_and_have_sorted_keys() {
    let plan = two_scenarios();
    let folder = Folder::new("order");
    let fake = every_fifth();
    sweep(&plan, &fake, &options(&fake, &folder, 2)).unwrap();
    let mut keys = Vec::new();
    read_rows(&folder.path().join("results.jsonl"), |row| {
        let k = row.point.get("params.k").and_then(Value::as_u64);
        keys.push((row.record.scenario, row.record.protocol, k, row.record.seed));
        Ok(())
    })
    .unwrap();
    assert!(keys.is_sorted());
    assert_eq!(keys.len(), 300);
    let text = &folder.contents()["results.jsonl"];
    for line in text.lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        assert_eq!(crate::canonical::line(&value), line);
    }
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(last["signature"], Value::Null);
    assert_eq!(last["point"], json!({"params.k": 2}));
}

#[test]
fn an_interrupted_sweep_resumes_to_the_same_bytes() {
    let plan = two_scenarios();
    let whole = Folder::new("undisturbed");
    let fake = every_fifth();
    sweep(&plan, &fake, &options(&fake, &whole, 2)).unwrap();
    for stop_after in [1, 7, 150] {
        let folder = Folder::new(&format!("resumed-{stop_after}"));
        let stopped = Fake { stop_after, ..every_fifth() };
        let outcome = sweep(&plan, &stopped, &options(&stopped, &folder, 2)).unwrap();
        assert_eq!(outcome.ended, Ended::Interrupted);
        assert!(outcome.summary.seeds < 300 && outcome.summary.seeds > 0);
        let again = every_fifth();
        let resumed = SweepOptions { resume: true, ..options(&again, &folder, 2) };
        let outcome = sweep(&plan, &again, &resumed).unwrap();
        assert_eq!(outcome.ended, Ended::Complete);
        assert_eq!(folder.contents(), whole.contents());
    }
}

#[test]
fn a_killed_sweep_resumes_to_the_same_bytes() {
    let plan = two_scenarios();
    let whole = Folder::new("not-killed");
    let fake = every_fifth();
    sweep(&plan, &fake, &options(&fake, &whole, 1)).unwrap();
    let results = whole.contents()["results.jsonl"].clone();
    for length in [results.len() / 2, results.len() / 3, results.find('\n').unwrap() + 1] {
        let folder = Folder::new("killed");
        std::fs::write(folder.path().join("results.part.jsonl"), &results[..length]).unwrap();
        let again = every_fifth();
        let resumed = SweepOptions { resume: true, ..options(&again, &folder, 1) };
        sweep(&plan, &again, &resumed).unwrap();
        assert_eq!(folder.contents(), whole.contents());
    }
}

#[test]
fn resuming_makes_no_run_twice() {
    let plan = plan_of(vec![scenario("a", json!({}))], 40);
    let folder = Folder::new("no-run-twice");
    let stopped = Fake { stop_after: 20, ..Fake::new(|_, _| (Verdict::Pass, "")) };
    sweep(&plan, &stopped, &options(&stopped, &folder, 1)).unwrap();
    let again = Fake::new(|_, _| (Verdict::Pass, ""));
    let resumed = SweepOptions { resume: true, ..options(&again, &folder, 1) };
    sweep(&plan, &again, &resumed).unwrap();
    assert_eq!(stopped.seeds(), (0..20).collect::<Vec<u64>>());
    assert_eq!(again.seeds(), (20..40).collect::<Vec<u64>>());
}

#[test]
fn a_folder_with_other_results_is_refused() {
    let folder = Folder::new("refused");
    let fake = every_fifth();
    let plan = plan_of(vec![scenario("a", json!({}))], 10);
    sweep(&plan, &fake, &options(&fake, &folder, 1)).unwrap();
    let before = folder.contents();
    let refused = |plan: &Plan, resume: bool| {
        let options = SweepOptions { resume, ..options(&fake, &folder, 1) };
        sweep(plan, &fake, &options).unwrap_err().to_string()
    };
    assert!(refused(&plan, false).contains("--resume"));
    let more = plan_of(vec![scenario("a", json!({}))], 11);
    assert!(refused(&more, true).contains("other seeds"));
    let changed = plan_of(vec![scenario("a", json!({"nodes": 5}))], 10);
    assert!(refused(&changed, true).contains("scenario files have changed"));
    let other_build = Build { commit: "def".into(), ..build() };
    let header = header_of(&plan, &other_build, &Made::default());
    let resumed = SweepOptions { resume: true, ..options(&fake, &folder, 1) };
    let error = run_sweep(&plan, &header, &other_build, &fake, &resumed, &Nobody, false);
    assert!(error.unwrap_err().to_string().contains("another build"));
    let set = [("nodes".to_owned(), json!(3))];
    let header = header_of(&plan, &build(), &Made { set: &set, ..Made::default() });
    let error = run_sweep(&plan, &header, &build(), &fake, &resumed, &Nobody, false);
    assert!(error.unwrap_err().to_string().contains("--set or --vary"));
    assert_eq!(folder.contents(), before, "a refusal touches nothing");
}

#[test]
fn of_each_signature_the_ten_shortest_failures_get_files() {
    let fake = Fake::new(|_, _| (Verdict::Fail, "safe"));
    let plan = plan_of(vec![scenario("raft/split", json!({}))], 100);
    let folder = Folder::new("ten");
    let outcome = sweep(&plan, &fake, &options(&fake, &folder, 2)).unwrap();
    // Odd and even seeds have different messages in their past: two signatures.
    assert_eq!(outcome.summary.signatures.len(), 2);
    assert_eq!(outcome.written.len(), 20);
    // A fake run has 20 + seed % 7 events.
    let mut even: Vec<u64> = (0..100).filter(|seed| seed % 2 == 0).collect();
    even.sort_by_key(|seed| (seed % 7, *seed));
    for seed in &even[..10] {
        let name = format!("failures/raft-split-{seed}.json");
        assert!(folder.contents().contains_key(&name), "{name}");
    }
    assert!(!folder.contents().contains_key(&format!("failures/raft-split-{}.json", even[10])));
}

#[test]
fn failure_files_name_protocol_and_point_only_where_there_are_more() {
    let folder = Folder::new("names");
    let fake = Fake::new(|_, _| (Verdict::Fail, "safe"));
    let plan = Plan::new(two_scenarios().units, Seeds::Range { from: 3, count: 1 }, Shard::WHOLE);
    sweep(&plan, &fake, &options(&fake, &folder, 1)).unwrap();
    let names: Vec<String> = folder.contents().into_keys().collect();
    let hash = |k: u64| {
        let point = json!({ "params.k": k });
        crate::canonical::hex(crate::canonical::hash_value(&point))[..8].to_owned()
    };
    let mut wanted = vec!["failures/a-first-3.json".to_owned(), "results.jsonl".to_owned()];
    for protocol in ["flood", "wave"] {
        wanted.extend([1, 2].map(|k| format!("failures/z-last-{protocol}-{}-3.json", hash(k))));
    }
    wanted.sort();
    assert_eq!(names, wanted);
}

#[test]
fn two_scenarios_of_one_name_are_refused() {
    let twice = plan_units(vec![scenario("a", json!({})), scenario("a", json!({}))]);
    assert!(twice.unwrap_err().to_string().contains("named `a`"));
    let alike = plan_units(vec![scenario("a/b", json!({})), scenario("a-b", json!({}))]);
    assert!(alike.unwrap_err().to_string().contains("failure files"));
}

#[test]
fn a_failing_run_that_differs_the_second_time_is_broken_and_named() {
    let fake = Fake { drifts: true, ..Fake::new(|_, _| (Verdict::Fail, "safe")) };
    let plan = plan_of(vec![scenario("a", json!({}))], 1);
    let folder = Folder::new("drifts");
    let outcome = sweep(&plan, &fake, &options(&fake, &folder, 1)).unwrap();
    let [broken] = outcome.broken.as_slice() else { panic!("{:?}", outcome.broken) };
    assert_eq!((broken.seed, broken.event), (0, Some(5)));
    assert_ne!(broken.digests.0, broken.digests.1);
}

#[test]
fn fail_fast_starts_nothing_new_after_a_failure() {
    let fake = Fake::new(|_, seed| match seed {
        7 => (Verdict::Fail, "safe"),
        _ => (Verdict::Pass, ""),
    });
    let plan = plan_of(vec![scenario("a", json!({}))], 1000);
    let folder = Folder::new("fail-fast");
    let options = SweepOptions { fail_fast: true, ..options(&fake, &folder, 1) };
    let outcome = sweep(&plan, &fake, &options).unwrap();
    assert_eq!((outcome.ended, outcome.summary.seeds), (Ended::FailFast, 8));
}

#[test]
fn an_expected_violation_stops_nothing() {
    let expect = json!({"expect": {"violation": {"property": "safe", "within_seeds": 50}}});
    let fake = Fake::new(|_, _| (Verdict::Fail, "safe"));
    let units = plan_units(vec![scenario("bug", expect)]).unwrap();
    let plan = Plan::new(units, Seeds::Own { from: 0 }, Shard::WHOLE);
    let folder = Folder::new("expected");
    let options = SweepOptions { fail_fast: true, ..options(&fake, &folder, 2) };
    let outcome = sweep(&plan, &fake, &options).unwrap();
    assert_eq!((outcome.ended, outcome.summary.seeds), (Ended::Complete, 50));
    assert_eq!(outcome.judgements[0].shown, Some((50, 0)));
    assert!(outcome.summary.as_expected["bug"]);
}

#[test]
fn without_an_end_the_scenarios_take_turns_until_the_time_is_up() {
    let units = plan_units(vec![scenario("a", json!({})), scenario("b", json!({}))]).unwrap();
    let plan = Plan::new(units, Seeds::Rounds { from: 5 }, Shard::WHOLE);
    assert_eq!(plan.total(), None);
    let jobs: Vec<(usize, u64)> =
        (0..5).map(|index| plan.job(index).unwrap()).map(|job| (job.unit, job.seed)).collect();
    assert_eq!(jobs, [(0, 5), (1, 5), (0, 6), (1, 6), (0, 7)]);
    let fake = Fake { stop_after: 40, ..Fake::new(|_, _| (Verdict::Pass, "")) };
    let folder = Folder::new("rounds");
    let timed = SweepOptions { time_max: Some(Duration::ZERO), ..options(&fake, &folder, 1) };
    let outcome = sweep(&plan, &fake, &timed).unwrap();
    assert_eq!((outcome.ended, outcome.summary.seeds), (Ended::TimeUp, 0));
    assert!(!fake.stop.load(Ordering::Relaxed));
}

#[test]
fn shards_together_are_the_whole() {
    let whole = two_scenarios();
    let all = |plan: &Plan| -> Vec<Job> { (0..).map_while(|index| plan.job(index)).collect() };
    let mut shared: Vec<Job> = Vec::new();
    for part in 1..=3 {
        let shard = Shard::parse(&format!("{part}/3")).unwrap();
        let plan = Plan::new(whole.units.clone(), whole.seeds.clone(), shard);
        let jobs = all(&plan);
        assert_eq!(jobs.len() as u64, plan.total().unwrap());
        shared.extend(jobs);
    }
    shared.sort();
    assert_eq!(shared, all(&whole));
}

/// Judges a scenario over fake runs.
fn findings(fields: Value, seeds: u64, verdict: fn(u64) -> (Verdict, &'static str)) -> Vec<String> {
    let fake = Fake::new(move |_, seed| verdict(seed));
    let plan = plan_of(vec![scenario("judged", fields)], seeds);
    let folder = Folder::new("judged");
    let options = SweepOptions { out: None, ..options(&fake, &folder, 1) };
    let outcome = sweep(&plan, &fake, &options).unwrap();
    let expected = outcome.judgements[0].findings.is_empty();
    assert_eq!(outcome.summary.as_expected["judged"], expected);
    outcome.judgements[0].findings.iter().map(|finding| finding.to_string()).collect()
}

#[test]
fn a_missing_violation_is_a_failure_only_once_all_its_seeds_ran() {
    let bug = || json!({"expect": {"violation": {"property": "safe", "within_seeds": 8}}});
    let pass: fn(u64) -> (Verdict, &'static str) = |_| (Verdict::Pass, "");
    assert_eq!(
        findings(bug(), 8, pass),
        ["expected-violation-missing: `safe` was not violated in 8 seeds"]
    );
    assert_eq!(
        findings(bug(), 7, pass),
        ["`safe` should be violated within 8 seeds; 7 ran, and none did"]
    );
    // The wrong property, and the right one too late.
    assert_eq!(findings(bug(), 20, |_| (Verdict::Fail, "live")).len(), 1);
    let late = |seed| if seed == 8 { (Verdict::Fail, "safe") } else { (Verdict::Pass, "") };
    assert_eq!(findings(bug(), 20, late).len(), 1);
    // In time, even if other runs say other things.
    let found = |seed| match seed {
        7 => (Verdict::Fail, "safe"),
        3 => (Verdict::Fail, "live"),
        _ => (Verdict::Vacuous, ""),
    };
    assert!(findings(bug(), 8, found).is_empty());
}

#[test]
fn sometimes_is_judged_over_enough_seeds() {
    let pass: fn(u64) -> (Verdict, &'static str) = |_| (Verdict::Pass, "");
    let often = |share: &str, seeds: u64| json!({"sometimes": {"even": share}, "seeds": seeds});
    assert!(findings(often("50%", 10), 10, pass).is_empty());
    assert_eq!(
        findings(often("60%", 10), 10, pass),
        ["`even` was reached in 5 of 10 seeds (50.0 %), wanted 60.0 %"]
    );
    assert!(findings(often("60%", 11), 10, pass).is_empty(), "too few seeds to say");
    let mut planted = often("60%", 10);
    planted["params"] = json!({"raft": {"bug": "vote-twice"}});
    assert!(findings(planted, 10, pass).is_empty(), "a planted bug changes what happens");
}

#[test]
fn measures_are_judged_by_mean_and_quantile() {
    let pass: fn(u64) -> (Verdict, &'static str) = |_| (Verdict::Pass, "");
    // The fake load is seed / 3: of ten seeds 0 to 3, mean 1.5.
    let load = |bound: Value| {
        let mut measure = json!({"name": "load"});
        measure.as_object_mut().unwrap().extend(bound.as_object().unwrap().clone());
        json!({"measures": [measure], "seeds": 10})
    };
    assert!(findings(load(json!({"mean": {"between": [1.49, 1.51]}})), 10, pass).is_empty());
    assert!(findings(load(json!({"max": {"at_most": 3}})), 10, pass).is_empty());
    assert!(findings(load(json!({"p50": {"between": [1.3, 1.4]}})), 10, pass).is_empty());
    let missed = findings(load(json!({"mean": {"at_most": 1}})), 10, pass);
    assert_eq!(missed, ["the mean of `load` is 1.5, and should be at most 1"]);
    assert!(findings(load(json!({"mean": {"at_most": 1}})), 9, pass).is_empty());
    let absent = json!({"measures": [{"name": "nothing", "max": {"at_most": 1}}], "seeds": 2});
    assert_eq!(findings(absent, 2, pass), ["no run measured `nothing`"]);
}

#[test]
fn runs_without_a_verdict_are_findings_of_a_scenario_that_should_pass() {
    let mixed = |seed| match seed {
        0 => (Verdict::Unknown, "linearizable"),
        1 | 2 => (Verdict::Vacuous, "partition"),
        _ => (Verdict::Pass, ""),
    };
    assert_eq!(
        findings(json!({}), 10, mixed),
        [
            "1 run came to no verdict (unknown); seed 0: linearizable: linearizable in 0",
            "2 runs proved nothing (vacuous); seed 1: partition: partition in 1"
        ]
    );
}
