//! The same work as nodes of the kernel, digest and one invariant on.

use std::borrow::Cow;
use std::time::Duration;

use seedbed_sim::{
    Check, Config, Context, Distribution, Invariant, Message, Never, Node, NodeId, Observation,
    OpId, Sim, SimTime, View, Watch, broken,
};
use serde::{Deserialize, Serialize};

use crate::bare::MS;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Msg {
    Ping(u64),
    Pong(u64),
    Token(u32),
    Round { r: u32, val: u64 },
}

impl Message for Msg {
    fn kinds() -> Vec<Cow<'static, str>> {
        ["ping", "pong", "token", "round"].map(Cow::Borrowed).to_vec()
    }
    fn kind(&self) -> usize {
        match self {
            Msg::Ping(_) => 0,
            Msg::Pong(_) => 1,
            Msg::Token(_) => 2,
            Msg::Round { .. } => 3,
        }
    }
}

#[derive(Clone, Copy)]
pub enum Work {
    PingPong(u32),
    Gossip(u32),
    Broadcast(u32),
}

#[derive(Serialize)]
pub enum Player {
    PingPong(u64),
    Gossip,
    Broadcast { rounds: u32, r: u32, sum: u64 },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Tick;

impl Node for Player {
    type Service = ();
    type Message = Msg;
    type Timer = Tick;
    type Params = Work;

    fn boot(ctx: &mut Context<'_, Self>, work: &Work) -> Self {
        match *work {
            Work::PingPong(outstanding) => {
                if ctx.me() == NodeId::host(0) {
                    for number in 0..outstanding {
                        ctx.send(NodeId::host(1), Msg::Ping(u64::from(number)));
                    }
                }
                Player::PingPong(0)
            }
            Work::Gossip(tokens) => {
                for number in 0..tokens {
                    let to = other(ctx);
                    ctx.send(to, Msg::Token(number));
                }
                Player::Gossip
            }
            Work::Broadcast(rounds) => {
                ctx.set_timer(Tick, Duration::from_millis(20));
                Player::Broadcast { rounds, r: 0, sum: 1 }
            }
        }
    }

    #[inline]
    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: NodeId, message: Msg) {
        match (self, message) {
            (Player::PingPong(seen), Msg::Ping(x)) => {
                *seen += 1;
                ctx.send(from, Msg::Pong(x));
            }
            (Player::PingPong(seen), Msg::Pong(x)) => {
                *seen += 1;
                ctx.send(from, Msg::Ping(x + 1));
            }
            (Player::Gossip, message) => {
                let to = other(ctx);
                ctx.send(to, message);
            }
            (Player::Broadcast { sum, .. }, Msg::Round { r, val }) => {
                *sum = sum.wrapping_add(val ^ u64::from(r));
            }
            _ => unreachable!("messages of other work"),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Tick) {
        if let Player::Broadcast { rounds, r, sum } = self {
            ctx.broadcast(Msg::Round { r: *r, val: *sum });
            *r += 1;
            if r < rounds {
                ctx.set_timer(timer, Duration::from_millis(20));
            }
        }
    }

    fn on_request(&mut self, _: &mut Context<'_, Self>, _: OpId, op: Never) {
        match op {}
    }
}

/// A random host but this one: what a message to oneself costs is no measure of a network.
#[inline]
fn other(ctx: &mut Context<'_, Player>) -> NodeId {
    let hosts = ctx.members().len() as u64;
    let me = u64::from(ctx.me().number());
    let to = ctx.rng().below(hosts - 1);
    NodeId::host(if to < me { to as u32 } else { to as u32 + 1 })
}

/// One invariant: what was counted never goes back.
struct Monotone(Vec<u64>);

impl Invariant<Player> for Monotone {
    fn name(&self) -> &'static str {
        "monotone"
    }

    fn about(&self) -> &'static str {
        "terms, commit indices and match indices never decrease"
    }
    fn watches(&self) -> Watch {
        Watch::HANDLED
    }
    fn observe(&mut self, seen: &Observation<'_, Player>, _: &View<'_, Player>) -> Check {
        if let Observation::Handled { host, node: Player::PingPong(count) } = seen {
            let known = &mut self.0[host.index()];
            if count < known {
                return broken("it went back");
            }
            *known = *count;
        }
        Ok(())
    }
}

/// A simulation of the work, as a scenario would build it.
pub fn sim(seed: u64, hosts: u32, work: Work, fixed: bool) -> Sim<Player> {
    let mut config = Config::new(seed, hosts, work);
    config.boot_spread = Duration::ZERO;
    config.network.everywhere.latency = if fixed {
        Distribution::Constant(MS)
    } else {
        Distribution::Uniform { min: MS, max: 10 * MS }
    };
    config.limits.events = u64::MAX;
    let mut sim = Sim::new(config);
    sim.set_invariants(vec![Box::new(Monotone(vec![0; hosts as usize]))]);
    sim
}

/// Runs until about `messages` have been delivered; returns how many were.
pub fn run(mut sim: Sim<Player>, messages: u64) -> u64 {
    let mut until = SimTime::ZERO;
    while sim.delivered() < messages {
        until = until + Duration::from_millis(50);
        if sim.run(until) == seedbed_sim::Stop::Idle {
            break;
        }
    }
    sim.delivered()
}
