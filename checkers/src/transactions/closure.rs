//! Reachability between events that can be added to and taken back.

use super::catalogue::big;
use super::graph::Graph;

/// Adding an arc would close a cycle, or a forbidden path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Conflict;

/// Which events come before which, by the arcs added so far.
pub(super) struct Closure {
    events: usize,
    words: usize,
    /// Row by row: bit `b` of row `a` says that `a` comes before `b`.
    reach: Vec<u64>,
    /// Bit `b` of row `a` says that `a` must not come before `b`.
    forbidden: Vec<u64>,
    /// Words that were changed, with their old contents: of `reach`, then of `forbidden`.
    trail: Vec<(usize, u64)>,
    /// Words looked at so far.
    pub steps: u64,
}

/// A moment to return to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark(usize);

impl Closure {
    /// Bytes that a closure of so many events takes.
    pub fn bytes(events: usize) -> u64 {
        let words = u64::try_from(events.div_ceil(64)).unwrap_or(u64::MAX);
        words.saturating_mul(u64::try_from(events).unwrap_or(u64::MAX)).saturating_mul(16)
    }

    /// No event comes before another one.
    pub fn new(events: usize) -> Closure {
        let words = events.div_ceil(64);
        Closure {
            events,
            words,
            reach: vec![0; events * words],
            forbidden: vec![0; events * words],
            trail: Vec::new(),
            steps: 0,
        }
    }

    /// The closure of a graph without cycles, whose nodes are sorted topologically.
    pub fn of(graph: &Graph, sorted: &[u32]) -> Closure {
        let mut closure = Closure::new(graph.nodes());
        let words = closure.words;
        for &event in sorted.iter().rev() {
            for &target in graph.targets(event) {
                for word in 0..words {
                    let inherited = closure.reach[big(target) * words + word];
                    closure.reach[big(event) * words + word] |= inherited;
                }
                closure.reach[big(event) * words + big(target) / 64] |= 1 << (target % 64);
                closure.steps += u64::try_from(words).unwrap_or(0);
            }
        }
        closure
    }

    pub fn reaches(&self, from: u32, to: u32) -> bool {
        self.reach[big(from) * self.words + big(to) / 64] >> (to % 64) & 1 == 1
    }

    /// Whether an arc can be added, as far as can be told without adding it.
    pub fn admits(&self, from: u32, to: u32) -> bool {
        from != to && !self.reaches(to, from)
    }

    /// Bytes that going back may take.
    pub fn trail_bytes(&self) -> u64 {
        u64::try_from(self.trail.len()).unwrap_or(u64::MAX).saturating_mul(16)
    }

    /// Makes what was added so far final.
    pub fn forget(&mut self) {
        self.trail.clear();
    }

    pub fn mark(&self) -> Mark {
        Mark(self.trail.len())
    }

    /// Takes back what was added since the mark.
    pub fn undo(&mut self, mark: Mark) {
        while self.trail.len() > mark.0 {
            let (place, old) = self.trail.pop().expect("the trail is longer than the mark");
            match place.checked_sub(self.reach.len()) {
                None => self.reach[place] = old,
                Some(place) => self.forbidden[place] = old,
            }
        }
    }

    /// Adds an arc.
    pub fn add(&mut self, from: u32, to: u32) -> Result<(), Conflict> {
        if !self.admits(from, to) {
            return Err(Conflict);
        }
        if self.reaches(from, to) {
            return Ok(());
        }
        for event in 0..self.events {
            let word = event * self.words + big(from) / 64;
            if event == big(from) || self.reach[word] >> (from % 64) & 1 == 1 {
                self.inherit(event, to)?;
            }
        }
        self.steps += u64::try_from(self.events / 64).unwrap_or(0);
        Ok(())
    }

    /// Everything from `to` on now comes after `event`.
    fn inherit(&mut self, event: usize, to: u32) -> Result<(), Conflict> {
        self.steps += u64::try_from(self.words).unwrap_or(0);
        let mut conflict = false;
        for word in 0..self.words {
            let own_bit = if word == big(to) / 64 { 1 << (to % 64) } else { 0 };
            let place = event * self.words + word;
            let old = self.reach[place];
            let new = old | self.reach[big(to) * self.words + word] | own_bit;
            if new != old {
                self.trail.push((place, old));
                self.reach[place] = new;
                conflict |= new & self.forbidden[place] != 0;
            }
        }
        if conflict { Err(Conflict) } else { Ok(()) }
    }

    /// Forbids that `from` comes before `to`.
    pub fn forbid(&mut self, from: u32, to: u32) -> Result<(), Conflict> {
        let place = big(from) * self.words + big(to) / 64;
        let old = self.forbidden[place];
        let new = old | 1 << (to % 64);
        if new != old {
            self.trail.push((self.reach.len() + place, old));
            self.forbidden[place] = new;
        }
        if self.reaches(from, to) { Err(Conflict) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arcs_compose_and_can_be_taken_back() {
        let mut closure = Closure::new(100);
        closure.add(0, 70).unwrap();
        let mark = closure.mark();
        closure.add(70, 99).unwrap();
        closure.add(5, 0).unwrap();
        assert!(closure.reaches(5, 99) && closure.reaches(0, 99) && !closure.reaches(99, 0));
        assert_eq!(closure.add(99, 5), Err(Conflict));
        assert_eq!(closure.forbid(5, 70), Err(Conflict));
        closure.undo(mark);
        assert!(closure.reaches(0, 70) && !closure.reaches(70, 99) && !closure.reaches(5, 0));
        closure.forbid(5, 70).unwrap();
        assert_eq!(closure.add(5, 0), Err(Conflict));
    }
}
