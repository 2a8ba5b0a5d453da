//! What a sync covers and when it is durable.

use super::*;

#[test]
fn a_sync_makes_durable_what_was_written_before_it_was_requested() {
    let mut disk = Disk::default();
    disk.append("log", b"before").unwrap();
    let id = starts(&mut disk, SyncScope::All);
    assert_eq!(disk.sync_bytes(id), 6);
    disk.append("log", b"after").unwrap();
    assert!(!disk.durable().exists("log"));
    assert!(disk.complete_sync(id));
    assert_eq!(disk.durable().read("log").unwrap(), &b"before"[..]);
    assert_eq!(disk.read("log").unwrap(), &b"beforeafter"[..]);
}

#[test]
fn a_sync_with_nothing_to_do_starts_nothing() {
    let mut disk = Disk::default();
    assert_eq!(disk.request_sync(SyncScope::All), SyncRequest::Nothing);
    disk.append("dir/a", b"x").unwrap();
    assert_eq!(disk.request_sync(SyncScope::File("dir/b")), SyncRequest::Nothing);
    assert_eq!(disk.request_sync(SyncScope::Directory("")), SyncRequest::Nothing);
    sync(&mut disk, SyncScope::All);
    assert_eq!(disk.request_sync(SyncScope::All), SyncRequest::Nothing);
    assert!(!disk.sync_in_flight());
}

#[test]
fn a_sync_of_what_is_in_flight_joins_it() {
    let mut disk = Disk::default();
    disk.append("dir/a", b"x").unwrap();
    let data = starts(&mut disk, SyncScope::File("dir/a"));
    let rest = starts(&mut disk, SyncScope::All);
    assert!(data < rest);
    assert_eq!(disk.request_sync(SyncScope::File("dir/a")), SyncRequest::Joins(data));
    assert_eq!(disk.request_sync(SyncScope::Directory("dir/")), SyncRequest::Joins(rest));
    assert_eq!(disk.request_sync(SyncScope::All), SyncRequest::Joins(rest));
    disk.append("dir/a", b"y").unwrap();
    assert!(rest < starts(&mut disk, SyncScope::All));
}

#[test]
fn a_sync_joins_the_last_of_those_that_cover_its_scope() {
    let mut disk = with_durable("d/moves", b"");
    disk.append("d/new", b"").unwrap();
    disk.rename("d/moves", "e/moves").unwrap();
    let rename = starts(&mut disk, SyncScope::Directory("e"));
    let creation = starts(&mut disk, SyncScope::All);
    assert_eq!(disk.request_sync(SyncScope::Directory("e")), SyncRequest::Joins(rename));
    assert_eq!(disk.request_sync(SyncScope::Directory("d")), SyncRequest::Joins(creation));
}

#[test]
fn a_sync_completes_those_requested_before_it() {
    let mut disk = Disk::default();
    disk.append("a", b"1").unwrap();
    let first = starts(&mut disk, SyncScope::All);
    disk.append("a", b"2").unwrap();
    let second = starts(&mut disk, SyncScope::All);
    assert!(disk.complete_sync(second));
    assert_eq!(disk.durable().read("a").unwrap(), &b"12"[..]);
    assert!(!disk.complete_sync(first));
}

#[test]
fn a_narrow_sync_of_a_file_covers_its_data_and_not_its_name() {
    let mut disk = Disk::default();
    disk.append("dir/a", b"data").unwrap();
    disk.append("dir/b", b"other").unwrap();
    sync(&mut disk, SyncScope::File("dir/a"));
    assert_eq!(files(disk.durable()), []);
    sync(&mut disk, SyncScope::Directory("dir"));
    assert_eq!(files(disk.durable()), [("dir/a", &b"data"[..]), ("dir/b", b"")]);
    sync(&mut disk, SyncScope::All);
    assert_eq!(files(disk.durable()), files(disk.view()));
}

#[test]
fn a_narrow_sync_of_names_takes_along_the_names_it_rests_on() {
    let mut disk = Disk::default();
    disk.append("from/a", b"1").unwrap();
    disk.rename("from/a", "via/a").unwrap();
    disk.append("from/a", b"2").unwrap();
    disk.rename("via/a", "to/a").unwrap();
    sync(&mut disk, SyncScope::Directory("to"));
    assert_eq!(files(disk.durable()), [("to/a", &b""[..])]);
    sync(&mut disk, SyncScope::All);
    assert_eq!(files(disk.durable()), [("from/a", &b"2"[..]), ("to/a", b"1")]);
}

#[test]
fn data_written_after_a_rename_is_synced_into_the_renamed_file() {
    let mut disk = with_durable("a", b"1");
    disk.rename("a", "b").unwrap();
    disk.append("b", b"2").unwrap();
    sync(&mut disk, SyncScope::File("b"));
    assert_eq!(files(disk.durable()), [("a", &b"12"[..])]);
    sync(&mut disk, SyncScope::All);
    assert_eq!(files(disk.durable()), [("b", &b"12"[..])]);
}

#[test]
fn a_removed_file_does_not_come_back_with_its_late_data() {
    let mut disk = Disk::default();
    disk.append("a", b"data").unwrap();
    disk.remove("a").unwrap();
    sync(&mut disk, SyncScope::Directory(""));
    assert_eq!(disk.request_sync(SyncScope::All), SyncRequest::Nothing);
    disk.append("a", b"").unwrap();
    sync(&mut disk, SyncScope::All);
    assert_eq!(files(disk.durable()), [("a", &b""[..])]);
}
