//! Looks of groups: by their labels, the same in all pictures of a report.

use std::collections::BTreeMap;

use crate::figure::Style;

/// Which label has which look. Labels of one length (`nodes 3`; `nodes 3, loss 1%`) stand beside
/// each other in pictures, and have looks that differ; those of different lengths do not.
#[derive(Clone, Debug, Default)]
pub(super) struct Looks {
    slots: BTreeMap<String, usize>,
    /// How many labels of each number of parts there are.
    counts: BTreeMap<usize, usize>,
}

impl Looks {
    /// Gives a label of so many parts the next look, if it has none.
    pub(super) fn learn(&mut self, label: &str, parts: usize) {
        if !self.slots.contains_key(label) {
            let next = self.counts.entry(parts).or_default();
            self.slots.insert(label.to_owned(), *next);
            *next += 1;
        }
    }

    /// The look of a label.
    pub(super) fn style(&self, label: &str) -> Style {
        Style::of_slot(self.slots.get(label).copied().unwrap_or(0))
    }
}
