//! The service **broadcast**: publish a value at one host, and every host comes to know it.
//!
//! The promise: a value whose publication was acknowledged is known everywhere in the end; a value
//! that nobody published is known nowhere. (The broadcast workload of Maelstrom asks the same.)
//! The second half is judged on the history; the first is a matter of time, and so a milestone of
//! the protocol with a bound after heal.

use std::collections::BTreeSet;
use std::fmt;

use schemars::JsonSchema;
use seedbed_checkers::{Explanation, Outcome, Verdict};
use seedbed_sim::{ClientConfig, ClientView, Next, NodeId, Rng, Service, Target, Workload};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::history::checkable;
use crate::service::{
    CheckKind, HistoryRecord, OptionsError, Tested, WorkloadKind, WorkloadPlan, parse_options,
};
use crate::units::{Nanos, Rate};

/// The service: see the module.
#[derive(Debug)]
pub enum Broadcast {}

/// What a client may ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BroadcastOp {
    /// Make this value known everywhere.
    Publish(u64),
    /// Which values does the host know?
    Read,
}

/// What comes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BroadcastRet {
    /// The value will be known everywhere.
    Published,
    /// The values that the host knows.
    Values(BTreeSet<u64>),
}

impl Service for Broadcast {
    const NAME: &'static str = "broadcast";
    type Op = BroadcastOp;
    type Ret = BroadcastRet;
    /// A value that a host came to know.
    type Item = u64;
}

impl Tested for Broadcast {
    const ABOUT: &'static str = "publish a value at one host; every host comes to know it";

    fn workloads() -> Vec<WorkloadKind<Self>> {
        vec![WorkloadKind {
            name: "broadcast",
            about: "each client publishes values of its own at random hosts",
            schema: || schemars::schema_for!(Options),
            build: |options| plan(&parse_options(options)?),
        }]
    }

    fn finals(members: &[NodeId]) -> Vec<(BroadcastOp, Target)> {
        members.iter().map(|host| (BroadcastOp::Read, Target::Host(*host))).collect()
    }

    fn checks() -> Vec<CheckKind<Self>> {
        vec![CheckKind {
            name: "reads-sound",
            about: "no read shows a value that nobody published",
            judge: reads_sound,
        }]
    }

    fn parse_op(value: &Value) -> Result<BroadcastOp, OptionsError> {
        match value {
            Value::String(text) if text == "read" => Ok(BroadcastOp::Read),
            Value::Number(number) => number.as_u64().map(BroadcastOp::Publish).ok_or_else(|| {
                OptionsError::new("", format!("{number} is no value: expected 0 or more"))
            }),
            other => Err(OptionsError::new(
                "",
                format!("expected a number to publish, or \"read\", not {other}"),
            )),
        }
    }
}

/// The options of the workload `broadcast`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// How many clients.
    #[serde(default = "four")]
    #[schemars(range(min = 1))]
    pub clients: u32,
    /// How many values are published in a time, over all clients.
    pub rate: Rate,
    /// When a client gives an operation up.
    #[serde(default = "one_second")]
    pub timeout: Nanos,
}

fn four() -> u32 {
    4
}

fn one_second() -> Nanos {
    Nanos::from_millis(1000)
}

fn plan(options: &Options) -> Result<WorkloadPlan<Broadcast>, OptionsError> {
    if options.clients == 0 {
        return Err(OptionsError::new("clients", "expected at least 1"));
    }
    let config = ClientConfig {
        interval: Some(options.rate.interval(options.clients)),
        timeout: options.timeout.duration(),
        ..ClientConfig::default()
    };
    Ok(WorkloadPlan {
        clients: options.clients,
        config,
        program: Box::new(|_| Box::new(Publisher { published: 0 })),
    })
}

/// Publishes values that no other client publishes.
struct Publisher {
    published: u64,
}

impl Workload<Broadcast> for Publisher {
    fn next(
        &mut self,
        client: &ClientView<'_>,
        _: Option<(&BroadcastOp, &seedbed_sim::Outcome<BroadcastRet>)>,
        _: &mut Rng,
    ) -> Next<BroadcastOp> {
        self.published += 1;
        let value = u64::from(client.number) << 32 | self.published;
        Next::Invoke(BroadcastOp::Publish(value), Target::Any)
    }
}

impl fmt::Display for BroadcastOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BroadcastOp::Publish(value) => write!(f, "publish {value}"),
            BroadcastOp::Read => f.write_str("read"),
        }
    }
}

impl fmt::Display for BroadcastRet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BroadcastRet::Published => f.write_str("published"),
            BroadcastRet::Values(values) => write!(f, "{} values", values.len()),
        }
    }
}

/// Judges a history: see [`Broadcast::checks`].
fn reads_sound(records: &[HistoryRecord<Broadcast>]) -> Verdict {
    let history = checkable::<Broadcast>(records);
    let published: BTreeSet<u64> = history
        .operations()
        .iter()
        .filter_map(|operation| match operation.op {
            BroadcastOp::Publish(value) => Some(value),
            BroadcastOp::Read => None,
        })
        .collect();
    for (id, operation) in history.iter() {
        let Outcome::Ok(BroadcastRet::Values(values)) = &operation.outcome else {
            continue;
        };
        if let Some(value) = values.difference(&published).next() {
            let summary = format!("{value} was read, but nobody ever published it");
            return Verdict::Fail(Explanation::new("only-published", summary, &history, [id]));
        }
    }
    Verdict::Pass
}
