//! Hosts that count aloud: small enough to know every outcome.

use std::borrow::Cow;
use std::time::Duration;

use seedbed::protocols::{Protocol, Tolerance};
use seedbed::sim::{
    Check, Context, Invariant, Message, Milestone, Node, NodeId, Observation, Op, OpId, View,
    Watch, broken,
};
use serde::{Deserialize, Serialize};

/// One host.
#[derive(Clone, Debug, Serialize)]
pub struct Tiny {
    params: Params,
    count: u64,
}

/// The scenario's `params`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// One host in so many says 99, which nobody may say; 0 for none.
    pub say_99_in: u64,
    /// One host in so many panics; 0 for none.
    pub panic_in: u64,
}

/// A number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Number(pub u64);

impl Message for Number {
    fn kinds() -> Vec<Cow<'static, str>> {
        vec!["number".into()]
    }

    fn kind(&self) -> usize {
        0
    }
}

/// The only timer: say the next number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Next;

impl Node for Tiny {
    type Service = ();
    type Message = Number;
    type Timer = Next;
    type Params = Params;

    fn boot(ctx: &mut Context<'_, Self>, params: &Params) -> Self {
        ctx.set_timer(Next, Duration::from_millis(10));
        Tiny { params: params.clone(), count: 0 }
    }

    fn on_message(&mut self, _: &mut Context<'_, Self>, _: NodeId, _: Number) {}

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, _: Next) {
        self.count += 1;
        let mut one_in = |cases: u64| cases > 0 && ctx.rng().below(cases) == 0;
        let (says_99, panics) = (one_in(self.params.say_99_in), one_in(self.params.panic_in));
        assert!(!panics, "told to panic");
        let number = if self.count == 5 && says_99 { 99 } else { self.count };
        ctx.broadcast(Number(number));
        if self.count < 5 {
            ctx.set_timer(Next, Duration::from_millis(10));
        }
    }

    fn on_request(&mut self, _: &mut Context<'_, Self>, _: OpId, op: Op<Self>) {
        match op {}
    }
}

/// Nobody says 99.
struct NoNinetyNine;

impl Invariant<Tiny> for NoNinetyNine {
    fn name(&self) -> &'static str {
        "no-99"
    }

    fn about(&self) -> &'static str {
        "no host says 99"
    }

    fn watches(&self) -> Watch {
        Watch::LEFT
    }

    fn observe(&mut self, seen: &Observation<'_, Tiny>, _: &View<'_, Tiny>) -> Check {
        match seen {
            Observation::Left { from, message: Number(99), .. } => {
                broken(format!("{from} said 99"))
            }
            _ => Ok(()),
        }
    }
}

impl Protocol for Tiny {
    const NAME: &'static str = "tiny";
    const ABOUT: &'static str = "hosts that count aloud";

    fn invariants(_: &Params) -> Vec<Box<dyn Invariant<Self>>> {
        vec![Box::new(NoNinetyNine)]
    }

    fn milestones() -> Vec<Milestone<Self>> {
        Vec::new()
    }

    fn tolerance(_: &Params, hosts: usize) -> Tolerance {
        Tolerance {
            crashes: hosts,
            amnesia: true,
            lost_copies: hosts,
            damaged_copies: hosts,
            ..Tolerance::default()
        }
    }

    fn liveness_bound(_: &Params) -> Duration {
        Duration::from_millis(10)
    }
}
