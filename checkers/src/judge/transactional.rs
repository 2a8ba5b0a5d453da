//! Transactions: how their histories are read and judged.

use super::levels::Level;
use super::{Judgement, Question};
use crate::budget::Budget;
use crate::formats::Source;
use crate::formats::typed::{Typed, typed};
use crate::history::HistoryError;
use crate::transactions::{self, Completed, Options, TransactionOp, check, report};
use crate::value::Value;

pub(super) fn transactions(
    source: &Source,
    question: &Question,
) -> Result<Judgement, HistoryError> {
    let typed: Typed<TransactionOp<Value, Value>, Completed<Value, Value>> = typed(source)?;
    let Level::Isolation(level) = question.level else {
        unreachable!("transactions are judged at isolation levels only")
    };
    let Budget { steps, states } = question.budget;
    let budget =
        transactions::Budget { steps, bytes: states.saturating_mul(Budget::BYTES_A_STATE) };
    let options = Options { budget, ..Options::default() };
    let verdict = check(level, &typed.history, &options);
    let mut judgement = Judgement::about(&typed, verdict, None);
    if matches!(judgement.verdict, crate::Verdict::Fail(_)) {
        // What else is wrong costs a search at each level: a tenth of the budget is enough.
        let less = transactions::Budget { steps: budget.steps / 10, bytes: budget.bytes };
        let report = report(&typed.history, &Options { budget: less, ..Options::default() });
        let kinds = report.anomalies.iter().map(|anomaly| anomaly.kind.to_string());
        let strongest = report.strongest().into_iter().map(transactions::Level::name);
        judgement.measures.insert("anomalies".to_owned(), kinds.collect());
        judgement.measures.insert("keeps".to_owned(), strongest.collect());
    }
    Ok(judgement)
}
