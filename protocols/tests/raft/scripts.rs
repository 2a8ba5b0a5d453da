//! Conversations: small situations, each told as the messages that went to and fro, beside the file
//! in `scripts/` that says what they must be. `UPDATE_GOLDEN=1` rewrites the files: read them.
//!
//! A file begins with its point, in lines with `#`. Then come commands, one a line:
//!
//! - `hosts 3`: starts so many hosts, which boot together.
//! - `run 100ms`: lets that much time pass.
//! - `until leader-elected`: lets time pass until a milestone is reached.
//! - `append n1 7`: an operator appends a number at a host.
//! - `cut n1 n2` and `mend`: cuts two hosts off each other; ends all cuts.
//! - `crash n1` and `restart n1`.
//! - `quiet` and `tell`: leaves out what follows, up to the next `tell`.
//! - `status`: each host's role, term, log and commit index.
//!
//! What a command leads to stands below it, indented. A host is `n1@3` in term 3. A message is
//! told when it leaves; one that will not arrive says so at its end.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use seedbed_protocols::Protocol;
use seedbed_protocols::raft::{
    Append, AppendOutcome, Entry as LogEntry, Message, Params, Raft, Role,
};
use seedbed_protocols::services::{Command, LogOp};
use seedbed_sim::{
    Check, Condition, Config, CrashModel, Distribution, Entry, Fault, Invariant, NodeId,
    Observation, Sim, SimTime, Stop, Tracer, View, Watch, What,
};

/// What happened since the last command, a line each.
type Told = Rc<RefCell<Vec<String>>>;

/// Tells what leaves hosts, and what becomes of the hosts.
struct Teller(Told);

impl Invariant<Raft> for Teller {
    fn name(&self) -> &'static str {
        "teller"
    }

    fn about(&self) -> &'static str {
        "tells the story, and holds always"
    }

    fn watches(&self) -> Watch {
        Watch::LEFT.and(Watch::DELIVERED).and(Watch::BOOTED).and(Watch::CRASHED)
    }

    fn observe(&mut self, seen: &Observation<'_, Raft>, world: &View<'_, Raft>) -> Check {
        let line = match seen {
            Observation::Left { from, to, message } if from == to => {
                format!("{from}@{} notes {}", message.term(), words(message))
            }
            Observation::Left { from, to, message } => {
                format!("{from}@{} -> {to} {}", message.term(), words(message))
            }
            Observation::Delivered { host, item } => {
                let term = world.node(*host).map_or(0, Raft::term);
                let what = text_of(item.command.as_ref());
                format!("{host}@{term} applies {}: {what}", item.index)
            }
            Observation::Booted { host, node } => format!("{host}@{} boots", node.term()),
            Observation::Crashed { host } => format!("{host} crashes"),
            _ => return Ok(()),
        };
        self.0.borrow_mut().push(line);
        Ok(())
    }
}

/// Says of a message that left what the network does to it, unless it arrives.
struct Fates(Told);

impl Tracer for Fates {
    fn record(&mut self, entry: &Entry<'_>) {
        let mut told = self.0.borrow_mut();
        match (entry.what, entry.host) {
            (What::Sent { fate, .. }, _) if fate != "arrives" => {
                let sent = told.last_mut().expect("it was told when it left");
                sent.push_str(&format!(" ({fate})"));
            }
            (What::Dropped { from, kind, .. }, Some(host)) => {
                told.push(format!("{host} is down, and does not get the {kind} of {from}"));
            }
            _ => {}
        }
    }

    fn event_over(&mut self, _: u64, _: u64) {}
}

/// `7`, or `no-op`.
fn text_of(command: Option<&Command>) -> String {
    command.map_or("no-op".to_owned(), Command::to_string)
}

fn entries(entries: &[LogEntry]) -> String {
    let one = |entry: &LogEntry| {
        let what = text_of(entry.command.as_ref());
        format!("{what}@{}", entry.term)
    };
    format!("[{}]", entries.iter().map(one).collect::<Vec<_>>().join(" "))
}

fn words(message: &Message) -> String {
    match message {
        Message::Vote { last_index, last_term, .. } => {
            format!("vote last={last_index}@{last_term}")
        }
        Message::VoteReply { granted: true, .. } => "vote-reply granted".to_owned(),
        Message::VoteReply { granted: false, .. } => "vote-reply refused".to_owned(),
        Message::AppendEntries(Append { prev_index, prev_term, commit, entries: new, .. }) => {
            let what = if new.is_empty() { "heartbeat".to_owned() } else { entries(new) };
            format!("append prev={prev_index}@{prev_term} commit={commit} {what}")
        }
        Message::AppendReply { outcome: AppendOutcome::Matched { index }, .. } => {
            format!("append-reply matched={index}")
        }
        Message::AppendReply {
            outcome: AppendOutcome::Conflict { rejected, term, index }, ..
        } => match term {
            Some(term) => format!("append-reply rejected={rejected} conflict={index}@{term}"),
            None => format!("append-reply rejected={rejected} log-ends-before={index}"),
        },
        Message::Persisted { index, .. } => format!("persisted={index}"),
        Message::ReadIndex { serial, .. } => format!("read-index {serial}"),
        Message::ReadIndexReply { serial, commit, .. } => {
            format!("read-index-reply {serial} commit={commit:?}")
        }
    }
}

/// A simulation that a script drives.
struct Stage {
    sim: Sim<Raft>,
    told: Told,
}

fn host(name: &str) -> NodeId {
    let number: u32 = name.trim_start_matches('n').parse().expect("a host: n1, n2, ..");
    NodeId::host(number - 1)
}

impl Stage {
    /// Every message takes 10 ms, so that a conversation has an order that a reader can follow.
    fn new(hosts: u32) -> Stage {
        let mut config = Config::new(1, hosts, Params::default());
        config.network.everywhere.latency = Distribution::Constant(10_000_000);
        config.boot_spread = Duration::ZERO;
        let told = Told::default();
        let mut invariants = Raft::invariants(&Params::default());
        invariants.push(Box::new(Teller(told.clone())));
        let mut sim = Sim::new(config);
        sim.set_invariants(invariants);
        sim.set_milestones(Raft::milestones());
        sim.set_tracer(Box::new(Fates(told.clone())));
        Stage { sim, told }
    }

    fn run(&mut self, time: Duration) {
        let until = self.sim.now().saturating_add(time);
        assert_eq!(self.sim.run(until), Stop::Until, "{:?}", self.sim.violations());
    }

    fn until(&mut self, milestone: &str) {
        let index = self.sim.milestone_index(milestone).expect("a milestone");
        let watch = self.sim.watch(Condition::Milestone(index));
        let stop = self.sim.run(SimTime::MAX);
        assert_eq!(stop, Stop::Condition(watch), "{:?}", self.sim.violations());
    }

    fn command(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["run", time] => {
                let millis = time.trim_end_matches("ms").parse().expect("a time: 100ms");
                self.run(Duration::from_millis(millis));
            }
            ["until", milestone] => self.until(milestone),
            ["append", at, number] => {
                let number = number.parse().expect("a number");
                self.sim.submit(host(at), LogOp::Append(Command::Number(number)));
            }
            ["cut", one, other] => {
                let links = vec![(host(one), host(other)), (host(other), host(one))];
                self.sim.inject(Fault::Cut(links)).expect("a cut");
            }
            ["mend"] => assert!(self.sim.free_links(|_, _, _| true), "nothing is cut"),
            ["crash", name] => {
                self.sim.inject(Fault::Crash(host(name), Some(CrashModel::Strict))).expect("up");
            }
            ["restart", name] => assert!(self.sim.restart(host(name)), "{name} is not down"),
            ["status"] => self.status(),
            _ => panic!("no such command: {line}"),
        }
    }

    fn status(&mut self) {
        let view = self.sim.view();
        for host in view.members() {
            let line = match view.node(*host) {
                None => format!("{host} is down"),
                Some(node) => {
                    let role = match node.role() {
                        Role::Follower(_) => "follower",
                        Role::Candidate(_) => "candidate",
                        Role::Leader(_) => "leader",
                    };
                    let (term, commit) = (node.term(), node.commit());
                    let log = entries(node.log().entries());
                    format!("{host}@{term} {role} commit={commit} {log}")
                }
            };
            self.told.borrow_mut().push(line);
        }
    }
}

/// Plays the commands of a script, and writes below each what it led to.
fn play(script: &str) -> String {
    let mut stage: Option<Stage> = None;
    let mut quiet = false;
    let mut text = String::new();
    for line in script.lines().filter(|line| !line.starts_with(' ')) {
        writeln!(text, "{line}").expect("a string takes all");
        match line.split_once(' ') {
            _ if line.is_empty() || line.starts_with('#') => {}
            Some(("hosts", count)) => stage = Some(Stage::new(count.parse().expect("a number"))),
            None if line == "quiet" => quiet = true,
            None if line == "tell" => quiet = false,
            Some(_) | None => {
                let stage = stage.as_mut().expect("`hosts` comes first");
                stage.command(line);
                for told in stage.told.take().into_iter().filter(|_| !quiet) {
                    writeln!(text, "    {told}").expect("a string takes all");
                }
            }
        }
    }
    text
}

fn check(name: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/raft/scripts");
    let path = folder.join(format!("{name}.txt"));
    let script = std::fs::read_to_string(&path).expect("a script");
    let played = play(&script);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, played).expect("the script can be written");
        return;
    }
    let mut lines = script.lines().zip(played.lines()).enumerate();
    let difference = lines.find(|(_, (old, new))| old != new);
    assert!(
        script == played,
        "{} is not current (UPDATE_GOLDEN=1 rewrites it); first difference: {difference:#?}",
        path.display()
    );
}

#[test]
fn a_leader_is_elected_and_replicates() {
    check("election");
}

#[test]
fn a_contested_election_is_decided_in_the_next_term() {
    check("contested-election");
}

#[test]
fn a_stale_leader_rejoins() {
    check("stale-leader");
}

#[test]
fn a_crashed_host_catches_up() {
    check("restart");
}
