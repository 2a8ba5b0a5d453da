//! The transaction cases of `data/anomalies.json` at every level that they name.

use seedbed_checkers::transactions::{Level, MicroOp, Options, Report, Seen, check, report};
use serde_json::Value as Json;

use super::history::{Fate, Micro, Txn, history};

/// A case of the file.
struct Case {
    name: String,
    txns: Vec<Txn>,
    json: Json,
}

fn cases() -> Vec<Case> {
    let all: Vec<Json> = serde_json::from_str(include_str!("../data/anomalies.json")).unwrap();
    let transactional = all.into_iter().filter(|case| case["workload"] != "register-ops");
    transactional
        .map(|json| Case {
            name: json["name"].as_str().unwrap().to_owned(),
            txns: json["txns"].as_array().unwrap().iter().map(txn).collect(),
            json,
        })
        .collect()
}

fn txn(json: &Json) -> Txn {
    let fate = match json["type"].as_str().unwrap() {
        "ok" => Fate::Ok,
        "fail" => Fate::Fail,
        "info" => Fate::Info,
        other => panic!("{other} is no fate"),
    };
    let number = |field: &str| json[field].as_u64().unwrap();
    let ops = json["ops"].as_array().unwrap().iter().map(micro_op).collect();
    let process = u32::try_from(number("process")).unwrap();
    Txn { process, fate, start: number("start"), end: number("end"), ops }
}

fn micro_op(json: &Json) -> Micro {
    serde_json::from_value(json.clone()).unwrap()
}

fn levels(case: &Case, field: &str) -> Vec<Level> {
    let names = case.json[field].as_array().unwrap().iter();
    names.map(|name| name.as_str().unwrap().parse().unwrap()).collect()
}

#[test]
fn every_case_has_its_verdict_at_every_level() {
    let cases = cases();
    assert_eq!(cases.len(), 40);
    let mut judged = 0;
    let mut wrong = Vec::new();
    for case in &cases {
        let disputed = levels(case, "disputed");
        let history = history(&case.txns);
        for (field, expected) in [("violates", false), ("satisfies", true)] {
            for level in levels(case, field) {
                if disputed.contains(&level) {
                    continue;
                }
                judged += 1;
                let verdict = check(level, &history, &Options::default());
                if verdict.is_pass() != expected {
                    wrong.push(format!("{} {level}: {verdict}", case.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(judged > 700, "{judged}");
}

/// What the report of a case calls wrong.
fn named(report: &Report) -> Vec<String> {
    report.anomalies.iter().map(|anomaly| anomaly.kind.to_string()).collect()
}

#[test]
fn the_anomalies_that_the_sources_name_are_listed() {
    for case in &cases() {
        let report = report(&history(&case.txns), &Options::default());
        let found = named(&report);
        for name in case.json["anomalies"].as_array().unwrap() {
            let name = name.as_str().unwrap();
            assert!(found.iter().any(|found| found == name), "{}: {name} {found:?}", case.name);
        }
        let clean = levels(case, "violates").is_empty();
        assert_eq!(found.is_empty(), clean, "{}: {found:?}", case.name);
    }
}

#[test]
fn a_recorded_order_changes_no_verdict_of_a_list_that_was_read() {
    for case in &cases() {
        let mut options = Options::default();
        for op in case.txns.iter().flat_map(|txn| &txn.ops) {
            if let MicroOp::Read(key, Seen::List(elements)) = op {
                let order: &mut Vec<i64> = options.version_orders.entry(key.clone()).or_default();
                if elements.len() > order.len() {
                    order.clone_from(elements);
                }
            }
        }
        let history = history(&case.txns);
        let recorded = report(&history, &options);
        let derived = report(&history, &Options::default());
        for level in Level::ALL {
            let (recorded, derived) = (recorded.verdict(level), derived.verdict(level));
            let unclear = !recorded.is_pass() && recorded.to_string().starts_with("unknown");
            assert!(unclear || recorded.is_pass() == derived.is_pass(), "{} {level}", case.name);
        }
    }
}
