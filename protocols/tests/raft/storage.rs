//! What a crash leaves: under every crash model, recovery yields a log that the node once had, with
//! everything that was synced and not removed since; and a term and a vote no older than the last
//! that were synced.

use std::time::Duration;

use seedbed_protocols::Protocol;
use seedbed_protocols::raft::{Append, Entry, Message, Params, Raft, Term};
use seedbed_protocols::services::{Command, LogOp};
use seedbed_sim::rng::{Purpose, Streams};
use seedbed_sim::testing::{Desk, Effect};
use seedbed_sim::{Config, CrashModel, NodeId, Rng, Sim, SimTime};

const MODELS: [CrashModel; 4] =
    [CrashModel::Strict, CrashModel::Ordered, CrashModel::Torn, CrashModel::Reorder];

/// What must survive: the states that the node went through since the last completed sync, that
/// one first.
struct Possible {
    logs: Vec<Vec<Entry>>,
    states: Vec<(Term, Option<NodeId>)>,
}

impl Possible {
    fn only(node: &Raft) -> Self {
        let state = (node.term(), node.voted_for());
        Possible { logs: vec![node.log().entries().to_vec()], states: vec![state] }
    }

    fn then(&mut self, node: &Raft) {
        self.logs.push(node.log().entries().to_vec());
        self.states.push((node.term(), node.voted_for()));
    }

    /// A new term is written before a vote in it is.
    fn allows(&self, (term, voted_for): (Term, Option<NodeId>)) -> bool {
        let new_term = voted_for.is_none()
            && term > self.states[0].0
            && self.states.iter().any(|(known, _)| *known == term);
        new_term || self.states.contains(&(term, voted_for))
    }

    /// What all logs begin with: it was synced, and never removed since.
    fn kept(&self) -> &[Entry] {
        let mut kept = self.logs[0].as_slice();
        for log in &self.logs[1..] {
            let same = kept.iter().zip(log).take_while(|(a, b)| a == b).count();
            kept = &kept[..same];
        }
        kept
    }
}

/// One life after another of a follower that several leaders send entries to.
struct Story {
    desk: Desk<Raft>,
    rng: Rng,
    entries: u64,
    crashes: [u64; 2],
}

impl Story {
    fn command(&mut self) -> Option<Command> {
        self.entries += 1;
        match self.rng.below(4) {
            0 => None,
            1 => Some(Command::Number(self.rng.next())),
            // Some records cross sectors, so that they can be torn.
            _ => {
                let bytes = self.rng.below(1500) as usize;
                Some(Command::Text(format!("{:x<bytes$}", self.entries)))
            }
        }
    }

    /// A leader of the node's term, or of a new one, sends entries that may conflict.
    fn append(&mut self) {
        let log = self.desk.node().log();
        let (last, mut term) = (log.last_index(), self.desk.node().term().max(1));
        let back = if self.rng.below(3) == 0 { self.rng.below(last.min(6) + 1) } else { 0 };
        // A leader has one log only: what conflicts comes with a new term.
        if back > 0 || self.rng.below(8) == 0 {
            term += 1;
        }
        let log = self.desk.node().log();
        let prev_index = last - back;
        let prev_term = log.term_at(prev_index).expect("an entry of the log");
        let count = self.rng.below(5);
        let entries = (0..count).map(|_| Entry { term, command: self.command() }).collect();
        let append = Append { term, prev_index, prev_term, commit: 0, round: 0, entries };
        let leader = NodeId::host(1 + (term % 4) as u32);
        self.desk.message(leader, Message::AppendEntries(append));
    }

    fn vote(&mut self) {
        let term = self.desk.node().term() + self.rng.below(2);
        let candidate = NodeId::host(1 + self.rng.below(4) as u32);
        let last_term = u64::MAX;
        self.desk.message(candidate, Message::Vote { term, last_index: 0, last_term });
    }

    fn life(&mut self, possible: &mut Possible) {
        for _ in 0..self.rng.below(30) {
            match self.rng.below(10) {
                0..=5 => self.append(),
                6 | 7 => self.vote(),
                _ => {
                    // Whatever was promised so far asked for a sync, which covers all before it.
                    self.append();
                    self.desk.complete_syncs();
                    *possible = Possible::only(self.desk.node());
                }
            }
            possible.then(self.desk.node());
        }
    }

    fn crash(&mut self, model: CrashModel, possible: &mut Possible) {
        let loss = self.desk.crash(model);
        self.crashes[usize::from(loss.operations > 0)] += 1;
        self.desk.boot();
        let node = self.desk.node();
        let found = node.log().entries();
        let known = possible.logs.iter().any(|log| log.starts_with(found));
        assert!(known, "{model:?}: recovered a log that never was: {found:?}");
        let kept = possible.kept();
        assert!(found.starts_with(kept), "{model:?}: lost synced entries: {found:?} {kept:?}");
        let state = (node.term(), node.voted_for());
        assert!(possible.allows(state), "{model:?}: recovered {state:?}");
        // What is not synced yet may still go, and come back: the cut is not durable either.
        possible.then(node);
    }
}

#[test]
fn recovery_yields_what_was_synced_under_every_crash_model() {
    for model in MODELS {
        let mut crashes = [0; 2];
        for seed in 0..60 {
            let me = NodeId::host(0);
            let rng = Streams::new(seed).open(Purpose::Script, 0);
            let desk = Desk::new(me, 5, Params::default(), seed);
            let mut story = Story { desk, rng, entries: 0, crashes: [0; 2] };
            story.desk.boot();
            let mut possible = Possible::only(story.desk.node());
            for _ in 0..12 {
                story.life(&mut possible);
                story.crash(model, &mut possible);
            }
            crashes = [crashes[0] + story.crashes[0], crashes[1] + story.crashes[1]];
        }
        assert!(crashes[1] > 100, "{model:?} lost something in only {crashes:?} crashes");
    }
}

/// A host that has never written anything boots into an empty log of term 0.
#[test]
fn an_empty_disk_is_an_empty_log() {
    let mut desk = Desk::<Raft>::new(NodeId::host(0), 3, Params::default(), 0);
    desk.boot();
    assert_eq!((desk.node().term(), desk.node().voted_for()), (0, None));
    assert!(desk.node().log().entries().is_empty());
}

/// A desk with six entries on its disk, and a vote in its state.
fn filled() -> (Desk<Raft>, Vec<Entry>) {
    let mut desk = Desk::<Raft>::new(NodeId::host(0), 3, Params::default(), 0);
    desk.boot();
    let entries: Vec<Entry> = (0..6)
        .map(|number| Entry { term: 1, command: Some(Command::Number(number << (9 * number))) })
        .collect();
    for (index, entry) in entries.iter().enumerate() {
        let (prev_index, entries) = (index as u64, vec![entry.clone()]);
        let prev_term = u64::from(index > 0);
        let append = Append { term: 1, prev_index, prev_term, commit: 0, round: 0, entries };
        desk.message(NodeId::host(1), Message::AppendEntries(append));
    }
    let vote = Message::Vote { term: 2, last_index: 6, last_term: 1 };
    desk.message(NodeId::host(2), vote);
    desk.complete_syncs();
    (desk, entries)
}

/// Boots with one byte of a file changed; true if the host finds the damage and stays away.
fn boots_damaged(desk: &mut Desk<Raft>, file: &str, good: &[u8], byte: usize) -> bool {
    desk.crash(CrashModel::Strict);
    let mut bad = good.to_vec();
    bad[byte] ^= 1 << (byte % 8);
    desk.disk_mut().write_at(file, 0, &bad).expect("room");
    let effects = desk.boot();
    let noticed = effects.contains(&Effect::Reached("disk-damage-noticed"));
    assert_eq!(noticed, effects.contains(&Effect::Crash));
    if noticed {
        let sent = |effect: &Effect<Raft>| {
            matches!(effect, Effect::Send { .. } | Effect::Broadcast(_) | Effect::Reply { .. })
        };
        assert!(!effects.iter().any(sent), "it says nothing");
        assert_eq!(desk.disk().len(file), Some(good.len() as u64), "and cuts nothing");
    }
    noticed
}

/// A record that one bit makes good has rotted, whichever it is: to cut the log there would take
/// back what was acknowledged.
#[test]
fn a_flipped_bit_of_the_log_is_damage() {
    let (mut desk, entries) = filled();
    let good = desk.disk().view().read("log").expect("a log").to_vec();
    assert!(good.len() > 100);
    for byte in 0..good.len() {
        assert!(boots_damaged(&mut desk, "log", &good, byte), "byte {byte}");
    }
    // The disk reads well again: the host is there, with all it had.
    desk.crash(CrashModel::Strict);
    desk.disk_mut().write_at("log", 0, &good).expect("room");
    desk.boot();
    assert_eq!(desk.node().log().entries(), entries);
}

/// What a crash may leave is no damage: a record that is cut anywhere is the end of the log.
#[test]
fn a_cut_record_is_the_end_of_the_log() {
    let (mut desk, entries) = filled();
    let good = desk.disk().view().read("log").expect("a log").to_vec();
    let mut found = std::collections::BTreeSet::new();
    for len in 0..good.len() {
        desk.crash(CrashModel::Strict);
        desk.disk_mut().write_at("log", 0, &good).expect("room");
        desk.disk_mut().truncate("log", len as u64).expect("a log");
        let effects = desk.boot();
        assert!(!effects.contains(&Effect::Crash), "{len} of {}", good.len());
        let kept = desk.node().log().entries();
        assert!(entries.starts_with(kept));
        found.insert(kept.len());
    }
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
}

/// A slot of the state that was written and is not valid is damage: to fall back on the other one
/// would take back a vote.
#[test]
fn a_flipped_bit_of_term_or_vote_is_damage() {
    let (mut desk, _) = filled();
    let good = desk.disk().view().read("state").expect("a state").to_vec();
    let written = (0..good.len()).filter(|byte| byte % 512 < 32).collect::<Vec<_>>();
    assert_eq!(written.len(), 64);
    for byte in written {
        assert!(boots_damaged(&mut desk, "state", &good, byte), "byte {byte}");
    }
    desk.crash(CrashModel::Strict);
    desk.disk_mut().write_at("state", 0, &good).expect("room");
    desk.boot();
    assert_eq!((desk.node().term(), desk.node().voted_for()), (2, Some(NodeId::host(2))));
}

/// What Raft says it notices, it notices: every byte of it.
#[test]
fn every_checked_byte_is_noticed() {
    let params = Params::default();
    let mut config = Config::new(5, 3, params);
    config.boot_spread = Duration::from_millis(1);
    let mut sim = Sim::<Raft>::new(config);
    sim.run(SimTime::from_nanos(3_000_000_000));
    for number in 0..6 {
        for host in sim.members().to_vec() {
            sim.submit(host, LogOp::Append(Command::Number(number)));
        }
        sim.run(sim.now() + Duration::from_millis(300));
    }
    for host in sim.members().to_vec() {
        let view = sim.view();
        let checked = Raft::checked_ranges(&view, host).expect("a list");
        let count = |name: &str| checked.iter().filter(|(file, _)| file == name).count();
        assert!(count("state") > 0 && count("log") > 5, "{checked:?}");
        let mut desk = Desk::<Raft>::new(host, 3, Params::default(), 0);
        let files = ["log", "state"].map(|file| (file, view.durable(host).read(file).unwrap()));
        for (file, bytes) in &files {
            desk.disk_mut().append(file, bytes).expect("room");
        }
        for (file, range) in checked {
            let (_, good) = files.iter().find(|(name, _)| *name == file).expect("a file of its");
            for byte in range {
                let mut bad = good.to_vec();
                bad[byte as usize] ^= 0x10;
                desk.disk_mut().write_at(&file, 0, &bad).expect("room");
                let effects = desk.boot();
                assert!(effects.contains(&Effect::Crash), "{file} {byte}");
                desk.disk_mut().write_at(&file, 0, good).expect("room");
                desk.crash(CrashModel::Ordered);
                desk.disk_mut().write_at(&file, 0, good).expect("room");
            }
        }
    }
}
