//! Tests of well-known course labs, written down as scripts: the format can say what they demand.

use std::path::Path;

use seedbed_scenarios::format::{Scenario, Step, load_text};

use crate::catalog::catalog;

fn load_script(hosts: u32, script: &str) -> Scenario {
    let text = format!(
        r#"{{"format_version": 1, "name": "labs/x", "protocol": "raft", "nodes": {hosts},
            "contract": "beyond", "script": [{script}]}}"#
    );
    match load_text(Path::new("lab.json"), &text, &[], &catalog()) {
        Ok(loaded) => loaded.scenario,
        Err(errors) => {
            let lines: Vec<String> = errors.reports().iter().map(ToString::to_string).collect();
            panic!("the script does not load:\n{}", lines.join("\n"));
        }
    }
}

/// A new leader when the old one is cut off; none without a majority; one again with it.
#[test]
fn re_election() {
    let scenario = load_script(
        3,
        r#"
        { "expect_leader": { "within": "5s", "bind": "L1" } },
        { "partition": { "isolate": "$L1" } },
        { "expect_leader": { "within": "5s", "among": ["$L1+1", "$L1+2"] } },
        { "heal": { "select": "$L1" } },
        { "expect_leader": { "within": "5s", "bind": "L2" } },
        { "partition": { "isolate": ["$L2", "$L2+1"] } },
        { "wait": "2s" },
        { "expect_no_leader": { "for": "0", "among": "$L2+2" } },
        { "heal": { "select": "$L2+1" } },
        { "expect_leader": { "within": "5s" } },
        { "heal": { "select": "$L2" } },
        { "expect_leader": { "within": "5s" } }"#,
    );
    assert_eq!(scenario.script.len(), 12);
}

/// No agreement without a majority, and a new index of 2 or 3 when it is back.
#[test]
fn fail_no_agree() {
    let scenario = load_script(
        5,
        r#"
        { "agree": { "op": {"append": 10}, "on": 5, "within": "10s", "retry": false, "index": 1 } },
        { "expect_leader": { "within": "5s", "bind": "L" } },
        { "partition": { "isolate": ["$L+1", "$L+2", "$L+3"] } },
        { "submit": { "to": "$L", "op": {"append": 20},
            "expect": { "accepted": true, "index": 2 }, "bind": "twenty" } },
        { "not_committed": { "ref": "twenty", "for": "2s" } },
        { "heal": {} },
        { "expect_leader": { "within": "5s", "bind": "L2" } },
        { "submit": { "to": "$L2", "op": {"append": 30},
            "expect": { "accepted": true, "index": [2, 3] } } },
        { "agree": { "op": {"append": 1000}, "on": 5, "within": "10s", "retry": true } }"#,
    );
    let Step::Submit(submit) = &scenario.script[7] else { panic!("a submit is eighth") };
    let index = submit.expect.as_ref().and_then(|expect| expect.index.clone());
    assert_eq!(index.map(|index| index.0), Some(vec![2, 3]));
}

/// Followers with long wrong suffixes catch up in time.
#[test]
fn backup() {
    let agree_50 = |on| {
        format!(
            r#"{{ "repeat": {{ "times": 50, "steps": [
                {{ "agree": {{ "op": {{"append": "random"}}, "on": {on}, "within": "10s",
                    "retry": true }} }} ] }} }}"#
        )
    };
    let submit_50 = |to: &str| {
        format!(
            r#"{{ "repeat": {{ "times": 50, "steps": [
                {{ "submit": {{ "to": "{to}", "op": {{"append": "random"}} }} }} ] }} }}"#
        )
    };
    let script = [
        r#"{ "agree": { "op": {"append": 1}, "on": 5, "within": "10s", "retry": true } }"#
            .to_owned(),
        r#"{ "expect_leader": { "bind": "L1" } }"#.to_owned(),
        r#"{ "partition": { "isolate": ["$L1+2", "$L1+3", "$L1+4"] } }"#.to_owned(),
        submit_50("$L1"),
        r#"{ "wait": "500ms" }"#.to_owned(),
        r#"{ "partition": { "isolate": ["$L1", "$L1+1"] } }"#.to_owned(),
        r#"{ "heal": { "select": ["$L1+2", "$L1+3", "$L1+4"] } }"#.to_owned(),
        agree_50(3),
        r#"{ "expect_leader": { "bind": "L2", "among": ["$L1+2", "$L1+3", "$L1+4"] } }"#.to_owned(),
        r#"{ "if": { "same": ["$L2", "$L1+2"],
            "steps": [ { "bind": { "other": "$L1+3" } } ],
            "else": [ { "bind": { "other": "$L1+2" } } ] } }"#
            .to_owned(),
        r#"{ "partition": { "isolate": "$other" } }"#.to_owned(),
        submit_50("$L2"),
        r#"{ "wait": "500ms" }"#.to_owned(),
        r#"{ "partition": { "isolate": "all" } }"#.to_owned(),
        r#"{ "heal": { "select": ["$L1", "$L1+1", "$other"] } }"#.to_owned(),
        agree_50(3),
        r#"{ "heal": {} }"#.to_owned(),
        r#"{ "agree": { "op": {"append": 2}, "on": 5, "within": "10s", "retry": true } }"#
            .to_owned(),
    ];
    assert_eq!(load_script(5, &script.join(",")).script.len(), script.len());
}

/// Crashing leaders and restarting hosts for a long time never makes two logs differ.
#[test]
fn figure_8() {
    let scenario = load_script(
        5,
        r#"
        { "agree": { "op": {"append": "random"}, "on": 1, "within": "10s", "retry": true } },
        { "repeat": { "times": 1000, "steps": [
            { "submit": { "to": "all", "op": {"append": "random"}, "bind": "last" } },
            { "chance": { "p": 0.1, "steps": [ { "wait": ["0ms", "499ms"] } ],
                "else": [ { "wait": ["0ms", "12ms"] } ] } },
            { "if": { "accepted": true, "steps": [ { "crash": { "select": "$last" } } ] } },
            { "if": { "alive": "<3", "steps": [ { "restart": { "select": "random" } } ] } } ] } },
        { "restart": { "select": "all" } },
        { "agree": { "op": {"append": "random"}, "on": 5, "within": "10s", "retry": true } }"#,
    );
    assert_eq!(scenario.script.len(), 4);
}
