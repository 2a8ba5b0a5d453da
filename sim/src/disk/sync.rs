//! What a sync covers, and how the kernel is told what to wait for.

/// Names one sync of one disk. Later syncs have larger numbers, also across crashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SyncId(pub(super) u64);

impl SyncId {
    /// Of no disk, and later than all: what waits for it waits for ever.
    pub(crate) const NEVER: SyncId = SyncId(u64::MAX);

    /// The number, for traces and digests.
    pub fn number(self) -> u64 {
        self.0
    }
}

/// Which of the operations made so far a sync covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncScope<'a> {
    /// All of them.
    All,
    /// Changes to the data of the file that has this name now. Its name is not covered: a new file
    /// whose directory is not synced can be gone after a crash, data and all.
    File(&'a str),
    /// Changes to the names directly in this directory (`""` is the root), and to the names that
    /// these rest on. No data is covered: a file can be there after a crash and be empty.
    Directory(&'a str),
}

/// What has to happen before the operations of a scope are durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncRequest {
    /// Nothing: they are.
    Nothing,
    /// All of them are covered by syncs in flight, of which this is the last to complete.
    Joins(SyncId),
    /// The device has to work for it, and `complete_sync` is to be called when it is done.
    Starts(SyncId),
}
