//! Nesting: a node that hosts another protocol.
//!
//! The hosted protocol gets its own directory, random stream, timers and message kinds; what it
//! replies or delivers upward is returned to the outer handler in order, not sent. One sync gate
//! serves the whole call, because all effects land in one list.

use std::borrow::Cow;
use std::ops::Deref;

use serde::{Serialize, Serializer};

use crate::context::Context;
use crate::disk::DiskError;
use crate::effects::{Effect, Effects, Inner};
use crate::id::OpId;
use crate::node::{Answer, Item, Message, Node, Ret};
use crate::rng::hash_name;

/// A node that can carry the messages and timers of a hosted protocol `S` inside its own.
pub trait Hosts<S: Node>: Node {
    /// Wraps a message of the hosted protocol.
    fn message(message: S::Message) -> Self::Message;
    /// Wraps a timer of the hosted protocol.
    fn timer(timer: S::Timer) -> Self::Timer;
    /// The hosted protocol's message inside, if this is one.
    fn inner(message: &Self::Message) -> Option<&S::Message>;
}

/// The kinds of a hosted protocol's messages as its host lists them: `raft/append-entries`.
pub fn hosted_kinds<M: Message>(directory: &str) -> Vec<Cow<'static, str>> {
    M::kinds().iter().map(|kind| Cow::Owned(format!("{directory}/{kind}"))).collect()
}

/// What a hosted protocol hands up.
#[derive(Debug)]
pub enum Upward<S: Node> {
    /// It delivered an item.
    Delivered(Item<S>),
    /// It answered an operation that its host passed to it.
    Replied(OpId, Answer<Ret<S>>),
    /// It has taken up an operation at this position; no promise.
    Accepted(OpId, u64),
}

/// A hosted protocol: a field of its host's node.
#[derive(Debug)]
pub struct Hosted<S: Node> {
    node: S,
    scratch: Effects<S>,
    place: Place,
}

/// Where a hosted protocol lives on its host.
#[derive(Debug)]
struct Place {
    /// Its directory with a slash at the end.
    directory: String,
    /// The name of its random stream.
    nest: u64,
}

impl<S: Node> Deref for Hosted<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.node
    }
}

impl<S: Node> Serialize for Hosted<S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        self.node.serialize(serializer)
    }
}

impl<S: Node> Hosted<S> {
    /// Boots the hosted protocol under `directory` (a plain name, `raft`), and returns what it
    /// handed up while booting.
    pub fn boot<N: Hosts<S>>(
        ctx: &mut Context<'_, N>,
        directory: &str,
        params: &S::Params,
    ) -> (Self, Vec<Upward<S>>) {
        let directory = [ctx.directory, directory, "/"].concat();
        let place = Place { nest: hash_name(&directory), directory };
        let mut scratch = Effects::default();
        let node = within(&place, &mut scratch, ctx, |ctx| S::boot(ctx, params));
        let upward = translate(place.nest, &mut scratch, ctx);
        (Hosted { node, scratch, place }, upward)
    }

    /// Lets the hosted protocol handle something, and returns the closure's result with what the
    /// protocol handed up, in order.
    pub fn run<N: Hosts<S>, T>(
        &mut self,
        ctx: &mut Context<'_, N>,
        handle: impl FnOnce(&mut S, &mut Context<'_, S>) -> T,
    ) -> (T, Vec<Upward<S>>) {
        let Hosted { node, scratch, place } = self;
        let result = within(place, scratch, ctx, |ctx| handle(node, ctx));
        let upward = translate(place.nest, scratch, ctx);
        (result, upward)
    }

    /// Hands a failed sync on to the hosted protocol if its files are concerned, with their paths
    /// as it knows them, and returns what it handed up; none if the files are not its own.
    pub fn disk_error<N: Hosts<S>>(
        &mut self,
        ctx: &mut Context<'_, N>,
        error: &DiskError,
    ) -> Option<Vec<Upward<S>>> {
        let path = error.path.strip_prefix(&*self.place.directory)?;
        // A host that is nested itself knows its files, and this directory, by relative paths.
        let error = DiskError { path: path.into(), ..error.clone() };
        let ((), upward) = self.run(ctx, |node, ctx| node.on_disk_error(ctx, error));
        Some(upward)
    }
}

/// Calls `handle` with the context of the hosted protocol.
fn within<N: Node, S: Node, T>(
    place: &Place,
    scratch: &mut Effects<S>,
    ctx: &mut Context<'_, N>,
    handle: impl FnOnce(&mut Context<'_, S>) -> T,
) -> T {
    scratch.tracing = ctx.effects.tracing;
    scratch.watch_inner = ctx.effects.watch_inner;
    handle(&mut Context {
        me: ctx.me,
        time: ctx.time,
        shared: ctx.shared,
        machine: ctx.machine,
        effects: scratch,
        directory: &place.directory,
        nest: place.nest,
    })
}

/// Moves the effects of the hosted protocol into its host's, wrapped, in order.
fn translate<S: Node, N: Hosts<S>>(
    nest: u64,
    scratch: &mut Effects<S>,
    ctx: &mut Context<'_, N>,
) -> Vec<Upward<S>> {
    let mut upward = Vec::new();
    let watched = scratch.watch_inner;
    ctx.effects.busy += std::mem::take(&mut scratch.busy);
    ctx.effects.slow |= std::mem::take(&mut scratch.slow);
    let Effects { list, parcels, .. } = scratch;
    for effect in list.drain(..) {
        let outer = match effect {
            Effect::Send { slot } => {
                let to = parcels.header(slot).to;
                ctx.effects.send(ctx.me, to, N::message(parcels.remove(slot)));
                continue;
            }
            Effect::Broadcast { slot } => {
                ctx.effects.broadcast(ctx.me, N::message(parcels.remove(slot)));
                continue;
            }
            Effect::Reply { id, answer } => {
                if watched {
                    let seen = Inner::Replied(nest, id, answer.clone());
                    ctx.effects.list.push(Effect::Inner(seen));
                }
                upward.push(Upward::Replied(id, *answer));
                continue;
            }
            Effect::Deliver(item) => {
                if watched {
                    let seen = Inner::Delivered(nest, item.clone());
                    ctx.effects.list.push(Effect::Inner(seen));
                }
                upward.push(Upward::Delivered(*item));
                continue;
            }
            Effect::Accepted { id, position } => {
                upward.push(Upward::Accepted(id, position));
                continue;
            }
            Effect::SetTimer { timer, after } => Effect::SetTimer { timer: N::timer(timer), after },
            Effect::CancelTimer { timer } => Effect::CancelTimer { timer: N::timer(timer) },
            Effect::Inner(inner) => Effect::Inner(inner),
            Effect::Sync(request) => Effect::Sync(request),
            Effect::Reached(milestone) => Effect::Reached(milestone),
            Effect::Note(text) => Effect::Note(text),
            Effect::Crash => Effect::Crash,
        };
        ctx.effects.list.push(outer);
    }
    upward
}
