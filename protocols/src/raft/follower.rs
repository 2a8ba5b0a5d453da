//! Followers: they vote, take entries, and pass questions of readers on to the leader.

use std::collections::BTreeMap;
use std::time::Duration;

use seedbed_sim::{Context, NodeId, OpId};
use serde::Serialize;

use super::bugs::Bug;
use super::log::{Entry, Index, Term};
use super::message::{Append, AppendOutcome, Message};
use super::milestones;
use super::node::{Raft, Role};
use crate::services::LogRet;

/// What only a follower knows.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Follower {
    /// The leader of this term, once it has been heard of.
    pub leader: Option<NodeId>,
    /// Reads that wait for the leader, or for this log to grow to what the leader said.
    pub(super) reads: Vec<FollowerRead>,
    /// How many questions it has asked.
    pub(super) serial: u64,
    /// Clients of a leader that this node was: only with the planted bug waiters-by-index.
    pub(super) waiting: BTreeMap<Index, OpId>,
}

/// A client's read at a follower.
#[derive(Clone, Debug, Serialize)]
pub(super) struct FollowerRead {
    id: OpId,
    serial: u64,
    /// When the leader was last asked, on the monotonic clock.
    asked_at: Duration,
    /// How far the log must be committed here; none until the leader has said.
    commit: Option<Index>,
}

/// No more reads than this wait for the leader's answer; an answer may have been lost, and then
/// nobody else would clear them away.
const READS_WAITING_MAX: usize = 64;

impl Follower {
    /// The leader is another one, or gone: it cannot tell how far the log is committed.
    pub(super) fn give_up_reads(self, ctx: &mut Context<'_, Raft>) {
        for read in self.reads {
            ctx.refuse(read.id, None);
        }
    }
}

/// Votes (sections 5.2 and 5.4.1).
impl Raft {
    /// A candidate asks for this node's vote.
    pub(super) fn on_vote(
        &mut self,
        ctx: &mut Context<'_, Self>,
        candidate: NodeId,
        last_index: Index,
        last_term: Term,
    ) {
        let free = self.voted_for.is_none_or(|voted| voted == candidate);
        let granted = free
            && matches!(self.role, Role::Follower(_))
            && self.is_up_to_date(last_index, last_term);
        let reply = Message::VoteReply { term: self.term, granted };
        if !granted {
            return ctx.send(candidate, reply);
        }
        if self.voted_for.is_none() {
            self.voted_for = Some(candidate);
            self.save_state(ctx);
        }
        self.reset_election_timer(ctx);
        self.promise(ctx, candidate, reply);
    }

    /// Section 5.4.1: the log whose last entry has the later term is more up-to-date; between logs
    /// that end with the same term, the longer one is.
    fn is_up_to_date(&self, last_index: Index, last_term: Term) -> bool {
        let (own_index, own_term) = (self.log.last_index(), self.log.last_term());
        // planted bug election-restriction-by-length: terms do not matter.
        if self.has(Bug::ElectionRestrictionByLength) {
            return last_index >= own_index;
        }
        (last_term, last_index) >= (own_term, own_index)
    }
}

/// Entries (section 5.3).
impl Raft {
    /// The leader of this term sends entries, or a heartbeat.
    pub(super) fn on_append(&mut self, ctx: &mut Context<'_, Self>, from: NodeId, append: Append) {
        self.follow(ctx, from);
        let Append { prev_index, prev_term, commit, round, entries, .. } = append;
        if self.log.term_at(prev_index) != Some(prev_term) {
            let outcome = self.conflict_at(prev_index);
            let term = self.term;
            return ctx.send(from, Message::AppendReply { term, round, outcome });
        }
        let index = prev_index + entries.len() as u64;
        self.take_entries(ctx, prev_index, entries);
        self.follow_commit(ctx, commit, index);
        self.ask_again(ctx, from);
        let outcome = AppendOutcome::Matched { index };
        let reply = Message::AppendReply { term: self.term, round, outcome };
        // planted bug ack-before-sync: the entries may still be in the cache.
        if self.has(Bug::AckBeforeSync) {
            return ctx.send(from, reply);
        }
        self.promise(ctx, from, reply);
    }

    /// The sender is the leader of this term, for it says so in this term.
    fn follow(&mut self, ctx: &mut Context<'_, Self>, leader: NodeId) {
        match &mut self.role {
            Role::Follower(follower) if follower.leader.is_none() => follower.leader = Some(leader),
            Role::Follower(_) => {}
            // Section 5.2: a candidate recognizes the leader of its own term.
            Role::Candidate(_) => {
                // planted bug same-term-step-down-clears-vote: as if the term were new.
                if self.has(Bug::SameTermStepDownClearsVote) {
                    self.voted_for = None;
                    self.save_state(ctx);
                }
                self.become_follower(ctx, Some(leader));
            }
            Role::Leader(_) => unreachable!("a leader takes no entries"),
        }
        self.reset_election_timer(ctx);
    }

    /// The hint for a leader whose entry before the new ones is not in this log.
    fn conflict_at(&self, rejected: Index) -> AppendOutcome {
        match self.log.term_at(rejected) {
            None => {
                let index = self.log.last_index() + 1;
                AppendOutcome::Conflict { rejected, term: None, index }
            }
            Some(term) => {
                let index = self.log.first_of_term_at(rejected);
                AppendOutcome::Conflict { rejected, term: Some(term), index }
            }
        }
    }

    /// Appends what the log does not have yet. Only an entry that conflicts with a new one is
    /// removed, with all that follow it: a late message must not shorten the log.
    pub(super) fn take_entries(
        &mut self,
        ctx: &mut Context<'_, Self>,
        prev_index: Index,
        entries: Vec<Entry>,
    ) {
        let known = |(offset, entry): &(usize, &Entry)| {
            self.log.term_at(prev_index + 1 + *offset as u64) == Some(entry.term)
        };
        let mut same = entries.iter().enumerate().take_while(known).count();
        // planted bug matching-suffix-erased: cut, whether or not the logs agree.
        if self.has(Bug::MatchingSuffixErased) && !entries.is_empty() {
            same = 0;
        }
        let first = prev_index + 1 + same as u64;
        let new = &entries[same..];
        if new.is_empty() {
            return;
        }
        if first <= self.log.last_index() {
            // planted bug conflict-keeps-tail: overwrite in place.
            if self.has(Bug::ConflictKeepsTail) {
                return self.overwrite(ctx, first, new);
            }
            ctx.reached(milestones::UNCOMMITTED_ENTRY_TRUNCATED);
            self.log.truncate_from(first);
            let written = self.storage.truncate_from(ctx.disk(), first);
            self.written(ctx, written);
        }
        let written = self.storage.append(ctx.disk(), new);
        self.written(ctx, written);
        for entry in entries.into_iter().skip(same) {
            self.log.append(entry);
        }
        // planted bug applies-uncommitted: what is appended is applied.
        if self.has(Bug::AppliesUncommitted) {
            self.deliver_up_to(ctx, self.log.last_index());
        }
    }

    /// Replaces entries and keeps what follows them. For the planted bug conflict-keeps-tail.
    fn overwrite(&mut self, ctx: &mut Context<'_, Self>, first: Index, new: &[Entry]) {
        for (index, entry) in (first..).zip(new) {
            if index <= self.log.last_index() {
                self.log.replace(index, entry.clone());
            } else {
                self.log.append(entry.clone());
            }
        }
        let cut = self.storage.truncate_from(ctx.disk(), first);
        self.written(ctx, cut);
        let written = self.storage.append(ctx.disk(), self.log.from(first, usize::MAX));
        self.written(ctx, written);
    }

    /// Figure 2: commit up to the leader's commit index, but no further than the last entry that
    /// the message has shown to be the leader's.
    fn follow_commit(&mut self, ctx: &mut Context<'_, Self>, commit: Index, matched: Index) {
        // planted bug commit-beyond-last-new-entry: up to the end of the own log.
        let shown =
            if self.has(Bug::CommitBeyondLastNewEntry) { self.log.last_index() } else { matched };
        let commit = commit.min(shown);
        // planted bug commit-regresses: the new value counts, not the higher one.
        if self.has(Bug::CommitRegresses) && commit < self.commit {
            self.commit = commit;
        }
        self.advance_commit(ctx, commit);
        self.answer_reads(ctx);
    }
}

/// Reads.
impl Raft {
    /// A client reads at this follower, which asks its leader how far the log is committed.
    pub(super) fn on_read_at_follower(&mut self, ctx: &mut Context<'_, Self>, id: OpId) {
        let Role::Follower(follower) = &mut self.role else {
            return;
        };
        let Some(leader) = follower.leader else {
            return ctx.refuse(id, None);
        };
        if follower.reads.len() == READS_WAITING_MAX {
            let oldest = follower.reads.remove(0);
            ctx.refuse(oldest.id, None);
        }
        follower.serial += 1;
        let serial = follower.serial;
        follower.reads.push(FollowerRead { id, serial, asked_at: ctx.elapsed(), commit: None });
        ctx.send(leader, Message::ReadIndex { term: self.term, serial });
    }

    /// The question or its answer may have been lost: when a message of the leader comes, it is
    /// asked again, but not sooner than after a heartbeat. The leader turns each question into a
    /// message to every follower, so that asking with each of those feeds on itself: four readers
    /// were enough to fill a network that delivers in order.
    fn ask_again(&mut self, ctx: &mut Context<'_, Self>, leader: NodeId) {
        let (term, now, pause) = (self.term, ctx.elapsed(), self.params.heartbeat());
        let Role::Follower(follower) = &mut self.role else {
            return;
        };
        let waits = |read: &&mut FollowerRead| read.commit.is_none();
        for read in follower.reads.iter_mut().filter(waits) {
            if now.saturating_sub(read.asked_at) >= pause {
                read.asked_at = now;
                ctx.send(leader, Message::ReadIndex { term, serial: read.serial });
            }
        }
    }

    /// The leader has said how far the log is committed, or that it cannot know.
    pub(super) fn on_read_index_reply(
        &mut self,
        ctx: &mut Context<'_, Self>,
        serial: u64,
        commit: Option<Index>,
    ) {
        let Role::Follower(follower) = &mut self.role else {
            return;
        };
        let Some(place) = follower.reads.iter().position(|read| read.serial == serial) else {
            return;
        };
        match commit {
            Some(commit) => follower.reads[place].commit = Some(commit),
            None => {
                let read = follower.reads.remove(place);
                ctx.refuse(read.id, None);
            }
        }
        self.answer_reads(ctx);
    }

    /// Answers the reads for which this log is committed far enough.
    fn answer_reads(&mut self, ctx: &mut Context<'_, Self>) {
        let commit = self.commit;
        let Role::Follower(follower) = &mut self.role else {
            return;
        };
        // planted bug waiters-by-index: whatever is committed at the index, it was theirs.
        while let Some(waiting) = follower.waiting.first_entry().filter(|it| *it.key() <= commit) {
            let index = *waiting.key();
            ctx.reply(waiting.remove(), LogRet::Index(index));
        }
        if follower.reads.is_empty() {
            return;
        }
        let (ready, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut follower.reads)
            .into_iter()
            .partition(|read| read.commit.is_some_and(|needed| needed <= commit));
        follower.reads = rest;
        for read in ready {
            let log = self.committed_log();
            ctx.reply(read.id, log);
        }
    }
}
