//! What scenarios do to hosts and their clocks, seen in the ticks of every host each 10 ms.

use seedbed_scenarios::run::{RunOptions, RunOutput, Verdict};
use serde_json::{Value, json};

use super::{fault_lines, lines, plan, run, ticks, traced};

/// A run with these faults and a client.
fn with(faults: Value) -> RunOutput {
    let output = traced(json!({ "faults": faults, "workloads": [{ "adds": { "clients": 1 } }] }));
    assert_eq!(output.record.verdict, Verdict::Pass, "{:?}", output.record.message);
    output
}

fn with_one(fault: Value) -> RunOutput {
    with(json!([fault]))
}

/// When a host booted, crashed or stopped, in milliseconds.
fn moments(output: &RunOutput, what: &str, host: &str) -> Vec<u64> {
    let told = lines(output).iter();
    let told = told.filter(|line| line.what == what && line.host.as_deref() == Some(host));
    told.map(|line| line.time_ns / 1_000_000).collect()
}

/// The virtual time at which a client's additions were answered, one after the other.
fn ok_operations(output: &RunOutput) -> u64 {
    output.record.operations.ok
}

#[test]
fn a_slow_host_ticks_late_and_answers_late() {
    let quick = with(json!([]));
    let slow = with_one(json!({ "slow":
        { "at": "500ms", "select": "n1", "step": "4ms", "factor": 0.5, "for": "1s" } }));
    // A tick and what comes in take 8 ms each: of 100 ticks in a second few are sent.
    assert_eq!(ticks(&quick, "n1", "n2", 600..1400), 80);
    assert!(ticks(&slow, "n1", "n2", 600..1400) < 50);
    assert!(ok_operations(&slow) < ok_operations(&quick));
    assert_eq!(slow.record.faults["slow"], 1);
    assert!(ticks(&slow, "n2", "n3", 600..1400) == 80);
}

#[test]
fn a_factor_says_nothing_to_handlers_that_take_no_time() {
    let fault = json!([{ "slow": { "at": "500ms", "select": "n1", "factor": 0.1, "for": "1s" } }]);
    let record = run(json!({ "faults": fault.clone() }));
    assert_eq!(record.verdict, Verdict::Vacuous, "{:?}", record.message);
    let hosts = json!([{ "select": "n1", "step": "100us" }]);
    let record = run(json!({ "faults": fault, "hosts": hosts }));
    assert_eq!((record.verdict, record.faults["slow"]), (Verdict::Pass, 1));
}

#[test]
fn the_settings_of_a_processor_slow_it_down() {
    let hosts = json!([{ "select": "n2", "cpu": "50%", "step": "20ms" }]);
    let output = traced(json!({ "hosts": hosts }));
    // A step takes 40 ms, and each second brings 100 timers and 200 ticks.
    assert!(ticks(&output, "n2", "n1", 0..2000) <= 50);
    assert_eq!(ticks(&output, "n1", "n3", 0..2000), 199);
}

#[test]
fn who_leaves_stays_away_until_it_joins() {
    let output = with_one(json!({ "leave": { "at": "500ms", "select": "n3" } }));
    assert_eq!(moments(&output, "stopped", "n3"), [500]);
    assert_eq!(moments(&output, "boot", "n3"), [0], "heal brings nobody back who has left");
    let back = with(json!([
        { "leave": { "at": "500ms", "select": "n3" } },
        // `all`, `random` and `rest` are of those who are there.
        { "pause": { "at": "600ms", "select": "all", "for": "100ms" } },
        { "join": { "at": "1s", "select": "n3" } },
    ]));
    assert_eq!(moments(&back, "boot", "n3"), [0, 1000]);
    assert_eq!(ticks(&back, "n3", "n1", 1000..1900), 89);
    let said = fault_lines(&back);
    assert_eq!(said[0], (500, "leave n3".to_owned()));
    assert_eq!(said[1], (600, "pause n1 n2 for 100ms".to_owned()));
    let again = with(json!([
        { "leave": { "at": "500ms", "select": "n3" } },
        { "restart": { "at": "1s", "select": "n3" } },
    ]));
    assert_eq!(moments(&again, "boot", "n3"), [0, 1000]);
}

#[test]
fn a_spare_host_is_nobody_until_it_joins() {
    let output = traced(json!({ "spare": 2, "faults": [
        { "pause": { "at": "200ms", "select": "all", "for": "100ms" } },
        { "join": { "at": "500ms", "select": "n4" } },
        { "pause": { "at": "700ms", "select": "all", "for": "100ms" } },
        { "crash": { "at": "900ms", "select": "n4" } },
    ] }));
    assert_eq!(output.record.verdict, Verdict::Pass, "{:?}", output.record.message);
    let said = fault_lines(&output);
    assert_eq!(said[0].1, "pause n1 n2 n3 for 100ms");
    assert_eq!(said[2], (500, "join n4".to_owned()));
    assert_eq!(said[3].1, "pause n1 n2 n3 n4 for 100ms");
    // It knows the others; they do not know of it; a heal restarts it.
    assert_eq!(ticks(&output, "n4", "n1", 500..695), 19);
    assert_eq!(ticks(&output, "n1", "n4", 0..4000), 0);
    assert_eq!(moments(&output, "boot", "n4"), [500, 2000]);
    assert_eq!(moments(&output, "boot", "n5"), Vec::<u64>::new());
}

#[test]
fn a_lost_disk_is_blank() {
    for (fault, blank) in [
        (json!({ "crash": { "at": "1s", "select": "n1", "for": "100ms" } }), false),
        (
            json!({ "crash": { "at": "1s", "select": "n1", "lose": "everything", "for": "100ms" } }),
            true,
        ),
    ] {
        let options = RunOptions { show: vec!["n1".to_owned()], ..RunOptions::default() };
        let scenario = json!({ "faults": [fault], "workloads": [{ "adds": { "clients": 1 } }],
                "end": { "heal_at": "1200ms", "settle": "2s" } });
        let output = plan(scenario).run(7, &options);
        let last = output.shown[0].1["last"].as_u64().expect("a number");
        let ok = output.record.operations.ok;
        assert_eq!(last < ok, blank, "{last} of {ok} were still known");
    }
    // At a restart, too.
    let output = traced(json!({ "faults": [
        { "crash": { "at": "1s", "select": "n1" } },
        { "restart": { "at": "1100ms", "select": "n1", "disk": "blank" } },
    ], "workloads": [{ "adds": { "clients": 1 } }] }));
    assert_eq!(output.record.faults["restart"], 1);
    let next = lines(&output).iter().find(|line| {
        line.what == "sent" && line.time_ns > 1_100_000_000 && line.text.contains("Added")
    });
    assert!(next.is_some_and(|line| line.text.contains("index: 1,")), "{next:?}");
}

#[test]
fn a_rolling_restart_brings_other_params_host_by_host() {
    let output = with_one(json!({ "rolling_restart": { "at": "500ms", "select": "all",
        "params": { "seasoned": 3 }, "down": "100ms", "gap": "200ms" } }));
    for (host, stops) in [("n1", 500), ("n2", 800), ("n3", 1100)] {
        let boots = moments(&output, "boot", host);
        assert_eq!(moments(&output, "stopped", host).len(), 1);
        assert!(
            moments(&output, "stopped", host)[0] - stops <= 20,
            "what it wrote is synced first"
        );
        assert_eq!(boots, [0, stops + 100]);
    }
    assert_eq!(output.record.faults["rolling_restart"], 1);
    // The first that had the new params heard three ticks soon.
    let seasoned = output.record.milestones["seasoned"];
    assert!((600_000_000..640_000_000).contains(&seasoned), "{seasoned}");
    // Heal ends it, and nobody stays down.
    let cut = traced(json!({ "faults": [{ "rolling_restart": { "at": "1900ms", "select": "all",
        "down": "5s" } }] }));
    assert_eq!(moments(&cut, "boot", "n1"), [0, 2000]);
    assert_eq!(moments(&cut, "stopped", "n2"), Vec::<u64>::new());
    // A restart may bring other params as well.
    let record = run(json!({ "faults": [
        { "crash": { "at": "500ms", "select": "n2" } },
        { "restart": { "at": "600ms", "select": "n2", "params": { "seasoned": 3 } } } ] }));
    assert!(record.milestones["seasoned"] > 600_000_000);
}

#[test]
fn params_that_no_host_could_boot_with_are_refused() {
    use seedbed_scenarios::Registry;
    use seedbed_scenarios::format::load_text;
    let registry = Registry::standard();
    let text = r#"{ "format_version": 1, "name": "x", "protocol": "raft", "nodes": 3,
        "hosts": [ { "select": "n2", "params": { "election_timeout": ["1s", "2s"] } } ],
        "faults": [ { "sequence": { "at": "1s", "steps": [ { "rolling_restart": { "select": "all",
            "params": { "election_timeout": ["3s", "2s"] } } } ] } } ],
        "end": { "heal_at": "5s", "settle": "30s" } }"#;
    let loaded = load_text(std::path::Path::new("x.json"), text, &[], &registry.catalog());
    let errors = loaded.expect_err("params that are none").to_string();
    let place = "faults[0].sequence.steps[0].rolling_restart.params.election_timeout";
    assert!(errors.contains(place), "{errors}");
}

#[test]
fn a_crash_at_a_sharp_point_waits_for_it() {
    // n1 writes when a client asks it to, and sends ticks all the time.
    let written = with_one(json!({ "crash":
        { "at": "500ms", "select": "n1", "in": "write", "for": "100ms" } }));
    let crash = moments(&written, "crash", "n1");
    assert_eq!((crash.len(), written.record.faults["crash"]), (1, 1));
    assert!(crash[0] < 600, "{crash:?}");
    assert_eq!(moments(&written, "boot", "n1"), [0, crash[0] + 100], "`for` counts from the crash");
    assert!(fault_lines(&written)[1].1.starts_with("crash n1 in a write strikes for 100ms"));

    let sent = with_one(json!({ "crash":
        { "at": "500ms", "select": "n1", "in": "send", "kind": "added", "for": "100ms" } }));
    let at = moments(&sent, "crash", "n1")[0];
    let added = |output: &RunOutput, ms: u64| {
        lines(output)
            .iter()
            .filter(|line| line.what == "sent" && line.text.contains("Added"))
            .filter(|line| line.time_ns / 1_000_000 == ms)
            .count()
    };
    assert_eq!(added(&sent, at), 1, "one of the two hosts is told");

    let stepped = with_one(json!({ "crash":
        { "at": "500ms", "select": "n2", "in": "step", "for": "100ms" } }));
    assert_eq!(moments(&stepped, "crash", "n2"), [500], "the next tick");
}

#[test]
fn a_crash_whose_moment_never_comes_is_none() {
    let record = run(json!({ "faults": [
        { "crash": { "at": "500ms", "select": "n2", "in": "write", "for": "100ms" } } ],
        "end": { "heal_at": "7s", "settle": "2s" } }));
    assert_eq!(record.verdict, Verdict::Vacuous, "{:?}", record.message);
    assert_eq!(record.faults.get("crash"), None);
    // Nor does it fall upon somebody after the heal.
    let healed = run(json!({ "faults": [{ "crash":
        { "at": "1900ms", "select": "n2", "in": "write", "optional": "n2 never writes" } }] }));
    assert_eq!(healed.verdict, Verdict::Pass);
    assert_eq!(healed.messages.host_down, 0);
}

#[test]
fn half_of_the_drawn_crashes_fall_into_a_write() {
    let scenario = json!({ "workloads": [{ "adds": { "clients": 3 } }],
        "faults": [{ "random": { "from": "100ms", "until": "1400ms", "kinds": ["crash"],
            "select": "n1", "times": [1, 1], "for": ["50ms", "60ms"] } }] });
    let plan = plan(scenario);
    let mut written = 0;
    for seed in 0..200 {
        let output = plan.run(seed, &RunOptions::default());
        assert_eq!(output.record.faults["crash"], 1);
        written += u64::from(output.drawn[0].starts_with("crash n1 in a write"));
    }
    // Three standard deviations of a fair coin.
    assert!((79..=121).contains(&written), "{written} of 200");
}

#[test]
fn clocks_that_drift_move_the_ticks() {
    let fast = with_one(json!({ "clock_drift":
        { "at": "500ms", "select": "n1", "drift": "900000ppm", "for": "1s" } }));
    let ticks_in = |output: &RunOutput, range| ticks(output, "n1", "n2", range);
    assert!(ticks_in(&fast, 500..1500).abs_diff(190) <= 1);
    assert!(ticks_in(&fast, 1500..1900).abs_diff(40) <= 1);
    let frozen =
        with_one(json!({ "clock_freeze": { "at": "500ms", "select": "n1", "for": "500ms" } }));
    assert_eq!(ticks_in(&frozen, 502..1000), 0);
    assert!(ticks_in(&frozen, 1000..1500).abs_diff(50) <= 1);
    // The wall clock is nothing to timers.
    for fault in [
        json!({ "clock_freeze": { "at": "500ms", "select": "n1", "clock": "wall", "for": "1s" } }),
        json!({ "clock_step": { "at": "500ms", "select": "n1", "by": "-5s" } }),
        json!({ "clock_strobe":
            { "at": "500ms", "select": "n1", "by": "1s", "period": "10ms", "for": "1s" } }),
    ] {
        let output = with_one(fault);
        assert_eq!(ticks_in(&output, 500..1500), 100);
        assert_eq!(output.record.faults.values().sum::<u64>(), 1);
    }
}

#[test]
fn heal_ends_what_holds_clocks_and_processors() {
    for fault in [
        json!({ "clock_drift": { "at": "500ms", "select": "n1", "drift": "-900000ppm" } }),
        json!({ "clock_freeze": { "at": "500ms", "select": "n1" } }),
        json!({ "slow": { "at": "500ms", "select": "n1", "step": "30ms" } }),
    ] {
        for faults in [
            json!([fault.clone(), { "heal": { "at": "1s", "select": "n1" } }]),
            json!([fault.clone(), { "heal": { "at": "1s" } }]),
        ] {
            let output = with(faults);
            assert!(ticks(&output, "n1", "n2", 600..990) < 20, "{fault}");
            assert!(ticks(&output, "n1", "n2", 1200..1700) >= 49, "{fault}");
        }
        let output = with(json!([fault.clone()]));
        assert!(ticks(&output, "n1", "n2", 2300..2800) >= 49, "{fault}");
    }
}

#[test]
fn buggify_is_off_by_default_and_in_the_record_where_it_fired() {
    let raft = |buggify: &str| {
        let text = format!(
            r#"{{ "format_version": 1, "name": "x", "protocol": "raft", "nodes": 3, {buggify}
            "workloads": [ {{ "log": {{ "clients": 2, "rate": "40/s" }} }} ],
            "end": {{ "heal_at": "3s", "settle": "5s" }} }}"#
        );
        let registry = seedbed_scenarios::Registry::standard();
        let path = std::path::Path::new("x.json");
        let loaded = seedbed_scenarios::format::load_text(path, &text, &[], &registry.catalog());
        let scenario = loaded.unwrap_or_else(|errors| panic!("{errors}")).scenario;
        registry.plans(&scenario).expect("a plan").remove(0)
    };
    let record = |buggify: &str, seed: u64| raft(buggify).run(seed, &RunOptions::default()).record;
    assert!(record("", 1).faults.is_empty());
    assert_eq!(record("", 1).digest, record("\"buggify\": false,", 1).digest);
    let all = record("\"buggify\": { \"on\": 1, \"fires\": \"50%\" },", 1);
    assert_eq!(all.verdict, Verdict::Pass, "{:?}", all.message);
    for place in ["append-one", "skip-heartbeat", "shortest-election-timeout"] {
        assert!(all.faults[&format!("buggify:{place}")] > 0, "{:?}", all.faults);
    }
    let mut on = 0;
    for seed in 0..40 {
        let record = record("\"buggify\": true,", seed);
        assert_eq!(record.verdict, Verdict::Pass, "seed {seed}: {:?}", record.message);
        on += record.faults.len();
    }
    // A quarter of 120.
    assert!((16..=44).contains(&on), "{on}");
}
