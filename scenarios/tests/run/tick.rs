//! A protocol small enough to know what every fault does to it: every host sends every other one a
//! tick each 10 ms, and the first host keeps a sequence of numbers that clients add to.

use std::borrow::Cow;
use std::time::Duration;

use seedbed_protocols::{
    CheckKind, HistoryRecord, OptionsError, Protocol, Selector, Strain, Tested, Tolerance,
    WorkloadKind, WorkloadPlan, checkable, parse_options,
};
use seedbed_sim::{
    Check, ClientConfig, ClientView, Context, Invariant, Message, Milestone, Next, Node, NodeId,
    Observation, OpId, Outcome, Retry, Rng, Service, Target, View, Watch, Workload, broken,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The period of ticks.
pub const TICK: Duration = Duration::from_millis(10);

#[derive(Debug, Serialize)]
pub struct Tick {
    me: NodeId,
    ticks: u64,
    heard: u64,
    last: u64,
    params: Params,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// A host that has heard this many ticks is `seasoned`.
    seasoned: Option<u64>,
    /// Violates `calm` once a host has heard this many ticks.
    calm: Option<u64>,
    /// Panics at this many ticks of its own.
    panics: Option<u64>,
    /// How many crashes are tolerated.
    tolerates: usize,
    /// The hosts of its core, by their numbers from 1; it names none if this is empty.
    core: Vec<u32>,
    /// Properties that it does not promise when too many hosts are down.
    unpromised: Vec<String>,
    /// Never answers clients.
    mute: bool,
    /// Hosts from this number on never hear of additions.
    deaf: Option<u32>,
    /// The second host believes to lead, too.
    rival: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Said {
    Tick,
    Added { index: u64, number: u64 },
}

impl Message for Said {
    fn kinds() -> Vec<Cow<'static, str>> {
        vec!["tick".into(), "added".into()]
    }

    fn kind(&self) -> usize {
        match self {
            Said::Tick => 0,
            Said::Added { .. } => 1,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Timer {
    Tick,
}

/// The service: a sequence of numbers.
#[derive(Debug)]
pub enum Numbers {}

#[derive(Clone, Debug, Serialize)]
pub struct Added {
    index: u64,
    number: u64,
}

impl Service for Numbers {
    const NAME: &'static str = "numbers";
    type Op = u64;
    type Ret = u64;
    type Item = Added;
    const RETRY: Retry = Retry::SameOperation;
}

impl Tested for Numbers {
    const ABOUT: &'static str = "a sequence of numbers";

    fn workloads() -> Vec<WorkloadKind<Self>> {
        vec![WorkloadKind {
            name: "adds",
            about: "clients that add numbers",
            schema: || schemars::schema_for!(Adds),
            build: |options| {
                let adds: Adds = parse_options(options)?;
                let wait = Duration::from_millis(20);
                Ok(WorkloadPlan {
                    clients: adds.clients,
                    config: ClientConfig::default(),
                    program: Box::new(move |_| Box::new(Adder { wait, next: 0 })),
                })
            },
        }]
    }

    fn finals(_: &[NodeId]) -> Vec<(u64, Target)> {
        vec![(7777, Target::Leader)]
    }

    fn checks() -> Vec<CheckKind<Self>> {
        vec![CheckKind { name: "few", about: "fewer than ten additions are answered", judge: few }]
    }

    fn parse_op(value: &Value) -> Result<u64, OptionsError> {
        value.as_u64().ok_or_else(|| OptionsError::new("", "expected a number"))
    }

    fn committed(item: &Added) -> Option<(u64, Value)> {
        Some((item.index, item.number.into()))
    }
}

fn few(records: &[HistoryRecord<Numbers>]) -> seedbed_checkers::Verdict {
    let history = checkable::<Numbers>(records);
    let ok = history.operations().iter().filter(|it| it.ended_ns.is_some()).count();
    if ok < 10 {
        return seedbed_checkers::Verdict::Pass;
    }
    seedbed_checkers::Verdict::Fail(seedbed_checkers::Explanation {
        clause: "few".to_owned(),
        summary: format!("{ok} were answered"),
        operations: Vec::new(),
    })
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Adds {
    clients: u32,
}

struct Adder {
    wait: Duration,
    next: u64,
}

impl Workload<Numbers> for Adder {
    fn next(
        &mut self,
        _: &ClientView<'_>,
        _: Option<(&u64, &Outcome<u64>)>,
        _: &mut Rng,
    ) -> Next<u64> {
        self.next += 1;
        match self.next % 2 {
            0 => Next::Wait(self.wait),
            _ => Next::Invoke(self.next, Target::Leader),
        }
    }
}

impl Node for Tick {
    type Service = Numbers;
    type Message = Said;
    type Timer = Timer;
    type Params = Params;

    fn boot(ctx: &mut Context<'_, Self>, params: &Params) -> Self {
        ctx.set_timer(Timer::Tick, TICK);
        let last = ctx.disk().len("numbers").unwrap_or(0);
        Tick { me: ctx.me(), ticks: 0, heard: 0, last, params: params.clone() }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, _: NodeId, message: Said) {
        match message {
            Said::Tick => self.heard += 1,
            Said::Added { index, number } => {
                let deaf = self.params.deaf.is_some_and(|first| self.me.number() + 1 >= first);
                if !deaf {
                    ctx.deliver(Added { index, number });
                }
            }
        }
        if self.params.seasoned.is_some_and(|heard| self.heard == heard) {
            ctx.reached("seasoned");
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, Timer::Tick: Timer) {
        self.ticks += 1;
        assert!(self.params.panics != Some(self.ticks), "tick {} is too many", self.ticks);
        ctx.broadcast(Said::Tick);
        ctx.set_timer(Timer::Tick, TICK);
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, id: OpId, number: u64) {
        if self.me != NodeId::host(0) {
            return ctx.refuse(id, Some(NodeId::host(0)));
        }
        self.last += 1;
        let index = self.last;
        ctx.accepted(id, index);
        // One byte a number, so that the length says how many there are after a restart.
        let _ = ctx.disk().append("numbers", &[0]);
        ctx.sync();
        ctx.deliver(Added { index, number });
        ctx.broadcast(Said::Added { index, number });
        if !self.params.mute {
            ctx.reply(id, index);
        }
    }
}

/// No host hears more than `calm` ticks.
struct Calm(u64);

impl Invariant<Tick> for Calm {
    fn name(&self) -> &'static str {
        "calm"
    }

    fn about(&self) -> &'static str {
        "no host hears more than `calm` ticks"
    }

    fn watches(&self) -> Watch {
        Watch::HANDLED
    }

    fn observe(&mut self, seen: &Observation<'_, Tick>, _: &View<'_, Tick>) -> Check {
        match seen {
            Observation::Handled { host, node } if node.heard >= self.0 => {
                broken(format!("{host} has heard {} ticks", node.heard))
            }
            _ => Ok(()),
        }
    }
}

impl Protocol for Tick {
    const NAME: &'static str = "tick";
    const ABOUT: &'static str = "hosts that tick";

    fn invariants(params: &Params) -> Vec<Box<dyn Invariant<Self>>> {
        vec![Box::new(Calm(params.calm.unwrap_or(u64::MAX)))]
    }

    fn milestones() -> Vec<Milestone<Self>> {
        vec![
            Milestone::reported("seasoned", "a host has heard so many ticks"),
            Milestone::anywhere("heard", "a host has heard a tick", |_, _, node: &Tick| {
                node.heard > 0
            }),
            Milestone::anywhere("never", "cannot happen", |_, _, _| false),
            Milestone::each_host("heard-ten", "the host has heard ten", |_, _, node: &Tick| {
                node.heard >= 10
            }),
        ]
    }

    fn selectors() -> Vec<Selector<Self>> {
        vec![
            Selector::new("leader", "the first host that is up", |world: &View<'_, Tick>| {
                let rival = world.nodes().any(|(_, node)| node.params.rival);
                let up = world.nodes().map(|(host, _)| host);
                up.take(if rival { 2 } else { 1 }).collect()
            }),
            Selector::new("seasoned", "hosts that have heard enough", |world: &View<'_, Tick>| {
                let seasoned = |node: &Tick| node.params.seasoned.is_some_and(|n| node.heard >= n);
                world.nodes().filter(|(_, node)| seasoned(node)).map(|(host, _)| host).collect()
            }),
        ]
    }

    fn tolerance(params: &Params, _: usize) -> Tolerance {
        Tolerance { crashes: params.tolerates, ..Tolerance::default() }
    }

    fn core(params: &Params, _: &[(NodeId, &str)], _: &mut Rng) -> Option<Vec<NodeId>> {
        Some(params.core.iter().map(|number| NodeId::host(number - 1)).collect())
    }

    fn promises_beyond(params: &Params, strain: Strain, property: &str) -> bool {
        strain != Strain::Crashes || !params.unpromised.iter().any(|name| name == property)
    }

    fn liveness_bound(_: &Params) -> Duration {
        Duration::from_secs(2)
    }
}
