//! What the disk must not cost.

use super::*;

#[test]
fn an_idle_disk_is_one_pointer() {
    assert_eq!(size_of::<Disk>(), size_of::<usize>());
}

#[test]
fn a_file_that_is_always_synced_alone_does_not_grow_the_journal() {
    let mut disk = Disk::default();
    disk.append("wal", b"").unwrap();
    for round in 0..200_000_u64 {
        disk.append("wal", &round.to_le_bytes()).unwrap();
        if round % 10_000 == 0 {
            disk.append("never-synced", &round.to_le_bytes()).unwrap();
        }
        sync(&mut disk, SyncScope::File("wal"));
    }
    // Two creations and twenty writes.
    let loss = crash_strictly(&mut disk.clone());
    assert_eq!(loss, CrashLoss { operations: 22, bytes: 160 });
    sync(&mut disk, SyncScope::All);
    let views = [disk.view(), disk.durable()];
    let [cached, durable] = views.map(|view| view.read("wal").unwrap());
    assert!(cached == durable && cached.len() == 1_600_000);
}

/// How much the disk holds: every number in there grows, and its digits with it; they are left out.
fn held(disk: &Disk) -> usize {
    format!("{disk:?}").replace(|digit: char| digit.is_ascii_digit(), "").len()
}

#[test]
fn a_journal_that_is_never_empty_forgets_what_is_durable() {
    let mut disk = Disk::default();
    disk.append("wal", b"").unwrap();
    let sizes: Vec<usize> = (0..2000)
        .map(|_| {
            disk.append("wal", b"x").unwrap();
            disk.truncate("wal", 0).unwrap();
            sync(&mut disk, SyncScope::File("wal"));
            held(&disk)
        })
        .collect();
    assert_eq!(sizes[..500].iter().max(), sizes[500..].iter().max());
}

#[test]
fn files_that_are_gone_leave_nothing_behind() {
    let mut disk = Disk::default();
    let mut sizes = BTreeSet::new();
    for _ in 0..20 {
        disk.append("a", b"x").unwrap();
        disk.remove("a").unwrap();
        sync(&mut disk, SyncScope::All);
        sizes.insert(held(&disk));
    }
    for _ in 0..20 {
        disk.append("a", b"x").unwrap();
        sync(&mut disk, SyncScope::File("a"));
        crash_strictly(&mut disk);
        assert_eq!(files(disk.durable()), []);
        sizes.insert(held(&disk));
    }
    assert_eq!(sizes.len(), 1);
}
