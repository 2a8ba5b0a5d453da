//! The rules of the virtual disk, one sentence a test.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use seedbed_sim::disk::{
    CrashLoss, CrashModel, Cursor, Disk, DiskErrorKind, DiskOperation, DiskView, FILE_BYTES_MAX,
    SyncId, SyncRequest, SyncScope,
};

mod blocks;
mod costs;
mod crashes;
mod files;
mod observers;
mod reference;
mod syncs;
mod troubles;

fn starts(disk: &mut Disk, scope: SyncScope<'_>) -> SyncId {
    match disk.request_sync(scope) {
        SyncRequest::Starts(id) => id,
        other @ (SyncRequest::Nothing | SyncRequest::Joins(_)) => panic!("{other:?}"),
    }
}

fn sync(disk: &mut Disk, scope: SyncScope<'_>) {
    let id = starts(disk, scope);
    assert!(disk.complete_sync(id));
}

/// A disk with one durable file.
fn with_durable(path: &str, bytes: &[u8]) -> Disk {
    let mut disk = Disk::default();
    disk.append(path, bytes).unwrap();
    sync(&mut disk, SyncScope::All);
    disk
}

fn crash_strictly(disk: &mut Disk) -> CrashLoss {
    disk.crash(CrashModel::Strict, &mut |_| panic!("a strict crash draws nothing"))
}

/// Answers the draws of a crash from a list of (bound, answer), all of which must be asked for.
fn crash_drawing(disk: &mut Disk, model: CrashModel, answers: &[(u64, u64)]) -> CrashLoss {
    let mut answers = answers.iter();
    let loss = disk.crash(model, &mut |bound| {
        let (expected, answer) = answers.next().expect("one draw more than expected");
        assert_eq!(bound, *expected);
        *answer
    });
    assert_eq!(answers.next(), None);
    loss
}

fn files<'a>(view: DiskView<'a>) -> Vec<(&'a str, &'a [u8])> {
    // Small sound files are lent, never copied.
    let lent = |path| match view.read(path).unwrap() {
        Cow::Borrowed(bytes) => bytes,
        Cow::Owned(_) => panic!("{path} was copied"),
    };
    view.list("").map(|path| (path, lent(path))).collect()
}

fn at_risk(disk: &Disk, model: CrashModel) -> Vec<(&str, Range<u64>)> {
    disk.at_risk(model).collect()
}
