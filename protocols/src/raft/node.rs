//! A Raft node: its state, what it does with each thing that happens, and what all roles share.

use std::time::Duration;

use seedbed_sim::{Context, DiskError, Node, NodeId, OpId};
use serde::{Deserialize, Serialize};

use super::bugs::Bug;
use super::candidate::Candidate;
use super::follower::Follower;
use super::leader::Leader;
use super::log::{Entry, Index, Log, Term};
use super::message::{Append, AppendOutcome, Message};
use super::milestones;
use super::params::Params;
use super::storage::{self, Recovered, Storage, Unreadable};
use crate::services::{Command, Committed, Log as LogService, LogOp, LogRet};

/// A Raft node.
#[derive(Clone, Debug, Serialize)]
pub struct Raft {
    #[serde(skip)]
    pub(super) params: Params,
    #[serde(skip)]
    pub(super) storage: Storage,
    /// The latest term that it has seen. On the disk.
    pub(super) term: Term,
    /// Who got its vote of this term. On the disk.
    pub(super) voted_for: Option<NodeId>,
    /// The log. On the disk.
    pub(super) log: Log,
    /// The highest index known to be committed. Learned anew after a restart.
    pub(super) commit: Index,
    /// The highest index delivered upward. All up to `commit`, at the end of every step.
    pub(super) delivered: Index,
    /// What it is in this term.
    pub(super) role: Role,
    /// Whether this is not the host's first life.
    pub(super) restarted: bool,
    /// Its disk has failed it: it promises nothing any more, and crashes when the step ends.
    pub(super) failed: bool,
}

/// What a node is in its term, with what only that role knows.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// It answers candidates and leaders.
    Follower(Follower),
    /// It collects votes.
    Candidate(Candidate),
    /// It takes the clients' operations and replicates its log.
    Leader(Leader),
}

/// Timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// A follower or a candidate has waited long enough.
    Election,
    /// A leader says that it is alive.
    Heartbeat,
}

impl Node for Raft {
    type Service = LogService;
    type Message = Message;
    type Timer = Timer;
    type Params = Params;

    fn boot(ctx: &mut Context<'_, Self>, params: &Params) -> Self {
        // planted bug torn-tail-not-cut: what follows the last good record stays in the file.
        let cut = params.bug != Some(Bug::TornTailNotCut);
        let (found, failed) = match storage::recover(ctx, cut) {
            Ok(found) => (found, false),
            Err(Unreadable::Failed(error)) => {
                ctx.note(|| format!("cannot boot: {error}"));
                (Recovered::default(), true)
            }
            Err(Unreadable::Damaged(file)) => {
                ctx.note(|| format!("takes no part: its file {file:?} is damaged"));
                ctx.reached(milestones::DISK_DAMAGE_NOTICED);
                (Recovered::default(), true)
            }
        };
        if failed {
            ctx.crash();
        }
        let node = Raft {
            params: params.clone(),
            storage: found.storage,
            term: found.term,
            voted_for: found.voted_for,
            log: Log::new(ctx.incarnation(), found.entries),
            commit: 0,
            delivered: 0,
            role: Role::Follower(Follower::default()),
            restarted: ctx.incarnation() > 1,
            failed,
        };
        node.reset_election_timer(ctx);
        node
    }

    fn on_message(&mut self, ctx: &mut Context<'_, Self>, from: NodeId, message: Message) {
        let term = message.term();
        if term > self.term {
            self.adopt_term(ctx, term);
        } else if term < self.term {
            return self.on_stale(ctx, from, message);
        }
        self.on_current(ctx, from, message);
    }

    fn on_timer(&mut self, ctx: &mut Context<'_, Self>, timer: Timer) {
        match (timer, &self.role) {
            (Timer::Election, Role::Follower(_) | Role::Candidate(_)) => self.become_candidate(ctx),
            (Timer::Heartbeat, Role::Leader(_)) => self.on_heartbeat_timer(ctx),
            // A role's timer is cancelled with the role.
            (Timer::Election, Role::Leader(_))
            | (Timer::Heartbeat, Role::Follower(_) | Role::Candidate(_)) => {}
        }
    }

    fn on_request(&mut self, ctx: &mut Context<'_, Self>, id: OpId, op: LogOp) {
        match (op, &self.role) {
            (LogOp::Append(command), Role::Leader(_)) => self.on_append_request(ctx, id, command),
            (LogOp::Read, Role::Leader(_)) => self.on_read_request(ctx, id),
            (LogOp::Read, Role::Follower(_)) => self.on_read_at_follower(ctx, id),
            (LogOp::Append(_), Role::Follower(_)) | (_, Role::Candidate(_)) => {
                ctx.refuse(id, self.leader());
            }
        }
    }
}

/// What others may look at.
impl Raft {
    /// The latest term that it has seen.
    #[inline]
    pub fn term(&self) -> Term {
        self.term
    }

    /// Who got its vote of this term.
    pub fn voted_for(&self) -> Option<NodeId> {
        self.voted_for
    }

    /// Its log.
    #[inline]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The highest index that it knows to be committed.
    #[inline]
    pub fn commit(&self) -> Index {
        self.commit
    }

    /// What it is in this term.
    #[inline]
    pub fn role(&self) -> &Role {
        &self.role
    }

    /// What it knows as the leader; none if it is not.
    #[inline]
    pub fn as_leader(&self) -> Option<&Leader> {
        match &self.role {
            Role::Leader(leader) => Some(leader),
            Role::Follower(_) | Role::Candidate(_) => None,
        }
    }

    /// Whether it believes that it leads its term.
    #[inline]
    pub fn is_leader(&self) -> bool {
        self.as_leader().is_some()
    }

    /// Whom it follows in this term, if it has heard of a leader.
    pub fn leader(&self) -> Option<NodeId> {
        match &self.role {
            Role::Follower(follower) => follower.leader,
            Role::Candidate(_) | Role::Leader(_) => None,
        }
    }
}

/// Messages.
impl Raft {
    /// A message of this node's own term: whatever was of another has been dealt with.
    fn on_current(&mut self, ctx: &mut Context<'_, Self>, from: NodeId, message: Message) {
        match (message, &self.role) {
            (Message::Vote { last_index, last_term, .. }, _) => {
                self.on_vote(ctx, from, last_index, last_term);
            }
            (Message::VoteReply { granted, .. }, Role::Candidate(_)) => {
                self.on_vote_reply(ctx, from, granted);
            }
            (Message::AppendEntries(append), Role::Follower(_) | Role::Candidate(_)) => {
                self.on_append(ctx, from, append);
            }
            (Message::AppendReply { round, outcome, .. }, Role::Leader(_)) => {
                self.on_append_reply(ctx, from, round, outcome);
            }
            (Message::Persisted { index, .. }, Role::Leader(_)) => self.on_persisted(ctx, index),
            (Message::ReadIndex { serial, .. }, Role::Leader(_)) => {
                self.on_read_index(ctx, from, serial);
            }
            (Message::ReadIndexReply { serial, commit, .. }, Role::Follower(_)) => {
                self.on_read_index_reply(ctx, serial, commit);
            }
            // Answers to what it was earlier in this term. And two leaders of one term do not
            // exist: an append to a leader has nothing to tell it.
            (Message::VoteReply { .. }, Role::Follower(_) | Role::Leader(_))
            | (Message::AppendEntries(_), Role::Leader(_))
            | (Message::AppendReply { .. }, Role::Follower(_) | Role::Candidate(_))
            | (Message::Persisted { .. }, Role::Follower(_) | Role::Candidate(_))
            | (Message::ReadIndex { .. }, Role::Follower(_) | Role::Candidate(_))
            | (Message::ReadIndexReply { .. }, Role::Candidate(_) | Role::Leader(_)) => {}
        }
    }

    /// A message of an earlier term. Section 5.1: a server rejects a request with a stale term. The
    /// answer carries the current term, so that the sender steps down; answers are dropped.
    fn on_stale(&mut self, ctx: &mut Context<'_, Self>, from: NodeId, message: Message) {
        if message.term() + 2 <= self.term {
            ctx.reached(milestones::STALE_TERM_MESSAGE);
        }
        let term = self.term;
        match message {
            // planted bug stale-append-accepted: even a leader takes the entries.
            Message::AppendEntries(append) if self.has(Bug::StaleAppendAccepted) => {
                if self.log.term_at(append.prev_index) == Some(append.prev_term) {
                    self.take_entries(ctx, append.prev_index, append.entries);
                }
            }
            // planted bug stale-vote-counted: a vote of any term is a vote.
            Message::VoteReply { granted, .. }
                if self.has(Bug::StaleVoteCounted) && matches!(self.role, Role::Candidate(_)) =>
            {
                self.on_vote_reply(ctx, from, granted);
            }
            Message::Vote { .. } => ctx.send(from, Message::VoteReply { term, granted: false }),
            Message::AppendEntries(Append { prev_index, round, .. }) => {
                let index = self.log.last_index() + 1;
                let outcome = AppendOutcome::Conflict { rejected: prev_index, term: None, index };
                ctx.send(from, Message::AppendReply { term, round, outcome });
            }
            Message::VoteReply { .. }
            | Message::AppendReply { .. }
            | Message::Persisted { .. }
            | Message::ReadIndex { .. }
            | Message::ReadIndexReply { .. } => {}
        }
    }

    /// Section 5.1: a server that sees a higher term adopts it and is a follower.
    fn adopt_term(&mut self, ctx: &mut Context<'_, Self>, term: Term) {
        // planted bug deposed-leader-stamps-new-term: a write in progress takes the new term.
        let stamps = self.has(Bug::DeposedLeaderStampsNewTerm) && self.is_leader();
        self.term = term;
        self.voted_for = None;
        self.save_state(ctx);
        self.become_follower(ctx, None);
        if stamps {
            self.append_entry(ctx, None);
        }
    }

    /// Follows `leader`, or nobody yet, in the current term.
    pub(super) fn become_follower(&mut self, ctx: &mut Context<'_, Self>, leader: Option<NodeId>) {
        let mut next = Follower { leader, ..Follower::default() };
        if let Role::Follower(old) = &mut self.role {
            next.waiting = std::mem::take(&mut old.waiting);
        }
        match std::mem::replace(&mut self.role, Role::Follower(next)) {
            Role::Follower(old) => old.give_up_reads(ctx),
            Role::Candidate(_) => {}
            Role::Leader(deposed) => {
                ctx.reached(milestones::LEADER_DEPOSED);
                ctx.cancel_timer(Timer::Heartbeat);
                self.reset_election_timer(ctx);
                self.leave_leadership(ctx, deposed);
            }
        }
    }
}

/// What all roles do.
impl Raft {
    /// Whether this bug is planted.
    #[inline]
    pub(super) fn has(&self, bug: Bug) -> bool {
        self.params.bug == Some(bug)
    }

    /// How many hosts are more than half of all.
    pub(super) fn majority(ctx: &Context<'_, Self>) -> usize {
        ctx.members().len() / 2 + 1
    }

    /// Waits anew for a random time (section 5.2: so that split votes are rare).
    pub(super) fn reset_election_timer(&self, ctx: &mut Context<'_, Self>) {
        let (low, high) = self.params.election_timeout();
        let after: Duration = ctx.rng().duration(low, high);
        ctx.set_timer(Timer::Election, after);
    }

    /// Sends a message that promises that something is on the disk: it leaves when all that this
    /// host has written is durable.
    pub(super) fn promise(&self, ctx: &mut Context<'_, Self>, to: NodeId, message: Message) {
        // What could not be written can be promised to nobody.
        if !self.failed {
            ctx.sync();
            ctx.send(to, message);
        }
    }

    /// Writes term and vote. They are promised to nobody before the next sync.
    pub(super) fn save_state(&mut self, ctx: &mut Context<'_, Self>) {
        // planted bug vote-not-persisted: only the term is written.
        let voted_for = self.voted_for.filter(|_| !self.has(Bug::VoteNotPersisted));
        let written = self.storage.save_state(ctx.disk(), self.term, voted_for);
        self.written(ctx, written);
    }

    /// Appends an entry of the current term, in memory and on the disk; returns its index.
    pub(super) fn append_entry(
        &mut self,
        ctx: &mut Context<'_, Self>,
        command: Option<Command>,
    ) -> Index {
        let entry = Entry { term: self.term, command };
        let written = self.storage.append(ctx.disk(), [&entry]);
        self.written(ctx, written);
        self.log.append(entry)
    }

    /// A host whose disk refuses a write crashes: a supervisor restarts it.
    pub(super) fn written(&mut self, ctx: &mut Context<'_, Self>, result: Result<(), DiskError>) {
        if result.is_err() {
            self.failed = true;
            ctx.crash();
        }
    }

    /// Section 5.3: everything up to `commit` is committed, and so it is applied in order.
    pub(super) fn advance_commit(&mut self, ctx: &mut Context<'_, Self>, commit: Index) {
        if commit > self.commit {
            self.commit = commit;
            if std::mem::take(&mut self.restarted) {
                ctx.reached(milestones::COMMIT_AFTER_RESTART);
            }
            self.deliver_up_to(ctx, commit);
        }
    }

    /// Delivers what has not been delivered in this life.
    pub(super) fn deliver_up_to(&mut self, ctx: &mut Context<'_, Self>, index: Index) {
        while self.delivered < index {
            let Some(entry) = self.log.get(self.delivered + 1) else {
                return;
            };
            self.delivered += 1;
            ctx.deliver(Committed {
                index: self.delivered,
                term: entry.term,
                command: entry.command.clone(),
            });
        }
    }

    /// The committed log, as a client reads it.
    pub(super) fn committed_log(&self) -> LogRet {
        let committed = self.log.from(1, self.commit as usize);
        // planted bug noop-read-as-command: a no-op is shown as number 0.
        let noop = self.has(Bug::NoopReadAsCommand).then_some(Command::Number(0));
        let shown = committed.iter().map(|entry| entry.command.clone().or(noop.clone()));
        LogRet::Log(shown.collect())
    }
}
