//! Which pictures there are, and what they say, from results made up for one question each.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use seedbed_reports::draw::to_svg;
use seedbed_reports::figure::{Figure, Scale, Style, to_csv};
use seedbed_reports::{plots, results};
use serde_json::{Value, json};

/// A folder of results that goes away with the test.
struct Made {
    folder: PathBuf,
}

impl Drop for Made {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
    }
}

impl Made {
    /// Results with these values of `--vary` and these rows.
    fn new(vary: Value, rows: &[Value]) -> Made {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("seedbed-pictures-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        let header = json!({ "format_version": 1, "grid": { "set": [], "vary": vary } });
        let lines = [header].iter().chain(rows).map(|line| format!("{line}\n")).collect::<String>();
        fs::write(folder.join("results.jsonl"), lines).unwrap();
        Made { folder }
    }

    fn drawn(&self, wanted: &[&str]) -> (Vec<Figure>, Vec<String>) {
        let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
        plots::figures(&results::read(&[self.path()]).unwrap(), &wanted)
    }

    fn figures(&self) -> Vec<Figure> {
        self.drawn(&[]).0
    }

    fn path(&self) -> PathBuf {
        Path::new(&self.folder).join("results.jsonl")
    }
}

/// A run that passed at a point, in which a leader was elected after so many milliseconds.
fn run(scenario: &str, point: Value, elected_ms: u64) -> Value {
    json!({
        "scenario": scenario, "protocol": "raft", "point": point, "verdict": "pass",
        "property": null, "virtual_time_ns": 10_000_000_000_u64,
        "milestones": { "leader-elected": elected_ms * 1_000_000 },
        "milestones_after_heal": {}, "measures": { "load": elected_ms as f64 / 7.0 },
        "messages": { "by_kind": { "vote": elected_ms } }, "signature": null, "seed": 0,
    })
}

fn violating(mut run: Value, property: &str) -> Value {
    run["verdict"] = json!("fail");
    run["property"] = json!(property);
    run
}

/// With what a run did in ten bins of a second.
fn timed(mut run: Value) -> Value {
    run["series"] = json!({
        "bin_ns": 1_000_000_000, "sent": { "vote": [3, 4, 5] }, "bytes": [30, 40, 50],
        "operations": { "ok": [1, 2] }, "latency": [[100, 3]],
        "latency_by_bin": { "p50": [100, 100], "p99": [100, 100], "max": [100, 100] },
        "faults": [[2_000_000_000_u64, 3_000_000_000_u64, "crash"]],
        "host_milestones": { "heard": { "n1": 1000, "n2": 2000 } }, "hosts": 2,
    });
    run
}

fn named<'a>(figures: &'a [Figure], name: &str) -> &'a Figure {
    let found = figures.iter().find(|figure| figure.name == name);
    let names: Vec<&str> = figures.iter().map(|figure| figure.name.as_str()).collect();
    found.unwrap_or_else(|| panic!("there is no {name} among {names:?}"))
}

/// Two paths that end alike are two axes, and their values are told apart.
#[test]
fn paths_with_one_ending_are_both_drawn() {
    let (crash, pause) = ("faults[0].crash.for", "faults[1].pause.for");
    let mut rows = Vec::new();
    for (index, (one, other)) in [(1, 1), (1, 2), (2, 1), (2, 2)].into_iter().enumerate() {
        for seed in 0..3 {
            let point = json!({ crash: format!("{one}s"), pause: format!("{other}s") });
            rows.push(run("a", point, 100 + 10 * index as u64 + seed));
        }
    }
    let vary = json!([[crash, ["1s", "2s"]], [pause, ["1s", "2s"]]]);
    let figures = Made::new(vary, &rows).figures();
    let by_crash = named(&figures, "time-to-leader-elected-by-crash-for");
    named(&figures, "time-to-leader-elected-by-pause-for");
    let names: Vec<&str> = by_crash.curves.iter().map(|curve| curve.name.as_str()).collect();
    assert_eq!(names, ["pause.for 1s", "pause.for 2s"]);
    assert!(by_crash.curves.iter().all(|curve| curve.points.len() == 2), "{by_crash:?}");
    let kinds = named(&figures, "messages-by-kind");
    assert_eq!(kinds.curves[1].name, "crash.for 1s, pause.for 2s");
}

/// Whoever names a scenario sees nothing of the others.
#[test]
fn violations_of_other_scenarios_are_not_drawn() {
    let rows = [
        violating(run("a", json!({}), 100), "safe"),
        run("b", json!({}), 100),
        violating(run("b", json!({}), 110), "live"),
    ];
    let made = Made::new(json!([]), &rows);
    let rows_of = |figures: &[Figure]| match &named(figures, "seeds-to-violation").y.scale {
        Scale::Names(names) => names.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(rows_of(&made.figures()), ["a: safe", "b: live"]);
    let (figures, _) = made.drawn(&["b"]);
    assert_eq!(rows_of(&figures), ["b: live"]);
    assert_eq!(named(&figures, "seeds-to-violation").source, "2 runs in all.");
}

/// A picture that leaves groups out says so.
#[test]
fn pictures_over_time_say_which_groups_they_leave_out() {
    let values: Vec<u64> = (1..=20).collect();
    let rows = values.iter().map(|value| timed(run("a", json!({ "params.k": value }), 100)));
    let rows: Vec<Value> = rows.collect();
    let figures = Made::new(json!([["params.k", values]]), &rows).figures();
    for name in ["messages-over-time", "bytes-over-time", "latency-over-time"] {
        let figure = named(&figures, name);
        assert!(figure.curves.len() < 20, "{name}");
        let says = figure.notes.iter().any(|note| note.contains("of 20 groups"));
        assert!(says, "{name}: {:?}", figure.notes);
    }
}

/// A host that comes late moves one step of the curve, and leaves the others where they are.
#[test]
fn one_late_host_does_not_hide_the_others() {
    let mut rows = Vec::new();
    for seed in 0..20_u64 {
        let mut row = timed(run("a", json!({}), 100));
        let last = if seed == 0 { 9_000_000_000_u64 } else { 4_000_000 };
        let times = json!({ "n1": 1_000_000 + seed, "n2": 2_000_000, "n3": 3_000_000, "n4": last });
        row["series"]["host_milestones"] = json!({ "heard": times });
        row["series"]["hosts"] = json!(4);
        rows.push(row);
    }
    let figures = Made::new(json!([]), &rows).figures();
    let figure = named(&figures, "hosts-reached");
    let points: Vec<(f64, f64)> =
        figure.curves[0].points.iter().map(|point| (point.x, point.y)).collect();
    let shares: Vec<f64> = points.iter().map(|point| point.1).collect();
    assert_eq!(shares, [0.25, 0.5, 0.75, 1.0]);
    for ((time, _), expected) in points.iter().zip([1.0, 2.0, 3.0, 4.0]) {
        assert!((time / points[0].0 - expected).abs() < 0.01 * expected, "{points:?}");
    }
}

/// A summary of a sweep with series draws what its results do, and asks for no other sweep.
#[test]
fn a_summary_with_series_is_not_told_to_sweep_with_series() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    for file in ["summary.json", "results.jsonl"] {
        let (figures, hints) = plots::figures(&results::read(&[data.join(file)]).unwrap(), &[]);
        assert_eq!(hints, Vec::<String>::new(), "{file}");
        named(&figures, "bytes-over-time");
    }
    let (_, hints) = Made::new(json!([]), &[run("a", json!({}), 100)]).drawn(&[]);
    assert!(hints[0].contains("--series"), "{hints:?}");
}

/// What instants there are is seen: restarts as ticks, the heal of all runs as a line.
#[test]
fn what_takes_no_time_is_drawn() {
    let mut rows = Vec::new();
    for seed in 0..4_u64 {
        let mut row = timed(run("a", json!({}), 100));
        let restart = 3_000_000_000 + seed;
        let heal = 7_000_000_000_u64;
        row["series"]["faults"] = json!([
            [2_000_000_000_u64, restart, "crash"],
            [restart, restart, "restart"],
            [heal, heal, "heal"],
        ]);
        rows.push(row);
    }
    let figures = Made::new(json!([]), &rows).figures();
    let figure = named(&figures, "messages-over-time");
    let lanes: Vec<&str> = figure.lanes.iter().map(|lane| lane.name.as_str()).collect();
    assert_eq!(lanes, ["crash", "restart"]);
    let tick = figure.lanes[1].spans[0];
    assert_eq!((tick.from, tick.until, tick.share), (3.0, 3.0, 1.0));
    assert_eq!((figure.moments[0].x, figure.moments[0].label.as_str()), (7.0, "heal"));
    let table = to_csv(figure);
    assert!(table.contains("\nmoment,heal,7,"), "{table}");
    assert!(to_svg(figure).contains(">heal</text>"));
}

/// Where a tenth of the runs never get there, nobody knows where nine tenths are.
#[test]
fn a_band_whose_upper_edge_nobody_knows_is_open() {
    let mut rows = Vec::new();
    for nodes in [3, 5] {
        for seed in 0..10 {
            let mut row = run("a", json!({ "nodes": nodes }), 100 + seed);
            if nodes == 5 && seed < 3 {
                row["milestones"] = json!({});
            }
            rows.push(row);
        }
    }
    let figures = Made::new(json!([["nodes", [3, 5]]]), &rows).figures();
    let figure = named(&figures, "time-to-leader-elected-by-nodes");
    let bands: Vec<(f64, f64)> =
        figure.curves[0].points.iter().filter_map(|point| point.band).collect();
    assert!(bands[0].1.is_finite() && bands[1].1.is_infinite(), "{bands:?}");
    let table = to_csv(figure);
    assert!(table.lines().nth(2).unwrap().ends_with(','), "{table}");
    assert!(figure.notes.iter().any(|note| note.contains("open above")), "{:?}", figure.notes);
}

/// Names and levels look the same whatever else a report shows.
#[test]
fn the_same_level_looks_the_same_in_every_picture() {
    let mut rows = Vec::new();
    for (nodes, loss) in [(3, 0), (3, 1), (5, 0), (5, 1)] {
        rows.push(run("a", json!({ "nodes": nodes, "loss": loss }), 100 + nodes));
    }
    rows.push(run("b", json!({ "nodes": 5 }), 10));
    rows.push(run("b", json!({ "nodes": 3 }), 10));
    let made = Made::new(json!([["nodes", [3, 5]], ["loss", [0, 1]]]), &rows);
    let figures = made.figures();
    let style = |figure: &str, curve: &str| {
        let curves = &named(&figures, figure).curves;
        curves.iter().find(|other| other.name == curve).unwrap().style
    };
    for level in ["nodes 3", "nodes 5"] {
        let one = style("a-time-to-leader-elected-by-loss", level);
        assert_eq!(one, style("b-messages-by-kind", level));
        let (alone, _) = made.drawn(&["b"]);
        let curves = &named(&alone, "messages-by-kind").curves;
        assert_eq!(curves.iter().find(|other| other.name == level).unwrap().style, one);
    }
    // Levels of one path have the first looks, whatever else is varied.
    for (path, levels) in [("loss", ["nodes 3", "nodes 5"]), ("nodes", ["loss 0", "loss 1"])] {
        let looks =
            levels.map(|level| style(&format!("a-time-to-leader-elected-by-{path}"), level));
        assert_eq!(looks, [Style::of_slot(0), Style::of_slot(1)]);
    }
    let two = style("a-messages-by-kind", "nodes 3, loss 1");
    assert_eq!(two, style("a-time-to-leader-elected", "nodes 3, loss 1"));
}

/// A picture of one group speaks of that group's runs.
#[test]
fn sources_count_the_runs_that_are_drawn() {
    let rows: Vec<Value> = [3, 3, 5, 5, 5]
        .into_iter()
        .map(|nodes| timed(run("a", json!({ "nodes": nodes }), 100)))
        .collect();
    let figures = Made::new(json!([["nodes", [3, 5]]]), &rows).figures();
    let one = &named(&figures, "messages-over-time-nodes-5").source;
    assert_eq!(one, "Scenario a (raft), nodes 5, 3 runs.");
    let all = &named(&figures, "messages-over-time").source;
    assert_eq!(all, "Scenario a (raft), 5 runs in 2 groups.");
}

/// Runs that are missing are missed.
#[test]
fn unfinished_results_are_said_to_be_unfinished() {
    let made = Made::new(json!([]), &[run("a", json!({}), 100), run("a", json!({}), 110)]);
    let standard = json!({
        "seeds": 300, "expect": "pass", "sometimes": {}, "measures": [], "planted": false,
    });
    let header = json!({
        "format_version": 1, "grid": { "set": [], "vary": [] },
        "seeds": { "range": { "from": "0", "count": "300" } },
        "scenarios": [{ "name": "a", "protocols": ["raft"], "standard": standard }],
    });
    let text = fs::read_to_string(made.path()).unwrap();
    let rows: String = text.split_inclusive('\n').skip(1).collect();
    fs::write(made.path(), format!("{header}\n{}", &rows[..rows.len() - 9])).unwrap();
    let (_, hints) = made.drawn(&[]);
    assert!(hints[0].contains("has 1 of 300 runs"), "{hints:?}");
    assert!(hints[0].contains("--resume") && hints[1].contains("was cut"), "{hints:?}");
    fs::rename(made.path(), made.folder.join("results.part.jsonl")).unwrap();
    let error = results::read(std::slice::from_ref(&made.folder)).unwrap_err();
    assert!(error.to_string().contains("results.part.jsonl"), "{error}");
}

/// The same results twice would be one curve beside itself.
#[test]
fn the_same_results_twice_are_refused() {
    let made = Made::new(json!([]), &[run("a", json!({}), 100)]);
    let error = results::read(&[made.folder.clone(), made.path()]).unwrap_err();
    assert!(error.to_string().contains("name them once"), "{error}");
}

/// Pictures on which nothing would be seen are sentences.
#[test]
fn what_has_no_shape_is_a_sentence() {
    let mut rows = Vec::new();
    for _ in 0..3 {
        let mut row = timed(run("a", json!({}), 100));
        row["milestones_after_heal"] = json!({ "leader-elected": 0 });
        row["virtual_time_ns"] = json!(9_000_000);
        row["series"]["bin_ns"] = json!(3_600_000_000_000_u64);
        row["series"]["sent"] = json!({ "vote": [3] });
        rows.push(row);
    }
    rows[0]["series"]["host_milestones"]["rare"] = json!({ "n1": 77 });
    let figures = Made::new(json!([]), &rows).figures();
    let at_once = named(&figures, "convergence-after-heal");
    assert!(at_once.is_empty() && at_once.if_empty.contains("At once"), "{at_once:?}");
    let one_bin = named(&figures, "messages-over-time");
    assert!(one_bin.is_empty() && one_bin.if_empty.contains("one bin of 1h"), "{one_bin:?}");
    let reached = named(&figures, "hosts-reached");
    assert_eq!(reached.curves.len(), 1);
    assert!(reached.notes.iter().any(|note| note.contains("rare")), "{:?}", reached.notes);
}

/// Latencies say which operations they are of.
#[test]
fn latencies_say_what_is_left_out() {
    let rows: Vec<Value> = (0..3).map(|_| timed(run("a", json!({}), 100))).collect();
    let figures = Made::new(json!([]), &rows).figures();
    for name in ["operation-latency", "latency-over-time"] {
        let notes = &named(&figures, name).notes;
        assert!(notes.iter().any(|note| note.contains("final ones")), "{name}: {notes:?}");
    }
    // An average of the runs' percentiles is none of all operations.
    let names = named(&figures, "latency-over-time").curves.iter().map(|curve| &curve.name);
    assert!(names.clone().any(|name| name == "p99 of a run, averaged"), "{figures:?}");
}
