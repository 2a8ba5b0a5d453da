//! What faults hold of one disk, and what they have done to it.

use std::ops::Range;

use super::crash::SECTOR_BYTES;
use super::error::DiskError;
use super::faults::{DiskFault, Rate, Room, Strike, Trouble};
use super::file::FileId;
use super::rot::Rot;
use super::tree::Tree;
use crate::rng::mix;

/// A fault that holds the disk.
#[derive(Clone, Debug)]
struct Held {
    hold: u32,
    fault: DiskFault,
    /// How many operations have been decided: each takes a word of the fault's own.
    decided: u64,
    /// How many of them went wrong.
    hits: u32,
}

/// One sector of a file that cannot be read.
#[derive(Clone, Copy, Debug)]
struct BadSector {
    hold: u32,
    file: FileId,
    sector: u64,
}

/// Everything that is wrong with a disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Troubles {
    held: Vec<Held>,
    pub(super) rot: Rot,
    bad_sectors: Vec<BadSector>,
    /// Files of which the platter and the cache differ, apart from what the journal says, each
    /// with the lowest offset at which they may: a crash has to look at them.
    diverged: Vec<(FileId, u64)>,
    /// Whether a write that a sync acknowledged was lost, torn or misdirected.
    pub(super) has_lied: bool,
    /// What failed syncs have to report.
    pub(super) sync_errors: Vec<DiskError>,
}

/// What the device makes of a write that a sync is to make durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Platter {
    /// Nothing of it is there.
    Lost,
    /// These parts of the written bytes are there.
    Torn(Vec<Range<usize>>),
    /// So many of its bytes are at another place.
    Misdirected { file: FileId, offset: u64, len: usize },
}

impl Held {
    fn is_about(&self, path: &str) -> bool {
        path.starts_with(&self.fault.files)
    }

    fn rate_of(&self, strike: Strike) -> Option<Rate> {
        self.fault.trouble.strike().filter(|(own, _)| *own == strike).map(|(_, rate)| rate)
    }
}

impl Troubles {
    /// Whether nothing is wrong, nor has left anything behind.
    pub(super) fn is_over(&self) -> bool {
        self.held.is_empty()
            && self.rot.spots().is_empty()
            && self.bad_sectors.is_empty()
            && self.diverged.is_empty()
            && self.sync_errors.is_empty()
            && !self.has_lied
    }

    pub(super) fn hold(&mut self, hold: u32, fault: DiskFault) {
        self.held.push(Held { hold, fault, decided: 0, hits: 0 });
    }

    /// Lets a fault go, with what can be taken back: rot has been lifted, and its sectors read.
    pub(super) fn release(&mut self, hold: u32) {
        self.held.retain(|held| held.hold != hold);
        self.bad_sectors.retain(|bad| bad.hold != hold);
    }

    /// How often a fault has struck.
    pub(super) fn hits(&self, hold: u32) -> u32 {
        self.held.iter().find(|held| held.hold == hold).map_or(0, |held| held.hits)
    }

    /// Every fault that strikes so decides about an operation on `path`; the hold and a random word
    /// of the first that does it.
    fn strikes(&mut self, path: &str, strike: Strike) -> Option<(u32, u64)> {
        let mut struck = None;
        for held in &mut self.held {
            let Some(rate) = held.rate_of(strike).filter(|_| held.is_about(path)) else {
                continue;
            };
            let word = mix(held.fault.salt, held.decided);
            held.decided += 1;
            let spent = rate.times_max.is_some_and(|most| held.hits >= most);
            if struck.is_none() && !spent && rate.chance.hits((word >> 32) as u32) {
                held.hits += 1;
                struck = Some((held.hold, mix(word, 0)));
            }
        }
        struck
    }

    /// Takes back that a fault has struck: it found nothing to do.
    fn spare(&mut self, hold: u32) {
        if let Some(held) = self.held.iter_mut().find(|held| held.hold == hold) {
            held.hits -= 1;
        }
    }

    /// Whether a changing operation on `path` fails, and a word that decides how.
    pub(super) fn write_fails(&mut self, path: &str) -> Option<u64> {
        self.strikes(path, Strike::FailWrite).map(|(_, word)| word)
    }

    /// The files that a sync fails of those that it covers; none if it does not fail.
    pub(super) fn failing<'p>(&mut self, paths: &[&'p str]) -> Vec<&'p str> {
        // One decision a sync: by the first file that such a fault is about.
        let fails = |held: &Held, path: &str| {
            held.rate_of(Strike::FailSync).is_some() && held.is_about(path)
        };
        let first = paths.iter().find(|path| self.held.iter().any(|held| fails(held, path)));
        let struck = first.and_then(|path| self.strikes(path, Strike::FailSync));
        let Some(held) = struck.and_then(|(hold, _)| self.held.iter().find(|it| it.hold == hold))
        else {
            return Vec::new();
        };
        paths.iter().copied().filter(|path| held.is_about(path)).collect()
    }

    /// Whether the read of a range fails.
    pub(super) fn read_fails(&mut self, path: &str, file: FileId, range: Range<u64>) -> bool {
        let overlaps = |bad: &BadSector| bad.file == file && overlap(bad.sector, &range);
        let was_bad = self.bad_sectors.iter().any(overlaps);
        let struck = self.strikes(path, Strike::FailRead);
        if let Some((hold, word)) = struck
            && self.is_sticky(hold)
            && !range.is_empty()
        {
            let first = range.start / SECTOR_BYTES;
            let sectors = (range.end - 1) / SECTOR_BYTES - first + 1;
            let sector = first + word % sectors;
            self.bad_sectors.push(BadSector { hold, file, sector });
        }
        was_bad || struck.is_some()
    }

    fn is_sticky(&self, hold: u32) -> bool {
        let sticky = |held: &&Held| {
            held.hold == hold
                && matches!(held.fault.trouble, Trouble::ReadErrors { sticky: true, .. })
        };
        self.held.iter().any(|held| sticky(&held))
    }

    /// What the device makes of a write to a file with this name; none if it does as it was told.
    pub(super) fn platter(
        &mut self,
        path: &str,
        (file, offset, len): (FileId, u64, usize),
        durable: &Tree,
    ) -> Option<Platter> {
        let sectors = sectors_of(offset, len);
        let is_lost = self.strikes(path, Strike::Lose).is_some();
        let torn = if sectors > 1 { self.strikes(path, Strike::Tear) } else { None };
        let elsewhere = self.strikes(path, Strike::Misdirect);
        let found = if is_lost {
            Some(Platter::Lost)
        } else if let Some((_, word)) = torn {
            Some(Platter::Torn(tear(offset, len, sectors, word)))
        } else {
            elsewhere.and_then(|(_, word)| another_place(durable, (file, offset, len), word))
        };
        if let (Some((hold, _)), None | Some(Platter::Lost | Platter::Torn(_))) =
            (elsewhere, &found)
        {
            self.spare(hold);
        }
        self.has_lied |= found.is_some();
        found
    }

    /// The cache and the platter may differ from `offset` on.
    pub(super) fn diverge(&mut self, file: FileId, offset: u64) {
        match self.diverged.iter_mut().find(|(known, _)| *known == file) {
            Some((_, lowest)) => *lowest = offset.min(*lowest),
            None => self.diverged.push((file, offset)),
        }
    }

    /// The files that a crash has to compare, which then agree again.
    pub(super) fn take_diverged(&mut self) -> Vec<(FileId, u64)> {
        std::mem::take(&mut self.diverged)
    }

    /// The node wrote to a range: what cannot be read there is written anew.
    pub(super) fn overwritten(&mut self, file: FileId, range: Range<u64>) {
        self.rot.cover(file, range.clone());
        self.bad_sectors.retain(|bad| bad.file != file || !overlap(bad.sector, &range));
    }

    /// How many bytes the faults let be on the disk.
    pub(super) fn capacity(&self) -> Option<u64> {
        let full = |held: &Held| {
            let Trouble::Full(Room::Capacity(bytes)) = held.fault.trouble else {
                return None;
            };
            Some(bytes)
        };
        self.held.iter().filter_map(full).min()
    }

    /// How much longer the device takes: hundredths of its time, and nanoseconds on top.
    pub(super) fn slowness(&self) -> (u128, u64) {
        let (mut percent_all, mut by_all) = (100_u128, 0_u64);
        for held in &self.held {
            if let Trouble::Slow { percent, by } = held.fault.trouble {
                let by_ns = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
                percent_all = percent_all.saturating_mul(u128::from(percent)) / 100;
                by_all = by_all.saturating_add(by_ns);
            }
        }
        (percent_all, by_all)
    }

    pub(super) fn is_stuck(&self) -> bool {
        self.held.iter().any(|held| held.fault.trouble == Trouble::Stuck)
    }

    /// The disk is another one: what was wrong with the old one's bytes is gone with it.
    pub(super) fn blank(&mut self) {
        self.rot = Rot::NONE;
        self.bad_sectors.clear();
        self.diverged.clear();
        self.sync_errors.clear();
        self.has_lied = false;
    }

    /// The host crashed: nobody is left to be told.
    pub(super) fn crash(&mut self, durable: &Tree) {
        let len = |file| durable.file(file).map(|file| file.len());
        self.rot.crash(len);
        self.bad_sectors
            .retain(|bad| len(bad.file).is_some_and(|len| bad.sector * SECTOR_BYTES < len));
        self.sync_errors.clear();
    }
}

fn overlap(sector: u64, range: &Range<u64>) -> bool {
    let start = sector.saturating_mul(SECTOR_BYTES);
    start < range.end && range.start < start.saturating_add(SECTOR_BYTES)
}

fn sectors_of(offset: u64, len: usize) -> u64 {
    (offset + len as u64).div_ceil(SECTOR_BYTES) - offset / SECTOR_BYTES
}

/// Which parts of a write of several sectors are on the platter: each sector or not, but neither
/// all of them nor none.
fn tear(offset: u64, len: usize, sectors: u64, word: u64) -> Vec<Range<usize>> {
    let coin = |sector: u64| mix(word, sector) & 1 == 1;
    let turned = mix(word, u64::MAX - 1) % sectors;
    let alike = (1..sectors).all(|sector| coin(sector) == coin(0));
    let kept = |sector: u64| coin(sector) != (alike && sector == turned);
    let first = offset / SECTOR_BYTES;
    let place = |sector: u64| {
        let start = ((first + sector) * SECTOR_BYTES).max(offset) - offset;
        super::file::index(start.min(len as u64))
    };
    let pieces = (0..sectors).filter(|sector| kept(*sector));
    pieces.map(|sector| place(sector)..place(sector + 1)).collect()
}

/// A place on the platter that is not the one meant: a sector of any file, each as likely. The
/// write keeps its offset within the sector, and what would lie beyond that file's end is gone.
fn another_place(
    durable: &Tree,
    (file, offset, len): (FileId, u64, usize),
    word: u64,
) -> Option<Platter> {
    let within = offset % SECTOR_BYTES;
    let meant = offset / SECTOR_BYTES;
    let candidates =
        |it: &super::file::File| (it.len().saturating_sub(within)).div_ceil(SECTOR_BYTES);
    let total: u64 = durable.named().map(|(_, it)| candidates(it)).sum();
    let is_meant = |it: FileId, sector: u64| it == file && sector == meant;
    let start = word.checked_rem(total)?;
    // The place that was meant is no other place: the next one is taken then.
    for chosen in [start, (start + 1) % total] {
        let mut left = chosen;
        for (_, it) in durable.named() {
            if left < candidates(it) {
                if !is_meant(it.id(), left) {
                    let offset = left * SECTOR_BYTES + within;
                    let len = len.min(super::file::index(it.len() - offset));
                    return Some(Platter::Misdirected { file: it.id(), offset, len });
                }
                break;
            }
            left -= candidates(it);
        }
    }
    None
}
