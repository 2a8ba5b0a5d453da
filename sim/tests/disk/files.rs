//! Reading and writing.

use super::*;

#[test]
fn a_read_sees_every_write_before_it() {
    let mut disk = Disk::default();
    disk.append("log", b"one").unwrap();
    disk.append("log", b"two").unwrap();
    disk.write_at("log", 2, b"T").unwrap();
    assert_eq!(disk.read("log").unwrap(), &b"onTtwo"[..]);
    assert_eq!(disk.read_at("log", 1, 3).unwrap(), &b"nTt"[..]);
    assert_eq!(disk.read_at("log", 4, 99).unwrap(), &b"wo"[..]);
    assert_eq!(disk.read_at("log", 99, u64::MAX).unwrap(), &b""[..]);
    assert_eq!(disk.len("log"), Some(6));
}

#[test]
fn a_gap_and_a_longer_length_read_as_zeros() {
    let mut disk = Disk::default();
    disk.write_at("file", 3, b"x").unwrap();
    disk.truncate("file", 6).unwrap();
    assert_eq!(disk.read("file").unwrap(), &b"\0\0\0x\0\0"[..]);
    disk.truncate("file", 4).unwrap();
    assert_eq!(disk.read("file").unwrap(), &b"\0\0\0x"[..]);
}

#[test]
fn a_rename_replaces_the_file_that_had_the_name() {
    let mut disk = Disk::default();
    disk.append("old", b"old").unwrap();
    disk.append("new", b"new").unwrap();
    disk.rename("new", "old").unwrap();
    assert_eq!(files(disk.view()), [("old", &b"new"[..])]);
    disk.rename("old", "old").unwrap();
    assert_eq!(disk.read("old").unwrap(), &b"new"[..]);
}

#[test]
fn an_operation_on_a_missing_file_says_which_and_why() {
    let mut disk = Disk::default();
    let error = disk.read("a").unwrap_err();
    assert_eq!((error.operation, error.kind), (DiskOperation::Read, DiskErrorKind::NotFound));
    assert_eq!(error.to_string(), "cannot read \"a\": there is no such file");
    let kinds = [disk.truncate("a", 0), disk.rename("a", "a"), disk.remove("a")]
        .map(|result| result.unwrap_err().operation);
    assert_eq!(kinds, [DiskOperation::Truncate, DiskOperation::Rename, DiskOperation::Remove]);
    assert_eq!(disk.fingerprint(), Disk::default().fingerprint());
}

#[test]
fn a_wild_offset_is_an_error_and_leaves_no_file() {
    let mut disk = Disk::default();
    let error = disk.write_at("a", u64::MAX, b"x").unwrap_err();
    assert_eq!(error.kind, DiskErrorKind::TooLarge);
    assert!(!disk.exists("a"));
    disk.append("a", b"").unwrap();
    assert_eq!(disk.truncate("a", FILE_BYTES_MAX + 1).unwrap_err().kind, DiskErrorKind::TooLarge);
    assert_eq!(disk.len("a"), Some(0));
}

#[test]
fn names_are_listed_in_order_below_their_prefix() {
    let mut disk = Disk::default();
    for path in ["raft/log", "raft", "raft/b/c", "raft2/x", "kv"] {
        disk.append(path, b"").unwrap();
    }
    assert_eq!(disk.list("raft/").collect::<Vec<_>>(), ["raft/b/c", "raft/log"]);
    assert_eq!(disk.list("").count(), 5);
    assert_eq!(disk.list("zoo").count(), 0);
}
