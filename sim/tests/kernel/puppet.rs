//! A node that does what the test says: one closure for all its events, and a log of them.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;
use std::time::Duration;

use seedbed_sim::{
    Config, Context, DiskConfig, Distribution, LinkConfig, Message, Node, NodeId, OpId, Retry,
    Service, Sim, SimTime, Stop,
};
use serde::{Deserialize, Serialize};

/// What the puppets say to each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Word {
    pub kind: u8,
    pub value: u64,
}

pub const fn word(value: u64) -> Word {
    Word { kind: 0, value }
}

impl Message for Word {
    fn kinds() -> Vec<Cow<'static, str>> {
        vec!["alpha".into(), "beta".into(), "gamma".into()]
    }

    fn kind(&self) -> usize {
        usize::from(self.kind)
    }
}

/// A service of numbers that no client may ask twice for.
pub struct Once;
/// The same, for clients that repeat an operation.
pub struct Again;

impl Service for Once {
    const NAME: &'static str = "once";
    type Op = u64;
    type Ret = u64;
    type Item = u64;
}

impl Service for Again {
    const NAME: &'static str = "again";
    type Op = u64;
    type Ret = u64;
    type Item = u64;
    const RETRY: Retry = Retry::SameOperation;
}

pub trait Numbers: Service<Op = u64, Ret = u64, Item = u64> {}
impl<S: Service<Op = u64, Ret = u64, Item = u64>> Numbers for S {}

/// What a puppet's handlers are called with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    Boot,
    Word { from: NodeId, value: u64 },
    Timer(u8),
    Asked { id: OpId, op: u64 },
}

type Act<S> = dyn Fn(&mut u64, &mut Context<'_, Puppet<S>>, Event);

/// The params of a puppet: what it does, and where it writes down that it was called.
pub struct Strings<S: Numbers> {
    act: Box<Act<S>>,
    log: Log,
}

/// The node. Its state is a number that the closure may change.
pub struct Puppet<S: Numbers = Once> {
    pub state: u64,
    strings: Rc<Strings<S>>,
    service: PhantomData<S>,
}

impl<S: Numbers> Serialize for Puppet<S> {
    fn serialize<Z: serde::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.serialize_u64(self.state)
    }
}

impl<S: Numbers> Puppet<S> {
    fn act(&mut self, ctx: &mut Context<'_, Self>, event: Event) {
        let strings = self.strings.clone();
        strings.log.add(ctx.elapsed(), ctx.me(), event);
        (strings.act)(&mut self.state, ctx, event);
    }
}

impl<S: Numbers> Node for Puppet<S> {
    type Service = S;
    type Message = Word;
    type Timer = u8;
    type Params = Rc<Strings<S>>;

    fn boot(ctx: &mut Context<'_, Self>, params: &Self::Params) -> Self {
        let mut puppet = Puppet { state: 0, strings: params.clone(), service: PhantomData };
        puppet.act(ctx, Event::Boot);
        puppet
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: NodeId, message: Word) {
        self.act(ctx, Event::Word { from, value: message.value });
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: u8) {
        self.act(ctx, Event::Timer(timer));
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, id: OpId, op: u64) {
        self.act(ctx, Event::Asked { id, op });
    }
}

/// What the puppets were called with, by the monotonic clocks of their hosts.
#[derive(Clone, Default)]
pub struct Log(Rc<RefCell<Vec<(Duration, NodeId, Event)>>>);

impl Log {
    fn add(&self, at: Duration, host: NodeId, event: Event) {
        self.0.borrow_mut().push((at, host, event));
    }

    /// Everything since the last time, a line each, but for boots and orders.
    pub fn take(&self) -> Vec<String> {
        let entries: Vec<_> = self.0.borrow_mut().drain(..).collect();
        let told = entries.into_iter().filter_map(|(at, host, event)| {
            let at = Stamp(at);
            match event {
                Event::Boot => None,
                Event::Asked { id, .. } if id.client == seedbed_sim::OPERATOR => None,
                Event::Word { from, value } => Some(format!("{at} {host} has {value} of {from}")),
                Event::Timer(timer) => Some(format!("{at} {host} timer {timer}")),
                Event::Asked { id, op } => Some(format!("{at} {host} asked {op} by {id}")),
            }
        });
        told.collect()
    }

    /// When each host booted, since the last time.
    pub fn take_boots(&self) -> Vec<(Duration, NodeId)> {
        let entries = self.0.borrow_mut().drain(..).collect::<Vec<_>>();
        let boots = entries.into_iter().filter(|(_, _, event)| *event == Event::Boot);
        boots.map(|(at, host, _)| (at, host)).collect()
    }
}

/// A time in the largest unit that shows all of it.
struct Stamp(Duration);

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        match (nanos % 1_000_000, nanos % 1_000) {
            (0, _) => write!(f, "{}ms", nanos / 1_000_000),
            (_, 0) => write!(f, "{}us", nanos / 1_000),
            _ => write!(f, "{nanos}ns"),
        }
    }
}

pub const N1: NodeId = NodeId::host(0);
pub const N2: NodeId = NodeId::host(1);
pub const N3: NodeId = NodeId::host(2);
pub const C1: NodeId = NodeId::client(0);

pub const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

pub const fn at(count: u64) -> SimTime {
    SimTime::from_nanos(count * 1_000_000)
}

/// A latency that tells random words apart.
pub fn spread() -> Distribution {
    Distribution::Uniform { min: 1_000_000, max: 50_000_000 }
}

pub type Params = Rc<Strings<Once>>;

pub type Settings<S> = Config<Rc<Strings<S>>>;

/// `count` puppets that do the same. Nothing is drawn: they boot together, every message takes
/// 1 ms and every sync 10 ms.
pub fn puppets<S: Numbers>(
    count: u32,
    act: impl Fn(&mut u64, &mut Context<'_, Puppet<S>>, Event) + 'static,
) -> (Settings<S>, Log) {
    let log = Log::default();
    let strings = Strings { act: Box::new(act), log: log.clone() };
    let mut config = Config::new(7, count, Rc::new(strings));
    config.boot_spread = Duration::ZERO;
    config.network.everywhere =
        LinkConfig { latency: Distribution::Constant(1_000_000), ..LinkConfig::default() };
    for host in &mut config.hosts {
        host.disk =
            DiskConfig { sync: Distribution::Constant(10_000_000), ..DiskConfig::default() };
    }
    (config, log)
}

/// A simulation of puppets with their log.
pub struct World<S: Numbers = Once> {
    pub sim: Sim<Puppet<S>>,
    pub log: Log,
}

impl World {
    /// The world of [`puppets`].
    pub fn new(
        count: u32,
        act: impl Fn(&mut u64, &mut Context<'_, Puppet>, Event) + 'static,
    ) -> World {
        World::tuned(count, |_| {}, act)
    }

    /// The same with other settings.
    pub fn tuned(
        count: u32,
        tune: impl FnOnce(&mut Settings<Once>),
        act: impl Fn(&mut u64, &mut Context<'_, Puppet>, Event) + 'static,
    ) -> World {
        let (mut config, log) = puppets(count, act);
        tune(&mut config);
        World::of((config, log))
    }

    /// The same, where only orders make the puppets do something.
    pub fn obeying(
        count: u32,
        act: impl Fn(&mut Context<'_, Puppet>, NodeId, u64) + 'static,
    ) -> World {
        World::new(count, obey(act))
    }
}

/// Does something on orders only; `act` is told the host and the order.
pub fn obey(
    act: impl Fn(&mut Context<'_, Puppet>, NodeId, u64) + 'static,
) -> impl Fn(&mut u64, &mut Context<'_, Puppet>, Event) + 'static {
    move |_, ctx, event| {
        if let Event::Asked { op, .. } = event {
            let me = ctx.me();
            act(ctx, me, op);
        }
    }
}

impl<S: Numbers> World<S> {
    pub fn of((config, log): (Settings<S>, Log)) -> World<S> {
        World { sim: Sim::new(config), log }
    }

    /// Runs through `millis`, past which nothing may ask for attention before.
    pub fn until(&mut self, millis: u64) -> &mut Self {
        match self.go_on(millis) {
            Stop::Until => self,
            // Time stands still where nothing is left to happen.
            Stop::Idle => {
                self.stop_at(millis);
                self
            }
            stop @ (Stop::Wake(_)
            | Stop::Condition(_)
            | Stop::Struck(_)
            | Stop::Violation
            | Stop::Limit(_)) => {
                panic!("{stop:?}: {:?}", self.sim.violations())
            }
        }
    }

    /// Runs to the next stop but for faults that say that they have had an effect.
    fn go_on(&mut self, millis: u64) -> Stop {
        loop {
            match self.sim.run(at(millis)) {
                Stop::Struck(_) => {}
                stop => return stop,
            }
        }
    }

    /// Orders a host to do something at `millis`.
    pub fn order_at(&mut self, millis: u64, host: NodeId, order: u64) -> &mut Self {
        self.sim.wake_at(at(millis), 0);
        let stop = self.go_on(millis);
        assert_eq!(stop, Stop::Wake(0), "{:?}", self.sim.violations());
        assert!(self.sim.submit(host, order).is_some(), "{host} is down");
        self
    }

    /// Runs to `millis` and comes back there, for a fault.
    pub fn stop_at(&mut self, millis: u64) -> &mut Sim<Puppet<S>> {
        self.sim.wake_at(at(millis), 0);
        assert_eq!(self.go_on(millis), Stop::Wake(0), "{:?}", self.sim.violations());
        &mut self.sim
    }

    /// What was handled since the last time, through `millis`.
    pub fn seen(&mut self, millis: u64) -> Vec<String> {
        self.until(millis);
        self.log.take()
    }

    /// The events and the digest, for comparisons of whole runs.
    pub fn print(&self) -> (u64, u64) {
        (self.sim.events(), self.sim.digest())
    }
}
