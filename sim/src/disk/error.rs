//! Why a disk operation did not do what it was asked.

use std::fmt;

/// What the node was doing to its disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DiskOperation {
    /// Reading a file, or a part of it.
    Read,
    /// Appending, or writing at an offset.
    Write,
    /// Setting a file's length.
    Truncate,
    /// Giving a file another name.
    Rename,
    /// Removing a file.
    Remove,
    /// Making durable what was done before.
    Sync,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DiskErrorKind {
    /// No file has this name.
    NotFound,
    /// The file would grow beyond [`FILE_BYTES_MAX`](super::FILE_BYTES_MAX).
    TooLarge,
    /// The device failed to do it.
    Io,
    /// The disk is full. What still fitted has been written.
    NoSpace,
}

/// A failed disk operation: what was tried, on which file, and why it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskError {
    /// What was tried.
    pub operation: DiskOperation,
    /// The file it was tried on.
    pub path: Box<str>,
    /// Why it failed.
    pub kind: DiskErrorKind,
}

impl DiskError {
    pub(super) fn new(operation: DiskOperation, path: &str, kind: DiskErrorKind) -> Self {
        Self { operation, path: path.into(), kind }
    }
}

impl fmt::Display for DiskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.operation {
            DiskOperation::Read => "read",
            DiskOperation::Write => "write",
            DiskOperation::Truncate => "truncate",
            DiskOperation::Rename => "rename",
            DiskOperation::Remove => "remove",
            DiskOperation::Sync => "sync",
        };
        let reason = match self.kind {
            DiskErrorKind::NotFound => "there is no such file",
            DiskErrorKind::TooLarge => "the file would be too large",
            DiskErrorKind::Io => "the device failed",
            DiskErrorKind::NoSpace => "the disk is full",
        };
        write!(f, "cannot {verb} {:?}: {reason}", self.path)
    }
}

impl std::error::Error for DiskError {}
