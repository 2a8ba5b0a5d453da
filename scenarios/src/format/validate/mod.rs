//! Whether a scenario makes sense: names exist, times fit together, nothing contradicts.
//!
//! Everything here runs over a scenario whose shape is right, and finds as much as it can at once.

mod checks;
mod contract;
mod faults;
mod hosts;
mod network;
mod script;
mod selectors;
mod top;
mod vocabulary;

use serde_json::Value;

use super::catalog::{Catalog, OptionsCheck};
use super::decode::Problem;
use super::document::Document;
use super::error::{Error, ErrorKind, Errors};
use super::path::Path;
use super::spec::Scenario;
pub(in crate::format) use faults::{check_overlap, check_random};
pub(in crate::format) use hosts::check_range;
pub(in crate::format) use network::{check_correlation, check_latency};
pub(in crate::format) use vocabulary::Sort;
use vocabulary::Vocabulary;

/// What the checks share: what they look at, and what they found.
pub(in crate::format) struct Findings<'a> {
    document: &'a Document,
    catalog: &'a Catalog,
    vocabulary: Vocabulary<'a>,
    problems: Vec<Problem>,
    errors: Vec<Error>,
}

impl Findings<'_> {
    /// A wrong value.
    pub(in crate::format) fn value(&mut self, path: &Path, message: impl Into<String>) {
        self.problems.push(Problem::value(path, message));
    }

    /// A wrong value, and what to do about it.
    pub(in crate::format) fn value_help(
        &mut self,
        path: &Path,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.problems.push(Problem::value(path, message).help(help.into()));
    }

    /// A wrong key.
    pub(in crate::format) fn key(
        &mut self,
        path: &Path,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        self.problems.push(Problem::key(path, message).help(help));
    }

    /// Lets the owner of raw options check them.
    fn options(&mut self, check: Option<OptionsCheck>, path: &Path, value: &Value) {
        if let Some(check) = check {
            self.errors.extend(check.find(self.document, path, value));
        }
    }
}

/// Checks a scenario against the catalog, and puts what each selector means in its place.
///
/// # Errors
/// Everything that does not make sense, with its place.
pub fn validate(
    document: &Document,
    scenario: &mut Scenario,
    catalog: &Catalog,
) -> Result<(), Errors> {
    let vocabulary = Vocabulary::new(&scenario.protocol, catalog);
    let mut findings =
        Findings { document, catalog, vocabulary, problems: Vec::new(), errors: Vec::new() };
    top::check(scenario, &mut findings);
    hosts::check(scenario, &mut findings);
    network::check(scenario, &mut findings);
    selectors::resolve(scenario, &mut findings);
    faults::check(scenario, &mut findings);
    script::check(scenario, &mut findings);
    checks::check(scenario, &mut findings);
    let Findings { problems, mut errors, .. } = findings;
    errors.extend(problems.into_iter().map(|p| document.locate(ErrorKind::Meaning, p)));
    match Errors::collect(errors) {
        Some(errors) => Err(errors),
        None => Ok(()),
    }
}
