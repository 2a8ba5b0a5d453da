//! `list`: what there is, with a line about each.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use seedbed_scenarios::format::Entry;
use seedbed_scenarios::format::names::suggest;
use seedbed_scenarios::reference::pretty;
use serde_json::{Value, json};

use crate::console::{Console, Format};
use crate::exit_codes::Exit;
use crate::files::{Files, find_files};
use crate::halt::Halt;
use crate::laboratory::Laboratory;

/// What `list` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Only these.
    #[arg(value_enum, value_name = "WHAT")]
    what: Option<What>,
    /// Only the one of this name, and all that is known of it: `list faults --about crash`.
    #[arg(long, value_name = "NAME", requires = "what")]
    about: Option<String>,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// Protocols that scenarios can name.
    Protocols,
    /// The scenarios of the library (`scenarios/library`, where it is there).
    Scenarios,
    /// The parameter studies of the library.
    Studies,
    /// Invariants, history checkers, bounds.
    Checks,
    /// What can go wrong.
    Faults,
    /// Published bugs that `params.bug` plants.
    Bugs,
}

/// One line of a list.
struct Item {
    name: String,
    about: String,
    /// More, for programs.
    more: Vec<(&'static str, Value)>,
}

/// Where the library is, seen from the root of the repository.
const LIBRARY: &str = "scenarios/library";

pub fn execute(
    arguments: &Arguments,
    laboratory: &Laboratory,
    console: &Console,
) -> Result<Exit, Halt> {
    let all =
        [What::Protocols, What::Scenarios, What::Studies, What::Checks, What::Faults, What::Bugs];
    let wanted = all.into_iter().filter(|what| arguments.what.is_none_or(|only| only == *what));
    let mut lists = Vec::new();
    for what in wanted {
        lists.push((what, items_of(what, laboratory)?));
    }
    if let Some(name) = &arguments.about {
        lists.iter_mut().try_for_each(|(_, items)| keep_one(items, name))?;
    }
    let text = match console.format {
        Format::Human if arguments.about.is_some() => all_about(&lists),
        Format::Human => human(&lists),
        Format::Json => format!("{}\n", to_json(&lists)),
    };
    console.print(&text);
    Ok(Exit::Fine)
}

fn items_of(what: What, laboratory: &Laboratory) -> Result<Vec<Item>, Halt> {
    match what {
        What::Protocols => Ok(protocols(laboratory)),
        What::Scenarios => scenarios(laboratory),
        What::Studies => studies(laboratory),
        What::Checks => Ok(checks(laboratory)),
        What::Faults => Ok(faults()),
        What::Bugs => Ok(bugs(laboratory)),
    }
}

fn protocols(laboratory: &Laboratory) -> Vec<Item> {
    let names = |entries: &[Entry]| {
        json!(entries.iter().map(|entry| entry.name.as_str()).collect::<Vec<&str>>())
    };
    let protocols = laboratory.catalog.protocols.iter();
    protocols
        .map(|(name, entry)| Item {
            name: name.clone(),
            about: entry.about.clone(),
            more: vec![
                ("service", json!(entry.service)),
                ("roles", names(&entry.roles)),
                ("selectors", names(&entry.selectors)),
                ("milestones", names(&entry.milestones)),
                ("message_kinds", json!(entry.kinds)),
                ("invariants", names(&entry.invariants)),
                ("bugs", names(&entry.bugs)),
            ],
        })
        .collect()
}

fn scenarios(laboratory: &Laboratory) -> Result<Vec<Item>, Halt> {
    let mut items = Vec::new();
    for path in library()?.scenarios {
        let loaded = laboratory.load(&path, &[]);
        let scenario = loaded.map_err(|errors| Halt::Scenarios(vec![errors]))?.scenario;
        items.push(on_disk(scenario.name, scenario.about, &path));
    }
    items.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(items)
}

fn studies(laboratory: &Laboratory) -> Result<Vec<Item>, Halt> {
    let mut items = Vec::new();
    for path in library()?.studies {
        let loaded = laboratory.load_study(&path);
        let study = loaded.map_err(|errors| Halt::Scenarios(vec![errors]))?.study;
        items.push(on_disk(study.name, study.about, &path));
    }
    items.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(items)
}

/// The files of the library; none where it is not there.
fn library() -> Result<Files, Halt> {
    if Path::new(LIBRARY).is_dir() {
        find_files(&[PathBuf::from(LIBRARY)])
    } else {
        Ok(Files::default())
    }
}

fn on_disk(name: String, about: String, path: &Path) -> Item {
    Item { name, about, more: vec![("path", json!(path))] }
}

fn checks(laboratory: &Laboratory) -> Vec<Item> {
    let catalog = &laboratory.catalog;
    let mut items = vec![
        item("milestone", "a milestone is reached in time", "check", "all"),
        item("without", "takes invariants out", "check", "all"),
    ];
    let mut add = |entries: &[Entry], kind: &str, of: &str| {
        items.extend(entries.iter().map(|entry| item(&entry.name, &entry.about, kind, of)));
    };
    add(&catalog.checks, "bound", "all");
    add(&catalog.properties, "property", "all");
    for (name, service) in &catalog.services {
        add(&service.checks, "history checker", name);
    }
    for (name, protocol) in &catalog.protocols {
        add(&protocol.invariants, "invariant", name);
        add(&protocol.measures, "measure", name);
    }
    items
}

fn item(name: &str, about: &str, kind: &str, of: &str) -> Item {
    let scope = if of == "all" { kind.to_owned() } else { format!("{kind} of {of}") };
    let about = if about.is_empty() { scope } else { format!("{scope}: {about}") };
    let more = vec![("kind", json!(kind)), ("of", json!(of))];
    Item { name: name.to_owned(), about, more }
}

/// The kinds of faults, as the format describes them: so that no kind is missing here.
fn faults() -> Vec<Item> {
    let entries = seedbed_scenarios::reference::faults().into_iter();
    let items = entries.map(|entry| {
        let fields = entry.fields.iter().map(|field| {
            json!({
                "name": field.name, "type": field.sort, "required": field.is_required,
                "default": field.default, "about": field.about,
            })
        });
        let manual = entry.manual;
        Item {
            more: vec![
                ("area", json!(entry.area.name())),
                ("details", json!(entry.details)),
                ("models", json!(manual.models)),
                ("fields", fields.collect()),
                ("example", json!(manual.example)),
                ("needs", json!(manual.needs)),
                ("evidence", json!(manual.evidence)),
                ("drawn", json!(entry.drawn)),
            ],
            name: entry.name,
            about: entry.about,
        }
    });
    items.collect()
}

fn bugs(laboratory: &Laboratory) -> Vec<Item> {
    let mut items = Vec::new();
    for protocol in laboratory.catalog.protocols.keys() {
        for bug in laboratory.bugs(protocol) {
            items.push(Item {
                name: format!("{protocol}: {}", bug.name),
                about: format!("{} (breaks {}; {})", bug.about, bug.property, bug.source),
                more: vec![
                    ("protocol", json!(protocol)),
                    ("bug", json!(bug.name)),
                    ("property", json!(bug.property)),
                    ("source", json!(bug.source)),
                ],
            });
        }
    }
    items
}

fn title(what: What) -> &'static str {
    match what {
        What::Protocols => "protocols",
        What::Scenarios => "scenarios",
        What::Studies => "studies",
        What::Checks => "checks",
        What::Faults => "faults",
        What::Bugs => "bugs",
    }
}

fn human(lists: &[(What, Vec<Item>)]) -> String {
    let mut text = String::new();
    for (what, items) in lists {
        let indent = if lists.len() > 1 {
            let _ = writeln!(text, "{}:", title(*what));
            "  "
        } else {
            ""
        };
        let width = items.iter().map(|item| item.name.len()).max().unwrap_or(0);
        for item in items {
            let _ = writeln!(text, "{indent}{:width$}  {}", item.name, one_line(&item.about));
        }
        if items.is_empty() {
            let _ = writeln!(text, "{indent}(none)");
        }
    }
    text
}

/// Leaves only the item of a name.
fn keep_one(items: &mut Vec<Item>, name: &str) -> Result<(), Halt> {
    let known: Vec<&str> = items.iter().map(|item| item.name.as_str()).collect();
    if !known.contains(&name) {
        let help = suggest(name, known).unwrap_or_else(|| "there is nothing".to_owned());
        return Err(Halt::CommandLine(format!("nothing here is called `{name}`: {help}")));
    }
    items.retain(|item| item.name == name);
    Ok(())
}

/// All that is known of some items, a paragraph each.
fn all_about(lists: &[(What, Vec<Item>)]) -> String {
    let mut text = String::new();
    for item in lists.iter().flat_map(|(_, items)| items) {
        let _ = writeln!(text, "{}: {}", item.name, one_line(&item.about));
        for (key, value) in &item.more {
            match value {
                Value::String(value) if *key == "example" => {
                    let example = pretty(&format!("[{value}]"));
                    let _ = writeln!(text, "\n{key}:\n{}", indented(&example));
                }
                Value::String(value) if !value.is_empty() => {
                    let _ = writeln!(text, "\n{key}: {}", one_line(value));
                }
                Value::Array(values) if !values.is_empty() => {
                    let _ = writeln!(text, "\n{key}:\n{}", indented(&lines_of(values)));
                }
                Value::Null | Value::String(_) | Value::Array(_) => {}
                other => {
                    let _ = writeln!(text, "\n{key}: {other}");
                }
            }
        }
    }
    text
}

/// A line for each value: a name, or a field with its sort, what it defaults to and what it says.
fn lines_of(values: &[Value]) -> String {
    let lines = values.iter().map(|value| match (value["name"].as_str(), value["type"].as_str()) {
        (Some(name), Some(sort)) => {
            let note = match (value["required"].as_bool(), value["default"].as_str()) {
                (Some(true), _) => ", required".to_owned(),
                (_, Some(default)) => format!(", else {default}"),
                (_, None) => String::new(),
            };
            format!("{name} ({sort}{note}): {}", value["about"].as_str().unwrap_or_default())
        }
        (_, _) => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
    });
    lines.collect::<Vec<String>>().join("\n")
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<String>>().join("\n")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<&str>>().join(" ")
}

fn to_json(lists: &[(What, Vec<Item>)]) -> Value {
    let mut object = json!({});
    for (what, items) in lists {
        let items = items.iter().map(|item| {
            let mut value = json!({ "name": item.name, "about": item.about });
            for (key, more) in &item.more {
                value[*key] = more.clone();
            }
            value
        });
        object[title(*what)] = items.collect();
    }
    object
}
