//! Every sort of mistake, and what is said of it: one golden file to read.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use seedbed_scenarios::format::{ErrorKind, Errors, MemoryFiles, load_from};

use crate::catalog::catalog;
use crate::golden::assert_golden;

/// A scenario with nothing wrong; the cases change a piece of it.
const GOOD: &str = r#"{
  "format_version": 1,
  "name": "raft/good",
  "protocol": "raft",
  "params": { "heartbeat": "50ms" },
  "nodes": 5,
  "network": { "latency": "10ms", "loss": "1%" },
  "workloads": [ { "append": { "clients": 2 } } ],
  "faults": [
    { "partition": { "at": "2s", "groups": [["leader"], ["rest"]], "for": "3s" } },
    { "crash": { "at": "6s", "select": "n1", "for": "1s" } }
  ],
  "script": [ { "wait": "1s" } ],
  "end": { "heal_at": "20s", "settle": "10s" },
  "checks": [ "linearizable" ]
}
"#;

/// What is wrong, the piece of the good scenario, and what stands there instead.
const CASES: &[(&str, &str, &str)] = &[
    ("not JSON: a comma too many", "\"nodes\": 5,", "\"nodes\": 5,,"),
    ("not JSON: a comma missing", "\"nodes\": 5,", "\"nodes\": 5"),
    ("not JSON: a comment", "\"nodes\": 5,", "\"nodes\": 5, // hosts"),
    ("a key twice", "\"nodes\": 5,", "\"nodes\": 5, \"nodes\": 3,"),
    ("a key twice, deep", "\"at\": \"6s\"", "\"at\": \"6s\", \"at\": \"7s\""),
    ("unknown key at the top", "\"nodes\"", "\"nodez\""),
    ("unknown key in the network", "\"latency\"", "\"latancy\""),
    ("unknown key in a fault", "\"groups\"", "\"group\""),
    ("unknown key in end", "\"settle\"", "\"settel\""),
    ("unknown kind of fault", "\"crash\"", "\"crsh\""),
    ("unknown key in params", "\"heartbeat\"", "\"heartbaet\""),
    ("unknown key in a workload", "\"clients\"", "\"client\""),
    ("a key missing", "\"protocol\": \"raft\",", ""),
    ("a key missing in a fault", "\"select\": \"n1\", ", ""),
    ("wrong type", "\"nodes\": 5,", "\"nodes\": true,"),
    ("wrong type in a fault", "\"at\": \"2s\"", "\"at\": [\"2s\"]"),
    ("wrong type of a list", "[ \"linearizable\" ]", "\"linearizable\""),
    ("wrong type in params", "\"50ms\"", "{}"),
    ("missing unit", "\"latency\": \"10ms\"", "\"latency\": 10"),
    ("missing unit in text", "\"at\": \"2s\"", "\"at\": \"2\""),
    ("unknown unit", "\"at\": \"2s\"", "\"at\": \"2sec\""),
    ("chance above 1", "\"1%\"", "5"),
    ("chance above 100%", "\"1%\"", "\"150%\""),
    ("two keys where one is wanted", "{ \"crash\": {", "{ \"at\": \"1s\", \"crash\": {"),
    ("no key where one is wanted", "[ { \"wait\": \"1s\" } ]", "[ {} ]"),
    ("a later fault", "\"crash\": { \"at\": \"6s\",", "\"bit_rot\": { \"at\": \"6s\","),
    (
        "two forms of partition",
        "\"groups\": [[\"leader\"], [\"rest\"]]",
        "\"bridge\": \"n1\", \"halves\": true",
    ),
    (
        "no form of partition",
        "\"groups\": [[\"leader\"], [\"rest\"]]",
        "\"majorities_ring\": false",
    ),
    (
        "a ring of too few hosts",
        "\"nodes\": 5,\n  \"network\": { \"latency\": \"10ms\", \"loss\": \"1%\" },\n  \
         \"workloads\": [ { \"append\": { \"clients\": 2 } } ],\n  \"faults\": [\n    \
         { \"partition\": { \"at\": \"2s\", \"groups\": [[\"leader\"], [\"rest\"]]",
        "\"nodes\": 3, \"faults\": [\n    \
         { \"partition\": { \"at\": \"2s\", \"majorities_ring\": true",
    ),
    (
        "clients that are hosts",
        "\"groups\": [[\"leader\"], [\"rest\"]]",
        "\"clients\": { \"select\": \"n1\", \"from\": [\"leader\", \"c1\"] }",
    ),
    (
        "a partition that flaps in no time",
        "\"for\": \"3s\"",
        "\"flap\": { \"on\": [\"2s\", \"1s\"], \"off\": [\"0\", \"1s\"] }",
    ),
    (
        "kinds that are not sent there",
        "\"groups\": [[\"leader\"], [\"rest\"]]",
        "\"halves\": true, \"kinds\": [\"vot\", \"client-request\"]",
    ),
    (
        "kinds that clients do not know",
        "\"groups\": [[\"leader\"], [\"rest\"]]",
        "\"clients\": { \"from\": \"all\" }, \"kinds\": [\"vote\"]",
    ),
    ("no kind", "\"groups\": [[\"leader\"], [\"rest\"]]", "\"isolate\": \"n1\", \"kinds\": []"),
    (
        "a core where nothing heals",
        "\"end\": { \"heal_at\": \"20s\", \"settle\": \"10s\" }",
        "\"end\": { \"when\": \"leader-elected\", \"at_most\": \"60s\", \"core_only\": true }",
    ),
    (
        "a core of a protocol that names none",
        "\"protocol\": \"raft\",\n  \"params\": { \"heartbeat\": \"50ms\" },\n  \"nodes\": 5,\n  \
         \"network\": { \"latency\": \"10ms\", \"loss\": \"1%\" },\n  \
         \"workloads\": [ { \"append\": { \"clients\": 2 } } ],\n  \"faults\": [\n    \
         { \"partition\": { \"at\": \"2s\", \"groups\": [[\"leader\"], [\"rest\"]], \"for\": \"3s\" } },\n    \
         { \"crash\": { \"at\": \"6s\", \"select\": \"n1\", \"for\": \"1s\" } }\n  ],\n  \
         \"script\": [ { \"wait\": \"1s\" } ],\n  \
         \"end\": { \"heal_at\": \"20s\", \"settle\": \"10s\" },\n  \"checks\": [ \"linearizable\" ]",
        "\"protocol\": \"gossip\", \"nodes\": 5,\n  \
         \"end\": { \"heal_at\": \"20s\", \"settle\": \"10s\", \"core_only\": true }",
    ),
    (
        "a swizzle without a duration",
        "\"crash\": { \"at\": \"6s\", \"select\": \"n1\", \"for\": \"1s\" }",
        "\"swizzle_clog\": { \"at\": \"6s\" }",
    ),
    (
        "a swizzle of no duration",
        "\"crash\": { \"at\": \"6s\", \"select\": \"n1\", \"for\": \"1s\" }",
        "\"swizzle_clog\": { \"at\": \"6s\", \"for\": \"0\" }",
    ),
    (
        "no time to be well",
        "\"faults\": [",
        "\"faults\": [ { \"random\": { \"from\": \"1s\", \"until\": \"5s\", \
         \"kinds\": [\"crash\"], \"times\": [1, 2], \"for\": [\"1s\", \"2s\"], \
         \"stable\": \"0\" } },",
    ),
    ("a later crash", "\"select\": \"n1\",", "\"select\": \"n1\", \"in\": \"step\","),
    ("an incomplete latency", "\"latency\": \"10ms\"", "\"latency\": { \"pareto\": {} }"),
    (
        "latencies that cannot be drawn",
        "\"latency\": \"10ms\"",
        "\"latency\": { \"mixture\": [ { \"weight\": 1, \"latency\": { \"pareto\": { \"scale\": \"0\", \
         \"shape\": 1 } } }, { \"weight\": 2, \"latency\": { \"normal\": { \"mean\": \"1ms\", \
         \"deviation\": \"1ms\", \"min\": \"2ms\" } } }, { \"weight\": 0, \"latency\": { \"lognormal\": { \
         \"mean\": \"0\", \"deviation\": \"1ms\" } } } ] }",
    ),
    (
        "a table of quantiles with gaps",
        "\"latency\": \"10ms\"",
        "\"latency\": { \"quantiles\": [[0.1, \"1ms\"], [\"50%\", \"3ms\"], [0.4, \"2ms\"]] }",
    ),
    (
        "mixtures too deep",
        "\"latency\": \"10ms\"",
        "\"latency\": { \"mixture\": [ { \"weight\": 1, \"latency\": { \"mixture\": [ { \"weight\": 1, \
         \"latency\": { \"mixture\": [ { \"weight\": 1, \"latency\": \"1ms\" } ] } } ] } } ] }",
    ),
    ("a mixture of nothing", "\"latency\": \"10ms\"", "\"latency\": { \"mixture\": [] }"),
    ("bursts of nothing", "\"loss\": \"1%\"", "\"correlation\": \"25%\""),
    ("a burst without end", "\"loss\": \"1%\"", "\"loss\": \"1%\", \"correlation\": 1"),
    ("reordering of nothing", "\"loss\": \"1%\"", "\"reorder_by\": \"100ms\""),
    ("corruption within the contract", "\"loss\": \"1%\"", "\"corrupt\": \"1%\""),
    ("misdirection within the contract", "\"loss\": \"1%\"", "\"misdirect\": \"1%\""),
    (
        "drawn corruption within the contract",
        "\"faults\": [",
        "\"faults\": [ { \"random\": { \"from\": \"1s\", \"until\": \"5s\", \
         \"kinds\": [\"corrupt\", \"misdirect\"], \"times\": [1, 2], \"for\": [\"1s\", \"2s\"] } }, \
         { \"corrupt\": { \"at\": \"1s\", \"chance\": \"1%\" } },",
    ),
    (
        "zones that are not there",
        "\"loss\": \"1%\"",
        "\"zones\": { \"eats\": { \"west\": \"40ms\" } }",
    ),
    (
        "an unknown zone",
        "\"loss\": \"1%\" }",
        "\"zones\": { \"east\": { \"wset\": \"40ms\" }, \"west\": {} } }, \
         \"zones\": { \"east\": [\"n1\"], \"west\": [\"n2\"] }",
    ),
    ("an unknown network", "\"loss\": \"1%\"", "\"wan\": \"ec3\""),
    ("a network without regions", "\"loss\": \"1%\"", "\"wan\": \"ec2\""),
    (
        "an unknown region",
        "\"loss\": \"1%\" }",
        "\"wan\": \"ec2\" }, \"zones\": { \"virgina\": [\"n1\"], \"oregon\": [\"n2\"] }",
    ),
    (
        "unknown kinds in a fault",
        "\"crash\": { \"at\": \"6s\", \"select\": \"n1\", \"for\": \"1s\" }",
        "\"loss\": { \"at\": \"6s\", \"chance\": 1, \"kinds\": [\"vote\", \"votes\"], \"correlation\": 1 }",
    ),
    (
        "no kind in a fault",
        "\"crash\": { \"at\": \"6s\", \"select\": \"n1\", \"for\": \"1s\" }",
        "\"reorder\": { \"at\": \"6s\", \"chance\": 1, \"kinds\": [], \"by\": { \"uniform\": [\"2s\", \"1s\"] } }",
    ),
    ("a later network setting", "\"loss\": \"1%\"", "\"bandwidth\": \"1mbit\""),
    ("a later step", "{ \"wait\": \"1s\" }", "{ \"join\": \"n6\" }"),
    ("unknown protocol", "\"protocol\": \"raft\"", "\"protocol\": \"rafft\""),
    ("unknown selector", "[\"leader\"]", "[\"laeder\"]"),
    ("unknown host", "\"select\": \"n1\"", "\"select\": \"n7\""),
    ("unknown client", "[\"leader\"]", "[\"leader\", \"c3\"]"),
    ("no selector at all", "[\"leader\"]", "[\"a b\"]"),
    ("rest outside of a group", "\"select\": \"n1\"", "\"select\": \"rest\""),
    ("bound name in faults", "\"select\": \"n1\"", "\"select\": \"$L1\""),
    ("unknown check", "\"linearizable\"", "\"linearisable\""),
    ("unknown bug", "\"heartbeat\": \"50ms\"", "\"bug\": \"vote-thrice\""),
    ("unknown workload", "\"append\"", "\"apend\""),
    ("unknown milestone", "\"at\": \"6s\"", "\"when\": { \"milestone\": \"leader-elcted\" }"),
    ("unknown message kind", "\"at\": \"6s\"", "\"when\": { \"sent\": { \"kind\": \"votes\" } }"),
    ("unknown condition", "\"at\": \"6s\"", "\"when\": { \"milestones\": \"x\" }"),
    ("unknown invariant", "[ \"linearizable\" ]", "[ { \"without\": [\"comit-rule\"] } ]"),
    ("unknown step", "\"wait\"", "\"wiat\""),
    (
        "unknown property",
        "\"nodes\"",
        "\"expect\": { \"violation\": { \"property\": \"x\", \"within_seeds\": 9 } }, \"nodes\"",
    ),
    (
        "unknown measure",
        "\"nodes\"",
        "\"measures\": [{ \"name\": \"leaderles_time\", \"mean\": { \"at_most\": 1 } }], \"nodes\"",
    ),
    ("at after the heal", "\"at\": \"6s\"", "\"at\": \"21s\""),
    ("overlapping groups", "[[\"leader\"], [\"rest\"]]", "[[\"n1\", \"n2\"], [\"n2\", \"n3\"]]"),
    ("the same name in two groups", "[[\"leader\"], [\"rest\"]]", "[[\"leader\"], [\"leader\"]]"),
    ("one group", "[[\"leader\"], [\"rest\"]]", "[[\"leader\"]]"),
    ("no hosts", "\"nodes\": 5", "\"nodes\": 0"),
    ("too many spare hosts", "\"nodes\": 5", "\"nodes\": 5, \"spare\": 4000000000"),
    (
        "a host of two roles",
        "\"protocol\": \"raft\",\n  \"params\": { \"heartbeat\": \"50ms\" },\n  \"nodes\": 5,",
        "\"protocol\": \"map-reduce\",\n  \
         \"nodes\": { \"coordinator\": [\"n1\"], \"worker\": [\"n1\"] },",
    ),
    (
        "no roles for a protocol that has some",
        "\"protocol\": \"raft\",\n  \"params\": { \"heartbeat\": \"50ms\" },",
        "\"protocol\": \"map-reduce\",",
    ),
    ("too many hosts", "\"nodes\": 5", "\"nodes\": 4000000000"),
    ("a role for a protocol without", "\"nodes\": 5", "\"nodes\": { \"worker\": 5 }"),
    ("no time", "\"at\": \"6s\", ", ""),
    ("two times", "\"at\": \"6s\"", "\"at\": \"6s\", \"every\": \"1s\""),
    ("after without when", "\"at\": \"6s\"", "\"at\": \"6s\", \"after\": \"1s\""),
    ("until beside every", "\"at\": \"6s\"", "\"every\": \"2s\", \"until\": \"9s\""),
    (
        "until before from",
        "\"at\": \"6s\"",
        "\"every\": { \"period\": \"1s\", \"from\": \"9s\", \"until\": \"5s\" }",
    ),
    (
        "ranges the wrong way round",
        "\"faults\": [",
        "\"faults\": [ { \"random\": { \"from\": \"9s\", \"until\": \"5s\", \
         \"kinds\": [\"crash\"], \"times\": [5, 2], \"for\": [\"2s\", \"1s\"] } },",
    ),
    (
        "a kind that cannot be drawn",
        "\"faults\": [",
        "\"faults\": [ { \"random\": { \"from\": \"1s\", \"until\": \"5s\", \
         \"kinds\": [\"crahs\"], \"times\": [1, 2], \"for\": [\"1s\", \"2s\"] } },",
    ),
    (
        "no end",
        "  \"script\": [ { \"wait\": \"1s\" } ],
  \"end\": { \"heal_at\": \"20s\", \"settle\": \"10s\" },
",
        "",
    ),
    ("no settle", ", \"settle\": \"10s\"", ""),
    ("settle below the liveness bound", "\"settle\": \"10s\"", "\"settle\": \"1s\""),
    ("mixed ends", "\"settle\": \"10s\"", "\"settle\": \"10s\", \"at_most\": \"60s\""),
    ("no seeds", "\"nodes\"", "\"seeds\": 0, \"nodes\""),
    ("another version", "\"format_version\": 1", "\"format_version\": 2"),
    (
        "two faults of one name",
        "\"for\": \"3s\" } },",
        "\"for\": \"3s\", \"name\": \"a\" } }, { \"heal\": { \"at\": \"7s\", \"name\": \"a\" } },",
    ),
    (
        "more crashes than tolerated",
        "\"select\": \"n1\", \"for\": \"1s\"",
        "\"select\": [\"n1\", \"n2\", \"n3\"]",
    ),
    ("a step with a time", "{ \"wait\": \"1s\" }", "{ \"heal\": { \"at\": \"1s\" } }"),
    ("an unbound name", "{ \"wait\": \"1s\" }", "{ \"crash\": { \"select\": \"$L1\" } }"),
    (
        "an unbound submission",
        "{ \"wait\": \"1s\" }",
        "{ \"not_committed\": { \"ref\": \"x\", \"for\": \"1s\" } }",
    ),
    (
        "more agreement than hosts",
        "{ \"wait\": \"1s\" }",
        "{ \"agree\": { \"op\": 1, \"on\": 6, \"within\": \"1s\" } }",
    ),
    (
        "a wrong comparison",
        "{ \"wait\": \"1s\" }",
        "{ \"if\": { \"alive\": \"3\", \"steps\": [] } }",
    ),
    ("an empty repeat", "{ \"wait\": \"1s\" }", "{ \"repeat\": { \"times\": 0, \"steps\": [] } }"),
    (
        "several things of shape at once",
        "\"latency\": \"10ms\", \"loss\": \"1%\" },",
        "\"latncy\": \"10ms\", \"loss\": 3 }, \"seed\": 5, \"boot_spread\": 1,",
    ),
    (
        "several things of meaning at once",
        "[[\"leader\"], [\"rest\"]], \"for\": \"3s\"",
        "[[\"boss\"], [\"n9\"]], \"for\": \"0s\"",
    ),
];

/// Files by path.
type MemoryTexts<'a> = &'a [(&'a str, &'a [u8])];

fn load_memory(files: MemoryTexts<'_>, settings: &[&str]) -> Result<(), Errors> {
    let files: BTreeMap<PathBuf, Vec<u8>> =
        files.iter().map(|(path, bytes)| (PathBuf::from(path), bytes.to_vec())).collect();
    let settings: Vec<String> = settings.iter().map(|text| (*text).to_owned()).collect();
    let path = Path::new("scenario.json");
    load_from(&MemoryFiles(files), path, &settings, &catalog()).map(|_| ())
}

/// Writes a case: each error, and the line of the text with a caret under the column.
fn describe(title: &str, text: &str, result: Result<(), Errors>, out: &mut String) {
    let errors = result.expect_err(title);
    writeln!(out, "## {title}").expect("a string takes all");
    for report in errors.reports() {
        writeln!(out, "{report}").expect("a string takes all");
        let is_shown = report.file.as_deref() == Some("scenario.json");
        if let (true, Some(line), Some(column)) = (is_shown, report.line, report.column) {
            let line_text = text.lines().nth(line - 1).unwrap_or_default();
            writeln!(out, "    {line_text}\n    {}^", " ".repeat(column - 1))
                .expect("a string takes all");
        }
    }
    out.push('\n');
}

#[test]
fn the_good_scenario_is_good() {
    if let Err(errors) = load_memory(&[("scenario.json", GOOD.as_bytes())], &[]) {
        panic!("{:#?}", errors.reports());
    }
}

#[test]
fn mistakes_are_said_as_committed() {
    let mut out = String::new();
    for (title, good, bad) in CASES {
        assert_eq!(GOOD.matches(good).count(), 1, "{title}: the piece is not unique");
        let text = GOOD.replace(good, bad);
        let result = load_memory(&[("scenario.json", text.as_bytes())], &[]);
        describe(title, &text, result, &mut out);
    }
    let file_cases: &[(&str, MemoryTexts<'_>)] = &[
        ("missing file", &[]),
        ("empty file", &[("scenario.json", b"")]),
        ("not an object", &[("scenario.json", b"[1]")]),
        ("not UTF-8", &[("scenario.json", b"{\"name\": \"\xff\"}")]),
        ("a file that extends itself", &[("scenario.json", b"{\"extends\": \"./scenario.json\"}")]),
        (
            "files that extend each other",
            &[
                ("scenario.json", b"{\"extends\": \"a/b.json\"}"),
                ("a/b.json", b"{\"extends\": \"../scenario.json\"}"),
            ],
        ),
        ("missing base", &[("scenario.json", b"{\"extends\": \"base.json\"}")]),
        ("a base of the wrong type", &[("scenario.json", b"{\"extends\": 3}")]),
        (
            "a mistake in the base",
            &[
                ("scenario.json", b"{\"extends\": \"base.json\", \"name\": \"x\", \"nodes\": 3}"),
                ("base.json", b"{\"format_version\": 1,\n \"protocol\": \"raft\",\n \"ends\": 1}"),
            ],
        ),
    ];
    for (title, files) in file_cases {
        let text = files.first().map_or(&b""[..], |(_, bytes)| bytes);
        describe(title, &String::from_utf8_lossy(text), load_memory(files, &[]), &mut out);
    }
    for setting in [
        "nodes",
        "nodes=0",
        "network.los=1%",
        "network.loss=7",
        "network.latency.mean=1ms",
        "faults[9].crash.at=1s",
        "faults[1].crash.at=30s",
        "nodes[0]=1",
        "a..b=1",
        "=1",
        "extends=x.json",
    ] {
        let result = load_memory(&[("scenario.json", GOOD.as_bytes())], &[setting]);
        let is_command_line = result.as_ref().err().map(Errors::is_command_line);
        assert_eq!(is_command_line, Some(true), "{setting}");
        describe(&format!("--set {setting}"), GOOD, result, &mut out);
    }
    assert_golden("tests/golden/errors.txt", &out);
}

#[test]
fn reports_are_plain_data() {
    let text = GOOD.replace("\"latency\"", "\"latancy\"");
    let errors = load_memory(&[("scenario.json", text.as_bytes())], &[]).expect_err("a mistake");
    let report = &errors.reports()[0];
    assert_eq!(report.kind, ErrorKind::Shape);
    assert_eq!(
        serde_json::to_value(report).expect("plain data"),
        serde_json::json!({
            "kind": "shape", "file": "scenario.json", "path": "network.latancy", "line": 7,
            "column": 16, "message": "unknown key `latancy`", "help": "did you mean `latency`?"
        })
    );
    assert!(!errors.is_command_line());
}

#[test]
fn a_setting_that_makes_another_place_wrong_is_the_command_line_s_fault() {
    let files = MemoryFiles(BTreeMap::from([(PathBuf::from("a.json"), GOOD.as_bytes().to_vec())]));
    let settings = vec!["end.heal_at=5s".to_owned()];
    let errors = load_from(&files, Path::new("a.json"), &settings, &catalog()).unwrap_err();
    assert!(errors.is_command_line());
    let report = &errors.reports()[0];
    assert!(report.path.starts_with("faults["), "{report}");
    assert_eq!(report.help.as_deref(), Some("without `--set end.heal_at=5s` this file is right"));
}
