//! Writes a run down: every line with the event that caused it, and the digest after each event.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use seedbed_sim::{Entry, NodeId, Tracer, What};

use super::recording::{CausalEvent, Recording, TraceLevel, TraceLine};

/// How many events of the causal past make the signature.
const TAIL: usize = 12;

/// The kind under which the runner reports what it found violated: `property: message`.
pub(crate) const VIOLATION: &str = "violation";

/// What one event was, for causal pasts.
#[derive(Clone, Debug)]
struct EventNode {
    event: u64,
    host: NodeId,
    what: &'static str,
    message: String,
    /// The event before it on the same host.
    before: Option<u64>,
    /// The event that sent the message or set the timer.
    cause: Option<u64>,
}

/// Collects a [`Recording`]. Shared, because the simulation owns its tracer.
#[derive(Debug)]
pub(crate) struct Recorder {
    level: TraceLevel,
    digests: Vec<u64>,
    lines: Vec<TraceLine>,
    /// The event in which a message that is under way was sent.
    sent: BTreeMap<u32, u64>,
    /// The event in which a timer of a host was set.
    set: BTreeMap<(NodeId, u32), u64>,
    nodes: BTreeMap<u64, EventNode>,
    latest: BTreeMap<NodeId, u64>,
}

/// A handle on a recorder that the simulation can own.
pub(crate) struct SharedRecorder(pub(crate) Rc<RefCell<Recorder>>);

impl Tracer for SharedRecorder {
    fn record(&mut self, entry: &Entry<'_>) {
        self.0.borrow_mut().record(entry);
    }

    fn event_over(&mut self, event: u64, digest: u64) {
        self.0.borrow_mut().digests.resize(event as usize, digest);
    }
}

impl Recorder {
    pub(crate) fn new(level: TraceLevel) -> Recorder {
        Recorder {
            level,
            digests: Vec::new(),
            lines: Vec::new(),
            sent: BTreeMap::new(),
            set: BTreeMap::new(),
            nodes: BTreeMap::new(),
            latest: BTreeMap::new(),
        }
    }

    fn record(&mut self, entry: &Entry<'_>) {
        if self.level != TraceLevel::Full {
            return;
        }
        let told = tell(&entry.what);
        let cause = self.cause(entry);
        if told.begins_event
            && let Some(host) = entry.host
        {
            self.add_node(entry.event, host, &told, cause);
        }
        let text = told.text(entry);
        // What the runner itself found: the kernel only passes it on.
        let (told, text) = match (&entry.what, text.split_once(": ")) {
            (What::Fault { kind: VIOLATION }, Some((property, message))) => {
                (Told::new("violation").kind(property), message.to_owned())
            }
            _ => (told, text),
        };
        self.lines.push(TraceLine {
            event: entry.event,
            time_ns: entry.time.nanos(),
            host: entry.host.map(|host| host.to_string()),
            what: told.what.to_owned(),
            kind: told.kind,
            peer: told.peer.map(|peer| peer.to_string()),
            cause,
            text,
        });
    }

    /// Keeps the side tables of what is under way, and finds the cause of what arrives.
    fn cause(&mut self, entry: &Entry<'_>) -> Option<u64> {
        match entry.what {
            What::Sent { parcel, .. } => {
                self.sent.insert(parcel, entry.event);
                None
            }
            What::Copied { copy, .. } => {
                self.sent.insert(copy, entry.event);
                None
            }
            What::Handled { parcel, .. } | What::Dropped { parcel, .. } => {
                self.sent.remove(&parcel)
            }
            What::TimerSet { timer, .. } => {
                self.set.insert((entry.host?, timer), entry.event);
                None
            }
            What::TimerFired { timer } => self.set.get(&(entry.host?, timer)).copied(),
            _ => None,
        }
    }

    fn add_node(&mut self, event: u64, host: NodeId, told: &Told, cause: Option<u64>) {
        let before = self.latest.insert(host, event).filter(|before| *before != event);
        let message = match told.what {
            "handled" => told.kind.clone().unwrap_or_default(),
            _ => String::new(),
        };
        let node = EventNode { event, host, what: told.what, message, before, cause };
        // Of two things in one event the first is what it was.
        self.nodes.entry(event).or_insert(node);
    }

    /// The host in the middle of an event.
    pub(crate) fn host_of(&self, event: u64) -> Option<NodeId> {
        self.nodes.get(&event).map(|node| node.host)
    }

    /// The recording, with the causal past of the violation in `event`. Where no host is in the
    /// middle of it (a client did not finish), everything is its past.
    pub(crate) fn finish(
        &self,
        event: Option<u64>,
        role_of: impl Fn(NodeId) -> String,
    ) -> Recording {
        let tail = event.filter(|_| self.level == TraceLevel::Full).map(|event| {
            let past: Vec<&EventNode> = match self.nodes.contains_key(&event) {
                true => self.past_of(event),
                false => self.nodes.values().collect(),
            };
            let first = past.len().saturating_sub(TAIL);
            past[first..].iter().map(|node| describe(node, &role_of)).collect()
        });
        Recording {
            digests: self.digests.clone(),
            lines: self.lines.clone(),
            causal_tail: tail.unwrap_or_default(),
        }
    }

    /// The event and everything that it follows from, in order.
    fn past_of(&self, event: u64) -> Vec<&EventNode> {
        let mut found = BTreeSet::new();
        let mut open = vec![event];
        while let Some(event) = open.pop() {
            let Some(node) = self.nodes.get(&event) else {
                continue;
            };
            if found.insert(node.event) {
                open.extend(node.before);
                open.extend(node.cause);
            }
        }
        found.into_iter().map(|event| &self.nodes[&event]).collect()
    }
}

fn describe(node: &EventNode, role_of: &impl Fn(NodeId) -> String) -> CausalEvent {
    CausalEvent {
        event: node.what.to_owned(),
        message: node.message.clone(),
        role: role_of(node.host),
    }
}

/// A line in parts.
struct Told {
    what: &'static str,
    kind: Option<String>,
    peer: Option<NodeId>,
    /// What the kernel's own text does not say.
    more: String,
    /// Whether it begins an event on its host.
    begins_event: bool,
}

impl Told {
    fn new(what: &'static str) -> Told {
        Told { what, kind: None, peer: None, more: String::new(), begins_event: false }
    }

    fn kind(mut self, kind: &str) -> Told {
        self.kind = Some(kind.to_owned());
        self
    }

    fn peer(mut self, peer: NodeId) -> Told {
        self.peer = Some(peer);
        self
    }

    fn more(mut self, more: String) -> Told {
        self.more = more;
        self
    }

    fn begins(mut self) -> Told {
        self.begins_event = true;
        self
    }

    fn text(&self, entry: &Entry<'_>) -> String {
        let text = entry.text.to_string();
        match (text.is_empty(), self.more.is_empty()) {
            (_, true) => text,
            (true, false) => self.more.clone(),
            (false, false) => format!("{text} ({})", self.more),
        }
    }
}

fn tell(what: &What<'_>) -> Told {
    match what {
        What::Boot { incarnation } => {
            Told::new("boot").more(format!("life {incarnation}")).begins()
        }
        What::Crash { operations_lost, bytes_lost } => Told::new("crash")
            .more(format!("{operations_lost} disk operations, {bytes_lost} bytes lost")),
        What::Pause => Told::new("pause"),
        What::Resume => Told::new("resume"),
        What::Sent { to, kind, fate, .. } => {
            let told = Told::new("sent").kind(kind).peer(*to);
            if *fate == "arrives" { told } else { told.more((*fate).to_owned()) }
        }
        What::Copied { .. } => Told::new("copied"),
        What::Corrupted { .. } => Told::new("corrupted"),
        What::Misdirected { meant, to, .. } => {
            Told::new("misdirected").peer(*to).more(format!("meant for {meant}"))
        }
        What::Handled { from, kind, .. } => Told::new("handled").kind(kind).peer(*from).begins(),
        What::Dropped { from, kind, why, .. } => {
            Told::new("dropped").kind(kind).peer(*from).more((*why).to_owned())
        }
        What::TimerSet { at, .. } => Told::new("timer-set").more(format!("for {at}")),
        What::TimerFired { .. } => Told::new("timer-fired").begins(),
        What::Durable => Told::new("durable").begins(),
        What::Note => Told::new("note"),
        What::Milestone { name } => Told::new("milestone").kind(name),
        What::Fault { kind } => Told::new("fault").kind(kind),
        What::Invoke => Told::new("invoke").begins(),
        What::Ended { outcome } => Told::new("ended").kind(outcome),
        What::Delivered => Told::new("delivered"),
        What::Violation { property } => Told::new("violation").kind(property),
        // The kernel may learn to say more.
        _ => Told::new("other"),
    }
}
