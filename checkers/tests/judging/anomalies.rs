//! The collection of anomalies, in every form in which it may be handed in.

use seedbed_checkers::Verdict;
use seedbed_checkers::formats::read;
use seedbed_checkers::judge::{ModelKind, Question, judge};
use serde_json::{Value, json};

use crate::data;

fn cases() -> Vec<Value> {
    serde_json::from_str(&data("anomalies.json")).unwrap()
}

/// The operations of a case as (process, kind, f, key, value, start, end).
struct Step {
    process: u64,
    kind: &'static str,
    f: String,
    key: Option<String>,
    asked: Value,
    answered: Value,
    start: u64,
    end: Option<u64>,
}

fn steps(case: &Value) -> Vec<Step> {
    let operations = case["txns"].as_array().or(case["ops"].as_array()).unwrap();
    let kind = |operation: &Value| match operation["type"].as_str() {
        Some("fail") => "fail",
        Some("info") => "info",
        Some(_) | None if operation["end"].is_null() && !operation["start"].is_null() => "info",
        Some(_) | None => "ok",
    };
    operations
        .iter()
        .map(|operation| {
            let f = operation["f"].as_str().unwrap_or("txn").to_owned();
            let answered = if f == "txn" { &operation["ops"] } else { &operation["value"] };
            let asked = match f.as_str() {
                "txn" => without_answers(answered),
                "read" => Value::Null,
                _ => answered.clone(),
            };
            Step {
                process: operation["process"].as_u64().unwrap(),
                kind: kind(operation),
                key: operation["key"].as_str().map(str::to_owned),
                f,
                asked,
                answered: answered.clone(),
                start: operation["start"].as_u64().unwrap_or(0),
                end: operation["end"].as_u64(),
            }
        })
        .collect()
}

fn without_answers(micro_ops: &Value) -> Value {
    let micro_ops = micro_ops.as_array().unwrap().iter().cloned();
    let asked = micro_ops.map(|mut micro_op| {
        if micro_op[0] == "r" {
            micro_op[2] = Value::Null;
        }
        micro_op
    });
    asked.collect()
}

/// The two records of each step, in order of time; at one time in the order of the case.
fn records<'a>(steps: &'a [Step]) -> Vec<(u64, bool, &'a Step)> {
    let mut records: Vec<(u64, usize, bool, &'a Step)> = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        records.push((step.start, number, false, step));
        records.push((step.end.unwrap_or(step.start), number, true, step));
    }
    records.sort_by_key(|(time, number, is_end, _)| (*time, *number, *is_end));
    records.into_iter().map(|(time, _, is_end, step)| (time, is_end, step)).collect()
}

fn edn(value: &Value) -> String {
    match value {
        Value::Null => "nil".to_owned(),
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(edn).collect();
            format!("[{}]", values.join(" "))
        }
        Value::String(name) if ["append", "r", "w"].contains(&name.as_str()) => format!(":{name}"),
        other => other.to_string(),
    }
}

/// As Jepsen writes it.
fn as_edn(steps: &[Step]) -> String {
    let line = |(time, is_end, step): &(u64, bool, &Step)| {
        let (kind, value) =
            if *is_end { (step.kind, &step.answered) } else { ("invoke", &step.asked) };
        let key = step.key.as_ref().map(|key| format!(" :key \"{key}\",")).unwrap_or_default();
        let (process, f, value) = (step.process, &step.f, edn(value));
        format!(
            "{{:process {process}, :type :{kind}, :f :{f},{key} :value {value}, :time {time}}}\n"
        )
    };
    records(steps).iter().map(line).collect()
}

/// The same in JSON, in one array.
fn as_json(steps: &[Step]) -> String {
    let records = records(steps).into_iter().map(|(time, is_end, step)| {
        let (kind, value) =
            if is_end { (step.kind, &step.answered) } else { ("invoke", &step.asked) };
        let value = match &step.key {
            Some(key) => json!([key, value]),
            None => value.clone(),
        };
        json!({ "process": step.process, "type": kind, "f": step.f, "value": value, "time": time })
    });
    Value::Array(records.collect()).to_string()
}

/// Our own records. A process that goes on after an `info` has a new name.
fn as_json_lines(steps: &[Step]) -> String {
    let mut text = String::new();
    for (time, is_end, step) in records(steps) {
        let op = match (step.f.as_str(), &step.key) {
            ("txn", _) => json!({ "transaction": step.asked }),
            ("read", Some(key)) => json!({ "get": key }),
            (_, Some(key)) => json!({ "put": [key, step.asked] }),
            (f, None) => panic!("{f} without a key"),
        };
        let process = format!("c{}", step.process + 1);
        let kind = if is_end { step.kind } else { "invoke" };
        let mut record = json!({ "time_ns": time, "process": process, "kind": kind, "op": op });
        if kind == "ok" {
            record["ret"] = match step.f.as_str() {
                "txn" => step.answered.clone(),
                "read" => json!({ "value": step.answered }),
                _ => json!("done"),
            };
        }
        text.push_str(&format!("{record}\n"));
    }
    text
}

fn names(case: &Value, list: &str) -> Vec<String> {
    let names = case[list].as_array().cloned().unwrap_or_default();
    names.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

/// Judges a text at every level that the case knows; says how many verdicts there were.
fn check(case: &Value, model: &str, form: &str, text: &str) -> usize {
    let model = ModelKind::named(model).unwrap();
    let disputed = names(case, "disputed");
    let mut count = 0;
    for (list, holds) in [("satisfies", true), ("violates", false)] {
        for name in names(case, list).into_iter().filter(|name| !disputed.contains(name)) {
            let level = model.level(&name).unwrap_or_else(|| panic!("no level {name}"));
            let question = Question { level, ..Question::of(model) };
            let sources = read(text, None).unwrap_or_else(|error| panic!("{error}\n{text}"));
            let judgement = judge(&sources[0], &question).unwrap();
            let is_as_expected = match &judgement.verdict {
                Verdict::Pass => holds,
                Verdict::Fail(_) => !holds,
                Verdict::Unknown(_) => false,
            };
            let case = &case["name"];
            assert!(is_as_expected, "{case} {form} {name}: {}\n{text}", judgement.verdict);
            count += 1;
        }
    }
    count
}

#[test]
fn every_case_gets_its_verdicts_in_every_form() {
    let mut count = 0;
    for case in cases() {
        let models: &[&str] = match case["workload"].as_str().unwrap() {
            "list-append" => &["list-append"],
            "rw-register" => &["rw-register"],
            _ => &["register", "cas-register", "kv"],
        };
        let steps = steps(&case);
        // Without times there is no order of records that says nothing: only our own format and
        // cases can say that everything was concurrent.
        let is_timed = steps.iter().any(|step| step.start > 0 || step.end.is_some());
        for model in models {
            count += check(&case, model, "case", &case.to_string());
            if is_timed {
                count += check(&case, model, "edn", &as_edn(&steps));
                count += check(&case, model, "json", &as_json(&steps));
            }
        }
        count += check(&case, models[models.len() - 1], "json-lines", &as_json_lines(&steps));
    }
    // 753 of transactions and 98 of registers are undisputed; no case may get lost.
    assert!(count > 3_000, "only {count} verdicts");
}
