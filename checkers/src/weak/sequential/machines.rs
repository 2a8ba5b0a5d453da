//! What the operations of a search act on: a model's states, or registers.

use crate::hashing::mix;
use crate::linearizable::table::Interner;
use crate::models::{Model, Step};

use super::super::accesses::{Accesses, NONE, Number, Source};
use super::search::Machine;

/// An operation of a model.
pub(super) struct Operation<'a, O, R> {
    pub op: &'a O,
    pub ret: Option<&'a R>,
    /// The part of the object that it is about.
    pub part: u32,
}

/// A model's object, part by part.
pub(super) struct ModelMachine<'a, M: Model> {
    model: &'a M,
    operations: Vec<Operation<'a, M::Op, M::Ret>>,
    states: Interner<M::State>,
    /// The number of each part's state.
    parts: Vec<u32>,
}

impl<'a, M: Model> ModelMachine<'a, M> {
    pub fn new(
        model: &'a M,
        operations: Vec<Operation<'a, M::Op, M::Ret>>,
        part_count: usize,
    ) -> ModelMachine<'a, M> {
        let mut states = Interner::default();
        let parts = vec![states.intern(model.init()); part_count];
        ModelMachine { model, operations, states, parts }
    }
}

impl<M: Model> Machine for ModelMachine<'_, M> {
    /// The part, and its state before.
    type Undo = (u32, u32);

    fn apply(&mut self, number: u32) -> Option<(u32, u32)> {
        let Operation { op, ret, part } = &self.operations[number as usize];
        let before = self.parts[*part as usize];
        match self.model.step(self.states.value(before), op, *ret) {
            Step::Refused => return None,
            Step::Same => {}
            Step::Next(state) => self.parts[*part as usize] = self.states.intern(state),
        }
        Some((*part, before))
    }

    fn undo(&mut self, (part, before): (u32, u32)) {
        self.parts[part as usize] = before;
    }

    fn is_read_only(&self, number: u32) -> bool {
        let Operation { op, ret, .. } = &self.operations[number as usize];
        self.model.is_read_only(op, *ret)
    }

    fn fingerprint(&self) -> u128 {
        let parts = (0_u64..).zip(&self.parts);
        parts.fold(0, |sum, (part, &state)| sum ^ cell_key(part, u64::from(state)))
    }
}

/// The key of a cell's content: states are known by the exclusive-or of such keys.
fn cell_key(cell: u64, content: u64) -> u128 {
    let seed = mix(mix(cell ^ 0xA076_1D64_78BD_642F) ^ content);
    u128::from(mix(seed ^ 0xE703_7ED1_A0B4_28DB)) << 64 | u128::from(mix(!seed))
}

/// What a register holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    /// The write; [`NONE`] is the initial value, or one that nobody will read.
    write: Number,
    /// How many reads are to return it yet.
    readers: u32,
}

/// Registers, of which it is known (for some keys) which write each read returned. A write does
/// not fit while the value that it overwrites has readers: they would come too late.
pub(super) struct RegisterMachine<'a> {
    accesses: &'a Accesses,
    sources: &'a [Source],
    /// For each key, whether the sources of all reads are known.
    is_known: Vec<bool>,
    /// For each write of a known key, how many reads return it.
    readers: Vec<u32>,
    known: Vec<Cell>,
    /// For each other key, its value: by number, or [`NONE`] for the initial one.
    values: Vec<u32>,
    value_key: u128,
}

/// What it takes to undo an access.
pub(super) enum Undo {
    Known { key: u32, cell: Cell },
    Value { key: u32, value: u32 },
}

impl<'a> RegisterMachine<'a> {
    pub fn new(accesses: &'a Accesses, sources: &'a [Source]) -> RegisterMachine<'a> {
        let mut is_known = vec![true; accesses.key_count];
        for read in accesses.ambiguous_reads() {
            is_known[accesses.item(read).key as usize] = false;
        }
        let mut readers = vec![0; accesses.len()];
        let mut known = vec![Cell { write: NONE, readers: 0 }; accesses.key_count];
        for read in accesses.reads() {
            match sources[read as usize] {
                Source::Write(write) => readers[write as usize] += 1,
                Source::Initial => known[accesses.item(read).key as usize].readers += 1,
                Source::Unknown => {}
            }
        }
        let values = vec![NONE; accesses.key_count];
        RegisterMachine { accesses, sources, is_known, readers, known, values, value_key: 0 }
    }

    fn apply_known(&mut self, number: Number) -> Option<Undo> {
        let item = self.accesses.item(number);
        let before = self.known[item.key as usize];
        let wanted = match (item.is_write, self.sources[number as usize]) {
            (true, _) => NONE,
            (false, Source::Initial) => NONE,
            (false, Source::Write(write)) => write,
            (false, Source::Unknown) => unreachable!("the sources of this key are known"),
        };
        let after = match (item.is_write, before.readers) {
            (true, 0) => Cell { write: number, readers: self.readers[number as usize] },
            (false, 1..) if before.write == wanted => {
                Cell { readers: before.readers - 1, ..before }
            }
            (true, 1..) | (false, _) => return None,
        };
        let is_read_out = after.readers == 0;
        self.known[item.key as usize] =
            if is_read_out { Cell { write: NONE, ..after } } else { after };
        Some(Undo::Known { key: item.key, cell: before })
    }

    fn apply_value(&mut self, number: Number) -> Option<Undo> {
        let item = self.accesses.item(number);
        let before = self.values[item.key as usize];
        match (item.is_write, before) {
            (true, _) => self.set_value(item.key, item.value),
            (false, NONE) if self.accesses.is_initial[item.value as usize] => {}
            (false, before) if before == item.value => {}
            (false, _) => return None,
        }
        Some(Undo::Value { key: item.key, value: before })
    }

    fn set_value(&mut self, key: u32, value: u32) {
        let place = &mut self.values[key as usize];
        self.value_key ^= cell_key(u64::from(key), u64::from(*place));
        self.value_key ^= cell_key(u64::from(key), u64::from(value));
        *place = value;
    }
}

impl Machine for RegisterMachine<'_> {
    type Undo = Undo;

    fn apply(&mut self, number: u32) -> Option<Undo> {
        match self.is_known[self.accesses.item(number).key as usize] {
            true => self.apply_known(number),
            false => self.apply_value(number),
        }
    }

    fn undo(&mut self, undo: Undo) {
        match undo {
            Undo::Known { key, cell } => self.known[key as usize] = cell,
            Undo::Value { key, value } => self.set_value(key, value),
        }
    }

    fn is_read_only(&self, number: u32) -> bool {
        !self.accesses.item(number).is_write
    }

    /// Known keys add nothing: a value that has readers yet is the only one of its key that was
    /// written and has, so how far the sessions have come tells what it is.
    fn fingerprint(&self) -> u128 {
        self.value_key
    }
}
