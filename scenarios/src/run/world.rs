//! The simulation as the director and the script see it: nothing of the protocol's types is left,
//! so that they are compiled once.

use std::collections::BTreeSet;

use seedbed_protocols::{Protocol, Selector, Tested};
use seedbed_sim::{
    Answer, CLIENT_REPLY, CLIENT_REPLY_KIND, CLIENT_REQUEST, CLIENT_REQUEST_KIND, Condition, Fault,
    HoldId, Message, NodeId, Sim, SimTime, Stop,
};
use serde_json::Value;

use super::ledger::canonical_op;
use super::meter::Meter;

/// What has become of an operation that the script submitted.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Submitted {
    /// The position at which the host has taken it up.
    pub(crate) accepted: Option<u64>,
    /// Whether the host has answered.
    pub(crate) answered: bool,
    /// What it returned, if it took place.
    pub(crate) ret: Option<Value>,
}

/// A simulation whose types are erased.
pub(crate) trait World {
    fn run(&mut self, until: SimTime) -> Stop;
    fn now(&self) -> SimTime;
    fn events(&self) -> u64;
    fn is_up(&self, host: NodeId) -> bool;
    fn is_paused(&self, host: NodeId) -> bool;
    fn is_cut(&self, from: NodeId, to: NodeId) -> bool;

    fn inject(&mut self, fault: Fault) -> Option<HoldId>;
    fn release(&mut self, hold: HoldId);
    fn rule_met(&self, hold: HoldId) -> bool;
    fn free_links_of(&mut self, hold: HoldId, chosen: &dyn Fn(NodeId, NodeId) -> bool) -> bool;
    fn restart(&mut self, host: NodeId) -> bool;
    fn heal(&mut self);
    /// Heals these hosts and all clients; the others keep what holds them.
    fn heal_core(&mut self, core: &[NodeId]);
    /// Clients issue nothing new, and repeat the service's final operations on these hosts until
    /// they are ok.
    fn finish_clients(&mut self, hosts: &[NodeId]);
    fn clients_finished(&self) -> bool;
    fn trace_fault(&mut self, kind: &str, text: &str);

    fn watch(&mut self, condition: Condition) -> u64;
    fn unwatch(&mut self, watch: u64);
    fn wake_at(&mut self, at: SimTime, tag: u64);
    fn milestone_index(&self, name: &str) -> Option<usize>;
    /// When it was first reached, and when after heal.
    fn milestone_times(&self, name: &str) -> (Option<SimTime>, Option<SimTime>);
    fn kind_index(&self, name: &str) -> Option<u16>;
    /// Whom a selector of the protocol means now, the preferred one first.
    fn select(&self, name: &str) -> Vec<NodeId>;
    /// The term (or view) that the node on `host` is in, if it has such.
    fn term(&self, host: NodeId) -> Option<u64>;
    /// Messages and bytes sent so far.
    fn traffic(&self) -> (u64, u64);

    /// An operation in the form in which the ledger has it.
    fn canonical_op(&self, op: &Value) -> Result<Value, String>;
    /// Hands an operation to a host; none if it is not up.
    fn submit(&mut self, host: NodeId, op: &Value) -> Result<Option<u64>, String>;
    fn submission(&self, number: u64) -> Submitted;
    /// The latest violation's property.
    fn last_violated(&self) -> Option<&str>;
}

/// The simulation of a protocol, with the names that the protocol gives to hosts.
pub(crate) struct SimWorld<P: Protocol> {
    pub(crate) sim: Sim<P>,
    pub(crate) selectors: Vec<Selector<P>>,
    /// Counts in bins, if somebody wants them.
    pub(crate) meter: Option<Box<Meter>>,
}

impl<P: Protocol> SimWorld<P> {
    /// What the protocol calls a host now: `leader`; several names are joined by commas.
    pub(crate) fn role_of(&self, host: NodeId) -> String {
        if host.is_client() {
            return "client".to_owned();
        }
        if !self.sim.is_up(host) {
            return "down".to_owned();
        }
        let view = self.sim.view();
        let named =
            self.selectors.iter().filter(|selector| selector.resolve(&view).contains(&host));
        named.map(|selector| selector.name).collect::<Vec<_>>().join(",")
    }
}

/// The fields in which nodes keep what orders their leaders.
const TERM_FIELDS: &[&str] = &["term", "current_term", "view", "ballot", "epoch"];

/// Looks for a term in a serialized node, and one level further down for nested protocols.
fn find_term(node: &Value) -> Option<u64> {
    let own = |fields: &serde_json::Map<String, Value>| {
        TERM_FIELDS.iter().find_map(|name| fields.get(*name)?.as_u64())
    };
    let fields = node.as_object()?;
    own(fields).or_else(|| fields.values().find_map(|inner| own(inner.as_object()?)))
}

impl<P: Protocol> World for SimWorld<P> {
    fn run(&mut self, until: SimTime) -> Stop {
        while let Some(meter) = &mut self.meter
            && meter.last() < until
        {
            match self.sim.run(meter.last()) {
                Stop::Until => meter.close_bin(self.sim.counts()),
                stop => return stop,
            }
        }
        self.sim.run(until)
    }
    fn now(&self) -> SimTime {
        self.sim.now()
    }
    fn events(&self) -> u64 {
        self.sim.events()
    }
    fn is_up(&self, host: NodeId) -> bool {
        self.sim.is_up(host)
    }
    fn is_paused(&self, host: NodeId) -> bool {
        self.sim.is_paused(host)
    }
    fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        self.sim.is_cut(from, to)
    }
    fn inject(&mut self, fault: Fault) -> Option<HoldId> {
        self.sim.inject(fault)
    }
    fn release(&mut self, hold: HoldId) {
        self.sim.release(hold);
    }
    fn rule_met(&self, hold: HoldId) -> bool {
        self.sim.rule_met(hold)
    }
    fn free_links_of(&mut self, hold: HoldId, chosen: &dyn Fn(NodeId, NodeId) -> bool) -> bool {
        self.sim.free_links_of(hold, chosen)
    }
    fn restart(&mut self, host: NodeId) -> bool {
        self.sim.restart(host)
    }
    fn heal(&mut self) {
        self.sim.heal();
    }
    fn heal_core(&mut self, core: &[NodeId]) {
        self.sim.heal_core(core);
    }
    fn finish_clients(&mut self, hosts: &[NodeId]) {
        let finals = P::Service::finals(hosts);
        self.sim.finish_clients(finals);
    }
    fn clients_finished(&self) -> bool {
        self.sim.clients_finished()
    }
    fn trace_fault(&mut self, kind: &str, text: &str) {
        self.sim.trace_fault(kind, text);
    }
    fn watch(&mut self, condition: Condition) -> u64 {
        self.sim.watch(condition)
    }
    fn unwatch(&mut self, watch: u64) {
        self.sim.unwatch(watch);
    }
    fn wake_at(&mut self, at: SimTime, tag: u64) {
        self.sim.wake_at(at, tag);
    }
    fn milestone_index(&self, name: &str) -> Option<usize> {
        self.sim.milestone_index(name)
    }
    fn milestone_times(&self, name: &str) -> (Option<SimTime>, Option<SimTime>) {
        let mut all = self.sim.milestones();
        let found = all.find(|(known, _, _)| *known == name);
        found.map_or((None, None), |(_, first, after_heal)| (first, after_heal))
    }
    fn kind_index(&self, name: &str) -> Option<u16> {
        match name {
            CLIENT_REQUEST => Some(CLIENT_REQUEST_KIND),
            CLIENT_REPLY => Some(CLIENT_REPLY_KIND),
            own => {
                let position = P::Message::kinds().iter().position(|kind| kind == own)?;
                u16::try_from(position).ok()
            }
        }
    }
    fn select(&self, name: &str) -> Vec<NodeId> {
        let view = self.sim.view();
        let mut seen = BTreeSet::new();
        let named = self.selectors.iter().filter(|selector| selector.name == name);
        let mut found: Vec<NodeId> = named.flat_map(|selector| selector.resolve(&view)).collect();
        found.retain(|host| seen.insert(*host));
        found
    }
    fn term(&self, host: NodeId) -> Option<u64> {
        let node = serde_json::to_value(self.sim.view().node(host)?).ok()?;
        find_term(&node)
    }
    fn traffic(&self) -> (u64, u64) {
        let counts = self.sim.messages();
        (counts.sent, counts.bytes)
    }
    fn submit(&mut self, host: NodeId, op: &Value) -> Result<Option<u64>, String> {
        let op = P::Service::parse_op(op).map_err(|error| error.to_string())?;
        Ok(self.sim.submit(host, op))
    }
    fn canonical_op(&self, op: &Value) -> Result<Value, String> {
        canonical_op::<P>(op)
    }
    fn submission(&self, number: u64) -> Submitted {
        let submission = self.sim.submission(number);
        let ret = match &submission.answer {
            Some(Answer::Done(ret)) => Some(serde_json::to_value(ret).unwrap_or(Value::Null)),
            Some(Answer::Refused { .. } | Answer::Unknown) | None => None,
        };
        Submitted { accepted: submission.accepted, answered: submission.answer.is_some(), ret }
    }
    fn last_violated(&self) -> Option<&str> {
        self.sim.violations().last().map(|violation| violation.property.as_str())
    }
}
