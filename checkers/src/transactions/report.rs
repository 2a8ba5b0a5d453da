//! Everything that is wrong with a history, and the strongest levels that it keeps.

use std::fmt;

use super::anomaly::{Anomaly, Class};
use super::explain::Words;
use super::judge::{Judge, globally};
use super::level::{Level, Order};
use crate::verdict::Verdict;

/// A history judged at all levels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What is wrong: anomalies that need no cycle, then the shortest cycle of each class that
    /// certain dependencies have, then what vanished. A class whose cycles need the order of
    /// processes or real time is listed so only if there is one that needs it.
    pub anomalies: Vec<Anomaly>,
    /// The verdict at each of [`Level::ALL`].
    pub verdicts: Vec<(Level, Verdict)>,
}

impl Report {
    /// The verdict at one level.
    pub fn verdict(&self, level: Level) -> &Verdict {
        let found = self.verdicts.iter().find(|(other, _)| *other == level);
        &found.expect("a report has a verdict for every level").1
    }

    /// The levels that hold and that no other level that holds implies.
    pub fn strongest(&self) -> Vec<Level> {
        let holds = |level: Level| self.verdict(level).is_pass();
        let stronger = |level: Level| {
            let mut others = Level::ALL.into_iter();
            others.any(|other| other.implies(level) && !level.implies(other) && holds(other))
        };
        Level::ALL.into_iter().filter(|&level| holds(level) && !stronger(level)).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for anomaly in &self.anomalies {
            writeln!(formatter, "{anomaly}")?;
        }
        let names: Vec<&str> = self.strongest().iter().map(|level| level.name()).collect();
        let names = if names.is_empty() { "no level".to_owned() } else { names.join(", ") };
        write!(formatter, "strongest levels kept: {names}")
    }
}

pub(super) fn report<K: Ord + fmt::Display, V: Ord + fmt::Display>(
    judge: &Judge<'_, K, V>,
) -> Report {
    let words = Words { model: &judge.model };
    let mut anomalies: Vec<Anomaly> =
        judge.model.findings.iter().map(|finding| words.finding(finding)).collect();
    anomalies.extend(cycles(judge));
    // From the strongest, so that what holds there is not looked at again.
    let mut violations: Vec<(Level, Result<Option<Anomaly>, String>)> =
        Level::ALL.into_iter().rev().map(|level| (level, judge.violation(level))).collect();
    violations.reverse();
    let mut verdicts = Vec::new();
    for (level, violation) in violations {
        let verdict = match violation {
            Ok(None) => Verdict::Pass,
            Err(reason) => Verdict::Unknown(reason),
            Ok(Some(anomaly)) => {
                if !anomalies.iter().any(|known| known.kind.covers(anomaly.kind)) {
                    anomalies.push(anomaly.clone());
                }
                Verdict::Fail(anomaly.explanation)
            }
        };
        verdicts.push((level, verdict));
    }
    Report { anomalies, verdicts }
}

/// The shortest cycle of each class that certain dependencies have.
fn cycles<K: Ord + fmt::Display, V: Ord + fmt::Display>(judge: &Judge<'_, K, V>) -> Vec<Anomaly> {
    let words = Words { model: &judge.model };
    let mut anomalies: Vec<Anomaly> = Vec::new();
    let mut known: Vec<Class> = Vec::new();
    for order in [Order::Free, Order::Session, Order::RealTime] {
        let components = judge.forced_components(order);
        for class in Class::ALL {
            if known.contains(&class) {
                continue;
            }
            let shortest = components
                .iter()
                .filter_map(|local| Some(globally(local, local.shortest_cycle(class, order)?)))
                .filter(|cycle| Class::of(cycle) == class)
                .min_by_key(Vec::len);
            if let Some(cycle) = shortest {
                known.push(class);
                anomalies.push(words.cycle(&cycle));
            }
        }
    }
    anomalies
}
