//! The files of a disk and their names: once as the node reads them, once as they are durable.

use std::cmp::Ordering;

use super::file::{File, FileId};
use super::journal::Change;
use super::pool::Store;

/// Files and names. Both are short sorted vectors: most hosts have a handful of files.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    names: Vec<(Box<str>, FileId)>,
    /// A file may be without a name: in the durable tree while its creation is not yet synced,
    /// and for the length of an operation anywhere.
    files: Vec<File>,
}

impl Tree {
    pub(super) const EMPTY: Tree = Tree { names: Vec::new(), files: Vec::new() };

    /// Whether it holds no file.
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The file at `directory` followed by `path`.
    pub(super) fn find(&self, directory: &str, path: &str) -> Option<&File> {
        let place = if self.names.len() <= NAMES_FEW {
            self.names.iter().position(|(name, _)| is(name, directory, path))?
        } else {
            self.place(directory, path).ok()?
        };
        self.file(self.names[place].1)
    }

    pub(super) fn file(&self, id: FileId) -> Option<&File> {
        let slot = self.files.binary_search_by_key(&id, File::id).ok()?;
        Some(&self.files[slot])
    }

    pub(super) fn name_of(&self, id: FileId) -> Option<&str> {
        self.names.iter().find(|(_, file)| *file == id).map(|(name, _)| &**name)
    }

    /// What follows `directory` in the names that begin with `directory` followed by `prefix`.
    pub(super) fn list<'t>(
        &'t self,
        directory: &str,
        prefix: &str,
    ) -> impl Iterator<Item = &'t str> + use<'t> {
        let under = |name: &str| {
            let rest = name.strip_prefix(directory);
            rest.is_some_and(|rest| rest.starts_with(prefix))
        };
        let first = self.place(directory, prefix).unwrap_or_else(|place| place);
        let rest = &self.names[first..];
        let count = rest.iter().take_while(|(name, _)| under(name)).count();
        let skipped = directory.len();
        rest[..count].iter().map(move |(name, _)| &name[skipped..])
    }

    /// Applies one operation. `written` is what a write writes: the whole of its bytes, or those
    /// that a crash has left. Files that lose their name without getting another are added to
    /// `unlinked`; they stay until [`drop_file`](Self::drop_file).
    pub(super) fn apply(
        &mut self,
        change: &Change,
        written: &[u8],
        store: &mut Store,
        unlinked: &mut Vec<FileId>,
    ) {
        match change {
            Change::Create { file, path } => {
                self.file_mut(*file, store);
                self.set_name(path, *file, unlinked);
            }
            Change::Write { file, offset, .. } => {
                self.write(*file, *offset, written, store);
            }
            Change::Truncate { file, len } => self.file_mut(*file, store).truncate(*len, store),
            Change::Rename { file, from, to } => {
                self.file_mut(*file, store);
                self.take_name(from, *file);
                self.set_name(to, *file, unlinked);
            }
            Change::Remove { file, path } => {
                if self.take_name(path, *file) {
                    unlinked.push(*file);
                }
            }
        }
    }

    /// Writes to a file: all of a write, or a part of it, or what was meant for another place.
    pub(super) fn write(&mut self, id: FileId, offset: u64, bytes: &[u8], store: &mut Store) {
        self.file_mut(id, store).write(offset, bytes, store);
    }

    /// Readers see something else from `offset` on, although no byte was written.
    pub(super) fn seems_changed(&mut self, id: FileId, offset: u64, stamp: u64) {
        if let Ok(slot) = self.files.binary_search_by_key(&id, File::id) {
            self.files[slot].seems_changed(offset, stamp);
        }
    }

    /// Every file with its name, in the order of names.
    pub(super) fn named(&self) -> impl Iterator<Item = (&str, &File)> {
        self.names.iter().filter_map(|(name, id)| Some((&**name, self.file(*id)?)))
    }

    /// The length of all files together.
    pub(super) fn bytes_len(&self) -> u64 {
        self.files.iter().map(File::len).sum()
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.files.iter().map(|file| size_of::<File>() + file.memory_bytes()).sum()
    }

    pub(super) fn drop_file(&mut self, id: FileId) {
        if let Ok(slot) = self.files.binary_search_by_key(&id, File::id) {
            self.files.remove(slot);
        }
    }

    /// Forgets the files that nothing names any more.
    pub(super) fn drop_nameless(&mut self) {
        let mut named: Vec<FileId> = self.names.iter().map(|(_, file)| *file).collect();
        named.sort_unstable();
        self.files.retain(|file| named.binary_search(&file.id()).is_ok());
    }

    /// Makes this tree equal to `other`, given the files whose bytes may differ, each with the
    /// length up to which they do not.
    pub(super) fn restore(&mut self, other: &Tree, touched: &[(FileId, u64)], store: &mut Store) {
        self.names.clone_from(&other.names);
        self.files.retain(|file| other.file(file.id()).is_some());
        for &(id, same) in touched {
            let Some(theirs) = other.file(id) else {
                continue;
            };
            if let Ok(slot) = self.files.binary_search_by_key(&id, File::id) {
                self.files[slot].restore(theirs, same, store);
            }
        }
        for theirs in &other.files {
            if let Err(slot) = self.files.binary_search_by_key(&theirs.id(), File::id) {
                self.files.insert(slot, theirs.copied(store.next_stamp()));
            }
        }
    }

    /// The file, new and empty if this tree has not heard of it.
    fn file_mut(&mut self, id: FileId, store: &mut Store) -> &mut File {
        let slot = match self.files.binary_search_by_key(&id, File::id) {
            Ok(slot) => slot,
            Err(slot) => {
                self.files.insert(slot, File::new(id, store.next_stamp()));
                slot
            }
        };
        &mut self.files[slot]
    }

    fn set_name(&mut self, path: &str, id: FileId, unlinked: &mut Vec<FileId>) {
        match self.place("", path) {
            Ok(place) => {
                let replaced = std::mem::replace(&mut self.names[place].1, id);
                unlinked.push(replaced);
            }
            Err(place) => self.names.insert(place, (path.into(), id)),
        }
    }

    /// Takes the file's name away, which is `path` unless an earlier rename was lost in a crash.
    fn take_name(&mut self, path: &str, id: FileId) -> bool {
        let expected = self.place("", path).ok().filter(|place| self.names[*place].1 == id);
        let place = expected.or_else(|| self.names.iter().position(|(_, file)| *file == id));
        if let Some(place) = place {
            self.names.remove(place);
        }
        place.is_some()
    }

    fn place(&self, directory: &str, path: &str) -> Result<usize, usize> {
        self.names.binary_search_by(|(name, _)| compare(name, directory, path))
    }
}

/// Up to so many names are compared one by one: most differ in length from what is looked for, and
/// short ones are compared faster in place than by a call.
const NAMES_FEW: usize = 8;

/// Whether `name` is `directory` followed by `path`.
fn is(name: &str, directory: &str, path: &str) -> bool {
    let wanted = directory.bytes().chain(path.bytes());
    name.len() == directory.len() + path.len() && name.bytes().eq(wanted)
}

/// Compares `name` with `directory` followed by `path`, without joining the two.
fn compare(name: &str, directory: &str, path: &str) -> Ordering {
    let (head, tail) = name.as_bytes().split_at(directory.len().min(name.len()));
    head.cmp(directory.as_bytes()).then_with(|| tail.cmp(path.as_bytes()))
}
