//! Leaders: they append what clients ask, replicate it, and know what is committed.

use std::collections::VecDeque;

use seedbed_sim::{Answer, Context, NodeId, OpId};
use serde::Serialize;

use super::bugs::Bug;
use super::log::{Index, Term};
use super::message::{Append, AppendOutcome, Message};
use super::node::{Raft, Role, Timer};
use crate::services::{Command, LogRet};

/// What only a leader knows.
#[derive(Clone, Debug, Serialize)]
pub struct Leader {
    /// What it believes of each follower's log, in the order of the hosts.
    pub progress: Vec<Progress>,
    /// The leader's own log is durable up to here.
    pub persisted: Index,
    /// Whether a message to itself about durability is on its way.
    persisting: bool,
    /// Counts every change of a match index, for observers that compare.
    pub match_changes: u64,
    /// Counts the reads that had to be confirmed.
    round: u64,
    /// Clients that wait for the entry that it appended for them, in the order of the index.
    waiting: VecDeque<(Index, OpId)>,
    /// Reads that wait for a majority to confirm that it still leads.
    reads: Vec<Read>,
}

/// What a leader believes of one follower's log.
#[derive(Clone, Debug, Serialize)]
pub struct Progress {
    /// The follower.
    pub host: NodeId,
    /// The next entry to send: above `matched`, and at most one past the leader's log.
    pub next: Index,
    /// The follower's log agrees with the leader's up to here, durably.
    pub matched: Index,
    /// The highest round that the follower has answered.
    round: u64,
    /// Whether entries are on their way since the last heartbeat.
    in_flight: bool,
}

/// A read, at this leader or at one of its followers.
#[derive(Clone, Debug, Serialize)]
struct Read {
    reader: Reader,
    /// What was committed when it came.
    commit: Index,
    /// Confirmed by answers to this round or a later one.
    round: u64,
}

#[derive(Clone, Debug, Serialize)]
enum Reader {
    Client(OpId),
    Follower(NodeId, u64),
}

/// Coming and going.
impl Raft {
    /// A candidate has a majority: it leads its term, and says so at once.
    pub(super) fn become_leader(&mut self, ctx: &mut Context<'_, Self>) {
        assert!(matches!(self.role, Role::Candidate(_)), "only a candidate is elected");
        let term = self.term;
        ctx.note(|| format!("leads term {term}"));
        let next = self.log.last_index() + 1;
        let progress = ctx
            .peers()
            .map(|host| Progress { host, next, matched: 0, round: 0, in_flight: false })
            .collect();
        self.role = Role::Leader(Leader {
            progress,
            persisted: 0,
            persisting: false,
            match_changes: 0,
            round: 0,
            waiting: VecDeque::new(),
            reads: Vec::new(),
        });
        ctx.cancel_timer(Timer::Election);
        ctx.set_timer(Timer::Heartbeat, self.params.heartbeat());
        if self.params.noop {
            self.append_entry(ctx, None);
        }
        self.send_to_all(ctx, true);
        self.persist(ctx);
    }

    /// Nobody may be told that an operation failed: a later leader may have it and commit it.
    pub(super) fn leave_leadership(&mut self, ctx: &mut Context<'_, Self>, deposed: Leader) {
        for read in deposed.reads {
            if let Reader::Client(id) = read.reader {
                ctx.refuse(id, None);
            }
        }
        // planted bug waiters-by-index: they go on waiting, for their index.
        if let (true, Role::Follower(follower)) = (self.has(Bug::WaitersByIndex), &mut self.role) {
            follower.waiting = deposed.waiting.into_iter().collect();
            return;
        }
        for (_, id) in deposed.waiting {
            // planted bug deposed-operations-failed: a definite no.
            if self.has(Bug::DeposedOperationsFailed) {
                ctx.refuse(id, None);
            } else {
                ctx.answer(id, Answer::Unknown);
            }
        }
    }

    fn leader_mut(&mut self) -> &mut Leader {
        match &mut self.role {
            Role::Leader(leader) => leader,
            Role::Follower(_) | Role::Candidate(_) => unreachable!("only a leader does this"),
        }
    }
}

/// Replication (section 5.3).
impl Raft {
    /// A client asks for an append.
    pub(super) fn on_append_request(
        &mut self,
        ctx: &mut Context<'_, Self>,
        id: OpId,
        command: Command,
    ) {
        let index = self.append_entry(ctx, Some(command));
        ctx.accepted(id, index);
        // planted bug answers-on-append: it is in the leader's log, what can go wrong?
        if self.has(Bug::AnswersOnAppend) {
            ctx.reply(id, LogRet::Index(index));
        } else {
            self.leader_mut().waiting.push_back((index, id));
        }
        // The followers write to their disks while the leader writes to its own.
        self.send_to_all(ctx, true);
        self.persist(ctx);
    }

    /// Asks the disk for all that is in the log; one request at a time covers many appends.
    fn persist(&mut self, ctx: &mut Context<'_, Self>) {
        let (term, index) = (self.term, self.log.last_index());
        let leader = self.leader_mut();
        if leader.persisting || leader.persisted >= index {
            return;
        }
        leader.persisting = true;
        let message = Message::Persisted { term, index };
        // planted bug leader-counts-itself-early: without waiting for the disk.
        if self.has(Bug::LeaderCountsItselfEarly) {
            let me = ctx.me();
            return ctx.send(me, message);
        }
        let me = ctx.me();
        self.promise(ctx, me, message);
    }

    /// The leader's own log is durable up to `index`.
    pub(super) fn on_persisted(&mut self, ctx: &mut Context<'_, Self>, index: Index) {
        let leader = self.leader_mut();
        leader.persisting = false;
        leader.persisted = leader.persisted.max(index);
        leader.match_changes += 1;
        self.commit_what_a_majority_has(ctx);
        // Last, so that what clients are told now does not wait for it.
        self.persist(ctx);
    }

    /// Lets every follower know that the leader is there. Entries that got lost are sent again
    /// when the answer shows that the follower lacks them.
    pub(super) fn on_heartbeat_timer(&mut self, ctx: &mut Context<'_, Self>) {
        ctx.set_timer(Timer::Heartbeat, self.params.heartbeat());
        // The network may lose any of them.
        if ctx.buggify("skip-heartbeat") {
            return;
        }
        for progress in &mut self.leader_mut().progress {
            progress.in_flight = false;
        }
        self.send_to_all(ctx, false);
    }

    fn send_to_all(&mut self, ctx: &mut Context<'_, Self>, with_entries: bool) {
        for place in 0..self.leader_mut().progress.len() {
            // One batch at a time is on its way to each follower; meanwhile others gather.
            if !(with_entries && self.leader_mut().progress[place].in_flight) {
                self.send_append(ctx, place, with_entries);
            }
        }
    }

    /// Sends what the follower needs next, or a heartbeat.
    fn send_append(&mut self, ctx: &mut Context<'_, Self>, place: usize, with_entries: bool) {
        let (term, commit) = (self.term, self.commit);
        let mut batch_max = if with_entries { self.params.batch_max as usize } else { 0 };
        // A batch is as short as the leader likes.
        if with_entries && ctx.buggify("append-one") {
            batch_max = 1;
        }
        let next = self.leader_mut().progress[place].next;
        let entries = self.log.from(next, batch_max).to_vec();
        let prev_index = next - 1;
        let prev_term = self.log.term_at(prev_index).unwrap_or_default();
        let leader = self.leader_mut();
        leader.progress[place].in_flight |= !entries.is_empty();
        let round = leader.round;
        let append = Append { term, prev_index, prev_term, commit, round, entries };
        ctx.send(leader.progress[place].host, Message::AppendEntries(append));
    }

    /// A follower has answered.
    pub(super) fn on_append_reply(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: NodeId,
        round: u64,
        outcome: AppendOutcome,
    ) {
        let progress = &self.leader_mut().progress;
        let Some(place) = progress.iter().position(|progress| progress.host == from) else {
            return;
        };
        let progress = &mut self.leader_mut().progress[place];
        progress.round = progress.round.max(round);
        match outcome {
            AppendOutcome::Matched { index } => self.matched(place, index),
            AppendOutcome::Conflict { rejected, term, index } => {
                self.back_up(place, rejected, term, index);
            }
        }
        let last = self.log.last_index();
        let progress = &self.leader_mut().progress[place];
        if progress.next <= last && !progress.in_flight {
            self.send_append(ctx, place, true);
        }
        self.commit_what_a_majority_has(ctx);
        self.confirm_reads(ctx);
    }

    /// The follower's log agrees up to `index`. An answer may come late: what it says is still
    /// true, but less than what is known.
    fn matched(&mut self, place: usize, index: Index) {
        // planted bug match-from-own-last-index: whatever was asked, it has everything.
        let own_last = self.has(Bug::MatchFromOwnLastIndex).then_some(self.log.last_index());
        // planted bug match-regresses: the latest answer counts.
        let regresses = self.has(Bug::MatchRegresses);
        let leader = self.leader_mut();
        let progress = &mut leader.progress[place];
        let index = own_last.unwrap_or(index);
        if index > progress.matched || (regresses && index < progress.matched) {
            leader.match_changes += 1;
            progress.matched = index;
            progress.next = index + 1;
            progress.in_flight = false;
        }
    }

    /// Section 5.3, at its end: skip all of the follower's entries of the conflicting term, or go
    /// to the last of the leader's own entries of it.
    fn back_up(&mut self, place: usize, rejected: Index, term: Option<Term>, index: Index) {
        let own = term.and_then(|term| self.log.last_of_term(term)).map(|last| last + 1);
        let progress = &mut self.leader_mut().progress[place];
        // A late answer: the leader has asked about another place since, or knows better.
        if rejected + 1 != progress.next || rejected <= progress.matched {
            return;
        }
        let next = own.unwrap_or(index).min(rejected);
        progress.next = next.max(progress.matched + 1);
        progress.in_flight = false;
    }

    /// Section 5.4.2: an entry of the current term is committed when a majority has it, and with
    /// it all before it. Entries of earlier terms are not committed by counting.
    fn commit_what_a_majority_has(&mut self, ctx: &mut Context<'_, Self>) {
        // planted bug commit-by-half: a half is enough.
        let half = self.has(Bug::CommitByHalf);
        let needed = if half { (ctx.members().len() / 2).max(1) } else { Self::majority(ctx) };
        let leader = self.leader_mut();
        let held = || leader.progress.iter().map(|it| it.matched).chain([leader.persisted]);
        let index = held().filter(|index| held().filter(|it| it >= index).count() >= needed).max();
        let Some(index) = index.filter(|index| *index > self.commit) else {
            return;
        };
        // planted bug prior-term-commit: of whatever term.
        if self.log.term_at(index) != Some(self.term) && !self.has(Bug::PriorTermCommit) {
            return;
        }
        self.advance_commit(ctx, index);
        self.answer_waiting(ctx);
    }

    /// Answers the clients whose entries are committed. What waits was appended in this term by
    /// this leader, which removes nothing: so the entry at the index is theirs.
    fn answer_waiting(&mut self, ctx: &mut Context<'_, Self>) {
        let commit = self.commit;
        // planted bug index-from-zero: counted as programmers do.
        let shift = u64::from(self.has(Bug::IndexFromZero));
        let waiting = &mut self.leader_mut().waiting;
        while let Some(&(index, id)) = waiting.front().filter(|(index, _)| *index <= commit) {
            waiting.pop_front();
            ctx.reply(id, LogRet::Index(index - shift));
        }
    }
}

/// Reads (section 8): a leader must know that it still leads, and what is committed.
impl Raft {
    /// A client reads at the leader.
    pub(super) fn on_read_request(&mut self, ctx: &mut Context<'_, Self>, id: OpId) {
        if !self.begin_read(ctx, Reader::Client(id)) {
            ctx.refuse(id, None);
        }
    }

    /// A follower has been asked to read. While its question waits for a round, asking it again
    /// begins no other: with each round all followers ask again, and so more and more would be
    /// asked wherever an answer takes longer than the next message.
    pub(super) fn on_read_index(&mut self, ctx: &mut Context<'_, Self>, from: NodeId, serial: u64) {
        let is_same = |read: &Read| matches!(read.reader, Reader::Follower(host, number) if (host, number) == (from, serial));
        if self.leader_mut().reads.iter().any(is_same) {
            return;
        }
        if !self.begin_read(ctx, Reader::Follower(from, serial)) {
            ctx.send(from, Message::ReadIndexReply { term: self.term, serial, commit: None });
        }
    }

    /// Notes what is committed now, and asks the followers whether this is still the leader. False
    /// if it cannot know what is committed: it has committed nothing in its own term.
    fn begin_read(&mut self, ctx: &mut Context<'_, Self>, reader: Reader) -> bool {
        if self.log.term_at(self.commit) != Some(self.term) {
            return false;
        }
        let commit = self.commit;
        let leader = self.leader_mut();
        leader.round += 1;
        leader.reads.push(Read { reader, commit, round: leader.round });
        self.send_to_all(ctx, false);
        self.confirm_reads(ctx);
        true
    }

    /// Answers the reads whose round a majority has answered.
    fn confirm_reads(&mut self, ctx: &mut Context<'_, Self>) {
        if self.leader_mut().reads.is_empty() {
            return;
        }
        let majority = Self::majority(ctx);
        let term = self.term;
        let leader = self.leader_mut();
        let progress = &leader.progress;
        let confirmed = |read: &Read| {
            1 + progress.iter().filter(|it| it.round >= read.round).count() >= majority
        };
        // Later reads wait for later rounds.
        let count = leader.reads.iter().take_while(|read| confirmed(read)).count();
        let ready: Vec<Read> = leader.reads.drain(..count).collect();
        for Read { reader, commit, .. } in ready {
            match reader {
                Reader::Client(id) => ctx.reply(id, self.committed_log()),
                Reader::Follower(host, serial) => {
                    let commit = Some(commit);
                    ctx.send(host, Message::ReadIndexReply { term, serial, commit });
                }
            }
        }
    }
}
