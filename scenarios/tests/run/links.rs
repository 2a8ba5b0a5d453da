//! What links carry, and streams: through scenarios.

use seedbed_scenarios::format::load_text;
use seedbed_scenarios::run::{RunOutput, TraceLevel, Verdict};
use serde_json::{Value, json};

use super::{RunOptions, fault_lines, lines, plan, run, ticks, traced};

/// The bytes of a tick.
fn tick_bytes() -> u64 {
    let messages = run(json!({})).messages;
    assert_eq!(messages.bytes % messages.sent, 0);
    messages.bytes / messages.sent
}

/// A rate at which a link carries half of the ticks: 50 in a second.
fn half_rate() -> String {
    format!("{}bit", tick_bytes() * 8 * 50)
}

/// Ticks on the link from n1 to n2 before, during and after a fault from 500 ms to 1 s.
fn counts(output: &RunOutput, from: &str, to: &str) -> [usize; 3] {
    assert_eq!(output.record.verdict, Verdict::Pass, "{:?}", output.record.message);
    [50..450, 550..950, 1050..1450].map(|ms| ticks(output, from, to, ms))
}

#[test]
fn a_throttled_link_carries_its_rate_and_then_what_waited() {
    let output = traced(json!({ "faults": [ { "bandwidth": { "at": "500ms", "for": "500ms",
        "rate": half_rate(), "queue": "1KiB", "from": "n1", "to": "n2" } } ] }));
    assert_eq!(counts(&output, "n1", "n2"), [40, 20, 40]);
    assert_eq!(counts(&output, "n2", "n1"), [40, 40, 40]);
    // What still waited comes at once when it is let go.
    assert!(ticks(&output, "n1", "n2", 1000..1005) >= 24);
    assert_eq!(output.record.faults["bandwidth"], 1);
    assert_eq!(output.record.messages.queue_dropped, 0);
    let told = format!("bandwidth of {} with a queue of 1KiB n1 -> n2", rate_as_told());
    assert_eq!(fault_lines(&output)[0], (500, format!("{told} for 500ms")));
    assert_eq!(fault_lines(&output)[1], (1000, format!("{told} ends")));
    assert!(
        lines(&output).iter().any(|line| line.what == "sent" && line.text.ends_with("(queued)"))
    );
}

fn rate_as_told() -> String {
    let bits = tick_bytes() * 8 * 50;
    if bits.is_multiple_of(1000) { format!("{}kbit", bits / 1000) } else { format!("{bits}bit") }
}

#[test]
fn a_full_queue_drops() {
    let queue = format!("{}B", tick_bytes() * 5);
    let output = traced(json!({ "faults": [ { "bandwidth": { "at": "500ms", "for": "500ms",
        "rate": half_rate(), "queue": queue, "from": "n1", "to": "n2" } } ] }));
    assert_eq!(counts(&output, "n1", "n2"), [40, 20, 40]);
    // Of 50, 25 are carried and 5 wait when it ends.
    assert!(output.record.messages.queue_dropped.abs_diff(20) <= 2, "{:?}", output.record.messages);
}

#[test]
fn a_heal_of_one_end_ends_a_throttle_on_its_links() {
    let output = traced(json!({ "faults": [
        { "bandwidth": { "at": "500ms", "rate": half_rate() } },
        { "heal": { "at": "1s", "select": "n1" } },
    ] }));
    assert_eq!(counts(&output, "n1", "n2"), [40, 20, 40]);
    assert_eq!(counts(&output, "n3", "n1"), [40, 20, 40]);
    assert_eq!(counts(&output, "n2", "n3"), [40, 20, 20]);
    assert_eq!(ticks(&output, "n2", "n3", 2100..2500), 40, "and at the end all are healed");
}

#[test]
fn a_throttle_of_a_link_that_is_as_slow_has_no_effect() {
    let record = run(json!({ "network": { "latency": "1ms", "bandwidth": "1mbit" },
        "faults": [ { "bandwidth": { "at": "500ms", "rate": "1mbit" } } ] }));
    assert_eq!(record.verdict, Verdict::Vacuous);
}

#[test]
fn a_drawn_throttle_takes_effect() {
    let output = traced(json!({ "faults": [ { "random": { "from": "100ms", "until": "1s",
        "kinds": ["bandwidth"], "times": [3, 3], "for": ["100ms", "500ms"] } } ] }));
    assert_eq!(output.record.faults["bandwidth"], 3);
    assert!(lines(&output).iter().any(|line| line.text.ends_with("(queued)")));
}

#[test]
fn links_and_the_network_have_a_rate_a_queue_and_a_cost() {
    let slow = |network: Value| {
        let output = traced(json!({ "network": network }));
        [ticks(&output, "n1", "n2", 500..1500), ticks(&output, "n2", "n1", 500..1500)]
    };
    let rate = half_rate();
    assert_eq!(slow(json!({ "latency": "1ms", "bandwidth": rate })), [50, 50]);
    let one = json!([{ "from": "n1", "to": "n2", "bandwidth": rate }]);
    assert_eq!(slow(json!({ "latency": "1ms", "links": one })), [50, 100]);
    assert_eq!(slow(json!({ "latency": "1ms", "cost": "40ms" })), [25, 25]);
    let other = json!([{ "from": "n1", "to": "n2", "cost": "20ms" }]);
    assert_eq!(slow(json!({ "latency": "1ms", "cost": "40ms", "links": other })), [50, 25]);
}

fn streamed(over: Value) -> RunOutput {
    let mut fields = json!({ "network": { "latency": "1ms", "transport": "stream",
        "dead_link": "300ms", "retransmit": "50ms" } });
    let all = fields.as_object_mut().expect("an object");
    all.extend(over.as_object().expect("an object").clone());
    traced(fields)
}

fn disconnects(output: &RunOutput) -> Vec<(u64, String, String)> {
    let told = lines(output).iter().filter(|line| line.what == "disconnected");
    told.map(|line| {
        let name = |name: &Option<String>| name.clone().unwrap_or_default();
        (line.time_ns / 1_000_000, name(&line.host), name(&line.peer))
    })
    .collect()
}

#[test]
fn a_short_cut_of_a_stream_only_delays() {
    let output = streamed(json!({ "faults": [
        { "partition": { "at": "500ms", "for": "250ms", "isolate": "n1" } } ] }));
    assert_eq!(ticks(&output, "n1", "n2", 501..750), 0);
    assert!(ticks(&output, "n1", "n2", 750..755) >= 24);
    assert_eq!(disconnects(&output), []);
    assert_eq!((output.record.messages.cut, output.record.messages.lost), (0, 0));
    assert!(!output.record.milestones.contains_key("stream-broken"));
}

#[test]
fn a_long_cut_of_a_stream_is_told_to_both_ends() {
    let output = streamed(json!({ "faults": [
        { "partition": { "at": "500ms", "for": "500ms", "groups": [["n1"], ["n2"]] } } ] }));
    let pair = |ms, one: &str, other: &str| (ms, one.to_owned(), other.to_owned());
    assert_eq!(disconnects(&output)[..2], [pair(800, "n1", "n2"), pair(800, "n2", "n1")]);
    assert!(output.record.messages.cut >= 50, "{:?}", output.record.messages);
    assert_eq!(ticks(&output, "n1", "n2", 1050..1450), 40);
    assert_eq!(output.record.milestones["stream-broken"], 800_000_000);
}

#[test]
fn a_stream_loses_nothing_and_a_crash_breaks_it() {
    let lossy = streamed(json!({ "faults": [
        { "loss": { "at": "500ms", "for": "500ms", "chance": "20%" } } ] }));
    let messages = &lossy.record.messages;
    assert_eq!((messages.lost, messages.sent), (0, messages.delivered + messages.in_flight_at_end));
    assert!(ticks(&lossy, "n1", "n2", 500..1000) < 50, "but it is late");
    let crashed = streamed(json!({ "faults": [
        { "crash": { "at": "500ms", "for": "500ms", "select": "n3" } } ] }));
    let told = disconnects(&crashed);
    assert_eq!(told[0], (501, "n1".to_owned(), "n3".to_owned()));
    assert!(crashed.record.messages.host_down > 0);
}

/// Where hosts talk by datagrams there is no stream to break, and no milestone of it.
#[test]
fn the_milestone_of_streams_is_theirs() {
    let text = |transport: &str| {
        json!({ "format_version": 1, "name": "x", "protocol": "tick", "nodes": 2,
            "network": { "transport": transport }, "contract": "beyond",
            "sometimes": { "stream-broken": "1%" },
            "end": { "heal_at": "1s", "settle": "2s" } })
        .to_string()
    };
    let catalog = seedbed_scenarios::Registry::new().with::<super::tick::Tick>().catalog();
    let load = |transport: &str| {
        load_text(std::path::Path::new("x.json"), &text(transport), &[], &catalog).is_ok()
    };
    assert!(load("stream") && !load("datagram"));
    let quiet = plan(json!({ "network": { "transport": "stream" } }));
    let options = RunOptions { trace: TraceLevel::Full, ..RunOptions::default() };
    assert_eq!(quiet.run(7, &options).record.verdict, Verdict::Pass);
}
