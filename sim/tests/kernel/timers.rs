//! Timers: tags that are set, set again and cancelled, against a naive model of the same.

use std::collections::BTreeMap;

use proptest::prelude::*;
use seedbed_sim::{Fault, HoldId};

use crate::puppet::{Event, N1, World, ms};

/// Setting a timer again replaces it; cancelling one that is not set does nothing; one that has
/// fired is no longer set.
#[test]
fn a_timer_is_its_tag() {
    let mut world = World::new(1, |_, ctx, event| match event {
        Event::Asked { op: 0, .. } => {
            ctx.cancel_timer(1);
            ctx.set_timer(1, ms(10));
            ctx.set_timer(2, ms(10));
            ctx.set_timer(3, ms(10));
            ctx.cancel_timer(3);
        }
        Event::Asked { .. } => ctx.set_timer(1, ms(3)),
        Event::Timer(1) => ctx.cancel_timer(1),
        Event::Boot | Event::Word { .. } | Event::Timer(_) => {}
    });
    world.order_at(5, N1, 0).order_at(8, N1, 1);
    assert_eq!(world.seen(40), ["11ms n1 timer 1", "15ms n1 timer 2"]);
    world.order_at(50, N1, 0).order_at(59, N1, 1);
    assert_eq!(world.seen(90), ["60ms n1 timer 2", "62ms n1 timer 1"]);
}

/// Among timers of the same instant the one set first fires first, and one that was set again
/// counts by its last setting.
#[test]
fn the_last_setting_decides_the_order() {
    let mut world = World::new(1, |_, ctx, event| {
        if let Event::Asked { .. } = event {
            [1, 2, 3, 1].into_iter().for_each(|timer| ctx.set_timer(timer, ms(10)));
        }
    });
    world.order_at(5, N1, 0);
    assert_eq!(world.seen(40), ["15ms n1 timer 2", "15ms n1 timer 3", "15ms n1 timer 1"]);
}

#[derive(Clone, Copy, Debug)]
enum Order {
    Set(u8, u64),
    Cancel(u8),
    /// Does nothing for so long.
    Busy(u64),
}

/// What a timer does when it fires: it sets another, or cancels one.
fn on_timer(timer: u8) -> Option<Order> {
    match timer {
        0 => Some(Order::Set(1, 0)),
        1 => Some(Order::Set(3, 2 * UNIT)),
        2 => Some(Order::Cancel(3)),
        _ => None,
    }
}

const TAGS: u8 = 6;

/// Orders come at 1 after a multiple of this, pauses at 3, resumes at 7; and a step may end any
/// number of 8 later. So no two of them ever meet, and timers meet whatever they may.
const UNIT: u64 = 1024;

fn encode(order: Order) -> u64 {
    match order {
        Order::Set(timer, after) => u64::from(timer) << 32 | after,
        Order::Cancel(timer) => 1 << 60 | u64::from(timer),
        Order::Busy(time) => 2 << 60 | time,
    }
}

fn decode(word: u64) -> Order {
    match word >> 60 {
        0 => Order::Set((word >> 32) as u8, word & 0xffff_ffff),
        1 => Order::Cancel(word as u8),
        _ => Order::Busy(word & 0xffff_ffff),
    }
}

/// The naive model: a list of what is to come by (time, number), and an inbox.
#[derive(Default)]
struct Naive {
    coming: BTreeMap<(u64, u64), What>,
    /// The number of the setting that counts for each tag.
    set: BTreeMap<u8, u64>,
    inbox: Vec<What>,
    numbers: u64,
    fired: Vec<String>,
    now: u64,
    paused: bool,
    busy_until: u64,
    /// What comes from outside. Each is known only when the one before it has come.
    plan: std::collections::VecDeque<(u64, Planned)>,
}

#[derive(Clone, Copy)]
enum What {
    Timer(u8, u64),
    Order(Order),
    /// The next of the plan.
    Planned,
    /// The host may be able to go on.
    Ready,
}

/// What comes from outside.
#[derive(Clone, Copy)]
enum Planned {
    Order(Order),
    Pause,
    Resume,
}

impl Naive {
    fn add(&mut self, time: u64, what: What) -> u64 {
        self.numbers += 1;
        self.coming.insert((time, self.numbers), what);
        self.numbers
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Set(timer, after) => {
                let time = self.now + after;
                let number = self.numbers + 1;
                self.add(time, What::Timer(timer, number));
                self.set.insert(timer, number);
            }
            Order::Cancel(timer) => {
                self.set.remove(&timer);
            }
            Order::Busy(time) => {
                self.busy_until = self.now + time;
                self.add(self.busy_until, What::Ready);
            }
        }
    }

    fn handle(&mut self, what: What) {
        match what {
            What::Timer(timer, number) if self.set.get(&timer) == Some(&number) => {
                self.set.remove(&timer);
                self.fired.push(format!("{}ms n1 timer {timer}", self.now));
                if let Some(order) = on_timer(timer) {
                    self.obey(order);
                }
            }
            What::Order(order) => self.obey(order),
            What::Timer(..) | What::Planned | What::Ready => {}
        }
    }

    fn drain(&mut self) {
        while !self.paused && self.busy_until <= self.now && !self.inbox.is_empty() {
            let first = self.inbox.remove(0);
            self.handle(first);
            // What this step made due at once queues behind the rest.
            while let Some((&key, &what)) = self.coming.iter().next() {
                if key.0 > self.now || !matches!(what, What::Timer(..)) {
                    break;
                }
                self.coming.remove(&key);
                self.inbox.push(what);
            }
        }
    }

    fn plan_next(&mut self) {
        if let Some(&(time, _)) = self.plan.front() {
            self.add(time, What::Planned);
        }
    }

    /// An order arrives as an event of its own; a fault takes effect at once.
    fn planned(&mut self) {
        let (time, what) = self.plan.pop_front().expect("a plan");
        match what {
            Planned::Order(order) => {
                self.add(time, What::Order(order));
            }
            Planned::Pause => self.paused = true,
            Planned::Resume => {
                self.paused = false;
                self.add(time, What::Ready);
            }
        }
        self.plan_next();
    }

    fn run(mut self, through: u64) -> Vec<String> {
        self.plan_next();
        while let Some((&(time, number), &what)) = self.coming.iter().next() {
            if time > through {
                break;
            }
            self.coming.remove(&(time, number));
            self.now = time;
            match what {
                What::Planned => self.planned(),
                What::Ready => self.drain(),
                What::Timer(..) | What::Order(_) => {
                    let ready = !self.paused && self.busy_until <= self.now;
                    if ready && self.inbox.is_empty() {
                        self.handle(what);
                    } else {
                        self.inbox.push(what);
                    }
                }
            }
        }
        self.fired
    }
}

fn order() -> impl Strategy<Value = Order> {
    prop_oneof![
        4 => (0..TAGS, 0..12_u64).prop_map(|(tag, after)| Order::Set(tag, after * UNIT)),
        2 => (0..TAGS).prop_map(Order::Cancel),
        1 => (0..8_u64).prop_map(|time| Order::Busy(time * UNIT + 8)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 500,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]
    /// Whatever is set, set again and cancelled, by orders, by timers and across pauses and busy
    /// steps: the same timers fire as in the naive model, at the same times, in the same order.
    #[test]
    fn timers_fire_as_in_the_naive_model(
        orders in prop::collection::vec((0..6_u64, order()), 1..60),
        pauses in prop::collection::vec((1..30_u64, 1..30_u64), 0..4),
    ) {
        let mut world = World::new(1, |_, ctx, event| {
            let order = match event {
                Event::Asked { op, .. } => Some(decode(op)),
                Event::Timer(timer) => on_timer(timer),
                Event::Boot | Event::Word { .. } => None,
            };
            match order {
                Some(Order::Set(timer, after)) => ctx.set_timer(timer, ms(after)),
                Some(Order::Cancel(timer)) => ctx.cancel_timer(timer),
                Some(Order::Busy(time)) => ctx.busy(ms(time)),
                None => {}
            }
        });
        let mut naive = Naive::default();
        let mut plan = BTreeMap::new();
        let mut time = 0;
        for (wait, order) in orders {
            time += wait;
            plan.entry(UNIT * time + 1).or_insert_with(Vec::new).push(order);
        }
        let mut stops: Vec<(u64, Planned)> = Vec::new();
        for (at, orders) in plan {
            stops.extend(orders.into_iter().map(|order| (at, Planned::Order(order))));
        }
        let mut from = 0;
        for (wait, length) in pauses {
            from += UNIT * wait;
            stops.push((from + 3, Planned::Pause));
            from += UNIT * length;
            stops.push((from + 7, Planned::Resume));
        }
        stops.sort_by_key(|(at, _)| *at);
        let end = stops.last().map_or(0, |(at, _)| *at) + 600 * UNIT;
        let mut hold: Option<HoldId> = None;
        for (at, what) in stops {
            naive.plan.push_back((at, what));
            match what {
                Planned::Order(order) => {
                    world.order_at(at, N1, encode(order));
                }
                Planned::Pause => hold = world.stop_at(at).inject(Fault::Pause(N1)),
                Planned::Resume => {
                    let hold = hold.take().expect("a pause before");
                    world.stop_at(at).release(hold);
                }
            }
        }
        prop_assert_eq!(world.seen(end), naive.run(end));
    }
}
