//! The virtual disk of one host.
//!
//! # What a node sees
//!
//! Files have flat names (`raft/log`) and hold bytes. A write, a rename or a removal is there for
//! the next read: it has reached the *cache*, the tree of files that the node reads.
//!
//! # What is durable
//!
//! Beside the cache lies a second tree, *durable*: the files as of the last completed sync.
//! Between the two lies the *journal*: every operation that is in the cache and not yet durable,
//! in program order. A sync covers the operations made before it was requested; when it completes
//! they are applied to the durable tree and leave the journal. Syncs complete in the order in
//! which they were requested.
//!
//! Operations are about files, not about names: data stays with its file when the file gets
//! another name, so a narrow sync of a file's data and one of a directory's names can be taken in
//! either order, and together come to the same as a sync of everything.
//!
//! # What a crash leaves
//!
//! The durable tree, and of the journal what the [`CrashModel`] says. That becomes both trees; the
//! journal and the syncs in flight are gone.
//!
//! # What can be wrong with it
//!
//! Faults hold a disk and let it go ([`DiskFault`]). Some refuse what the node asks, and say so;
//! some lie: a sync completes, and the durable tree lacks what it covered. The cache still shows
//! it, and a crash compares the two trees wherever the device has lied. Rot is a mask over good
//! bytes, which reads of the node see and the durable tree does not. Each fault decides by a random
//! stream of its own, so that taking one away leaves what the others do.
//!
//! # Who keeps the time
//!
//! Not the disk. The kernel draws how long the device works for a sync, and calls
//! [`Disk::complete_sync`] when it is done. Nor does it draw numbers: a crash is handed a function
//! that does.
//!
//! # What it costs
//!
//! A disk that was never written to is one null pointer. A write costs its bytes; a completed sync
//! costs the operations journaled from the first to the last that it covers. A crash costs the
//! journal and the bytes that it takes back, and a glance at every file. A file of more than 256 KiB is
//! kept in blocks, of which equal ones are stored once a disk: data that repeats itself costs a
//! pointer a block, and so does the durable copy of what the cache has.

mod bytes;
mod contents;
mod crash;
mod error;
mod faults;
mod file;
mod fingerprint;
mod journal;
mod pool;
mod rot;
mod sync;
mod tree;
mod troubles;
mod view;

use std::borrow::Cow;
use std::ops::Range;

pub use crash::{CrashLoss, CrashModel, SECTOR_BYTES};
pub use error::{DiskError, DiskErrorKind, DiskOperation};
pub use faults::{DiskFault, Rate, Room, Trouble};
pub use file::{Changes, Cursor};
pub use sync::{SyncId, SyncRequest, SyncScope};
pub use view::DiskView;

use contents::Contents;
use file::{File, FileId};
use fingerprint::Entry;
use rot::Rot;
use tree::Tree;

/// No file can be longer than this (1 GiB): a wild offset is an error, not a run out of memory.
pub const FILE_BYTES_MAX: u64 = 1 << 30;

/// The disk of one host.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    /// Made at the first write: most of a hundred thousand hosts never touch their disk.
    contents: Option<Box<Contents>>,
}

/// What an untouched disk holds.
static EMPTY: Tree = Tree::EMPTY;

/// What reads wrong on a disk that nothing is wrong with.
static CLEAN: Rot = Rot::NONE;

/// For the node, through its context.
impl Disk {
    /// Writes at the end of the file, which is created if there is none (also by an empty append).
    pub fn append(&mut self, path: &str, bytes: &[u8]) -> Result<(), DiskError> {
        self.contents_mut().write(path, None, bytes)
    }

    /// Writes at an offset of the file, which is created if there is none. A gap between the end
    /// of the file and the offset is filled with zeros. Writing no bytes changes no file.
    pub fn write_at(&mut self, path: &str, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
        self.contents_mut().write(path, Some(offset), bytes)
    }

    /// Cuts the file to `len` bytes, or fills it up to them with zeros.
    pub fn truncate(&mut self, path: &str, len: u64) -> Result<(), DiskError> {
        let (contents, file) = self.existing(DiskOperation::Truncate, path)?;
        contents.truncate(path, file, len)
    }

    /// Gives the file another name; a file that had that name is replaced, in one atomic step.
    pub fn rename(&mut self, from: &str, to: &str) -> Result<(), DiskError> {
        let (contents, file) = self.existing(DiskOperation::Rename, from)?;
        contents.rename(file, from, to)
    }

    /// Removes the file.
    pub fn remove(&mut self, path: &str) -> Result<(), DiskError> {
        let (contents, file) = self.existing(DiskOperation::Remove, path)?;
        contents.remove(file, path)
    }

    /// The whole file.
    pub fn read(&mut self, path: &str) -> Result<Cow<'_, [u8]>, DiskError> {
        self.read_at(path, 0, u64::MAX)
    }

    /// `len` bytes from `offset` on; fewer, or none, where the file ends before that.
    pub fn read_at(
        &mut self,
        path: &str,
        offset: u64,
        len: u64,
    ) -> Result<Cow<'_, [u8]>, DiskError> {
        if let Some(contents) = self.contents.as_deref_mut() {
            contents.try_read(path, offset, len)?;
        }
        self.view().read_at(path, offset, len)
    }

    /// The length of the file in bytes, if there is one.
    pub fn len(&self, path: &str) -> Option<u64> {
        self.view().len(path)
    }

    /// Whether there is a file of this name.
    pub fn exists(&self, path: &str) -> bool {
        self.view().exists(path)
    }

    /// The names that begin with `prefix`, in byte order.
    pub fn list<'a>(&'a self, prefix: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.view().list(prefix)
    }

    fn contents_mut(&mut self) -> &mut Contents {
        self.contents.get_or_insert_with(|| Box::new(Contents::new()))
    }

    fn existing(
        &mut self,
        operation: DiskOperation,
        path: &str,
    ) -> Result<(&mut Contents, FileId), DiskError> {
        let file = self.contents.as_ref().and_then(|contents| contents.cache.find("", path));
        match (file.map(File::id), self.contents.as_deref_mut()) {
            (Some(file), Some(contents)) => Ok((contents, file)),
            (None, _) | (_, None) => Err(DiskError::new(operation, path, DiskErrorKind::NotFound)),
        }
    }
}

/// For the kernel.
impl Disk {
    /// Asks for everything in `scope` that was done so far to become durable.
    pub fn request_sync(&mut self, scope: SyncScope<'_>) -> SyncRequest {
        let Some(contents) = self.contents.as_deref_mut() else {
            return SyncRequest::Nothing;
        };
        let request = match scope {
            SyncScope::All => contents.journal.cover_all(),
            SyncScope::File(path) => match contents.cache.find("", path) {
                Some(file) => contents.journal.cover_file(file.id()),
                None => SyncRequest::Nothing,
            },
            SyncScope::Directory(directory) => contents.journal.cover_directory(directory),
        };
        if let SyncRequest::Starts(id) = request {
            contents.fingerprint.entry(Entry::SyncRequested);
            contents.fingerprint.word(id.0);
        }
        request
    }

    /// The bytes that the device has to write for a sync in flight: what its throughput is
    /// reckoned with.
    pub fn sync_bytes(&self, id: SyncId) -> u64 {
        let mut in_flight = self.contents.iter().flat_map(|contents| contents.journal.in_flight());
        in_flight.find(|sync| sync.id == id).map_or(0, |sync| sync.bytes)
    }

    /// Whether the device is working on a sync.
    pub fn sync_in_flight(&self) -> bool {
        self.contents.iter().any(|contents| contents.journal.in_flight().next().is_some())
    }

    /// The device is done with a sync, and so with every one requested before it. Says whether
    /// anything became durable. A sync that is not in flight any more (it was completed with a
    /// later one, or a crash has ended it) changes nothing.
    pub fn complete_sync(&mut self, id: SyncId) -> bool {
        let mut completed = false;
        if let Some(contents) = self.contents.as_deref_mut() {
            while let Some(sync) = contents.journal.next_completed(id) {
                completed |= contents.complete(&sync);
            }
        }
        completed
    }

    /// The number of the node's next disk operation: a mark for [`Disk::crash_at`]. A write that
    /// creates its file is two operations.
    pub fn operation_next(&self) -> u64 {
        self.contents.as_ref().map_or(0, |contents| contents.journal.operation_next())
    }

    /// The host crashes. What was not durable is lost, but for what `model` leaves of it; `draw(n)`
    /// is a uniform number below n.
    pub fn crash(&mut self, model: CrashModel, draw: &mut dyn FnMut(u64) -> u64) -> CrashLoss {
        self.crash_at(self.operation_next(), model, draw)
    }

    /// The host crashed before it got to operation number `operation`, in the middle of a handler
    /// call: that one and all later ones never happened, and do not count as lost.
    pub fn crash_at(
        &mut self,
        operation: u64,
        model: CrashModel,
        draw: &mut dyn FnMut(u64) -> u64,
    ) -> CrashLoss {
        match self.contents.as_deref_mut() {
            Some(contents) => contents.crash(operation, model, draw),
            None => CrashLoss::default(),
        }
    }

    /// The disk is replaced by a blank one: every file is gone, durable or not, and every sync in
    /// flight with them. Says whether there was anything on it. What has been done to a disk stays
    /// in its fingerprint, and readers with cursors see their files gone.
    pub fn blank(&mut self) -> bool {
        self.contents.as_deref_mut().is_some_and(Contents::blank)
    }

    /// A hash of every operation with its path and bytes, every sync and every crash so far. Two
    /// histories that differ in one bit of one of them never agree.
    pub fn fingerprint(&self) -> u64 {
        self.contents.as_ref().map_or(0, |contents| contents.fingerprint.value())
    }
}

/// For faults.
impl Disk {
    /// How many bytes all files together may have; no bound if none. It is a setting of the disk,
    /// not a fault, and what is there already stays.
    pub fn set_capacity(&mut self, bytes: Option<u64>) {
        if bytes.is_some() || self.contents.is_some() {
            self.contents_mut().capacity = bytes;
        }
    }

    /// A fault takes hold of the disk, under a number of its own. Says whether that changes
    /// anything: rot needs bytes, and a disk must not be smaller already.
    pub fn hold(&mut self, hold: u32, fault: DiskFault) -> bool {
        !fault.trouble.is_nothing() && self.contents_mut().hold(hold, fault)
    }

    /// A fault lets go. Rot is lifted: what is under it reads as before. What was lost stays lost.
    pub fn release(&mut self, hold: u32) {
        if let Some(contents) = self.contents.as_deref_mut() {
            contents.release(hold);
        }
    }

    /// How often a fault that holds the disk has struck.
    pub fn hits(&self, hold: u32) -> u32 {
        self.troubles().map_or(0, |troubles| troubles.hits(hold))
    }

    /// Whether it has lost, torn or misdirected a write after a sync had acknowledged it: nobody
    /// can promise anything on such a disk.
    pub fn has_lied(&self) -> bool {
        self.troubles().is_some_and(|troubles| troubles.has_lied)
    }

    /// Whether any byte that the node might read has rotted.
    pub fn is_rotten(&self) -> bool {
        self.troubles().is_some_and(|troubles| !troubles.rot.spots().is_empty())
    }

    /// What failed syncs have to tell the node since this was last asked: an error for each file.
    pub fn take_sync_errors(&mut self) -> Vec<DiskError> {
        let troubles = self.contents.as_mut().and_then(|contents| contents.troubles.as_mut());
        troubles.map_or_else(Vec::new, |troubles| std::mem::take(&mut troubles.sync_errors))
    }

    /// How long the device takes for so many operations, which take `usual_ns` on a healthy one.
    pub fn device_time_ns(&self, usual_ns: u64, operations: u32) -> u64 {
        let Some(troubles) = self.troubles() else {
            return usual_ns;
        };
        let (percent, by_ns) = troubles.slowness();
        let scaled = u128::from(usual_ns).saturating_mul(percent) / 100;
        let by_ns = by_ns.saturating_mul(u64::from(operations));
        u64::try_from(scaled).unwrap_or(u64::MAX).saturating_add(by_ns)
    }

    /// Whether the device answers nothing.
    pub fn is_stuck(&self) -> bool {
        self.troubles().is_some_and(troubles::Troubles::is_stuck)
    }

    /// How much memory it takes: its files' bytes, shared ones once, and its journal. An untouched
    /// disk takes none.
    pub fn memory_bytes(&self) -> usize {
        self.contents.as_ref().map_or(0, |contents| contents.memory_bytes())
    }

    fn troubles(&self) -> Option<&troubles::Troubles> {
        self.contents.as_ref()?.troubles.as_deref()
    }
}

/// For invariants.
impl Disk {
    /// The disk as the node reads it.
    pub fn view(&self) -> DiskView<'_> {
        let rot = self.troubles().map_or(&CLEAN, |troubles| &troubles.rot);
        DiskView::new(self.contents.as_ref().map_or(&EMPTY, |contents| &contents.cache), rot)
    }

    /// The disk as of the last completed sync, below anything that rots.
    pub fn durable(&self) -> DiskView<'_> {
        let tree = self.contents.as_ref().map_or(&EMPTY, |contents| &contents.durable);
        DiskView::new(tree, &CLEAN)
    }

    /// The durable bytes that a crash now may destroy, because an overwrite, truncation, rename or
    /// removal that is not durable may survive it under `model`. Ranges may overlap; under
    /// [`CrashModel::Strict`] there are none.
    pub fn at_risk(&self, model: CrashModel) -> impl Iterator<Item = (&str, Range<u64>)> {
        let contents = match model {
            CrashModel::Strict => None,
            CrashModel::Ordered | CrashModel::Torn | CrashModel::Reorder => self.contents.as_ref(),
        };
        contents.into_iter().flat_map(|contents| {
            let live = contents.journal.live();
            live.flat_map(|operation| crash::endangered(&contents.durable, &operation.change))
        })
    }
}
