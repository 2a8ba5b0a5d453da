//! Scenarios that nobody wrote: drawn from the schema, and with mistakes put into them.
//!
//! Most of the drawn ones must run to an end, none may panic, hang, or run otherwise the second
//! time; and of those with a mistake, almost all must be refused at the place of the mistake.

mod coverage;
mod draw;
#[path = "../format/fits.rs"]
mod fits;
mod knowledge;
mod names;
mod scenario;
mod writer;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use seedbed_scenarios::format::{Catalog, Errors, Loaded, load_text, schema};
use seedbed_scenarios::run::{RunOptions, RunRecord, TraceLevel, Verdict};
use seedbed_scenarios::{Plan, Registry};
use serde_json::Value;

use crate::names::Names;

/// How many scenarios are written.
const SCENARIOS: u64 = 400;

fn load(scenario: &Value, catalog: &Catalog) -> Result<Loaded, Errors> {
    load_text(Path::new("generated.json"), &format!("{scenario:#}"), &[], catalog)
}

/// Runs a scenario twice, the second time with a full trace.
fn run_twice(plan: &Plan, seed: u64) -> RunRecord {
    let first = plan.run(seed, &RunOptions::default()).record;
    let traced = RunOptions { trace: TraceLevel::Full, history: true, ..RunOptions::default() };
    let second = plan.run(seed, &traced).record;
    assert_eq!(first, second, "a traced run is another run");
    first
}

/// What came of one scenario.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Refused(String),
    Ended(Verdict),
    /// A limit, or something else that says nothing.
    Cut(String),
}

fn fate_of(registry: &Registry, catalog: &Catalog, scenario: &Value, number: u64) -> Fate {
    let loaded = match load(scenario, catalog) {
        Ok(loaded) => loaded,
        Err(errors) => {
            let report = &errors.reports()[0];
            return Fate::Refused(format!("{}: {}", report.path, report.message));
        }
    };
    let plan = match registry.plans(&loaded.scenario) {
        Ok(plans) => plans.into_iter().next().expect("a plan for the one protocol"),
        Err(error) => return Fate::Refused(error.to_string()),
    };
    let record = run_twice(&plan, number);
    let property = record.property.unwrap_or_default();
    assert_ne!(property, "node-panicked", "{:?}", record.message);
    match record.verdict {
        Verdict::Unknown => Fate::Cut(property),
        ended => Fate::Ended(ended),
    }
}

#[test]
fn scenarios_drawn_from_the_schema_run_to_an_end() {
    let registry = Registry::standard();
    let catalog = registry.catalog();
    let schema = schema();
    let names = Names::new(&catalog, "raft");
    let mut fates: BTreeMap<Fate, u64> = BTreeMap::new();
    let mut said = coverage::Forms::new();
    for number in 0..SCENARIOS {
        let scenario = scenario::write(&schema, &names, number);
        let fate =
            catch_unwind(AssertUnwindSafe(|| fate_of(&registry, &catalog, &scenario, number)));
        let fate = fate.unwrap_or_else(|_| panic!("scenario {number} panics:\n{scenario:#}"));
        if matches!(fate, Fate::Ended(_)) {
            coverage::note(&scenario, &schema, &schema, "Scenario", &mut said);
        }
        *fates.entry(fate).or_default() += 1;
    }
    let missing: Vec<String> = coverage::possible(&schema).difference(&said).cloned().collect();
    println!("{fates:#?}\nmissing {missing:#?}");
    let ended: u64 =
        fates.iter().filter(|(fate, _)| matches!(fate, Fate::Ended(_))).map(|(_, n)| n).sum();
    println!("{ended} of {SCENARIOS} run to an end");
    assert!(ended * 100 >= SCENARIOS * 60, "{ended} of {SCENARIOS} run to an end");
}
