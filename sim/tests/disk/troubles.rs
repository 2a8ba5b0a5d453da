//! What faults do to a disk, and what of it is left when they let go.

use seedbed_sim::Chance;
use seedbed_sim::disk::{DiskFault, Rate, Room, SECTOR_BYTES, Trouble};

use super::*;

fn hold(disk: &mut Disk, number: u32, trouble: Trouble) -> bool {
    disk.hold(number, DiskFault::new(trouble, 0x5EED + u64::from(number)))
}

/// Syncs everything; whether it failed.
fn fails_to_sync(disk: &mut Disk) -> Vec<String> {
    let id = starts(disk, SyncScope::All);
    disk.complete_sync(id);
    disk.take_sync_errors().iter().map(ToString::to_string).collect()
}

fn durable_and_cached(disk: &Disk) -> [Vec<u8>; 2] {
    [disk.durable(), disk.view()].map(|view| view.read("a").unwrap().into_owned())
}

#[test]
fn a_lost_write_is_acknowledged_and_never_on_the_platter() {
    let mut disk = with_durable("a", b"old+");
    assert!(hold(&mut disk, 1, Trouble::LostWrites(Rate::next(1))));
    disk.append("a", b"lost").unwrap();
    assert_eq!(fails_to_sync(&mut disk), [""; 0]);
    assert_eq!(durable_and_cached(&disk), [b"old+".to_vec(), b"old+lost".to_vec()]);
    assert_eq!((disk.hits(1), disk.has_lied()), (1, true));
    // The next write is not lost, and no later sync makes up for the first.
    disk.append("a", b"kept").unwrap();
    assert_eq!(fails_to_sync(&mut disk), [""; 0]);
    assert_eq!(disk.read("a").unwrap(), &b"old+lostkept"[..]);
    assert_eq!(crash_strictly(&mut disk), CrashLoss::default());
    assert_eq!(disk.read("a").unwrap(), &b"old+\0\0\0\0kept"[..]);
    assert!(disk.has_lied(), "for good");
}

#[test]
fn an_overwrite_that_is_lost_leaves_the_old_bytes() {
    let mut disk = with_durable("a", b"old!");
    hold(&mut disk, 1, Trouble::LostWrites(Rate::ALWAYS));
    disk.write_at("a", 0, b"new").unwrap();
    sync(&mut disk, SyncScope::All);
    disk.release(1);
    crash_strictly(&mut disk);
    assert_eq!(disk.read("a").unwrap(), &b"old!"[..]);
}

#[test]
fn a_torn_write_leaves_old_and_new_sectors() {
    let sector = SECTOR_BYTES as usize;
    let mut outcomes = BTreeSet::new();
    for salt in 0..60 {
        let mut disk = with_durable("a", &vec![1; 4 * sector]);
        let trouble = Trouble::TornWrites(Rate::ALWAYS);
        assert!(disk.hold(1, DiskFault::new(trouble, salt)));
        disk.write_at("a", 100, &vec![2; 3 * sector]).unwrap();
        sync(&mut disk, SyncScope::All);
        assert_eq!(disk.view().read("a").unwrap()[100..100 + 3 * sector], vec![2; 3 * sector]);
        crash_strictly(&mut disk);
        let bytes = disk.read("a").unwrap().into_owned();
        // The write lies in the sectors 0 to 3; each is old or new as a whole.
        let meant = |at: usize| (100..100 + 3 * sector).contains(&at);
        let torn: Vec<bool> = (0..4)
            .map(|nth| {
                let places = nth * sector..(nth + 1) * sector;
                let new: BTreeSet<u8> =
                    places.clone().filter(|at| meant(*at)).map(|at| bytes[at]).collect();
                assert_eq!(new.len(), 1, "half a sector");
                assert!(places.filter(|at| !meant(*at)).all(|at| bytes[at] == 1));
                new.contains(&2)
            })
            .collect();
        assert!(torn.contains(&true) && torn.contains(&false), "neither all nor nothing");
        outcomes.insert(torn);
    }
    assert!(outcomes.len() >= 12, "{} of the 14 ways to tear four sectors", outcomes.len());
}

#[test]
fn a_write_within_a_sector_is_not_torn_and_not_counted() {
    let mut disk = with_durable("a", &[1; 600]);
    hold(&mut disk, 1, Trouble::TornWrites(Rate::next(1)));
    disk.write_at("a", 512, &[2; 80]).unwrap();
    sync(&mut disk, SyncScope::All);
    assert_eq!((disk.hits(1), disk.has_lied()), (0, false));
    disk.write_at("a", 500, &[3; 80]).unwrap();
    sync(&mut disk, SyncScope::All);
    assert_eq!((disk.hits(1), disk.has_lied()), (1, true));
}

#[test]
fn a_misdirected_write_lands_elsewhere_and_its_own_place_keeps_what_it_had() {
    let mut landings = BTreeSet::new();
    for salt in 0..200 {
        let mut disk = with_durable("a", &[1; 1200]);
        disk.append("b", &[2; 700]).unwrap();
        sync(&mut disk, SyncScope::All);
        let fault = DiskFault::new(Trouble::MisdirectedWrites(Rate::next(1)), salt).of_files("a");
        assert!(disk.hold(1, fault));
        disk.write_at("a", 520, &[9; 100]).unwrap();
        sync(&mut disk, SyncScope::All);
        assert_eq!(disk.view().read("b").unwrap(), &[2; 700][..], "the cache is right");
        crash_strictly(&mut disk);
        let [a, b] = ["a", "b"].map(|path| disk.durable().read(path).unwrap().into_owned());
        assert_eq!((a.len(), b.len()), (1200, 700));
        assert!(a[520..620].iter().all(|byte| *byte == 1), "the place that was meant");
        for (path, bytes) in [("a", &a), ("b", &b)] {
            if let Some(at) = bytes.iter().position(|byte| *byte == 9) {
                assert!(bytes[at..(at + 100).min(bytes.len())].iter().all(|byte| *byte == 9));
                landings.insert((path, at));
            }
        }
    }
    let everywhere = [("a", 8), ("a", 1032), ("b", 8), ("b", 520)];
    assert_eq!(landings.into_iter().collect::<Vec<_>>(), everywhere);
}

#[test]
fn a_misdirected_write_without_another_place_is_a_write() {
    let mut disk = with_durable("a", b"only");
    hold(&mut disk, 1, Trouble::MisdirectedWrites(Rate::ALWAYS));
    disk.write_at("a", 0, b"done").unwrap();
    sync(&mut disk, SyncScope::All);
    assert_eq!(disk.durable().read("a").unwrap(), &b"done"[..]);
    assert_eq!((disk.hits(1), disk.has_lied()), (0, false));
}

fn rot(path: &str, range: Range<u64>, places: u32) -> Trouble {
    Trouble::BitRot { within: vec![(path.to_owned(), range)], places }
}

#[test]
fn rot_is_a_mask_that_stays_until_it_is_lifted() {
    let mut disk = with_durable("a", b"0123456789");
    assert!(hold(&mut disk, 1, rot("a", 4..5, 1)));
    let rotten = disk.read("a").unwrap().into_owned();
    let differs: Vec<usize> = (0..10).filter(|at| rotten[*at] != b"0123456789"[*at]).collect();
    assert_eq!(differs, [4]);
    assert_eq!((rotten[4] ^ b'4').count_ones(), 1, "one bit");
    // A retry sees the same; below the mask the bytes are good.
    assert_eq!(disk.read("a").unwrap(), rotten);
    assert_eq!(disk.read_at("a", 4, 1).unwrap(), &rotten[4..5]);
    assert_eq!(disk.durable().read("a").unwrap(), &b"0123456789"[..]);
    crash_strictly(&mut disk);
    assert_eq!(disk.read("a").unwrap(), rotten, "it is on the platter");
    assert!(disk.is_rotten());
    disk.release(1);
    assert_eq!(disk.read("a").unwrap(), &b"0123456789"[..]);
    assert!(!disk.is_rotten() && !disk.has_lied());
}

#[test]
fn a_write_over_rot_ends_it_once_it_is_on_the_platter() {
    let mut disk = with_durable("a", b"0123");
    hold(&mut disk, 1, rot("a", 2..3, 1));
    let rotten = disk.read("a").unwrap().into_owned();
    disk.write_at("a", 1, b"xyz").unwrap();
    assert_eq!(disk.read("a").unwrap(), &b"0xyz"[..], "the cache has it");
    crash_strictly(&mut disk);
    assert_eq!(disk.read("a").unwrap(), rotten, "the write is lost, and the rot is back");
    disk.write_at("a", 2, b"!").unwrap();
    sync(&mut disk, SyncScope::All);
    crash_strictly(&mut disk);
    assert_eq!(disk.read("a").unwrap(), &b"01!3"[..]);
    assert!(!disk.is_rotten());
}

#[test]
fn a_cursor_sees_rot_come_and_go() {
    let mut disk = with_durable("a", b"0123456789");
    let (mut cursor, mut below) = (Cursor::default(), Cursor::default());
    disk.view().changed_since("a", &mut cursor);
    disk.durable().changed_since("a", &mut below);
    hold(&mut disk, 1, rot("a", 6..7, 1));
    let rotten = disk.read("a").unwrap().into_owned();
    let changes = disk.view().changed_since("a", &mut cursor);
    assert_eq!((changes.keep, &*changes.new), (6, &rotten[6..]));
    disk.release(1);
    assert_eq!(&*disk.view().changed_since("a", &mut cursor).new, b"6789");
    assert_eq!(&*disk.durable().changed_since("a", &mut below).new, b"");
}

#[test]
fn rot_needs_bytes_and_strikes_only_where_it_may() {
    let mut disk = Disk::default();
    assert!(!hold(&mut disk, 1, Trouble::BitRot { within: vec![], places: 1 }));
    disk.append("a", &[0; 100]).unwrap();
    assert!(!hold(&mut disk, 1, Trouble::BitRot { within: vec![], places: 1 }), "un-synced");
    disk.append("raft/log", &[0; 1000]).unwrap();
    sync(&mut disk, SyncScope::All);
    assert!(!hold(&mut disk, 1, rot("a", 100..200, 1)));
    assert!(!hold(&mut disk, 1, rot("b", 0..1, 1)));
    let fault = DiskFault::new(Trouble::BitRot { within: vec![], places: 40 }, 3);
    assert!(disk.hold(1, fault.of_files("raft/")));
    assert_eq!(disk.read("a").unwrap(), &[0; 100][..]);
    let rotten = disk.read("raft/log").unwrap().iter().filter(|byte| **byte != 0).count();
    assert!((30..=40).contains(&rotten), "{rotten} places");
    disk.release(1);
    // No range is struck twice, so that there are never more places than ranges.
    let within = (0..20).map(|nth| ("raft/log".to_owned(), nth * 50..nth * 50 + 30)).collect();
    assert!(hold(&mut disk, 2, Trouble::BitRot { within, places: 15 }));
    let log = disk.read("raft/log").unwrap();
    let struck: Vec<usize> =
        log.chunks(50).map(|it| it.iter().filter(|b| **b != 0).count()).collect();
    assert_eq!(struck.iter().sum::<usize>(), 15);
    assert!(struck.iter().all(|count| *count <= 1), "{struck:?}");
}

#[test]
fn a_sector_that_cannot_be_read_stays_so_until_it_is_written_or_let_go() {
    let mut disk = with_durable("a", &[7; 1024]);
    let once = Rate::next(1);
    hold(&mut disk, 1, Trouble::ReadErrors { rate: once, sticky: true });
    let error = disk.read_at("a", 600, 10).unwrap_err();
    assert_eq!((error.operation, error.kind), (DiskOperation::Read, DiskErrorKind::Io));
    for _ in 0..3 {
        assert!(disk.read("a").is_err(), "a retry fails as well");
        assert_eq!(disk.read_at("a", 0, 512).unwrap(), &[7; 512][..]);
    }
    crash_strictly(&mut disk);
    assert!(disk.read("a").is_err());
    disk.write_at("a", 1000, b"new").unwrap();
    assert!(disk.read("a").is_ok());
    hold(&mut disk, 2, Trouble::ReadErrors { rate: once, sticky: true });
    assert!(disk.read("a").is_err());
    disk.release(2);
    assert!(disk.read("a").is_ok());
    assert_eq!(disk.read_at("a", 999, 4).unwrap(), &b"\x07new"[..]);
}

#[test]
fn a_passing_read_error_is_gone_at_the_next_try() {
    let mut disk = with_durable("a", b"fine");
    let half = Rate::of(Chance::from_ratio(1, 2));
    hold(&mut disk, 1, Trouble::ReadErrors { rate: half, sticky: false });
    let failed = (0..10_000).filter(|_| disk.read("a").is_err()).count();
    // Three standard deviations of 10,000 coins.
    assert!((4850..=5150).contains(&failed), "{failed} of 10,000");
    assert_eq!(disk.hits(1) as usize, failed);
    disk.release(1);
    assert!((0..100).all(|_| disk.read("a").is_ok()));
}

#[test]
fn a_failed_write_may_have_done_a_part() {
    let mut lengths = BTreeSet::new();
    for salt in 0..200 {
        let mut disk = with_durable("a", b"");
        disk.hold(1, DiskFault::new(Trouble::WriteErrors(Rate::ALWAYS), salt));
        let error = disk.append("a", b"12345").unwrap_err();
        assert_eq!((error.operation, error.kind), (DiskOperation::Write, DiskErrorKind::Io));
        let written = disk.read("a").unwrap().into_owned();
        assert!(b"12345".starts_with(&written));
        lengths.insert(written.len());
        assert!(disk.truncate("a", 9).is_err() && disk.rename("a", "b").is_err());
        assert!(disk.remove("a").is_err());
        assert_eq!(disk.len("a"), Some(written.len() as u64));
    }
    assert_eq!(lengths.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
}

#[test]
fn a_failed_write_of_nothing_creates_no_file() {
    let mut disk = Disk::default();
    hold(&mut disk, 1, Trouble::WriteErrors(Rate::ALWAYS));
    assert!(disk.append("new", b"").is_err());
    assert!(!disk.exists("new"));
}

#[test]
fn after_a_failed_sync_the_pages_count_as_clean() {
    let mut disk = with_durable("a", b"old+");
    hold(&mut disk, 1, Trouble::FailedSyncs(Rate::next(1)));
    disk.append("a", b"gone").unwrap();
    assert_eq!(fails_to_sync(&mut disk), ["cannot sync \"a\": the device failed"]);
    // Nothing is dirty, so nothing is to be synced: the second try succeeds and is worth nothing.
    assert_eq!(disk.request_sync(SyncScope::All), SyncRequest::Nothing);
    assert_eq!(disk.read("a").unwrap(), &b"old+gone"[..]);
    disk.append("a", b"kept").unwrap();
    assert_eq!(fails_to_sync(&mut disk), [""; 0]);
    assert_eq!(disk.durable().read("a").unwrap(), &b"old+\0\0\0\0kept"[..]);
    assert!(!disk.has_lied(), "it said so");
    crash_strictly(&mut disk);
    assert_eq!(disk.read("a").unwrap(), &b"old+\0\0\0\0kept"[..]);
}

#[test]
fn a_failed_sync_leaves_names_to_the_next_one() {
    let mut disk = Disk::default();
    hold(&mut disk, 1, Trouble::FailedSyncs(Rate::next(1)));
    disk.append("new", b"data").unwrap();
    assert_eq!(fails_to_sync(&mut disk).len(), 1);
    assert_eq!(disk.durable().len("new"), None);
    assert_eq!(fails_to_sync(&mut disk), [""; 0]);
    assert_eq!(disk.durable().len("new"), Some(0), "the name, without what was in it");
    disk.remove("new").unwrap();
    sync(&mut disk, SyncScope::All);
    assert_eq!(files(disk.durable()), []);
}

#[test]
fn a_failed_sync_concerns_the_files_that_it_names() {
    let mut disk = with_durable("a", b"");
    let fault = DiskFault::new(Trouble::FailedSyncs(Rate::ALWAYS), 1).of_files("b");
    disk.hold(1, fault);
    disk.append("a", b"1").unwrap();
    assert_eq!(fails_to_sync(&mut disk), [""; 0]);
    disk.append("b/1", b"").unwrap();
    disk.append("b/2", b"2").unwrap();
    disk.append("a", b"2").unwrap();
    assert_eq!(fails_to_sync(&mut disk).len(), 2);
    assert_eq!(disk.durable().read("a").unwrap(), &b"12"[..]);
}

#[test]
fn a_full_disk_takes_what_fits_and_no_more_until_something_goes() {
    let mut disk = Disk::default();
    disk.set_capacity(Some(10));
    disk.append("a", b"12345678").unwrap();
    let error = disk.append("a", b"9abcd").unwrap_err();
    assert_eq!((error.operation, error.kind), (DiskOperation::Write, DiskErrorKind::NoSpace));
    assert_eq!(error.to_string(), "cannot write \"a\": the disk is full");
    assert_eq!(disk.read("a").unwrap(), &b"123456789a"[..]);
    disk.write_at("a", 0, b"overwrites").unwrap();
    assert!(disk.append("b", b"x").is_err() && !disk.exists("b"));
    assert!(disk.truncate("a", 11).is_err() && disk.write_at("a", 12, b"x").is_err());
    disk.truncate("a", 4).unwrap();
    disk.append("b", b"123456").unwrap();
    disk.remove("a").unwrap();
    disk.append("b", b"7890").unwrap();
    assert!(disk.append("b", b"!").is_err());
}

#[test]
fn a_disk_that_a_fault_fills_up_is_as_large_as_ever_afterwards() {
    let mut disk = with_durable("a", b"12345");
    disk.set_capacity(Some(20));
    assert!(!hold(&mut disk, 1, Trouble::Full(Room::Capacity(20))), "it is no larger anyway");
    assert!(hold(&mut disk, 2, Trouble::Full(Room::Free(2))));
    assert!(disk.append("a", b"678").is_err());
    assert_eq!(disk.len("a"), Some(7));
    assert!(!hold(&mut disk, 3, Trouble::Full(Room::Capacity(7))));
    disk.release(2);
    disk.append("a", &[0; 13]).unwrap();
    assert!(disk.append("a", b"x").is_err());
}

#[test]
fn a_slow_device_takes_longer_and_a_stuck_one_says_nothing() {
    let mut disk = with_durable("a", b"");
    assert_eq!((disk.device_time_ns(1000, 1), disk.is_stuck()), (1000, false));
    let by = std::time::Duration::from_nanos(7);
    assert!(!hold(&mut disk, 1, Trouble::Slow { percent: 100, by: std::time::Duration::ZERO }));
    assert!(hold(&mut disk, 1, Trouble::Slow { percent: 250, by }));
    assert_eq!(disk.device_time_ns(1000, 2), 2514);
    assert!(hold(&mut disk, 2, Trouble::Slow { percent: 400, by }));
    assert_eq!(disk.device_time_ns(1000, 1), 10_014);
    assert!(hold(&mut disk, 3, Trouble::Stuck) && disk.is_stuck());
    (1..4).for_each(|number| disk.release(number));
    assert_eq!((disk.device_time_ns(1000, 1), disk.is_stuck()), (1000, false));
}

#[test]
fn what_a_fault_does_follows_from_its_own_salt() {
    let story = |other: bool| {
        let mut disk = with_durable("a", b"");
        let third = Rate::of(Chance::from_ratio(1, 3));
        if other {
            hold(&mut disk, 9, Trouble::ReadErrors { rate: third, sticky: false });
            hold(&mut disk, 8, Trouble::LostWrites(Rate { times_max: Some(0), ..third }));
            hold(
                &mut disk,
                7,
                Trouble::MisdirectedWrites(Rate::of(Chance::from_ratio(1, 1 << 30))),
            );
        }
        hold(&mut disk, 1, Trouble::LostWrites(third));
        let mut lost = Vec::new();
        for _ in 0..300 {
            let before = disk.hits(1);
            let _ = disk.read("a");
            disk.append("a", b"x").unwrap();
            sync_quietly(&mut disk);
            lost.push(disk.hits(1) > before);
        }
        lost
    };
    let lost = story(false);
    assert_eq!(lost, story(true));
    let count = lost.iter().filter(|lost| **lost).count();
    // Three standard deviations of 300 draws of one third.
    assert!((76..=124).contains(&count), "{count} of 300");
}

fn sync_quietly(disk: &mut Disk) {
    let id = starts(disk, SyncScope::All);
    disk.complete_sync(id);
}

#[test]
fn every_fault_moves_the_fingerprint() {
    let troubles = [
        Trouble::LostWrites(Rate::ALWAYS),
        Trouble::TornWrites(Rate::ALWAYS),
        Trouble::MisdirectedWrites(Rate::ALWAYS),
        Trouble::FailedSyncs(Rate::ALWAYS),
        Trouble::WriteErrors(Rate::ALWAYS),
        Trouble::ReadErrors { rate: Rate::ALWAYS, sticky: false },
        Trouble::Full(Room::Free(3)),
        Trouble::BitRot { within: vec![], places: 1 },
    ];
    let mut prints = BTreeSet::new();
    for trouble in troubles.iter().map(Some).chain([None]) {
        let mut disk = with_durable("a", &[5; 2000]);
        // The fault itself, apart from what it does, is the same for each.
        disk.hold(1, DiskFault::new(Trouble::Stuck, 0));
        disk.release(1);
        if let Some(trouble) = trouble {
            hold(&mut disk, 1, trouble.clone());
        }
        let _ = disk.write_at("a", 400, &[6; 1000]);
        let _ = disk.append("a", b"more");
        let _ = disk.read("a");
        sync_quietly(&mut disk);
        prints.insert(disk.fingerprint());
    }
    assert_eq!(prints.len(), 9);
}
