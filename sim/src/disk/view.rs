//! Reading a disk: as the node sees it, or as it is durable.

use std::borrow::Cow;

use super::error::{DiskError, DiskErrorKind, DiskOperation};
use super::file::{Changes, Cursor};
use super::rot::Rot;
use super::tree::Tree;

/// The files of one disk, to be looked at.
#[derive(Clone, Copy, Debug)]
pub struct DiskView<'a> {
    tree: &'a Tree,
    directory: &'a str,
    /// What reads wrong; nothing, below the mask.
    rot: &'a Rot,
}

impl<'a> DiskView<'a> {
    pub(super) fn new(tree: &'a Tree, rot: &'a Rot) -> Self {
        Self { tree, directory: "", rot }
    }

    /// The same view of one directory (`"raft/"`), with paths relative to it: how a protocol sees
    /// its files when another protocol hosts it. `directory` is relative to the whole disk.
    pub fn under(self, directory: &'a str) -> DiskView<'a> {
        DiskView { directory, ..self }
    }

    /// The whole file.
    pub fn read(&self, path: &str) -> Result<Cow<'a, [u8]>, DiskError> {
        self.read_at(path, 0, u64::MAX)
    }

    /// `len` bytes from `offset` on; fewer, or none, where the file ends before that.
    pub fn read_at(&self, path: &str, offset: u64, len: u64) -> Result<Cow<'a, [u8]>, DiskError> {
        match self.tree.find(self.directory, path) {
            Some(file) => {
                let bytes = file.slice(offset, offset.saturating_add(len));
                Ok(self.rot.shown(file.id(), offset, bytes))
            }
            None => {
                let path = [self.directory, path].concat();
                Err(DiskError::new(DiskOperation::Read, &path, DiskErrorKind::NotFound))
            }
        }
    }

    /// The length of the file in bytes, if there is one.
    pub fn len(&self, path: &str) -> Option<u64> {
        self.tree.find(self.directory, path).map(|file| file.len())
    }

    /// Whether there is a file of this name.
    pub fn exists(&self, path: &str) -> bool {
        self.tree.find(self.directory, path).is_some()
    }

    /// The names that begin with `prefix`, in byte order.
    pub fn list(&self, prefix: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.tree.list(self.directory, prefix)
    }

    /// What changed in a file since `cursor` last looked, which moves to its end. Nothing is read
    /// twice that did not change, and a look at an unchanged file costs only finding it. A file
    /// that is not there is like an empty one that is new each time.
    pub fn changed_since(&self, path: &str, cursor: &mut Cursor) -> Changes<'a> {
        match self.tree.find(self.directory, path) {
            Some(file) => {
                let Changes { keep, new } = file.changed_since(cursor);
                Changes { keep, new: self.rot.shown(file.id(), keep, new) }
            }
            None => {
                *cursor = Cursor::default();
                Changes::NONE
            }
        }
    }
}
