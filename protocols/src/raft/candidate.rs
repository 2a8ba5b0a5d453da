//! Candidates: they ask for votes (section 5.2).

use std::collections::BTreeSet;

use seedbed_sim::{Context, NodeId};
use serde::Serialize;

use super::bugs::Bug;
use super::message::Message;
use super::node::{Raft, Role};

/// What only a candidate knows.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Candidate {
    /// Who has granted it a vote of this term: itself, too, once its own vote is durable.
    pub votes: BTreeSet<NodeId>,
    /// How many granted votes have come: only with the planted bug vote-reply-counted-twice.
    pub(super) replies: usize,
}

impl Raft {
    /// To begin an election, a follower increments its term, votes for itself, and asks all others.
    /// So does a candidate whose election came to nothing.
    pub(super) fn become_candidate(&mut self, ctx: &mut Context<'_, Self>) {
        let old = std::mem::replace(&mut self.role, Role::Candidate(Candidate::default()));
        if let Role::Follower(follower) = old {
            follower.give_up_reads(ctx);
        }
        self.term += 1;
        self.voted_for = Some(ctx.me());
        self.save_state(ctx);
        self.reset_election_timer(ctx);
        let term = self.term;
        ctx.note(|| format!("becomes a candidate of term {term}"));
        let (last_index, last_term) = (self.log.last_index(), self.log.last_term());
        let me = ctx.me();
        self.promise(ctx, me, Message::VoteReply { term, granted: true });
        // Behind the same gate: a candidate that forgot its term could be one twice.
        if !self.failed {
            ctx.broadcast(Message::Vote { term, last_index, last_term });
        }
    }

    /// A vote, or a refusal. With the votes of a majority the candidate leads.
    pub(super) fn on_vote_reply(
        &mut self,
        ctx: &mut Context<'_, Self>,
        from: NodeId,
        granted: bool,
    ) {
        let counts_replies = self.has(Bug::VoteReplyCountedTwice);
        let Role::Candidate(candidate) = &mut self.role else {
            return;
        };
        if !granted {
            return;
        }
        candidate.votes.insert(from);
        candidate.replies += 1;
        // planted bug vote-reply-counted-twice: a duplicate is another vote.
        let votes = if counts_replies { candidate.replies } else { candidate.votes.len() };
        if votes >= Self::majority(ctx) {
            self.become_leader(ctx);
        }
    }
}
