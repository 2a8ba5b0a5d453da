//! A history taken apart: linearizability is local.

use crate::history::{History, OperationId, Outcome};
use crate::models::{Call, Model};

use super::table::Interner;

/// The operations of one part of a history: all that are about one key.
pub(super) struct Portion<'a, M: Model> {
    /// `None` if the history cannot be taken apart.
    pub key: Option<M::Key>,
    /// The operations that may have taken place, by their records.
    pub ids: Vec<OperationId>,
    /// The same, as calls.
    pub calls: Vec<Call<'a, M::Op, M::Ret>>,
}

/// The parts of a history, in the order of their first operations.
pub(super) fn portions<'a, M: Model>(
    model: &M,
    history: &'a History<M::Op, M::Ret>,
) -> Vec<Portion<'a, M>> {
    let operations = || history.iter().filter(|(_, operation)| operation.outcome != Outcome::Fail);
    let mut keys: Interner<M::Key> = Interner::default();
    let mut numbers: Vec<u32> = Vec::new();
    let is_split = operations().all(|(_, operation)| {
        let number = model.key(&operation.op).map(|key| keys.intern(key));
        numbers.extend(number);
        number.is_some()
    });
    let mut portions: Vec<Portion<'a, M>> = match is_split {
        true => keys.into_values().into_iter().map(|key| Portion::new(Some(key))).collect(),
        false => vec![Portion::new(None)],
    };
    for (place, (id, operation)) in operations().enumerate() {
        let portion = &mut portions[if is_split { numbers[place] as usize } else { 0 }];
        portion.ids.push(id);
        portion.calls.push(Call {
            op: &operation.op,
            ret: match &operation.outcome {
                Outcome::Ok(ret) => Some(ret),
                Outcome::Fail | Outcome::Info => None,
            },
            invoked_ns: operation.invoked_ns,
            until_ns: operation.until_ns().unwrap_or(u64::MAX),
        });
    }
    portions
}

impl<M: Model> Portion<'_, M> {
    fn new(key: Option<M::Key>) -> Self {
        Portion { key, ids: Vec::new(), calls: Vec::new() }
    }
}
