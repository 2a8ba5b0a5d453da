//! The reference of the format, in words: made from the schema and from what each kind of fault
//! says of itself, so that it cannot say anything else than what is read.

mod page;
mod placement;
mod pretty;
mod words;

use serde_json::Value;

pub use page::faults_page;
pub use placement::{PLACEMENTS, Placing};
pub use pretty::pretty;
pub use words::Field;

use crate::format::{Area, Fault, Manual, schema};
use words::Words;

/// The keys that every fault has beside its own.
const COMMON_KEYS: [&str; 6] = ["after", "at", "every", "name", "optional", "when"];

/// All that is known of a kind of fault.
#[derive(Clone, Debug)]
pub struct FaultEntry {
    /// The key under which it stands in a scenario.
    pub name: String,
    /// A line about it.
    pub about: String,
    /// What more its fields have to say together.
    pub details: String,
    /// What it acts on.
    pub area: Area,
    /// What it stands for, an example, and what a record shows of it.
    pub manual: Manual,
    /// Its fields, those that all kinds have apart.
    pub fields: Vec<Field>,
    /// What `random` does if it draws this kind; none if it cannot.
    pub drawn: Option<String>,
}

/// Every kind of fault, in the order of the format.
#[must_use]
pub fn faults() -> Vec<FaultEntry> {
    let schema = schema();
    fault_entries(&schema, &Words::plain(&schema))
}

fn fault_entries<'s>(schema: &'s Value, words: &Words<'s>) -> Vec<FaultEntry> {
    let kinds = schema["$defs"]["Fault"]["oneOf"].as_array().into_iter().flatten();
    let entries = kinds.filter_map(|kind| {
        let name = kind["required"][0].as_str()?;
        let inner = words.resolve(&kind["properties"][name]);
        let (_, manual) = Fault::MANUALS.iter().find(|(known, _)| *known == name)?;
        let mut fields = words.fields(inner);
        // What draws its own times has none of these, and what it calls alike is its own.
        if inner["properties"].get("at").is_some() {
            fields.retain(|field| !COMMON_KEYS.contains(&field.name.as_str()));
        }
        Some(FaultEntry {
            name: name.to_owned(),
            about: words::one_line(&kind["description"]),
            details: words::one_line(&inner["description"]),
            area: Fault::area(name)?,
            manual: *manual,
            fields,
            drawn: drawn(schema, name),
        })
    });
    entries.collect()
}

/// What `random` says of a kind.
fn drawn(schema: &Value, name: &str) -> Option<String> {
    let kinds = schema["$defs"]["RandomKind"]["oneOf"].as_array()?;
    let kind = kinds.iter().find(|kind| kind["const"] == name)?;
    Some(words::one_line(&kind["description"]))
}
