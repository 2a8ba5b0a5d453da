//! The paper, a sentence at a time: one node on a desk, handed one thing after another.

use std::collections::BTreeSet;

use seedbed_protocols::raft::{
    Append, AppendOutcome, Entry, Index, Message, Params, Raft, Role, Term, Timer,
};
use seedbed_protocols::services::{Command, Committed, LogOp, LogRet};
use seedbed_sim::testing::{Desk, Effect};
use seedbed_sim::{Answer, CrashModel, NodeId, OpId};

const ME: NodeId = NodeId::host(0);
const OTHERS: [NodeId; 4] = [NodeId::host(1), NodeId::host(2), NodeId::host(3), NodeId::host(4)];
const ELECTION: u64 = 150;

type Effects = Vec<Effect<Raft>>;

/// One of five hosts, without a no-op, so that indices are those of the test's entries.
fn host() -> Desk<Raft> {
    let params = Params { noop: false, ..Params::default() };
    let mut desk = Desk::new(ME, 5, params, 1);
    desk.boot();
    desk
}

fn entry(term: Term, number: u64) -> Entry {
    Entry { term, command: Some(Command::Number(number)) }
}

/// Entries with these terms; each entry's number is its index.
fn entries(from: Index, terms: &[Term]) -> Vec<Entry> {
    (from..).zip(terms).map(|(index, term)| entry(*term, index)).collect()
}

fn append(term: Term, prev: (Index, Term), entries: Vec<Entry>, commit: Index) -> Message {
    let (prev_index, prev_term) = prev;
    Message::AppendEntries(Append { term, prev_index, prev_term, commit, round: 0, entries })
}

/// A follower of term `term` whose log has entries of these terms, all durable.
fn follower(term: Term, terms: &[Term]) -> Desk<Raft> {
    let mut desk = host();
    desk.message(OTHERS[0], append(term, (0, 0), entries(1, terms), 0));
    desk.complete_syncs();
    desk
}

/// A candidate, with its own vote.
fn candidate(term_before: Term, terms: &[Term]) -> Desk<Raft> {
    let mut desk = follower(term_before, terms);
    desk.timer(Timer::Election);
    desk.complete_syncs();
    desk.message(ME, Message::VoteReply { term: term_before + 1, granted: true });
    desk
}

/// A leader of the term after `term_before`, elected by the first two others.
fn leader(term_before: Term, terms: &[Term]) -> Desk<Raft> {
    let mut desk = candidate(term_before, terms);
    for voter in &OTHERS[..2] {
        desk.message(*voter, Message::VoteReply { term: term_before + 1, granted: true });
    }
    assert!(desk.node().is_leader());
    desk
}

fn client(number: u64) -> OpId {
    OpId { client: NodeId::client(0), number }
}

fn submit(desk: &mut Desk<Raft>, number: u64) -> Effects {
    desk.request(client(number), LogOp::Append(Command::Number(number)))
}

fn matched(desk: &mut Desk<Raft>, from: NodeId, index: Index) -> Effects {
    matched_in_round(desk, from, index, 0)
}

fn matched_in_round(desk: &mut Desk<Raft>, from: NodeId, index: Index, round: u64) -> Effects {
    let outcome = AppendOutcome::Matched { index };
    desk.message(from, Message::AppendReply { term: desk.node().term(), round, outcome })
}

fn persisted(desk: &mut Desk<Raft>, index: Index) -> Effects {
    desk.complete_syncs();
    desk.message(ME, Message::Persisted { term: desk.node().term(), index })
}

fn sent(effects: &Effects) -> Vec<(NodeId, &Message)> {
    let mut sent = Vec::new();
    for effect in effects {
        match effect {
            Effect::Send { to, message } => sent.push((*to, message)),
            Effect::Broadcast(message) => sent.extend(OTHERS.map(|to| (to, message))),
            _ => {}
        }
    }
    sent
}

fn appends(effects: &Effects) -> Vec<(NodeId, &Append)> {
    let all = sent(effects).into_iter();
    all.filter_map(|(to, message)| match message {
        Message::AppendEntries(append) => Some((to, append)),
        _ => None,
    })
    .collect()
}

fn delivered(effects: &Effects) -> Vec<&Committed> {
    let all = effects.iter();
    all.filter_map(|effect| match effect {
        Effect::Deliver(item) => Some(item),
        _ => None,
    })
    .collect()
}

fn answers(effects: &Effects) -> Vec<(OpId, &Answer<LogRet>)> {
    let all = effects.iter();
    all.filter_map(|effect| match effect {
        Effect::Reply { id, answer } => Some((*id, answer)),
        _ => None,
    })
    .collect()
}

fn refusal(effects: &Effects) -> AppendOutcome {
    match sent(effects)[..] {
        [(_, Message::AppendReply { outcome, .. })] => *outcome,
        _ => panic!("no single answer in {effects:?}"),
    }
}

fn vote(term: Term, last: (Index, Term)) -> Message {
    Message::Vote { term, last_index: last.0, last_term: last.1 }
}

fn grants(effects: &Effects) -> bool {
    match sent(effects)[..] {
        [(_, Message::VoteReply { granted, .. })] => *granted,
        _ => panic!("no single vote in {effects:?}"),
    }
}

/// Whether nothing leaves before a sync that is behind all writes of the step.
fn gated(effects: &Effects) -> bool {
    let first_sent = effects.iter().position(|effect| matches!(effect, Effect::Send { .. }));
    let sync = effects.iter().position(|effect| matches!(effect, Effect::Sync { waits: true }));
    sync.is_some_and(|sync| first_sent.is_none_or(|sent| sync < sent))
}

fn terms(desk: &Desk<Raft>) -> Vec<Term> {
    desk.node().log().entries().iter().map(|entry| entry.term).collect()
}

/// §5.1: a server whose current term is smaller than another's takes over the larger value; a
/// candidate or leader with a stale term is at once a follower again.
#[test]
fn a_higher_term_makes_followers() {
    for message in [
        vote(9, (0, 0)),
        Message::VoteReply { term: 9, granted: false },
        append(9, (0, 0), vec![], 0),
        Message::AppendReply { term: 9, round: 0, outcome: AppendOutcome::Matched { index: 0 } },
    ] {
        for mut desk in [follower(3, &[1]), candidate(3, &[1]), leader(3, &[1])] {
            desk.message(OTHERS[3], message.clone());
            assert_eq!(desk.node().term(), 9, "{message:?}");
            assert!(matches!(desk.node().role(), Role::Follower(_)), "{message:?}");
        }
    }
}

/// §5.1: a request with a stale term number is rejected, and the answer has the current term.
#[test]
fn requests_of_a_stale_term_are_rejected() {
    let mut desk = follower(5, &[1, 5]);
    let effects = desk.message(OTHERS[1], append(4, (2, 5), entries(3, &[4]), 2));
    let [(to, Message::AppendReply { term: 5, outcome: AppendOutcome::Conflict { .. }, .. })] =
        sent(&effects)[..]
    else {
        panic!("{effects:?}");
    };
    assert_eq!((to, terms(&desk), desk.node().commit()), (OTHERS[1], vec![1, 5], 0));
    let effects = desk.message(OTHERS[1], vote(4, (9, 9)));
    assert_eq!(sent(&effects), [(OTHERS[1], &Message::VoteReply { term: 5, granted: false })]);
}

/// §5.2: servers start as followers, and stay followers while valid messages of a leader come.
#[test]
fn a_server_starts_as_a_follower_and_is_kept_one_by_heartbeats() {
    let mut desk = Desk::<Raft>::new(ME, 5, Params::default(), 1);
    let set = |effects: &Effects| {
        let timers = effects
            .iter()
            .filter(|effect| matches!(effect, Effect::SetTimer { timer: Timer::Election, .. }));
        timers.count()
    };
    assert_eq!(set(&desk.boot()), 1);
    assert!(matches!(desk.node().role(), Role::Follower(_)));
    assert_eq!(set(&desk.message(OTHERS[0], append(1, (0, 0), vec![], 0))), 1);
    assert_eq!(desk.node().leader(), Some(OTHERS[0]));
    // One of an earlier term is no leader, and keeps nobody waiting.
    assert_eq!(set(&desk.message(OTHERS[1], append(0, (0, 0), vec![], 0))), 0);
}

/// §5.2: a leader sends heartbeats, appends without entries, to all followers: at once, and again
/// and again.
#[test]
fn a_leader_sends_heartbeats_to_all() {
    let mut desk = candidate(1, &[1]);
    desk.message(OTHERS[0], Message::VoteReply { term: 2, granted: true });
    let first = desk.message(OTHERS[1], Message::VoteReply { term: 2, granted: true });
    let later = desk.timer(Timer::Heartbeat);
    for effects in [first, later] {
        let to: Vec<NodeId> = appends(&effects).iter().map(|(to, _)| *to).collect();
        assert_eq!(to, OTHERS);
        assert!(appends(&effects).iter().all(|(_, append)| append.entries.is_empty()));
        let timer = Timer::Heartbeat;
        let again = Effect::SetTimer { timer, after: Params::default().heartbeat() };
        assert!(effects.contains(&again));
    }
}

/// §5.2: to begin an election, a follower increments its term, becomes a candidate, votes for
/// itself and asks all others; so does a candidate whose time is up. Figure 2: its vote is on the
/// disk first.
#[test]
fn an_election_begins_with_a_new_term_and_an_own_vote() {
    let mut desk = follower(4, &[1, 4]);
    for term in [5, 6] {
        let effects = desk.timer(Timer::Election);
        assert!(matches!(desk.node().role(), Role::Candidate(_)));
        assert_eq!((desk.node().term(), desk.node().voted_for()), (term, Some(ME)));
        assert!(gated(&effects), "{effects:?}");
        let mut expected = vec![(ME, Message::VoteReply { term, granted: true })];
        expected.extend(OTHERS.map(|to| (to, vote(term, (2, 4)))));
        let sent: Vec<_> = sent(&effects).into_iter().map(|(to, it)| (to, it.clone())).collect();
        assert_eq!(sent, expected);
    }
}

/// §5.2: a candidate wins with the votes of a majority for the same term. A voter counts once,
/// votes of an earlier term do not count, and a refusal is no vote.
#[test]
fn a_majority_of_voters_elects() {
    let mut desk = candidate(3, &[]);
    desk.message(OTHERS[0], Message::VoteReply { term: 4, granted: true });
    desk.message(OTHERS[0], Message::VoteReply { term: 4, granted: true });
    desk.message(OTHERS[1], Message::VoteReply { term: 3, granted: true });
    desk.message(OTHERS[2], Message::VoteReply { term: 4, granted: false });
    assert!(!desk.node().is_leader());
    desk.message(OTHERS[3], Message::VoteReply { term: 4, granted: true });
    assert!(desk.node().is_leader());
}

/// §5.2: a server votes for at most one candidate in a term, first come, first served; the same
/// candidate may ask again. Figure 2: the vote is on the disk before it is given, so a crash does
/// not free it.
#[test]
fn one_vote_a_term_even_across_a_crash() {
    let mut desk = follower(1, &[]);
    let effects = desk.message(OTHERS[0], vote(2, (0, 0)));
    assert!(grants(&effects) && gated(&effects));
    assert!(!grants(&desk.message(OTHERS[1], vote(2, (9, 1)))));
    assert!(grants(&desk.message(OTHERS[0], vote(2, (0, 0)))));
    desk.complete_syncs();
    desk.crash(CrashModel::Strict);
    desk.boot();
    assert!(!grants(&desk.message(OTHERS[1], vote(2, (9, 1)))));
    assert!(grants(&desk.message(OTHERS[1], vote(3, (9, 1)))));
}

/// §5.2: a candidate that hears from a leader of its own term recognizes it; a leader of an earlier
/// term is rejected, and the candidate goes on.
#[test]
fn a_candidate_yields_to_a_leader_of_its_term() {
    let mut desk = candidate(3, &[]);
    desk.message(OTHERS[0], append(3, (0, 0), vec![], 0));
    assert!(matches!(desk.node().role(), Role::Candidate(_)));
    desk.message(OTHERS[1], append(4, (0, 0), vec![], 0));
    assert_eq!(desk.node().leader(), Some(OTHERS[1]));
    // It has voted in this term, and still has.
    assert_eq!(desk.node().voted_for(), Some(ME));
    assert!(!grants(&desk.message(OTHERS[2], vote(4, (0, 0)))));
}

/// §5.2: election timeouts are chosen randomly from a fixed interval, anew for each election.
#[test]
fn election_timeouts_are_random_within_their_bounds() {
    let mut desk = host();
    let mut drawn = BTreeSet::new();
    for _ in 0..200 {
        for effect in desk.timer(Timer::Election) {
            if let Effect::SetTimer { timer: Timer::Election, after } = effect {
                drawn.insert(after.as_millis() as u64);
            }
        }
    }
    let (first, last) = (drawn.first().copied(), drawn.last().copied());
    assert!(first.is_some_and(|low| (ELECTION..ELECTION + 10).contains(&low)), "{first:?}");
    assert!(last.is_some_and(|high| (2 * ELECTION - 10..=2 * ELECTION).contains(&high)));
    assert!(drawn.len() > 80, "only {} different ones", drawn.len());
}

/// §5.3: the leader appends a client's command to its log, and sends it to all others in parallel;
/// its disk works meanwhile (thesis, §10.2.1).
#[test]
fn a_leader_appends_and_replicates() {
    let mut desk = leader(1, &[1]);
    let effects = submit(&mut desk, 7);
    assert_eq!(terms(&desk), [1, 2]);
    let sent = appends(&effects);
    assert_eq!(sent.len(), 4);
    for (_, append) in sent {
        assert_eq!((append.prev_index, append.prev_term), (1, 1));
        assert_eq!(append.entries, [entry(2, 7)]);
    }
    assert!(!gated(&effects), "the entries leave before the leader's own disk has them");
    assert!(effects.contains(&Effect::Accepted { id: client(7), position: 2 }));
    assert_eq!(answers(&effects), []);
}

/// §5.3: an entry is committed once the leader that created it has it on a majority, and with it
/// all before it; then it is applied, and the client is answered. The leader counts itself like any
/// other: when it has the entry on disk.
#[test]
fn a_majority_commits_with_all_that_precedes() {
    let mut desk = leader(1, &[1, 1]);
    submit(&mut desk, 3);
    assert_eq!(delivered(&matched(&mut desk, OTHERS[0], 3)), [] as [&Committed; 0]);
    matched(&mut desk, OTHERS[1], 3);
    assert_eq!(desk.node().commit(), 0, "two of five, and the leader's own disk is at work");
    let effects = persisted(&mut desk, 3);
    assert_eq!(desk.node().commit(), 3);
    let indices: Vec<Index> = delivered(&effects).iter().map(|item| item.index).collect();
    assert_eq!(indices, [1, 2, 3]);
    assert_eq!(answers(&effects), [(client(3), &Answer::Done(LogRet::Index(3)))]);
}

/// §5.3: a follower that learns that an entry is committed applies it, in log order; figure 2: but
/// nothing beyond the last entry that the message has shown to match.
#[test]
fn a_follower_applies_what_is_committed_and_shown_to_match() {
    let mut desk = follower(3, &[1, 1, 2, 2]);
    let effects = desk.message(OTHERS[0], append(3, (2, 1), vec![], 4));
    let indices: Vec<Index> = delivered(&effects).iter().map(|item| item.index).collect();
    assert_eq!((indices, desk.node().commit()), (vec![1, 2], 2));
    // A late message with a lower commit index takes nothing back.
    let effects = desk.message(OTHERS[0], append(3, (1, 1), vec![], 1));
    assert_eq!((delivered(&effects).len(), desk.node().commit()), (0, 2));
}

/// §5.3: a follower without the entry before the new ones refuses them, and says (at the end of the
/// section) where its conflicting term begins, or where its log ends.
#[test]
fn a_follower_refuses_what_does_not_connect() {
    let mut desk = follower(9, &[1, 1, 4, 4, 4]);
    let effects = desk.message(OTHERS[0], append(9, (7, 6), entries(8, &[9]), 0));
    let short = AppendOutcome::Conflict { rejected: 7, term: None, index: 6 };
    assert_eq!(refusal(&effects), short);
    let effects = desk.message(OTHERS[0], append(9, (5, 5), entries(6, &[9]), 0));
    let other_term = AppendOutcome::Conflict { rejected: 5, term: Some(4), index: 3 };
    assert_eq!(refusal(&effects), other_term);
    assert_eq!(terms(&desk), [1, 1, 4, 4, 4]);
}

/// §5.3, figure 7: whatever a follower's log is, the leader finds where they agree, and makes the
/// follower's log its own.
#[test]
fn a_leader_mends_every_log_of_figure_7() {
    let own: [Term; 10] = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
    let logs: [&[Term]; 6] = [
        &[1, 1, 1, 4, 4, 5, 5, 6, 6],
        &[1, 1, 1, 4],
        &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
        &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
        &[1, 1, 1, 4, 4, 4, 4],
        &[1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
    ];
    for log in logs {
        let mut leader = leader(7, &own);
        submit(&mut leader, 11);
        let mut other = Desk::<Raft>::new(OTHERS[0], 5, Params::default(), 1);
        other.boot();
        // Entries of a term come from that term's leader: equal terms mean equal entries.
        other.message(OTHERS[3], append(7, (0, 0), entries(1, log), 0));
        let mut effects = leader.timer(Timer::Heartbeat);
        let mut rounds = 0;
        while let Some((_, request)) =
            appends(&effects).into_iter().find(|(to, _)| *to == OTHERS[0])
        {
            let request = Message::AppendEntries(request.clone());
            let effects_there = other.message(ME, request);
            let [(_, reply)] = sent(&effects_there)[..] else {
                panic!("{effects_there:?}");
            };
            effects = leader.message(OTHERS[0], reply.clone());
            rounds += 1;
        }
        let same = leader.node().log().entries();
        assert_eq!(other.node().log().entries(), same, "from {log:?}");
        // With the hint, a round trip for each term that conflicts is enough.
        assert!(rounds <= 6, "{log:?} took {rounds} rounds");
    }
}

/// §5.3: messages are idempotent: entries that the follower has already are ignored, and a late
/// message does not shorten the log.
#[test]
fn entries_that_are_there_are_ignored() {
    let mut desk = follower(2, &[1, 2, 2, 2]);
    let effects = desk.message(OTHERS[0], append(2, (1, 1), entries(2, &[2]), 0));
    assert_eq!(terms(&desk), [1, 2, 2, 2]);
    assert_eq!(refusal(&effects), AppendOutcome::Matched { index: 2 });
    // Only a conflict removes, and then all that follows.
    desk.message(OTHERS[1], append(3, (1, 1), entries(2, &[2, 3]), 0));
    assert_eq!(terms(&desk), [1, 2, 3]);
}

/// Figure 2: what is acknowledged is on stable storage first, and so a crash does not lose it.
#[test]
fn what_is_acknowledged_survives_a_crash() {
    for model in [CrashModel::Strict, CrashModel::Ordered, CrashModel::Torn, CrashModel::Reorder] {
        let mut desk = host();
        let effects = desk.message(OTHERS[0], append(2, (0, 0), entries(1, &[1, 2]), 0));
        assert!(gated(&effects), "{effects:?}");
        desk.complete_syncs();
        desk.message(OTHERS[0], append(2, (2, 2), entries(3, &[2]), 0));
        desk.crash(model);
        desk.boot();
        assert_eq!(desk.node().term(), 2);
        assert_eq!(desk.node().log().from(1, 2), entries(1, &[1, 2]));
    }
}

/// §5.4.1: a voter denies its vote if its own log is more up-to-date: a later last term wins, and
/// within one term the longer log.
#[test]
fn the_less_up_to_date_is_not_elected() {
    for (last, expected) in
        [((3, 2), true), ((2, 2), false), ((4, 2), true), ((1, 3), true), ((9, 1), false)]
    {
        let mut desk = follower(4, &[1, 2, 2]);
        assert_eq!(grants(&desk.message(OTHERS[0], vote(5, last))), expected, "{last:?}");
    }
}

/// §5.4.2, figure 8: an entry of an earlier term is not committed because a majority has it, but
/// with the first entry of the leader's own term that one has.
#[test]
fn entries_of_earlier_terms_are_not_committed_by_counting() {
    let mut desk = leader(3, &[1, 2]);
    persisted(&mut desk, 2);
    for host in OTHERS {
        matched(&mut desk, host, 2);
    }
    assert_eq!(desk.node().commit(), 0);
    submit(&mut desk, 3);
    persisted(&mut desk, 3);
    matched(&mut desk, OTHERS[2], 3);
    assert_eq!(desk.node().commit(), 0);
    matched(&mut desk, OTHERS[3], 3);
    assert_eq!(desk.node().commit(), 3);
}

/// Figure 2, rules for leaders: a new leader begins behind its own last entry with every follower,
/// and knows nothing to be replicated.
#[test]
fn a_new_leader_begins_at_the_end_of_its_log() {
    let desk = leader(3, &[1, 2, 2]);
    let leader = desk.node().as_leader().expect("a leader");
    for progress in &leader.progress {
        assert_eq!((progress.next, progress.matched), (4, 0));
    }
}

/// §5.3: late and repeated answers neither raise nor lower what the leader knows.
#[test]
fn a_late_answer_changes_nothing() {
    let mut desk = leader(1, &[1, 1, 1]);
    matched(&mut desk, OTHERS[0], 3);
    matched(&mut desk, OTHERS[0], 1);
    let outcome = AppendOutcome::Conflict { rejected: 2, term: None, index: 1 };
    desk.message(OTHERS[0], Message::AppendReply { term: 2, round: 0, outcome });
    let progress = &desk.node().as_leader().expect("a leader").progress[0];
    assert_eq!((progress.next, progress.matched), (4, 3));
}

/// §8: clients talk to the leader, and a follower names it.
#[test]
fn a_follower_names_the_leader() {
    let mut desk = follower(2, &[]);
    let effects = submit(&mut desk, 1);
    assert_eq!(answers(&effects), [(client(1), &Answer::Refused { hint: Some(OTHERS[0]) })]);
}

/// A deposed leader does not know what becomes of its uncommitted entries, and says so.
#[test]
fn a_deposed_leader_answers_unknown() {
    let mut desk = leader(1, &[]);
    submit(&mut desk, 1);
    let effects = desk.message(OTHERS[2], append(9, (0, 0), vec![], 0));
    assert_eq!(answers(&effects), [(client(1), &Answer::Unknown)]);
    // When the new leader commits it after all, nobody is answered twice.
    let effects = desk.message(OTHERS[2], append(9, (0, 0), vec![entry(2, 1)], 1));
    assert_eq!((answers(&effects).len(), delivered(&effects).len()), (0, 1));
}

/// §8: a leader that has committed nothing in its term refuses to read; later it reads when a
/// majority has answered messages sent after the read came.
#[test]
fn a_leader_reads_when_a_majority_confirms_it() {
    let mut desk = leader(1, &[1]);
    let read = client(50);
    let refused = desk.request(read, LogOp::Read);
    assert_eq!(answers(&refused), [(read, &Answer::Refused { hint: None })]);
    submit(&mut desk, 2);
    persisted(&mut desk, 2);
    matched(&mut desk, OTHERS[0], 2);
    matched(&mut desk, OTHERS[1], 2);
    let effects = desk.request(read, LogOp::Read);
    let rounds: BTreeSet<u64> = appends(&effects).iter().map(|(_, it)| it.round).collect();
    assert_eq!((appends(&effects).len(), rounds, answers(&effects).len()), (4, [1].into(), 0));
    assert_eq!(answers(&matched_in_round(&mut desk, OTHERS[0], 2, 1)).len(), 0);
    assert_eq!(answers(&matched_in_round(&mut desk, OTHERS[1], 2, 0)).len(), 0);
    let effects = matched_in_round(&mut desk, OTHERS[2], 2, 1);
    let log = vec![Some(Command::Number(1)), Some(Command::Number(2))];
    assert_eq!(answers(&effects), [(read, &Answer::Done(LogRet::Log(log)))]);
}

/// A follower reads when its own log is committed as far as the leader said; with the leader it
/// loses the answer.
#[test]
fn a_follower_reads_what_the_leader_vouches_for() {
    let mut desk = follower(2, &[1, 2]);
    let (first, second) = (client(1), client(2));
    let effects = desk.request(first, LogOp::Read);
    assert_eq!(sent(&effects), [(OTHERS[0], &Message::ReadIndex { term: 2, serial: 1 })]);
    let reply = Message::ReadIndexReply { term: 2, serial: 1, commit: Some(2) };
    assert_eq!(answers(&desk.message(OTHERS[0], reply)), []);
    desk.request(second, LogOp::Read);
    let effects = desk.message(OTHERS[0], append(2, (2, 2), vec![], 2));
    let log = vec![Some(Command::Number(1)), Some(Command::Number(2))];
    assert_eq!(answers(&effects), [(first, &Answer::Done(LogRet::Log(log)))]);
    // The second question may have been lost: it is asked again, but not with every message.
    let again = (OTHERS[0], &Message::ReadIndex { term: 2, serial: 2 });
    assert!(!sent(&effects).contains(&again));
    desk.advance(Params::default().heartbeat());
    let effects = desk.message(OTHERS[0], append(2, (2, 2), vec![], 2));
    assert!(sent(&effects).contains(&again));
    let effects = desk.message(OTHERS[0], append(2, (2, 2), vec![], 2));
    assert!(!sent(&effects).contains(&again));
    let effects = desk.message(OTHERS[3], append(3, (2, 2), vec![], 2));
    assert_eq!(answers(&effects), [(second, &Answer::Refused { hint: None })]);
}

/// A leader alone is a majority of one.
#[test]
fn a_single_host_commits_by_itself() {
    let mut desk = Desk::<Raft>::new(ME, 1, Params::default(), 1);
    desk.boot();
    desk.timer(Timer::Election);
    desk.complete_syncs();
    desk.message(ME, Message::VoteReply { term: 1, granted: true });
    submit(&mut desk, 5);
    // The no-op was on its way to the disk; what came meanwhile goes next.
    persisted(&mut desk, 1);
    let effects = persisted(&mut desk, 2);
    assert_eq!(answers(&effects), [(client(5), &Answer::Done(LogRet::Index(2)))]);
    let effects = desk.request(client(6), LogOp::Read);
    let log = vec![None, Some(Command::Number(5))];
    assert_eq!(answers(&effects), [(client(6), &Answer::Done(LogRet::Log(log)))]);
}
