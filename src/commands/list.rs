//! `list`: what there is, with a line about each.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use seedbed_scenarios::format::{Entry, schema};
use serde_json::{Value, json};

use crate::console::{Console, Format};
use crate::exit_codes::Exit;
use crate::files::find_files;
use crate::halt::Halt;
use crate::laboratory::Laboratory;

/// What `list` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Only these.
    #[arg(value_enum, value_name = "WHAT")]
    what: Option<What>,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// Protocols that scenarios can name.
    Protocols,
    /// The scenarios of the library (`scenarios/library`, where it is there).
    Scenarios,
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
    let all = [What::Protocols, What::Scenarios, What::Checks, What::Faults, What::Bugs];
    let wanted = all.into_iter().filter(|what| arguments.what.is_none_or(|only| only == *what));
    let mut lists = Vec::new();
    for what in wanted {
        lists.push((what, items_of(what, laboratory)?));
    }
    let text = match console.format {
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
    if !Path::new(LIBRARY).is_dir() {
        return Ok(Vec::new());
    }
    let mut items = Vec::new();
    for path in find_files(&[PathBuf::from(LIBRARY)])?.scenarios {
        let loaded = laboratory.load(&path, &[]);
        let loaded = loaded.map_err(|errors| Halt::Scenarios(vec![errors]))?;
        items.push(Item {
            name: loaded.scenario.name,
            about: loaded.scenario.about,
            more: vec![("path", json!(path))],
        });
    }
    items.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(items)
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

/// The kinds of faults, as the schema describes them: so that no kind is missing here.
fn faults() -> Vec<Item> {
    let schema = schema();
    let kinds = schema["$defs"]["Fault"]["oneOf"].as_array().cloned().unwrap_or_default();
    let described = kinds.iter().filter_map(|kind| {
        let name = kind["required"][0].as_str()?.to_owned();
        let about = kind["description"].as_str().unwrap_or_default().to_owned();
        Some(Item { name, about, more: Vec::new() })
    });
    described.collect()
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
