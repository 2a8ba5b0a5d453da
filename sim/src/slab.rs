//! A vector of payloads with a free list: an event in the queue names its payload by slot.

/// Slots are reused last in, first out, so that a busy simulation stays in a few cache lines.
#[derive(Clone, Debug)]
pub(crate) struct Slab<T> {
    entries: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Slab { entries: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    #[inline]
    pub(crate) fn insert(&mut self, value: T) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.entries[slot as usize] = Some(value);
            slot
        } else {
            self.entries.push(Some(value));
            (self.entries.len() - 1) as u32
        }
    }

    #[inline]
    pub(crate) fn remove(&mut self, slot: u32) -> T {
        let value = self.entries[slot as usize].take().expect("a slot in use");
        self.free.push(slot);
        value
    }

    #[inline]
    pub(crate) fn get(&self, slot: u32) -> &T {
        self.entries[slot as usize].as_ref().expect("a slot in use")
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, slot: u32) -> &mut T {
        self.entries[slot as usize].as_mut().expect("a slot in use")
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().flatten()
    }
}
