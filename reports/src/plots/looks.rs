//! Looks of groups: by their labels, the same in all pictures of a report.

use std::collections::BTreeMap;

use crate::figure::Style;

/// Which label has which look. Labels of one sort, which speak of the same paths, stand beside each
/// other in pictures: they have the first looks, which differ most. Others never meet.
#[derive(Clone, Debug, Default)]
pub(super) struct Looks {
    slots: BTreeMap<String, usize>,
    /// How many labels of each sort there are.
    counts: BTreeMap<String, usize>,
}

impl Looks {
    /// Gives a label the next look of its sort, if it has none.
    pub(super) fn learn(&mut self, label: &str, sort: String) {
        if !self.slots.contains_key(label) {
            let next = self.counts.entry(sort).or_default();
            self.slots.insert(label.to_owned(), *next);
            *next += 1;
        }
    }

    /// The look of a label.
    pub(super) fn style(&self, label: &str) -> Style {
        Style::of_slot(self.slots.get(label).copied().unwrap_or(0))
    }
}
