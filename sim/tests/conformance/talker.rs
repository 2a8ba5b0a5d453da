//! A node that says what it is ordered to, in messages of a given size, and writes down what it
//! hears and when.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use seedbed_sim::{
    ClientView, Config, Context, Distribution, Fault, HoldId, LinkConfig, Message, Next, Node,
    NodeId, OpId, Outcome, Rng, Service, Sim, SimTime, Stop, StreamConfig, Target, Transport,
    Workload,
};
use serde::{Deserialize, Serialize};

pub const N1: NodeId = NodeId::host(0);
pub const N2: NodeId = NodeId::host(1);
pub const N3: NodeId = NodeId::host(2);

pub const MILLISECOND: u64 = 1_000_000;

pub const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

pub const fn at(millis: u64) -> SimTime {
    SimTime::from_nanos(millis * MILLISECOND)
}

/// A numbered message that is as long as it says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Word {
    pub value: u64,
    pub bytes: u64,
}

impl Message for Word {
    fn kinds() -> Vec<Cow<'static, str>> {
        vec!["word".into()]
    }

    fn kind(&self) -> usize {
        0
    }

    fn size(&self) -> u64 {
        self.bytes
    }
}

/// What a talker is ordered to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Order {
    /// Say the numbers from `first` on, `count` of them.
    Say { to: NodeId, first: u64, count: u64, bytes: u64 },
    /// Handle nothing for so many milliseconds, and then have said something.
    WorkAndSay(u64, NodeId),
    /// Answer a client.
    Answer,
}

/// Orders, by clients and operators.
pub struct Orders;

impl Service for Orders {
    const NAME: &'static str = "orders";
    type Op = Order;
    type Ret = u64;
    type Item = u64;
}

/// What a talker hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    Word { from: NodeId, value: u64 },
    Disconnect { peer: NodeId },
}

/// When, who, what.
pub type Log = Rc<RefCell<Vec<(u64, NodeId, Heard)>>>;

/// The params of a talker: where it writes, and a number with which it answers a word and a
/// disconnect, if any.
#[derive(Default)]
pub struct Habits {
    pub log: Log,
    pub echo: bool,
    pub reconnect: Option<u64>,
}

#[derive(Serialize)]
pub struct Talker {
    #[serde(skip)]
    habits: Rc<Habits>,
}

impl Talker {
    fn note(&self, ctx: &Context<'_, Self>, heard: Heard) {
        let now = ctx.elapsed().as_nanos() as u64;
        self.habits.log.borrow_mut().push((now, ctx.me(), heard));
    }
}

impl Node for Talker {
    type Service = Orders;
    type Message = Word;
    type Timer = ();
    type Params = Rc<Habits>;

    fn boot(_: &mut Context<'_, Self>, habits: &Rc<Habits>) -> Self {
        Talker { habits: habits.clone() }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: NodeId, word: Word) {
        self.note(ctx, Heard::Word { from, value: word.value });
        if self.habits.echo && word.value < 1_000_000 {
            ctx.send(from, Word { value: word.value + 1_000_000, bytes: word.bytes });
        }
    }

    fn on_timer(&mut self, _: &mut Context<'_, Self>, (): ()) {}

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, id: OpId, order: Order) {
        match order {
            Order::Say { to, first, count, bytes } => {
                for value in first..first + count {
                    ctx.send(to, Word { value, bytes });
                }
            }
            Order::WorkAndSay(millis, to) => {
                ctx.busy(ms(millis));
                ctx.send(to, Word { value: 0, bytes: 10 });
            }
            Order::Answer => ctx.reply(id, 0),
        }
    }

    fn on_disconnect(&mut self, ctx: &mut Context<'_, Self>, peer: NodeId) {
        self.note(ctx, Heard::Disconnect { peer });
        if let Some(value) = self.habits.reconnect {
            ctx.send(peer, Word { value, bytes: 10 });
        }
    }
}

/// A client that asks once.
pub struct Asker;

impl Workload<Orders> for Asker {
    fn next(
        &mut self,
        client: &ClientView<'_>,
        last: Option<(&Order, &Outcome<u64>)>,
        _: &mut Rng,
    ) -> Next<Order> {
        match last {
            None => Next::Invoke(Order::Answer, Target::Host(client.members[0])),
            Some(_) => Next::Done,
        }
    }
}

pub type Settings = Config<Rc<Habits>>;

/// A run of talkers.
pub struct World {
    pub sim: Sim<Talker>,
    pub log: Log,
}

impl World {
    /// `count` talkers that boot together, with a latency of 1 ms and nothing else to it.
    pub fn new(count: u32, tune: impl FnOnce(&mut Settings)) -> World {
        World::with_habits(count, Habits::default(), tune)
    }

    pub fn with_habits(count: u32, habits: Habits, tune: impl FnOnce(&mut Settings)) -> World {
        let log = habits.log.clone();
        let mut config = Config::new(5, count, Rc::new(habits));
        config.boot_spread = Duration::ZERO;
        config.network.everywhere =
            LinkConfig { latency: Distribution::Constant(MILLISECOND), ..LinkConfig::default() };
        tune(&mut config);
        World { sim: Sim::new(config), log }
    }

    /// The same over streams.
    pub fn of_streams(count: u32, tune: impl FnOnce(&mut Settings)) -> World {
        World::new(count, |config| {
            config.network.transport = Transport::Stream(StreamConfig::default());
            tune(config);
        })
    }

    /// Comes back at `millis`.
    pub fn stop_at(&mut self, millis: u64) -> &mut Sim<Talker> {
        self.sim.wake_at(at(millis), 0);
        assert_eq!(self.sim.run(at(millis)), Stop::Wake(0), "{:?}", self.sim.violations());
        &mut self.sim
    }

    /// Orders a host to say numbers at `millis`.
    pub fn say(
        &mut self,
        millis: u64,
        (from, to): (NodeId, NodeId),
        first: u64,
        count: u64,
        bytes: u64,
    ) -> &mut Self {
        let order = Order::Say { to, first, count, bytes };
        assert!(self.stop_at(millis).submit(from, order).is_some(), "{from} is down");
        self
    }

    pub fn inject(&mut self, millis: u64, fault: Fault) -> HoldId {
        self.stop_at(millis).inject(fault).expect("a fault that takes effect")
    }

    pub fn release(&mut self, millis: u64, hold: HoldId) {
        self.stop_at(millis).release(hold);
    }

    /// What was heard since the last time, through `millis`.
    pub fn heard(&mut self, millis: u64) -> Vec<(u64, NodeId, Heard)> {
        self.stop_at(millis);
        self.log.take()
    }

    /// The same as text: `6ms n2 has 1`, `7ms n2 loses n1`, in microseconds where those are needed.
    pub fn told(&mut self, millis: u64) -> Vec<String> {
        let lines = self.heard(millis).into_iter().map(|(nanos, host, heard)| {
            let when = match nanos % MILLISECOND {
                0 => format!("{}ms", nanos / MILLISECOND),
                _ => format!("{}us", nanos / 1_000),
            };
            match heard {
                Heard::Word { value, .. } => format!("{when} {host} has {value}"),
                Heard::Disconnect { peer } => format!("{when} {host} loses {peer}"),
            }
        });
        lines.collect()
    }

    /// The numbers that `host` heard, in order, through `millis`.
    pub fn values(&mut self, millis: u64, host: NodeId) -> Vec<u64> {
        let heard = self.heard(millis).into_iter().filter(|(_, who, _)| *who == host);
        let words = heard.filter_map(|(_, _, heard)| match heard {
            Heard::Word { value, .. } => Some(value),
            Heard::Disconnect { .. } => None,
        });
        words.collect()
    }

    /// Every message has exactly one fate.
    pub fn assert_fates(&self) {
        let messages = self.sim.messages();
        let fates = messages.delivered
            + messages.lost
            + messages.cut
            + messages.queue_dropped
            + messages.undecodable
            + messages.host_down
            + messages.in_flight_at_end;
        assert_eq!(messages.sent + messages.duplicated, fates, "{messages:?}");
    }
}
