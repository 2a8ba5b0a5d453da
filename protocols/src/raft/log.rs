//! The replicated log as a node holds it in memory.

use serde::{Deserialize, Serialize, Serializer};

use crate::services::Command;

/// A term: Raft's logical clock. 0 is before the first election.
pub type Term = u64;
/// A place in the log, from 1. 0 is before the first entry.
pub type Index = u64;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The term of the leader that created it.
    pub term: Term,
    /// What a client asked for; none for a new leader's no-op.
    pub command: Option<Command>,
}

/// The log: entries from index 1 on, without gaps.
///
/// - Terms never decrease along it.
/// - Entries are added at its end, and removed from its end.
/// - What is known to be committed is never removed.
///
/// It remembers enough of its own changes to tell a reader with a [`LogCursor`] from where on it
/// may differ from what the reader saw: invariants look at what is new, and at nothing twice.
#[derive(Clone, Debug)]
pub struct Log {
    entries: Vec<Entry>,
    /// Which life of the host this log is of: a new one is new to every reader.
    life: u32,
    version: u64,
    /// Cuts with the version that made them. Versions and indices both increase: a cut at or above
    /// a later one tells no reader anything that the later one does not.
    cuts: Vec<Cut>,
}

/// Everything from `index` on was removed or replaced.
#[derive(Clone, Copy, Debug)]
struct Cut {
    version: u64,
    index: Index,
}

/// Where a reader of one log stands. A new cursor has read nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogCursor {
    life: u32,
    version: u64,
    len: u64,
}

impl LogCursor {
    /// How many entries the log had when the reader was there.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the log was empty, or has never been looked at.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl Log {
    /// The log of a host in its life number `life`, with what its disk has kept.
    pub fn new(life: u32, entries: Vec<Entry>) -> Self {
        Log { entries, life, version: 0, cuts: Vec::new() }
    }

    /// The index of the last entry, 0 if there is none.
    pub fn last_index(&self) -> Index {
        self.entries.len() as u64
    }

    /// The term of the last entry, 0 if there is none.
    pub fn last_term(&self) -> Term {
        self.entries.last().map_or(0, |entry| entry.term)
    }

    /// The entry at an index.
    pub fn get(&self, index: Index) -> Option<&Entry> {
        self.entries.get(usize::try_from(index.checked_sub(1)?).ok()?)
    }

    /// The term at an index; 0 is the term of index 0. None beyond the end.
    pub fn term_at(&self, index: Index) -> Option<Term> {
        if index == 0 { Some(0) } else { self.get(index).map(|entry| entry.term) }
    }

    /// At most `count` entries from `index` on.
    pub fn from(&self, index: Index, count: usize) -> &[Entry] {
        let start = (index.max(1) as usize - 1).min(self.entries.len());
        let end = start.saturating_add(count).min(self.entries.len());
        &self.entries[start..end]
    }

    /// All entries.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The first index of the run of entries with the term of the one at `index`.
    pub fn first_of_term_at(&self, index: Index) -> Index {
        let Some(term) = self.term_at(index) else {
            return self.last_index() + 1;
        };
        // Terms never decrease along the log.
        self.entries.partition_point(|entry| entry.term < term) as u64 + 1
    }

    /// The last index of `term`, if the log has an entry of it.
    pub fn last_of_term(&self, term: Term) -> Option<Index> {
        let end = self.entries.partition_point(|entry| entry.term <= term) as u64;
        (self.term_at(end) == Some(term) && end > 0).then_some(end)
    }

    /// Adds an entry; returns its index.
    pub(super) fn append(&mut self, entry: Entry) -> Index {
        self.version += 1;
        self.entries.push(entry);
        self.last_index()
    }

    /// Removes the entry at `index` and all that follow.
    pub(super) fn truncate_from(&mut self, index: Index) {
        self.cut(index);
        self.entries.truncate(index as usize - 1);
    }

    /// Replaces one entry and keeps those behind it: what no log of Raft may do. For a planted bug.
    pub(super) fn replace(&mut self, index: Index, entry: Entry) {
        self.cut(index);
        self.entries[index as usize - 1] = entry;
    }

    fn cut(&mut self, index: Index) {
        self.version += 1;
        while self.cuts.last().is_some_and(|cut| cut.index >= index) {
            self.cuts.pop();
        }
        self.cuts.push(Cut { version: self.version, index });
    }

    /// Whether the reader has seen the log as it is.
    #[inline]
    pub fn seen_by(&self, cursor: &LogCursor) -> bool {
        cursor.version == self.version && cursor.life == self.life
    }

    /// The lowest index at which the log may differ from what the reader saw (one past its end, if
    /// nothing does), and moves the cursor.
    pub fn changed_since(&self, cursor: &mut LogCursor) -> Index {
        let unchanged = if cursor.life == self.life {
            let later = self.cuts.partition_point(|cut| cut.version <= cursor.version);
            let cut = self.cuts.get(later).map_or(u64::MAX, |cut| cut.index - 1);
            cut.min(cursor.len)
        } else {
            0
        };
        let len = self.last_index();
        *cursor = LogCursor { life: self.life, version: self.version, len };
        unchanged + 1
    }
}

/// Reports show the entries.
impl Serialize for Log {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.entries.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(terms: &[Term]) -> Log {
        Log::new(1, terms.iter().map(|term| Entry { term: *term, command: None }).collect())
    }

    #[test]
    fn runs_of_a_term_are_found() {
        let log = log(&[1, 1, 4, 4, 4, 6]);
        assert_eq!([1, 2, 3, 5, 6].map(|index| log.first_of_term_at(index)), [1, 1, 3, 3, 6]);
        assert_eq!(log.first_of_term_at(9), 7);
        let last = [0, 1, 2, 4, 6, 7].map(|term| log.last_of_term(term));
        assert_eq!(last, [None, Some(2), None, Some(5), Some(6), None]);
    }

    /// A reader that trusts its cursor sees the same log as one that reads everything, whatever
    /// happened in between.
    #[test]
    fn a_cursor_misses_nothing() {
        let mut state = 7_u64;
        let mut draw = |bound: u64| {
            state = seedbed_sim::digest::Digest::from_value(state).value().wrapping_add(1);
            state = state.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23);
            state % bound
        };
        let mut log = log(&[]);
        let mut cursors = [LogCursor::default(); 3];
        let mut copies: [Vec<Entry>; 3] = Default::default();
        for _ in 0..20_000 {
            let entry = Entry { term: draw(1000), command: None };
            match draw(8) {
                0 if log.last_index() > 0 => log.truncate_from(1 + draw(log.last_index())),
                1 if log.last_index() > 0 => log.replace(1 + draw(log.last_index()), entry),
                2 => {
                    let kept = log.entries().to_vec();
                    log = Log::new(log.life + 1, kept);
                }
                3..=5 => drop(log.append(entry)),
                reader => {
                    let reader = (reader as usize + draw(2) as usize) % 3;
                    let from = log.changed_since(&mut cursors[reader]);
                    copies[reader].truncate(from as usize - 1);
                    copies[reader].extend_from_slice(log.from(from, usize::MAX));
                    assert_eq!(copies[reader], log.entries());
                    assert!(log.seen_by(&cursors[reader]));
                }
            }
        }
    }
}
