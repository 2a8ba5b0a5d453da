//! Verdicts: what a checker says of a history, and why.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::history::{History, OperationId};

/// What a checker says of a history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The property holds.
    Pass,
    /// The property is violated, and this is the evidence.
    Fail(Explanation),
    /// The checker could not decide, for this reason: it ran out of its budget, say. It is no
    /// pass: a bigger budget or a shorter history may still show a violation.
    Unknown(String),
}

impl Verdict {
    /// Whether the property holds.
    pub fn is_pass(&self) -> bool {
        matches!(self, Verdict::Pass)
    }

    /// Both verdicts as one: fail goes before unknown, unknown before pass. Of two alike the
    /// first stays.
    #[must_use]
    pub fn merge(self, other: Verdict) -> Verdict {
        if other.severity() > self.severity() { other } else { self }
    }

    pub(crate) fn severity(&self) -> u8 {
        match self {
            Verdict::Pass => 0,
            Verdict::Unknown(_) => 1,
            Verdict::Fail(_) => 2,
        }
    }
}

/// Many verdicts merge into one; of none at all, nothing is violated.
impl FromIterator<Verdict> for Verdict {
    fn from_iter<I: IntoIterator<Item = Verdict>>(verdicts: I) -> Verdict {
        verdicts.into_iter().fold(Verdict::Pass, Verdict::merge)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Pass => formatter.write_str("pass"),
            Verdict::Fail(explanation) => write!(formatter, "fail: {explanation}"),
            Verdict::Unknown(reason) => write!(formatter, "unknown: {reason}"),
        }
    }
}

/// Why a property is violated, in a form that a person can check by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The broken rule's name; the checker's page says what the rule is.
    pub clause: String,
    /// What is wrong, in one sentence.
    pub summary: String,
    /// The few operations that contradict each other.
    pub operations: Vec<Evidence>,
}

impl Explanation {
    /// Explains a violation of `clause` by the operations `ids` of `history`; an operation that
    /// is named twice is listed once.
    pub fn new<O: fmt::Display, R: fmt::Display>(
        clause: &str,
        summary: String,
        history: &History<O, R>,
        ids: impl IntoIterator<Item = OperationId>,
    ) -> Explanation {
        let mut operations: Vec<Evidence> = Vec::new();
        for id in ids {
            if operations.iter().all(|evidence| evidence.id != id) {
                operations.push(Evidence { id, line: history.operation(id).to_string() });
            }
        }
        Explanation { clause: clause.to_owned(), summary, operations }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.clause, self.summary)?;
        for evidence in &self.operations {
            write!(formatter, "\n  {}", evidence.line)?;
        }
        Ok(())
    }
}

/// An operation that takes part in a violation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Which one.
    pub id: OperationId,
    /// The operation, its interval and its outcome in words.
    pub line: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(clause: &str) -> Verdict {
        let (clause, summary) = (clause.to_owned(), String::new());
        Verdict::Fail(Explanation { clause, summary, operations: Vec::new() })
    }

    fn unknown(reason: &str) -> Verdict {
        Verdict::Unknown(reason.to_owned())
    }

    #[test]
    fn fail_goes_before_unknown_before_pass_in_any_order() {
        let ranked = [Verdict::Pass, unknown("budget"), fail("clause")];
        for (low, worse) in ranked.iter().enumerate().flat_map(|(position, low)| {
            ranked[position..].iter().map(move |worse| (low.clone(), worse.clone()))
        }) {
            assert_eq!(low.clone().merge(worse.clone()), worse);
            assert_eq!(worse.clone().merge(low), worse);
        }
    }

    #[test]
    fn of_two_alike_the_first_stays() {
        assert_eq!(fail("first").merge(fail("second")), fail("first"));
        assert_eq!(unknown("first").merge(unknown("second")), unknown("first"));
        let many = [Verdict::Pass, unknown("first"), fail("first"), unknown("second")];
        assert_eq!(many.into_iter().collect::<Verdict>(), fail("first"));
        assert_eq!([].into_iter().collect::<Verdict>(), Verdict::Pass);
    }

    #[test]
    fn evidence_is_listed_once_and_in_words() {
        let mut history: History<&str, u32> = History::new();
        let id = history.invoke(crate::Process::client(1), 1_500_000, "read");
        history.ok(id, 2_000_001, 7);
        let explanation = Explanation::new("rule", "it is wrong".to_owned(), &history, [id, id]);
        assert_eq!(
            Verdict::Fail(explanation).to_string(),
            "fail: rule: it is wrong\n  c1 read from 1.500000ms to 2.000001ms: ok, 7"
        );
    }
}
