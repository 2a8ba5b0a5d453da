//! Nesting: a node that hosts other protocols, two levels deep.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use seedbed_sim::rng::{Purpose, Streams, hash_name, mix};
use seedbed_sim::{
    Answer, Config, Context, Distribution, Hosted, Hosts, Item, LinkConfig, Message, Milestone,
    Node, NodeId, Observation, Op, OpId, Ret, Service, Sim, Stop, Upward, Watch, hosted_kinds,
    lift,
};
use serde::{Deserialize, Serialize};

use crate::puppet::{N1, N2, at, ms};
use crate::spy::spy;

/// Numbers for the store and for its log: the same types, so that only the place tells them apart.
struct Numbers;

impl Service for Numbers {
    const NAME: &'static str = "numbers";
    type Op = u64;
    type Ret = u64;
    type Item = u64;
}

type Story = Rc<RefCell<Vec<String>>>;

/// The innermost protocol: a log of numbers on disk.
#[derive(Serialize)]
struct Journal {
    written: u64,
    #[serde(skip)]
    story: Story,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum JournalMessage {
    Copy(u64),
    Thanks,
}

impl Message for JournalMessage {
    fn kinds() -> Vec<Cow<'static, str>> {
        vec!["copy".into(), "thanks".into()]
    }

    fn kind(&self) -> usize {
        match self {
            JournalMessage::Copy(_) => 0,
            JournalMessage::Thanks => 1,
        }
    }
}

impl Node for Journal {
    type Service = Numbers;
    type Message = JournalMessage;
    type Timer = u8;
    type Params = Story;

    fn boot(ctx: &mut Context<'_, Self>, story: &Story) -> Self {
        let word = ctx.rng().next();
        story.borrow_mut().push(format!("{} journal drew {word}", ctx.me()));
        Journal { written: ctx.disk().len("log").unwrap_or(0), story: story.clone() }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: NodeId, message: JournalMessage) {
        match message {
            JournalMessage::Copy(number) => {
                ctx.deliver(number);
                ctx.send(from, JournalMessage::Thanks);
            }
            JournalMessage::Thanks => ctx.set_timer(1, ms(3)),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: u8) {
        self.story.borrow_mut().push(format!("{} journal timer {timer}", ctx.me()));
        ctx.reached("settled");
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, id: OpId, op: u64) {
        ctx.deliver(op);
        ctx.disk().append("log", &[op as u8]).unwrap();
        self.written += 1;
        ctx.accepted(id, self.written);
        ctx.sync();
        ctx.broadcast(JournalMessage::Copy(op));
        ctx.reply(id, op * 2);
        ctx.deliver(op + 1);
        if op == 9 {
            ctx.crash();
        }
        if op == 8 {
            ctx.busy(ms(4));
        }
    }
}

/// Hosts a protocol as a store does, and has numbers, a timer and a file of its own.
#[derive(Serialize)]
struct Store<S: Node> {
    inner: Hosted<S>,
    #[serde(skip)]
    story: Story,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum StoreMessage<M> {
    Inner(M),
    Own(u64),
}

impl<M: Message> Message for StoreMessage<M> {
    fn kinds() -> Vec<Cow<'static, str>> {
        let mut kinds = hosted_kinds::<M>("in");
        kinds.push("own".into());
        kinds
    }

    fn kind(&self) -> usize {
        match self {
            StoreMessage::Inner(message) => message.kind(),
            StoreMessage::Own(_) => M::kinds().len(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
enum StoreTimer<T> {
    Inner(T),
    Own,
}

trait Numbered: Node<Service = Numbers, Params = Story> {}
impl<N: Node<Service = Numbers, Params = Story>> Numbered for N {}

impl<S: Numbered> Hosts<S> for Store<S> {
    fn message(message: S::Message) -> StoreMessage<S::Message> {
        StoreMessage::Inner(message)
    }

    fn timer(timer: S::Timer) -> StoreTimer<S::Timer> {
        StoreTimer::Inner(timer)
    }

    fn inner(message: &StoreMessage<S::Message>) -> Option<&S::Message> {
        match message {
            StoreMessage::Inner(message) => Some(message),
            StoreMessage::Own(_) => None,
        }
    }
}

impl<S: Numbered> Store<S> {
    fn take(&self, ctx: &mut Context<'_, Self>, upward: Vec<Upward<S>>) {
        for item in upward {
            let me = ctx.me();
            match item {
                Upward::Delivered(number) => {
                    self.story.borrow_mut().push(format!("{me} got {number}"));
                    ctx.deliver(number + 100);
                }
                Upward::Replied(id, Answer::Done(ret)) => {
                    self.story.borrow_mut().push(format!("{me} may answer {ret}"));
                    ctx.reply(id, ret + 100);
                }
                Upward::Replied(id, answer) => ctx.answer(id, answer),
                Upward::Accepted(id, position) => ctx.accepted(id, position + 100),
            }
        }
    }
}

impl<S: Numbered> Node for Store<S> {
    type Service = Numbers;
    type Message = StoreMessage<S::Message>;
    type Timer = StoreTimer<S::Timer>;
    type Params = Story;

    fn boot(ctx: &mut Context<'_, Self>, story: &Story) -> Self {
        let (inner, upward) = Hosted::boot(ctx, "in", story);
        assert!(upward.is_empty());
        Store { inner, story: story.clone() }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: NodeId, message: Self::Message) {
        match message {
            StoreMessage::Inner(message) => {
                let ((), upward) =
                    self.inner.run(ctx, |inner, ctx| inner.on_message(ctx, from, message));
                self.take(ctx, upward);
            }
            StoreMessage::Own(number) => {
                self.story.borrow_mut().push(format!("{} own {number}", ctx.me()));
            }
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Self::Timer) {
        match timer {
            StoreTimer::Inner(timer) => {
                let ((), upward) = self.inner.run(ctx, |inner, ctx| inner.on_timer(ctx, timer));
                self.take(ctx, upward);
            }
            StoreTimer::Own => self.story.borrow_mut().push(format!("{} own timer", ctx.me())),
        }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, id: OpId, op: u64) {
        ctx.disk().append("own", b"o").unwrap();
        ctx.send(N2, StoreMessage::Own(1));
        let ((), upward) = self.inner.run(ctx, |inner, ctx| inner.on_request(ctx, id, op));
        ctx.send(N2, StoreMessage::Own(2));
        ctx.set_timer(StoreTimer::Own, ms(1));
        self.take(ctx, upward);
    }
}

fn world<N: Numbered>(hosts: u32) -> (Sim<N>, Story) {
    let story = Story::default();
    let mut config = Config::new(3, hosts, story.clone());
    config.boot_spread = ms(0);
    config.network.everywhere =
        LinkConfig { latency: Distribution::Constant(1_000_000), ..LinkConfig::default() };
    for host in &mut config.hosts {
        host.disk.sync = Distribution::Constant(10_000_000);
    }
    (Sim::new(config), story)
}

fn declare<N: Hosts<Journal>>(sim: &mut Sim<N>, project: fn(&N) -> &Journal) {
    let settled = Milestone::<Journal>::reported("settled", "a timer has fired");
    let written =
        Milestone::<Journal>::anywhere("written", "a number is written", |world, at, node| {
            assert_eq!(world.disk(at).len("log").unwrap_or(0), node.written);
            node.written > 0
        });
    let all =
        Milestone::<Journal>::everywhere("all", "all have one", |_, _, node| node.written > 0);
    let lifted = [settled, written, all].map(|milestone| milestone.lift("in", project));
    sim.set_milestones(lifted.into());
}

fn submit<N: Node>(sim: &mut Sim<N>, millis: u64, op: Op<N>) -> u64 {
    sim.wake_at(at(millis), 0);
    assert_eq!(sim.run(at(millis)), Stop::Wake(0));
    sim.submit(N1, op).unwrap()
}

/// What the hosted protocol replies and delivers goes to its host, in order, and not out; its
/// messages and timers come back to it; one gate serves the whole call.
#[test]
fn a_hosted_protocol_speaks_through_its_host() {
    let (mut sim, story) = world::<Store<Journal>>(2);
    declare(&mut sim, |store| &store.inner);
    let one = submit(&mut sim, 5, 7);
    story.borrow_mut().clear();
    sim.run(at(14));
    assert_eq!(
        *story.borrow(),
        ["n1 got 7", "n1 may answer 14", "n1 got 8", "n2 own 1", "n1 own timer"],
        "the second message, and the inner broadcast, wait for the inner sync"
    );
    assert_eq!(sim.submission(one).accepted, Some(101));
    assert_eq!(sim.submission(one).answer, None, "and so does the outer answer");
    story.borrow_mut().clear();
    sim.run(at(40));
    assert_eq!(sim.submission(one).answer, Some(Answer::Done(114)));
    assert_eq!(*story.borrow(), ["n2 got 7", "n2 own 2", "n1 journal timer 1"]);
    assert_eq!(sim.kinds(), ["in/copy", "in/thanks", "own"]);
    assert_eq!(sim.messages().by_kind, [1, 1, 2]);
}

/// It has its own directory, and milestones that are lifted with one projection.
#[test]
fn a_hosted_protocol_has_its_own_directory_and_milestones() {
    let (mut sim, _) = world::<Store<Journal>>(2);
    declare(&mut sim, |store| &store.inner);
    submit(&mut sim, 5, 7);
    sim.run(at(30));
    let view = sim.view();
    assert_eq!(view.durable(N1).read("in/log").unwrap(), &[7][..]);
    assert_eq!(view.durable(N1).read("own").unwrap(), &b"o"[..]);
    view.project(
        "in",
        |store: &Store<Journal>| &*store.inner,
        |view| {
            assert_eq!(view.disk(N1).read("log").unwrap(), &[7][..]);
            assert_eq!(view.node(N1).unwrap().written, 1);
            assert_eq!(view.disk(N1).len("own"), None);
        },
    );
    let times: Vec<_> = sim.milestones().skip(2).map(|(name, time, _)| (name, time)).collect();
    assert_eq!(times, [("settled", Some(at(20))), ("written", Some(at(5))), ("all", None)]);
}

/// Its random stream is its own: neither the host's nor that of the same protocol elsewhere.
#[test]
fn a_hosted_protocol_draws_from_its_own_stream() {
    let (mut sim, story) = world::<Store<Store<Journal>>>(2);
    sim.run(at(1));
    let drawn = |path: &str, host: u64| {
        let index = mix(hash_name(path), host) >> 8;
        Streams::new(3).open(Purpose::Nested, index).next()
    };
    let expected = [
        format!("n1 journal drew {}", drawn("in/in/", 0)),
        format!("n2 journal drew {}", drawn("in/in/", 1)),
    ];
    assert_eq!(*story.borrow(), expected);
    let (mut sim, story) = world::<Store<Journal>>(1);
    sim.run(at(1));
    assert_eq!(*story.borrow(), [format!("n1 journal drew {}", drawn("in/", 0))]);
}

/// Its busy time and its crash are its host's.
#[test]
fn a_hosted_protocol_takes_its_host_along() {
    let (mut sim, _) = world::<Store<Journal>>(2);
    declare(&mut sim, |store| &store.inner);
    let slow = submit(&mut sim, 5, 8);
    sim.run(at(18));
    assert_eq!(sim.submission(slow).answer, None);
    sim.run(at(19));
    assert_eq!(sim.submission(slow).answer, Some(Answer::Done(116)), "4 ms busy, 10 ms sync");
    submit(&mut sim, 30, 9);
    sim.run(at(30));
    assert!(!sim.is_up(N1) && sim.is_up(N2));
}

type Seen = Rc<RefCell<Vec<String>>>;

fn tell<N: Node>(seen: &Observation<'_, N>) -> String
where
    Item<N>: std::fmt::Display,
    Ret<N>: std::fmt::Debug,
{
    match seen {
        Observation::Delivered { host, item } => format!("{host} delivered {item}"),
        Observation::Replied { host, answer, .. } => format!("{host} replied {answer:?}"),
        Observation::Left { from, message, .. } => format!("{from} said {message:?}"),
        Observation::Handled { .. }
        | Observation::Durable { .. }
        | Observation::Booted { .. }
        | Observation::Crashed { .. } => "no output".to_owned(),
        _ => "none of its business".to_owned(),
    }
}

fn watcher<N: Node>(watch: Watch, out: &Seen) -> Box<dyn seedbed_sim::Invariant<N>>
where
    Item<N>: std::fmt::Display,
{
    let out = out.clone();
    spy("watcher", watch, move |seen, _| {
        out.borrow_mut().push(tell(seen));
        Ok(())
    })
}

/// A lifted invariant sees what the hosted protocol delivers, replies and says, and nothing of
/// its host or of what is hosted elsewhere, be it of the same type.
#[test]
fn a_lifted_invariant_sees_its_protocol_only() {
    let (mut sim, _) = world::<Store<Store<Journal>>>(2);
    let outputs = Watch::DELIVERED.and(Watch::REPLIED).and(Watch::LEFT);
    let [deep, middle, outer, replies] = [(); 4].map(|()| Seen::default());
    let middle_of: fn(&Store<Store<Journal>>) -> &Store<Journal> = |store| &store.inner;
    let deep_of: fn(&Store<Journal>) -> &Journal = |store| &store.inner;
    let journal = watcher::<Journal>(outputs, &deep);
    sim.set_invariants(vec![
        lift(lift(journal, "in", deep_of), "in", middle_of),
        lift(watcher::<Store<Journal>>(outputs, &middle), "in", middle_of),
        watcher(outputs, &outer),
        lift(lift(watcher::<Journal>(Watch::REPLIED, &replies), "in", deep_of), "in", middle_of),
    ]);
    submit(&mut sim, 5, 7);
    assert_eq!(sim.run(at(16)), Stop::Until);
    assert_eq!(
        *deep.borrow(),
        [
            "n1 delivered 7",
            "n1 replied Done(14)",
            "n1 delivered 8",
            "n1 said Copy(7)",
            "n2 delivered 7",
            "n2 said Thanks",
        ]
    );
    assert_eq!(
        *middle.borrow(),
        [
            "n1 said Own(1)",
            "n1 delivered 107",
            "n1 replied Done(114)",
            "n1 delivered 108",
            "n1 said Inner(Copy(7))",
            "n1 said Own(2)",
            "n2 said Inner(Thanks)",
            "n2 delivered 107",
        ]
    );
    assert_eq!(*replies.borrow(), ["n1 replied Done(14)"]);
    let outer = outer.borrow();
    assert!(outer.contains(&"n1 delivered 207".to_owned()), "{outer:?}");
    assert!(outer.contains(&"n1 replied Done(214)".to_owned()), "{outer:?}");
    assert!(!outer.iter().any(|line| line.ends_with("delivered 7") || line.ends_with("107")));
}
