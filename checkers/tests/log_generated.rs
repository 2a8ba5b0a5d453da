//! `log-consistent` on generated histories: those of a correct log pass, those that were damaged
//! in one place fail with the clause that the damage breaks, and on histories of pure nonsense
//! the checker agrees with a slow one that only restates the clauses.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::Index;
use seedbed_checkers::{LogClause, LogHistory, LogOp, LogRet, Operation, Outcome, Process};
use seedbed_checkers::{OperationId, log_consistent, log_violations};

type Value = u32;
type Op = Operation<LogOp<Value>, LogRet<Value>>;

/// What an outstanding append has come to.
#[derive(Clone, Copy)]
enum Fate {
    Submitted,
    Landed(u64),
}

#[derive(Clone, Copy)]
enum Doing {
    Nothing,
    Appending(OperationId, Value, Fate),
    Reading(OperationId),
}

#[derive(Clone, Copy)]
struct Client {
    process: Process,
    doing: Doing,
}

/// A correct replicated log with four clients, driven by drawn numbers.
struct Simulation {
    history: LogHistory<Value>,
    now_ns: u64,
    log: Vec<Option<Value>>,
    clients: Vec<Client>,
    /// Submitted, given up by their clients, and not in the log yet.
    adrift: Vec<Value>,
    next_value: Value,
    may_repeat: bool,
}

/// A step: which kind, which client, a free number, and how long before it time moves.
type Step = (u8, usize, usize, u64);

impl Simulation {
    fn new(may_repeat: bool) -> Simulation {
        let client = |number| Client { process: Process::client(number), doing: Doing::Nothing };
        Simulation {
            history: LogHistory::new(),
            now_ns: 0,
            log: Vec::new(),
            clients: (1..=4).map(client).collect(),
            adrift: Vec::new(),
            next_value: 0,
            may_repeat,
        }
    }

    /// Some steps, then an end in which every kind of append is there at least twice, one after
    /// the other, and two final reads.
    fn run(steps: &[Step], may_repeat: bool) -> LogHistory<Value> {
        let mut simulation = Simulation::new(may_repeat);
        for &(kind, client, number, pause_ns) in steps {
            simulation.now_ns += pause_ns;
            simulation.step(kind % 8, client % 4, number);
        }
        for client in 0..4 {
            simulation.answer(client, 0);
        }
        for number in 0..4 {
            for kind in [0, 2, 3, 0, 3, 0, 4, 0, 1, 2, 3] {
                simulation.now_ns += 1;
                simulation.step(kind, number % 2, number);
            }
        }
        for client in 2..4 {
            let final_read = LogOp::Read { final_read: true };
            let process = simulation.clients[client].process;
            simulation.now_ns += 1;
            let id = simulation.history.invoke(process, simulation.now_ns, final_read);
            let whole = LogRet::Log(simulation.log.clone());
            simulation.history.ok(id, simulation.now_ns, whole);
        }
        simulation.history
    }

    fn step(&mut self, kind: u8, client: usize, number: usize) {
        let Client { process, doing } = self.clients[client];
        match (kind, doing) {
            (0, Doing::Nothing) => {
                let again = self.may_repeat && number.is_multiple_of(3) && self.next_value > 0;
                let value = if again { self.next_value - 1 } else { self.next_value };
                self.next_value = value + 1;
                let id = self.history.invoke(process, self.now_ns, LogOp::Append(value));
                self.clients[client].doing = Doing::Appending(id, value, Fate::Submitted);
            }
            // A no-op, as of a new leader.
            (1, _) if number.is_multiple_of(2) => self.log.push(None),
            (1, _) if !self.adrift.is_empty() => {
                let value = self.adrift.remove(number % self.adrift.len());
                self.log.push(Some(value));
            }
            (2, Doing::Appending(id, value, Fate::Submitted)) => {
                self.log.push(Some(value));
                let index = u64::try_from(self.log.len()).unwrap();
                self.clients[client].doing = Doing::Appending(id, value, Fate::Landed(index));
            }
            (3, Doing::Appending(..) | Doing::Reading(_)) => self.answer(client, number),
            (4, Doing::Appending(id, value, fate)) => {
                if let Fate::Submitted = fate {
                    self.adrift.push(value);
                }
                self.history.info(id, self.now_ns);
                let process = process.next_generation();
                self.clients[client] = Client { process, doing: Doing::Nothing };
            }
            (5, Doing::Nothing) => {
                let read = LogOp::Read { final_read: false };
                let id = self.history.invoke(process, self.now_ns, read);
                self.clients[client].doing = Doing::Reading(id);
            }
            // The drawn step does not apply now; others will.
            (_, Doing::Nothing | Doing::Appending(..) | Doing::Reading(_)) => {}
        }
    }

    /// Ends what the client waits for: an append that has not landed is refused.
    fn answer(&mut self, client: usize, number: usize) {
        match self.clients[client].doing {
            Doing::Nothing => {}
            Doing::Appending(id, _, Fate::Submitted) => self.history.fail(id, self.now_ns),
            Doing::Appending(id, _, Fate::Landed(index)) => {
                self.history.ok(id, self.now_ns, LogRet::Index(index));
            }
            Doing::Reading(id) => {
                let prefix = self.log[..number % (self.log.len() + 1)].to_vec();
                self.history.ok(id, self.now_ns, LogRet::Log(prefix));
            }
        }
        self.clients[client].doing = Doing::Nothing;
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec((0_u8..8, 0_usize..4, 0_usize..1000, 0_u64..3), 0..120)
}

/// Every operation as a process of its own, so that a damaged history needs no care.
fn rebuilt(operations: Vec<Op>) -> LogHistory<Value> {
    let mut history = LogHistory::new();
    for (number, operation) in operations.into_iter().enumerate() {
        let process = Process::client(u32::try_from(number).unwrap());
        let id = history.invoke(process, operation.invoked_ns, operation.op);
        match (operation.outcome, operation.ended_ns) {
            (Outcome::Ok(ret), Some(ended_ns)) => history.ok(id, ended_ns, ret),
            (Outcome::Fail, Some(ended_ns)) => history.fail(id, ended_ns),
            (Outcome::Info, Some(ended_ns)) => history.info(id, ended_ns),
            (Outcome::Info, None) => {}
            (Outcome::Ok(_) | Outcome::Fail, None) => unreachable!("it has an end"),
        }
    }
    history
}

/// The positions of acknowledged appends, with value, index and interval.
fn acks(operations: &[Op]) -> Vec<(usize, Value, u64, u64, u64)> {
    let mut acks = Vec::new();
    for (position, operation) in operations.iter().enumerate() {
        if let (LogOp::Append(value), Outcome::Ok(LogRet::Index(index))) =
            (&operation.op, &operation.outcome)
        {
            let ended_ns = operation.ended_ns.unwrap();
            acks.push((position, *value, *index, operation.invoked_ns, ended_ns));
        }
    }
    acks
}

fn logs(operations: &mut [Op]) -> impl DoubleEndedIterator<Item = &mut Vec<Option<Value>>> {
    operations.iter_mut().filter_map(|operation| match &mut operation.outcome {
        Outcome::Ok(LogRet::Log(entries)) => Some(entries),
        Outcome::Ok(LogRet::Index(_)) | Outcome::Fail | Outcome::Info => None,
    })
}

fn last_log(operations: &mut [Op]) -> &mut Vec<Option<Value>> {
    logs(operations).next_back().expect("the simulation ends with final reads")
}

fn values_with(operations: &[Op], wanted: fn(&Outcome<LogRet<Value>>) -> bool) -> Vec<Value> {
    let mut values = Vec::new();
    for operation in operations.iter().filter(|operation| wanted(&operation.outcome)) {
        if let LogOp::Append(value) = operation.op {
            values.push(value);
        }
    }
    values
}

/// One way to damage a history of distinct values, and the clause that it breaks.
#[derive(Clone, Copy, Debug)]
enum Damage {
    BlankAcked,
    CutOutAcked,
    TruncateBeforeAcked,
    SwapAgainstRealTime,
    ShareIndex,
    DisagreeingReads,
    ResurrectFailed,
    DuplicateEntry,
    Phantom,
    AnswerFromTheFuture,
}

impl Damage {
    const ALL: [Damage; 10] = [
        Damage::BlankAcked,
        Damage::CutOutAcked,
        Damage::TruncateBeforeAcked,
        Damage::SwapAgainstRealTime,
        Damage::ShareIndex,
        Damage::DisagreeingReads,
        Damage::ResurrectFailed,
        Damage::DuplicateEntry,
        Damage::Phantom,
        Damage::AnswerFromTheFuture,
    ];

    fn clause(self) -> LogClause {
        match self {
            Damage::BlankAcked | Damage::CutOutAcked | Damage::TruncateBeforeAcked => {
                LogClause::AcknowledgedKept
            }
            Damage::SwapAgainstRealTime => LogClause::RealTimeOrder,
            Damage::ShareIndex | Damage::DisagreeingReads => LogClause::OneIndexOneCommand,
            Damage::ResurrectFailed => LogClause::FailedNeverAppears,
            Damage::DuplicateEntry => LogClause::OneCommandOneIndex,
            Damage::Phantom | Damage::AnswerFromTheFuture => LogClause::OnlySubmitted,
        }
    }

    /// Whether it breaks nothing but its clause, whatever the history.
    fn is_pure(self) -> bool {
        match self {
            Damage::TruncateBeforeAcked
            | Damage::ResurrectFailed
            | Damage::DuplicateEntry
            | Damage::Phantom => true,
            // Entries that move or change also contradict other reads or acknowledgements.
            Damage::BlankAcked
            | Damage::CutOutAcked
            | Damage::SwapAgainstRealTime
            | Damage::ShareIndex
            | Damage::DisagreeingReads
            | Damage::AnswerFromTheFuture => false,
        }
    }

    fn apply(self, operations: &mut [Op], choice: Index) {
        let acks = acks(operations);
        let &(position, value, index, ..) = choice.get(&acks);
        let offset = usize::try_from(index - 1).unwrap();
        match self {
            Damage::BlankAcked => last_log(operations)[offset] = None,
            Damage::CutOutAcked => {
                last_log(operations).remove(offset);
            }
            Damage::TruncateBeforeAcked => last_log(operations).truncate(offset),
            Damage::SwapAgainstRealTime => swap_against_real_time(operations, &acks, choice),
            Damage::ShareIndex => {
                let other = acks.iter().find(|other| other.0 != position).unwrap();
                operations[other.0].outcome = Outcome::Ok(LogRet::Index(index));
            }
            Damage::DisagreeingReads => {
                let log = last_log(operations);
                let changed = choice.index(log.len());
                log[changed] = if log[changed].is_none() { Some(value) } else { None };
            }
            Damage::ResurrectFailed => {
                let failed = values_with(operations, |outcome| *outcome == Outcome::Fail);
                last_log(operations).push(Some(*choice.get(&failed)));
            }
            Damage::DuplicateEntry => {
                let log = last_log(operations);
                let present: Vec<Value> = log.iter().copied().flatten().collect();
                log.push(Some(*choice.get(&present)));
            }
            Damage::Phantom => last_log(operations).push(Some(Value::MAX)),
            Damage::AnswerFromTheFuture => {
                let late_ns = operations.iter().map(|operation| operation.invoked_ns).max();
                let late_ns = late_ns.unwrap() + 1;
                operations[position].invoked_ns = late_ns;
                operations[position].ended_ns = Some(late_ns);
            }
        }
    }
}

/// Makes two appends, of which one ended before the other began, change places everywhere.
fn swap_against_real_time(
    operations: &mut [Op],
    acks: &[(usize, Value, u64, u64, u64)],
    choice: Index,
) {
    let mut pairs = Vec::new();
    for first in acks {
        pairs.extend(acks.iter().filter(|second| first.4 < second.3).map(|second| (first, second)));
    }
    let (first, second) = *choice.get(&pairs);
    operations[first.0].outcome = Outcome::Ok(LogRet::Index(second.2));
    operations[second.0].outcome = Outcome::Ok(LogRet::Index(first.2));
    for entry in logs(operations).flatten() {
        *entry = match *entry {
            Some(value) if value == first.1 => Some(second.1),
            Some(value) if value == second.1 => Some(first.1),
            other @ (Some(_) | None) => other,
        };
    }
}

fn clauses(history: &LogHistory<Value>) -> BTreeSet<String> {
    log_violations(history).into_iter().map(|found| found.clause).collect()
}

/// The clauses once more, as directly as they can be said and as slow as that is.
fn clauses_by_definition(operations: &[Op]) -> BTreeSet<String> {
    let acks = acks(operations);
    let mut reads: Vec<(bool, &Vec<Option<Value>>, u64, u64)> = Vec::new();
    for operation in operations {
        if let (LogOp::Read { final_read }, Outcome::Ok(LogRet::Log(entries))) =
            (&operation.op, &operation.outcome)
        {
            let ended_ns = operation.ended_ns.unwrap();
            reads.push((*final_read, entries, operation.invoked_ns, ended_ns));
        }
    }
    let mut broken = BTreeSet::new();
    for &(position, value, index, _, ended_ns) in &acks {
        if acks.iter().any(|other| other.0 != position && other.2 == index) {
            broken.insert(LogClause::OneIndexOneCommand);
        }
        for (final_read, entries, invoked_ns, _) in &reads {
            let follows = ended_ns < *invoked_ns;
            match entries.get(usize::try_from(index - 1).unwrap()) {
                Some(entry) if *entry == Some(value) => {}
                Some(_) if follows => drop(broken.insert(LogClause::AcknowledgedKept)),
                Some(_) => drop(broken.insert(LogClause::OneIndexOneCommand)),
                None if *final_read && follows => {
                    broken.insert(LogClause::AcknowledgedKept);
                }
                None => {}
            }
        }
    }
    for (one, other) in reads.iter().flat_map(|one| reads.iter().map(move |other| (one, other))) {
        if one.1.iter().zip(other.1).any(|(entry, other)| entry != other) {
            broken.insert(LogClause::OneIndexOneCommand);
        }
    }
    let mut seen: BTreeMap<(Value, u64), u64> = BTreeMap::new();
    for (_, entries, _, ended_ns) in &reads {
        for (index, entry) in (1..).zip(entries.iter()) {
            if let Some(value) = entry {
                let seen_ns = seen.entry((*value, index)).or_insert(*ended_ns);
                *seen_ns = (*seen_ns).min(*ended_ns);
            }
        }
    }
    appearances_by_definition(operations, &acks, &seen, &mut broken);
    broken.into_iter().map(|clause| clause.name().to_owned()).collect()
}

/// The clauses about where values appear; `seen` says when each place was first seen.
fn appearances_by_definition(
    operations: &[Op],
    acks: &[(usize, Value, u64, u64, u64)],
    seen: &BTreeMap<(Value, u64), u64>,
    broken: &mut BTreeSet<LogClause>,
) {
    let failed = values_with(operations, |outcome| *outcome == Outcome::Fail);
    let mut indices: Vec<(u64, u64)> = acks.iter().map(|ack| (ack.3, ack.2)).collect();
    for (&(value, index), &seen_ns) in seen {
        let here: Vec<_> = acks.iter().filter(|ack| (ack.1, ack.2) == (value, index)).collect();
        if !here.is_empty() {
            if here.iter().all(|ack| seen_ns < ack.3) {
                broken.insert(LogClause::OnlySubmitted);
            }
            continue;
        }
        let is_unknown = |operation: &&Op| {
            operation.op == LogOp::Append(value) && operation.outcome == Outcome::Info
        };
        let unknown: Vec<u64> =
            operations.iter().filter(is_unknown).map(|operation| operation.invoked_ns).collect();
        if unknown.is_empty() && acks.iter().all(|ack| ack.1 != value) {
            let was_refused = failed.contains(&value);
            broken.insert(if was_refused {
                LogClause::FailedNeverAppears
            } else {
                LogClause::OnlySubmitted
            });
            continue;
        }
        let places: Vec<u64> = seen
            .iter()
            .filter(|&(&(other, at), _)| {
                other == value && acks.iter().all(|ack| (ack.1, ack.2) != (value, at))
            })
            .map(|(_, &seen_ns)| seen_ns)
            .collect();
        if places.len() > unknown.len() {
            broken.insert(LogClause::OneCommandOneIndex);
        }
        // Hall's condition: whatever was seen by some time needs as many appends begun by then.
        // Places beyond the number of appends are the other clause's affair.
        let seen_by_then = places.iter().filter(|&&other_ns| other_ns <= seen_ns).count();
        let begun_by_then = unknown.iter().filter(|&&begun_ns| begun_ns <= seen_ns).count();
        if seen_by_then.min(unknown.len()) > begun_by_then {
            broken.insert(LogClause::OnlySubmitted);
        }
        indices.extend(unknown.iter().min().map(|&invoked_ns| (invoked_ns, index)));
    }
    let inverted = |ack: &(usize, Value, u64, u64, u64)| {
        indices.iter().any(|&(invoked_ns, index)| ack.4 < invoked_ns && index < ack.2)
    };
    if acks.iter().any(inverted) {
        broken.insert(LogClause::RealTimeOrder);
    }
}

/// An operation that has nothing to do with any other.
fn nonsense() -> impl Strategy<Value = Op> {
    // One value is frequent, so that several appends of it compete for several places.
    let value = || prop_oneof![Just(0_u32), 0_u32..4];
    let log = prop::collection::vec(prop::option::weighted(0.8, value()), 0..4);
    let append = (value(), 0_u8..4, 1_u64..5).prop_map(|(value, end, index)| {
        let outcome = match end {
            0 => Outcome::Fail,
            1 => Outcome::Info,
            _ => Outcome::Ok(LogRet::Index(index)),
        };
        (LogOp::Append(value), outcome)
    });
    let read = (any::<bool>(), log)
        .prop_map(|(final_read, log)| (LogOp::Read { final_read }, Outcome::Ok(LogRet::Log(log))));
    let process = Process::OPERATOR;
    (prop_oneof![append, read], 0_u64..12, 0_u64..6).prop_map(
        move |((op, outcome), invoked_ns, length_ns)| {
            let ended_ns = Some(invoked_ns + length_ns);
            Operation { process, op, invoked_ns, ended_ns, outcome }
        },
    )
}

proptest! {
    // A failing case is printed whole, and belongs into `log_clauses.rs`, not into a seed file.
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_correct_log_passes(steps in steps(), may_repeat: bool) {
        let history = Simulation::run(&steps, may_repeat);
        prop_assert_eq!(log_violations(&history), []);
        prop_assert!(log_consistent(&history).is_pass());
        prop_assert_eq!(clauses_by_definition(history.operations()), BTreeSet::new());
    }

    #[test]
    fn a_damaged_log_fails_with_the_clause_that_was_broken(steps in steps(), choice: Index) {
        let sound = Simulation::run(&steps, false);
        for damage in Damage::ALL {
            let mut operations = sound.operations().to_vec();
            damage.apply(&mut operations, choice);
            let expected = clauses_by_definition(&operations);
            let history = rebuilt(operations);
            let found = clauses(&history);
            prop_assert!(found.contains(damage.clause().name()), "{damage:?} broke {found:?}");
            prop_assert!(!damage.is_pure() || found.len() == 1, "{damage:?} broke {found:?}");
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn the_fast_checker_agrees_with_the_definition(
        operations in prop::collection::vec(nonsense(), 0..9),
    ) {
        let expected = clauses_by_definition(&operations);
        prop_assert_eq!(clauses(&rebuilt(operations)), expected);
    }
}

/// 20,000 appends and 30 reads of up to 20,000 entries. A quadratic checker would need 10^8
/// comparisons for the appends alone, and 10^10 with the reads: minutes instead of a moment.
#[test]
fn a_long_history_takes_a_moment() {
    const COUNT: u64 = 20_000;
    let mut history: LogHistory<u64> = LogHistory::new();
    for value in 1..=COUNT {
        let id = history.invoke(Process::client(1), value * 10, LogOp::Append(value));
        history.ok(id, value * 10 + 5, LogRet::Index(value));
    }
    for read in 1..=30 {
        let length = COUNT * read / 30;
        let final_read = read == 30;
        let id = history.invoke(Process::client(2), COUNT * 20, LogOp::Read { final_read });
        let log = (1..=length).map(Some).collect();
        history.ok(id, COUNT * 20, LogRet::Log(log));
    }
    assert!(log_consistent(&history).is_pass());
}
