//! What a crash leaves.

use super::*;

#[test]
fn a_strict_crash_leaves_the_durable_disk() {
    let mut disk = with_durable("log", b"durable");
    disk.append("log", b"more").unwrap();
    disk.rename("log", "moved").unwrap();
    let id = starts(&mut disk, SyncScope::All);
    disk.append("new", b"file").unwrap();
    let loss = crash_strictly(&mut disk);
    assert_eq!(loss, CrashLoss { operations: 4, bytes: 8 });
    assert_eq!(files(disk.view()), [("log", &b"durable"[..])]);
    assert_eq!(files(disk.durable()), files(disk.view()));
    assert!(!disk.complete_sync(id));
    assert_eq!(disk.request_sync(SyncScope::All), SyncRequest::Nothing);
}

#[test]
fn a_sync_of_before_a_crash_completes_nothing_after_it() {
    let mut disk = with_durable("a", b"");
    disk.append("a", b"old").unwrap();
    let old = starts(&mut disk, SyncScope::All);
    crash_strictly(&mut disk);
    disk.append("a", b"new").unwrap();
    let new = starts(&mut disk, SyncScope::All);
    assert!(!disk.complete_sync(old));
    assert!(disk.complete_sync(new));
    assert_eq!(disk.durable().read("a").unwrap(), &b"new"[..]);
}

#[test]
fn an_ordered_crash_leaves_the_first_operations() {
    let outcomes: Vec<Vec<u8>> = (0..=3)
        .map(|kept| {
            let mut disk = with_durable("a", b"");
            for byte in [b"1", b"2", b"3"] {
                disk.append("a", byte).unwrap();
            }
            let loss = crash_drawing(&mut disk, CrashModel::Ordered, &[(4, kept)]);
            assert_eq!(loss, CrashLoss { operations: 3 - kept, bytes: 3 - kept });
            disk.read("a").unwrap().to_vec()
        })
        .collect();
    assert_eq!(outcomes, [&b""[..], b"1", b"12", b"123"]);
}

#[test]
fn a_torn_crash_cuts_the_next_write_at_sectors_of_the_file() {
    let lengths: Vec<u64> = (0..=2)
        .map(|boundary| {
            let mut disk = with_durable("a", &[1; 500]);
            disk.append("a", &[2; 1000]).unwrap();
            // Bytes 500 to 1500: the boundaries inside are 512 and 1024.
            let loss = crash_drawing(&mut disk, CrashModel::Torn, &[(2, 0), (3, boundary)]);
            let len = disk.len("a").unwrap();
            assert_eq!(loss, CrashLoss { operations: 1, bytes: 1500 - len });
            assert!(disk.read("a").unwrap()[500..].iter().all(|byte| *byte == 2));
            len
        })
        .collect();
    assert_eq!(lengths, [500, 512, 1024]);
}

#[test]
fn a_write_within_a_sector_is_never_torn() {
    for (offset, len) in [(0, 512), (511, 1), (512, 100), (700, 324)] {
        let mut disk = with_durable("a", &[0; 2000]);
        disk.write_at("a", offset, &vec![1; len]).unwrap();
        crash_drawing(&mut disk, CrashModel::Torn, &[(2, 0)]);
        assert_eq!(disk.read("a").unwrap(), &[0; 2000][..]);
    }
}

#[test]
fn a_reordering_crash_keeps_any_subset() {
    let mut outcomes = BTreeSet::new();
    for subset in 0..8_u64 {
        let mut disk = with_durable("a", b"---");
        for (offset, byte) in [(0, b"1"), (1, b"2"), (2, b"3")] {
            disk.write_at("a", offset, byte).unwrap();
        }
        let bits = [0, 1, 2].map(|bit| (2, subset >> bit & 1));
        crash_drawing(&mut disk, CrashModel::Reorder, &bits);
        outcomes.insert(disk.read("a").unwrap().to_vec());
    }
    assert_eq!(outcomes.len(), 8);
}

#[test]
fn a_rename_can_survive_the_data_it_was_to_publish() {
    let mut disk = with_durable("state", b"old");
    disk.append("state.tmp", b"new").unwrap();
    disk.rename("state.tmp", "state").unwrap();
    crash_drawing(&mut disk, CrashModel::Reorder, &[(2, 0), (2, 0), (2, 1)]);
    assert_eq!(files(disk.view()), [("state", &b""[..])]);
}

#[test]
fn data_that_survives_keeps_its_file() {
    let mut disk = Disk::default();
    disk.append("a", b"1").unwrap();
    disk.append("a", b"2").unwrap();
    let loss = crash_drawing(&mut disk, CrashModel::Reorder, &[(2, 0), (2, 0), (2, 1)]);
    assert_eq!(files(disk.view()), [("a", &b"\x002"[..])]);
    assert_eq!(loss, CrashLoss { operations: 1, bytes: 1 });
}

#[test]
fn a_file_whose_rename_is_lost_keeps_its_old_name() {
    let mut disk = with_durable("a", b"1");
    disk.rename("a", "b").unwrap();
    disk.append("b", b"2").unwrap();
    crash_drawing(&mut disk, CrashModel::Reorder, &[(2, 0), (2, 1)]);
    assert_eq!(files(disk.view()), [("a", &b"12"[..])]);
}

#[test]
fn a_rename_that_survives_finds_the_file_whose_earlier_rename_is_lost() {
    let mut disk = with_durable("a", b"1");
    disk.rename("a", "b").unwrap();
    disk.rename("b", "c").unwrap();
    disk.append("b", b"2").unwrap();
    crash_drawing(&mut disk, CrashModel::Reorder, &[(2, 0), (2, 1), (2, 0), (2, 1)]);
    assert_eq!(files(disk.view()), [("b", &b"2"[..]), ("c", b"1")]);
}

#[test]
fn a_crash_with_everything_durable_draws_and_loses_nothing() {
    for model in [CrashModel::Ordered, CrashModel::Torn, CrashModel::Reorder] {
        let mut disk = with_durable("a", b"x");
        assert_eq!(crash_drawing(&mut disk, model, &[]), CrashLoss::default());
        assert_eq!(disk.read("a").unwrap(), &b"x"[..]);
        assert_eq!(crash_drawing(&mut Disk::default(), model, &[]), CrashLoss::default());
    }
}

#[test]
fn a_crash_inside_a_step_undoes_its_later_operations() {
    let mut disk = with_durable("a", b"0");
    disk.append("a", b"1").unwrap();
    let undone = disk.operation_next();
    disk.append("a", b"2").unwrap();
    disk.append("b", b"3").unwrap();
    let loss = disk.crash_at(undone, CrashModel::Ordered, &mut |bound| bound - 1);
    assert_eq!(loss, CrashLoss::default());
    assert_eq!(files(disk.view()), [("a", &b"01"[..])]);
}

#[test]
fn a_blank_disk_holds_nothing_and_owes_nothing() {
    let mut disk = with_durable("log", b"durable");
    disk.append("log", b"more").unwrap();
    let pending = starts(&mut disk, SyncScope::All);
    let (mut cursor, before) = (Cursor::default(), disk.fingerprint());
    disk.view().changed_since("log", &mut cursor);
    assert!(disk.blank());
    assert_ne!(disk.fingerprint(), before);
    assert_eq!((files(disk.view()), files(disk.durable())), (vec![], vec![]));
    assert_eq!(disk.request_sync(SyncScope::All), SyncRequest::Nothing);
    assert!(!disk.complete_sync(pending), "a sync of the disk that is gone");
    disk.append("log", b"durable").unwrap();
    let changes = disk.view().changed_since("log", &mut cursor);
    assert_eq!((changes.keep, &*changes.new), (0, &b"durable"[..]));
    assert_eq!(crash_strictly(&mut disk), CrashLoss { operations: 2, bytes: 7 });
    assert!(!disk.blank(), "it was blank");
    assert!(!Disk::default().blank());
}
