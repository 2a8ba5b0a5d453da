//! A bank: transfers between accounts never change the total.
//!
//! Whatever transfers are under way, a read that sees each of them whole sees the total that the
//! bank began with. This is the workload by which Jepsen shows snapshot isolation broken.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::history::{History, Outcome};

use super::{Blame, Scan};

/// What a client may ask of a bank with accounts `A`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BankOp<A> {
    /// Return all balances.
    Read,
    /// Move an amount.
    Transfer {
        /// From this account.
        from: A,
        /// To this one.
        to: A,
        /// So much.
        amount: i64,
    },
}

impl<A: fmt::Debug> fmt::Display for BankOp<A> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BankOp::Read => formatter.write_str("read"),
            BankOp::Transfer { from, to, amount } => {
                write!(formatter, "transfer {amount} from {from:?} to {to:?}")
            }
        }
    }
}

/// What a bank may answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", bound(deserialize = "A: Ord + Deserialize<'de>"))]
pub enum BankRet<A> {
    /// All balances.
    Balances(BTreeMap<A, i64>),
    /// The transfer took place.
    Done,
    /// It did not, for lack of money.
    Refused,
}

impl<A: fmt::Debug> fmt::Display for BankRet<A> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BankRet::Balances(balances) => write!(formatter, "{balances:?}"),
            BankRet::Done => formatter.write_str("done"),
            BankRet::Refused => formatter.write_str("refused"),
        }
    }
}

/// What the bank promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankRules {
    /// What all accounts together hold, always.
    pub total: i64,
    /// How many accounts every read shows.
    pub accounts: u64,
    /// Whether accounts may be in debt.
    pub may_be_negative: bool,
}

/// What [`bank`] counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankReport {
    /// Reads that were answered.
    pub reads: u64,
    /// Transfers that were answered and took place.
    pub transfers: u64,
    /// Reads of a wrong total.
    pub wrong_totals: u64,
    /// Reads of another number of accounts.
    pub wrong_accounts: u64,
    /// Reads of a negative balance.
    pub negatives: u64,
    /// The smallest and the greatest total that was read.
    pub totals: Option<(i64, i64)>,
    /// The smallest balance that was read.
    pub least_balance: Option<i64>,
}

/// Holds every read of a bank against its rules.
pub fn bank<A: Ord + fmt::Debug>(
    history: &History<BankOp<A>, BankRet<A>>,
    rules: BankRules,
) -> Scan<BankReport> {
    let mut report = BankReport::default();
    let mut blame = Blame::new(history);
    for (id, operation) in history.iter() {
        let balances = match (&operation.op, &operation.outcome) {
            (BankOp::Read, Outcome::Ok(BankRet::Balances(balances))) => balances,
            (BankOp::Transfer { .. }, Outcome::Ok(BankRet::Done)) => {
                report.transfers += 1;
                continue;
            }
            (BankOp::Transfer { .. }, Outcome::Ok(BankRet::Refused))
            | (_, Outcome::Fail | Outcome::Info) => continue,
            (BankOp::Read, Outcome::Ok(BankRet::Done | BankRet::Refused))
            | (BankOp::Transfer { .. }, Outcome::Ok(BankRet::Balances(_))) => {
                blame.fail("answer-fits", [id], || "the answer does not fit".to_owned());
                continue;
            }
        };
        report.reads += 1;
        let total: i64 = balances.values().fold(0, |sum, &balance| sum.saturating_add(balance));
        let (least, greatest) = report.totals.unwrap_or((total, total));
        report.totals = Some((least.min(total), greatest.max(total)));
        if total != rules.total {
            report.wrong_totals += 1;
            let expected = rules.total;
            blame.fail("total", [id], || {
                format!("a read found a total of {total} instead of {expected}")
            });
        }
        if super::count(balances.len()) != rules.accounts {
            report.wrong_accounts += 1;
            let (found, expected) = (balances.len(), rules.accounts);
            blame.fail("accounts", [id], || {
                format!("a read found {found} accounts instead of {expected}")
            });
        }
        let Some((account, &balance)) = balances.iter().min_by_key(|&(_, &balance)| balance) else {
            continue;
        };
        report.least_balance = Some(report.least_balance.unwrap_or(balance).min(balance));
        if balance < 0 {
            report.negatives += 1;
            if !rules.may_be_negative {
                blame.fail("no-debt", [id], || format!("{account:?} has {balance}"));
            }
        }
    }
    if report.reads == 0 {
        blame.unknown("bank: no read was answered");
    }
    Scan { verdict: blame.verdict, report }
}
