//! Any history, any model, any level: what the command `seedbed judge` does, as functions.
//!
//! ```
//! use seedbed_checkers::{Verdict, formats, judge};
//!
//! let text = r#"
//! {:process 0, :type :invoke, :f :write, :value 1}
//! {:process 0, :type :ok,     :f :write, :value 1}
//! {:process 1, :type :invoke, :f :read}
//! {:process 1, :type :ok,     :f :read,  :value nil}
//! "#;
//! let histories = formats::read(text, None).unwrap();
//! let register = judge::ModelKind::named("register").unwrap();
//! let question = judge::Question::of(register);
//! let judgement = judge::judge(&histories[0], &question).unwrap();
//! assert!(matches!(judgement.verdict, Verdict::Fail(_)), "the read is stale");
//! assert_eq!(judgement.evidence_lines.last(), Some(&(4, Some(5))));
//! ```
//!
//! [`MODELS`] lists the models; each has levels, of which the first is meant if none is named.

use crate::budget::{Budget, Spent};
use crate::formats::Source;
use crate::formats::typed::Typed;
use crate::history::{HistoryError, Outcome};
use crate::timeline::Timeline;
use crate::value::Value;
use crate::verdict::Verdict;

mod levels;
mod models;
mod objects;
mod reference;
mod scanned;
mod transactional;

pub use levels::Level;
pub use models::{Initial, MODELS, ModelKind};
pub use reference::reference_page;

/// What is asked of a history.
#[derive(Clone, Debug)]
pub struct Question {
    /// What it is a history of.
    pub model: &'static ModelKind,
    /// What is promised.
    pub level: Level,
    /// What an object holds before anybody has touched it, or its keys that are missing.
    pub initial: Option<Value>,
    /// What a search may cost.
    pub budget: Budget,
    /// From when on everything should have settled, for [`Level::EventualConvergence`].
    pub quiet_ns: u64,
}

impl Question {
    /// The usual question about a model: its first level, nothing there at first, and the usual
    /// budget.
    pub fn of(model: &'static ModelKind) -> Question {
        let level = model.levels().into_iter().next().unwrap_or(Level::Rules);
        let budget = Budget::default();
        Question { model, level, initial: None, budget, quiet_ns: 0 }
    }
}

/// How many operations ended in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Took place.
    pub ok: usize,
    /// Did not.
    pub fail: usize,
    /// Nobody knows.
    pub info: usize,
}

impl Counts {
    /// All of them.
    pub fn total(self) -> usize {
        self.ok + self.fail + self.info
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// For each operation of the verdict's explanation the lines of its invocation and of its
    /// end, if the file has one.
    pub evidence_lines: Vec<(usize, Option<usize>)>,
    /// The operations of the history.
    pub counts: Counts,
    /// What the search has cost; `None` where nothing is searched.
    pub spent: Option<Spent>,
    /// What was measured beside the verdict, by name: numbers, or lists of names.
    pub measures: serde_json::Map<String, serde_json::Value>,
    /// The operations that contradict each other as a picture, where there is one.
    pub timeline: Option<Timeline>,
}

/// Judges a history.
///
/// # Errors
/// If an operation or an answer is none of the model's, with its line.
///
/// # Panics
/// If the level is none of the model's.
pub fn judge(source: &Source, question: &Question) -> Result<Judgement, HistoryError> {
    let (model, level) = (question.model, question.level);
    assert!(model.levels().contains(&level), "{} has no level {}", model.name, level.name());
    (question.model.judge)(source, question)
}

impl Judgement {
    /// A verdict about a typed history, with the lines of its evidence.
    fn about<O, R>(typed: &Typed<O, R>, mut verdict: Verdict, spent: Option<Spent>) -> Judgement {
        let mut evidence_lines = Vec::new();
        if let Verdict::Fail(explanation) = &mut verdict {
            for evidence in &mut explanation.operations {
                evidence_lines.push(typed.lines_of(evidence.id));
                if !typed.is_timed {
                    let interval = typed.history.operation(evidence.id).interval().to_string();
                    evidence.line = evidence.line.replacen(&interval, "", 1);
                }
            }
        }
        let mut counts = Counts::default();
        for operation in typed.history.operations() {
            match operation.outcome {
                Outcome::Ok(_) => counts.ok += 1,
                Outcome::Fail => counts.fail += 1,
                Outcome::Info => counts.info += 1,
            }
        }
        let (measures, timeline) = (serde_json::Map::new(), None);
        Judgement { verdict, evidence_lines, counts, spent, measures, timeline }
    }
}
