//! What `judge` says.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use seedbed_checkers::Verdict;
use seedbed_checkers::formats::Format as HistoryFormat;
use seedbed_checkers::judge::{Judgement, MODELS, Question};
use serde_json::{Value, json};

use crate::console::{Console, Format, shell_word};

/// A history, and what was found.
#[derive(Debug)]
pub struct Found {
    /// The file.
    pub path: PathBuf,
    /// What the file calls the history, where it has several.
    pub name: Option<String>,
    /// How it is written down.
    pub format: HistoryFormat,
    /// What was found.
    pub judgement: Judgement,
    /// What the reader had to decide.
    pub notes: Vec<String>,
}

/// A verdict in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The history is what it should be.
    Holds,
    /// It is not.
    Violated,
    /// The budget ran out.
    Unknown,
    /// There is nothing in it.
    Vacuous,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Outcome::Holds => "pass",
            Outcome::Violated => "fail",
            Outcome::Unknown => "unknown",
            Outcome::Vacuous => "vacuous",
        }
    }
}

impl Found {
    /// The verdict in one word.
    pub fn outcome(&self) -> Outcome {
        match &self.judgement.verdict {
            Verdict::Fail(_) => Outcome::Violated,
            Verdict::Unknown(_) => Outcome::Unknown,
            Verdict::Pass if self.judgement.counts.total() == 0 => Outcome::Vacuous,
            Verdict::Pass => Outcome::Holds,
        }
    }

    /// Whether a larger budget would help. Other reasons not to know are in the verdict as well.
    fn is_out_of_budget(&self) -> bool {
        matches!(&self.judgement.verdict, Verdict::Unknown(reason) if reason.contains("budget"))
    }

    fn title(&self) -> String {
        let path = self.path.display();
        match &self.name {
            Some(name) => format!("{path}: {name}"),
            None => path.to_string(),
        }
    }
}

/// The result for people.
pub fn human(console: &Console, found: &Found, question: &Question, html: Option<&Path>) -> String {
    let Judgement { verdict, evidence_lines, counts, spent, measures, timeline } = &found.judgement;
    let word = match found.outcome() {
        Outcome::Holds => console.green("PASS"),
        Outcome::Violated => console.red("FAIL"),
        Outcome::Unknown => console.yellow("UNKNOWN"),
        Outcome::Vacuous => console.yellow("VACUOUS"),
    };
    let (model, level) = (question.model.name, question.level.name());
    let mut text = format!("{word} {}   {model} {level}\n", found.title());
    match verdict {
        Verdict::Pass if counts.total() == 0 => {
            text.push_str("     there are no operations in it: that proves nothing\n");
        }
        Verdict::Pass => {}
        Verdict::Unknown(reason) => {
            let _ = writeln!(text, "     {reason}");
        }
        Verdict::Fail(explanation) => {
            let mut summary = explanation.summary.lines();
            let first = summary.next().unwrap_or_default();
            let _ = writeln!(text, "     {}: {first}", explanation.clause);
            for line in summary {
                let _ = writeln!(text, "     {line}");
            }
            let places: Vec<String> = evidence_lines.iter().map(place).collect();
            let width = places.iter().map(String::len).max().unwrap_or(0);
            for (evidence, place) in explanation.operations.iter().zip(&places) {
                let _ = writeln!(text, "       {place:width$}  {}", evidence.line);
            }
        }
    }
    let mut line = |name: &str, content: String| {
        let _ = writeln!(text, "  {name:<10} {content}");
    };
    let (ok, fail, info) = (counts.ok, counts.fail, counts.info);
    line("operations", format!("{ok} ok, {fail} fail, {info} info ({})", found.format));
    let mut counted = Vec::new();
    for (name, value) in measures {
        match value {
            Value::Array(names) if names.iter().all(Value::is_string) => {
                let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
                line(name, if names.is_empty() { "nothing".to_owned() } else { names.join(", ") });
            }
            Value::Object(quantiles) => {
                if let Some(durations) = durations(quantiles) {
                    line(&name.replace('_', " "), durations);
                }
            }
            Value::Array(_) | Value::Null => {}
            number => counted.push(format!("{} {number}", name.replace('_', " "))),
        }
    }
    if !counted.is_empty() {
        line("counted", counted.join(", "));
    }
    if let Some(spent) = spent {
        let budget = question.budget;
        line(
            "search",
            format!(
                "{} of {} steps, {} of {} stored states",
                spent.steps, budget.steps, spent.states, budget.states
            ),
        );
    }
    for note in &found.notes {
        line("note", note.clone());
    }
    if let (Some(path), Some(_)) = (html, timeline) {
        line("drawn", path.display().to_string());
    } else if let Some(next) = next_step(console, found, question) {
        line(next.0, next.1);
    }
    text
}

/// Quantiles of durations, unless there are none.
fn durations(quantiles: &serde_json::Map<String, Value>) -> Option<String> {
    let milliseconds = |name: &str| {
        let nanos = quantiles.get(name)?.as_u64()?;
        Some(format!("{}.{:03} ms", nanos / 1_000_000, nanos / 1_000 % 1_000))
    };
    let count = quantiles.get("count")?.as_u64().filter(|count| *count > 0)?;
    let (half, most) = (milliseconds("p50_ns")?, milliseconds("p99_ns")?);
    let greatest = milliseconds("greatest_ns")?;
    Some(format!("p50 {half}, p99 {most}, greatest {greatest} ({count})"))
}

/// The lines of an operation: `lines 3, 9`, or `line 3` if it never ends.
fn place(lines: &(usize, Option<usize>)) -> String {
    match lines {
        (begin, Some(end)) if begin == end => format!("line {begin}"),
        (begin, Some(end)) => format!("lines {begin}, {end}"),
        (begin, None) => format!("line {begin}"),
    }
}

/// The command to run next.
fn next_step(
    console: &Console,
    found: &Found,
    question: &Question,
) -> Option<(&'static str, String)> {
    let path = shell_word(&found.path.display().to_string());
    let (model, level) = (question.model.name, question.level.name());
    let command = format!("{} judge {path} --model {model} --level {level}", console.program);
    match found.outcome() {
        Outcome::Violated if found.judgement.timeline.is_some() => {
            Some(("draw it", format!("{command} --html history.html")))
        }
        Outcome::Unknown if found.is_out_of_budget() => {
            let spent = found.judgement.spent.unwrap_or_default();
            let budget = question.budget;
            let raise = if spent.states >= budget.states {
                format!("--budget-states {}", budget.states.saturating_mul(10))
            } else {
                format!("--budget-steps {}", budget.steps.saturating_mul(10))
            };
            Some(("go on", format!("{command} {raise}")))
        }
        Outcome::Violated | Outcome::Unknown | Outcome::Holds | Outcome::Vacuous => None,
    }
}

/// The result for programs: one object.
pub fn to_json(all: &[Found], question: &Question) -> Value {
    let histories = all.iter().map(|found| {
        let judgement = &found.judgement;
        let (reason, explanation) = match &judgement.verdict {
            Verdict::Pass => (Value::Null, Value::Null),
            Verdict::Unknown(reason) => (json!(reason), Value::Null),
            Verdict::Fail(explanation) => {
                let places = judgement.evidence_lines.iter();
                let operations = explanation.operations.iter().zip(places);
                let operations: Vec<Value> = operations
                    .map(|(evidence, (begin, end))| {
                        json!({ "text": evidence.line, "line": begin, "end_line": end })
                    })
                    .collect();
                let (clause, summary) = (&explanation.clause, &explanation.summary);
                let explanation =
                    json!({ "clause": clause, "summary": summary, "operations": operations });
                (Value::Null, explanation)
            }
        };
        let counts = judgement.counts;
        json!({
            "file": found.path.display().to_string(),
            "name": found.name,
            "format": found.format.name(),
            "verdict": found.outcome().name(),
            "reason": reason,
            "explanation": explanation,
            "operations": { "ok": counts.ok, "fail": counts.fail, "info": counts.info },
            "spent": judgement.spent,
            "measures": judgement.measures,
            "notes": found.notes,
        })
    });
    json!({
        "format_version": 1,
        "model": question.model.name,
        "level": question.level.name(),
        "budget": question.budget,
        "histories": histories.collect::<Vec<Value>>(),
    })
}

/// Models with their levels.
pub fn list_models(console: &Console) -> String {
    if console.format == Format::Json {
        let models = MODELS.iter().map(|model| {
            let levels = model.levels().into_iter();
            let levels =
                levels.map(|level| json!({ "name": level.name(), "about": level.about() }));
            json!({
                "name": model.name,
                "about": model.about,
                "levels": levels.collect::<Vec<Value>>(),
            })
        });
        return format!("{}\n", json!({ "models": models.collect::<Vec<Value>>() }));
    }
    let mut text = String::from("models (the first level is the usual one):\n");
    let width = MODELS.iter().map(|model| model.name.len()).max().unwrap_or(0);
    let mut levels = Vec::new();
    for model in MODELS {
        let _ = writeln!(text, "  {:width$}  {}", model.name, model.about);
        let names: Vec<&str> = model.levels().iter().map(|level| level.name()).collect();
        let _ = writeln!(text, "  {:width$}    {}", "", names.join(", "));
        levels.extend(model.levels());
    }
    text.push_str("levels:\n");
    let width = levels.iter().map(|level| level.name().len()).max().unwrap_or(0);
    let mut told = Vec::new();
    for level in levels {
        if !told.contains(&level) {
            told.push(level);
            let _ = writeln!(text, "  {:width$}  {}", level.name(), level.about());
        }
    }
    text.push_str("formats:\n");
    for format in HistoryFormat::ALL {
        let _ = writeln!(text, "  {:width$}  {}", format.name(), format.about());
    }
    text
}
