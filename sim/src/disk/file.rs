//! One file: its bytes, and just enough of their history to tell a reader what is new.

use std::borrow::Cow;

use super::bytes::Bytes;
use super::pool::Store;

/// Entries of a file's history that are kept apart; older ones are merged beyond that.
const HISTORY_MAX: usize = 64;

/// Tells a file from every other that this disk ever had. The cache and the durable tree use the
/// same number for the same file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FileId(pub(super) u64);

/// A change below the file's length: everything from `offset` on may differ from what was there
/// before `stamp`.
#[derive(Clone, Copy, Debug)]
struct Overwrite {
    stamp: u64,
    offset: u64,
}

/// A file in one of the two trees.
#[derive(Clone, Debug)]
pub(super) struct File {
    id: FileId,
    /// The stamp at which this copy of the file came to be: a file that left its tree and came
    /// back is another file to a cursor.
    identity: u64,
    bytes: Bytes,
    /// Stamps and offsets both increase: an entry whose offset is not below a later one's can
    /// tell no reader anything that the later one does not.
    history: Vec<Overwrite>,
}

/// Where a reader of one file stands. A new cursor has read nothing.
///
/// A cursor belongs to one view (as the node reads it, or durable) of one host's disk. Used on the
/// other view it is still right, and reads the file again from its start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    identity: u64,
    stamp: u64,
    position: u64,
}

/// What happened to a file since a cursor was last there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes<'a> {
    /// So many of the bytes that the cursor has read are as they were. Whatever the reader made of
    /// the bytes behind them is void.
    pub keep: u64,
    /// The file from `keep` on, to its end.
    pub new: Cow<'a, [u8]>,
}

impl Changes<'_> {
    /// What a file that does not exist looks like.
    pub(super) const NONE: Changes<'static> = Changes { keep: 0, new: Cow::Borrowed(&[]) };
}

impl File {
    pub(super) fn new(id: FileId, stamp: u64) -> Self {
        Self { id, identity: stamp, bytes: Bytes::default(), history: Vec::new() }
    }

    /// The same bytes under a new identity.
    pub(super) fn copied(&self, stamp: u64) -> Self {
        Self { identity: stamp, bytes: self.bytes.clone(), ..Self::new(self.id, stamp) }
    }

    pub(super) fn id(&self) -> FileId {
        self.id
    }

    pub(super) fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// The bytes from `start` to `end`; fewer, or none, where the file ends before that.
    pub(super) fn slice(&self, start: u64, end: u64) -> Cow<'_, [u8]> {
        let end = end.min(self.len());
        self.bytes.slice(index(start.min(end)), index(end))
    }

    /// Writes `bytes` at `offset`; a gap before it reads as zeros.
    pub(super) fn write(&mut self, offset: u64, bytes: &[u8], store: &mut Store) {
        let stamp = store.next_stamp();
        if offset < self.len() {
            self.overwritten(offset, stamp);
        }
        self.bytes.write(index(offset), bytes, &mut store.pool);
    }

    /// Sets the length; what is added reads as zeros.
    pub(super) fn truncate(&mut self, len: u64, store: &mut Store) {
        let stamp = store.next_stamp();
        if len < self.len() {
            self.overwritten(len, stamp);
        }
        self.bytes.resize(index(len), &mut store.pool);
    }

    /// Makes the bytes those of `other`, given that the first `same` bytes already agree.
    pub(super) fn restore(&mut self, other: &File, same: u64, store: &mut Store) {
        let stamp = store.next_stamp();
        let same = index(same.min(self.len()).min(other.len()));
        if let Some(changed) = self.bytes.restore(&other.bytes, same, &mut store.pool) {
            self.overwritten(changed as u64, stamp);
        }
    }

    /// A reader sees something else from `offset` on, although no byte was written.
    pub(super) fn seems_changed(&mut self, offset: u64, stamp: u64) {
        self.overwritten(offset, stamp);
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.bytes.memory_bytes()
    }

    /// Moves `cursor` to the end of the file and tells what is new to it.
    pub(super) fn changed_since(&self, cursor: &mut Cursor) -> Changes<'_> {
        let keep = if cursor.identity == self.identity {
            cursor.position.min(self.lowest_change_after(cursor.stamp))
        } else {
            0
        };
        let stamp = self.history.last().map_or(self.identity, |last| last.stamp);
        *cursor = Cursor { identity: self.identity, stamp, position: self.len() };
        Changes { keep, new: self.slice(keep, u64::MAX) }
    }

    fn lowest_change_after(&self, stamp: u64) -> u64 {
        let later = self.history.partition_point(|overwrite| overwrite.stamp <= stamp);
        self.history.get(later).map_or(u64::MAX, |overwrite| overwrite.offset)
    }

    fn overwritten(&mut self, offset: u64, stamp: u64) {
        while self.history.last().is_some_and(|last| last.offset >= offset) {
            self.history.pop();
        }
        if self.history.len() == HISTORY_MAX {
            // Only a cursor this old sees the difference: it reads more again than it had to.
            let newest = self.history[HISTORY_MAX / 2];
            self.history.drain(1..=HISTORY_MAX / 2);
            self.history[0].stamp = newest.stamp;
        }
        self.history.push(Overwrite { stamp, offset });
    }
}

/// A position in a file as a position in memory. No file is longer than
/// [`FILE_BYTES_MAX`](super::FILE_BYTES_MAX), so it always fits.
pub(super) fn index(offset: u64) -> usize {
    usize::try_from(offset).expect("a file fits into memory")
}
