//! What people read. `UPDATE_GOLDEN=1 cargo test` writes the files anew; review the difference.

use std::fs;

use crate::{Lab, assert_golden, repository};

/// A page of commands with what they say and how they end.
fn page(lab: &Lab, lines: &[&str]) -> String {
    let mut page = String::new();
    for line in lines {
        let said = lab.run(line);
        page.push_str(&format!("$ seedbed {line}\n{}", said.stdout));
        for complaint in said.stderr.lines() {
            page.push_str(&format!("! {complaint}\n"));
        }
        page.push_str(&format!("[{}]\n\n", said.code));
    }
    page
}

/// Each model judges one history that is right and one that is wrong.
#[test]
fn models() {
    let lab = Lab::new();
    let folder = repository("checkers/tests/data/models");
    let mut names: Vec<String> = fs::read_dir(&folder)
        .expect("the folder of histories")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    names.sort();
    let mut lines = Vec::new();
    for name in &names {
        let text = fs::read(folder.join(name)).expect("a history");
        lab.write(name, text);
        let model = name.trim_end_matches("-good.edn").trim_end_matches("-bad.edn");
        lines.push(format!("judge {name} --model {model}"));
    }
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    assert_golden("tests/judge/golden/models.txt", &page(&lab, &lines));
}

const WRITE_READ: &str = "\
{:process 0, :type :invoke, :f :write, :value 1}
{:process 0, :type :ok, :f :write, :value 1}
{:process 1, :type :invoke, :f :read}
{:process 1, :type :ok, :f :read, :value 1}
";

#[test]
fn answers() {
    let lab = Lab::new();
    lab.write("good.edn", WRITE_READ);
    lab.write("stale.edn", WRITE_READ.replace(":read, :value 1", ":read, :value nil"));
    lab.write("empty.edn", "; nothing happened\n");
    lab.write("hard.edn", hard());
    lab.write("zero.edn", WRITE_READ.replace(":write, :value 1", ":write, :value 0"));
    lab.write(
        "back.edn",
        "{:process 0 :type :invoke :f :read :time 9}\n\
        {:process 0 :type :ok :f :read :time 7}\n",
    );
    let lines = [
        "judge good.edn --model register",
        "judge stale.edn --model register",
        "judge stale.edn --model register --level sequential",
        "judge stale.edn --model register --level read-your-writes",
        "judge good.edn stale.edn --model register --format json",
        "judge empty.edn --model register",
        "judge empty.edn good.edn --model register",
        "judge hard.edn --model cas-register --budget-steps 100",
        "judge hard.edn --model cas-register --budget-states 10 --format json",
        "judge back.edn --model register",
        "judge good.edn --model register --initial 1",
        "judge good.edn --model kv",
        "judge stale.edn --model register --html page.html",
    ];
    assert_golden("tests/judge/golden/answers.txt", &page(&lab, &lines));
    let drawn = fs::read_to_string(lab.path("page.html")).expect("the page");
    assert!(drawn.starts_with("<!doctype html>") || drawn.starts_with("<!DOCTYPE html>"));
    let loads = ["src=", "href=", "url(", "@import", "fetch("];
    assert!(loads.iter().all(|word| !drawn.contains(word)), "it needs nothing else");
}

/// Compare-and-set operations that nothing distinguishes until the end, which is wrong: there is
/// no way around trying many orders.
fn hard() -> String {
    let mut text = String::new();
    for process in 0..12 {
        let (old, new) = (process % 4, (process * 7 + 1) % 4);
        let invoke =
            format!("{{:process {process}, :type :invoke, :f :cas, :value [{old} {new}]}}\n");
        text.push_str(&invoke);
    }
    text.push_str("{:process 20, :type :invoke, :f :write, :value 0}\n");
    text.push_str("{:process 20, :type :ok, :f :write, :value 0}\n");
    for process in 0..12 {
        text.push_str(&format!("{{:process {process}, :type :ok, :f :cas}}\n"));
    }
    text.push_str("{:process 21, :type :invoke, :f :read}\n");
    text.push_str("{:process 21, :type :ok, :f :read, :value 9}\n");
    text
}

#[test]
fn mistakes() {
    let lab = Lab::new();
    lab.write("good.edn", WRITE_READ);
    lab.write("twice.edn", format!("{WRITE_READ}{WRITE_READ}").replace(":ok", ":invoke"));
    lab.write("cut.edn", &WRITE_READ[..100]);
    lab.write("words.txt", "once upon a time\n");
    lab.write("bytes.edn", b"{:process 0}\n\xff\xfe");
    lab.write(
        "lines.jsonl",
        "{\"time_ns\":1,\"process\":\"c1\",\"kind\":\"invoke\",\"op\":\"reed\"}\n",
    );
    lab.write(
        "bad.log",
        "INFO  jepsen.util - 0 :invoke :read nil\nINFO  jepsen.util - 0 :oke :read 1\n",
    );
    lab.write(
        "txn.edn",
        "{:process 0 :type :invoke :f :txn :value [[:r x]]}\n\
        {:process 0 :type :ok :f :txn :value [[:r x [1]] [:push x 2]]}\n",
    );
    lab.write("cases.json", "[{\"workload\": \"rw-register\", \"txns\": []}]");
    let lines = [
        "judge good.edn --model regster",
        "judge good.edn --model zzz",
        "judge good.edn --model register --level linearisable",
        "judge good.edn --model log --level linearizable",
        "judge good.edn --model list-append --level serialisable",
        "judge good.edn",
        "judge --model register",
        "judge good.edn --model register --input edn",
        "judge good.edn --model counter --initial x",
        "judge good.edn --model queue --initial 3",
        "judge good.edn --model queue",
        "judge twice.edn --model register",
        "judge cut.edn --model register",
        "judge words.txt --model register",
        "judge words.txt --model register --input jepsen-json",
        "judge bytes.edn --model register",
        "judge lines.jsonl --model register",
        "judge bad.log --model register",
        "judge txn.edn --model list-append",
        "judge cases.json --model register",
        "judge missing.edn --model register",
        "judge missing.edn good.edn cut.edn --model register",
        "judge cut.edn --model register --format json",
    ];
    assert_golden("tests/judge/golden/mistakes.txt", &page(&lab, &lines));
}

#[test]
fn lists() {
    let lab = Lab::new();
    let lines = ["judge --list", "judge --list --format json", "judge --help"];
    assert_golden("tests/judge/golden/lists.txt", &page(&lab, &lines));
}
