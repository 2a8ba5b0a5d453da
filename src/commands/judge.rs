//! `judge`: is a history what it should be?

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use clap::Args;
use seedbed_checkers::formats::{self, Format as HistoryFormat, Source};
use seedbed_checkers::judge::{Initial, Level, MODELS, ModelKind, Question, judge};
use seedbed_checkers::{Budget, HistoryError, Value};
use seedbed_scenarios::format::names::suggest;

use crate::console::{Console, Format};
use crate::exit_codes::Exit;
use crate::halt::Halt;

use super::judge_text::{Found, Outcome, human, list_models, to_json};

/// What `judge` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The files with histories; `-` is stdin.
    #[arg(value_name = "HISTORY", required_unless_present = "list")]
    histories: Vec<PathBuf>,
    /// What they are histories of: `register`, `kv`, `list-append` and so on.
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// What is promised of it; each model has a usual level.
    #[arg(long, value_name = "LEVEL")]
    level: Option<String>,
    /// How the histories are written down, where it cannot be seen.
    #[arg(long, value_name = "FORMAT", value_parser = parse_format)]
    input: Option<HistoryFormat>,
    /// What an object holds at first, as JSON: `0`, `null`, `"x"`.
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    initial: Option<String>,
    /// How many steps a search may take.
    #[arg(long, value_name = "N", default_value_t = Budget::default().steps)]
    budget_steps: u64,
    /// How many states a search may store.
    #[arg(long, value_name = "N", default_value_t = Budget::default().states)]
    budget_states: u64,
    /// For `eventual-convergence`: from when on reads should agree.
    #[arg(long, value_name = "NS", default_value_t = 0)]
    quiet_from_ns: u64,
    /// Draws the history there, as a page that needs nothing else.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Shows models and levels.
    #[arg(long)]
    list: bool,
}

fn parse_format(name: &str) -> Result<HistoryFormat, String> {
    name.parse()
}

pub fn execute(arguments: &Arguments, console: &Console) -> Result<Exit, Halt> {
    if arguments.list {
        console.print(&list_models(console));
        return Ok(Exit::Fine);
    }
    let question = question_of(arguments)?;
    let mut found = Vec::new();
    let mut exit = Exit::Fine;
    for path in &arguments.histories {
        match judge_file(path, arguments, &question) {
            Ok(several) => found.extend(several),
            // The others can still be judged.
            Err(halt) => exit = exit.or(halt.report(console)),
        }
    }
    let html = arguments.html.as_deref();
    if let Some(path) = html {
        write_page(path, &found)?;
    }
    for one in &found {
        exit = exit.or(exit_of(&one.outcome()));
    }
    if found.is_empty() && exit == Exit::Fine {
        let message = format!("no history of `{}` in these files", question.model.name);
        return Err(Halt::NothingToRun(message));
    }
    let text = match console.format {
        Format::Human => found.iter().map(|one| human(console, one, &question, html)).collect(),
        Format::Json => format!("{}\n", to_json(&found, &question)),
    };
    console.print(&text);
    Ok(exit)
}

fn exit_of(outcome: &Outcome) -> Exit {
    match outcome {
        Outcome::Holds => Exit::Fine,
        Outcome::Violated => Exit::Violated,
        Outcome::Unknown | Outcome::Vacuous => Exit::Unproven,
    }
}

fn question_of(arguments: &Arguments) -> Result<Question, Halt> {
    let model = match &arguments.model {
        Some(name) => named_model(name)?,
        None => return Err(missing_model(arguments)?),
    };
    let mut question = Question::of(model);
    if let Some(name) = &arguments.level {
        question.level = named_level(model, name)?;
    }
    if let Some(text) = &arguments.initial {
        question.initial = Some(initial_value(model, text)?);
    }
    question.budget = Budget { steps: arguments.budget_steps, states: arguments.budget_states };
    question.quiet_ns = arguments.quiet_from_ns;
    Ok(question)
}

fn named_model(name: &str) -> Result<&'static ModelKind, Halt> {
    ModelKind::named(name).ok_or_else(|| {
        let help = suggest(name, MODELS.iter().map(|model| model.name));
        no_such(&format!("model `{name}`"), help)
    })
}

/// Says which models the first file may be a history of. To guess one would be to guess what was
/// promised.
fn missing_model(arguments: &Arguments) -> Result<Halt, Halt> {
    let sources = sources_of(&arguments.histories[0], arguments)?;
    let operations = sources.first().map(Source::operation_names).unwrap_or_default();
    let fits = |model: &&ModelKind| operations.iter().all(|name| model.knows(name));
    let fitting: Vec<String> =
        MODELS.iter().filter(fits).map(|model| format!("`{}`", model.name)).collect();
    let (operations, path) = (operations.join(", "), arguments.histories[0].display());
    let message = if operations.is_empty() || fitting.is_empty() {
        "--model is missing: `judge --list` shows what there is".to_owned()
    } else {
        let fitting = fitting.join(", ");
        format!("--model is missing: {path} has {operations}, which are operations of {fitting}")
    };
    Ok(Halt::CommandLine(message))
}

fn named_level(model: &ModelKind, name: &str) -> Result<Level, Halt> {
    model.level(name).ok_or_else(|| {
        let help = suggest(name, model.levels().into_iter().map(Level::name));
        no_such(&format!("level `{name}` of `{}`", model.name), help)
    })
}

fn no_such(what: &str, help: Option<String>) -> Halt {
    let help = help.map(|help| format!("; {help}")).unwrap_or_default();
    Halt::CommandLine(format!("there is no {what}{help}"))
}

fn initial_value(model: &ModelKind, text: &str) -> Result<Value, Halt> {
    let wrong = |expected: &str| {
        let message = format!("--initial {text}: {expected}");
        Err(Halt::CommandLine(message))
    };
    // A word without quotes is a text: a shell takes quotes away.
    let value = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
    match model.initial {
        Initial::Value => Ok(value),
        Initial::Number if value.as_int().is_some() => Ok(value),
        Initial::Number => wrong("a counter begins with an integer of 64 bits"),
        Initial::Fixed => wrong(&format!("`{}` always begins in the same state", model.name)),
    }
}

/// Judges every history of a file.
fn judge_file(path: &Path, arguments: &Arguments, question: &Question) -> Result<Vec<Found>, Halt> {
    let sources = sources_of(path, arguments)?;
    let mut found = Vec::new();
    for source in sources.into_iter().filter(|source| is_of(question.model, source)) {
        let judgement = judge(&source, question).map_err(|error| wrong(path, &error))?;
        let Source { name, format, .. } = source;
        found.push(Found { path: path.to_owned(), name, format, judgement, notes: source.notes });
    }
    Ok(found)
}

fn sources_of(path: &Path, arguments: &Arguments) -> Result<Vec<Source>, Halt> {
    let text = read(path)?;
    formats::read(&text, arguments.input).map_err(|error| wrong(path, &error))
}

fn wrong(path: &Path, error: &HistoryError) -> Halt {
    Halt::BadFile(format!("{}: {error}", path.display()))
}

/// Whether a history may be one of this model: a file of cases has several kinds.
fn is_of(model: &ModelKind, source: &Source) -> bool {
    match source.workload.as_deref() {
        Some("register-ops") => ["register", "cas-register", "kv"].contains(&model.name),
        Some(other) if ModelKind::named(other).is_some() => other == model.name,
        Some(_) | None => true,
    }
}

fn read(path: &Path) -> Result<String, Halt> {
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(path)
    };
    let unreadable = |error: String| Halt::BadFile(format!("{}: {error}", path.display()));
    let bytes = bytes.map_err(|error| unreadable(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| {
        let before = error.as_bytes()[..error.utf8_error().valid_up_to()].iter();
        let line = before.filter(|byte| **byte == b'\n').count() + 1;
        unreadable(format!("line {line}: this is no text in UTF-8"))
    })
}

/// Draws the first violation that can be drawn.
fn write_page(path: &Path, found: &[Found]) -> Result<(), Halt> {
    match found.iter().find_map(|one| one.judgement.timeline.as_ref()) {
        Some(timeline) => fs::write(path, timeline.to_html())
            .map_err(|error| Halt::Internal(format!("{}: {error}", path.display()))),
        None => Ok(()),
    }
}
