//! A sync that fails: what becomes of the outputs behind it, and who is told.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use seedbed_sim::disk::DiskFault;
use seedbed_sim::{
    Config, Context, DiskConfig, DiskError, Distribution, Fault, Hosted, Hosts, LinkConfig,
    Message, Node, NodeId, Observation, OpId, Rate, Service, Sim, Stop, Trouble,
};
use serde::{Deserialize, Serialize};

use crate::puppet::{Event, N1, N2, World, at, ms, word};

fn next_sync_fails(world: &mut World, millis: u64) {
    let fault = Fault::Disk(N1, DiskFault::new(Trouble::FailedSyncs(Rate::next(1)), 1));
    assert!(world.stop_at(millis).inject(fault).is_some());
}

/// A failed sync drops the outputs behind it, for ever; by default the host crashes, and a
/// supervisor restarts it after a second.
#[test]
fn a_failed_sync_drops_what_is_behind_it_and_crashes_the_host() {
    let mut world = World::new(2, |state, ctx, event| {
        if let Event::Asked { op, .. } = event {
            *state = op;
            ctx.send(N2, word(10 + op));
            ctx.disk().append("log", b"x").unwrap();
            ctx.sync();
            ctx.send(N2, word(op));
        }
    });
    world.order_at(1, N1, 1);
    next_sync_fails(&mut world, 14);
    world.order_at(15, N1, 2);
    assert_eq!(
        world.seen(24),
        ["2ms n2 has 11 of n1", "12ms n2 has 1 of n1", "16ms n2 has 12 of n1"]
    );
    assert!(world.sim.is_up(N1), "the sync takes 10 ms");
    world.until(26);
    assert!(!world.sim.is_up(N1));
    world.until(1026);
    assert!(world.sim.is_up(N1));
    assert_eq!(world.sim.view().node(N1).unwrap().state, 0, "another life");
    assert_eq!(world.sim.view().disk(N1).len("log"), Some(1));
    world.order_at(1030, N1, 3);
    assert_eq!(world.seen(2000), ["1031ms n2 has 13 of n1", "1041ms n2 has 3 of n1"]);
    assert_eq!(world.sim.messages().in_flight_at_end, 0);
}

/// A later call promises everything that was written before it, too: its outputs are dropped with
/// those of the sync that failed, although its own would have completed.
#[test]
fn outputs_behind_later_syncs_go_with_it() {
    let mut world = World::obeying(2, |ctx, _, order| {
        ctx.disk().append("log", b"x").unwrap();
        ctx.sync();
        ctx.send(N2, word(order));
    });
    next_sync_fails(&mut world, 1);
    world.order_at(5, N1, 1).order_at(6, N1, 2);
    assert_eq!(world.seen(900), [""; 0]);
}

/// A process that stands still is told when it goes on.
#[test]
fn a_paused_host_is_told_when_it_resumes() {
    let mut world = World::obeying(2, |ctx, _, order| {
        ctx.disk().append("log", b"x").unwrap();
        ctx.sync();
        ctx.send(N2, word(order));
    });
    next_sync_fails(&mut world, 1);
    world.order_at(5, N1, 1);
    let pause = world.stop_at(10).inject(Fault::Pause(N1)).unwrap();
    world.until(100);
    assert!(world.sim.is_up(N1));
    world.stop_at(110).release(pause);
    assert_eq!(world.seen(111), [""; 0]);
    assert!(!world.sim.is_up(N1));
}

/// A step that takes time and promises what an earlier sync was to make durable: when that sync
/// fails meanwhile, what the step puts out behind its own sync is dropped.
#[test]
fn a_step_that_was_running_promises_nothing_either() {
    let mut world = World::obeying(2, |ctx, _, order| {
        if order == 1 {
            ctx.disk().append("log", b"x").unwrap();
            ctx.sync();
            return;
        }
        ctx.send(N2, word(0));
        ctx.sync();
        ctx.send(N2, word(order));
        ctx.busy(ms(50));
    });
    next_sync_fails(&mut world, 1);
    world.order_at(5, N1, 1).order_at(6, N1, 2);
    assert_eq!(world.seen(900), ["57ms n2 has 0 of n1"]);
    assert!(!world.sim.is_up(N1), "told after its step");
}

/// Only the files that the fault is about fail.
#[test]
fn other_files_are_not_concerned() {
    let mut world = World::obeying(2, |ctx, _, order| {
        let file = if order == 0 { "data" } else { "log" };
        ctx.disk().append(file, b"x").unwrap();
        ctx.sync();
        ctx.send(N2, word(order));
    });
    let fault = DiskFault::new(Trouble::FailedSyncs(Rate::ALWAYS), 1).of_files("log");
    world.stop_at(1).inject(Fault::Disk(N1, fault));
    world.order_at(5, N1, 0);
    assert_eq!(world.seen(20), ["16ms n2 has 0 of n1"]);
    world.order_at(25, N1, 1);
    assert_eq!(world.seen(40), [""; 0]);
}

struct Numbers;

impl Service for Numbers {
    const NAME: &'static str = "numbers";
    type Op = u64;
    type Ret = u64;
    type Item = u64;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Told(u64);

impl Message for Told {
    fn kinds() -> Vec<Cow<'static, str>> {
        vec!["told".into()]
    }

    fn kind(&self) -> usize {
        0
    }
}

/// Goes on after a failed sync, and says what it was told.
#[derive(Serialize)]
struct Stubborn {
    errors: Vec<String>,
}

impl Node for Stubborn {
    type Service = Numbers;
    type Message = Told;
    type Timer = ();
    type Params = ();

    fn boot(_: &mut Context<'_, Self>, (): &()) -> Self {
        Stubborn { errors: Vec::new() }
    }

    fn on_message(&mut self, _: &mut Context<'_, Self>, _: NodeId, _: Told) {}

    fn on_timer(&mut self, _: &mut Context<'_, Self>, (): ()) {}

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, id: OpId, op: u64) {
        ctx.disk().append("log", &[op as u8]).unwrap();
        ctx.sync();
        ctx.reply(id, op);
        ctx.send(N2, Told(op));
    }

    fn on_disk_error(&mut self, ctx: &mut Context<'_, Self>, error: DiskError) {
        self.errors.push(error.to_string());
        ctx.deliver(self.errors.len() as u64);
        // The second try succeeds, and promises nothing: there is nothing left to be written.
        ctx.sync();
        ctx.send(N2, Told(0));
    }
}

/// Hosts it under `in/`, with a file of its own.
#[derive(Serialize)]
struct Outer {
    inner: Hosted<Stubborn>,
    delivered: usize,
}

impl Hosts<Stubborn> for Outer {
    fn message(message: Told) -> Told {
        message
    }

    fn timer((): ()) {}

    fn inner(message: &Told) -> Option<&Told> {
        Some(message)
    }
}

impl Node for Outer {
    type Service = Numbers;
    type Message = Told;
    type Timer = ();
    type Params = ();

    fn boot(ctx: &mut Context<'_, Self>, (): &()) -> Self {
        Outer { inner: Hosted::boot(ctx, "in", &()).0, delivered: 0 }
    }

    fn on_message(&mut self, _: &mut Context<'_, Self>, _: NodeId, _: Told) {}

    fn on_timer(&mut self, _: &mut Context<'_, Self>, (): ()) {}

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, id: OpId, op: u64) {
        if op == 9 {
            ctx.disk().append("own", b"x").unwrap();
            return ctx.sync();
        }
        self.inner.run(ctx, |inner, ctx| inner.on_request(ctx, id, op));
    }

    fn on_disk_error(&mut self, ctx: &mut Context<'_, Self>, error: DiskError) {
        match self.inner.disk_error(ctx, &error) {
            Some(upward) => self.delivered += upward.len(),
            None => ctx.crash(),
        }
    }
}

fn simulation<N: Node<Params = ()>>() -> Sim<N> {
    let mut config = Config::new(3, 2, ());
    config.boot_spread = ms(0);
    config.network.everywhere =
        LinkConfig { latency: Distribution::Constant(1_000_000), ..LinkConfig::default() };
    config.hosts[0].disk =
        DiskConfig { sync: Distribution::Constant(10_000_000), ..DiskConfig::default() };
    let mut sim = Sim::new(config);
    sim.run(at(1));
    let fault = Fault::Disk(N1, DiskFault::new(Trouble::FailedSyncs(Rate::next(1)), 1));
    assert!(sim.inject(fault).is_some());
    sim
}

/// A node that has its own way with disk errors gets file and operation, as an event of its own.
#[test]
fn a_node_may_take_the_error_itself() {
    let mut sim = simulation::<Stubborn>();
    let left = Rc::new(RefCell::new(0));
    sim.set_invariants(vec![Box::new(Counter(left.clone()))]);
    assert!(sim.submit(N1, 5).is_some());
    let before = sim.events();
    assert_eq!(sim.run(at(100)), Stop::Idle);
    // The request, the sync, the error, another sync, and a message behind it.
    assert_eq!(sim.events() - before, 5);
    let view = sim.view();
    let node = view.node(N1).expect("it does not crash");
    assert_eq!(node.errors, ["cannot sync \"log\": the device failed"]);
    assert_eq!(view.durable(N1).len("log"), Some(0), "the name, and nothing in it");
    assert_eq!(view.disk(N1).len("log"), Some(1));
    // Shown as handled twice: a request, and the error; the message has another host.
    assert_eq!(*left.borrow(), 2);
}

/// Counts how often host 1 has handled something.
struct Counter(Rc<RefCell<u32>>);

impl seedbed_sim::Invariant<Stubborn> for Counter {
    fn name(&self) -> &'static str {
        "counter"
    }

    fn about(&self) -> &'static str {
        "counts"
    }

    fn watches(&self) -> seedbed_sim::Watch {
        seedbed_sim::Watch::HANDLED
    }

    fn observe(
        &mut self,
        seen: &Observation<'_, Stubborn>,
        _: &seedbed_sim::View<'_, Stubborn>,
    ) -> seedbed_sim::Check {
        if let Observation::Handled { host: N1, .. } = seen {
            *self.0.borrow_mut() += 1;
        }
        Ok(())
    }
}

/// A node that hosts another hands it the errors of its own files, by the names that it knows.
#[test]
fn a_hosted_protocol_is_told_of_its_own_files() {
    let mut sim = simulation::<Outer>();
    assert!(sim.submit(N1, 5).is_some());
    sim.run(at(100));
    let outer = sim.view().node(N1).expect("it does not crash");
    assert_eq!(outer.inner.errors, ["cannot sync \"log\": the device failed"]);
    assert_eq!(outer.delivered, 1);
    let again = DiskFault::new(Trouble::FailedSyncs(Rate::next(1)), 1).of_files("own");
    assert!(sim.inject(Fault::Disk(N1, again)).is_some());
    assert!(sim.submit(N1, 9).is_some());
    sim.run(at(200));
    assert!(!sim.is_up(N1), "its own file: the default");
}
