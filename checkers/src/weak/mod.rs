//! Levels weaker than linearizability: what a store that answers from the nearest replica, or from
//! a cache, can still promise.
//!
//! # What is judged
//! Registers, one for each key, that are read and written ([`Registers`]): a [`crate::Register`],
//! or a [`crate::Kv`] of which only get, put and delete are used. [`sequential`] takes any
//! [`crate::Model`]. Real time does not count at these levels: only the order in which each
//! *process* did its own operations (its *session*), and what reads returned. A client that went
//! on after an operation of unknown fate ([`crate::Process::next_generation`]) is a new process.
//!
//! A write that ended `fail` never took place; one that ended `info`, or never ended, may have, or
//! not; it is the last one of its session. If nobody read it, it may as well not have taken
//! place; if somebody did, it has. Reads without an answer say nothing.
//!
//! # The levels
//! At every level a read returns what some write put there, or the initial value. Beyond that,
//! the [`Level`]s demand:
//!
//! - *sequential*: one order of all operations, each session's in its order, in which each read
//!   returns the last write of its key before it.
//! - *causal-memory*: for each process, an order of all writes and its own reads that respects
//!   causality, with the same rule for its reads.
//! - *causal-convergence*: one order of all writes that respects causality, such that each read
//!   returns the last one of its causal past.
//! - *causal*: each read returns a write of its causal past that no write of that past overwrites.
//! - *pram*: for each process, an order of all writes and its own reads that respects every
//!   session's order.
//! - *monotonic-reads*: the same, but only the order of its own reads is respected.
//! - *read-your-writes*: the same, but only the order of its own writes before its own reads.
//! - *monotonic-writes*: monotonic-reads, and each session's writes are in its order too.
//! - *writes-follow-reads*: monotonic-reads, and what any process had read comes before what it
//!   wrote then.
//!
//! *Causality* is the order of sessions together with "the read returned what this write put
//! there", and what follows from the two (Lamport's happened-before). Causal memory is that of
//! Ahamad, Neiger, Burns, Kohli & Hutto ("Causal memory", 1995), PRAM that of Lipton & Sandberg
//! (1988); causal convergence and `causal` (weak causal consistency) are CCv and CC of Bouajjani,
//! Enea, Guerraoui & Hamza ("On verifying causal consistency", POPL 2017); the session guarantees
//! are those of Terry et al. ("Session guarantees for weakly consistent replicated data", 1994).
//!
//! The guarantees are existential: a history breaks one only if no order of the writes saves it.
//! So "read 2, then 1" breaks no monotonic read as long as nothing says which was written first;
//! and two of a process's own writes may be seen in either order under read-your-writes alone.
//! How writes are ordered shows only to a reader that does not go back, which is why
//! monotonic-writes and writes-follow-reads are judged for such readers. [`Level::implies`] is
//! the hierarchy; linearizability implies sequential consistency.
//!
//! # How they are decided
//! If no value is written twice to one key, it is known which write each read returned, and then
//! all levels but sequential take polynomial time, for they come down to
//! cycles: `view.rs` has the algorithm for those with an order for each process, and
//! `guarantees.rs` the others. Sequential consistency is NP-complete even then: see
//! [`sequential`].
//!
//! If values repeat (or the initial value is written), the sources of those reads are searched for
//! (`settle.rs`): exact, and as fast as before while few reads are concerned, but exponential at
//! worst. When the [`Budget`] is spent the verdict is unknown, and says so.
//!
//! Left out: histories in which registers are appended to or compared and set (unknown, except to
//! [`sequential`]), and other objects than registers at the other levels.
//!
//! # Eventual convergence
//! [`eventually_converges`] judges what remains when nothing else is promised: see there.

mod accesses;
mod clash;
mod clocks;
mod convergence;
mod graph;
mod guarantees;
mod level;
mod registers;
mod sequential;
mod settle;
mod view;

pub use convergence::{EVENTUAL_CONVERGENCE, eventually_converges};
pub use level::{Level, ParseLevelError};
pub use registers::{Access, Registers};
pub use sequential::{sequential, sequential_registers};

use std::fmt;

use crate::budget::{Budget, Spent};
use crate::history::{History, OperationId};
use crate::verdict::{Explanation, Verdict};

use accesses::{Accesses, Number, Source};
use clash::{Clash, Teller};
use graph::Order;
use guarantees::Judge;
use settle::{Check, Settled, settle};

/// Judges whether a history of registers is consistent at `level`.
pub fn consistent<M: Registers>(
    level: Level,
    model: &M,
    history: &History<M::Op, M::Ret>,
    budget: Budget,
) -> Verdict {
    if level == Level::Sequential {
        return sequential_registers(model, history, budget);
    }
    let accesses = match Accesses::of(model, history) {
        Ok(accesses) => accesses,
        Err(id) => return not_registers(level.name(), history, id),
    };
    let judge = Judge::new(&accesses);
    let mut sources = accesses.sources();
    let (ambiguous, mut spent) = (accesses.ambiguous_reads(), Spent::default());
    let settled = match accesses.unfounded_read() {
        Some(read) => Settled::Broken(Clash::Unfounded(read)),
        None => decide(level, &judge, &mut sources, &ambiguous, (budget, &mut spent)),
    };
    verdict_of::<M>(level, &accesses, history, settled)
}

/// Asks the question of the level: of all sessions at once if the source of a read matters to
/// several of them, else of one after the other.
fn decide(
    level: Level,
    judge: &Judge<'_>,
    sources: &mut [Source],
    ambiguous: &[Number],
    (budget, spent): (Budget, &mut Spent),
) -> Settled {
    let all = || judge.sessions();
    let check: &mut Check<'_> = match level {
        Level::Sequential => unreachable!("it is judged elsewhere"),
        Level::CausalMemory => &mut |sources, spent, explain| {
            judge.views(sources, all(), |_| Order::Everything, spent, explain)
        },
        Level::CausalConvergence => {
            &mut |sources, spent, explain| judge.convergent(sources, spent, explain)
        }
        Level::Causal => &mut |sources, spent, explain| judge.causal(sources, spent, explain),
        Level::WritesFollowReads => &mut |sources, spent, explain| {
            judge.views(sources, all(), |_| Order::WritesAfterReads, spent, explain)
        },
        Level::ReadYourWrites => {
            return each(judge, sources, ambiguous, (budget, spent), |sessions| {
                move |sources: &[Source], spent: &mut Spent, _: bool| {
                    sessions
                        .clone()
                        .try_for_each(|session| judge.reads_own_writes(sources, session, spent))
                }
            });
        }
        Level::Pram | Level::MonotonicReads | Level::MonotonicWrites => {
            let order_of = move |session| match level {
                Level::Pram => Order::WritesAndOwn(session),
                Level::MonotonicWrites => Order::Writes,
                _ => Order::Nothing,
            };
            return each(judge, sources, ambiguous, (budget, spent), |sessions| {
                move |sources: &[Source], spent: &mut Spent, explain: bool| {
                    judge.views(sources, sessions.clone(), order_of, spent, explain)
                }
            });
        }
    };
    settle(judge.accesses, sources, ambiguous, (budget, spent), check)
}

/// Settles the sources of each session's reads apart. The sessions without ambiguous reads need no
/// more than one look at all of them.
fn each<C>(
    judge: &Judge<'_>,
    sources: &mut [Source],
    ambiguous: &[Number],
    (budget, spent): (Budget, &mut Spent),
    check_of: impl Fn(std::ops::Range<u32>) -> C,
) -> Settled
where
    C: FnMut(&[Source], &mut Spent, bool) -> Result<(), Clash>,
{
    let accesses = judge.accesses;
    let mut settled =
        settle(accesses, sources, &[], (budget, &mut *spent), &mut check_of(judge.sessions()));
    let mut by_session = ambiguous.to_vec();
    by_session.sort_by_key(|&read| accesses.item(read).session);
    for own in by_session
        .chunk_by(|&one, &other| accesses.item(one).session == accesses.item(other).session)
    {
        let session = accesses.item(own[0]).session;
        let mut check = check_of(session..session + 1);
        settled = settled.or(|| settle(accesses, sources, own, (budget, &mut *spent), &mut check));
    }
    settled
}

/// Says what came of it.
fn verdict_of<M: Registers>(
    level: Level,
    accesses: &Accesses,
    history: &History<M::Op, M::Ret>,
    settled: Settled,
) -> Verdict {
    let teller = Teller::<M> { accesses, history };
    match settled {
        Settled::Holds => Verdict::Pass,
        Settled::Broken(clash) => Verdict::Fail(teller.explain(level.name(), &clash)),
        Settled::Hopeless { clash, choices } => {
            let Explanation { clause, summary, operations } = teller.explain(level.name(), &clash);
            let summary = format!(
                "values repeat, and whichever write each read is taken to have returned ({choices} \
                 choices were tried), it does not fit; at the last try, {summary}"
            );
            Verdict::Fail(Explanation { clause, summary, operations })
        }
        Settled::OutOf(limit) => Verdict::Unknown(format!(
            "{level}: values repeat, so that reads do not tell which write they returned, and \
             {limit}"
        )),
    }
}

/// The verdict on a history with an operation that is not for these checkers.
fn not_registers<O: fmt::Display, R: fmt::Display>(
    name: &str,
    history: &History<O, R>,
    id: OperationId,
) -> Verdict {
    let operation = history.operation(id);
    Verdict::Unknown(format!(
        "{name} is judged for reads and writes of registers only, not for `{operation}`"
    ))
}
