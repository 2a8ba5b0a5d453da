//! What is kept of a run: one object, the same in `run --format json` and in `results.jsonl`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::series::Series;

/// The version of the object's layout.
pub const RECORD_VERSION: u32 = 1;

/// The outcome of one run. Times are integer nanoseconds of virtual time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunRecord {
    /// [`RECORD_VERSION`].
    pub format_version: u32,
    /// The scenario's name.
    pub scenario: String,
    /// The protocol that ran.
    pub protocol: String,
    /// The seed; a string above 2^53, which JSON numbers may not carry exactly.
    #[serde(with = "super::seed")]
    pub seed: u64,
    /// What the run says.
    pub verdict: Verdict,
    /// The property that was violated, or what made the run unknown or vacuous.
    pub property: Option<String>,
    /// One sentence about it.
    pub message: Option<String>,
    /// Further properties that were violated at the same event, or afterwards with `--keep-going`.
    pub also: Vec<String>,
    /// The digest of the whole run, 16 hex digits.
    pub digest: String,
    /// How many events were handled.
    pub events: u64,
    /// When the run ended.
    pub virtual_time_ns: u64,
    /// When each milestone was first reached; absent if never.
    pub milestones: BTreeMap<String, u64>,
    /// How long after heal each milestone held: 0 if it held at heal, absent if never.
    pub milestones_after_heal: BTreeMap<String, u64>,
    /// Numbers that the protocol, the service or a checker measured.
    #[serde(serialize_with = "plain_numbers")]
    pub measures: BTreeMap<String, f64>,
    /// Messages, and what became of them.
    pub messages: Messages,
    /// How operations ended.
    pub operations: Operations,
    /// How often each kind of fault took effect.
    pub faults: BTreeMap<String, u64>,
    /// The fault kinds that `swarm` switched off for this seed.
    pub swarm_off: Vec<String>,
    /// What it looked like over time, if that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<Series>,
}

/// Whole numbers without `.0`: times are integers, and so are counts.
fn plain_numbers<S: Serializer>(
    numbers: &BTreeMap<String, f64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    const EXACT_MAX: f64 = (1_u64 << 53) as f64;
    serializer.collect_map(numbers.iter().map(|(name, number)| {
        let whole = number.fract() == 0.0 && number.abs() <= EXACT_MAX;
        (name, if whole { Value::from(*number as i64) } else { Value::from(*number) })
    }))
}

/// What a run says. In order of precedence: fail, unknown, vacuous, pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every property held, and every fault that was reached took effect.
    Pass,
    /// Every property held, but something that should have happened never did: it proves little.
    Vacuous,
    /// A limit or a budget ran out before a verdict.
    Unknown,
    /// A property was violated.
    Fail,
}

/// Messages of a run. `sent + duplicated` is the sum of the fates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Messages {
    /// Left their host, client traffic included.
    pub sent: u64,
    /// Copies that the network made.
    pub duplicated: u64,
    /// Handed to a handler.
    pub delivered: u64,
    /// Lost on the way.
    pub lost: u64,
    /// Sent into a partition.
    pub cut: u64,
    /// Dropped from a full inbox.
    pub queue_dropped: u64,
    /// Could not be decoded after corruption, or was refused: by its checksum, or by a host that was
    /// not its addressee.
    pub undecodable: u64,
    /// Had bits flipped, whether it could still be decoded or not: no fate of its own.
    #[serde(default)]
    pub corrupted: u64,
    /// Went to another host than it was sent to: no fate of its own.
    #[serde(default)]
    pub misdirected: u64,
    /// Came to a host that was down.
    pub host_down: u64,
    /// Not handled when the run ended.
    pub in_flight_at_end: u64,
    /// Bytes of all that were sent.
    pub bytes: u64,
    /// How many were sent of each kind; client traffic is `client-request` and `client-reply`.
    pub by_kind: BTreeMap<String, u64>,
}

/// How operations ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operations {
    /// Took place.
    pub ok: u64,
    /// Never took place.
    pub fail: u64,
    /// Nobody knows.
    pub info: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_are_written_plainly_and_read_back_to_the_last_bit() {
        #[derive(Serialize, Deserialize)]
        struct Measured(#[serde(serialize_with = "plain_numbers")] BTreeMap<String, f64>);
        // Numbers that a fast but careless reader of JSON gets wrong by one bit.
        let numbers = [9074.0, 21.533875338753386, 15.664772727272727, 26.363449691991786, 1e300];
        let names = ["a", "b", "c", "d", "e"].map(str::to_owned);
        let measures: BTreeMap<String, f64> = names.into_iter().zip(numbers).collect();
        let text = serde_json::to_string(&Measured(measures.clone())).unwrap();
        assert!(text.starts_with(r#"{"a":9074,"b":21.533875338753386,"#), "{text}");
        let again: Measured = serde_json::from_str(&text).unwrap();
        assert_eq!(again.0, measures);
    }
}
