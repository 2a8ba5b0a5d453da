//! A scenario as a whole, written in the order in which one part needs another.

use seedbed_scenarios::format::Fault;
use serde_json::{Map, Value, json};

use crate::coverage::Forms;
use crate::draw::Draw;
use crate::names::Names;
use crate::writer::{Part, Place, Writer, alternatives, required};

/// Keys at the top in the order in which they are written: each before those that depend on it.
/// What the schema has beyond these comes after them.
const ORDER: [&str; 17] = [
    "params",
    "nodes",
    "spare",
    "zones",
    "workloads",
    "boot_spread",
    "end",
    "hosts",
    "network",
    "faults",
    "script",
    "contract",
    "checks",
    "sometimes",
    "measures",
    "expect",
    "limits",
];

/// Keys at the top that are the same in all, or that a text on its own has no use for.
const FIXED: [&str; 7] =
    ["$schema", "$comment", "extends", "format_version", "name", "about", "protocol"];

/// Writes the scenario of a number; what no other has said yet is drawn more often.
pub fn write(schema: &Value, names: &Names, number: u64, missing: &Forms) -> Value {
    let mut draw = Draw::new(number);
    let faults_end_ms = draw.between(2_500, 4_500);
    let hosts = match draw.between(0, 3) {
        0 => vec![1, 2, 3],
        1 => vec![1, 2, 3, 5],
        _ => vec![1, 2, 3, 4, 5],
    };
    let mut writer = Writer {
        schema,
        names,
        heals: !draw.once_in(5),
        faults_end_ms,
        hosts: hosts.into_iter().map(|number: u64| format!("n{number}")).collect(),
        zones: Vec::new(),
        clients: 0,
        bound: Vec::new(),
        submissions: Vec::new(),
        named: 0,
        missing,
        draw,
    };
    let mut scenario = json!({
        "$comment": "written by a test", "format_version": 1, "name": format!("generated/{number}"),
        "about": "Whatever the schema allows.", "protocol": names.protocol,
    });
    let fields = scenario.as_object_mut().expect("an object");
    let properties = schema["properties"].as_object().expect("the schema has properties");
    let others = properties.keys().map(String::as_str);
    let others = others.filter(|key| !ORDER.contains(key) && !FIXED.contains(key));
    for key in ORDER.into_iter().chain(others) {
        if key == "faults" {
            writer.faults(fields, number);
        } else if is_wanted(key, &mut writer) {
            let value = writer.value(&properties[key], place(key));
            fields.insert(key.to_owned(), value);
        }
    }
    scenario
}

fn place(key: &str) -> Place<'_> {
    let part = match key {
        "faults" => Part::Faults,
        "script" => Part::Script,
        _ => Part::Fixed,
    };
    Place { part, owner: "", key, depth: 0 }
}

fn is_wanted(key: &str, writer: &mut Writer<'_>) -> bool {
    match key {
        "nodes" | "limits" | "end" => true,
        "spare" => writer.draw.once_in(8),
        "workloads" => !writer.draw.once_in(4),
        "contract" => !writer.draw.once_in(6),
        _ => writer.is_wanted(key, Place { owner: "Scenario", ..place(key) }),
    }
}

impl<'s> Writer<'s> {
    /// Some faults: the first of a kind whose turn it is, the others drawn.
    fn faults(&mut self, fields: &mut Map<String, Value>, number: u64) {
        let schema = self.schema;
        let kinds = alternatives(&schema["$defs"]["Fault"]);
        let kind = kinds[(number % kinds.len() as u64) as usize];
        let mut faults = vec![self.fault_of(kind, Place { owner: "Fault", ..place("faults") })];
        if self.draw.once_in(4) {
            faults.extend(self.example(fields, required(kind)[0]));
        }
        for _ in 0..self.draw.between(0, 2) {
            faults.push(self.fault(place("faults")));
        }
        fields.insert("faults".to_owned(), Value::Array(faults));
    }

    /// The faults of the catalogue's example, if the scenario has, or can have, what it needs.
    fn example(&mut self, fields: &mut Map<String, Value>, kind: &str) -> Vec<Value> {
        let manual = Fault::MANUALS.iter().find(|(name, _)| *name == kind);
        let (_, manual) = manual.expect("every kind has a manual");
        let needs: Value = serde_json::from_str(&format!("{{{}}}", manual.needs)).expect("fields");
        let needs = needs.as_object().expect("an object");
        let fits = needs.iter().all(|(key, value)| fields.get(key).is_none_or(|has| has == value));
        if !fits || self.faults_end_ms <= 4_000 || self.hosts.len() < 5 {
            return Vec::new();
        }
        fields.extend(needs.clone());
        self.names.examples[kind].clone()
    }
}
