//! Scenario files: what they can say, reading them, and saying where they are wrong.
//!
//! A file goes through stages, and each says all that it can find before the next one starts:
//!
//! 1. `document`, `extends`, `set`: text to one JSON object. Syntax, keys that stand twice, bases
//!    merged (a field of the file replaces the base's as a whole), `$comment` taken out, `--set`
//!    applied. [`Document`] remembers where everything is from.
//! 2. `decode`: JSON to the types of [`Scenario`]. Unknown and missing keys, wrong sorts of value.
//! 3. [`validate()`]: names against a [`Catalog`], times against the end; selectors get what they
//!    mean.
//!
//! **Every mistake has a place.** Hence no serde `tag`, `flatten` or `untagged` anywhere here: they
//! read values into a buffer and lose it. An object with one key (`one_key`) is how a sort of thing
//! is named, and where several fields exclude each other the struct has them all as options, beside
//! a method (`placement()`, `shape()`, `condition()`) that gives the one that counts.
//!
//! **Raw options** (`params`, workloads, checks, verbs, operations) stay JSON. Who owns the name
//! decodes them with [`decode_params`] against the same document, so mistakes in them have places.

pub mod catalog;
pub mod checks;
pub mod decode;
pub mod document;
pub mod end;
pub mod error;
pub mod expect;
pub mod extends;
pub mod faults;
pub mod hosts;
pub mod latency;
pub mod later;
mod message_action;
pub mod names;
pub mod network;
pub mod one_key;
pub mod path;
pub mod placement;
pub mod position;
pub mod schema;
pub mod script;
pub mod selector;
pub mod set;
pub mod spec;
pub mod study;
pub use seedbed_protocols::units;
pub mod validate;
pub mod wan;

pub use catalog::{Catalog, Entry, OptionsCheck, ProtocolEntry, ServiceEntry, options_of};
pub use checks::*;
pub use decode::Problem;
pub use document::{Document, Source, decode_params};
pub use end::*;
pub use error::{Error, ErrorKind, ErrorReport, Errors};
pub use expect::*;
pub use extends::{DiskFiles, Files, MemoryFiles};
pub use faults::*;
pub use hosts::*;
pub use latency::*;
pub use network::*;
pub use one_key::Named;
pub use path::{Path, Segment};
pub use placement::*;
pub use schema::{schema, schema_text, study_schema_text};
pub use script::*;
pub use selector::*;
pub use set::Setting;
pub use spec::*;
pub use study::{Drawn, Published, PublishedPoint, Study, Varied};
pub use units::*;
pub use validate::validate;
pub use wan::Wan;

use std::path::Path as FilePath;

/// A scenario that makes sense, and the document it is from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The JSON, with the places of everything in it.
    pub document: Document,
    /// The scenario; every selector in it is resolved as far as it can be before the run.
    pub scenario: Scenario,
}

/// Reads a scenario file from the disk: all of the stages.
///
/// # Errors
/// What is wrong with it: first whether it is JSON, then its shape, then its meaning.
pub fn load(path: &FilePath, settings: &[String], catalog: &Catalog) -> Result<Loaded, Errors> {
    load_from(&DiskFiles, path, settings, catalog)
}

/// The same with files from elsewhere.
///
/// # Errors
/// As [`load`].
pub fn load_from(
    files: &dyn Files,
    path: &FilePath,
    settings: &[String],
    catalog: &Catalog,
) -> Result<Loaded, Errors> {
    let loaded = Document::read(files, path, settings).and_then(|read| finish(read, catalog));
    let Err(errors) = loaded else { return loaded };
    // What a setting makes wrong need not stand where it sets.
    let is_file_right = !settings.is_empty() && load_from(files, path, &[], catalog).is_ok();
    Err(if is_file_right { errors.of_settings(settings) } else { errors })
}

/// The same for a text at hand, such as a scenario inlined in a failure file. `path` names it in
/// errors, and `extends` is relative to it.
///
/// # Errors
/// As [`load`].
pub fn load_text(
    path: &FilePath,
    text: &str,
    settings: &[String],
    catalog: &Catalog,
) -> Result<Loaded, Errors> {
    finish(Document::from_bytes(&DiskFiles, path, text.as_bytes(), settings)?, catalog)
}

fn finish(document: Document, catalog: &Catalog) -> Result<Loaded, Errors> {
    if document.value().get("scenario").is_some_and(serde_json::Value::is_string) {
        let help = Some("`sweep` takes studies".to_owned());
        let message = "this is a study, not a scenario";
        return Err(document.error(&Path::root(), message, help).into());
    }
    let mut scenario = document.decode()?;
    validate(&document, &mut scenario, catalog)?;
    Ok(Loaded { document, scenario })
}

/// For flags that are left out of a file where they are off.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}
