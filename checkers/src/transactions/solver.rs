//! The search for an order of versions under which a level holds, when the history leaves some
//! of it open.
//!
//! An open *choice* is a pair of versions of one key. Either decision adds edges: the write
//! dependency, and an anti-dependency from each reader of the earlier one. The search first
//! saturates: where one decision would close a cycle the other one is forced, until nothing more
//! follows. Most histories end there. Then it tries the order in which transactions ended, as far
//! as the forced edges let it, which a correct store's history often fits. Only then it branches,
//! depth first, saturating after each decision. It is complete: it ends with an order, with the
//! proof that there is none, or with its budget used up.

use std::collections::BTreeMap;
use std::fmt;

use super::catalogue::{NONE, big, small};
use super::closure::{Closure, Conflict, Mark};
use super::cycles::Local;
use super::dependencies::{Edge, Link};
use super::encoding::Encoding;
use super::graph::{Graph, is_acyclic, topological_order};
use super::level::Condition;
use super::model::Model;
use super::options::Budget;

/// Two versions of one key, and the places of the transactions that wrote them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub versions: [u32; 2],
    pub writers: [u32; 2],
}

/// What came of a search.
pub(super) enum Solution {
    /// There is an order.
    Found,
    /// There is none: this choice cannot be made after what is forced. The edges are those that
    /// were forced before.
    Refuted { choice: Choice, forced: Vec<Edge> },
    /// There is none, but it took this many decisions to see.
    Exhausted { decisions: u64 },
    /// The budget is used up.
    Unknown,
}

/// A decision that may yet be taken the other way.
struct Branch {
    mark: Mark,
    /// How many choices were made, and how many edges added, before it.
    made: usize,
    added: usize,
    choice: usize,
    other_way: Option<usize>,
}

pub(super) struct Solver<'m, 'h, K, V> {
    model: &'m Model<'h, K, V>,
    local: &'m Local,
    encoding: Encoding,
    choices: &'m [Choice],
    /// By version of a choice, the places of its readers.
    readers: BTreeMap<u32, Vec<u32>>,
    closure: Closure,
    /// Choices that are not made yet come after those that are; see `made`.
    sequence: Vec<usize>,
    made: usize,
    /// Whether something may be taken back.
    branching: bool,
    added: Vec<Edge>,
    budget: Budget,
    steps: u64,
}

/// What stops a saturation.
enum Stop {
    Conflict(Choice),
    Budget,
}

/// Looks for an order of the versions of `choices`.
pub(super) fn solve<K: Ord + fmt::Display, V: Ord + fmt::Display>(
    model: &Model<'_, K, V>,
    local: &Local,
    condition: Condition,
    choices: &[Choice],
    budget: Budget,
) -> (Solution, u64) {
    let encoding = Encoding { condition };
    let events = encoding.events(local.members.len());
    if Closure::bytes(events) > budget.bytes {
        return (Solution::Unknown, 0);
    }
    let graph = Graph::of(events, encoding.arcs(model, local).iter().copied());
    let sorted = topological_order(&graph, &vec![0; events])
        .expect("forced edges were found free of cycles before");
    let mut solver = Solver {
        model,
        local,
        encoding,
        choices,
        readers: readers(model, local, choices),
        closure: Closure::of(&graph, &sorted),
        sequence: (0..choices.len()).collect(),
        made: 0,
        branching: false,
        added: Vec::new(),
        budget,
        steps: 0,
    };
    let solution = solver.run();
    (solution, solver.closure.steps + solver.steps)
}

pub(super) fn readers<K: Ord + fmt::Display, V: Ord + fmt::Display>(
    model: &Model<'_, K, V>,
    local: &Local,
    choices: &[Choice],
) -> BTreeMap<u32, Vec<u32>> {
    let mut readers: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for version in choices.iter().flat_map(|choice| choice.versions) {
        readers.entry(version).or_default();
    }
    for (place, &txn) in (0_u32..).zip(&local.members) {
        for reading in model.readings(txn).iter().filter(|reading| reading.version != NONE) {
            // Whoever reads an intermediate version is taken to have read its transaction's last.
            let writer = model.writer(reading.version);
            let read = model.written(writer, reading.key).unwrap_or(reading.version);
            if let Some(readers) = readers.get_mut(&read)
                && readers.last() != Some(&place)
            {
                readers.push(place);
            }
        }
    }
    readers
}

/// The edges of putting the version at `way` before the other one.
pub(super) fn decide(choice: Choice, way: usize, readers: &BTreeMap<u32, Vec<u32>>) -> Vec<Edge> {
    let [earlier, later] = [way, 1 - way];
    let (from, to) = (choice.writers[earlier], choice.writers[later]);
    let version = choice.versions[later];
    let mut edges = vec![Edge { from, to, link: Link::Ww, version }];
    for &reader in &readers[&choice.versions[earlier]] {
        if reader != from && reader != to {
            edges.push(Edge { from: reader, to, link: Link::Rw, version });
        }
    }
    edges
}

impl<K: Ord + fmt::Display, V: Ord + fmt::Display> Solver<'_, '_, K, V> {
    fn run(&mut self) -> Solution {
        for edge in self.local.edges().iter().filter(|edge| edge.link == Link::Rw) {
            if self.encoding.condition == Condition::Single {
                let forbidden = self.closure.forbid(edge.to, edge.from);
                forbidden.expect("forced edges were found free of cycles before");
            }
        }
        match self.saturate() {
            Ok(()) => {}
            Err(Stop::Budget) => return Solution::Unknown,
            Err(Stop::Conflict(choice)) => {
                return Solution::Refuted { choice, forced: self.added.clone() };
            }
        }
        if self.made == self.choices.len() || self.fits_time() {
            return Solution::Found;
        }
        self.search()
    }

    /// Branches until all choices are made or no way is left.
    fn search(&mut self) -> Solution {
        let mut branches: Vec<Branch> = Vec::new();
        let mut decisions = 0;
        self.branching = true;
        loop {
            let Some(&choice) = self.sequence.get(self.made) else {
                return Solution::Found;
            };
            decisions += 1;
            let way = self.first_way(choice);
            branches.push(Branch {
                mark: self.closure.mark(),
                made: self.made,
                added: self.added.len(),
                choice,
                other_way: Some(1 - way),
            });
            let mut outcome = self.take(choice, way);
            loop {
                match outcome {
                    Ok(()) => break,
                    Err(Stop::Budget) => return Solution::Unknown,
                    Err(Stop::Conflict(_)) => {}
                }
                outcome = match self.turn_back(&mut branches) {
                    Some(outcome) => outcome,
                    None => return Solution::Exhausted { decisions },
                };
            }
        }
    }

    /// Takes the last decision that has another way that way; `None` if there is none left.
    fn turn_back(&mut self, branches: &mut Vec<Branch>) -> Option<Result<(), Stop>> {
        while let Some(branch) = branches.last_mut() {
            self.closure.undo(branch.mark);
            self.made = branch.made;
            self.added.truncate(branch.added);
            let Some(way) = branch.other_way.take() else {
                branches.pop();
                continue;
            };
            let choice = branch.choice;
            let place = self.sequence.iter().position(|&other| other == choice);
            self.sequence.swap(self.made, place.expect("every choice is in the sequence"));
            return Some(self.take(choice, way));
        }
        None
    }

    /// Makes the choice that is next in the sequence, and all that follows from it.
    fn take(&mut self, choice: usize, way: usize) -> Result<(), Stop> {
        self.made += 1;
        self.apply(choice, way)?;
        self.saturate()
    }

    fn apply(&mut self, choice: usize, way: usize) -> Result<(), Stop> {
        for edge in decide(self.choices[choice], way, &self.readers) {
            self.add(edge).map_err(|Conflict| Stop::Conflict(self.choices[choice]))?;
            self.added.push(edge);
        }
        Ok(())
    }

    fn add(&mut self, edge: Edge) -> Result<(), Conflict> {
        if self.encoding.condition == Condition::Single && edge.link == Link::Rw {
            return self.closure.forbid(edge.to, edge.from);
        }
        match self.encoding.arc(self.model, self.local, &edge) {
            Some((from, to)) => self.closure.add(from, to),
            None => Ok(()),
        }
    }

    /// Whether a decision is possible, as far as can be told without taking it.
    fn admits(&self, choice: usize, way: usize) -> bool {
        let [earlier, later] = [way, 1 - way];
        let choice = self.choices[choice];
        let (from, to) = (choice.writers[earlier], choice.writers[later]);
        let version = choice.versions[later];
        let possible = |edge: Edge| {
            if self.encoding.condition == Condition::Single && edge.link == Link::Rw {
                return !self.closure.reaches(edge.to, edge.from);
            }
            let arc = self.encoding.arc(self.model, self.local, &edge);
            arc.is_none_or(|(from, to)| self.closure.admits(from, to))
        };
        possible(Edge { from, to, link: Link::Ww, version })
            && self.readers[&choice.versions[earlier]].iter().all(|&reader| {
                reader == from
                    || reader == to
                    || possible(Edge { from: reader, to, link: Link::Rw, version })
            })
    }

    /// Makes every choice that has one way left, until no more has.
    fn saturate(&mut self) -> Result<(), Stop> {
        loop {
            let made_before = self.made;
            for place in self.made..self.sequence.len() {
                let choice = self.sequence[place];
                self.steps += 2;
                if self.closure.steps + self.steps > self.budget.steps
                    || self.closure.trail_bytes() > self.budget.bytes
                {
                    return Err(Stop::Budget);
                }
                let way = match [0, 1].map(|way| self.admits(choice, way)) {
                    [true, true] => continue,
                    [true, false] => 0,
                    [false, true] => 1,
                    [false, false] => return Err(Stop::Conflict(self.choices[choice])),
                };
                self.sequence.swap(self.made, place);
                self.made += 1;
                self.apply(choice, way)?;
                if !self.branching {
                    self.closure.forget();
                }
            }
            if self.made == made_before {
                return Ok(());
            }
        }
    }

    fn end_ns(&self, member: u32) -> u64 {
        let txn = &self.model.txns[big(self.local.members[big(member)])];
        txn.end_ns.unwrap_or(u64::MAX)
    }

    /// The decision to try first: what ended first was probably installed first.
    fn first_way(&self, choice: usize) -> usize {
        let [first, second] = self.choices[choice].writers;
        usize::from((self.end_ns(first), first) > (self.end_ns(second), second))
    }

    /// Whether the order of ends, bent to what is forced, is a solution.
    fn fits_time(&self) -> bool {
        let members = self.local.members.len();
        let events = self.encoding.events(members);
        let mut arcs = self.encoding.arcs(self.model, self.local);
        let arc = |edge: &Edge| self.encoding.arc(self.model, self.local, edge);
        arcs.extend(self.added.iter().filter_map(arc));
        let parts = self.encoding.parts();
        let ranks: Vec<u64> = (0..small(events)).map(|event| self.end_ns(event / parts)).collect();
        let graph = Graph::of(events, arcs.iter().copied());
        let sorted = topological_order(&graph, &ranks).expect("the closure has no cycle");
        let mut places = vec![0; events];
        for (place, &event) in (0_u32..).zip(&sorted) {
            places[big(event)] = place;
        }
        let commit = |member: u32| places[big(self.encoding.commit(member))];
        let mut edges: Vec<Edge> = self.local.edges().to_vec();
        edges.extend(&self.added);
        for &choice in &self.sequence[self.made..] {
            let choice = self.choices[choice];
            let [first, second] = choice.writers;
            let way = usize::from(commit(first) > commit(second));
            edges.extend(decide(choice, way, &self.readers));
        }
        let whole = Local::new(self.local.members.clone(), edges);
        let arcs = self.encoding.arcs(self.model, &whole);
        is_acyclic(&Graph::of(events, arcs.iter().copied()))
            && (self.encoding.condition != Condition::Single
                || super::single::closed_anti_dependency(&whole).is_none())
    }
}
