//! Histories as they come from outside: read, given a meaning, judged.

mod anomalies;
mod examples;
mod meaning;
mod reference;

use seedbed_checkers::formats::{Source, read};
use seedbed_checkers::judge::{Judgement, ModelKind, Question, judge};

/// A file of `tests/data`.
pub(crate) fn data(name: &str) -> String {
    let path = format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub(crate) fn one_source(text: &str) -> Source {
    let mut sources = read(text, None).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(sources.len(), 1);
    sources.remove(0)
}

/// Judges the only history of a text as a history of a model.
pub(crate) fn judged(text: &str, model: &str) -> Result<Judgement, String> {
    let question = Question::of(ModelKind::named(model).expect("a model"));
    judge(&one_source(text), &question).map_err(|error| error.to_string())
}
