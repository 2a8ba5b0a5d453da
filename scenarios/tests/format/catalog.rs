//! A catalog such as a registry of protocols would give, without one.

use std::collections::BTreeMap;

use seedbed_protocols::Tolerance;
use seedbed_scenarios::format::{
    Catalog, Entry, Nanos, ProtocolEntry, Rate, ServiceEntry, options_of,
};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read for its mistakes")]
pub struct RaftParams {
    election_timeout: Option<(Nanos, Nanos)>,
    heartbeat: Option<Nanos>,
    bug: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read for its mistakes")]
struct KvParams {
    raft: Option<RaftParams>,
    bug: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read for its mistakes")]
struct AppendWorkload {
    clients: u32,
    rate: Option<Rate>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read for its mistakes")]
struct CountVerb {
    of: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read for its mistakes")]
struct MessagesPerOperation {
    at_most: f64,
}

fn entries(names: &[&str]) -> Vec<Entry> {
    names.iter().map(|name| Entry::new(*name, "")).collect()
}

fn raft_liveness_bound(params: &Value, _hosts: u64) -> Option<Nanos> {
    let longest = params.get("election_timeout").and_then(|range| range.get(1));
    let longest = longest.and_then(Value::as_str).and_then(|text| Nanos::parse(text).ok());
    Some(Nanos(longest.unwrap_or(Nanos::from_millis(300)).0.saturating_mul(10)))
}

fn raft() -> ProtocolEntry {
    ProtocolEntry {
        about: "Raft".to_owned(),
        selectors: entries(&["leader", "follower", "candidate"]),
        milestones: entries(&["leader-elected", "leader-deposed"]),
        kinds: ["vote", "vote-reply", "append-entries"].map(str::to_owned).to_vec(),
        bugs: entries(&["vote-twice", "commit-old-term"]),
        invariants: entries(&["election-safety", "log-matching", "commit-rule"]),
        measures: entries(&["leaderless_time"]),
        params: Some(options_of::<RaftParams>()),
        service: Some("log".to_owned()),
        tolerance: Some(|hosts| Tolerance {
            crashes: (hosts as usize).saturating_sub(1) / 2,
            ..Tolerance::default()
        }),
        names_cores: true,
        liveness_bound: Some(raft_liveness_bound),
        ..ProtocolEntry::default()
    }
}

/// Raft, a key/value service on it, gossip without clients, and MapReduce with roles.
pub fn catalog() -> Catalog {
    let kv = ProtocolEntry {
        bugs: entries(&["stale-read"]),
        params: Some(options_of::<KvParams>()),
        inner: BTreeMap::from([("raft".to_owned(), "raft".to_owned())]),
        service: Some("kv".to_owned()),
        ..raft()
    };
    let gossip = ProtocolEntry {
        milestones: entries(&["rumor-everywhere"]),
        kinds: vec!["push".to_owned()],
        invariants: entries(&["no-invention"]),
        measures: entries(&["residue"]),
        ..ProtocolEntry::default()
    };
    let map_reduce =
        ProtocolEntry { roles: entries(&["coordinator", "worker"]), ..ProtocolEntry::default() };
    let log = ServiceEntry {
        workloads: vec![Entry::new("append", "").with_options::<AppendWorkload>()],
        checks: vec![
            Entry::new("linearizable", ""),
            Entry::new("messages_per_operation", "").with_options::<MessagesPerOperation>(),
        ],
        verbs: vec![Entry::new("count", "").with_options::<CountVerb>()],
        ..ServiceEntry::default()
    };
    let kv_service = ServiceEntry {
        workloads: vec![Entry::new("kv", "").with_options::<AppendWorkload>()],
        checks: vec![Entry::new("linearizable", "")],
        ..ServiceEntry::default()
    };
    let named = |pairs: Vec<(&str, ProtocolEntry)>| {
        pairs.into_iter().map(|(name, entry)| (name.to_owned(), entry)).collect()
    };
    Catalog {
        protocols: named(vec![
            ("raft", raft()),
            ("kv", kv),
            ("gossip", gossip),
            ("map-reduce", map_reduce),
        ]),
        services: BTreeMap::from([("log".to_owned(), log), ("kv".to_owned(), kv_service)]),
        properties: entries(&["node-panicked"]),
        ..Catalog::default()
    }
}
