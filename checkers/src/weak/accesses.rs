//! A history of registers, sorted into sessions of reads and writes.

use crate::history::{History, OperationId, Outcome};
use crate::linearizable::table::Interner;

use super::registers::{Access, Registers};

/// The number of an access in [`Accesses`].
pub(super) type Number = u32;

/// Stands for an access that there is not.
pub(super) const NONE: Number = u32::MAX;

/// A read that was answered, or a write that may have taken place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub id: OperationId,
    pub session: u32,
    /// Its place among the accesses of its session, from 0.
    pub place: u32,
    pub key: u32,
    /// The number of the key with the value: different values of different keys never share one.
    pub value: u32,
    pub is_write: bool,
    /// Whether it is a write that nobody saw the end of.
    pub is_pending: bool,
}

/// Where the value of a read comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Several writes may have put it there, and none has been chosen.
    Unknown,
    /// Nobody wrote it: the register began with it.
    Initial,
    /// This write.
    Write(Number),
}

/// A history of registers. Left out are the operations that say nothing: reads without an answer
/// and writes that failed.
#[derive(Clone, Debug)]
pub(super) struct Accesses {
    pub items: Vec<Item>,
    /// The accesses of each session, that is of each process, in its order.
    pub sessions: Vec<Vec<Number>>,
    pub key_count: usize,
    /// For each value of a key, the writes that may have put it there.
    pub writers: Vec<Vec<Number>>,
    /// For each value of a key, whether the key began with it.
    pub is_initial: Vec<bool>,
    /// For each value of a key, a failed write of it.
    pub failed: Vec<Option<OperationId>>,
}

impl Accesses {
    /// Sorts a history.
    ///
    /// # Errors
    /// The first operation that is neither a read nor a write of one register.
    pub fn of<M: Registers>(
        model: &M,
        history: &History<M::Op, M::Ret>,
    ) -> Result<Accesses, OperationId> {
        // A model that names no keys is one register.
        let mut keys: Interner<Option<M::Key>> = Interner::default();
        let mut values: Interner<(u32, &M::Value)> = Interner::default();
        let mut sessions = Interner::default();
        let mut accesses = Accesses {
            items: Vec::new(),
            sessions: Vec::new(),
            key_count: 0,
            writers: Vec::new(),
            is_initial: Vec::new(),
            failed: Vec::new(),
        };
        for (id, operation) in history.iter() {
            let ret = match &operation.outcome {
                Outcome::Ok(ret) => Some(ret),
                Outcome::Fail | Outcome::Info => None,
            };
            let access = model.access(&operation.op, ret);
            let (value, is_write) = match access {
                Some(Access::Read(value)) => (value, false),
                Some(Access::Write(value)) => (value, true),
                Some(Access::ReadUnanswered) => continue,
                None if operation.outcome == Outcome::Fail => continue,
                None => return Err(id),
            };
            let key = keys.intern(model.key(&operation.op));
            let number = values.intern((key, value));
            if number as usize == accesses.writers.len() {
                accesses.writers.push(Vec::new());
                accesses.is_initial.push(value == model.initial());
                accesses.failed.push(None);
            }
            if operation.outcome == Outcome::Fail {
                accesses.failed[number as usize].get_or_insert(id);
                continue;
            }
            let session = sessions.intern((operation.process.client, operation.process.generation));
            let is_pending = operation.outcome == Outcome::Info;
            accesses.add(Item { id, session, place: 0, key, value: number, is_write, is_pending });
        }
        accesses.key_count = keys.len();
        Ok(accesses)
    }

    fn add(&mut self, item: Item) {
        let number = u32::try_from(self.items.len()).expect("fewer than 2^32 operations");
        if item.session as usize == self.sessions.len() {
            self.sessions.push(Vec::new());
        }
        let session = &mut self.sessions[item.session as usize];
        let place = u32::try_from(session.len()).expect("fewer than 2^32 operations");
        session.push(number);
        if item.is_write {
            self.writers[item.value as usize].push(number);
        }
        self.items.push(Item { place, ..item });
    }

    /// The access of this number.
    pub fn item(&self, number: Number) -> &Item {
        &self.items[number as usize]
    }

    /// How many accesses there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// The numbers of all accesses.
    pub fn numbers(&self) -> impl Iterator<Item = Number> + use<> {
        0..u32::try_from(self.items.len()).expect("fewer than 2^32 operations")
    }

    /// The reads, in the order of the history.
    pub fn reads(&self) -> impl Iterator<Item = Number> {
        self.numbers().filter(|&number| !self.item(number).is_write)
    }

    /// Where the value of a read can come from: the initial value first, then the writes in the
    /// order of the history.
    pub fn candidates(&self, read: Number) -> Vec<Source> {
        let value = self.item(read).value as usize;
        let initial = self.is_initial[value].then_some(Source::Initial);
        initial.into_iter().chain(self.writers[value].iter().copied().map(Source::Write)).collect()
    }

    /// The first read of a value that no operation can have put there.
    pub fn unfounded_read(&self) -> Option<Number> {
        self.reads().find(|&read| {
            let value = self.item(read).value as usize;
            !self.is_initial[value] && self.writers[value].is_empty()
        })
    }

    /// The source of each access: chosen where there is one candidate, unknown where there are
    /// several, and unknown for writes, which nobody asks about.
    pub fn sources(&self) -> Vec<Source> {
        self.numbers()
            .map(|number| {
                let item = self.item(number);
                let writers = &self.writers[item.value as usize];
                match (item.is_write, self.is_initial[item.value as usize], writers.as_slice()) {
                    (false, true, []) => Source::Initial,
                    (false, false, &[write]) => Source::Write(write),
                    (true | false, true | false, _) => Source::Unknown,
                }
            })
            .collect()
    }

    /// The reads whose value several writes, or a write and nobody, may have put there.
    pub fn ambiguous_reads(&self) -> Vec<Number> {
        self.reads()
            .filter(|&read| {
                let value = self.item(read).value as usize;
                usize::from(self.is_initial[value]) + self.writers[value].len() > 1
            })
            .collect()
    }
}
