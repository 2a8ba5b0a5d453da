//! The virtual disk against a naive one that replays everything from the start, and that knows
//! every outcome a crash may have.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use seedbed_sim::disk::{
    CrashModel, Cursor, Disk, DiskView, SECTOR_BYTES, SyncId, SyncRequest, SyncScope,
};

/// What a reader sees: names and contents.
type Files = BTreeMap<String, Vec<u8>>;

/// Journals up to this long have all their subsets looked at.
const SUBSETS_OF_MAX: usize = 9;

const PATHS: [&str; 5] = ["a", "b", "d/a", "d/b", "e/a"];
const DIRECTORIES: [&str; 3] = ["", "d", "e/"];

#[derive(Clone, Debug)]
enum Op {
    Create(u64, String),
    Write(u64, usize, Vec<u8>),
    Truncate(u64, usize),
    Rename(u64, String, String),
    Remove(u64, String),
}

impl Op {
    fn file(&self) -> u64 {
        match self {
            Op::Create(file, _)
            | Op::Write(file, _, _)
            | Op::Truncate(file, _)
            | Op::Rename(file, _, _)
            | Op::Remove(file, _) => *file,
        }
    }

    fn names(&self) -> Vec<&String> {
        match self {
            Op::Create(_, path) | Op::Remove(_, path) => vec![path],
            Op::Rename(_, from, to) => vec![from, to],
            Op::Write(..) | Op::Truncate(..) => vec![],
        }
    }
}

/// The naive disk state: which file a name means, and what each file holds.
#[derive(Clone, Debug, Default)]
struct World {
    names: BTreeMap<String, u64>,
    data: BTreeMap<u64, Vec<u8>>,
}

impl World {
    fn apply(&mut self, op: &Op) {
        match op {
            Op::Create(file, path) => {
                self.names.insert(path.clone(), *file);
            }
            Op::Write(file, offset, bytes) => {
                let data = self.data.entry(*file).or_default();
                data.resize(data.len().max(offset + bytes.len()), 0);
                data[*offset..offset + bytes.len()].copy_from_slice(bytes);
            }
            Op::Truncate(file, len) => self.data.entry(*file).or_default().resize(*len, 0),
            Op::Rename(file, _, to) => {
                self.names.retain(|_, other| other != file);
                self.names.insert(to.clone(), *file);
            }
            Op::Remove(file, _) => self.names.retain(|_, other| other != file),
        }
    }

    fn with<'a>(&self, ops: impl IntoIterator<Item = &'a Op>) -> World {
        let mut world = self.clone();
        ops.into_iter().for_each(|op| world.apply(op));
        world
    }

    fn files(&self) -> Files {
        let data = |file| self.data.get(file).cloned().unwrap_or_default();
        self.names.iter().map(|(path, file)| (path.clone(), data(file))).collect()
    }
}

#[derive(Clone, Debug)]
struct Entry {
    op: Op,
    sync: Option<SyncId>,
    durable: bool,
}

/// The disk as of the last crash, and every operation since.
#[derive(Clone, Debug, Default)]
struct Reference {
    base: World,
    entries: Vec<Entry>,
    file_last: u64,
}

impl Reference {
    fn cache(&self) -> World {
        self.base.with(self.entries.iter().map(|entry| &entry.op))
    }

    /// Synced operations in program order: nothing else is needed to define what is durable.
    fn durable(&self) -> World {
        self.base.with(self.entries.iter().filter(|entry| entry.durable).map(|entry| &entry.op))
    }

    fn pending(&self) -> Vec<usize> {
        (0..self.entries.len()).filter(|slot| !self.entries[*slot].durable).collect()
    }

    /// The state with the durable operations and `kept` among the others, in program order.
    fn surviving(&self, kept: &BTreeSet<usize>, cut: Option<(usize, usize)>) -> World {
        let mut world = self.base.clone();
        for (slot, entry) in self.entries.iter().enumerate() {
            if entry.durable || kept.contains(&slot) {
                world.apply(&entry.op);
            } else if let (Some((_, len)), Op::Write(file, offset, bytes)) =
                (cut.filter(|(cut_slot, _)| *cut_slot == slot), &entry.op)
            {
                world.apply(&Op::Write(*file, *offset, bytes[..len].to_vec()));
            }
        }
        world
    }

    fn push(&mut self, op: Op) {
        self.entries.push(Entry { op, sync: None, durable: false });
    }

    fn file(&self, path: &str) -> Option<u64> {
        self.cache().names.get(path).copied()
    }

    fn in_scope(&self, scope: SyncScope<'_>) -> BTreeSet<usize> {
        let all = || 0..self.entries.len();
        match scope {
            SyncScope::All => all().collect(),
            SyncScope::File(path) => {
                let file = self.file(path);
                let data = |slot: &usize| {
                    let op = &self.entries[*slot].op;
                    op.names().is_empty() && Some(op.file()) == file
                };
                all().filter(data).collect()
            }
            SyncScope::Directory(directory) => {
                let prefix = match directory.trim_end_matches('/') {
                    "" => String::new(),
                    directory => format!("{directory}/"),
                };
                let inside = |path: &&String| {
                    path.strip_prefix(&prefix).is_some_and(|name| !name.contains('/'))
                };
                let mut covered: BTreeSet<usize> = all()
                    .filter(|slot| self.entries[*slot].op.names().iter().any(inside))
                    .collect();
                // To a fixed point: an earlier pending change of names that shares a file or a
                // name with a covered one is covered.
                loop {
                    let rests_on = |early: &usize, late: &usize| {
                        let (early_op, late_op) =
                            (&self.entries[*early].op, &self.entries[*late].op);
                        let names = late_op.names();
                        let shared = early_op.names().iter().any(|name| names.contains(name));
                        early < late
                            && !early_op.names().is_empty()
                            && !self.entries[*late].durable
                            && (shared || early_op.file() == late_op.file())
                    };
                    let more: Vec<usize> = all()
                        .filter(|slot| !covered.contains(slot))
                        .filter(|slot| covered.iter().any(|late| rests_on(slot, late)))
                        .collect();
                    if more.is_empty() {
                        return covered;
                    }
                    covered.extend(more);
                }
            }
        }
    }

    /// Every state that a crash may leave, or none if they are too many to list.
    fn outcomes(&self, model: CrashModel) -> Option<Vec<World>> {
        let pending = self.pending();
        let prefix = |len: usize| pending[..len].iter().copied().collect::<BTreeSet<usize>>();
        let prefixes = 0..=pending.len();
        match model {
            CrashModel::Strict => Some(vec![self.durable()]),
            CrashModel::Ordered => {
                Some(prefixes.map(|len| self.surviving(&prefix(len), None)).collect())
            }
            CrashModel::Torn => Some(
                prefixes
                    .flat_map(|len| {
                        let whole = self.surviving(&prefix(len), None);
                        let next = pending.get(len).copied();
                        let cuts = next.into_iter().flat_map(|slot| self.cuts(slot));
                        let torn = cuts.map(|cut| self.surviving(&prefix(len), Some(cut)));
                        torn.chain([whole]).collect::<Vec<World>>()
                    })
                    .collect(),
            ),
            CrashModel::Reorder if pending.len() > SUBSETS_OF_MAX => None,
            CrashModel::Reorder => Some(
                (0..1_usize << pending.len())
                    .map(|bits| {
                        let chosen = pending.iter().enumerate();
                        let kept = chosen.filter(|(bit, _)| bits >> bit & 1 == 1);
                        self.surviving(&self.with_creations(kept.map(|(_, slot)| *slot)), None)
                    })
                    .collect(),
            ),
        }
    }

    fn with_creations(&self, kept: impl Iterator<Item = usize>) -> BTreeSet<usize> {
        let mut kept: BTreeSet<usize> = kept.collect();
        let files: BTreeSet<u64> = kept.iter().map(|slot| self.entries[*slot].op.file()).collect();
        for (slot, entry) in self.entries.iter().enumerate() {
            if matches!(entry.op, Op::Create(..)) && files.contains(&entry.op.file()) {
                kept.insert(slot);
            }
        }
        kept
    }

    /// The slot of a write with each length that ends at a sector of the file.
    fn cuts(&self, slot: usize) -> Vec<(usize, usize)> {
        let Op::Write(_, offset, bytes) = &self.entries[slot].op else {
            return vec![];
        };
        let sector = usize::try_from(SECTOR_BYTES).unwrap();
        let on_boundary = |len: &usize| (offset + len).is_multiple_of(sector);
        (1..bytes.len()).filter(on_boundary).map(|len| (slot, len)).collect()
    }
}

/// What a test does. Numbers are taken modulo what there is to choose from.
#[derive(Clone, Debug)]
enum Action {
    Append { path: usize, len: usize, fill: u8 },
    WriteAt { path: usize, offset: usize, len: usize, fill: u8 },
    Truncate { path: usize, len: usize },
    Rename { from: usize, to: usize },
    Remove { path: usize },
    SyncAll,
    SyncFile { path: usize },
    SyncDirectory { directory: usize },
    Complete { nth: usize },
    Look { path: usize },
    Crash { model: CrashModel, seed: u64 },
}

fn action() -> impl Strategy<Value = Action> {
    let path = || 0..PATHS.len();
    let offset = || prop_oneof![0..20_usize, 490..530_usize, 0..1600_usize];
    let len = || prop_oneof![3 => 0..12_usize, 1 => 500..1300_usize];
    let model = prop_oneof![
        Just(CrashModel::Strict),
        Just(CrashModel::Ordered),
        Just(CrashModel::Torn),
        Just(CrashModel::Reorder),
    ];
    prop_oneof![
        4 => (path(), len(), 1..=255_u8)
            .prop_map(|(path, len, fill)| Action::Append { path, len, fill }),
        4 => (path(), offset(), len(), 1..=255_u8)
            .prop_map(|(path, offset, len, fill)| Action::WriteAt { path, offset, len, fill }),
        3 => (path(), offset()).prop_map(|(path, len)| Action::Truncate { path, len }),
        3 => (path(), path()).prop_map(|(from, to)| Action::Rename { from, to }),
        2 => path().prop_map(|path| Action::Remove { path }),
        2 => Just(Action::SyncAll),
        2 => path().prop_map(|path| Action::SyncFile { path }),
        2 => (0..DIRECTORIES.len()).prop_map(|directory| Action::SyncDirectory { directory }),
        4 => (0..4_usize).prop_map(|nth| Action::Complete { nth }),
        4 => path().prop_map(|path| Action::Look { path }),
        1 => (model, any::<u64>()).prop_map(|(model, seed)| Action::Crash { model, seed }),
    ]
}

/// A reader that keeps a copy of a file by cursor alone.
#[derive(Clone, Debug, Default)]
struct Follower {
    cursor: Cursor,
    copy: Vec<u8>,
}

impl Follower {
    fn look(&mut self, view: DiskView<'_>, path: &str) {
        let changes = view.changed_since(path, &mut self.cursor);
        let keep = usize::try_from(changes.keep).unwrap();
        assert!(keep <= self.copy.len(), "keeps what was never read");
        self.copy.truncate(keep);
        self.copy.extend_from_slice(&changes.new);
        assert_eq!(self.copy, *view.read(path).unwrap_or_default(), "{path}");
    }
}

#[derive(Default)]
struct Harness {
    disk: Disk,
    reference: Reference,
    in_flight: Vec<SyncId>,
    cache_followers: [Follower; PATHS.len()],
    durable_followers: [Follower; PATHS.len()],
}

fn files(view: DiskView<'_>) -> Files {
    view.list("").map(|path| (path.to_string(), view.read(path).unwrap().to_vec())).collect()
}

/// Bytes that differ from one another, so that a shifted copy is noticed.
fn filled(len: usize, fill: u8) -> Vec<u8> {
    (0..len).map(|position| fill.wrapping_add((position % 251) as u8)).collect()
}

impl Harness {
    fn act(&mut self, action: &Action) {
        match action {
            Action::Append { path, len, fill } => {
                let end = self.reference.cache().files().get(PATHS[*path]).map_or(0, Vec::len);
                let bytes = filled(*len, *fill);
                self.disk.append(PATHS[*path], &bytes).unwrap();
                self.write(PATHS[*path], end, bytes);
            }
            Action::WriteAt { path, offset, len, fill } => {
                let bytes = filled(*len, *fill);
                self.disk.write_at(PATHS[*path], *offset as u64, &bytes).unwrap();
                self.write(PATHS[*path], *offset, bytes);
            }
            Action::Truncate { path, len } => {
                let done = self.disk.truncate(PATHS[*path], *len as u64);
                let before = self.reference.cache().files().get(PATHS[*path]).map(Vec::len);
                if before != Some(*len) {
                    self.on_existing(*path, done.is_ok(), |file| Op::Truncate(file, *len));
                }
            }
            Action::Rename { from, to } => {
                let done = self.disk.rename(PATHS[*from], PATHS[*to]);
                let names = (PATHS[*from].to_string(), PATHS[*to].to_string());
                if from != to {
                    self.on_existing(*from, done.is_ok(), |file| {
                        Op::Rename(file, names.0, names.1)
                    });
                }
            }
            Action::Remove { path } => {
                let done = self.disk.remove(PATHS[*path]);
                self.on_existing(*path, done.is_ok(), |file| {
                    Op::Remove(file, PATHS[*path].to_string())
                });
            }
            Action::SyncAll => self.request(SyncScope::All),
            Action::SyncFile { path } => self.request(SyncScope::File(PATHS[*path])),
            Action::SyncDirectory { directory } => {
                self.request(SyncScope::Directory(DIRECTORIES[*directory]));
            }
            Action::Complete { nth } => self.complete(*nth),
            Action::Look { path } => self.look(*path),
            Action::Crash { model, seed } => self.crash(*model, *seed),
        }
        assert_eq!(files(self.disk.view()), self.reference.cache().files(), "cache");
        assert_eq!(files(self.disk.durable()), self.reference.durable().files(), "durable");
    }

    fn write(&mut self, path: &str, offset: usize, bytes: Vec<u8>) {
        let file = self.reference.file(path).unwrap_or_else(|| {
            self.reference.file_last += 1;
            let file = self.reference.file_last;
            self.reference.push(Op::Create(file, path.to_string()));
            file
        });
        if !bytes.is_empty() {
            self.reference.push(Op::Write(file, offset, bytes));
        }
    }

    fn on_existing(&mut self, path: usize, done: bool, op: impl FnOnce(u64) -> Op) {
        let file = self.reference.file(PATHS[path]);
        assert_eq!(done, file.is_some());
        if let Some(file) = file {
            self.reference.push(op(file));
        }
    }

    fn request(&mut self, scope: SyncScope<'_>) {
        let mut unstarted: Vec<usize> = vec![];
        let mut last = None;
        let request = self.disk.request_sync(scope);
        for slot in self.reference.in_scope(scope) {
            let entries = &self.reference.entries;
            match (entries[slot].durable, entries[slot].sync) {
                (true, _) => {}
                (false, None) => unstarted.push(slot),
                (false, sync @ Some(_)) => last = last.max(sync),
            }
        }
        match request {
            SyncRequest::Starts(id) => {
                assert!(self.in_flight.last().is_none_or(|last| *last < id));
                assert!(!unstarted.is_empty(), "a sync with nothing to do");
                for slot in unstarted {
                    self.reference.entries[slot].sync = Some(id);
                }
                self.in_flight.push(id);
            }
            SyncRequest::Joins(id) => {
                assert!(self.invisible(&unstarted));
                assert!(last.is_none_or(|last| last <= id));
                assert!(self.in_flight.contains(&id));
            }
            SyncRequest::Nothing => {
                assert!(self.invisible(&unstarted));
                assert!(last.is_none() || !self.in_flight.iter().any(|id| Some(*id) == last));
            }
        }
    }

    /// Whether these are all about files that are durably gone, or change nothing: a real sync may
    /// leave them out.
    fn invisible(&self, slots: &[usize]) -> bool {
        let kept: BTreeSet<usize> = slots.iter().copied().collect();
        let with = self.reference.surviving(&kept, None);
        with.files() == self.reference.durable().files()
    }

    fn complete(&mut self, nth: usize) {
        let Some(id) = self.in_flight.get(nth).copied() else {
            return;
        };
        self.disk.complete_sync(id);
        self.in_flight.drain(..=nth);
        for entry in &mut self.reference.entries {
            entry.durable |= entry.sync.is_some_and(|sync| sync <= id);
        }
    }

    fn look(&mut self, path: usize) {
        self.cache_followers[path].look(self.disk.view(), PATHS[path]);
        self.durable_followers[path].look(self.disk.durable(), PATHS[path]);
    }

    fn crash(&mut self, model: CrashModel, seed: u64) {
        self.check_risks(model);
        let outcomes = self.reference.outcomes(model);
        let mut state = seed;
        let loss = self.disk.crash(model, &mut |bound| {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            (state >> 33) % bound
        });
        let left = files(self.disk.view());
        assert_eq!(files(self.disk.durable()), left);
        assert!(loss.operations <= self.reference.pending().len() as u64);
        if let Some(outcomes) = outcomes {
            let left = outcomes.iter().any(|world| world.files() == left);
            assert!(left, "{model:?} does not allow this");
        }
        self.in_flight.clear();
        self.restart_reference(&left);
        (0..PATHS.len()).for_each(|path| self.look(path));
    }

    fn restart_reference(&mut self, left: &Files) {
        let mut base = World::default();
        for (path, bytes) in left {
            self.reference.file_last += 1;
            base.names.insert(path.clone(), self.reference.file_last);
            base.data.insert(self.reference.file_last, bytes.clone());
        }
        self.reference.base = base;
        self.reference.entries.clear();
    }

    /// Every durable byte that some outcome changes is reported to be at risk.
    fn check_risks(&self, model: CrashModel) {
        let Some(outcomes) = self.reference.outcomes(model) else {
            return;
        };
        let risks: Vec<_> = self.disk.at_risk(model).collect();
        for (path, bytes) in self.reference.durable().files() {
            for (position, byte) in bytes.iter().enumerate() {
                let risky = risks
                    .iter()
                    .any(|(risky, range)| *risky == path && range.contains(&(position as u64)));
                let same = |world: &World| {
                    let file = world.names.get(&path).and_then(|file| world.data.get(file));
                    file.and_then(|data| data.get(position)) == Some(byte)
                };
                assert!(risky || outcomes.iter().all(same), "{path} at {position}");
            }
        }
        for (path, range) in risks {
            assert!(range.end <= self.disk.durable().len(path).unwrap());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 800,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_disk_does_what_the_naive_one_does(
        actions in prop::collection::vec(action(), 1..60),
        model in prop_oneof![
            Just(CrashModel::Strict),
            Just(CrashModel::Ordered),
            Just(CrashModel::Torn),
            Just(CrashModel::Reorder),
        ],
        seed in any::<u64>(),
    ) {
        let mut harness = Harness::default();
        for action in &actions {
            harness.act(action);
        }
        harness.act(&Action::Crash { model, seed });
    }

    #[test]
    fn a_sync_of_everything_makes_everything_durable(
        actions in prop::collection::vec(action(), 1..60),
    ) {
        let mut harness = Harness::default();
        for action in &actions {
            harness.act(action);
        }
        harness.act(&Action::SyncAll);
        while !harness.in_flight.is_empty() {
            harness.act(&Action::Complete { nth: 0 });
        }
        prop_assert_eq!(files(harness.disk.durable()), files(harness.disk.view()));
        prop_assert_eq!(harness.disk.at_risk(CrashModel::Reorder).count(), 0);
        prop_assert!(!harness.disk.sync_in_flight());
    }
}
