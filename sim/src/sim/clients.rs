//! Clients at work: their mail over the network, their time-outs, their histories.

use std::collections::VecDeque;
use std::time::Duration;

use crate::client::{
    Attempted, CLIENT_REPLY, CLIENT_REPLY_KIND, CLIENT_REQUEST, CLIENT_REQUEST_KIND, ClientState,
    ClientView, HistoryEvent, Next, Outcome, Record, Target,
};
use crate::codec;
use crate::context::Context;
use crate::disk::SyncId;
use crate::id::{NodeId, OpId};
use crate::invariant::{Observation, Watch};
use crate::network::Fate;
use crate::node::{Answer, Node, Op, Ret, Retry, Service};
use crate::rng::{Purpose, Rng};
use crate::sim::Sim;
use crate::sim::core::{Clogged, Condition, Internal, Slot};
use crate::sim::host::{Host, Output};
use crate::sim::leave::fate_name;
use crate::sim::step::handle;
use crate::time::SimTime;
use crate::trace::What;

/// Who submits operations by hand: no client, on no network.
pub const OPERATOR: NodeId = NodeId::from_number(u32::MAX);

/// A request or a reply on its way. Clients talk over a connection an attempt: what they say may
/// be lost and delayed, but is never duplicated, so that a refusal is the last word on its attempt.
pub(crate) struct Mail<N: Node> {
    pub(crate) from: NodeId,
    pub(crate) to: NodeId,
    pub(crate) id: OpId,
    pub(crate) draw: u64,
    pub(crate) on_network: bool,
    pub(crate) body: Body<N>,
}

pub(crate) enum Body<N: Node> {
    Request(Op<N>),
    Reply(Answer<Ret<N>>),
}

/// What has become of an operation that an operator submitted.
#[derive(Clone, Debug)]
pub struct Submission<R> {
    /// The position at which the host has taken it up.
    pub accepted: Option<u64>,
    /// The host's answer, if it has left.
    pub answer: Option<Answer<R>>,
}

pub(crate) type OperatorState<N> = Submission<Ret<N>>;

impl<N: Node> Sim<N> {
    pub(super) fn start_client(&mut self, number: u32, start: SimTime) {
        if self.clients[number as usize].config.interval.is_some() {
            self.schedule_arrival(number, start);
        } else {
            self.wake_client_at(number, start);
        }
    }

    fn client_rng(&mut self, number: u32) -> &mut Rng {
        let streams = &self.core.shared.streams;
        let client = &mut self.clients[number as usize];
        client
            .rng
            .get_or_insert_with(|| Box::new(streams.open(Purpose::Workload, u64::from(number))))
    }

    fn schedule_arrival(&mut self, number: u32, from: SimTime) {
        let word = self.client_rng(number).next();
        let client = &self.clients[number as usize];
        let Some(interval) = &client.config.interval else {
            return;
        };
        let at = from + Duration::from_nanos(interval.sample(word));
        self.core.push_internal(at, Internal::ClientArrival { client: number });
    }

    fn wake_client_at(&mut self, number: u32, at: SimTime) {
        let client = &mut self.clients[number as usize];
        client.wake += 1;
        let wake = client.wake;
        self.core.push_internal(at, Internal::ClientWake { client: number, wake });
    }

    /// The open loop means this client to start an operation now.
    pub(super) fn on_client_arrival(&mut self, number: u32) {
        if !matches!(self.clients[number as usize].state, ClientState::Working) {
            return;
        }
        self.core.event(tag::ARRIVAL, u64::from(number));
        let now = self.core.now;
        self.clients[number as usize].due.push_back(now);
        self.schedule_arrival(number, now);
        if !self.clients[number as usize].waits {
            self.advance(number);
        }
    }

    pub(super) fn on_client_wake(&mut self, number: u32, wake: u32) {
        let client = &mut self.clients[number as usize];
        if client.wake == wake {
            client.waits = false;
            self.core.event(tag::WAKE, u64::from(number));
            self.advance(number);
        }
    }

    /// Lets an idle client begin what is next for it.
    fn advance(&mut self, number: u32) {
        let client = &mut self.clients[number as usize];
        if client.current.is_some() {
            return;
        }
        match &mut client.state {
            ClientState::Working => self.ask_program(number),
            ClientState::Finishing(finals) => match finals.front().cloned() {
                Some((op, target)) => self.invoke(number, op, target, self.core.now, true),
                None => client.state = ClientState::Finished,
            },
            ClientState::Done | ClientState::Finished => {}
        }
    }

    fn ask_program(&mut self, number: u32) {
        self.client_rng(number);
        let members = &self.core.shared.members;
        let client = &mut self.clients[number as usize];
        let open_loop = client.config.interval.is_some();
        let intended = match client.due.front() {
            Some(due) => *due,
            None if open_loop => return,
            None => self.core.now,
        };
        let view = ClientView { number, generation: client.generation, members };
        let last = client.last.as_ref().map(|(op, outcome)| (op, outcome));
        let rng = client.rng.as_mut().expect("made above");
        match client.program.next(&view, last, rng) {
            Next::Invoke(op, target) => {
                client.due.pop_front();
                self.invoke(number, op, target, intended, false);
            }
            Next::Wait(time) => {
                client.waits = true;
                let at = self.core.now + time;
                self.wake_client_at(number, at);
            }
            Next::Done => client.state = ClientState::Done,
        }
    }

    fn invoke(&mut self, number: u32, op: Op<N>, target: Target, intended: SimTime, last: bool) {
        let now = self.core.now;
        let client = &mut self.clients[number as usize];
        client.begun += 1;
        let id = OpId { client: NodeId::client(number), number: client.begun };
        // A final operation is asked again until it is ok, so there is no use in a long wait.
        let config = &client.config;
        let deadline = now + if last { config.attempt_timeout } else { config.timeout };
        self.record(id, last, HistoryEvent::Invoke { op: op.clone(), intended });
        let client = &mut self.clients[number as usize];
        client.current = Some(Attempted {
            id,
            op,
            target,
            asked: id.client,
            doubtful: false,
            waiting: false,
            attempt: 0,
            last,
        });
        let timeout = Internal::ClientTimeout { client: number, op: id.number };
        self.core.push_internal(deadline, timeout);
        let first = self.first_target(number, target);
        self.attempt(number, first);
    }

    fn first_target(&mut self, number: u32, target: Target) -> NodeId {
        let believed = self.clients[number as usize].believed_leader;
        match (target, believed) {
            (Target::Host(host), _) => host,
            (Target::Leader, Some(host)) => host,
            (Target::Leader, None) | (Target::Any, _) => {
                let count = self.asked().len() as u64;
                let pick = self.client_rng(number).below(count);
                self.asked()[pick as usize]
            }
        }
    }

    /// Sends one attempt of the current operation to `host`.
    fn attempt(&mut self, number: u32, host: NodeId) {
        let client = &mut self.clients[number as usize];
        let Some(current) = &mut client.current else {
            return;
        };
        current.asked = host;
        current.waiting = true;
        current.attempt += 1;
        let (id, op, attempt) = (current.id, current.op.clone(), current.attempt);
        let pause = client.config.attempt_timeout;
        if N::Service::RETRY == Retry::SameOperation {
            let retry = Internal::ClientRetry { client: number, op: id.number, attempt };
            self.core.push_internal(self.core.now + pause, retry);
        }
        let streams = &self.core.shared.streams;
        let network = &mut self.clients[number as usize].network;
        let network = network.get_or_insert_with(|| {
            Box::new(streams.open(Purpose::Network, u64::from(id.client.number())))
        });
        let mail = Mail {
            from: id.client,
            to: host,
            id,
            draw: network.next(),
            on_network: false,
            body: Body::Request(op),
        };
        let slot = self.mails.insert(mail);
        self.mail_leaves(slot);
    }

    /// An answer of `host`: it leaves now, or when its gate opens.
    #[inline(never)]
    pub(super) fn send_reply(
        &mut self,
        host: NodeId,
        id: OpId,
        answer: Answer<Ret<N>>,
        gate: Option<SyncId>,
    ) {
        let client = id.client;
        let is_known = client.is_client() && client.index() < self.clients.len();
        assert!(is_known || client == OPERATOR, "{host} answers {id}, which no client has asked");
        let mut draw = 0;
        if id.client != OPERATOR {
            let machine = &mut self.hosts.0[host.index()].machine;
            draw = machine.network_word(&self.core.shared.streams, host);
        }
        let body = Body::Reply(answer);
        let mail = Mail { from: host, to: id.client, id, draw, on_network: false, body };
        let slot = self.mails.insert(mail);
        match gate {
            None => self.mail_leaves(slot),
            Some(sync) => {
                let cold = self.hosts.0[host.index()].cold();
                cold.outbox.push_back((sync, Output::Mail(slot)));
            }
        }
    }

    /// A request leaves its client, or an answer its host.
    pub(super) fn mail_leaves(&mut self, slot: u32) {
        let mail = self.mails.get_mut(slot);
        let (from, to, id, word) = (mail.from, mail.to, mail.id, mail.draw);
        mail.on_network = to != OPERATOR;
        let (kind, digest, size) = match &mail.body {
            Body::Request(op) => (CLIENT_REQUEST_KIND, codec::digest_of(op), codec::size_of(op)),
            Body::Reply(answer) => {
                (CLIENT_REPLY_KIND, codec::digest_of(answer), codec::size_of(answer))
            }
        };
        let link = u64::from(from.number()) << 32 | u64::from(to.number());
        self.core.digest.fold2(link, digest ^ id.number);
        if kind == CLIENT_REPLY_KIND && self.invariants.watched(Watch::REPLIED) {
            self.observe_replied(slot);
        }
        if to == OPERATOR {
            return self.answer_operator(slot);
        }
        self.core.count_mail(kind, size);
        let route = self.core.network.route(from, to, kind, word, self.core.now);
        if self.tracer.is_some() {
            self.trace_mail(slot, fate_name(route.fate));
        }
        match route.fate {
            Fate::Arrives(at) => self.core.push(at, Slot::Mail(slot)),
            Fate::Clogged(delay_ns) => {
                let raw = Slot::Mail(slot).pack();
                self.core.clogged.push(Clogged { from, to, raw, delay_ns });
            }
            Fate::Lost => {
                self.core.counts.lost += 1;
                self.mails.remove(slot);
            }
            Fate::Cut => {
                self.core.counts.cut += 1;
                self.mails.remove(slot);
            }
        }
    }

    fn observe_replied(&mut self, slot: u32) {
        let mail = self.mails.get(slot);
        let Body::Reply(answer) = &mail.body else {
            return;
        };
        let answer = answer.clone();
        let seen = Observation::Replied { host: mail.from, op: mail.id, answer: &answer };
        self.observe(Watch::REPLIED, &seen);
    }

    #[cold]
    fn trace_mail(&mut self, slot: u32, fate: &'static str) {
        let mail = self.mails.get(slot);
        let (from, to) = (mail.from, mail.to);
        let (kind, text) = match &mail.body {
            Body::Request(op) => (CLIENT_REQUEST, format!("{} {op:?}", mail.id)),
            Body::Reply(answer) => (CLIENT_REPLY, format!("{} {answer:?}", mail.id)),
        };
        let parcel = Slot::Mail(slot).pack();
        self.trace(Some(from), What::Sent { to, kind, parcel, fate }, &text);
    }

    /// A request or a reply has arrived.
    pub(super) fn on_mail(&mut self, slot: u32) {
        let to = self.mails.get(slot).to;
        if to.is_client() {
            return self.deliver_reply(slot);
        }
        let host = &self.hosts.0[to.index()];
        if host.ready_at > self.core.now || self.has_inbox(to) {
            self.postpone(to, Slot::Mail(slot));
        } else {
            self.deliver_request(slot);
        }
    }

    pub(super) fn deliver_request(&mut self, slot: u32) {
        let mail = self.mails.remove(slot);
        let Body::Request(op) = mail.body else {
            unreachable!("hosts get requests only");
        };
        self.core.event(tag::REQUEST | u64::from(mail.to.number()), codec::digest_of(&op));
        if mail.on_network {
            self.core.counts.delivered += 1;
        }
        if self.tracer.is_some() {
            let (from, parcel) = (mail.from, Slot::Mail(slot).pack());
            let text = format!("{} {op:?}", mail.id);
            let what = What::Handled { from, kind: CLIENT_REQUEST, parcel };
            self.trace(Some(mail.to), what, &text);
        }
        handle!(self, mail.to, |node, ctx| node.on_request(ctx, mail.id, op));
    }

    fn deliver_reply(&mut self, slot: u32) {
        let mail = self.mails.remove(slot);
        let Body::Reply(answer) = mail.body else {
            unreachable!("clients get replies only");
        };
        let number = mail.to.index() as u32;
        self.core.counts.delivered += 1;
        self.core.event(tag::REPLY | u64::from(number), codec::digest_of(&answer));
        if self.tracer.is_some() {
            let parcel = Slot::Mail(slot).pack();
            let what = What::Handled { from: mail.from, kind: CLIENT_REPLY, parcel };
            self.trace(Some(mail.to), what, &format!("{} {answer:?}", mail.id));
        }
        let current = &self.clients[number as usize].current;
        if current.as_ref().is_none_or(|current| current.id != mail.id) {
            self.operations.late_replies += 1;
            return;
        }
        match answer {
            Answer::Done(ret) => {
                self.clients[number as usize].believed_leader = Some(mail.from);
                self.end(number, Outcome::Ok(ret));
            }
            Answer::Refused { hint } => self.refused(number, mail.from, hint),
            Answer::Unknown => self.lost_track(number, mail.from),
        }
    }

    /// `host` has refused the attempt: on to the next, unless only this one was to be asked.
    fn refused(&mut self, number: u32, host: NodeId, hint: Option<NodeId>) {
        let client = &mut self.clients[number as usize];
        // A host may have it from a message that was corrupted.
        let hosts = self.hosts.0.len();
        let exists = |hint: NodeId| !hint.is_client() && hint.index() < hosts;
        client.believed_leader = hint.filter(|hint| *hint != host && exists(*hint));
        let Some(current) = client.current.as_mut().filter(|current| current.asked == host) else {
            return;
        };
        if !std::mem::take(&mut current.waiting) {
            return;
        }
        if let (Target::Host(_), doubtful) = (current.target, current.doubtful) {
            let outcome = if doubtful { Outcome::Info } else { Outcome::Fail };
            return self.end(number, outcome);
        }
        self.retry_later(number);
    }

    /// `host` cannot tell what became of the attempt.
    fn lost_track(&mut self, number: u32, host: NodeId) {
        let client = &mut self.clients[number as usize];
        let Some(current) = client.current.as_mut().filter(|current| current.asked == host) else {
            return;
        };
        current.doubtful = true;
        current.waiting = false;
        match N::Service::RETRY {
            Retry::Never => self.end(number, Outcome::Info),
            Retry::SameOperation => self.retry_later(number),
        }
    }

    fn retry_later(&mut self, number: u32) {
        let client = &self.clients[number as usize];
        let Some(current) = &client.current else {
            return;
        };
        let (op, attempt) = (current.id.number, current.attempt);
        let at = self.core.now + client.config.pause;
        let retry = Internal::ClientRetry { client: number, op, attempt };
        self.core.push_internal(at, retry);
    }

    /// An attempt was refused a while ago, or has not been answered in time: on to the next host.
    pub(super) fn on_client_retry(&mut self, number: u32, op: u64, attempt: u32) {
        let client = &mut self.clients[number as usize];
        let Some(current) = &mut client.current else {
            return;
        };
        if (current.id.number, current.attempt) != (op, attempt) {
            return;
        }
        if current.waiting {
            current.doubtful = true;
        }
        let (asked, target, believed) = (current.asked, current.target, client.believed_leader);
        self.core.event(tag::RETRY | u64::from(number), op);
        let next = match (target, believed) {
            (Target::Host(host), _) => host,
            (Target::Leader | Target::Any, Some(host)) if host != asked => host,
            (Target::Leader | Target::Any, _) => self.member_after(asked),
        };
        self.attempt(number, next);
    }

    fn member_after(&self, host: NodeId) -> NodeId {
        let members = self.asked();
        let position = members.iter().position(|member| *member == host).unwrap_or(0);
        members[(position + 1) % members.len()]
    }

    /// Whom clients ask where no host is named to them.
    fn asked(&self) -> &[NodeId] {
        self.asked_by_clients.as_deref().unwrap_or(&self.core.shared.members)
    }

    pub(super) fn on_client_timeout(&mut self, number: u32, op: u64) {
        let Some(current) = &self.clients[number as usize].current else {
            return;
        };
        if current.id.number != op {
            return;
        }
        let undecided = current.waiting || current.doubtful;
        self.core.event(tag::TIMEOUT | u64::from(number), op);
        self.end(number, if undecided { Outcome::Info } else { Outcome::Fail });
    }

    /// The client's operation ends; it goes on with the next.
    fn end(&mut self, number: u32, outcome: Outcome<Ret<N>>) {
        let client = &mut self.clients[number as usize];
        let Some(current) = client.current.take() else {
            return;
        };
        let event = match &outcome {
            Outcome::Ok(ret) => HistoryEvent::Ok(ret.clone()),
            Outcome::Fail => HistoryEvent::Fail,
            Outcome::Info => HistoryEvent::Info,
        };
        self.record(current.id, current.last, event);
        let client = &mut self.clients[number as usize];
        let mut pause = Duration::ZERO;
        match (&outcome, &mut client.state) {
            (Outcome::Ok(_), ClientState::Finishing(finals)) if current.last => {
                finals.pop_front();
            }
            (Outcome::Fail | Outcome::Info, ClientState::Finishing(_)) => {
                pause = client.config.pause;
            }
            (Outcome::Ok(_), ClientState::Finishing(_))
            | (_, ClientState::Working | ClientState::Done | ClientState::Finished) => {}
        }
        match outcome {
            Outcome::Ok(_) => self.operations.ok += 1,
            Outcome::Fail => self.operations.fail += 1,
            Outcome::Info => {
                self.operations.info += 1;
                client.generation += 1;
                client.believed_leader = None;
            }
        }
        client.last = Some((current.op, outcome));
        let ok = self.operations.ok;
        self.core.fire_watches(
            |condition| matches!(condition, Condition::Operations(count) if *count <= ok),
        );
        self.wake_client_at(number, self.core.now + pause);
    }

    fn record(&mut self, op: OpId, last: bool, event: HistoryEvent<Op<N>, Ret<N>>) {
        let client = op.client.index();
        let generation = self.clients[client].generation;
        if self.tracer.is_some() {
            let (what, text) = match &event {
                HistoryEvent::Invoke { op: asked, .. } => (What::Invoke, format!("{op} {asked:?}")),
                HistoryEvent::Ok(ret) => (What::Ended { outcome: "ok" }, format!("{op} {ret:?}")),
                HistoryEvent::Fail => (What::Ended { outcome: "fail" }, op.to_string()),
                HistoryEvent::Info => (What::Ended { outcome: "info" }, op.to_string()),
            };
            self.trace(Some(op.client), what, &text);
        }
        self.history.push(Record { time: self.core.now, op, generation, last, event });
    }

    /// Programs issue nothing new. Outstanding operations end as they will; then each client
    /// repeats each of `finals` until it is ok.
    pub fn finish_clients(&mut self, finals: Vec<(Op<N>, Target)>) {
        for number in 0..self.clients.len() as u32 {
            let client = &mut self.clients[number as usize];
            self.operations.dropped += client.due.len() as u64;
            client.due.clear();
            client.state = ClientState::Finishing(VecDeque::from(finals.clone()));
            if client.current.is_none() {
                self.wake_client_at(number, self.core.now);
            }
        }
    }

    /// Whether every client has done all its final operations.
    pub fn clients_finished(&self) -> bool {
        self.clients.iter().all(|client| matches!(client.state, ClientState::Finished))
    }

    /// Hands an operation to `host` at once, as an operator at its console would; none if it is
    /// not up. The answer goes to no client: see [`Sim::submission`].
    pub fn submit(&mut self, host: NodeId, op: Op<N>) -> Option<u64> {
        self.hosts.0.get(host.index())?.node.as_ref()?;
        let number = self.operator.len() as u64;
        self.operator.push(Submission { accepted: None, answer: None });
        let id = OpId { client: OPERATOR, number };
        let body = Body::Request(op);
        let mail = Mail { from: OPERATOR, to: host, id, draw: 0, on_network: false, body };
        let slot = self.mails.insert(mail);
        self.core.push(self.core.now, Slot::Mail(slot));
        Some(number)
    }

    /// What has become of a submitted operation.
    pub fn submission(&self, number: u64) -> &Submission<Ret<N>> {
        &self.operator[number as usize]
    }

    pub(super) fn accepted(&mut self, id: OpId, position: u64) {
        if id.client == OPERATOR
            && let Some(submission) = self.operator.get_mut(id.number as usize)
        {
            submission.accepted = Some(position);
        }
    }

    fn answer_operator(&mut self, slot: u32) {
        let mail = self.mails.remove(slot);
        // Numbers that a host has from a corrupted message may be nobody's.
        if let (Body::Reply(answer), Some(submission)) =
            (mail.body, self.operator.get_mut(mail.id.number as usize))
        {
            submission.answer = Some(answer);
        }
    }
}

/// What a client's event is, in the digest.
mod tag {
    pub(super) const ARRIVAL: u64 = 16 << 56;
    pub(super) const WAKE: u64 = 17 << 56;
    pub(super) const REQUEST: u64 = 18 << 56;
    pub(super) const REPLY: u64 = 19 << 56;
    pub(super) const RETRY: u64 = 20 << 56;
    pub(super) const TIMEOUT: u64 = 21 << 56;
}
