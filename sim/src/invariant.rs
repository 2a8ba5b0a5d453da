//! Properties that must hold at every moment, and what they get to see.

use std::any::Any;

use crate::id::{NodeId, OpId};
use crate::node::{Answer, Item, Node, Ret};
use crate::view::View;

/// A property that must hold at every moment, checked incrementally.
///
/// An invariant about *promises* looks at [`Observation::Left`] and at the durable disk; one about
/// *belief* looks at node state. Its documentation says which. It never trusts a protocol's own
/// word.
pub trait Invariant<N: Node> {
    /// Its name, lower case with hyphens: `election-safety`.
    fn name(&self) -> &'static str;

    /// What must hold, in one line: `at most one leader in a term`.
    fn about(&self) -> &'static str;

    /// Which observations it wants; the others cost it nothing.
    fn watches(&self) -> Watch;

    /// Sees one observation; returns what is broken, if anything.
    fn observe(&mut self, seen: &Observation<'_, N>, world: &View<'_, N>) -> Check;
}

/// What an invariant returns: one pointer, null while it holds.
pub type Check = Result<(), Box<Broken>>;

/// Why a property does not hold, in one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// One sentence that names hosts, terms, indices.
    pub message: String,
}

/// Shorthand for a broken invariant: `return broken(format!(..))`.
pub fn broken(message: impl Into<String>) -> Check {
    Err(Box::new(Broken { message: message.into() }))
}

/// A set of observation kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch(u8);

impl Watch {
    /// A handler has returned.
    pub const HANDLED: Watch = Watch(1);
    /// A message leaves its host.
    pub const LEFT: Watch = Watch(2);
    /// A client's operation is answered.
    pub const REPLIED: Watch = Watch(4);
    /// An item is delivered upward.
    pub const DELIVERED: Watch = Watch(8);
    /// Something became durable.
    pub const DURABLE: Watch = Watch(16);
    /// A host booted.
    pub const BOOTED: Watch = Watch(32);
    /// A host crashed.
    pub const CRASHED: Watch = Watch(64);
    /// Outputs of a nested protocol: [`crate::lift`] asks for them.
    pub(crate) const INNER: Watch = Watch(128);

    /// Both.
    pub const fn and(self, other: Watch) -> Watch {
        Watch(self.0 | other.0)
    }

    /// The set with only the kind number `index`.
    pub(crate) const fn bit(index: usize) -> Watch {
        Watch(1 << index)
    }

    /// The number of the only kind in this set.
    pub(crate) const fn index(self) -> usize {
        self.0.trailing_zeros() as usize
    }

    /// Whether all of `other` is in this set.
    pub const fn contains(self, other: Watch) -> bool {
        self.0 & other.0 == other.0
    }
}

/// What just happened, at one host.
#[derive(Debug)]
#[non_exhaustive]
pub enum Observation<'a, N: Node> {
    /// A handler has returned.
    Handled {
        /// Where.
        host: NodeId,
        /// Its state now.
        node: &'a N,
    },
    /// A message leaves its host, after its gate: the moment a promise is made.
    Left {
        /// The sender.
        from: NodeId,
        /// The receiver; the sender itself for a message to oneself.
        to: NodeId,
        /// What it says.
        message: &'a N::Message,
    },
    /// An answer to a client leaves its host, after its gate.
    Replied {
        /// Who answers.
        host: NodeId,
        /// Which operation.
        op: OpId,
        /// The answer.
        answer: &'a Answer<Ret<N>>,
    },
    /// A node delivered an item upward.
    Delivered {
        /// Where.
        host: NodeId,
        /// What.
        item: &'a Item<N>,
    },
    /// A disk has completed a sync.
    Durable {
        /// Whose.
        host: NodeId,
    },
    /// A host has booted.
    Booted {
        /// Which.
        host: NodeId,
        /// Its state now.
        node: &'a N,
    },
    /// A host has crashed: its memory is gone, its disk is what survived.
    Crashed {
        /// Which.
        host: NodeId,
    },
    /// A protocol nested in this one delivered or replied; see [`crate::lift`].
    #[doc(hidden)]
    Inner {
        /// Where.
        host: NodeId,
        /// What.
        inner: InnerRef<'a>,
    },
}

/// An output of a nested protocol, typed by who lifted the invariant.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum InnerRef<'a> {
    Delivered(u64, &'a dyn Any),
    Replied(u64, OpId, &'a dyn Any),
}

impl<N: Node> Observation<'_, N> {
    /// The kind of this observation.
    pub(crate) fn watch(&self) -> Watch {
        match self {
            Observation::Handled { .. } => Watch::HANDLED,
            Observation::Left { .. } => Watch::LEFT,
            Observation::Replied { .. } => Watch::REPLIED,
            Observation::Delivered { .. } => Watch::DELIVERED,
            Observation::Durable { .. } => Watch::DURABLE,
            Observation::Booted { .. } => Watch::BOOTED,
            Observation::Crashed { .. } => Watch::CRASHED,
            Observation::Inner { .. } => Watch::INNER,
        }
    }
}
