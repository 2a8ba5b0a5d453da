//! What a crash leaves of the operations that were not durable.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::file::FileId;
use super::journal::{Change, Journal, Operation};
use super::tree::Tree;

/// The unit in which a device writes: a crash never splits one.
pub const SECTOR_BYTES: u64 = 512;

/// Which of the operations that no sync has made durable are there after a crash.
///
/// Operations of syncs in flight are among them: a sync is not atomic, whether it covers one file
/// or several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CrashModel {
    /// None of them.
    Strict,
    /// The first k in program order, with k drawn uniformly from none to all.
    Ordered,
    /// The same; and if the operation after those is a write, the part of it before a cut may
    /// survive, too. A cut is at a multiple of [`SECTOR_BYTES`] in the file, so a write within one
    /// sector is there as a whole or not at all. Where a write leaves a gap behind the end of the
    /// file, the zeros in the gap come with its first sector.
    #[default]
    Torn,
    /// Each with a chance of one half, whatever became of those before it.
    ///
    /// Data stays with its file and names follow it: a file whose rename is lost keeps its old name
    /// with what was written since; a later rename or removal finds it there. Anything that
    /// survives of a new file keeps its creation.
    Reorder,
}

/// What a crash has cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CrashLoss {
    /// Operations that are not there, or not as a whole.
    pub operations: u64,
    /// Bytes of writes that are not there.
    pub bytes: u64,
}

/// What became of one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Lost,
    Kept,
    /// Only so many bytes of the write, from its start.
    Cut(u64),
}

impl Fate {
    /// A number for the fingerprint, different for each fate.
    pub(super) fn word(self) -> u64 {
        match self {
            Fate::Lost => 0,
            Fate::Kept => u64::MAX,
            Fate::Cut(bytes) => bytes,
        }
    }

    /// The bytes that are there of a write of `written`.
    pub(super) fn survivors(self, written: &[u8]) -> &[u8] {
        match self {
            Fate::Lost => &[],
            Fate::Kept => written,
            Fate::Cut(bytes) => &written[..super::file::index(bytes)],
        }
    }
}

/// Draws the fate of every operation. `draw(n)` is a uniform number below n.
pub(super) fn fates(
    model: CrashModel,
    operations: &[&Operation],
    draw: &mut dyn FnMut(u64) -> u64,
) -> Vec<Fate> {
    let mut fates = vec![Fate::Lost; operations.len()];
    if operations.is_empty() {
        return fates;
    }
    match model {
        CrashModel::Strict => {}
        CrashModel::Ordered => {
            keep_prefix(&mut fates, draw);
        }
        CrashModel::Torn => {
            let kept = keep_prefix(&mut fates, draw);
            if let Some(next) = operations.get(kept) {
                fates[kept] = cut(&next.change, draw);
            }
        }
        CrashModel::Reorder => {
            for fate in &mut fates {
                if draw(2) == 1 {
                    *fate = Fate::Kept;
                }
            }
            keep_creations(&mut fates, operations);
        }
    }
    fates
}

fn keep_prefix(fates: &mut [Fate], draw: &mut dyn FnMut(u64) -> u64) -> usize {
    let kept = super::file::index(draw(fates.len() as u64 + 1));
    fates[..kept].fill(Fate::Kept);
    kept
}

/// Draws among the sector boundaries inside the write; none at all is one of the outcomes.
fn cut(change: &Change, draw: &mut dyn FnMut(u64) -> u64) -> Fate {
    let Change::Write { offset, len, .. } = change else {
        return Fate::Lost;
    };
    let boundary_first = offset / SECTOR_BYTES + 1;
    let boundary_end = (offset + *len as u64).div_ceil(SECTOR_BYTES);
    if boundary_first >= boundary_end {
        return Fate::Lost;
    }
    match draw(boundary_end - boundary_first + 1) {
        0 => Fate::Lost,
        nth => Fate::Cut((boundary_first + nth - 1) * SECTOR_BYTES - offset),
    }
}

fn keep_creations(fates: &mut [Fate], operations: &[&Operation]) {
    let mut seen: BTreeSet<FileId> = BTreeSet::new();
    for (fate, operation) in fates.iter_mut().zip(operations).rev() {
        if matches!(operation.change, Change::Create { .. })
            && seen.contains(&operation.change.file())
        {
            *fate = Fate::Kept;
        }
        if *fate != Fate::Lost {
            seen.insert(operation.change.file());
        }
    }
}

/// The files whose data the journal changes, each with the lowest offset that is changed.
pub(super) fn touched(journal: &Journal) -> Vec<(FileId, u64)> {
    let mut touched: Vec<(FileId, u64)> = journal
        .live()
        .filter_map(|operation| match &operation.change {
            Change::Write { file, offset, .. } => Some((*file, *offset)),
            Change::Truncate { file, len } => Some((*file, *len)),
            Change::Create { .. } | Change::Rename { .. } | Change::Remove { .. } => None,
        })
        .collect();
    touched.sort_unstable();
    touched.dedup_by_key(|(file, _)| *file);
    touched
}

/// The durable bytes that `change` would destroy if it survived a crash.
pub(super) fn endangered<'a>(
    durable: &'a Tree,
    change: &Change,
) -> impl Iterator<Item = (&'a str, Range<u64>)> {
    let file = durable.file(change.file());
    let own = |range: &dyn Fn(u64) -> Range<u64>| {
        let file = file?;
        Some((durable.name_of(file.id())?, range(file.len())))
    };
    let replaced = |path: &str| {
        let file = durable.find("", path)?;
        Some((durable.name_of(file.id())?, 0..file.len()))
    };
    let found = match change {
        Change::Create { path, .. } => [None, replaced(path)],
        Change::Write { offset, len, .. } => {
            let end = offset + *len as u64;
            [own(&|file_len| *offset..end.min(file_len)), None]
        }
        Change::Truncate { len, .. } => [own(&|file_len| *len..file_len), None],
        Change::Rename { to, .. } => [own(&|file_len| 0..file_len), replaced(to)],
        Change::Remove { .. } => [own(&|file_len| 0..file_len), None],
    };
    found.into_iter().flatten().filter(|(_, range)| !range.is_empty())
}
