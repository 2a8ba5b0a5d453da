//! Histories before anybody knows what they are about: who did what when, in which line.
//!
//! A reader of a format produces [`Event`]s; [`Untyped::pair`] joins each invocation with its end.
//! What an operation *means* is the matter of a model: see [`crate::formats::typed`].

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value as Json;

use crate::history::{HistoryError, Kind};
use crate::process::Process;

/// Where in a file something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The number of the record, from 1: several may be on one line.
    pub record: usize,
}

/// Who did something, as a file says it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Actor {
    /// A number, as Jepsen's clients have.
    Number(u32),
    /// Any other name.
    Name(String),
}

impl fmt::Display for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Actor::Number(number) => write!(formatter, "process {number}"),
            Actor::Name(name) => write!(formatter, "process {name}"),
        }
    }
}

/// One record of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Where it is.
    pub place: Place,
    /// Who.
    pub actor: Actor,
    /// What the record says of the operation.
    pub kind: Kind,
    /// The name of the operation.
    pub f: String,
    /// The key that the record names apart from the value, if it does.
    pub key: Option<Json>,
    /// What was asked, or answered.
    pub value: Json,
    /// When, in nanoseconds, if the record says so.
    pub time_ns: Option<u64>,
    /// The error that the record names, if it does.
    pub error: Option<Json>,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// `ok`, `fail` or `info`.
    pub kind: Kind,
    /// The value that came back.
    pub value: Json,
    /// The error that came with it.
    pub error: Option<Json>,
    /// When.
    pub time_ns: u64,
    /// Where.
    pub place: Place,
}

/// An invocation with its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Who asked.
    pub process: Process,
    /// The name of the operation.
    pub f: String,
    /// The key that was named apart from the value, if one was.
    pub key: Option<Json>,
    /// What was asked.
    pub argument: Json,
    /// When.
    pub invoked_ns: u64,
    /// Where.
    pub place: Place,
    /// The end, unless the file says nothing of it.
    pub end: Option<End>,
}

/// A history of calls that nobody has given a meaning to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Untyped {
    /// In the order of the invocations.
    pub calls: Vec<Call>,
    /// The order of the records: a call, and whether the record is its end.
    pub order: Vec<(usize, bool)>,
    /// Whether the times are of a clock; if not, they only count the records.
    pub is_timed: bool,
    /// What the reader had to decide, in sentences.
    pub notes: Vec<String>,
}

/// What an actor is doing.
#[derive(Clone, Copy, Debug)]
struct Activity {
    process: Process,
    /// The call that waits for its end.
    open: Option<usize>,
}

impl Untyped {
    /// Joins invocations with their ends.
    ///
    /// An actor whose operation ended `info` goes on as a new process, whether the file gives it
    /// a new name, as Jepsen does, or not.
    ///
    /// # Errors
    /// If an actor does two things at once, or ends what it never began.
    pub fn pair(events: Vec<Event>) -> Result<Untyped, HistoryError> {
        let mut untyped = Untyped::default();
        let times = untyped.times_of(&events);
        untyped.pair_at(events, times)
    }

    /// The same for events whose times are right as they are: equal ones are concurrent, even if
    /// all are equal.
    ///
    /// # Errors
    /// As [`Untyped::pair`].
    pub fn pair_as_timed(events: Vec<Event>) -> Result<Untyped, HistoryError> {
        let times: Vec<u64> = events.iter().map(|event| event.time_ns.unwrap_or(0)).collect();
        let is_timed = times.iter().any(|time_ns| *time_ns > 0);
        Untyped { is_timed, ..Untyped::default() }.pair_at(events, times)
    }

    fn pair_at(mut self, events: Vec<Event>, times: Vec<u64>) -> Result<Untyped, HistoryError> {
        let mut activities = processes_of(&events);
        for (event, time_ns) in events.into_iter().zip(times) {
            let Some(activity) = activities.get_mut(&event.actor) else { continue };
            let line = event.place.line;
            self.add(event, time_ns, activity).map_err(|error| error.on_line(line))?;
        }
        Ok(self)
    }

    fn add(
        &mut self,
        event: Event,
        time_ns: u64,
        activity: &mut Activity,
    ) -> Result<(), HistoryError> {
        let Event { place, actor, kind, f, key, value, error, time_ns: _ } = event;
        let (open, is_end) = match (kind, activity.open) {
            (Kind::Invoke, None) => (self.calls.len(), false),
            (Kind::Invoke, Some(open)) => {
                let (other, line) = (&self.calls[open].f, self.calls[open].place.line);
                return Err(HistoryError::new(format!(
                    "{actor} invokes `{f}` while its `{other}` of line {line} is outstanding"
                )));
            }
            (Kind::Ok | Kind::Fail | Kind::Info, Some(open)) => (open, true),
            (Kind::Ok | Kind::Fail | Kind::Info, None) => {
                return Err(HistoryError::new(format!(
                    "{actor} ends `{f}` (`{kind}`), but has invoked nothing that could end"
                )));
            }
        };
        self.order.push((open, is_end));
        if !is_end {
            activity.open = Some(open);
            let process = activity.process;
            let (argument, invoked_ns) = (value, time_ns);
            let call = Call { process, f, key, argument, invoked_ns, place, end: None };
            self.calls.push(call);
            return Ok(());
        }
        let call = &mut self.calls[open];
        if call.f != f {
            return Err(HistoryError::new(format!(
                "{actor} ends `{f}`, but it invoked `{}` on line {}",
                call.f, call.place.line
            )));
        }
        call.end = Some(End { kind, value, error, time_ns, place });
        activity.open = None;
        if kind == Kind::Info {
            activity.process = activity.process.next_generation();
        }
        Ok(())
    }

    /// When each event happened. Files of this kind are in the order of events; their times tell
    /// the same, or nothing.
    fn times_of(&mut self, events: &[Event]) -> Vec<u64> {
        let given: Option<Vec<u64>> = events.iter().map(|event| event.time_ns).collect();
        let by_line = || (0_u64..).take(events.len()).collect();
        let Some(given) = given else { return by_line() };
        if given.windows(2).all(|pair| pair[0] == pair[1]) {
            return by_line();
        }
        self.is_timed = true;
        let Some(back) = given.windows(2).position(|pair| pair[0] > pair[1]) else {
            return given;
        };
        let line = events[back + 1].place.line;
        self.notes.push(format!(
            "the times go back on line {line}: what happened first is taken from the order of \
             the records"
        ));
        let mut last = None;
        let next = |time_ns: u64| {
            let time_ns = last.map_or(time_ns, |last: u64| time_ns.max(last.saturating_add(1)));
            last = Some(time_ns);
            time_ns
        };
        given.into_iter().map(next).collect()
    }
}

/// A process for each actor: numbers keep theirs, names like `c7` too, and others get the numbers
/// above, in the order in which they appear.
fn processes_of(events: &[Event]) -> BTreeMap<Actor, Activity> {
    let numbered = |actor: &Actor| match actor {
        Actor::Number(number) => Some(*number),
        Actor::Name(name) => name.strip_prefix('c').and_then(|digits| digits.parse().ok()),
    };
    let mut activities: BTreeMap<Actor, Activity> = BTreeMap::new();
    let mut taken: BTreeMap<u32, Actor> = BTreeMap::new();
    for event in events {
        if let Some(number) = numbered(&event.actor).filter(|number| *number < u32::MAX) {
            taken.entry(number).or_insert_with(|| event.actor.clone());
        }
    }
    let mut free = taken.last_key_value().map_or(0, |(number, _)| number.saturating_add(1));
    for event in events {
        if activities.contains_key(&event.actor) {
            continue;
        }
        let own = numbered(&event.actor).filter(|own| taken.get(own) == Some(&event.actor));
        let number = own.unwrap_or_else(|| {
            free = free.saturating_add(1);
            free - 1
        });
        let activity = Activity { process: Process::client(number), open: None };
        activities.insert(event.actor.clone(), activity);
    }
    activities
}
