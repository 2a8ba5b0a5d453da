//! `docs/reference/faults.md`: the catalogue of faults as a page.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::placement::PLACEMENTS;
use super::pretty::pretty;
use super::words::{self, Field, Words, anchor, definition_words};
use super::{COMMON_KEYS, FaultEntry, fault_entries};
use crate::format::{Area, Fault, schema};

/// Objects of settings: a heading, where they stand, and their definition in the schema.
const SETTINGS: &[(&str, &str, &str)] = &[
    ("The network of all", "network", "NetworkSettings"),
    ("Single links", "network.links[..]", "LinkSettings"),
    ("Single hosts", "hosts[..]", "HostSettings"),
    ("Clocks", "hosts[..].clock", "ClockSettings"),
    ("Disks", "hosts[..].disk", "DiskSettings"),
];

/// Fields at the top of a scenario that are settings of the world.
const TOP_SETTINGS: &[&str] = &["boot_spread", "buggify", "contract", "spare", "swarm", "zones"];

/// The heading under which the page explains a definition of the schema.
fn heading_of(definition: &str) -> String {
    let settings = SETTINGS.iter().find(|(.., name)| *name == definition);
    let placing = PLACEMENTS.iter().find(|placing| placing.definitions.contains(&definition));
    match (settings, placing) {
        (Some((heading, ..)), _) => (*heading).to_owned(),
        (None, Some(placing)) => placing.title.to_owned(),
        // A heading is a place to lead to: a sort of value yields to the kind of fault.
        (None, None) => match definition_words(definition) {
            words if Fault::NAMES.contains(&words.as_str()) => format!("a {words}"),
            words => words,
        },
    }
}

/// The page, in Markdown.
#[must_use]
pub fn faults_page() -> String {
    let schema = schema();
    let page = Page {
        faults: fault_entries(&schema, &Words::linked(&schema, heading_of)),
        words: Words::linked(&schema, heading_of),
        schema: &schema,
        text: String::new(),
    };
    page.write()
}

struct Page<'s> {
    words: Words<'s>,
    faults: Vec<FaultEntry>,
    schema: &'s Value,
    text: String,
}

fn title(area: Area) -> (&'static str, &'static str) {
    match area {
        Area::Network => (
            "Faults of the network",
            "What becomes of messages between hosts that can reach each other.",
        ),
        Area::Partitions => ("Partitions", "Who can reach whom."),
        Area::Hosts => ("Faults of hosts", "What happens to the machines themselves."),
        Area::Clocks => ("Faults of clocks", "What hosts believe about time."),
        Area::Disks => ("Faults of disks", "What becomes of what hosts write."),
        Area::Composite => ("Faults made of others", "In order, or drawn."),
    }
}

impl Page<'_> {
    fn write(mut self) -> String {
        self.line("# Faults and the virtual world");
        self.line(
            "<!-- Generated from the format's types and docs: `UPDATE_GOLDEN=1 cargo test -p \
             seedbed-scenarios --test format` rewrites it. -->",
        );
        self.line(
            "What a scenario can do to a protocol, and what the world is like while nothing is wrong. \
             `seedbed list faults` prints the short form, `seedbed list faults --about crash` all about \
             one kind, and [faults-and-bugs.md](faults-and-bugs.md) shows which kinds find which \
             planted bugs. Every example on this page runs: a test puts each into a scenario of Raft.",
        );
        self.contents();
        for area in Area::ALL {
            self.area(area);
        }
        self.common_fields();
        self.placements();
        self.settings();
        self.values();
        self.text.trim_end().to_owned() + "\n"
    }

    /// A paragraph.
    fn line(&mut self, text: &str) {
        let _ = write!(self.text, "{text}\n\n");
    }

    fn contents(&mut self) {
        self.line("## Contents");
        for area in Area::ALL {
            let names: Vec<&str> = self.kinds(area).map(|fault| fault.name.as_str()).collect();
            if !names.is_empty() {
                let heading = title(area).0;
                let item = contents_line(heading, &names);
                self.text.push_str(&item);
            }
        }
        let placings: Vec<&str> = PLACEMENTS.iter().map(|placing| placing.title).collect();
        self.text.push_str(&contents_line(COMMON_TITLE, &[]));
        self.text.push_str(&contents_line(PLACEMENT_TITLE, &placings));
        let settings: Vec<&str> = SETTINGS.iter().map(|(heading, ..)| *heading).collect();
        self.text.push_str(&contents_line(SETTINGS_TITLE, &settings));
        self.text.push_str(&contents_line(VALUES_TITLE, &[]));
        self.text.push('\n');
    }

    fn kinds(&self, area: Area) -> impl Iterator<Item = &FaultEntry> {
        self.faults.iter().filter(move |fault| fault.area == area)
    }

    fn area(&mut self, area: Area) {
        let faults: Vec<FaultEntry> = self.kinds(area).cloned().collect();
        if faults.is_empty() {
            return;
        }
        let (heading, about) = title(area);
        self.line(&format!("## {heading}"));
        self.line(about);
        for fault in faults {
            self.fault(&fault);
        }
    }

    fn fault(&mut self, fault: &FaultEntry) {
        self.line(&format!("### {}", fault.name));
        // A kind and its fields often say the same in other words; then the fields say it better.
        let first_word = |text: &str| text.split_whitespace().next().map(str::to_owned);
        if first_word(&fault.about) == first_word(&fault.details) {
            self.line(&fault.details);
        } else {
            self.line(format!("{} {}", fault.about, fault.details).trim_end());
        }
        self.line(&format!("**In the real world.** {}", sentence(fault.manual.models)));
        if fault.fields.is_empty() {
            self.line("It has no fields of its own.");
        } else {
            self.table(&fault.fields);
        }
        let needs = if fault.manual.needs.is_empty() { "" } else { ", " };
        let example =
            format!("{{ \"faults\": [ {} ]{needs}{} }}", fault.manual.example, fault.manual.needs);
        self.json(&example);
        self.line(&format!("**What shows it.** {}", sentence(fault.manual.evidence)));
        if let Some(drawn) = &fault.drawn {
            self.line(&format!("**Drawn by `random`:** {drawn}"));
        }
    }

    fn json(&mut self, example: &str) {
        self.line(&format!("```json\n{}\n```", pretty(example)));
    }

    fn table(&mut self, fields: &[Field]) {
        self.text.push_str("| field | value | if absent | what it says |\n|---|---|---|---|\n");
        for field in fields {
            let absent = match (&field.default, field.is_required) {
                (_, true) => "**required**".to_owned(),
                (Some(default), false) => format!("`{default}`"),
                (None, false) => "–".to_owned(),
            };
            let cells = [&format!("`{}`", field.name), &field.sort, &absent, &field.about];
            let cells = cells.map(|cell| cell.replace('|', "\\|"));
            let _ = writeln!(self.text, "| {} |", cells.join(" | "));
        }
        self.text.push('\n');
    }

    /// The fields that say when, once for all kinds.
    fn common_fields(&mut self) {
        self.line(&format!("## {COMMON_TITLE}"));
        self.line(
            "All but `random`, which draws its own times. A fault in `faults` has exactly one of `at`, \
             `when` and `every`; one in a script or a sequence has none. How long a kind lasts (`for`) is \
             among its own fields.",
        );
        let fields = self.words.fields(&self.schema["$defs"]["Heal"]);
        let common = fields.into_iter().filter(|it| COMMON_KEYS.contains(&it.name.as_str()));
        self.table(&common.collect::<Vec<Field>>());
    }

    fn placements(&mut self) {
        self.line(&format!("## {PLACEMENT_TITLE}"));
        for placing in PLACEMENTS {
            self.line(&format!("### {}", placing.title));
            self.line(placing.text);
            for name in placing.definitions {
                self.definition(name);
            }
            self.json(&format!("{{ {} }}", placing.example));
        }
    }

    fn settings(&mut self) {
        self.line(&format!("## {SETTINGS_TITLE}"));
        self.line(
            "What the world is like all the time: a heal does not end it. These fields stand at the top \
             of a scenario:",
        );
        let top = self.words.fields(self.schema);
        let top = top.into_iter().filter(|field| TOP_SETTINGS.contains(&field.name.as_str()));
        self.table(&top.collect::<Vec<Field>>());
        for (heading, place, name) in SETTINGS {
            self.line(&format!("### {heading}"));
            self.line(&format!("In a scenario: `{place}`."));
            self.definition(name);
        }
    }

    /// What all the sorts of values mean that the tables name.
    fn values(&mut self) {
        self.line(&format!("## {VALUES_TITLE}"));
        let mut needed = BTreeSet::new();
        for name in ["Fault", "End", "Contract"].iter().chain(SETTINGS.iter().map(|(.., it)| it)) {
            self.words.needed(&self.schema["$defs"][*name], &mut needed);
        }
        self.words.needed(&self.schema["properties"]["zones"], &mut needed);
        let is_told = |name: &String| {
            SETTINGS.iter().any(|(.., told)| told == name)
                || PLACEMENTS.iter().any(|placing| placing.definitions.contains(&name.as_str()))
        };
        let kinds = self.schema["$defs"]["Fault"]["oneOf"].as_array().into_iter().flatten();
        let kinds: BTreeSet<&str> = kinds
            .filter_map(|kind| {
                words::definition_name(&kind["properties"][kind["required"][0].as_str()?])
            })
            .collect();
        let mut values: Vec<(String, String)> = needed
            .into_iter()
            .filter(|name| !kinds.contains(name.as_str()) && !is_told(name))
            .map(|name| (heading_of(&name), name))
            .collect();
        values.push((heading_of("Fault"), "Fault".to_owned()));
        values.sort();
        values.dedup();
        for (heading, name) in values {
            self.line(&format!("### {heading}"));
            self.definition(&name);
        }
    }

    /// What a definition says: its fields, or its forms.
    fn definition(&mut self, name: &str) {
        let definition = &self.schema["$defs"][name];
        let description = words::one_line(&definition["description"]);
        if !description.is_empty() {
            self.line(&sentence(&description));
        }
        if name == "Fault" {
            return self.line("One object with one key: any of the kinds above.");
        }
        let fields = self.words.fields(definition);
        if !fields.is_empty() {
            self.table(&fields);
        }
        let choices = words::choices(definition);
        for choice in &choices {
            let form = self.words.sort(choice).replace("`\"", "`").replace("\"`", "`");
            let about = words::one_line(&choice["description"]);
            let about = if about.is_empty() { String::new() } else { format!(": {about}") };
            let _ = writeln!(self.text, "- {form}{about}");
        }
        if !choices.is_empty() {
            self.text.push('\n');
        }
    }
}

const COMMON_TITLE: &str = "Fields that every fault has";
const PLACEMENT_TITLE: &str = "When faults happen, and how they end";
const SETTINGS_TITLE: &str = "Settings of the world";
const VALUES_TITLE: &str = "Sorts of values";

fn contents_line(heading: &str, inner: &[&str]) -> String {
    let inner: Vec<String> = inner.iter().map(|it| format!("[{it}](#{})", anchor(it))).collect();
    let colon = if inner.is_empty() { "" } else { ": " };
    format!("- [{heading}](#{}){colon}{}\n", anchor(heading), inner.join(", "))
}

/// With a full stop, if it has none.
fn sentence(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<&str>>().join(" ");
    if text.ends_with(['.', ')', '!', '?']) { text } else { format!("{text}.") }
}
