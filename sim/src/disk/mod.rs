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
//! journal and the bytes that it takes back, and a glance at every file.

mod crash;
mod error;
mod file;
mod fingerprint;
mod journal;
mod sync;
mod tree;
mod view;

use std::ops::Range;

pub use crash::{CrashLoss, CrashModel, SECTOR_BYTES};
pub use error::{DiskError, DiskErrorKind, DiskOperation};
pub use file::{Changes, Cursor};
pub use sync::{SyncId, SyncRequest, SyncScope};
pub use view::DiskView;

use file::{File, FileId};
use fingerprint::{Entry, Fingerprint};
use journal::{Change, Journal, Operation, SyncInFlight};
use tree::Tree;

/// No file can be longer than this (1 GiB): a wild offset is an error, not a run out of memory.
pub const FILE_BYTES_MAX: u64 = 1 << 30;

/// The disk of one host.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    /// Made at the first write: most of a hundred thousand hosts never touch their disk.
    contents: Option<Box<Contents>>,
}

#[derive(Clone, Debug)]
struct Contents {
    cache: Tree,
    durable: Tree,
    journal: Journal,
    fingerprint: Fingerprint,
    file_last: u64,
    /// Counts changes to either tree: how cursors tell old from new.
    stamp: u64,
}

/// What an untouched disk holds.
static EMPTY: Tree = Tree::EMPTY;

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
        if from != to {
            contents.fingerprint.entry(Entry::Rename);
            contents.fingerprint.bytes(from.as_bytes());
            contents.fingerprint.bytes(to.as_bytes());
            contents.change(Change::Rename { file, from: from.into(), to: to.into() });
        }
        Ok(())
    }

    /// Removes the file.
    pub fn remove(&mut self, path: &str) -> Result<(), DiskError> {
        let (contents, file) = self.existing(DiskOperation::Remove, path)?;
        contents.fingerprint.entry(Entry::Remove);
        contents.fingerprint.bytes(path.as_bytes());
        contents.change(Change::Remove { file, path: path.into() });
        Ok(())
    }

    /// The whole file.
    pub fn read(&self, path: &str) -> Result<&[u8], DiskError> {
        self.view().read(path)
    }

    /// `len` bytes from `offset` on; fewer, or none, where the file ends before that.
    pub fn read_at(&self, path: &str, offset: u64, len: u64) -> Result<&[u8], DiskError> {
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

/// For invariants.
impl Disk {
    /// The disk as the node reads it.
    pub fn view(&self) -> DiskView<'_> {
        DiskView::new(self.contents.as_ref().map_or(&EMPTY, |contents| &contents.cache))
    }

    /// The disk as of the last completed sync.
    pub fn durable(&self) -> DiskView<'_> {
        DiskView::new(self.contents.as_ref().map_or(&EMPTY, |contents| &contents.durable))
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

impl Contents {
    fn new() -> Self {
        Self {
            cache: Tree::EMPTY,
            durable: Tree::EMPTY,
            journal: Journal::default(),
            fingerprint: Fingerprint::default(),
            file_last: 0,
            stamp: 0,
        }
    }

    fn write(&mut self, path: &str, offset: Option<u64>, bytes: &[u8]) -> Result<(), DiskError> {
        let existing = self.cache.find("", path);
        let offset = offset.unwrap_or(existing.map_or(0, File::len));
        if offset.saturating_add(bytes.len() as u64) > FILE_BYTES_MAX {
            return Err(DiskError::new(DiskOperation::Write, path, DiskErrorKind::TooLarge));
        }
        let file = match existing.map(File::id) {
            Some(file) => file,
            None => self.create(path),
        };
        if !bytes.is_empty() {
            self.fingerprint.entry(Entry::Write);
            self.fingerprint.bytes(path.as_bytes());
            self.fingerprint.word(offset);
            self.fingerprint.bytes(bytes);
            self.journal.push_write(file, offset, bytes);
            self.stamp += 1;
            self.cache.write(file, offset, bytes, self.stamp);
        }
        Ok(())
    }

    fn create(&mut self, path: &str) -> FileId {
        self.fingerprint.entry(Entry::Create);
        self.fingerprint.bytes(path.as_bytes());
        self.file_last += 1;
        let file = FileId(self.file_last);
        self.change(Change::Create { file, path: path.into() });
        file
    }

    fn truncate(&mut self, path: &str, file: FileId, len: u64) -> Result<(), DiskError> {
        if len > FILE_BYTES_MAX {
            return Err(DiskError::new(DiskOperation::Truncate, path, DiskErrorKind::TooLarge));
        }
        if self.cache.file(file).map(File::len) != Some(len) {
            self.fingerprint.entry(Entry::Truncate);
            self.fingerprint.bytes(path.as_bytes());
            self.fingerprint.word(len);
            self.change(Change::Truncate { file, len });
        }
        Ok(())
    }

    /// Journals a change that carries no bytes, and lets the node see it.
    fn change(&mut self, change: Change) {
        self.stamp += 1;
        let mut unlinked = Vec::new();
        self.cache.apply(&change, &[], self.stamp, &mut unlinked);
        for file in unlinked {
            self.cache.drop_file(file);
        }
        self.journal.push(change);
    }

    fn complete(&mut self, sync: &SyncInFlight) -> bool {
        self.fingerprint.entry(Entry::SyncCompleted);
        self.fingerprint.word(sync.id.0);
        let Self { durable, journal, stamp, .. } = self;
        let mut unlinked = Vec::new();
        let mut applied = false;
        journal.finish(sync, |change, written| {
            *stamp += 1;
            durable.apply(change, written, *stamp, &mut unlinked);
            applied = true;
        });
        for file in unlinked {
            durable.drop_file(file);
            if sync.narrow {
                journal.forget_data(file);
            }
        }
        journal.sweep();
        applied
    }

    fn crash(
        &mut self,
        operation: u64,
        model: CrashModel,
        draw: &mut dyn FnMut(u64) -> u64,
    ) -> CrashLoss {
        let Self { cache, durable, journal, fingerprint, stamp, .. } = self;
        fingerprint.entry(Entry::Crash);
        let happened: Vec<&Operation> =
            journal.live().take_while(|entry| entry.number < operation).collect();
        let mut loss = CrashLoss::default();
        let mut unlinked = Vec::new();
        let fates = crash::fates(model, &happened, draw);
        for (Operation { change, .. }, fate) in happened.into_iter().zip(fates) {
            fingerprint.word(fate.word());
            let written = journal.written(change);
            let survivors = fate.survivors(written);
            if fate != crash::Fate::Lost {
                *stamp += 1;
                durable.apply(change, survivors, *stamp, &mut unlinked);
            }
            loss.operations += u64::from(fate != crash::Fate::Kept);
            loss.bytes += (written.len() - survivors.len()) as u64;
        }
        // A file that lost its name may have got one again from a later rename, so they are
        // looked at together, and only now.
        durable.drop_nameless();
        cache.restore(durable, &crash::touched(journal), stamp);
        journal.clear();
        loss
    }

    fn blank(&mut self) -> bool {
        self.fingerprint.entry(Entry::Blank);
        let held = [&self.cache, &self.durable].iter().any(|tree| !tree.is_empty());
        self.cache = Tree::EMPTY;
        self.durable = Tree::EMPTY;
        self.journal.clear();
        held
    }
}
