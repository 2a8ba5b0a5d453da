//! The operations that are not durable yet, in program order, and the syncs that will make them so.

use std::collections::VecDeque;

use super::file::FileId;
use super::sync::{SyncId, SyncRequest};

/// Finished operations that may lie about before the journal is swept.
const FINISHED_SLACK: usize = 64;

/// Bytes of finished writes that may lie about, and the buffer that an idle journal may keep.
const BYTES_SLACK: usize = 64 * 1024;

/// What an operation does. Data belongs to a file and names are given to files, so a change of
/// data and a change of names can be applied in either order.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// A new, empty file.
    Create { file: FileId, path: Box<str> },
    /// The bytes are at `start` in the journal's buffer.
    Write { file: FileId, offset: u64, start: usize, len: usize },
    /// A new length.
    Truncate { file: FileId, len: u64 },
    /// Another name, taken from the file that has it now.
    Rename { file: FileId, from: Box<str>, to: Box<str> },
    /// The name is gone, and the file with it.
    Remove { file: FileId, path: Box<str> },
}

impl Change {
    pub(super) fn file(&self) -> FileId {
        match self {
            Change::Create { file, .. }
            | Change::Write { file, .. }
            | Change::Truncate { file, .. }
            | Change::Rename { file, .. }
            | Change::Remove { file, .. } => *file,
        }
    }

    /// The names it changes; none if it changes data.
    pub(super) fn names(&self) -> [Option<&str>; 2] {
        match self {
            Change::Create { path, .. } | Change::Remove { path, .. } => [Some(path), None],
            Change::Rename { from, to, .. } => [Some(from), Some(to)],
            Change::Write { .. } | Change::Truncate { .. } => [None, None],
        }
    }

    pub(super) fn is_data(&self) -> bool {
        self.names() == [None, None]
    }

    /// Bytes that the device has to write for it.
    pub(super) fn bytes_len(&self) -> usize {
        match self {
            Change::Write { len, .. } => *len,
            Change::Create { .. }
            | Change::Truncate { .. }
            | Change::Rename { .. }
            | Change::Remove { .. } => 0,
        }
    }
}

/// An entry of the journal.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) number: u64,
    pub(super) change: Change,
    sync: Option<SyncId>,
    finished: bool,
}

/// A sync that the device is working on.
#[derive(Clone, Debug)]
pub(super) struct SyncInFlight {
    pub(super) id: SyncId,
    /// The numbers of the operations it covers lie between these two; others may, too.
    first: u64,
    end: u64,
    pub(super) bytes: u64,
    /// Whether there can be earlier operations that it does not cover.
    pub(super) narrow: bool,
}

/// The journal.
#[derive(Clone, Debug, Default)]
pub(super) struct Journal {
    operations: Vec<Operation>,
    /// What the writes among `operations` write, one after the other.
    buffer: Vec<u8>,
    operation_next: u64,
    /// Every operation below this number is covered by some sync.
    covered_before: u64,
    /// In order of request, which is the order of completion.
    in_flight: VecDeque<SyncInFlight>,
    sync_last: u64,
    live_operations: usize,
    live_bytes: usize,
}

impl Journal {
    pub(super) fn push(&mut self, change: Change) {
        self.live_operations += 1;
        self.live_bytes += change.bytes_len();
        let number = self.operation_next;
        self.operation_next += 1;
        self.operations.push(Operation { number, change, sync: None, finished: false });
    }

    pub(super) fn push_write(&mut self, file: FileId, offset: u64, bytes: &[u8]) {
        let start = self.buffer.len();
        self.buffer.extend_from_slice(bytes);
        self.push(Change::Write { file, offset, start, len: bytes.len() });
    }

    /// The number of the next operation.
    pub(super) fn operation_next(&self) -> u64 {
        self.operation_next
    }

    /// What is not durable, in program order.
    pub(super) fn live(&self) -> impl Iterator<Item = &Operation> {
        self.operations.iter().filter(|operation| !operation.finished)
    }

    /// What a write writes; nothing for the others.
    pub(super) fn written(&self, change: &Change) -> &[u8] {
        match change {
            Change::Write { start, len, .. } => &self.buffer[*start..start + len],
            Change::Create { .. }
            | Change::Truncate { .. }
            | Change::Rename { .. }
            | Change::Remove { .. } => &[],
        }
    }

    pub(super) fn in_flight(&self) -> impl Iterator<Item = &SyncInFlight> {
        self.in_flight.iter()
    }

    pub(super) fn cover_all(&mut self) -> SyncRequest {
        let first = self.place(self.covered_before);
        self.covered_before = self.operation_next;
        match self.cover(first, false, |_| true) {
            started @ SyncRequest::Starts(_) => started,
            SyncRequest::Nothing | SyncRequest::Joins(_) => match self.in_flight.back() {
                Some(last) => SyncRequest::Joins(last.id),
                None => SyncRequest::Nothing,
            },
        }
    }

    pub(super) fn cover_file(&mut self, file: FileId) -> SyncRequest {
        self.cover(0, true, |change| change.is_data() && change.file() == file)
    }

    /// Changes of names do not commute if they share a name, so those that a covered one rests on
    /// are covered with it. (Two that share a file are linked by the names it had between them.)
    pub(super) fn cover_directory(&mut self, directory: &str) -> SyncRequest {
        let directory = directory.trim_end_matches('/');
        let mut names: Vec<Box<str>> = Vec::new();
        self.cover(0, true, |change| {
            let changed = || change.names().into_iter().flatten();
            let covered = changed().any(|name| {
                parent(name) == directory || names.iter().any(|other| **other == *name)
            });
            if covered {
                names.extend(changed().map(Box::from));
            }
            covered
        })
    }

    /// Covers what is in scope, asked from the last operation back to `from`.
    fn cover(
        &mut self,
        from: usize,
        narrow: bool,
        mut in_scope: impl FnMut(&Change) -> bool,
    ) -> SyncRequest {
        let id = SyncId(self.sync_last + 1);
        let (mut first, mut joined, mut bytes) = (None, None, 0);
        for operation in self.operations[from..].iter_mut().rev() {
            if operation.finished || !in_scope(&operation.change) {
                continue;
            }
            match operation.sync {
                Some(other) => joined = joined.max(Some(other)),
                None => {
                    operation.sync = Some(id);
                    first = Some(operation.number);
                    bytes += operation.change.bytes_len() as u64;
                }
            }
        }
        if let Some(first) = first {
            self.sync_last = id.0;
            let end = self.operation_next;
            self.in_flight.push_back(SyncInFlight { id, first, end, bytes, narrow });
            return SyncRequest::Starts(id);
        }
        joined.map_or(SyncRequest::Nothing, SyncRequest::Joins)
    }

    /// Takes the next sync out of flight, if it is one of those up to `last`.
    pub(super) fn next_completed(&mut self, last: SyncId) -> Option<SyncInFlight> {
        let due = self.in_flight.front().is_some_and(|sync| sync.id <= last);
        if due { self.in_flight.pop_front() } else { None }
    }

    /// Finishes what `sync` covers: `apply` is called with each operation and what it writes.
    pub(super) fn finish(&mut self, sync: &SyncInFlight, mut apply: impl FnMut(&Change, &[u8])) {
        let covered = self.place(sync.first)..self.place(sync.end);
        for slot in covered {
            let operation = &self.operations[slot];
            if operation.sync == Some(sync.id) && !operation.finished {
                apply(&operation.change, self.written(&operation.change));
                self.set_finished(slot);
            }
        }
    }

    /// The device has failed `sync`: the writes that it covers and that `gone` picks will never
    /// reach the platter, and count as done; other changes of data are handed to `apply`, and
    /// those of names are left to a later sync.
    pub(super) fn fail(
        &mut self,
        sync: &SyncInFlight,
        mut gone: impl FnMut(&Change) -> bool,
        mut apply: impl FnMut(&Change, &[u8]),
    ) {
        for slot in self.place(sync.first)..self.place(sync.end) {
            let operation = &self.operations[slot];
            if operation.sync != Some(sync.id) || operation.finished {
                continue;
            }
            if let Change::Write { .. } = operation.change {
                if !gone(&operation.change) {
                    apply(&operation.change, self.written(&operation.change));
                }
                self.set_finished(slot);
            } else {
                self.covered_before = self.covered_before.min(operation.number);
                self.operations[slot].sync = None;
            }
        }
    }

    /// What a sync in flight covers.
    pub(super) fn covered(&self, sync: &SyncInFlight) -> impl Iterator<Item = &Change> {
        let (id, range) = (sync.id, self.place(sync.first)..self.place(sync.end));
        let operations = self.operations[range].iter();
        operations
            .filter(move |operation| operation.sync == Some(id) && !operation.finished)
            .map(|operation| &operation.change)
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.buffer.capacity() + self.operations.capacity() * size_of::<Operation>()
    }

    /// Finishes the changes to the data of a file that is durably gone: nobody can see them.
    pub(super) fn forget_data(&mut self, file: FileId) {
        for slot in 0..self.operations.len() {
            let operation = &self.operations[slot];
            let about_it = operation.change.is_data() && operation.change.file() == file;
            if about_it && !operation.finished {
                self.set_finished(slot);
            }
        }
    }

    /// Forgets everything that is not durable, and every sync in flight.
    pub(super) fn clear(&mut self) {
        self.operations.clear();
        self.buffer.clear();
        self.in_flight.clear();
        self.live_operations = 0;
        self.live_bytes = 0;
        self.sweep();
    }

    /// Drops finished operations, once they outnumber the others: constant time an operation.
    pub(super) fn sweep(&mut self) {
        if self.live_operations == 0 {
            self.operations.clear();
            self.buffer.clear();
            self.buffer.shrink_to(BYTES_SLACK);
            return;
        }
        let finished = self.operations.len() - self.live_operations;
        let finished_bytes = self.buffer.len() - self.live_bytes;
        if finished > self.live_operations + FINISHED_SLACK
            || finished_bytes > self.live_bytes + BYTES_SLACK
        {
            self.compact();
        }
    }

    fn compact(&mut self) {
        self.operations.retain(|operation| !operation.finished);
        let mut end = 0;
        for operation in &mut self.operations {
            if let Change::Write { start, len, .. } = &mut operation.change {
                self.buffer.copy_within(*start..*start + *len, end);
                *start = end;
                end += *len;
            }
        }
        self.buffer.truncate(end);
    }

    fn set_finished(&mut self, slot: usize) {
        let operation = &mut self.operations[slot];
        operation.finished = true;
        self.live_operations -= 1;
        self.live_bytes -= operation.change.bytes_len();
    }

    /// Where the first operation is whose number is not below `number`.
    fn place(&self, number: u64) -> usize {
        self.operations.partition_point(|operation| operation.number < number)
    }
}

/// The directory of a name, without the slash at its end; empty for the root.
fn parent(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(directory, _)| directory)
}
