//! Says in words what is wrong: each edge of a cycle by the deeds of its two transactions.

use std::fmt;

use super::anomaly::{Anomaly, AnomalyKind, Variant};
use super::catalogue::{NONE, big, micro_ops};
use super::dependencies::{Edge, Link};
use super::judge::{Breach, kind_of};
use super::level::{Condition, Level, Order};
use super::micro_op::{MicroOp, Seen};
use super::model::Model;
use super::reads::{Finding, Shown};
use super::visibility::Sighting;
use crate::history::OperationId;
use crate::verdict::{Evidence, Explanation};

/// Turns findings into sentences. Transactions are called T0, T1 ... in the order of their
/// invocations, counted over the whole history.
pub(super) struct Words<'m, 'h, K, V> {
    pub model: &'m Model<'h, K, V>,
}

impl<K: Ord + fmt::Display, V: Ord + fmt::Display> Words<'_, '_, K, V> {
    /// An anomaly that needs no cycle.
    pub fn finding(&self, finding: &Finding) -> Anomaly {
        self.anomaly(finding.kind, finding.summary.clone(), &finding.operations)
    }

    fn anomaly(&self, kind: AnomalyKind, summary: String, operations: &[u32]) -> Anomaly {
        let mut evidence: Vec<Evidence> = Vec::new();
        for &operation in operations {
            let id = OperationId::at(big(operation));
            if evidence.iter().all(|known| known.id != id) {
                let line = format!("T{operation}: {}", self.model.catalogue.operation(operation));
                evidence.push(Evidence { id, line });
            }
        }
        let clause = kind.to_string();
        Anomaly { kind, explanation: Explanation { clause, summary, operations: evidence } }
    }

    /// What breaks a level.
    pub fn breach(&self, breach: &Breach, level: Level) -> Anomaly {
        match breach {
            Breach::Cycle { cycle, sightings } if sightings.is_empty() => self.cycle(cycle),
            Breach::Cycle { cycle, sightings } => {
                let mut operations = self.operations(cycle);
                for sighting in sightings {
                    operations.push(self.model.txns[big(sighting.reading.txn)].operation);
                }
                self.anomaly(unseen_kind(level), self.circle(cycle, sightings), &operations)
            }
            Breach::Sighting(sighting) => {
                let txns = [sighting.seen, sighting.reading.txn];
                let operations = txns.map(|txn| self.model.txns[big(txn)].operation);
                self.anomaly(unseen_kind(level), self.sighting(sighting), &operations)
            }
            Breach::Choice { choice, cycles } => {
                let mut operations =
                    choice.writers.map(|txn| self.model.txns[big(txn)].operation).to_vec();
                operations.extend(cycles.iter().flatten().flat_map(|cycle| self.operations(cycle)));
                let kinds = cycles.iter().flatten().map(|cycle| kind_of(cycle));
                let kind = kinds.max().unwrap_or(AnomalyKind::NoOrder);
                self.anomaly(kind, self.either_way(choice.versions, cycles), &operations)
            }
            Breach::Exhausted { decisions, example } => {
                let tried = format!(
                    "each of the orders of the versions closes a cycle; the search took \
                     {decisions} decisions"
                );
                let cycle = example.as_deref().unwrap_or(&[]);
                let summary = match example {
                    Some(cycle) => format!(
                        "{tried}. With the versions in the order in which their transactions \
                         ended, for example, {}",
                        self.circle(cycle, &[])
                    ),
                    None => tried,
                };
                self.anomaly(AnomalyKind::NoOrder, summary, &self.operations(cycle))
            }
        }
    }

    /// A cycle of dependencies.
    pub fn cycle(&self, cycle: &[Edge]) -> Anomaly {
        self.anomaly(kind_of(cycle), self.circle(cycle, &[]), &self.operations(cycle))
    }

    fn operations(&self, cycle: &[Edge]) -> Vec<u32> {
        cycle.iter().map(|edge| self.model.txns[big(edge.from)].operation).collect()
    }

    fn name(&self, txn: u32) -> String {
        format!("T{}", self.model.txns[big(txn)].operation)
    }

    fn circle(&self, cycle: &[Edge], sightings: &[Sighting]) -> String {
        let Some(first) = cycle.first() else { return String::new() };
        let mut path: Vec<String> = cycle.iter().map(|edge| self.name(edge.from)).collect();
        path.push(self.name(first.from));
        let edges: Vec<String> = cycle.iter().map(|edge| self.edge(edge, sightings)).collect();
        format!("{} is a cycle: {}", path.join(" -> "), edges.join("; "))
    }

    fn either_way(&self, versions: [u32; 2], cycles: &[Option<Vec<Edge>>; 2]) -> String {
        let [first, second] = versions.map(|version| {
            let version = &self.model.catalogue.versions[big(version)];
            let name = self.model.catalogue.keys[big(version.key)].name;
            (version.operation, format!("{} of {name}", version.value))
        });
        let ways = [(&first, &second), (&second, &first)];
        let mut sentences = Vec::new();
        for ((earlier, later), cycle) in ways.into_iter().zip(cycles) {
            let ((from, earlier), (to, later)) = (earlier, later);
            let what = cycle.as_ref().map_or_else(
                || "what follows from it closes a cycle".to_owned(),
                |cycle| self.circle(cycle, &[]),
            );
            sentences.push(format!("if T{from}'s {earlier} came before T{to}'s {later}, {what}"));
        }
        sentences.join(". And ")
    }

    /// Why one transaction comes before another.
    fn edge(&self, edge: &Edge, sightings: &[Sighting]) -> String {
        let (from, to) = (self.name(edge.from), self.name(edge.to));
        match edge.link {
            Link::Ww => self.write_dependency(edge),
            Link::Wr => self.read_dependency(edge),
            Link::Rw => self.anti_dependency(edge),
            Link::Session => {
                let process = self.model.txns[big(edge.from)].process;
                format!("{from} was before {to} in process {process}")
            }
            Link::RealTime => {
                let end_ns = self.model.txns[big(edge.from)].end_ns.unwrap_or(u64::MAX);
                let start_ns = self.model.txns[big(edge.to)].start_ns;
                format!("{from} ended at {end_ns} ns, before {to} started at {start_ns} ns")
            }
            Link::Seen => self.sighting(&sightings[big(edge.version)]),
        }
    }

    fn write_dependency(&self, edge: &Edge) -> String {
        let later = &self.model.catalogue.versions[big(edge.version)];
        let key = &self.model.catalogue.keys[big(later.key)];
        let (from, to, name) = (self.name(edge.from), self.name(edge.to), key.name);
        // Of several elements that a transaction appended the last one before the edge counts.
        let written = self
            .model
            .writes(edge.from)
            .rev()
            .map(|version| &self.model.catalogue.versions[big(version)]);
        let earlier = written
            .filter(|version| version.key == later.key)
            .find(|version| later.place == NONE || version.place < later.place)
            .map_or_else(String::new, |version| version.value.to_string());
        if key.is_list == Some(true) {
            format!("{from} appended {earlier} to {name} before {to} appended {}", later.value)
        } else {
            format!("{from} wrote {earlier} to {name} before {to} wrote {}", later.value)
        }
    }

    fn read_dependency(&self, edge: &Edge) -> String {
        let read = &self.model.catalogue.versions[big(edge.version)];
        let key = &self.model.catalogue.keys[big(read.key)];
        let (from, to) = (self.name(edge.from), self.name(edge.to));
        let deed = if key.is_list == Some(true) { "appended" } else { "wrote" };
        let seen = self.seen(edge.to, read.key, edge.version);
        let within = if key.is_list == Some(true) { format!(" in {seen}") } else { String::new() };
        format!("{from} {deed} {} to {}, which {to} read{within}", read.value, key.name)
    }

    fn anti_dependency(&self, edge: &Edge) -> String {
        let next = &self.model.catalogue.versions[big(edge.version)];
        let key = &self.model.catalogue.keys[big(next.key)];
        let (from, to, name) = (self.name(edge.from), self.name(edge.to), key.name);
        let is_older = |version: u32| {
            let read = &self.model.catalogue.versions;
            version == NONE || next.place == NONE || read[big(version)].place < next.place
        };
        let readings = self.model.readings(edge.from).iter();
        let read = readings
            .filter(|reading| reading.key == next.key && reading.version != edge.version)
            .find(|reading| is_older(reading.version))
            .map_or(NONE, |reading| reading.version);
        let seen = self.seen(edge.from, next.key, read);
        let deed = if key.is_list == Some(true) { "appended" } else { "wrote" };
        format!("{from} read {name} as {seen}, before {to} {deed} {}", next.value)
    }

    /// What a transaction saw when it read a version of a key.
    fn seen(&self, txn: u32, key: u32, version: u32) -> String {
        let catalogue = &self.model.catalogue;
        let wanted = (version != NONE).then(|| catalogue.versions[big(version)].value);
        let operation = self.model.txns[big(txn)].operation;
        for micro_op in micro_ops(catalogue.operation(operation)) {
            let MicroOp::Read(name, seen) = micro_op else { continue };
            let last = match seen {
                Seen::Nothing => None,
                Seen::Value(value) => Some(value),
                Seen::List(elements) => elements.last(),
            };
            if *name == *catalogue.keys[big(key)].name && last == wanted {
                return match seen {
                    Seen::List(elements) => Shown(elements).to_string(),
                    Seen::Nothing | Seen::Value(_) => seen.to_string(),
                };
            }
        }
        "nil".to_owned()
    }

    fn sighting(&self, sighting: &Sighting) -> String {
        let reading = sighting.reading;
        let (reader, seen) = (self.name(reading.txn), self.name(sighting.seen));
        let name = self.model.catalogue.keys[big(reading.key)].name;
        let state = self.seen(reading.txn, reading.key, reading.version);
        let base =
            format!("{reader} had seen {seen}, which wrote {name}, and read {name} as {state}");
        match self.model.writer(reading.version) {
            NONE => format!("{base}, which is older than everything"),
            writer => {
                format!("{base}: so {seen} was before {}, which wrote that", self.name(writer))
            }
        }
    }
}

/// What a level calls it when something seen vanishes.
pub(super) fn unseen_kind(level: Level) -> AnomalyKind {
    match (level.condition(), level.order()) {
        (Condition::Monotonic, _) => AnomalyKind::ObservedTransactionVanishes,
        (Condition::Atomic, _) => AnomalyKind::FracturedRead,
        (_, Order::Free) => AnomalyKind::CausalityViolation(Variant::Plain),
        (_, Order::Session | Order::RealTime) => AnomalyKind::CausalityViolation(Variant::Process),
    }
}
