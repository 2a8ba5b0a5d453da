//! What a protocol is to the kernel: a [`Node`], its [`Message`]s, and the [`Service`] it offers.

use std::borrow::Cow;
use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec;
use crate::context::Context;
use crate::disk::DiskError;
use crate::id::{NodeId, OpId};

/// The state machine of one host: a value with a few handlers.
///
/// A node does no input or output, reads no clock and owns no channel; it touches the world only
/// through its [`Context`]. A handler call is a *step*, one atomic instant: what it appends to the
/// context takes effect when it returns (disk writes reach the host's cache at once). Its
/// serialized form is what reports show.
pub trait Node: Sized + Serialize + 'static {
    /// What clients may ask of it; `()` if nothing.
    type Service: Service;
    /// What nodes say to each other.
    type Message: Message;
    /// A timer's tag. Setting a timer again replaces it.
    type Timer: Copy + Eq + Debug + Serialize + 'static;
    /// The scenario's `params` object, typed.
    type Params: 'static;

    /// The start and every restart: memory is gone, `ctx.disk()` holds what survived.
    fn boot(ctx: &mut Context<'_, Self>, params: &Self::Params) -> Self;

    /// A message of `from` has arrived; `from` is this node itself for a message to oneself.
    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: NodeId, message: Self::Message);

    /// A timer has fired. It is no longer set.
    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Self::Timer);

    /// A client asks for `op`. Answer with [`Context::reply`] now, later or never.
    fn on_request(&mut self, ctx: &mut Context<'_, Self>, id: OpId, op: Op<Self>);

    /// A sync has failed: what it was to make durable may be lost, the outputs behind it are gone
    /// for ever, and no later sync makes up for it. Called once a file. (A write that fails says so
    /// itself.) By default the host crashes, for only a restart shows what is really on the disk,
    /// and a supervisor restarts it.
    fn on_disk_error(&mut self, ctx: &mut Context<'_, Self>, error: DiskError) {
        let _ = error;
        ctx.crash();
    }
}

/// The operations that clients may ask of a node.
pub type Op<N> = <<N as Node>::Service as Service>::Op;
/// What a completed operation returns.
pub type Ret<N> = <<N as Node>::Service as Service>::Ret;
/// What a node delivers upward: to what hosts it, or applies its log.
pub type Item<N> = <<N as Node>::Service as Service>::Item;

/// What nodes say to each other.
pub trait Message: Clone + Debug + Serialize + DeserializeOwned + 'static {
    /// The names of all kinds, in the order of [`Message::kind`]: lower case with hyphens.
    fn kinds() -> Vec<Cow<'static, str>>;

    /// The index of this message's kind in [`Message::kinds`].
    fn kind(&self) -> usize;

    /// Bytes on the wire. By default what [`codec::encode`] writes.
    fn size(&self) -> u64 {
        codec::size_of(self)
    }
}

/// A contract between clients and a protocol: what may be asked, and what comes back.
///
/// Workloads and history checkers belong to a service, so that every protocol that offers it is
/// loaded and judged in the same way.
pub trait Service: 'static {
    /// Its name in scenario files.
    const NAME: &'static str;
    /// An operation.
    type Op: Clone + Debug + Serialize + DeserializeOwned + 'static;
    /// What a completed operation returns.
    type Ret: Clone + Debug + Serialize + DeserializeOwned + 'static;
    /// What a node delivers upward with [`Context::deliver`].
    type Item: Clone + Debug + Serialize + 'static;
    /// What a client does about an attempt that is not answered in time.
    const RETRY: Retry = Retry::Never;
}

/// What a client does about an attempt that is not answered in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Nothing: the operation waits until its time-out and ends `info`. For services that cannot
    /// tell a retry from a new operation.
    Never,
    /// Sends it again, with the same [`OpId`], to another host.
    SameOperation,
}

/// The service of a node that has no clients.
impl Service for () {
    const NAME: &'static str = "none";
    type Op = Never;
    type Ret = Never;
    type Item = Never;
}

/// A type without values: nobody can ask anything of a node whose service is `()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub enum Never {}

/// A host's answer to one attempt of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub enum Answer<R> {
    /// It took place and returned this. A negative answer (compare failed, no such key) is `Done`.
    Done(R),
    /// It did not take place and never will by this attempt. The client may try `hint` instead.
    Refused {
        /// Who may know better, as far as this host believes.
        hint: Option<NodeId>,
    },
    /// It may or may not take place: this host has lost track of it.
    Unknown,
}
