//! Bits that have flipped: a mask over good data, which a read sees and lifting it takes away.

use std::borrow::Cow;
use std::ops::Range;

use super::file::FileId;

/// One byte that reads wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) file: FileId,
    pub(super) offset: u64,
    /// The bits that are flipped.
    pub(super) flipped: u8,
    /// The fault that flipped them.
    pub(super) hold: u32,
    /// Whether the cache has newer bytes here, which are not on the platter yet. A crash that loses
    /// them brings the rot back; a sync that writes them ends it.
    covered: bool,
}

impl Spot {
    pub(super) fn new(file: FileId, offset: u64, flipped: u8, hold: u32) -> Self {
        Spot { file, offset, flipped, hold, covered: false }
    }

    fn lies_in(&self, file: FileId, range: &Range<u64>) -> bool {
        self.file == file && range.contains(&self.offset)
    }
}

/// All that has rotted on a disk, ordered by file and offset.
#[derive(Clone, Debug, Default)]
pub(super) struct Rot(Vec<Spot>);

impl Rot {
    pub(super) const NONE: Rot = Rot(Vec::new());

    pub(super) fn add(&mut self, spot: Spot) {
        self.0.push(spot);
    }

    pub(super) fn spots(&self) -> &[Spot] {
        &self.0
    }

    /// `bytes` of the file from `start` on, as a read returns them.
    pub(super) fn shown<'a>(
        &self,
        file: FileId,
        start: u64,
        mut bytes: Cow<'a, [u8]>,
    ) -> Cow<'a, [u8]> {
        let range = start..start + bytes.len() as u64;
        for spot in self.0.iter().filter(|spot| !spot.covered && spot.lies_in(file, &range)) {
            bytes.to_mut()[super::file::index(spot.offset - start)] ^= spot.flipped;
        }
        bytes
    }

    /// The cache has new bytes in the range.
    pub(super) fn cover(&mut self, file: FileId, range: Range<u64>) {
        for spot in self.0.iter_mut().filter(|spot| spot.lies_in(file, &range)) {
            spot.covered = true;
        }
    }

    /// The platter has new bytes in the range.
    pub(super) fn clear(&mut self, file: FileId, range: Range<u64>) {
        self.0.retain(|spot| !spot.lies_in(file, &range));
    }

    /// The cache is gone; `len` tells how long a file on the platter is, if it is there.
    pub(super) fn crash(&mut self, len: impl Fn(FileId) -> Option<u64>) {
        self.0.retain_mut(|spot| {
            spot.covered = false;
            len(spot.file).is_some_and(|len| spot.offset < len)
        });
    }

    /// Takes a fault's rot away and returns where it was.
    pub(super) fn lift(&mut self, hold: u32) -> Vec<Spot> {
        let (lifted, kept) = self.0.iter().copied().partition(|spot| spot.hold == hold);
        self.0 = kept;
        lifted
    }
}
