//! Raft inside another protocol: its invariants, milestones, selectors and bugs work there, too.

use std::borrow::Cow;
use std::time::Duration;

use seedbed_protocols::Protocol;
use seedbed_protocols::raft::{Bug, Message, Params, Raft, Timer};
use seedbed_protocols::services::{Command, Log, LogOp, LogRet};
use seedbed_sim::{
    Answer, Config, Context, CrashModel, Fault, Hosted, Hosts, Node, NodeId, Op, OpId, Sim, Upward,
    hosted_kinds, lift,
};
use serde::{Deserialize, Serialize};

/// A node that is nothing but a Raft node under another name.
#[derive(Debug, Serialize)]
struct Shell {
    raft: Hosted<Raft>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Wrapped(Message);

impl seedbed_sim::Message for Wrapped {
    fn kinds() -> Vec<Cow<'static, str>> {
        hosted_kinds::<Message>("raft")
    }

    fn kind(&self) -> usize {
        self.0.kind()
    }
}

impl Hosts<Raft> for Shell {
    fn message(message: Message) -> Wrapped {
        Wrapped(message)
    }

    fn timer(timer: Timer) -> Timer {
        timer
    }

    fn inner(message: &Wrapped) -> Option<&Message> {
        Some(&message.0)
    }
}

fn pass_on(ctx: &mut Context<'_, Shell>, upward: Vec<Upward<Raft>>) {
    for event in upward {
        match event {
            Upward::Delivered(item) => ctx.deliver(item),
            Upward::Replied(id, answer) => ctx.answer(id, answer),
            Upward::Accepted(id, position) => ctx.accepted(id, position),
        }
    }
}

impl Node for Shell {
    type Service = Log;
    type Message = Wrapped;
    type Timer = Timer;
    type Params = Params;

    fn boot(ctx: &mut Context<'_, Self>, params: &Params) -> Self {
        let (raft, upward) = Hosted::boot(ctx, "raft", params);
        pass_on(ctx, upward);
        Shell { raft }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: NodeId, message: Wrapped) {
        let handle = |raft: &mut Raft, ctx: &mut Context<'_, Raft>| {
            raft.on_message(ctx, from, message.0);
        };
        let ((), upward) = self.raft.run(ctx, handle);
        pass_on(ctx, upward);
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        let ((), upward) = self.raft.run(ctx, |raft, ctx| raft.on_timer(ctx, timer));
        pass_on(ctx, upward);
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, id: OpId, op: Op<Self>) {
        let ((), upward) = self.raft.run(ctx, |raft, ctx| raft.on_request(ctx, id, op));
        pass_on(ctx, upward);
    }
}

fn inner(shell: &Shell) -> &Raft {
    &shell.raft
}

fn cluster(params: Params) -> Sim<Shell> {
    let mut sim = Sim::new(Config::new(3, 3, params.clone()));
    let lifted = Raft::invariants(&params).into_iter().map(|it| lift(it, "raft", inner));
    sim.set_invariants(lifted.collect());
    sim.set_milestones(Raft::milestones().into_iter().map(|it| it.lift("raft", inner)).collect());
    sim
}

fn leader(sim: &Sim<Shell>) -> Option<NodeId> {
    let selector = Raft::selectors().remove(0).lift("raft", inner);
    selector.resolve(&sim.view()).first().copied()
}

fn run_for(sim: &mut Sim<Shell>, milliseconds: u64) {
    let until = sim.now().saturating_add(Duration::from_millis(milliseconds));
    sim.run(until);
}

#[test]
fn a_hosted_raft_elects_commits_and_recovers() {
    let mut sim = cluster(Params::default());
    run_for(&mut sim, 2000);
    let first = leader(&sim).expect("a leader");
    let submitted =
        sim.submit(first, LogOp::Append(Command::Number(7))).expect("a leader that is up");
    run_for(&mut sim, 300);
    // The leader's no-op comes first.
    let submission = sim.submission(submitted);
    assert_eq!(submission.accepted, Some(2));
    assert_eq!(submission.answer, Some(Answer::Done(LogRet::Index(2))));
    let hold = sim.inject(Fault::Crash(first, Some(CrashModel::Reorder))).expect("it was up");
    run_for(&mut sim, 2000);
    let second = leader(&sim).expect("another leader");
    assert_ne!(first, second);
    sim.release(hold);
    run_for(&mut sim, 1000);
    assert_eq!(sim.view().node(first).map(|shell| shell.raft.commit()), Some(3));
    let reached = sim.milestones().filter(|(_, first, _)| first.is_some());
    let reached: Vec<_> = reached.map(|(name, _, _)| name).collect();
    assert!(reached.contains(&"leader-elected") && reached.contains(&"commit-after-restart"));
    assert_eq!(sim.violations(), []);
}

/// The lifted invariants see the hosted protocol's messages, disk and deliveries.
#[test]
fn bugs_of_a_hosted_raft_are_caught() {
    for (bug, property) in
        [(Bug::AckBeforeSync, "persist-before-send"), (Bug::CommitByHalf, "quorum-log")]
    {
        let mut sim = cluster(Params { bug: Some(bug), ..Params::default() });
        run_for(&mut sim, 2000);
        let found = sim.violations().first().map(|violation| violation.property.as_str());
        assert_eq!(found, Some(property));
    }
}
