//! What the terminal shows of a sweep.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use seedbed_scenarios::format::units::Chance;
use seedbed_scenarios::sweep::{
    Broken, Ended, Finding, Judgement, Plan, SignatureSummary, SweepOutcome, Unit, Written,
};
use serde_json::json;

use crate::console::{Console, shell_word};
use crate::failure_text::{Company, failure_block};

/// How many failures are shown.
const FAILURES_MAX: usize = 10;

/// The result: failures by signature, each scenario in a line, the counts.
pub fn describe(console: &Console, plan: &Plan, outcome: &SweepOutcome) -> String {
    let mut text = String::new();
    let unexpected =
        |written: &&Written| !plan.units[written.job.unit].standard.expects_violation();
    let shown: Vec<(&SignatureSummary, &Written)> = outcome
        .summary
        .signatures
        .iter()
        .filter_map(|signature| {
            // Of each signature the shortest run comes first.
            let mut same = outcome
                .written
                .iter()
                .filter(|written| written.study.failure.signature == signature.signature);
            same.find(unexpected).map(|written| (signature, written))
        })
        .collect();
    for (signature, written) in shown.iter().take(FAILURES_MAX) {
        let unit = &plan.units[written.job.unit];
        let company = Company { seeds: signature.seeds, of: outcome.summary.seeds };
        let name = unit_name(plan, unit);
        let (study, path) = (&written.study, &written.path);
        text.push_str(&failure_block(console, study, &name, Some(company), path));
        text.push('\n');
    }
    if shown.len() > FAILURES_MAX {
        let _ = writeln!(text, "and {} more signatures\n", shown.len() - FAILURES_MAX);
    }
    text.push_str(&scenario_lines(console, plan, outcome));
    let summary = &outcome.summary;
    let _ = writeln!(
        text,
        "{} seeds: {} pass, {} fail, {} unknown, {} vacuous",
        summary.seeds, summary.pass, summary.fail, summary.unknown, summary.vacuous
    );
    text.push_str(&what_happened(plan, outcome));
    text
}

/// What the faults did and what was reached: a sweep in which nothing happened proves nothing.
/// Kinds of faults that never took effect are there, too.
fn what_happened(plan: &Plan, outcome: &SweepOutcome) -> String {
    let summary = &outcome.summary;
    let units = || plan.units.iter().zip(&outcome.judgements);
    // Of how many seeds: those of the scenarios that have such a fault, or ask for the milestone.
    let mut faults: BTreeMap<&str, Share> = BTreeMap::new();
    let mut reached: BTreeMap<&str, (Share, Chance, Chance)> = BTreeMap::new();
    for (unit, judgement) in units() {
        for kind in unit.scenario.fault_kinds() {
            faults.entry(kind).or_default().of += judgement.runs;
        }
        for (name, wanted) in &unit.standard.sometimes {
            let none = (Share::default(), *wanted, *wanted);
            let (share, least, most) = reached.entry(name).or_insert(none);
            share.of += judgement.runs;
            (*least, *most) = ((*least).min(*wanted), (*most).max(*wanted));
        }
    }
    let mut table = Vec::new();
    for (kind, share) in &mut faults {
        let tally = summary.faults.get(*kind).copied().unwrap_or_default();
        share.seeds = tally.seeds;
        let times = tally.times as f64 / share.of.max(1) as f64;
        table.push((kind.to_string(), *share, format!("{times:.1} a seed")));
    }
    let mut text = rows("faults took effect in", &table);
    table.clear();
    for (name, (share, least, most)) in &mut reached {
        share.seeds = summary.sometimes.get(*name).copied().unwrap_or(0);
        let percent = |chance: &Chance| format!("{:.0}", chance.ratio() * 100.0);
        let wanted = match (percent(least), percent(most)) {
            (least, most) if least == most => least,
            (least, most) => format!("{least} to {most}"),
        };
        table.push((name.to_string(), *share, format!("wanted {wanted} %")));
    }
    text.push_str(&rows("reached in", &table));
    text
}

/// So many seeds of so many.
#[derive(Clone, Copy, Default)]
struct Share {
    seeds: u64,
    of: u64,
}

/// A title, and a line for each name, its columns aligned; nothing if there is no line.
fn rows(title: &str, table: &[(String, Share, String)]) -> String {
    let mut text = String::new();
    if table.is_empty() {
        return text;
    }
    let width = |text: &dyn Fn(&(String, Share, String)) -> String| {
        table.iter().map(|row| text(row).chars().count()).max().unwrap_or(0)
    };
    let names = width(&|row| row.0.clone());
    let (seeds, of) = (width(&|row| row.1.seeds.to_string()), width(&|row| row.1.of.to_string()));
    let notes = width(&|row| row.2.clone());
    let _ = writeln!(text, "  {title}");
    for (name, share, note) in table {
        let percent = 100.0 * share.seeds as f64 / share.of.max(1) as f64;
        let (some, all) = (share.seeds, share.of);
        let seeds = format!("{some:>seeds$} of {all:>of$} seeds  {percent:>5.1} %");
        let _ = writeln!(text, "    {name:names$}  {seeds}  {note:>notes$}");
    }
    text
}

fn scenario_lines(console: &Console, plan: &Plan, outcome: &SweepOutcome) -> String {
    let units: Vec<String> = plan.units.iter().map(|unit| unit_name(plan, unit)).collect();
    let width = units.iter().map(String::len).max().unwrap_or(0);
    let mut text = String::new();
    for ((index, judgement), name) in outcome.judgements.iter().enumerate().zip(&units) {
        let seeds = judgement.runs;
        let _ = writeln!(text, "{name:width$}  {seeds:>6} seeds  {}", word(console, judgement));
        for finding in &judgement.findings {
            let _ = writeln!(text, "{:width$}  {finding}", "");
        }
        let example = outcome.written.iter().find(|written| written.job.unit == index);
        if plan.units[index].standard.expects_violation()
            && let Some(example) = example
        {
            let path = shell_word(&example.path.display().to_string());
            let _ = writeln!(text, "{:width$}  see {} replay {path}", "", console.program);
        }
    }
    text
}

fn word(console: &Console, judgement: &Judgement) -> String {
    match judgement.as_expected {
        Some(true) => match judgement.shown {
            Some((runs, first)) => {
                let good = console.green("as expected");
                format!("{good}: violated in {runs} (first seed {first})")
            }
            None => console.green("as expected"),
        },
        Some(false) if judgement.findings.iter().any(Finding::is_violation) => {
            console.red("NOT as expected")
        }
        Some(false) => console.yellow("not proven"),
        None => "not judged here".to_owned(),
    }
}

/// The scenario, and what tells its units apart.
fn unit_name(plan: &Plan, unit: &Unit) -> String {
    let name = &unit.scenario.name;
    let same = || plan.units.iter().filter(|other| other.scenario.name == *name);
    let mut text = name.clone();
    if same().any(|other| other.protocol != unit.protocol) {
        let _ = write!(text, " {}", unit.protocol);
    }
    if same().any(|other| other.point != unit.point) {
        for (path, value) in &unit.point {
            let _ = write!(text, " {path}={value}");
        }
    }
    text
}

/// For stderr: how fast it was, and how to go on.
pub fn ending(out: Option<&Path>, outcome: &SweepOutcome) -> String {
    let host = &outcome.summary.host;
    let mut text = format!(
        "{:.1} s, {:.0} seeds/s, {:.0} events/s, {} jobs\n",
        host.wall_s, host.seeds_per_s, host.events_per_s, host.jobs
    );
    let why = match outcome.ended {
        Ended::Complete => return text,
        Ended::TimeUp => "the time is up",
        Ended::FailFast => "stopped at the first failure",
        Ended::Interrupted => "interrupted; running seeds were finished",
    };
    // The failure that is already there would stop a resumed sweep at once.
    let how = match outcome.ended {
        Ended::FailFast => "with --resume and without --fail-fast",
        Ended::Complete | Ended::TimeUp | Ended::Interrupted => "with --resume",
    };
    let _ = match out {
        Some(out) => {
            let out = shell_word(&out.display().to_string());
            writeln!(text, "{why}: {out} has what ran; the same command {how} completes it")
        }
        None => writeln!(text, "{why}"),
    };
    text
}

/// For stderr: a run that was not the same twice.
pub fn broken(unit: &Unit, broken: &Broken) -> String {
    let place = match broken.event {
        Some(event) => format!("event {event} is the first that differs"),
        None => "it did not differ again, so the event has no name".to_owned(),
    };
    let (one, other) = &broken.digests;
    let (name, protocol, seed) = (&unit.scenario.name, &unit.protocol, broken.seed);
    let point =
        if unit.point.is_empty() { String::new() } else { format!(" {}", json!(unit.point)) };
    format!(
        "error: determinism is broken: {name} ({protocol}{point}) seed {seed} had digest {one}, \
         then {other}; {place}\n"
    )
}
