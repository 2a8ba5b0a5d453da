//! What is on a disk that was ever written to, and what happens to it.

use std::collections::BTreeMap;
use std::ops::Range;

use super::FILE_BYTES_MAX;
use super::crash::{self, CrashLoss, CrashModel};
use super::error::{DiskError, DiskErrorKind, DiskOperation};
use super::faults::{DiskFault, Room, Trouble};
use super::file::{File, FileId};
use super::fingerprint::{Entry, Fingerprint};
use super::journal::{Change, Journal, Operation, SyncInFlight};
use super::pool::Store;
use super::rot::Spot;
use super::tree::Tree;
use super::troubles::{Platter, Troubles};
use crate::rng::mix;

#[derive(Clone, Debug)]
pub(super) struct Contents {
    pub(super) cache: Tree,
    pub(super) durable: Tree,
    pub(super) journal: Journal,
    pub(super) fingerprint: Fingerprint,
    file_last: u64,
    store: Store,
    /// How many bytes all files together may have.
    pub(super) capacity: Option<u64>,
    /// Made by the first fault: most disks have none.
    pub(super) troubles: Option<Box<Troubles>>,
}

impl Contents {
    pub(super) fn new() -> Self {
        Self {
            cache: Tree::EMPTY,
            durable: Tree::EMPTY,
            journal: Journal::default(),
            fingerprint: Fingerprint::default(),
            file_last: 0,
            store: Store::default(),
            capacity: None,
            troubles: None,
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        size_of::<Self>()
            + self.cache.memory_bytes()
            + self.durable.memory_bytes()
            + self.journal.memory_bytes()
            + self.store.pool.memory_bytes()
    }
}

/// What the node does.
impl Contents {
    pub(super) fn write(
        &mut self,
        path: &str,
        offset: Option<u64>,
        bytes: &[u8],
    ) -> Result<(), DiskError> {
        let existing = self.cache.find("", path);
        let len = existing.map_or(0, File::len);
        let offset = offset.unwrap_or(len);
        if offset.saturating_add(bytes.len() as u64) > FILE_BYTES_MAX {
            return Err(DiskError::new(DiskOperation::Write, path, DiskErrorKind::TooLarge));
        }
        let existing = existing.map(File::id);
        let (bytes, refusal) = match self.refusal(path, len, offset, bytes.len()) {
            None => (bytes, None),
            Some((admitted, kind)) => (&bytes[..admitted], Some(kind)),
        };
        if !bytes.is_empty() || refusal.is_none() {
            let file = existing.unwrap_or_else(|| self.create(path));
            self.write_file(file, path, offset, bytes);
        }
        match refusal {
            None => Ok(()),
            Some(kind) => Err(DiskError::new(DiskOperation::Write, path, kind)),
        }
    }

    fn write_file(&mut self, file: FileId, path: &str, offset: u64, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.fingerprint.entry(Entry::Write);
        self.fingerprint.bytes(path.as_bytes());
        self.fingerprint.word(offset);
        self.fingerprint.bytes(bytes);
        self.journal.push_write(file, offset, bytes);
        self.cache.write(file, offset, bytes, &mut self.store);
        if let Some(troubles) = &mut self.troubles {
            troubles.overwritten(file, offset..offset + bytes.len() as u64);
        }
    }

    fn create(&mut self, path: &str) -> FileId {
        self.fingerprint.entry(Entry::Create);
        self.fingerprint.bytes(path.as_bytes());
        self.file_last += 1;
        let file = FileId(self.file_last);
        self.change(Change::Create { file, path: path.into() });
        file
    }

    pub(super) fn truncate(&mut self, path: &str, file: FileId, len: u64) -> Result<(), DiskError> {
        if len > FILE_BYTES_MAX {
            return Err(DiskError::new(DiskOperation::Truncate, path, DiskErrorKind::TooLarge));
        }
        let before = self.cache.file(file).map_or(0, File::len);
        if before == len {
            return Ok(());
        }
        let growth = usize::try_from(len.saturating_sub(before)).unwrap_or(usize::MAX);
        if let Some((_, kind)) = self.refusal(path, before, before, growth) {
            return Err(DiskError::new(DiskOperation::Truncate, path, kind));
        }
        self.fingerprint.entry(Entry::Truncate);
        self.fingerprint.bytes(path.as_bytes());
        self.fingerprint.word(len);
        self.change(Change::Truncate { file, len });
        if let Some(troubles) = &mut self.troubles {
            troubles.overwritten(file, len..u64::MAX);
        }
        Ok(())
    }

    pub(super) fn rename(&mut self, file: FileId, from: &str, to: &str) -> Result<(), DiskError> {
        if from == to {
            return Ok(());
        }
        if let Some((_, kind)) = self.refusal(from, 0, 0, 0) {
            return Err(DiskError::new(DiskOperation::Rename, from, kind));
        }
        self.fingerprint.entry(Entry::Rename);
        self.fingerprint.bytes(from.as_bytes());
        self.fingerprint.bytes(to.as_bytes());
        self.change(Change::Rename { file, from: from.into(), to: to.into() });
        Ok(())
    }

    pub(super) fn remove(&mut self, file: FileId, path: &str) -> Result<(), DiskError> {
        if let Some((_, kind)) = self.refusal(path, 0, 0, 0) {
            return Err(DiskError::new(DiskOperation::Remove, path, kind));
        }
        self.fingerprint.entry(Entry::Remove);
        self.fingerprint.bytes(path.as_bytes());
        self.change(Change::Remove { file, path: path.into() });
        Ok(())
    }

    /// Journals a change that carries no bytes, and lets the node see it.
    fn change(&mut self, change: Change) {
        let mut unlinked = Vec::new();
        self.cache.apply(&change, &[], &mut self.store, &mut unlinked);
        for file in unlinked {
            self.cache.drop_file(file);
        }
        self.journal.push(change);
    }

    /// Why an operation that writes `count` bytes at `offset` of a file of length `len` is not
    /// done, and how much of it is all the same.
    #[inline]
    fn refusal(
        &mut self,
        path: &str,
        len: u64,
        offset: u64,
        count: usize,
    ) -> Option<(usize, DiskErrorKind)> {
        if self.troubles.is_none() && self.capacity.is_none() {
            return None;
        }
        self.guarded_refusal(path, len, offset, count)
    }

    #[cold]
    fn guarded_refusal(
        &mut self,
        path: &str,
        len: u64,
        offset: u64,
        count: usize,
    ) -> Option<(usize, DiskErrorKind)> {
        let fits = self.fitting(len, offset, count);
        let refusal = match self.troubles.as_mut().and_then(|troubles| troubles.write_fails(path)) {
            Some(word) => {
                let part = if word & 1 == 0 { 0 } else { mix(word, 1) % (count as u64 + 1) };
                Some((super::file::index(part).min(fits), DiskErrorKind::Io))
            }
            None => (fits < count).then_some((fits, DiskErrorKind::NoSpace)),
        };
        if let Some((admitted, _)) = refusal {
            self.fingerprint.entry(Entry::Refused);
            self.fingerprint.bytes(path.as_bytes());
            self.fingerprint.word(admitted as u64);
        }
        refusal
    }

    /// How many of `count` bytes at `offset` of a file of length `len` there is room for.
    fn fitting(&self, len: u64, offset: u64, count: usize) -> usize {
        let Some(capacity) = self.capacity_now() else {
            return count;
        };
        let end_max = len.saturating_add(capacity.saturating_sub(self.cache.bytes_len()));
        let room = end_max.saturating_sub(offset);
        usize::try_from(room).unwrap_or(usize::MAX).min(count)
    }

    /// The capacity that the setting and the faults leave.
    fn capacity_now(&self) -> Option<u64> {
        let by_faults = self.troubles.as_ref().and_then(|troubles| troubles.capacity());
        self.capacity.into_iter().chain(by_faults).min()
    }

    /// The node reads: fails if the device does.
    pub(super) fn try_read(&mut self, path: &str, offset: u64, len: u64) -> Result<(), DiskError> {
        let Some(troubles) = &mut self.troubles else {
            return Ok(());
        };
        let Some(file) = self.cache.find("", path) else {
            return Ok(());
        };
        let range = offset.min(file.len())..offset.saturating_add(len).min(file.len());
        if troubles.read_fails(path, file.id(), range) {
            self.fingerprint.entry(Entry::ReadFailed);
            self.fingerprint.bytes(path.as_bytes());
            return Err(DiskError::new(DiskOperation::Read, path, DiskErrorKind::Io));
        }
        Ok(())
    }
}

/// What the device does.
impl Contents {
    /// Says whether anything became durable.
    pub(super) fn complete(&mut self, sync: &SyncInFlight) -> bool {
        let mut unlinked = Vec::new();
        let applied = if self.troubles.is_some() {
            self.complete_in_trouble(sync, &mut unlinked)
        } else {
            self.fingerprint.entry(Entry::SyncCompleted);
            self.fingerprint.word(sync.id.number());
            let Self { durable, journal, store, .. } = self;
            let mut applied = false;
            journal.finish(sync, |change, written| {
                durable.apply(change, written, store, &mut unlinked);
                applied = true;
            });
            applied
        };
        for file in unlinked {
            self.durable.drop_file(file);
            if sync.narrow {
                self.journal.forget_data(file);
            }
        }
        self.journal.sweep();
        applied
    }

    #[cold]
    fn complete_in_trouble(&mut self, sync: &SyncInFlight, unlinked: &mut Vec<FileId>) -> bool {
        let names = self.names_of(sync);
        let Self { durable, journal, store, fingerprint, troubles, .. } = self;
        let Some(troubles) = troubles.as_deref_mut() else {
            return false;
        };
        let mut paths: Vec<&str> = names.values().map(|name| &**name).collect();
        paths.dedup();
        let failing = troubles.failing(&paths);
        let name = |change: &Change| names.get(&change.file()).map_or("", |name| &**name);
        let mut applied = false;
        let mut gone = Vec::new();
        let mut device = Device { durable, store, fingerprint, troubles, unlinked };
        if failing.is_empty() {
            device.fingerprint.entry(Entry::SyncCompleted);
            device.fingerprint.word(sync.id.number());
            journal.finish(sync, |change, written| {
                device.perform(name(change), change, written);
                applied = true;
            });
            return applied;
        }
        device.fingerprint.entry(Entry::SyncFailed);
        device.fingerprint.word(sync.id.number());
        let is_gone = |change: &Change| {
            let goes = failing.contains(&name(change));
            if let (true, Change::Write { file, offset, .. }) = (goes, change) {
                gone.push((*file, *offset));
            }
            goes
        };
        journal.fail(sync, is_gone, |change, written| {
            device.perform(name(change), change, written);
            applied = true;
        });
        for (file, offset) in gone {
            troubles.diverge(file, offset);
        }
        let failed = |path: &&str| DiskError::new(DiskOperation::Sync, path, DiskErrorKind::Io);
        troubles.sync_errors.extend(failing.iter().map(failed));
        applied
    }

    /// The names of the files that a sync is about, as the node knows them.
    fn names_of(&self, sync: &SyncInFlight) -> BTreeMap<FileId, Box<str>> {
        let mut names = BTreeMap::new();
        for change in self.journal.covered(sync) {
            let file = change.file();
            let [first, last] = change.names();
            let known = self.cache.name_of(file).or(last).or(first);
            if let Some(name) = known.or_else(|| self.durable.name_of(file)) {
                names.entry(file).or_insert_with(|| Box::from(name));
            }
        }
        names
    }

    pub(super) fn crash(
        &mut self,
        operation: u64,
        model: CrashModel,
        draw: &mut dyn FnMut(u64) -> u64,
    ) -> CrashLoss {
        let Self { cache, durable, journal, fingerprint, store, troubles, .. } = self;
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
                durable.apply(change, survivors, store, &mut unlinked);
                if let Some(troubles) = troubles {
                    clear_rot(troubles, change, survivors.len() as u64);
                }
            }
            loss.operations += u64::from(fate != crash::Fate::Kept);
            loss.bytes += (written.len() - survivors.len()) as u64;
        }
        // A file that lost its name may have got one again from a later rename, so they are
        // looked at together, and only now.
        durable.drop_nameless();
        let mut touched = crash::touched(journal);
        if let Some(troubles) = troubles {
            touched.extend(troubles.take_diverged());
            touched.sort_unstable();
            touched.dedup_by_key(|(file, _)| *file);
            troubles.crash(durable);
        }
        cache.restore(durable, &touched, store);
        journal.clear();
        loss
    }

    pub(super) fn blank(&mut self) -> bool {
        self.fingerprint.entry(Entry::Blank);
        let held = [&self.cache, &self.durable].iter().any(|tree| !tree.is_empty());
        self.cache = Tree::EMPTY;
        self.durable = Tree::EMPTY;
        self.journal.clear();
        if let Some(troubles) = &mut self.troubles {
            troubles.blank();
        }
        held
    }
}

/// What faults do.
impl Contents {
    pub(super) fn hold(&mut self, hold: u32, mut fault: DiskFault) -> bool {
        if let Trouble::Full(room) = &mut fault.trouble {
            let bytes = match *room {
                Room::Capacity(bytes) => bytes,
                Room::Free(bytes) => self.cache.bytes_len().saturating_add(bytes),
            };
            *room = Room::Capacity(bytes);
            if self.capacity_now().is_some_and(|now| now <= bytes) {
                return false;
            }
        }
        if let Trouble::BitRot { .. } = &fault.trouble
            && !self.rot(hold, &fault)
        {
            return false;
        }
        self.fingerprint.entry(Entry::Held);
        self.fingerprint.word(u64::from(hold));
        self.troubles.get_or_insert_default().hold(hold, fault);
        true
    }

    /// Flips bits of durable bytes that a fault may strike; false if there are none.
    fn rot(&mut self, hold: u32, fault: &DiskFault) -> bool {
        let Trouble::BitRot { within, places } = &fault.trouble else {
            return false;
        };
        let ranges = self.ranges_of(&fault.files, within);
        let spots = draw_spots(ranges, !within.is_empty(), *places, fault.salt);
        let troubles = self.troubles.get_or_insert_default();
        for (file, offset, flipped) in &spots {
            troubles.rot.add(Spot::new(*file, *offset, *flipped, hold));
            let stamp = self.store.next_stamp();
            self.cache.seems_changed(*file, *offset, stamp);
            for word in [Entry::Rotted as u64, file.0, *offset, u64::from(*flipped)] {
                self.fingerprint.word(word);
            }
        }
        !spots.is_empty()
    }

    /// The durable bytes in files of this prefix, and in the ranges if there are any.
    fn ranges_of(&self, files: &str, within: &[(String, Range<u64>)]) -> Vec<FileBytes> {
        let mut ranges = Vec::new();
        for (name, file) in self.durable.named().filter(|(name, _)| name.starts_with(files)) {
            // The node reads the cache: what it has removed or cut off there, it never reads.
            let len = self.cache.file(file.id()).map_or(0, File::len).min(file.len());
            if within.is_empty() {
                ranges.push((file.id(), 0..len));
            }
            let chosen = within.iter().filter(|(path, _)| path == name).map(|(_, range)| range);
            ranges.extend(chosen.map(|range| (file.id(), range.start..range.end.min(len))));
        }
        ranges.retain(|(_, range)| !range.is_empty());
        ranges
    }

    pub(super) fn release(&mut self, hold: u32) {
        let Some(troubles) = &mut self.troubles else {
            return;
        };
        self.fingerprint.entry(Entry::Released);
        self.fingerprint.word(u64::from(hold));
        for spot in troubles.rot.lift(hold) {
            let stamp = self.store.next_stamp();
            self.cache.seems_changed(spot.file, spot.offset, stamp);
        }
        troubles.release(hold);
        if troubles.is_over() {
            self.troubles = None;
        }
    }
}

/// A range of a file.
type FileBytes = (FileId, Range<u64>);

/// Draws bits to flip: each byte is as likely, and no range, or else no byte, is drawn twice.
fn draw_spots(
    mut ranges: Vec<FileBytes>,
    once_a_range: bool,
    places: u32,
    salt: u64,
) -> Vec<(FileId, u64, u8)> {
    let mut spots: Vec<(FileId, u64, u8)> = Vec::new();
    for number in 0..u64::from(places) {
        let word = mix(salt, number);
        let total: u64 = ranges.iter().map(|(_, range)| range.end - range.start).sum();
        let Some(mut left) = word.checked_rem(total) else {
            break;
        };
        let holds = |(_, range): &FileBytes| {
            let len = range.end - range.start;
            let here = left < len;
            left -= if here { 0 } else { len };
            here
        };
        let Some(drawn) = ranges.iter().position(holds) else {
            break;
        };
        let (file, offset) = (ranges[drawn].0, ranges[drawn].1.start + left);
        if !spots.iter().any(|(known, at, _)| (*known, *at) == (file, offset)) {
            spots.push((file, offset, 1 << (mix(word, 0) & 7)));
        }
        if once_a_range {
            ranges.remove(drawn);
        }
    }
    spots
}

/// A device that may not do as it is told.
struct Device<'a> {
    durable: &'a mut Tree,
    store: &'a mut Store,
    fingerprint: &'a mut Fingerprint,
    troubles: &'a mut Troubles,
    unlinked: &'a mut Vec<FileId>,
}

impl Device<'_> {
    /// Brings a change to the platter, or what the device makes of it.
    fn perform(&mut self, name: &str, change: &Change, written: &[u8]) {
        let Change::Write { file, offset, len, .. } = change else {
            self.durable.apply(change, written, self.store, self.unlinked);
            return clear_rot(self.troubles, change, 0);
        };
        let Some(platter) = self.troubles.platter(name, (*file, *offset, *len), self.durable)
        else {
            self.durable.write(*file, *offset, written, self.store);
            return clear_rot(self.troubles, change, *len as u64);
        };
        self.troubles.diverge(*file, *offset);
        self.fingerprint.entry(Entry::Platter);
        match platter {
            Platter::Lost => self.fingerprint.word(0),
            Platter::Torn(parts) => {
                for part in parts {
                    self.fingerprint.word(part.start as u64);
                    self.put(*file, offset + part.start as u64, &written[part]);
                }
            }
            Platter::Misdirected { file, offset, len } => {
                self.fingerprint.word(offset);
                self.troubles.diverge(file, offset);
                self.put(file, offset, &written[..len]);
            }
        }
    }

    fn put(&mut self, file: FileId, offset: u64, bytes: &[u8]) {
        self.durable.write(file, offset, bytes, self.store);
        self.troubles.rot.clear(file, offset..offset + bytes.len() as u64);
    }
}

/// New bytes on the platter are sound.
fn clear_rot(troubles: &mut Troubles, change: &Change, written: u64) {
    match change {
        Change::Write { file, offset, .. } => {
            troubles.rot.clear(*file, *offset..offset + written);
        }
        Change::Truncate { file, len } => troubles.rot.clear(*file, *len..u64::MAX),
        Change::Create { .. } | Change::Rename { .. } | Change::Remove { .. } => {}
    }
}
