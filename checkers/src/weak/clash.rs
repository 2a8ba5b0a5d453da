//! What contradicts a level, and how it is said.

use crate::history::{History, OperationId, Outcome};
use crate::models::Model;
use crate::verdict::Explanation;

use super::accesses::{Accesses, Number};
use super::graph::{Link, Why};

/// What contradicts a level. The links and reasons are empty until somebody asks for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Clash {
    /// A read of a value that nothing can have put there.
    Unfounded(Number),
    /// A write that precedes a read of the initial value, for these reasons.
    InitialRead { write: Number, read: Number, reasons: Vec<Link> },
    /// These links lead round in a circle; beside each, why its write precedes the read which
    /// shows it.
    Cycle(Vec<(Link, Vec<Link>)>),
    /// A read returned `source` although it is followed by `write`, which precedes the read.
    Overwritten { source: Number, write: Number, read: Number, reasons: Vec<Link> },
    /// An own write that precedes a read of the initial value in the same session.
    OwnWriteMissed { write: Number, read: Number },
    /// Two reads, each of which followed both writes of its own process, return each another.
    OwnWritesSwapped { writes: [Number; 2], reads: [Number; 2] },
}

/// Says in words what a clash is.
pub(super) struct Teller<'a, M: Model> {
    pub accesses: &'a Accesses,
    pub history: &'a History<M::Op, M::Ret>,
}

impl<M: Model> Teller<'_, M> {
    /// The violation of `clause` by `clash`.
    pub fn explain(&self, clause: &str, clash: &Clash) -> Explanation {
        let mut numbers = Vec::new();
        let mut extra = Vec::new();
        let summary = match clash {
            Clash::Unfounded(read) => {
                numbers.push(*read);
                self.unfounded(*read, &mut extra)
            }
            Clash::InitialRead { write, read, reasons } => {
                numbers.extend([*write, *read]);
                collect(&mut numbers, reasons);
                format!(
                    "{} returned the initial value, but {} comes before it: {}",
                    self.name(*read),
                    self.name(*write),
                    self.chain(reasons)
                )
            }
            Clash::Cycle(links) => {
                for (link, reasons) in links {
                    collect(&mut numbers, std::slice::from_ref(link));
                    collect(&mut numbers, reasons);
                }
                let said: Vec<String> =
                    links.iter().map(|(link, reasons)| self.say(link, reasons)).collect();
                format!("no order fits: {}", said.join("; "))
            }
            Clash::Overwritten { source, write, read, reasons } => {
                numbers.extend([*source, *write, *read]);
                collect(&mut numbers, reasons);
                format!(
                    "{} returned what {} wrote, which {} had overwritten before: {}",
                    self.name(*read),
                    self.name(*source),
                    self.name(*write),
                    self.chain(reasons)
                )
            }
            Clash::OwnWriteMissed { write, read } => {
                numbers.extend([*write, *read]);
                let (write, read) = (self.name(*write), self.name(*read));
                format!("{read} returned the initial value, after {write} of the same process")
            }
            Clash::OwnWritesSwapped { writes, reads } => {
                numbers.extend(writes.iter().chain(reads).copied());
                let [first, second] = writes.map(|write| self.name(write));
                let [one, other] = reads.map(|read| self.name(read));
                format!(
                    "{one} returned {first} and {other} returned {second}, each after both: \
                     neither write can be the later one"
                )
            }
        };
        numbers.sort_unstable();
        let named = numbers.iter().map(|&number| self.accesses.item(number).id);
        let ids: Vec<OperationId> = named.chain(extra).collect();
        Explanation::new(clause, summary, self.history, ids)
    }

    fn unfounded(&self, read: Number, extra: &mut Vec<OperationId>) -> String {
        let (name, value) = (self.name(read), self.accesses.item(read).value);
        match self.accesses.failed[value as usize] {
            Some(failed) => {
                extra.push(failed);
                format!("{name} returned a value whose only write failed")
            }
            None => format!("{name} returned a value that nobody wrote"),
        }
    }

    /// An access in a sentence: who, what, and what a read returned.
    fn name(&self, number: Number) -> String {
        let operation = self.history.operation(self.accesses.item(number).id);
        let (process, op) = (operation.process, &operation.op);
        match &operation.outcome {
            Outcome::Ok(ret) if !self.accesses.item(number).is_write => {
                format!("`{process} {op}: {ret}`")
            }
            Outcome::Ok(_) | Outcome::Fail | Outcome::Info => format!("`{process} {op}`"),
        }
    }

    fn chain(&self, links: &[Link]) -> String {
        let said: Vec<String> = links.iter().map(|link| self.say(link, &[])).collect();
        said.join(", ")
    }

    fn say(&self, link: &Link, reasons: &[Link]) -> String {
        let (from, to) = (self.name(link.from), self.name(link.to));
        match link.why {
            Why::Session => format!("{from} comes before {to} in its process"),
            Why::Read => format!("{to} read what {from} wrote"),
            Why::NotYet => format!("{from} did not see {to}, which overwrites what it returned"),
            Why::Overwritten(read) => {
                let read = self.name(read);
                let because = match reasons {
                    [] => String::new(),
                    _ => format!(" (before it, for {})", self.chain(reasons)),
                };
                format!(
                    "{from} comes before {to}, for {read} came after the first{because} and \
                     returned the second"
                )
            }
        }
    }
}

fn collect(numbers: &mut Vec<Number>, links: &[Link]) {
    for link in links {
        numbers.extend([link.from, link.to]);
        match link.why {
            Why::Overwritten(read) => numbers.push(read),
            Why::Session | Why::Read | Why::NotYet => {}
        }
    }
}
