//! What a file holds: few bytes in one piece, or many in shared blocks.

use std::borrow::Cow;
use std::sync::Arc;

use super::pool::Pool;

/// The unit in which large files are stored and shared.
pub(super) const BLOCK_BYTES: usize = 4096;

/// One block, shared by all files of a disk that hold the same bytes there.
pub(super) type Block = Arc<[u8; BLOCK_BYTES]>;

/// A file up to this length is one piece of memory: most are, and cost what a vector costs.
pub(super) const FLAT_BYTES_MAX: usize = 256 * 1024;

/// The bytes of a file. Equal blocks of large files are stored once a disk, whatever copy of the
/// file they are in, so data that repeats itself and its durable copy cost one pointer a block.
#[derive(Clone, Debug, Default)]
pub(super) struct Bytes {
    blocks: Vec<Block>,
    /// What follows the blocks: all of a small file, less than a block of a large one.
    tail: Vec<u8>,
}

impl Bytes {
    pub(super) fn len(&self) -> usize {
        self.base() + self.tail.len()
    }

    /// Where the tail begins.
    fn base(&self) -> usize {
        self.blocks.len() * BLOCK_BYTES
    }

    /// Writes `bytes` at `offset`; a gap before it reads as zeros.
    pub(super) fn write(&mut self, mut offset: usize, mut bytes: &[u8], pool: &mut Pool) {
        if offset > self.len() {
            self.resize(offset, pool);
        }
        while offset < self.base() && !bytes.is_empty() {
            let (block, within) = (offset / BLOCK_BYTES, offset % BLOCK_BYTES);
            let (piece, rest) = bytes.split_at(bytes.len().min(BLOCK_BYTES - within));
            let mut copy = *self.blocks[block];
            copy[within..within + piece.len()].copy_from_slice(piece);
            self.blocks[block] = pool.shared(&copy);
            offset += piece.len();
            bytes = rest;
        }
        let at = offset.saturating_sub(self.base());
        let over = bytes.len().min(self.tail.len().saturating_sub(at));
        let (within, beyond) = bytes.split_at(over);
        self.tail[at..at + over].copy_from_slice(within);
        // In pieces, so that a long write is never there a second time as a whole.
        for piece in beyond.chunks(FLAT_BYTES_MAX) {
            self.tail.extend_from_slice(piece);
            self.settle(pool);
        }
    }

    /// Sets the length; what is added reads as zeros.
    pub(super) fn resize(&mut self, len: usize, pool: &mut Pool) {
        if len <= self.len() {
            self.cut(len);
        } else if len <= FLAT_BYTES_MAX && self.blocks.is_empty() {
            self.tail.resize(len, 0);
        } else {
            let block_end = self.len().next_multiple_of(BLOCK_BYTES).min(len);
            self.tail.resize(block_end - self.base(), 0);
            let whole = len / BLOCK_BYTES;
            if block_end < len {
                self.split(pool);
                self.blocks.resize(whole, pool.zeros());
                self.tail.resize(len - self.base(), 0);
            } else {
                self.settle(pool);
            }
        }
    }

    fn cut(&mut self, len: usize) {
        if len >= self.base() {
            self.tail.truncate(len - self.base());
            return;
        }
        if len <= FLAT_BYTES_MAX / 2 {
            self.tail = self.slice(0, len).into_owned();
            self.blocks = Vec::new();
            return;
        }
        let whole = len / BLOCK_BYTES;
        self.tail = self.blocks[whole][..len % BLOCK_BYTES].to_vec();
        self.blocks.truncate(whole);
    }

    /// Moves whole blocks out of the tail of a file that is no longer small.
    fn settle(&mut self, pool: &mut Pool) {
        if self.tail.len() > FLAT_BYTES_MAX
            || (!self.blocks.is_empty() && self.tail.len() >= BLOCK_BYTES)
        {
            self.split(pool);
        }
    }

    #[cold]
    fn split(&mut self, pool: &mut Pool) {
        let (whole, _) = self.tail.as_chunks::<BLOCK_BYTES>();
        self.blocks.extend(whole.iter().map(|block| pool.shared(block)));
        let moved = whole.len() * BLOCK_BYTES;
        self.tail.drain(..moved);
        self.tail.shrink_to(BLOCK_BYTES);
    }

    /// The bytes from `start` to `end`, borrowed where they lie in one piece.
    pub(super) fn slice(&self, start: usize, end: usize) -> Cow<'_, [u8]> {
        let base = self.base();
        if start >= base {
            return Cow::Borrowed(&self.tail[start - base..end - base]);
        }
        let first = self.piece(start);
        if let Some(all) = first.get(..end - start) {
            return Cow::Borrowed(all);
        }
        let mut bytes = Vec::with_capacity(end - start);
        while start + bytes.len() < end {
            let piece = self.piece(start + bytes.len());
            let wanted = piece.len().min(end - start - bytes.len());
            bytes.extend_from_slice(&piece[..wanted]);
        }
        Cow::Owned(bytes)
    }

    /// What lies in one piece from `at` on.
    fn piece(&self, at: usize) -> &[u8] {
        match self.blocks.get(at / BLOCK_BYTES) {
            Some(block) => &block[at % BLOCK_BYTES..],
            None => &self.tail[at - self.base()..],
        }
    }

    /// Makes the bytes those of `other`, given that the first `same` already agree. Returns how
    /// many did, if the rest had to be changed below the old length.
    pub(super) fn restore(&mut self, other: &Bytes, same: usize, pool: &mut Pool) -> Option<usize> {
        let same = self.agree_until(other, same);
        let changed = (same < self.len()).then_some(same);
        self.cut(same.min(self.len()));
        while self.len() < other.len() {
            let at = self.len();
            self.write(at, other.piece(at), pool);
        }
        changed
    }

    /// The first place from `from` on where the two differ, or the length of the shorter one.
    fn agree_until(&self, other: &Bytes, from: usize) -> usize {
        let end = self.len().min(other.len());
        let mut at = from.min(end);
        while at < end {
            let (mine, theirs) = (self.piece(at), other.piece(at));
            let len = mine.len().min(theirs.len());
            let pairs = mine.iter().zip(theirs);
            match pairs.take(len).position(|(mine, theirs)| mine != theirs) {
                Some(same) => return at + same,
                None => at += len,
            }
        }
        end
    }

    /// Memory that is held for this file alone: blocks are counted where they are shared.
    pub(super) fn memory_bytes(&self) -> usize {
        self.tail.capacity() + self.blocks.capacity() * size_of::<Block>()
    }
}
