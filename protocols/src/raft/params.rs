//! The options of Raft.

use std::time::Duration;

use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::bugs::Bug;
use crate::units::Nanos;

/// The options of Raft, as a scenario's `params` give them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// A follower that hears from no leader for a time drawn uniformly from this range becomes a
    /// candidate; so does a candidate that neither wins nor loses. The paper suggests 150 to
    /// 300 ms (section 9.3). The lower bound must be well above `heartbeat` plus the time that a
    /// message takes, or healthy leaders are deposed; a narrow range makes elections split again
    /// and again.
    #[serde(deserialize_with = "ordered_range")]
    pub election_timeout: [Nanos; 2],
    /// How often a leader tells its followers that it is alive. It also sends lost entries again
    /// and spreads the commit index, so followers lag by up to this. A third of the lower election
    /// timeout, or less, survives the loss of single messages. Much less is only traffic.
    #[serde(deserialize_with = "positive")]
    pub heartbeat: Nanos,
    /// How many entries an append-entries message carries at most. 64 keeps messages short beside
    /// what an election timeout allows; 1 makes a follower that was away take a round trip for
    /// each entry that it missed.
    #[serde(deserialize_with = "at_least_one")]
    #[schemars(range(min = 1))]
    pub batch_max: u32,
    /// Whether a new leader appends an entry without a command (section 8). Until a leader has
    /// committed an entry of its own term it cannot commit earlier ones, nor answer a read: with
    /// `false`, both wait for the next append of a client, and reads after the last append are
    /// refused for ever if a leader was elected since. `false` is for experiments in which the
    /// index of a client's command matters, as in course labs.
    pub noop: bool,
    /// Plants a published bug.
    pub bug: Option<Bug>,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            election_timeout: [Nanos::from_millis(150), Nanos::from_millis(300)],
            heartbeat: Nanos::from_millis(50),
            batch_max: 64,
            noop: true,
            bug: None,
        }
    }
}

impl Params {
    /// The bounds between which election timeouts are drawn.
    pub fn election_timeout(&self) -> (Duration, Duration) {
        let [low, high] = self.election_timeout;
        (Duration::from_nanos(low.0), Duration::from_nanos(high.0.max(low.0)))
    }

    /// The time between two heartbeats.
    pub fn heartbeat(&self) -> Duration {
        Duration::from_nanos(self.heartbeat.0)
    }
}

fn ordered_range<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[Nanos; 2], D::Error> {
    let [low, high] = <[Nanos; 2]>::deserialize(deserializer)?;
    if low == Nanos::ZERO {
        return Err(D::Error::custom("an election timeout of zero elects for ever"));
    }
    if low > high {
        return Err(D::Error::custom("the lower bound comes first: [\"150ms\", \"300ms\"]"));
    }
    Ok([low, high])
}

fn positive<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Nanos, D::Error> {
    let time = Nanos::deserialize(deserializer)?;
    if time == Nanos::ZERO {
        return Err(D::Error::custom("a heartbeat of zero leaves time for nothing else"));
    }
    Ok(time)
}

fn at_least_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let count = u32::deserialize(deserializer)?;
    if count == 0 {
        return Err(D::Error::custom("a message of at most 0 entries carries none: at least 1"));
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_read_as_scenarios_write_them() {
        let text =
            r#"{ "election_timeout": ["1s", "2s"], "noop": false, "bug": "prior-term-commit" }"#;
        let params: Params = serde_json::from_str(text).expect("good options");
        assert_eq!(params.election_timeout(), (Duration::from_secs(1), Duration::from_secs(2)));
        assert_eq!(params.heartbeat(), Duration::from_millis(50));
        assert_eq!((params.noop, params.bug), (false, Some(Bug::PriorTermCommit)));
    }

    #[test]
    fn options_that_cannot_work_are_refused() {
        let wrong =
            |text: &str| serde_json::from_str::<Params>(text).expect_err("bad options").to_string();
        assert!(wrong(r#"{ "election_timeout": ["2s", "1s"] }"#).contains("lower bound"));
        assert!(wrong(r#"{ "election_timeout": ["0", "1s"] }"#).contains("zero"));
        assert!(wrong(r#"{ "heartbeat": "0" }"#).contains("zero"));
        assert!(wrong(r#"{ "batch_max": 0 }"#).contains("at least 1"));
        assert!(wrong(r#"{ "heart_beat": "50ms" }"#).contains("unknown field"));
        assert!(wrong(r#"{ "bug": "no-such-bug" }"#).contains("unknown variant"));
    }
}
