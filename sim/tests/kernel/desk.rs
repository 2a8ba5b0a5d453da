//! The desk: a node's handlers called by hand.

use std::time::Duration;

use seedbed_sim::clock::Drift;
use seedbed_sim::testing::{Desk, Effect};
use seedbed_sim::{Answer, Context, CrashModel, LocalTime, Message, Node, NodeId, OpId, Service};
use serde::{Deserialize, Serialize};

const ME: NodeId = NodeId::host(1);
const OTHER: NodeId = NodeId::host(0);
const ID: OpId = OpId { client: NodeId::client(0), number: 1 };

struct Words;

impl Service for Words {
    const NAME: &'static str = "words";
    type Op = String;
    type Ret = u64;
    type Item = String;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Note(String);

impl Message for Note {
    fn kinds() -> Vec<std::borrow::Cow<'static, str>> {
        vec!["note".into()]
    }

    fn kind(&self) -> usize {
        0
    }
}

/// Does one of everything.
#[derive(Serialize)]
struct Clerk {
    boots: u64,
    role: String,
}

impl Node for Clerk {
    type Service = Words;
    type Message = Note;
    type Timer = u8;
    type Params = u64;

    fn boot(ctx: &mut Context<'_, Self>, first: &u64) -> Self {
        ctx.set_timer(3, Duration::from_millis(*first));
        Clerk { boots: ctx.disk().len("boots").unwrap_or(0), role: ctx.role().to_owned() }
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: NodeId, Note(text): Note) {
        ctx.note(|| format!("got {text}"));
        ctx.deliver(text.clone());
        ctx.cancel_timer(3);
        ctx.broadcast(Note(text.clone()));
        ctx.send(from, Note(text));
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: u8) {
        ctx.reached("due");
        ctx.busy(Duration::from_millis(u64::from(timer)));
        ctx.crash();
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, id: OpId, op: String) {
        ctx.sync();
        ctx.disk().append("boots", op.as_bytes()).unwrap();
        ctx.accepted(id, 5);
        ctx.sync();
        ctx.reply(id, ctx.elapsed().as_millis() as u64);
    }
}

/// Each call returns the effects in program order, and nothing of them happens.
#[test]
fn a_desk_returns_effects_in_program_order() {
    let mut desk = Desk::<Clerk>::new(ME, 3, 40, 0);
    let after = Duration::from_millis(40);
    assert_eq!(desk.boot(), [Effect::SetTimer { timer: 3, after }]);
    let note = || Note("hello".to_owned());
    assert_eq!(
        desk.message(OTHER, note()),
        [
            Effect::Note("got hello".to_owned()),
            Effect::Deliver("hello".to_owned()),
            Effect::CancelTimer(3),
            Effect::Broadcast(note()),
            Effect::Send { to: OTHER, message: note() },
        ]
    );
    let late = Duration::from_millis(3);
    assert_eq!(desk.timer(3), [Effect::Reached("due"), Effect::Crash, Effect::Busy(late)]);
    desk.advance(Duration::from_millis(7));
    assert_eq!(
        desk.request(ID, "x".to_owned()),
        [
            Effect::Sync { waits: false },
            Effect::Accepted { id: ID, position: 5 },
            Effect::Sync { waits: true },
            Effect::Reply { id: ID, answer: Answer::Done(7) },
        ]
    );
    assert_eq!(desk.node().boots, 0);
}

/// The disk is a real one: what was synced survives a crash, the rest as the model says.
#[test]
fn a_desk_has_a_disk() {
    let mut desk = Desk::<Clerk>::new(ME, 3, 40, 0);
    desk.boot();
    desk.request(ID, "abc".to_owned());
    assert_eq!(desk.disk().durable().len("boots"), None);
    desk.complete_syncs();
    assert_eq!(desk.disk().durable().len("boots"), Some(3));
    desk.request(ID, "de".to_owned());
    assert_eq!(desk.crash(CrashModel::Strict).bytes, 2);
    desk.disk_mut().append("boots", b"!").unwrap();
    desk.boot();
    assert_eq!(desk.node().boots, 4);
    desk.node_mut().boots = 9;
    assert_eq!(
        desk.step(|clerk, ctx| ctx.deliver(clerk.boots.to_string())),
        [Effect::Deliver("9".to_owned())]
    );
}

/// Roles and clocks can be set.
#[test]
fn a_desk_has_roles_and_clocks() {
    let roles = ["worker", "coordinator", "worker"];
    let mut desk = Desk::<Clerk>::with_roles(ME, &roles, 40, 0);
    desk.boot();
    assert_eq!(desk.node().role, "coordinator");
    let now = desk.now();
    desk.clocks_mut().set_drift(now, Drift::from_ppm(1_000_000));
    desk.advance(Duration::from_millis(5));
    desk.step(|_, ctx| {
        assert_eq!(ctx.elapsed(), Duration::from_millis(10));
        assert_eq!(ctx.now(), LocalTime::from_nanos(10_000_000));
        assert_eq!(ctx.incarnation(), 1);
        assert_eq!(ctx.role_of(OTHER), "worker");
        assert_eq!(ctx.members().len(), 3);
    });
}

/// Effects print as a person would say them, and differ where they differ.
#[test]
fn effects_are_readable() {
    let effects: [Effect<Clerk>; 4] = [
        Effect::Send { to: OTHER, message: Note("a".to_owned()) },
        Effect::Sync { waits: true },
        Effect::Sync { waits: false },
        Effect::Crash,
    ];
    let text = format!("{effects:?}");
    assert_eq!(text, "[send Note(\"a\") to n1, sync, sync nothing, crash]");
    for (place, effect) in effects.iter().enumerate() {
        for (other_place, other) in effects.iter().enumerate() {
            assert_eq!(effect == other, place == other_place);
        }
    }
}

/// A crash loop at the desk is a mistake of the test.
#[test]
#[should_panic(expected = "n2 is up: crash it first")]
fn a_desk_boots_what_is_down() {
    let mut desk = Desk::<Clerk>::new(ME, 3, 40, 0);
    desk.boot();
    desk.boot();
}
