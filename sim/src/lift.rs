//! Lifting: what watches a protocol watches it as well where it is hosted by another.

use std::ops::Range;
use std::time::Duration;

use crate::disk::DiskView;
use crate::hosted::Hosts;
use crate::id::NodeId;
use crate::invariant::{Check, InnerRef, Invariant, Observation, Watch};
use crate::node::{Answer, Item, Node, Ret};
use crate::rng::hash_name;
use crate::view::{HostTable, View};

/// Makes an invariant of a hosted protocol `S` one of its host `N`: `project` finds the hosted
/// node (`|kv: &Kv| &kv.raft`), `directory` is the plain name that it was booted under (`raft`).
pub fn lift<N, S>(
    invariant: Box<dyn Invariant<S>>,
    directory: &str,
    project: fn(&N) -> &S,
) -> Box<dyn Invariant<N>>
where
    N: Hosts<S>,
    S: Node,
{
    Box::new(Lifted { invariant, directory: format!("{directory}/"), project })
}

struct Lifted<N: Node, S: Node> {
    invariant: Box<dyn Invariant<S>>,
    directory: String,
    project: fn(&N) -> &S,
}

impl<N: Hosts<S>, S: Node> Invariant<N> for Lifted<N, S> {
    fn name(&self) -> &'static str {
        self.invariant.name()
    }

    fn about(&self) -> &'static str {
        self.invariant.about()
    }

    fn watches(&self) -> Watch {
        let inner = self.invariant.watches();
        if inner.contains(Watch::DELIVERED) || inner.contains(Watch::REPLIED) {
            inner.and(Watch::INNER)
        } else {
            inner
        }
    }

    fn observe(&mut self, seen: &Observation<'_, N>, world: &View<'_, N>) -> Check {
        let here = || match world.directory {
            "" => hash_name(&self.directory),
            outer => hash_name(&[outer, &self.directory].concat()),
        };
        let Some(seen) = project_observation(seen, self.project, here) else {
            return Ok(());
        };
        // One bit asks for all that nested protocols put out.
        if !self.invariant.watches().contains(seen.watch()) {
            return Ok(());
        }
        let projected = Projected { table: world.table, project: self.project };
        project_view(world, &projected, &self.directory, |view| self.invariant.observe(&seen, view))
    }
}

/// Calls `look` with the view that the hosted protocol has of `world`.
pub(crate) fn project_view<N: Node, S: Node, T>(
    world: &View<'_, N>,
    table: &dyn HostTable<S>,
    directory: &str,
    look: impl FnOnce(&View<'_, S>) -> T,
) -> T {
    let joined;
    let directory = if world.directory.is_empty() {
        directory
    } else {
        joined = [world.directory, directory].concat();
        &joined
    };
    look(&View { table, shared: world.shared, directory, now: world.now })
}

/// The same observation as the hosted protocol sees it; none if it is not about that protocol.
fn project_observation<'a, N: Hosts<S>, S: Node>(
    seen: &Observation<'a, N>,
    project: fn(&N) -> &S,
    here: impl Fn() -> u64,
) -> Option<Observation<'a, S>> {
    Some(match *seen {
        Observation::Handled { host, node } => Observation::Handled { host, node: project(node) },
        Observation::Booted { host, node } => Observation::Booted { host, node: project(node) },
        Observation::Left { from, to, message } => {
            Observation::Left { from, to, message: N::inner(message)? }
        }
        Observation::Durable { host } => Observation::Durable { host },
        Observation::Crashed { host } => Observation::Crashed { host },
        Observation::Inner { host, inner: InnerRef::Delivered(nest, item) } if nest == here() => {
            Observation::Delivered { host, item: item.downcast_ref::<Item<S>>()? }
        }
        Observation::Inner { host, inner: InnerRef::Replied(nest, op, answer) }
            if nest == here() =>
        {
            let answer = answer.downcast_ref::<Answer<Ret<S>>>()?;
            Observation::Replied { host, op, answer }
        }
        // Of a protocol that is nested deeper, or beside this one.
        Observation::Inner { host, inner } => Observation::Inner { host, inner },
        // The host's own replies and deliveries are not the hosted protocol's.
        Observation::Replied { .. } | Observation::Delivered { .. } => return None,
    })
}

/// A table of hosts seen as hosts of the nested protocol.
pub(crate) struct Projected<'a, N: Node, S: Node> {
    pub(crate) table: &'a dyn HostTable<N>,
    pub(crate) project: fn(&N) -> &S,
}

impl<N: Node, S: Node> HostTable<S> for Projected<'_, N, S> {
    fn node(&self, host: NodeId) -> Option<&S> {
        self.table.node(host).map(self.project)
    }

    fn disk(&self, host: NodeId) -> DiskView<'_> {
        self.table.disk(host)
    }

    fn durable(&self, host: NodeId) -> DiskView<'_> {
        self.table.durable(host)
    }

    fn at_risk(&self, host: NodeId) -> Vec<(&str, Range<u64>)> {
        self.table.at_risk(host)
    }

    fn disk_has_lied(&self, host: NodeId) -> bool {
        self.table.disk_has_lied(host)
    }

    fn real_span(&self, host: NodeId, local: Duration) -> Duration {
        self.table.real_span(host, local)
    }
}
