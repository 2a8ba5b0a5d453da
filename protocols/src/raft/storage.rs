//! What a node keeps on its disk: `state` (term and vote) and `log`.
//!
//! # `state`
//!
//! Two slots, each in a sector of its own, written in turn. A slot holds a sequence number, the
//! term, the vote and a checksum; the valid slot with the higher number counts. So an update never
//! touches the newest durable copy but by a single sector, which a crash leaves old or new.
//!
//! # `log`
//!
//! One record an entry: length (4 bytes), checksum (8), the encoded entry. Each checksum is seeded
//! by its predecessor's, so a record is valid only behind the very records that it was written
//! behind. That is what makes every crash survivable: a truncation that was lost while a later
//! write was kept leaves stale records behind fresh ones, and they do not chain. Recovery reads up
//! to the first record that does not, and cuts the file there.
//!
//! # Damage
//!
//! A crash leaves a slot of `state` old or new, and of the log a tail without a good record in it.
//! A slot with a wrong checksum is something else, and so is a record that a single bit makes good:
//! that has rotted. To cut the log there, or to fall back on the older slot, would take back what
//! this host has promised, so it takes no part: recovery fails, and the host is down until its disk
//! reads well again. Repairing it from the other hosts is what protocol-aware recovery does
//! (Alagappan et al., FAST 2018).
//!
//! More wrong bits in one record look like what a crash that reorders writes may leave. No single
//! log can tell one from the other; nor can it see what a device acknowledged and never wrote.

use seedbed_sim::digest::Digest;
use seedbed_sim::{Context, DiskError, DiskHandle, DiskLens, Node, NodeId, codec};

use super::log::{Entry, Index, Term};
use crate::protocol::FileRange;

/// The file of term and vote.
pub(super) const STATE: &str = "state";
/// The file of log records.
pub(super) const LOG: &str = "log";

/// Where the second slot of `state` begins: in another sector than the first.
const SLOT_BYTES: u64 = 512;
/// Sequence number, term, vote, checksum.
const STATE_BYTES: usize = 32;
/// Length and checksum before an entry.
const HEADER_BYTES: usize = 12;
/// In a longer entry nobody looks for the one wrong bit: that takes the square of its length.
const SEARCHED_BYTES_MAX: usize = 4096;
/// What the first record's checksum is seeded by.
pub(super) const CHAIN_START: u64 = 0x7365_6564_6265_6421;

/// Where the node's files stand.
#[derive(Clone, Debug, Default)]
pub(super) struct Storage {
    /// The sequence number of the newest slot of `state`.
    sequence: u64,
    /// For each entry, its record's end in the file and its checksum.
    records: Vec<Record>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) end: u64,
    pub(super) checksum: u64,
}

/// What a boot finds.
#[derive(Debug, Default)]
pub(super) struct Recovered {
    pub(super) storage: Storage,
    pub(super) term: Term,
    pub(super) voted_for: Option<NodeId>,
    pub(super) entries: Vec<Entry>,
}

/// Why a disk yields nothing to boot from.
#[derive(Debug)]
pub(super) enum Unreadable {
    /// An operation failed.
    Failed(DiskError),
    /// The bytes of this file are not what was written.
    Damaged(&'static str),
}

impl From<DiskError> for Unreadable {
    fn from(error: DiskError) -> Self {
        Unreadable::Failed(error)
    }
}

/// Reads what the last life left. With `cut`, the log file ends with its last good record
/// afterwards.
pub(super) fn recover<N: Node>(
    ctx: &mut Context<'_, N>,
    cut: bool,
) -> Result<Recovered, Unreadable> {
    let mut found = Recovered::default();
    if ctx.disk().exists(STATE) {
        let mut disk = ctx.disk();
        let bytes = disk.read(STATE)?;
        if slots(&bytes).any(is_damaged) {
            return Err(Unreadable::Damaged(STATE));
        }
        if let Some(state) = read_state(&bytes) {
            (found.term, found.voted_for) = (state.term, state.voted_for);
            found.storage.sequence = state.sequence;
        }
    }
    if ctx.disk().exists(LOG) {
        let mut disk = ctx.disk();
        let bytes = disk.read(LOG)?;
        let (len, mut last) = (bytes.len() as u64, Record { end: 0, checksum: CHAIN_START });
        while let Some((entry, record)) = next_record(&bytes, 0, last) {
            found.entries.push(entry);
            found.storage.records.push(record);
            last = record;
        }
        if has_rotted(&bytes, last) {
            return Err(Unreadable::Damaged(LOG));
        }
        if cut && last.end < len {
            disk.truncate(LOG, last.end)?;
        }
    }
    Ok(found)
}

impl Storage {
    /// Writes term and vote.
    pub(super) fn save_state(
        &mut self,
        mut disk: DiskHandle<'_>,
        term: Term,
        voted_for: Option<NodeId>,
    ) -> Result<(), DiskError> {
        self.sequence += 1;
        let vote = voted_for.map_or(0, |host| u64::from(host.number()) + 1);
        let words = [self.sequence, term, vote, state_checksum(self.sequence, term, vote)];
        let mut bytes = [0; STATE_BYTES];
        for (chunk, word) in bytes.chunks_exact_mut(8).zip(words) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        disk.write_at(STATE, self.sequence % 2 * SLOT_BYTES, &bytes)
    }

    /// Writes entries at the end of the log.
    pub(super) fn append<'a>(
        &mut self,
        mut disk: DiskHandle<'_>,
        entries: impl IntoIterator<Item = &'a Entry>,
    ) -> Result<(), DiskError> {
        let mut bytes = Vec::new();
        let mut last = self.last();
        for entry in entries {
            let start = bytes.len();
            bytes.extend_from_slice(&[0; HEADER_BYTES]);
            codec::encode_into(entry, &mut bytes);
            let (header, payload) = bytes[start..].split_at_mut(HEADER_BYTES);
            let checksum = chained(last.checksum, payload);
            header[..4].copy_from_slice(&(payload.len() as u32).to_le_bytes());
            header[4..].copy_from_slice(&checksum.to_le_bytes());
            last = Record { end: last.end + (HEADER_BYTES + payload.len()) as u64, checksum };
            self.records.push(last);
        }
        disk.append(LOG, &bytes)
    }

    /// Removes the entry at `index` and all that follow.
    pub(super) fn truncate_from(
        &mut self,
        mut disk: DiskHandle<'_>,
        index: Index,
    ) -> Result<(), DiskError> {
        self.records.truncate(index as usize - 1);
        disk.truncate(LOG, self.last().end)
    }

    fn last(&self) -> Record {
        self.records.last().copied().unwrap_or(Record { end: 0, checksum: CHAIN_START })
    }
}

/// Term and vote as a slot holds them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    sequence: u64,
    pub(super) term: Term,
    pub(super) voted_for: Option<NodeId>,
}

/// The newest valid slot.
pub(super) fn read_state(bytes: &[u8]) -> Option<State> {
    slots(bytes).filter_map(read_slot).max_by_key(|state| state.sequence)
}

fn slots(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.chunks(SLOT_BYTES as usize).take(2)
}

/// Whether a slot was written and is not valid: no crash leaves that, for it lies in one sector.
fn is_damaged(slot: &[u8]) -> bool {
    read_slot(slot).is_none() && slot.iter().take(STATE_BYTES).any(|byte| *byte != 0)
}

fn read_slot(bytes: &[u8]) -> Option<State> {
    let mut words = [0; 4];
    for (word, chunk) in words.iter_mut().zip(bytes.get(..STATE_BYTES)?.chunks_exact(8)) {
        *word = u64::from_le_bytes(chunk.try_into().ok()?);
    }
    let [sequence, term, vote, checksum] = words;
    let valid = sequence > 0 && checksum == state_checksum(sequence, term, vote);
    let voted_for = vote.checked_sub(1).and_then(|number| u32::try_from(number).ok());
    valid.then_some(State { sequence, term, voted_for: voted_for.map(NodeId::from_number) })
}

fn state_checksum(sequence: u64, term: Term, vote: u64) -> u64 {
    let mut digest = Digest::from_value(CHAIN_START);
    digest.fold2(sequence, term);
    digest.fold(vote);
    digest.value()
}

/// The record behind `last`, if there is a valid one; `bytes` are the file's from `base` on.
pub(super) fn next_record(bytes: &[u8], base: u64, last: Record) -> Option<(Entry, Record)> {
    let rest = bytes.get(usize::try_from(last.end.checked_sub(base)?).ok()?..)?;
    let header = rest.get(..HEADER_BYTES)?;
    let len = u32::from_le_bytes(header[..4].try_into().ok()?) as usize;
    let checksum = u64::from_le_bytes(header[4..].try_into().ok()?);
    // No entry encodes to nothing: zeros are no record.
    let payload = rest.get(HEADER_BYTES..HEADER_BYTES.checked_add(len)?).filter(|_| len > 0)?;
    if checksum != chained(last.checksum, payload) {
        return None;
    }
    let entry = codec::decode(payload).ok()?;
    Some((entry, Record { end: last.end + (HEADER_BYTES + len) as u64, checksum }))
}

/// Whether the bytes behind `last` are a good record but for one bit. No crash leaves that: it cuts
/// a record, or leaves another one.
fn has_rotted(bytes: &[u8], last: Record) -> bool {
    let rest = &bytes[last.end as usize..];
    let Some((header, payload)) = rest.split_at_checked(HEADER_BYTES) else {
        return false;
    };
    let (len, checksum) = header.split_at(4);
    let len = len.try_into().map_or(0, u32::from_le_bytes);
    let stored = checksum.try_into().map_or(0, u64::from_le_bytes);
    let first = |len: u32| payload.get(..len as usize).filter(|_| len > 0);
    let in_length = || {
        let lens = (0..u32::BITS).map(|bit| len ^ 1 << bit);
        lens.filter_map(first).any(|payload| chained(last.checksum, payload) == stored)
    };
    let Some(payload) = first(len) else {
        return in_length();
    };
    let wrong = chained(last.checksum, payload) ^ stored;
    wrong.count_ones() == 1 || in_length() || {
        let mut payload = payload.to_vec();
        payload.len() <= SEARCHED_BYTES_MAX
            && (0..payload.len() * 8).any(|bit| {
                payload[bit / 8] ^= 1 << (bit % 8);
                let good = chained(last.checksum, &payload) == stored;
                payload[bit / 8] ^= 1 << (bit % 8);
                good
            })
    }
}

/// The parts of a durable disk in each of which one bit may rot and will be noticed: the slots of
/// `state`, and the records of the log.
pub(super) fn checked_ranges(disk: &DiskLens<'_>) -> Vec<FileRange> {
    let mut checked = Vec::new();
    if let Ok(bytes) = disk.read(STATE) {
        for (slot, _) in (0..).zip(slots(&bytes)).filter(|(_, slot)| read_slot(slot).is_some()) {
            let start = slot * SLOT_BYTES;
            checked.push((STATE.to_owned(), start..start + STATE_BYTES as u64));
        }
    }
    if let Ok(bytes) = disk.read(LOG) {
        let mut last = Record { end: 0, checksum: CHAIN_START };
        while let Some((_, next)) = next_record(&bytes, 0, last) {
            if next.end - last.end <= SEARCHED_BYTES_MAX as u64 {
                checked.push((LOG.to_owned(), last.end..next.end));
            }
            last = next;
        }
    }
    checked
}

fn chained(previous: u64, payload: &[u8]) -> u64 {
    let mut digest = Digest::from_value(previous);
    digest.fold_bytes(payload);
    digest.value()
}
