//! Known litmus tests of registers get their known verdicts at every level.
//!
//! The cases are in `data/anomalies.json`; `data/anomalies.md` says where they come from.

use std::collections::BTreeMap;

use seedbed_checkers::linearizable::linearizable;
use seedbed_checkers::weak::consistent;
use seedbed_checkers::{Budget, History, Kv, KvOp, KvRet, OperationId, Process, Value, Verdict};
use serde::Deserialize;

const CASES: &str = include_str!("data/anomalies.json");

#[derive(Deserialize)]
struct Case {
    name: String,
    workload: String,
    #[serde(default)]
    ops: Vec<Op>,
    violates: Vec<String>,
    satisfies: Vec<String>,
    #[serde(default)]
    disputed: Vec<String>,
}

#[derive(Clone, Deserialize)]
struct Op {
    process: u32,
    f: String,
    key: String,
    value: Value,
    start: Option<u64>,
    end: Option<u64>,
}

/// An operation with a start has an end too, unless its client crashed; one without either is
/// known by its place in its session only, and is given times of its own.
fn history_of(ops: &[Op]) -> History<KvOp<String, Value>, KvRet<Value>> {
    let mut history = History::new();
    let mut places: BTreeMap<u32, u64> = BTreeMap::new();
    for op in ops {
        let place = places.entry(op.process).or_default();
        *place += 1;
        let (start, end) = match (op.start, op.end) {
            (Some(start), end) => (start, end),
            (None, _) => (*place * 10, Some(*place * 10 + 5)),
        };
        let is_read = op.f == "read";
        let asked = match is_read {
            true => KvOp::Get(op.key.clone()),
            false => KvOp::Put(op.key.clone(), op.value.clone()),
        };
        let id: OperationId = history.invoke(Process::client(op.process), start, asked);
        if let Some(end) = end {
            let answer = if is_read { KvRet::Value(op.value.clone()) } else { KvRet::Done };
            history.ok(id, end, answer);
        }
    }
    history
}

fn judge(level: &str, case: &Case) -> Verdict {
    let history = history_of(&case.ops);
    let model = Kv::new(Value::Nil);
    match level.parse() {
        Ok(level) => consistent(level, &model, &history, Budget::default()),
        Err(_) if level == "linearizable" => linearizable(&model, &history, Budget::default()),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn each_case_gets_its_verdict_at_each_level() {
    let cases: Vec<Case> = serde_json::from_str(CASES).unwrap();
    let (mut holds, mut violated) = (0, 0);
    for case in cases.iter().filter(|case| case.workload == "register-ops") {
        let disputed = |level: &&String| !case.disputed.contains(*level);
        for level in case.satisfies.iter().filter(disputed) {
            let verdict = judge(level, case);
            assert_eq!(verdict, Verdict::Pass, "{} satisfies {level}", case.name);
            holds += 1;
        }
        for level in case.violates.iter().filter(disputed) {
            let verdict = judge(level, case);
            let Verdict::Fail(explanation) = verdict else {
                panic!("{} violates {level}, but: {verdict}", case.name);
            };
            assert!(explanation.clause.eq_ignore_ascii_case(level), "{explanation}");
            assert!(explanation.operations.len() >= 2, "{}: {explanation}", case.name);
            violated += 1;
        }
    }
    assert!(holds >= 50 && violated >= 20, "{holds} and {violated} verdicts were compared");
}
