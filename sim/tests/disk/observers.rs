//! What invariants and digests see: views, cursors, bytes at risk, fingerprints.

use super::*;

#[test]
fn a_view_of_a_directory_has_paths_relative_to_it() {
    let mut disk = Disk::default();
    disk.append("log", b"outer").unwrap();
    disk.append("raft/log", b"inner").unwrap();
    disk.append("raft/lot", b"").unwrap();
    disk.append("raft0", b"").unwrap();
    let raft = disk.view().under("raft/");
    assert_eq!(raft.read("log").unwrap(), &b"inner"[..]);
    assert_eq!(raft.list("lo").collect::<Vec<_>>(), ["log", "lot"]);
    assert_eq!(raft.len("raft/log"), None);
    assert_eq!(&*raft.read("none").unwrap_err().path, "raft/none");
    assert_eq!(raft.changed_since("log", &mut Cursor::default()).new, &b"inner"[..]);
}

#[test]
fn what_un_synced_operations_may_destroy_is_at_risk() {
    let mut disk = with_durable("a", b"0123456789");
    assert_eq!(at_risk(&disk, CrashModel::Torn), []);
    disk.append("a", b"more").unwrap();
    disk.append("new", b"").unwrap();
    assert_eq!(at_risk(&disk, CrashModel::Torn), []);
    disk.write_at("a", 8, b"xyz").unwrap();
    disk.truncate("a", 5).unwrap();
    assert_eq!(at_risk(&disk, CrashModel::Torn), [("a", 8..10), ("a", 5..10)]);
    disk.rename("new", "a").unwrap();
    assert_eq!(at_risk(&disk, CrashModel::Torn)[2..], [("a", 0..10)]);
    assert_eq!(at_risk(&disk, CrashModel::Strict), []);
    sync(&mut disk, SyncScope::All);
    assert_eq!(at_risk(&disk, CrashModel::Reorder), []);
}

#[test]
fn a_file_with_an_un_synced_removal_is_at_risk_although_it_is_written_again() {
    let mut disk = with_durable("a", b"0123");
    disk.remove("a").unwrap();
    disk.append("a", b"0123").unwrap();
    assert!(at_risk(&disk, CrashModel::Ordered).contains(&("a", 0..4)));
}

#[test]
fn a_cursor_reads_only_what_is_new() {
    let mut disk = Disk::default();
    let mut cursor = Cursor::default();
    let mut look = |disk: &Disk| {
        let changes = disk.view().changed_since("log", &mut cursor);
        (changes.keep, String::from_utf8(changes.new.to_vec()).unwrap())
    };
    assert_eq!(look(&disk), (0, "".into()));
    disk.append("log", b"abc").unwrap();
    assert_eq!(look(&disk), (0, "abc".into()));
    disk.append("log", b"def").unwrap();
    assert_eq!(look(&disk), (3, "def".into()));
    assert_eq!(look(&disk), (6, "".into()));
    disk.truncate("log", 4).unwrap();
    disk.append("log", b"x").unwrap();
    assert_eq!(look(&disk), (4, "x".into()));
    disk.write_at("log", 1, b"B").unwrap();
    disk.write_at("log", 3, b"D").unwrap();
    assert_eq!(look(&disk), (1, "BcDx".into()));
}

#[test]
fn a_cursor_reads_another_file_of_the_same_name_from_its_start() {
    let mut disk = with_durable("log", b"same");
    let mut cursor = Cursor::default();
    disk.view().changed_since("log", &mut cursor);
    disk.append("log.tmp", b"same+").unwrap();
    disk.rename("log.tmp", "log").unwrap();
    let changes = disk.view().changed_since("log", &mut cursor);
    assert_eq!((changes.keep, &*changes.new), (0, &b"same+"[..]));
    crash_strictly(&mut disk);
    let changes = disk.view().changed_since("log", &mut cursor);
    assert_eq!((changes.keep, &*changes.new), (0, &b"same"[..]));
}

#[test]
fn a_cursor_notices_what_a_crash_took_back_and_nothing_else() {
    let mut disk = with_durable("log", b"durable");
    disk.append("log", b"+lost").unwrap();
    let mut read = Cursor::default();
    let mut durable = Cursor::default();
    disk.view().changed_since("log", &mut read);
    disk.durable().changed_since("log", &mut durable);
    crash_strictly(&mut disk);
    disk.append("log", b"+other").unwrap();
    let changes = disk.view().changed_since("log", &mut read);
    assert_eq!((changes.keep, &*changes.new), (7, &b"+other"[..]));
    let changes = disk.durable().changed_since("log", &mut durable);
    assert_eq!((changes.keep, &*changes.new), (7, &b""[..]));
}

#[test]
fn a_durable_cursor_follows_the_syncs() {
    let mut disk = with_durable("log", b"one");
    let mut cursor = Cursor::default();
    disk.durable().changed_since("log", &mut cursor);
    disk.append("log", b"two").unwrap();
    assert_eq!(disk.durable().changed_since("log", &mut cursor).new, &b""[..]);
    sync(&mut disk, SyncScope::All);
    let changes = disk.durable().changed_since("log", &mut cursor);
    assert_eq!((changes.keep, &*changes.new), (3, &b"two"[..]));
}

#[test]
fn a_long_history_of_overwrites_loses_no_cursor() {
    let mut disk = Disk::default();
    disk.append("log", &[0; 1000]).unwrap();
    let mut cursors = vec![];
    for offset in 0..500_u64 {
        let mut cursor = Cursor::default();
        disk.view().changed_since("log", &mut cursor);
        cursors.push((offset, cursor));
        disk.write_at("log", offset, &[1]).unwrap();
    }
    for (offset, cursor) in &mut cursors {
        let changes = disk.view().changed_since("log", cursor);
        assert!(changes.keep <= *offset);
        // Those that looked lately pay nothing for the length of the history.
        assert!(*offset < 480 || changes.keep == *offset);
    }
}

#[test]
fn one_flipped_bit_of_any_byte_changes_the_fingerprint() {
    let bytes: Vec<u8> = (0..21).collect();
    let mut fingerprints = BTreeSet::new();
    for flipped in 0..=bytes.len() * 8 {
        let mut bytes = bytes.clone();
        if let Some(byte) = bytes.get_mut(flipped / 8) {
            *byte ^= 1 << (flipped % 8);
        }
        let mut disk = Disk::default();
        disk.append("log", &bytes).unwrap();
        disk.append("log", b"the same in each").unwrap();
        fingerprints.insert(disk.fingerprint());
    }
    assert_eq!(fingerprints.len(), bytes.len() * 8 + 1);
}

#[test]
fn every_operation_sync_and_crash_moves_the_fingerprint() {
    let mut disk = Disk::default();
    let mut fingerprints = vec![disk.fingerprint()];
    let mut step = |disk: &mut Disk, what: &dyn Fn(&mut Disk)| {
        what(disk);
        let fingerprint = disk.fingerprint();
        assert!(!fingerprints.contains(&fingerprint));
        fingerprints.push(fingerprint);
    };
    step(&mut disk, &|disk| disk.append("a", b"").unwrap());
    step(&mut disk, &|disk| disk.append("a", b"\0").unwrap());
    step(&mut disk, &|disk| disk.write_at("a", 0, b"\0").unwrap());
    step(&mut disk, &|disk| disk.truncate("a", 7).unwrap());
    step(&mut disk, &|disk| disk.rename("a", "b").unwrap());
    step(&mut disk, &|disk| disk.remove("b").unwrap());
    step(&mut disk, &|disk| sync(disk, SyncScope::All));
    step(&mut disk, &|disk| {
        crash_strictly(disk);
    });
    let count = fingerprints.len();
    assert_eq!(fingerprints.into_iter().collect::<BTreeSet<_>>().len(), count);
}
