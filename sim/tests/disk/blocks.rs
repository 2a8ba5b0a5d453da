//! Large files: stored in blocks that are shared, read like any other.

use proptest::prelude::*;
use seedbed_sim::rng::mix;

use super::*;

/// More than a file has in one piece.
const LARGE: usize = 300_000;

fn pattern(len: usize, seed: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 7 + at / 251 + seed) as u8).collect()
}

#[test]
fn data_that_repeats_itself_is_stored_once() {
    let piece = pattern(64 * 1024, 0);
    let mut disk = Disk::default();
    for _ in 0..3200 {
        disk.append("data", &piece).unwrap();
        sync(&mut disk, SyncScope::All);
    }
    // 200 MiB, twice: in the cache and durable.
    assert_eq!(disk.durable().len("data"), Some(3200 * 64 * 1024));
    let held = disk.memory_bytes();
    assert!(held < 3 * 1024 * 1024, "{held} bytes");
    assert_eq!(disk.read_at("data", 100 << 20, 64 * 1024).unwrap(), &piece[..]);
    crash_strictly(&mut disk);
    assert_eq!(disk.read_at("data", (3199 << 16) + 5, 99_999).unwrap(), &piece[5..]);
}

/// Bytes of which no two blocks are alike.
fn noise(len: usize, seed: u64) -> Vec<u8> {
    let words = (0..len as u64 / 8).map(|at| mix(seed, at).to_le_bytes());
    words.flatten().collect()
}

#[test]
fn data_that_does_not_repeat_itself_is_stored_once_for_cache_and_platter() {
    let mut disk = Disk::default();
    for round in 0..128 {
        disk.append("data", &noise(64 * 1024, round)).unwrap();
        sync(&mut disk, SyncScope::All);
    }
    let (len, held) = (8 << 20, disk.memory_bytes());
    assert!(held > len && held < len + len / 20, "{held} bytes for {len}");
}

#[test]
fn blocks_that_nothing_uses_are_swept() {
    let mut disk = Disk::default();
    for round in 0..40 {
        disk.append("data", &noise(1 << 20, round)).unwrap();
        sync(&mut disk, SyncScope::All);
        disk.truncate("data", 0).unwrap();
        sync(&mut disk, SyncScope::All);
    }
    let held = disk.memory_bytes();
    assert!(held < 4 << 20, "{held} bytes after 40 MiB");
}

#[test]
fn a_gap_costs_a_pointer_a_block() {
    let mut disk = Disk::default();
    disk.write_at("data", FILE_BYTES_MAX - 1, b"x").unwrap();
    let held = disk.memory_bytes();
    assert!(held < 6 * 1024 * 1024, "{held} bytes");
    assert_eq!(disk.read_at("data", FILE_BYTES_MAX - 3, 9).unwrap(), &[0, 0, b'x'][..]);
}

#[test]
fn an_untouched_disk_takes_no_memory_and_a_small_file_what_it_holds() {
    let mut disk = Disk::default();
    assert_eq!(disk.read("none").unwrap_err().kind, DiskErrorKind::NotFound);
    assert_eq!(disk.request_sync(SyncScope::All), SyncRequest::Nothing);
    assert_eq!(disk.memory_bytes(), 0);
    disk.append("small", &[1; 1000]).unwrap();
    assert!((1000..5000).contains(&disk.memory_bytes()), "{}", disk.memory_bytes());
}

#[test]
fn a_cursor_reads_what_is_new_of_a_large_file() {
    let mut disk = with_durable("data", &pattern(LARGE, 0));
    let mut cursor = Cursor::default();
    assert_eq!(disk.view().changed_since("data", &mut cursor).new, &pattern(LARGE, 0)[..]);
    disk.append("data", b"more").unwrap();
    let changes = disk.view().changed_since("data", &mut cursor);
    assert_eq!((changes.keep, &*changes.new), (LARGE as u64, &b"more"[..]));
    assert!(matches!(changes.new, Cow::Borrowed(_)), "in one piece");
}

#[derive(Clone, Debug)]
enum Step {
    Append(usize, u8),
    WriteAt(usize, usize, u8),
    Truncate(usize),
    Sync,
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    let place = || prop_oneof![0..LARGE * 2, (0..150_usize).prop_map(|block| block * 4096)];
    let len = || prop_oneof![1..10_000_usize, Just(4096), Just(64 * 1024), 100_000..LARGE];
    prop_oneof![
        3 => (len(), any::<u8>()).prop_map(|(len, seed)| Step::Append(len, seed)),
        3 => (place(), len(), any::<u8>()).prop_map(|(at, len, seed)| Step::WriteAt(at, len, seed)),
        1 => place().prop_map(Step::Truncate),
        1 => Just(Step::Sync),
        1 => Just(Step::Crash),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 60,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_large_file_holds_what_a_vector_would(steps in prop::collection::vec(step(), 1..25)) {
        let (mut disk, mut cursor) = (Disk::default(), Cursor::default());
        let (mut cache, mut durable, mut copy) = (Vec::new(), Vec::new(), Vec::new());
        disk.append("data", b"").unwrap();
        sync(&mut disk, SyncScope::All);
        for step in steps {
            match step {
                Step::Append(len, seed) => {
                    disk.append("data", &pattern(len, seed.into())).unwrap();
                    cache.extend(pattern(len, seed.into()));
                }
                Step::WriteAt(at, len, seed) => {
                    disk.write_at("data", at as u64, &pattern(len, seed.into())).unwrap();
                    cache.resize(cache.len().max(at + len), 0);
                    cache[at..at + len].copy_from_slice(&pattern(len, seed.into()));
                }
                Step::Truncate(len) => {
                    disk.truncate("data", len as u64).unwrap();
                    cache.resize(len, 0);
                }
                Step::Sync => {
                    if let SyncRequest::Starts(id) = disk.request_sync(SyncScope::All) {
                        disk.complete_sync(id);
                    }
                    durable.clone_from(&cache);
                }
                Step::Crash => {
                    crash_strictly(&mut disk);
                    cache.clone_from(&durable);
                }
            }
            let changes = disk.view().changed_since("data", &mut cursor);
            copy.truncate(changes.keep as usize);
            copy.extend_from_slice(&changes.new);
            prop_assert!(copy == cache, "by cursor");
            prop_assert!(*disk.view().read("data").unwrap() == *cache);
            prop_assert!(*disk.durable().read("data").unwrap() == *durable);
        }
    }
}
