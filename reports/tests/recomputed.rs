//! Every number in every CSV, computed again from `results.jsonl` by other means: plain JSON values
//! and the definitions that captions give.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use seedbed_reports::figure::{Axis, Figure, Scale, to_csv};
use seedbed_reports::{plots, results};
use seedbed_scenarios::sweep::{Spread, read_rows};
use serde_json::Value;

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/results.jsonl")
}

/// A row of a CSV.
#[derive(Debug)]
struct Row {
    kind: String,
    name: String,
    x: String,
    until: String,
    y: String,
    low: String,
    high: String,
}

fn number(text: &str) -> f64 {
    text.parse().unwrap_or_else(|_| panic!("`{text}` is no number"))
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(other.abs()).max(1e-9)
}

fn rows(figure: &Figure) -> Vec<Row> {
    let parse = |line: &str| {
        let mut fields = vec![String::new()];
        let mut quoted = false;
        for letter in line.chars() {
            match letter {
                '"' => quoted = !quoted,
                ',' if !quoted => fields.push(String::new()),
                letter => fields.last_mut().unwrap().push(letter),
            }
        }
        let [kind, name, x, until, y, low, high] = fields.try_into().expect("seven fields");
        Row { kind, name, x, until, y, low, high }
    };
    to_csv(figure).lines().skip(1).map(parse).collect()
}

/// The runs of each group, by the label that legends give it.
fn runs() -> BTreeMap<String, Vec<Value>> {
    let mut runs: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in fs::read_to_string(file()).unwrap().lines().skip(1) {
        let run: Value = serde_json::from_str(line).unwrap();
        runs.entry(format!("nodes {}", run["point"]["nodes"])).or_default().push(run);
    }
    assert_eq!(runs.len(), 2);
    runs
}

/// How many nanoseconds the unit of an axis has.
fn unit(axis: &Axis) -> f64 {
    let known = [("(s)", 1e9), ("(ms)", 1e6), ("(\u{3bc}s)", 1e3), ("(ns)", 1.0)];
    known.iter().find(|(word, _)| axis.label.ends_with(word)).map_or(1.0, |(_, size)| *size)
}

/// The smallest of sorted numbers that a share of `total` runs do not exceed.
fn quantile(sorted: &[f64], total: usize, thousandths: usize) -> Option<f64> {
    let rank = (total * thousandths).div_ceil(1000).max(1);
    sorted.get(rank - 1).copied()
}

fn sorted(mut numbers: Vec<f64>) -> Vec<f64> {
    numbers.sort_by(f64::total_cmp);
    numbers
}

fn counts(value: &Value) -> Vec<f64> {
    value.as_array().map_or_else(Vec::new, |all| all.iter().filter_map(Value::as_f64).collect())
}

fn sum<'a>(lists: impl Iterator<Item = &'a Value>) -> Vec<f64> {
    let mut total: Vec<f64> = Vec::new();
    for list in lists.map(counts) {
        total.resize(total.len().max(list.len()), 0.0);
        total.iter_mut().zip(&list).for_each(|(total, count)| *total += count);
    }
    total
}

/// Where in a run the number of a picture stands, from the picture's name.
fn pointer(name: &str) -> Option<String> {
    if let Some(milestone) = name.strip_prefix("time-to-") {
        return Some(match milestone.strip_suffix("-after-heal") {
            Some(milestone) => format!("/milestones_after_heal/{milestone}"),
            None => format!("/milestones/{milestone}"),
        });
    }
    match name {
        "bytes-sent" => Some("/measures/bytes_sent".to_owned()),
        "messages-per-operation" => Some("/measures/messages_per_operation".to_owned()),
        _ => None,
    }
}

fn numbers_at(runs: &[Value], pointer: &str) -> Vec<f64> {
    sorted(runs.iter().filter_map(|run| run.pointer(pointer)?.as_f64()).collect())
}

fn check_distribution(figure: &Figure, numbers: impl Fn(&str) -> (Vec<f64>, usize)) {
    let size = unit(&figure.x);
    for row in rows(figure) {
        if row.kind == "guide" {
            continue;
        }
        let (numbers, total) = numbers(&row.name);
        let (x, share) = (number(&row.x) * size, number(&row.y));
        match row.kind.as_str() {
            "curve" => {
                let below = numbers.iter().filter(|number| **number <= x * (1.0 + 1e-12)).count();
                assert!(close(below as f64 / total as f64, share), "{}: {row:?}", figure.name);
            }
            "quantile" => {
                let thousandths = (share * 1000.0).round() as usize;
                let expected = quantile(&numbers, total, thousandths).unwrap();
                assert!(close(expected, x), "{}: {row:?} {expected}", figure.name);
            }
            other => panic!("{}: what is `{other}`?", figure.name),
        }
    }
}

fn check_against(figure: &Figure, groups: &BTreeMap<String, Vec<Value>>, pointer: &str) {
    let size = unit(&figure.y);
    for row in rows(figure) {
        let runs = &groups[&format!("nodes {}", row.x)];
        let numbers = numbers_at(runs, pointer);
        for (text, thousandths) in [(&row.y, 500), (&row.low, 100), (&row.high, 900)] {
            let expected = quantile(&numbers, runs.len(), thousandths);
            let Some(expected) = expected else {
                assert_eq!(text, "", "{}: {row:?}", figure.name);
                continue;
            };
            assert!(close(expected / size, number(text)), "{}: {row:?} {expected}", figure.name);
        }
    }
}

/// The time of all runs that lies in a bin, in seconds.
fn covered(runs: &[Value], from: f64, until: f64) -> f64 {
    let end = |run: &Value| run["virtual_time_ns"].as_f64().unwrap() / 1e9;
    runs.iter().map(|run| (end(run).min(until) - from).max(0.0)).sum()
}

/// The time for which a kind of fault held in a bin, in seconds. In these runs no fault overlaps
/// another one of its kind.
fn held(runs: &[Value], kind: &str, from: f64, until: f64) -> f64 {
    let faults = runs.iter().flat_map(|run| run["series"]["faults"].as_array().unwrap());
    let spans = faults.filter(|fault| fault[2] == kind).map(|fault| {
        let (start, end) = (fault[0].as_f64().unwrap() / 1e9, fault[1].as_f64().unwrap() / 1e9);
        (end.min(until) - start.max(from)).max(0.0)
    });
    spans.sum()
}

/// When all of these runs healed, in whole seconds, as wide as bins are.
fn healed(runs: &[Value]) -> f64 {
    let faults = runs.iter().flat_map(|run| run["series"]["faults"].as_array().unwrap());
    let heals = faults.filter(|fault| fault[2] == "heal");
    let times: Vec<f64> = heals.map(|fault| (fault[0].as_f64().unwrap() / 1e9).floor()).collect();
    assert!(times.len() == runs.len() && times.iter().all(|time| *time == times[0]), "{times:?}");
    times[0]
}

/// Rates, averages and faults over time, whose numbers `binned` gives by curve and bin.
fn check_over_time(figure: &Figure, lane_runs: &[Value], binned: impl Fn(&str, usize) -> f64) {
    let mut seen = 0;
    for row in rows(figure) {
        if row.kind == "moment" {
            assert_eq!((row.name.as_str(), healed(lane_runs)), ("heal", number(&row.x)));
            continue;
        }
        if row.kind == "fault" {
            let (from, until) = (number(&row.x), number(&row.until));
            for second in from as usize..until as usize {
                let (from, until) = (second as f64, second as f64 + 1.0);
                let exact =
                    held(lane_runs, &row.name, from, until) / covered(lane_runs, from, until);
                assert!((exact - number(&row.y)).abs() <= 0.05, "{}: {row:?}", figure.name);
            }
            continue;
        }
        // Bins are a second wide.
        let bin = (number(&row.x) - 0.5).round() as usize;
        let expected = binned(&row.name, bin);
        assert!(close(expected, number(&row.y)), "{}: {row:?} {expected}", figure.name);
        seen += 1;
    }
    assert!(seen > 10, "{}", figure.name);
}

fn check_series(figure: &Figure, groups: &BTreeMap<String, Vec<Value>>) {
    let first = &groups["nodes 3"];
    let rate = |runs: &[Value], pick: &dyn Fn(&Value) -> Vec<Value>, bin: usize| {
        let lists: Vec<Value> = runs.iter().flat_map(|run| pick(&run["series"])).collect();
        let count = sum(lists.iter()).get(bin).copied().unwrap_or(0.0);
        count / covered(runs, bin as f64, bin as f64 + 1.0)
    };
    let all_kinds = |series: &Value| -> Vec<Value> {
        series["sent"].as_object().unwrap().values().cloned().collect()
    };
    match figure.name.as_str() {
        "messages-over-time" => {
            check_over_time(figure, first, |name, bin| rate(&groups[name], &all_kinds, bin))
        }
        "bytes-over-time" => check_over_time(figure, first, |name, bin| {
            rate(&groups[name], &|series| vec![series["bytes"].clone()], bin)
        }),
        "operations-over-time" => check_over_time(figure, first, |name, bin| {
            rate(&groups[name], &|series| vec![series["operations"]["ok"].clone()], bin)
        }),
        "latency-over-time" => check_over_time(figure, first, |name, bin| {
            let latencies = groups[name].iter().filter_map(|run| {
                let latency = run["series"]["latency_by_bin"]["p99"].get(bin)?.as_f64()?;
                Some(latency).filter(|latency| *latency > 0.0)
            });
            let latencies: Vec<f64> = latencies.collect();
            latencies.iter().sum::<f64>() / latencies.len() as f64 / unit(&figure.y)
        }),
        name => {
            let group = name.strip_prefix("messages-over-time-").unwrap_or_default();
            let runs = groups.get(&group.replace('-', " "));
            let runs = runs.unwrap_or_else(|| panic!("nobody recomputes {name}"));
            check_over_time(figure, runs, |kind, bin| {
                rate(runs, &|series| vec![series["sent"][kind].clone()], bin)
            });
        }
    }
}

fn check_kinds(figure: &Figure, groups: &BTreeMap<String, Vec<Value>>) {
    for row in rows(figure) {
        let runs = &groups[&row.name];
        let count = |run: &Value| run["messages"]["by_kind"][&row.y].as_f64().unwrap_or(0.0);
        let numbers = sorted(runs.iter().map(count).collect());
        for (text, thousandths) in [(&row.x, 500), (&row.low, 100), (&row.high, 900)] {
            let expected = quantile(&numbers, runs.len(), thousandths).unwrap();
            assert!(close(expected, number(text)), "{}: {row:?} {expected}", figure.name);
        }
    }
}

fn check_hosts(figure: &Figure, groups: &BTreeMap<String, Vec<Value>>) {
    let milestone = figure.name.strip_prefix("hosts-reached-").unwrap();
    for row in rows(figure) {
        let runs = &groups[&row.name];
        // Times are middles of buckets.
        let shares_at = |slack: f64| {
            let now = number(&row.x) * unit(&figure.x) * slack;
            let share = |run: &Value| {
                let times = run["series"]["host_milestones"][milestone].as_object();
                let times = times.into_iter().flat_map(|times| times.values());
                let reached = times.filter(|time| time.as_f64().unwrap() <= now);
                reached.count() as f64 / run["series"]["hosts"].as_f64().unwrap()
            };
            let mut shares = sorted(runs.iter().map(share).collect());
            shares.reverse();
            shares
        };
        let (before, after) = (shares_at(0.995), shares_at(1.005));
        // What so many runs have reached, or more.
        for (text, thousandths) in [(&row.y, 500), (&row.low, 900), (&row.high, 100)] {
            let [least, most] =
                [&before, &after].map(|shares| quantile(shares, runs.len(), thousandths).unwrap());
            let shown = number(text);
            let fits = least - 1e-9 <= shown && shown <= most + 1e-9;
            assert!(fits, "{}: {row:?} {least} {most}", figure.name);
        }
    }
}

/// Numbers of histograms are middles of buckets, which know their numbers to 0.4 %.
fn check_latency(figure: &Figure, groups: &BTreeMap<String, Vec<Value>>) {
    let size = unit(&figure.x);
    for row in rows(figure).iter().filter(|row| row.kind != "guide") {
        let mut buckets: BTreeMap<u64, u64> = BTreeMap::new();
        for bucket in groups[&row.name].iter().flat_map(|run| run["series"]["latency"].as_array()) {
            for pair in bucket {
                let count = pair[1].as_u64().unwrap();
                *buckets.entry(pair[0].as_u64().unwrap()).or_default() += count;
            }
        }
        let total: u64 = buckets.values().sum();
        let x = number(&row.x) * size;
        let within = |slack: f64| -> f64 {
            let below = buckets.iter().filter(|(lowest, _)| **lowest as f64 <= x * slack);
            below.map(|(_, count)| *count).sum::<u64>() as f64 / total as f64
        };
        let share = number(&row.y);
        assert!(within(0.99) <= share + 0.01 && within(1.01) >= share - 0.01, "{row:?}");
    }
}

#[test]
fn every_table_can_be_computed_from_the_results() {
    let groups = runs();
    let results = results::read(&[file()]).unwrap();
    let figures = plots::figures(&results, &[]).0;
    assert!(figures.len() > 15, "{}", figures.len());
    for figure in &figures {
        assert!(!figure.is_empty(), "{} shows nothing", figure.name);
        let name = figure.name.as_str();
        let against = name.strip_suffix("-by-nodes").and_then(pointer);
        if let Some(pointer) = against {
            check_against(figure, &groups, &pointer);
        } else if let Some(pointer) = pointer(name) {
            check_distribution(figure, |group| {
                (numbers_at(&groups[group], &pointer), groups[group].len())
            });
        } else if name == "messages-by-kind" {
            check_kinds(figure, &groups);
        } else if name.starts_with("hosts-reached-") {
            check_hosts(figure, &groups);
        } else if name == "operation-latency" {
            check_latency(figure, &groups);
        } else {
            check_series(figure, &groups);
        }
    }
}

/// A row of a CSV, for comparison: everything but numbers, and the numbers.
fn parted(row: &Row) -> (String, Vec<f64>) {
    let fields = [&row.kind, &row.name, &row.x, &row.until, &row.y, &row.low, &row.high];
    let mut words = String::new();
    let mut numbers = Vec::new();
    for field in fields {
        match field.parse::<f64>() {
            Ok(number) => numbers.push(number),
            Err(_) => words.push_str(field),
        }
    }
    (words, numbers)
}

/// The summary that a sweep would write of the same rows.
fn summary() -> PathBuf {
    let mut spreads: Vec<Spread> = Vec::new();
    read_rows(&file(), |row| {
        let known = spreads.iter().position(|spread| spread.point == row.point);
        let index = known.unwrap_or_else(|| {
            let (scenario, protocol) = (row.record.scenario.clone(), row.record.protocol.clone());
            let point = row.point.clone();
            spreads.push(Spread { scenario, protocol, point, ..Spread::default() });
            spreads.len() - 1
        });
        let position = spreads[index].runs;
        spreads[index].add(position, &row.record);
        Ok(())
    })
    .unwrap();
    let path = file().with_file_name("summary.json");
    let mut whole: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let histograms = serde_json::to_value(&spreads).unwrap();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        whole["histograms"] = histograms.clone();
        fs::write(&path, format!("{whole}\n")).unwrap();
    }
    assert!(whole["histograms"] == histograms, "UPDATE_GOLDEN=1 cargo test -p seedbed-reports");
    path
}

/// A summary holds the same, in buckets: of a million seeds nothing else is needed.
#[test]
fn a_summary_draws_the_same_pictures() {
    let of_rows = plots::figures(&results::read(&[file()]).unwrap(), &[]).0;
    let of_summary = plots::figures(&results::read(&[summary()]).unwrap(), &[]).0;
    let names = |figures: &[Figure]| -> Vec<String> {
        figures.iter().map(|figure| figure.name.clone()).collect()
    };
    assert_eq!(names(&of_rows), names(&of_summary));
    let mut compared = 0;
    for (twin, figure) in of_rows.iter().zip(&of_summary) {
        assert_eq!(twin.x.label, figure.x.label);
        // Buckets may take equal what rows tell apart: curves need not have as many points.
        let is_distribution = matches!(figure.y.scale, Scale::Share);
        let marked = |figure: &Figure| -> Vec<(String, Vec<f64>)> {
            let rows = rows(figure);
            let of_runs = figure.name.starts_with("hosts-") || !is_distribution;
            rows.iter().filter(|row| of_runs || row.kind == "quantile").map(parted).collect()
        };
        let (ours, others) = (marked(twin), marked(figure));
        assert_eq!(ours.len(), others.len(), "{}", figure.name);
        for (one, other) in ours.iter().zip(&others) {
            assert_eq!(one.0, other.0, "{}", figure.name);
            for (one, other) in one.1.iter().zip(&other.1) {
                assert!((one - other).abs() <= one * 0.005, "{}: {one} {other}", figure.name);
                compared += 1;
            }
        }
    }
    assert!(compared > 200, "{compared}");
}
