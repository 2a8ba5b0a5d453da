//! The one door between a node and the world.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::disk::{Disk, DiskError, SyncScope};
use crate::effects::{Effect, Effects};
use crate::id::{NodeId, OpId};
use crate::machine::{Machine, Reads};
use crate::node::{Answer, Item, Node, Ret};
use crate::rng::{Chance, Purpose, Rng, Streams};
use crate::time::{LocalTime, SimTime};

/// What every host of a run shares and none can change.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) streams: Streams,
    /// The hosts that take part, in order.
    pub(crate) members: Vec<NodeId>,
    /// The name of each role, and the role of each host by its index.
    pub(crate) role_names: Vec<String>,
    pub(crate) roles: Vec<u16>,
    /// The error that each host's wall clock promises not to exceed; empty if all are exact.
    pub(crate) clock_errors: Vec<Duration>,
    /// The chance that an enabled `buggify` point fires; never, unless the run asks for it.
    pub(crate) buggify: Chance,
}

/// What a handler may do, and all that it may know.
///
/// Everything but the disk is an *effect*: appended here, applied by the kernel when the handler
/// returns. Outputs appended after [`Context::sync`] wait until the disk is ready for them.
#[derive(Debug)]
pub struct Context<'a, N: Node> {
    pub(crate) me: NodeId,
    pub(crate) time: SimTime,
    pub(crate) shared: &'a Shared,
    pub(crate) machine: &'a mut Machine,
    pub(crate) effects: &'a mut Effects<N>,
    /// The directory of a nested protocol (`raft/`), empty for the host's own.
    pub(crate) directory: &'a str,
    /// Names the random stream of a nested protocol; 0 for the host's own.
    pub(crate) nest: u64,
}

impl<N: Node> Context<'_, N> {
    /// This host.
    pub fn me(&self) -> NodeId {
        self.me
    }

    /// All other hosts that take part, in order.
    pub fn peers(&self) -> impl DoubleEndedIterator<Item = NodeId> + '_ {
        self.shared.members.iter().copied().filter(move |host| *host != self.me)
    }

    /// All hosts that take part, this one too, in order.
    pub fn members(&self) -> &[NodeId] {
        &self.shared.members
    }

    /// This host's role in the scenario (`"nodes": {"coordinator": 1, "worker": 4}`); `node` where
    /// the scenario names none.
    pub fn role(&self) -> &str {
        self.role_of(self.me)
    }

    /// The scenario's role of `host`.
    pub fn role_of(&self, host: NodeId) -> &str {
        &self.shared.role_names[usize::from(self.shared.roles[host.index()])]
    }

    /// How often this host has booted: 1 in its first life.
    pub fn incarnation(&self) -> u32 {
        self.machine.incarnation
    }

    /// The wall clock: may be off, drift and jump. For lease bugs, use this where
    /// [`Context::elapsed`] belongs.
    pub fn now(&self) -> LocalTime {
        self.machine.clocks.wall(self.time)
    }

    /// The wall clock with its error bound: the true time lies within, as long as the clock keeps
    /// its promise.
    pub fn now_interval(&self) -> (LocalTime, LocalTime) {
        let error = self.shared.clock_errors.get(self.me.index()).copied().unwrap_or_default();
        self.machine.clocks.now_interval(self.time, error)
    }

    /// The monotonic clock: since the machine was switched on, never stepped. Timers run on it.
    pub fn elapsed(&self) -> Duration {
        self.machine.clocks.monotonic(self.time)
    }

    /// This node's own random stream.
    pub fn rng(&mut self) -> &mut Rng {
        self.machine.rng(&self.shared.streams, self.me, self.nest)
    }

    /// The host's disk (a nested protocol sees its own directory).
    pub fn disk(&mut self) -> DiskHandle<'_> {
        self.effects.slow = true;
        DiskHandle {
            disk: &mut self.machine.disk,
            reads: &mut self.machine.reads,
            directory: self.directory,
        }
    }

    /// From here on, outputs of this call (send, broadcast, reply) wait until everything that the
    /// host wrote before this point, in this call or earlier, is durable as far as the device
    /// says. With nothing dirty or in flight it costs nothing: call it before every promise.
    /// Covers data and names.
    pub fn sync(&mut self) {
        self.effects.slow = true;
        let request = self.machine.disk.request_sync(SyncScope::All);
        self.effects.list.push(Effect::Sync(request));
    }

    /// Like [`Context::sync`], for the data of one file only, at one's own risk: the file's name
    /// may be lost.
    pub fn sync_file(&mut self, path: &str) {
        self.effects.slow = true;
        let path = [self.directory, path].concat();
        let request = self.machine.disk.request_sync(SyncScope::File(&path));
        self.effects.list.push(Effect::Sync(request));
    }

    /// Like [`Context::sync`], for the names in one directory only, at one's own risk.
    pub fn sync_dir(&mut self, directory: &str) {
        self.effects.slow = true;
        let path = [self.directory, directory].concat();
        let request = self.machine.disk.request_sync(SyncScope::Directory(&path));
        self.effects.list.push(Effect::Sync(request));
    }

    /// Sends a datagram. To oneself it never crosses the network: it is handled as soon as it
    /// leaves. A datagram is never reported lost. Panics if `to` is no host of the run.
    #[inline]
    pub fn send(&mut self, to: NodeId, message: N::Message) {
        // A client's number is above any count of hosts.
        if to.number() as usize >= self.shared.roles.len() {
            sends_to_no_host(self.me, to);
        }
        self.effects.send(self.me, to, message);
    }

    /// Sends to every peer, in order.
    pub fn broadcast(&mut self, message: N::Message) {
        self.effects.broadcast(self.me, message);
    }

    /// Sets a timer on the monotonic clock; replaces one with the same tag.
    pub fn set_timer(&mut self, timer: N::Timer, after: Duration) {
        self.effects.list.push(Effect::SetTimer { timer, after });
    }

    /// Cancels a timer; does nothing if it is not set.
    pub fn cancel_timer(&mut self, timer: N::Timer) {
        self.effects.list.push(Effect::CancelTimer { timer });
    }

    /// Answers a client's operation: it took place and returned `ret`.
    pub fn reply(&mut self, id: OpId, ret: Ret<N>) {
        self.answer(id, Answer::Done(ret));
    }

    /// Tells the client that this attempt did not take place and never will, and who may know
    /// better.
    pub fn refuse(&mut self, id: OpId, hint: Option<NodeId>) {
        self.answer(id, Answer::Refused { hint });
    }

    /// Answers a client's operation.
    pub fn answer(&mut self, id: OpId, answer: Answer<Ret<N>>) {
        self.effects.list.push(Effect::Reply { id, answer: Box::new(answer) });
    }

    /// Tells an operator (a script's `submit`) that the operation has been taken up at `position`.
    /// No promise to anybody: clients never see it.
    pub fn accepted(&mut self, id: OpId, position: u64) {
        self.effects.list.push(Effect::Accepted { id, position });
    }

    /// Hands an item upward: to the protocol that hosts this one, or to the world as applied.
    pub fn deliver(&mut self, item: Item<N>) {
        self.effects.list.push(Effect::Deliver(Box::new(item)));
    }

    /// Makes this step take `time`: its outputs leave at its end, and the host handles nothing
    /// before. Adds up.
    pub fn busy(&mut self, time: Duration) {
        self.effects.slow = true;
        self.effects.busy += time;
    }

    /// Text for the trace. Not even formatted when nobody traces.
    pub fn note(&mut self, text: impl FnOnce() -> String) {
        if self.effects.tracing {
            self.effects.list.push(Effect::Note(text()));
        }
    }

    /// Reports a milestone hit from inside, by the name that the protocol declared.
    pub fn reached(&mut self, milestone: &'static str) {
        self.effects.list.push(Effect::Reached(milestone));
    }

    /// A place where a correct protocol may misbehave within its rights (send late, give up
    /// early): in runs that ask for it, a random half of the places is enabled, and an enabled one
    /// says yes now and then. (Zhou et al., FoundationDB, SIGMOD 2021, section 4.)
    pub fn buggify(&mut self, place: &'static str) -> bool {
        if self.shared.buggify == Chance::NEVER {
            return false;
        }
        let streams = &self.shared.streams;
        let enabled = streams.open_named(Purpose::Buggify, 0, place).next() & 1 == 0;
        let rng = self.machine.buggify_rng(&self.shared.streams, self.me);
        enabled && rng.chance(self.shared.buggify)
    }

    /// Crashes this host when the step ends; a supervisor restarts it after `restart_after`.
    pub fn crash(&mut self) {
        self.effects.list.push(Effect::Crash);
    }
}

/// The disk as a handler uses it: operations reach the host's cache at once, and a later read sees
/// them; only [`Context::sync`] makes them durable.
pub struct DiskHandle<'a> {
    disk: &'a mut Disk,
    reads: &'a mut Reads,
    directory: &'a str,
}

impl fmt::Debug for DiskHandle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiskHandle").field("directory", &self.directory).finish_non_exhaustive()
    }
}

macro_rules! full {
    ($self:ident, $path:expr) => {
        if $self.directory.is_empty() {
            Cow::Borrowed($path)
        } else {
            Cow::Owned([$self.directory, $path].concat())
        }
    };
}

impl DiskHandle<'_> {
    /// Appends to a file; creates it if there is none.
    pub fn append(&mut self, path: &str, bytes: &[u8]) -> Result<(), DiskError> {
        self.disk.append(&full!(self, path), bytes)
    }

    /// Writes at a byte offset; creates the file, and fills a gap before `offset` with zeros.
    pub fn write_at(&mut self, path: &str, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
        self.disk.write_at(&full!(self, path), offset, bytes)
    }

    /// Cuts a file to `len` bytes.
    pub fn truncate(&mut self, path: &str, len: u64) -> Result<(), DiskError> {
        self.disk.truncate(&full!(self, path), len)
    }

    /// Renames a file, replacing what had the new name.
    pub fn rename(&mut self, from: &str, to: &str) -> Result<(), DiskError> {
        self.disk.rename(&full!(self, from), &full!(self, to))
    }

    /// Removes a file.
    pub fn remove(&mut self, path: &str) -> Result<(), DiskError> {
        self.disk.remove(&full!(self, path))
    }

    /// The whole content of a file. Its device time counts as busy.
    pub fn read(&mut self, path: &str) -> Result<Cow<'_, [u8]>, DiskError> {
        self.read_at(path, 0, u64::MAX)
    }

    /// `len` bytes of a file from `offset` on; fewer, or none, where it ends before that. Its
    /// device time counts as busy.
    pub fn read_at(
        &mut self,
        path: &str,
        offset: u64,
        len: u64,
    ) -> Result<Cow<'_, [u8]>, DiskError> {
        self.reads.count += 1;
        let bytes = self.disk.read_at(&full!(self, path), offset, len)?;
        self.reads.bytes += bytes.len() as u64;
        Ok(bytes)
    }

    /// The names that begin with `prefix`, in byte order.
    pub fn list(&self, prefix: &str) -> Vec<String> {
        let skipped = self.directory.len();
        let names = self.disk.list(&full!(self, prefix)).map(|name| name[skipped..].to_owned());
        names.collect()
    }

    /// The length of a file in bytes; `None` if there is none of this name.
    pub fn len(&self, path: &str) -> Option<u64> {
        self.disk.len(&full!(self, path))
    }

    /// Whether there is such a file.
    pub fn exists(&self, path: &str) -> bool {
        self.len(path).is_some()
    }
}

#[cold]
fn sends_to_no_host(from: NodeId, to: NodeId) -> ! {
    panic!("{from} sends to {to}, which is no host of this run");
}
