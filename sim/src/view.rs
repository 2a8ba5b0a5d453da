//! The world as an invariant, a milestone or a selector sees it: every node and every disk.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::time::Duration;

use crate::context::Shared;
use crate::disk::{Changes, Cursor, DiskError, DiskView};
use crate::id::NodeId;
use crate::lift::{Projected, project_view};
use crate::node::Node;
use crate::time::SimTime;

/// The world at one moment.
pub struct View<'a, N: Node> {
    pub(crate) table: &'a dyn HostTable<N>,
    pub(crate) shared: &'a Shared,
    /// The directory of a nested protocol (`raft/`), empty for the hosts' own.
    pub(crate) directory: &'a str,
    pub(crate) now: SimTime,
}

impl<N: Node> fmt::Debug for View<'_, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View").field("now", &self.now).finish_non_exhaustive()
    }
}

impl<'a, N: Node> View<'a, N> {
    /// The time that no host knows.
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// The hosts that take part, in order.
    pub fn members(&self) -> &'a [NodeId] {
        &self.shared.members
    }

    /// The scenario's role of `host`.
    pub fn role_of(&self, host: NodeId) -> &'a str {
        &self.shared.role_names[usize::from(self.shared.roles[host.index()])]
    }

    /// The node on `host`; none while it is down.
    pub fn node(&self, host: NodeId) -> Option<&'a N> {
        self.table.node(host)
    }

    /// Every host that is up, with its node, in order.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &'a N)> + use<'a, N> {
        let table = self.table;
        let members: &'a [NodeId] = &self.shared.members;
        members.iter().filter_map(move |host| Some((*host, table.node(*host)?)))
    }

    /// How much simulated time passes while the monotonic clock of `host` advances by `local`.
    pub fn real_span(&self, host: NodeId, local: Duration) -> Duration {
        self.table.real_span(host, local)
    }

    /// Looks at the hosts as hosts of the protocol `S` that they nest; arguments as for
    /// [`crate::lift`].
    pub fn project<S: Node, T>(
        &self,
        directory: &str,
        project: fn(&N) -> &S,
        look: impl FnOnce(&View<'_, S>) -> T,
    ) -> T {
        let projected = Projected { table: self.table, project };
        project_view(self, &projected, &format!("{directory}/"), look)
    }

    /// The disk of `host` as its node reads it.
    pub fn disk(&self, host: NodeId) -> DiskLens<'a> {
        DiskLens { view: self.table.disk(host), directory: self.directory }
    }

    /// The disk of `host` as of its last completed sync.
    pub fn durable(&self, host: NodeId) -> DiskLens<'a> {
        DiskLens { view: self.table.durable(host), directory: self.directory }
    }

    /// Whether the disk of `host` has lost, torn or misdirected a write that a sync of it had
    /// acknowledged: then [`View::durable`] is what the platter has, and not what the host was
    /// told. No protocol can keep a promise about such a disk.
    pub fn disk_has_lied(&self, host: NodeId) -> bool {
        self.table.disk_has_lied(host)
    }

    /// Which durable bytes of `host` un-synced truncations, overwrites, renames or removals may
    /// destroy under its crash model.
    pub fn at_risk(&self, host: NodeId) -> Vec<(&'a str, Range<u64>)> {
        let mut found = self.table.at_risk(host);
        if self.directory.is_empty() {
            return found;
        }
        let directory = self.directory;
        found.retain_mut(|(path, _)| match path.strip_prefix(directory) {
            Some(inner) => {
                *path = inner;
                true
            }
            None => false,
        });
        found
    }
}

/// A disk, narrowed to the directory of the protocol that looks at it.
#[derive(Clone, Copy, Debug)]
pub struct DiskLens<'a> {
    view: DiskView<'a>,
    directory: &'a str,
}

impl<'a> DiskLens<'a> {
    /// The whole content of a file.
    pub fn read(&self, path: &str) -> Result<Cow<'a, [u8]>, DiskError> {
        self.within(path, |view, path| view.read(path))
    }

    /// The length of a file in bytes; `None` if there is none of this name.
    pub fn len(&self, path: &str) -> Option<u64> {
        self.within(path, |view, path| view.len(path))
    }

    /// What changed in a file since the cursor last looked, and moves the cursor: nothing is read
    /// twice.
    pub fn changed_since(&self, path: &str, cursor: &mut Cursor) -> Changes<'a> {
        self.within(path, |view, path| view.changed_since(path, cursor))
    }

    fn within<T>(&self, path: &str, look: impl FnOnce(DiskView<'a>, &str) -> T) -> T {
        if self.directory.is_empty() {
            look(self.view, path)
        } else {
            look(self.view, &[self.directory, path].concat())
        }
    }
}

/// What a view is made of: the kernel's hosts, or a projection of them to a nested protocol.
pub(crate) trait HostTable<N: Node> {
    fn node(&self, host: NodeId) -> Option<&N>;
    fn disk(&self, host: NodeId) -> DiskView<'_>;
    fn durable(&self, host: NodeId) -> DiskView<'_>;
    fn at_risk(&self, host: NodeId) -> Vec<(&str, Range<u64>)>;
    fn disk_has_lied(&self, host: NodeId) -> bool;
    fn real_span(&self, host: NodeId, local: Duration) -> Duration;
}
