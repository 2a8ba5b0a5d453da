//! Broadcast by flooding.
//!
//! A host that learns a value writes it down, hands it upward, and passes it on to its neighbours,
//! again and again until each has acknowledged it. An acknowledgement is a promise: *I shall not
//! forget this value*, so it waits for the disk. A host that restarts reads its values back, and
//! passes all of them on again, because it has forgotten who knew them.
//!
//! On a connected graph every value reaches every host as soon as the faults end: whoever knows it
//! never stops telling a neighbour that has not promised to remember it.
//!
//! What we leave out: pruning (every value crosses every link), and forgetting old values.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use seedbed::protocols::services::{Broadcast, BroadcastOp, BroadcastRet};
use seedbed::protocols::units::Nanos;
use seedbed::protocols::{Bug, Protocol, Tolerance};
use seedbed::sim::{
    Check, Context, Invariant, Message, Milestone, Node, NodeId, Observation, OpId, View, Watch,
    broken,
};
use serde::{Deserialize, Serialize};

/// The file that holds the values a host knows, eight bytes each.
const KNOWN: &str = "known";

/// One host.
#[derive(Clone, Debug, Serialize)]
pub struct Flooding {
    params: Params,
    known: BTreeSet<u64>,
    /// For each neighbour, what it has not acknowledged yet.
    owed: BTreeMap<NodeId, BTreeSet<u64>>,
}

/// The scenario's `params`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Who is whose neighbour.
    pub topology: Topology,
    /// How long a host waits for acknowledgements before it tells its neighbours again.
    pub retry: Nanos,
    /// A bug to plant.
    pub bug: Option<PlantedBug>,
}

impl Default for Params {
    fn default() -> Self {
        Params { topology: Topology::Total, retry: Nanos::from_millis(100), bug: None }
    }
}

/// Who is whose neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Topology {
    /// Everybody is everybody's.
    Total,
    /// The one before and the one after; the first and the last are neighbours.
    Ring,
    /// The one before and the one after.
    Line,
    /// Left, right, above and below in a square that is filled row by row.
    Grid,
    /// Parent and children in a binary tree, the first host at its root.
    Tree,
}

/// Bugs to plant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlantedBug {
    /// Acknowledges before the value is durable.
    AckBeforeSync,
    /// Hands a value upward each time it is told.
    DeliverTwice,
}

/// What hosts say to each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Gossip {
    /// There is this value.
    Value(u64),
    /// I shall not forget this value.
    Ack(u64),
}

impl Message for Gossip {
    fn kinds() -> Vec<Cow<'static, str>> {
        vec!["value".into(), "ack".into()]
    }

    fn kind(&self) -> usize {
        match self {
            Gossip::Value(_) => 0,
            Gossip::Ack(_) => 1,
        }
    }
}

/// The only timer: tell again what has not been acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TellAgain;

impl Node for Flooding {
    type Service = Broadcast;
    type Message = Gossip;
    type Timer = TellAgain;
    type Params = Params;

    fn boot(ctx: &mut Context<'_, Self>, params: &Params) -> Self {
        let known = match ctx.disk().read(KNOWN) {
            // A value whose last bytes were lost was never promised to anybody.
            Ok(bytes) => values_in(&bytes).collect(),
            Err(_) => BTreeSet::new(),
        };
        let whole = known_bytes(&known);
        if ctx.disk().len(KNOWN).is_some_and(|len| len > whole) {
            ctx.disk().truncate(KNOWN, whole).expect("the file is there");
        }
        let owed = neighbours(ctx, params.topology).map(|host| (host, known.clone())).collect();
        let mut flooding = Flooding { params: params.clone(), known, owed };
        flooding.tell_again(ctx);
        flooding
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: NodeId, message: Gossip) {
        match message {
            Gossip::Value(value) => {
                if self.params.bug == Some(PlantedBug::AckBeforeSync) {
                    ctx.send(from, Gossip::Ack(value));
                    self.learn(ctx, value, Some(from));
                    return;
                }
                self.learn(ctx, value, Some(from));
                ctx.sync();
                ctx.send(from, Gossip::Ack(value));
            }
            Gossip::Ack(value) => {
                if let Some(owed) = self.owed.get_mut(&from) {
                    owed.remove(&value);
                }
            }
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, _: TellAgain) {
        self.tell_again(ctx);
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, id: OpId, op: BroadcastOp) {
        match op {
            BroadcastOp::Publish(value) => {
                self.learn(ctx, value, None);
                ctx.sync();
                ctx.reply(id, BroadcastRet::Published);
            }
            BroadcastOp::Read => ctx.reply(id, BroadcastRet::Values(self.known.clone())),
        }
    }
}

impl Flooding {
    /// Takes note of a value, and passes it on to all neighbours but the one it came from.
    fn learn(&mut self, ctx: &mut Context<'_, Self>, value: u64, from: Option<NodeId>) {
        let news = self.known.insert(value);
        if news || self.params.bug == Some(PlantedBug::DeliverTwice) {
            ctx.deliver(value);
        }
        if !news {
            return;
        }
        ctx.disk().append(KNOWN, &value.to_le_bytes()).expect("a disk with room");
        for (host, owed) in &mut self.owed {
            if Some(*host) != from {
                owed.insert(value);
                ctx.send(*host, Gossip::Value(value));
            }
        }
        ctx.set_timer(TellAgain, self.params.retry.duration());
    }

    /// Tells every neighbour again what it has not acknowledged.
    fn tell_again(&mut self, ctx: &mut Context<'_, Self>) {
        for (host, owed) in &self.owed {
            for value in owed {
                ctx.send(*host, Gossip::Value(*value));
            }
        }
        if self.owed.values().any(|owed| !owed.is_empty()) {
            ctx.set_timer(TellAgain, self.params.retry.duration());
        }
    }
}

/// The values in a file of them; half a value at the end is none.
fn values_in(bytes: &[u8]) -> impl Iterator<Item = u64> + '_ {
    bytes.as_chunks().0.iter().map(|value| u64::from_le_bytes(*value))
}

/// How long the file of these values is.
fn known_bytes(known: &BTreeSet<u64>) -> u64 {
    8 * known.len() as u64
}

/// The hosts that this one tells.
fn neighbours(
    ctx: &Context<'_, Flooding>,
    topology: Topology,
) -> impl Iterator<Item = NodeId> + use<> {
    let members = ctx.members();
    let count = members.len();
    let place = |wanted: NodeId| members.iter().position(|host| *host == wanted).unwrap_or(0);
    let own = place(ctx.me());
    let near = |host: &NodeId| topology.joins(own, place(*host), count);
    let chosen: BTreeSet<NodeId> = ctx.peers().filter(near).collect();
    chosen.into_iter()
}

impl Topology {
    /// Whether two different ones of `count` hosts are neighbours, by their places.
    fn joins(self, one: usize, other: usize, count: usize) -> bool {
        let (low, high) = (one.min(other), one.max(other));
        match self {
            Topology::Total => true,
            Topology::Ring => high - low == 1 || high - low == count - 1,
            Topology::Line => high - low == 1,
            Topology::Grid => {
                let side = (1..).find(|side| side * side >= count).unwrap_or(count);
                high - low == side || (high - low == 1 && low % side < side - 1)
            }
            Topology::Tree => (high - 1) / 2 == low,
        }
    }
}

impl Protocol for Flooding {
    const NAME: &'static str = "flooding";
    const ABOUT: &'static str = "broadcast by flooding with acknowledgements";

    fn invariants(_: &Params) -> Vec<Box<dyn Invariant<Self>>> {
        vec![Box::new(AckedIsDurable), Box::<DeliveredOnce>::default()]
    }

    fn milestones() -> Vec<Milestone<Self>> {
        let heard = Milestone::each_host(
            "rumor-heard",
            "the host knows a value",
            |_, _, node: &Flooding| !node.known.is_empty(),
        );
        let everywhere = Milestone::anywhere(
            "rumor-everywhere",
            "every host that is up knows the same values, and at least one",
            |world, _, node: &Flooding| {
                let alike = |(_, other): (NodeId, &Flooding)| other.known == node.known;
                !node.known.is_empty() && world.nodes().all(alike)
            },
        );
        vec![heard, everywhere]
    }

    fn bugs() -> &'static [Bug] {
        &[
            Bug {
                name: "ack-before-sync",
                about: "acknowledges a value before it is durable",
                property: "acked-is-durable",
                source: "the rule of every acknowledgement: write, sync, answer",
            },
            Bug {
                name: "deliver-twice",
                about: "hands a value upward each time it is told",
                property: "delivered-once",
                source: "integrity of reliable broadcast (Hadzilacos and Toueg 1994, section 3.1)",
            },
        ]
    }

    fn planted(params: &Params) -> Option<&'static str> {
        params.bug.map(|bug| match bug {
            PlantedBug::AckBeforeSync => "ack-before-sync",
            PlantedBug::DeliverTwice => "deliver-twice",
        })
    }

    fn tolerance(_: &Params, hosts: usize) -> Tolerance {
        Tolerance { crashes: hosts, ..Tolerance::default() }
    }

    fn liveness_bound(params: &Params) -> Duration {
        params.retry.duration() * 50
    }
}

/// **acked-is-durable**: when an acknowledgement leaves, the value is on the host's disk. About
/// promises: it looks at what leaves and at the durable disk, never at the node's word.
struct AckedIsDurable;

impl Invariant<Flooding> for AckedIsDurable {
    fn name(&self) -> &'static str {
        "acked-is-durable"
    }

    fn about(&self) -> &'static str {
        "an acknowledged value is on the disk of the host that acknowledges it"
    }

    fn watches(&self) -> Watch {
        Watch::LEFT
    }

    fn observe(&mut self, seen: &Observation<'_, Flooding>, world: &View<'_, Flooding>) -> Check {
        let Observation::Left { from, message: Gossip::Ack(value), .. } = seen else {
            return Ok(());
        };
        // Nobody can keep a promise on a disk that acknowledges what it does not write.
        if world.disk_has_lied(*from) {
            return Ok(());
        }
        let durable = world.durable(*from).read(KNOWN).unwrap_or_default();
        if values_in(&durable).any(|known| known == *value) {
            return Ok(());
        }
        broken(format!("{from} acknowledged {value}, but its disk does not hold it"))
    }
}

/// **delivered-once**: in one life, a host hands each value upward once.
#[derive(Default)]
struct DeliveredOnce {
    delivered: BTreeSet<(NodeId, u64)>,
}

impl Invariant<Flooding> for DeliveredOnce {
    fn name(&self) -> &'static str {
        "delivered-once"
    }

    fn about(&self) -> &'static str {
        "in one life, a host hands each value upward once"
    }

    fn watches(&self) -> Watch {
        Watch::DELIVERED.and(Watch::CRASHED)
    }

    fn observe(&mut self, seen: &Observation<'_, Flooding>, _: &View<'_, Flooding>) -> Check {
        match seen {
            Observation::Delivered { host, item } if !self.delivered.insert((*host, **item)) => {
                broken(format!("{host} delivered {item} twice"))
            }
            Observation::Crashed { host } => {
                self.delivered.retain(|(known, _)| known != host);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
