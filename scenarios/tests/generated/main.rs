//! Scenarios that nobody wrote: drawn from the schema, and with mistakes put into them.
//!
//! Most of the drawn ones must run to an end, none may panic, hang, or run otherwise the second
//! time; and of those with a mistake, almost all must be refused at the place of the mistake.

mod coverage;
mod draw;
#[path = "../format/fits.rs"]
mod fits;
mod knowledge;
mod mistakes;
mod names;
mod scenario;
mod text;
mod writer;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use seedbed_scenarios::format::{Catalog, Errors, Loaded, load_text, schema};
use seedbed_scenarios::run::{RunOptions, RunRecord, TraceLevel, Verdict};
use seedbed_scenarios::{Plan, Registry};
use serde_json::Value;

use crate::draw::Draw;
use crate::mistakes::{Mistake, Sort};
use crate::names::Names;
use crate::text::Text;

/// How many scenarios are written.
const SCENARIOS: u64 = 320;

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
        Verdict::Unknown if property == "limits" => Fate::Cut(property),
        ended => Fate::Ended(ended),
    }
}

/// Counts, by what is counted.
type Tally<K> = BTreeMap<K, u64>;

fn count<K: Ord>(tally: &mut Tally<K>, key: K) {
    *tally.entry(key).or_default() += 1;
}

/// What the schema allows and no scenario here can say.
const UNSAID: &[(&str, &str)] = &[
    ("Scenario.$schema", "it is for editors"),
    ("Scenario.extends", "the test for it is in `format`"),
    ("Nodes: object", "no protocol of the registry has host roles yet"),
    ("Protocols: array", "there is only one protocol yet that offers its service"),
    ("Step: object", "no service of the registry has verbs of its own yet"),
    ("Scenario.spare", "spare hosts are not available yet"),
];

/// Whether a form needs no scenario that says it.
fn is_excused(form: &str) -> bool {
    // Where `$comment` is the only key beside one that names the thing, it is written by hand.
    form.ends_with(".$comment") || UNSAID.iter().any(|(unsaid, _)| *unsaid == form)
}

/// What came of some of the scenarios.
#[derive(Default)]
struct Harvest {
    fates: Tally<Fate>,
    said: coverage::Forms,
}

fn harvest(first: u64, step: u64) -> Harvest {
    let registry = Registry::standard();
    let catalog = registry.catalog();
    let schema = schema();
    let names = Names::new(&catalog, "raft");
    let mut harvest = Harvest::default();
    let mut missing = coverage::possible(&schema);
    for number in (first..SCENARIOS).step_by(step as usize) {
        let scenario = scenario::write(&schema, &names, number, &missing);
        let run = || fate_of(&registry, &catalog, &scenario, number);
        let fate = catch_unwind(AssertUnwindSafe(run))
            .unwrap_or_else(|_| panic!("scenario {number} panics:\n{scenario:#}"));
        if matches!(fate, Fate::Ended(_)) {
            coverage::note(&scenario, &schema, &schema, "Scenario", &mut harvest.said);
            missing.retain(|form| !harvest.said.contains(form));
        }
        count(&mut harvest.fates, fate);
    }
    harvest
}

#[test]
fn scenarios_drawn_from_the_schema_run_to_an_end() {
    let mut fates: Tally<Fate> = Tally::new();
    let mut said = coverage::Forms::new();
    std::thread::scope(|scope| {
        let both = [0, 1].map(|first| scope.spawn(move || harvest(first, 2)));
        for half in both {
            let half = half.join().expect("no scenario panics");
            half.fates.into_iter().for_each(|(fate, n)| *fates.entry(fate).or_default() += n);
            said.extend(half.said);
        }
    });
    let of = |wanted: fn(&Fate) -> bool| -> u64 {
        fates.iter().filter(|(fate, _)| wanted(fate)).map(|(_, count)| count).sum()
    };
    let ended = of(|fate| matches!(fate, Fate::Ended(_)));
    let cut = of(|fate| matches!(fate, Fate::Cut(_)));
    println!("{fates:#?}\n{ended} of {SCENARIOS} run to an end");
    assert!(ended * 100 >= SCENARIOS * 60, "{ended} of {SCENARIOS} run to an end: {fates:#?}");
    assert_eq!(cut, 0, "a scenario of a few seconds has no end: {fates:#?}");
    let possible = coverage::possible(&schema());
    let missing: Vec<&String> =
        possible.difference(&said).filter(|form| !is_excused(form)).collect();
    println!("{} forms of {} were said", said.len(), possible.len());
    assert!(missing.is_empty(), "no scenario that ran says {missing:#?}");
    let stale: Vec<&str> =
        UNSAID.iter().map(|(form, _)| *form).filter(|form| said.contains(*form)).collect();
    assert!(stale.is_empty(), "take out of UNSAID what is said now: {stale:?}");
}

/// Whether a mistake is reported where it is, with the word that is wrong; else what is said.
fn judge(mistake: &Mistake, catalog: &Catalog) -> Result<(), String> {
    let text = Text::new(&mistake.scenario);
    let Err(errors) = load_text(Path::new("mistake.json"), &text.text, &[], catalog) else {
        return Err("accepted".to_owned());
    };
    let line = text.line(&mistake.place);
    let place = mistake.place.to_string();
    let reports = errors.reports();
    let right = reports.iter().any(|report| {
        let named = mistake.word.as_ref().is_none_or(|word| report.message.contains(word.as_str()));
        report.path == place && report.line == Some(line) && named
    });
    if right { Ok(()) } else { Err(reports.iter().map(|it| format!("{it}")).collect::<String>()) }
}

#[test]
fn mistakes_are_refused_where_they_are() {
    let catalog = Registry::standard().catalog();
    let schema = schema();
    let names = Names::new(&catalog, "raft");
    let mut made: Tally<Sort> = Tally::new();
    let mut wrong: Tally<Sort> = Tally::new();
    for number in 0..SCENARIOS {
        let scenario = scenario::write(&schema, &names, number, &coverage::Forms::new());
        if load(&scenario, &catalog).is_err() {
            continue;
        }
        let mut draw = Draw::new(number);
        for sort in Sort::ALL {
            let Some(mistake) = mistakes::make(&scenario, &schema, sort, &mut draw) else {
                continue;
            };
            count(&mut made, sort);
            if let Err(said) = judge(&mistake, &catalog) {
                println!("{number} {sort:?} at {}: {said}", mistake.place);
                count(&mut wrong, sort);
            }
        }
    }
    println!("made {made:?}, not refused where they are {wrong:?}");
    let (made, wrong): (u64, u64) = (made.values().sum(), wrong.values().sum());
    assert!(made > 1_000 && wrong * 10 <= made, "{wrong} of {made} are not refused where they are");
}
