//! Series: each value recomputed from the trace of the same run, or from runs that end earlier.

use std::collections::BTreeMap;

use seedbed_scenarios::run::{RunOptions, RunOutput, Series, SeriesOptions, TraceLevel, TraceLine};
use serde_json::{Value, json};

use super::plan;

/// Load, and faults of every sort: that last, that repair, that take no time.
fn storm() -> Value {
    json!({ "workloads": [{ "adds": { "clients": 2 } }],
        "network": { "latency": { "uniform": ["1ms", "10ms"] }, "loss": "5%" },
        "faults": [
            { "partition": { "at": "300ms", "groups": [["n1"], ["rest"]], "for": "250ms" } },
            { "pause": { "at": "700ms", "select": "n2", "for": "100ms" } },
            { "crash": { "at": "900ms", "select": ["n2", "n3"] } },
            { "restart": { "at": "1200ms", "select": "n2" } },
            { "clog": { "at": "1500ms", "select": "n1", "for": "5s" } } ] })
}

fn with_series(over: Value, seed: u64, bin_ns: Option<u64>, trace: TraceLevel) -> RunOutput {
    let series = Some(SeriesOptions { bin_ns });
    plan(over).run(seed, &RunOptions { series, trace, ..RunOptions::default() })
}

fn series_of(output: &RunOutput) -> &Series {
    output.record.series.as_ref().expect("series were asked for")
}

/// Counts lines by kind and bin; no bin after the last that counts.
fn binned<'a>(
    lines: impl Iterator<Item = &'a TraceLine>,
    bin_ns: u64,
) -> BTreeMap<String, Vec<u64>> {
    let mut rows: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for line in lines {
        let row = rows.entry(line.kind.clone().expect("a kind")).or_default();
        let bin = (line.time_ns / bin_ns) as usize;
        row.resize(row.len().max(bin + 1), 0);
        row[bin] += 1;
    }
    rows
}

#[test]
fn messages_are_those_of_the_trace() {
    for (seed, bin_ns) in [(1, None), (2, Some(7_000_000)), (3, Some(1_000_000_000))] {
        let output = with_series(storm(), seed, bin_ns, TraceLevel::Full);
        let series = series_of(&output);
        // Four seconds and the instant after them are more than 200 bins of 20 ms.
        assert_eq!(series.bin_ns, bin_ns.unwrap_or(100_000_000).min(1_000_000_000));
        let sent = super::lines(&output).iter().filter(|line| line.what == "sent");
        assert_eq!(series.sent, binned(sent, series.bin_ns));
        let by_kind = series.sent.iter();
        let totals: BTreeMap<String, u64> =
            by_kind.map(|(kind, row)| (kind.clone(), row.iter().sum())).collect();
        assert_eq!(totals, output.record.messages.by_kind);
        assert!(totals.len() >= 4, "{totals:?}");
    }
}

/// A run that ends with a bin has sent the bytes of all bins until then.
#[test]
fn bytes_are_those_of_runs_that_end_earlier() {
    let whole = with_series(storm(), 4, Some(250_000_000), TraceLevel::Off);
    let bytes = &series_of(&whole).bytes;
    assert_eq!(bytes.iter().sum::<u64>(), whole.record.messages.bytes);
    for bins in [1, 3, 8] {
        let until_ns = Some(bins as u64 * 250_000_000 - 1);
        let early = plan(storm()).run(4, &RunOptions { until_ns, ..RunOptions::default() });
        assert_eq!(bytes[..bins].iter().sum::<u64>(), early.record.messages.bytes, "{bins}");
    }
}

#[test]
fn operations_and_latencies_are_those_of_the_trace() {
    let output = with_series(storm(), 5, Some(50_000_000), TraceLevel::Full);
    let series = series_of(&output);
    let ended = super::lines(&output).iter().filter(|line| line.what == "ended");
    assert_eq!(series.operations, binned(ended, series.bin_ns));
    // This workload is a closed loop: operations start when they are meant to.
    let mut begun: BTreeMap<&str, u64> = BTreeMap::new();
    let mut by_bin: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
    for line in super::lines(&output) {
        let (op, rest) = line.text.split_once(' ').unwrap_or((&line.text, ""));
        // The final operation is no part of the load.
        if line.what == "invoke" && rest != "7777" {
            begun.insert(op, line.time_ns);
        } else if line.what == "ended" && line.kind.as_deref() == Some("ok") {
            let Some(start) = begun.remove(op) else { continue };
            let bin = (line.time_ns / series.bin_ns) as usize;
            by_bin.entry(bin).or_default().push(line.time_ns - start);
        }
    }
    assert!(by_bin.len() > 5);
    assert_eq!(series.latency, by_bin.values().flatten().copied().collect());
    for (bin, latencies) in &mut by_bin {
        latencies.sort_unstable();
        let middle = latencies[latencies.len().div_ceil(2) - 1];
        assert_eq!(series.latency_by_bin.p50[*bin], middle);
        assert_eq!(series.latency_by_bin.max[*bin], latencies[latencies.len() - 1]);
    }
    let empty = (0..series.latency_by_bin.max.len()).filter(|bin| !by_bin.contains_key(bin));
    for bin in empty {
        assert_eq!(series.latency_by_bin.max[bin], 0);
    }
}

#[test]
fn faults_hold_until_they_end_are_repaired_or_the_run_heals() {
    let output = with_series(storm(), 6, None, TraceLevel::Off);
    let told = series_of(&output).faults.iter();
    let spans: Vec<(u64, u64, &str)> = told
        .map(|(from, until, kind)| (from / 1_000_000, until / 1_000_000, kind.as_str()))
        .collect();
    assert_eq!(
        spans,
        [
            (300, 550, "partition"),
            (700, 800, "pause"),
            // n3 stays down until the run heals.
            (900, 2000, "crash"),
            (1200, 1200, "restart"),
            (1500, 2000, "clog"),
            (2000, 2000, "heal"),
        ]
    );
    let crash = json!({ "at": "400ms", "select": "n2" });
    let early = json!({ "params": { "calm": 100 }, "faults": [{ "crash": crash }] });
    let stopped = with_series(early, 6, None, TraceLevel::Off);
    let end = stopped.record.virtual_time_ns;
    assert!(end < 2_000_000_000);
    assert_eq!(series_of(&stopped).faults, [(400_000_000, end, "crash".to_owned())]);
}

#[test]
fn hosts_reach_milestones_when_the_trace_says() {
    let output = with_series(storm(), 7, None, TraceLevel::Full);
    let mut heard: BTreeMap<String, u64> = BTreeMap::new();
    let mut tenth: BTreeMap<String, u64> = BTreeMap::new();
    for line in super::lines(&output) {
        let host = line.host.clone().unwrap_or_default();
        if line.what == "handled" && line.kind.as_deref() == Some("tick") {
            let count = heard.entry(host.clone()).or_default();
            *count += 1;
            if *count == 10 {
                tenth.entry(host).or_insert(line.time_ns);
            }
        } else if line.what == "boot" {
            heard.insert(host, 0);
        }
    }
    let series = series_of(&output);
    assert_eq!(series.host_milestones, BTreeMap::from([("heard-ten".to_owned(), tenth)]));
    assert_eq!((series.host_milestones["heard-ten"].len(), series.hosts), (3, 3));
    assert!(!output.record.milestones.contains_key("heard-ten"), "it is no matter of the run");
}

/// What is asked for changes nothing else.
#[test]
fn a_run_is_the_same_with_and_without() {
    for seed in 0..5 {
        let plain = plan(storm()).run(seed, &RunOptions::default()).record;
        assert_eq!(plain.series, None);
        for bin_ns in [None, Some(1_000_000), Some(3_333_333)] {
            let mut asked = with_series(storm(), seed, bin_ns, TraceLevel::Off).record;
            assert!(asked.series.take().is_some());
            assert_eq!(asked, plain);
        }
    }
}

/// Nobody knows how long a script takes: bins start narrow, and grow.
#[test]
fn bins_grow_where_the_length_is_unknown() {
    let of = |wait: &str| {
        let script = json!({ "end": null, "script": [{ "wait": wait }] });
        with_series(script, 1, None, TraceLevel::Full)
    };
    for (wait, bin_ms) in [("150ms", 1), ("350ms", 2), ("1s", 10), ("3s", 20), ("5s", 100)] {
        let output = of(wait);
        let series = series_of(&output);
        assert_eq!(series.bin_ns, bin_ms * 1_000_000, "{wait}");
        assert!(series.bytes.len() <= 200);
        let sent = super::lines(&output).iter().filter(|line| line.what == "sent");
        assert_eq!(series.sent, binned(sent, series.bin_ns), "{wait}");
    }
}
