//! A crash together with every fault of a disk, and names that nobody synced.

use seedbed_sim::disk::DiskFault;
use seedbed_sim::{CrashModel, Fault, Rate, Room, Trouble};

use crate::puppet::{N1, N2, World, ms, obey, word};

/// What a host's file holds after this: it writes `AAAA` and syncs; the fault takes hold; it writes
/// `BBBB` over three sectors and syncs; it writes `CC` and does not sync; it crashes, and the fault
/// lets go; it restarts. Said is whether host 2 heard of `BBBB`.
fn after_crash(trouble: Option<Trouble>) -> (Vec<u8>, bool) {
    let mut world = World::tuned(
        2,
        |config| config.restart_after = ms(400),
        obey(|ctx, _, order| {
            let (byte, len) = [(b'A', 1536), (b'B', 1536), (b'C', 2)][order as usize];
            let written = ctx.disk().append("log", &vec![byte; len]);
            if order < 2 && written.is_ok() {
                ctx.sync();
                ctx.send(N2, word(order));
            }
        }),
    );
    world.order_at(5, N1, 0);
    let held = trouble.map(|trouble| {
        let fault = Fault::Disk(N1, DiskFault::new(trouble, 12));
        world.stop_at(20).inject(fault).expect("a fault that changes something")
    });
    world.order_at(30, N1, 1);
    world.until(45);
    if world.sim.is_up(N1) {
        world.order_at(50, N1, 2);
        let crash = world.stop_at(60).inject(Fault::Crash(N1, Some(CrashModel::Strict))).unwrap();
        world.stop_at(70).release(crash);
    }
    if let Some(held) = held {
        world.stop_at(80).release(held);
    }
    let said = world.seen(1000).contains(&"41ms n2 has 1 of n1".to_owned());
    assert!(world.sim.is_up(N1));
    (world.sim.view().disk(N1).read("log").unwrap().into_owned(), said)
}

/// Whether each sector holds `A`, `B` or zeros.
fn sectors(bytes: &[u8]) -> String {
    let shown = bytes.chunks(512).map(|sector| {
        assert!(sector.iter().all(|byte| *byte == sector[0]), "half a sector");
        if sector[0] == 0 { '0' } else { char::from(sector[0]) }
    });
    shown.collect()
}

/// Without a fault, what was synced survives and what was not is gone.
#[test]
fn synced_data_survives_a_crash_and_un_synced_data_does_not() {
    let (bytes, said) = after_crash(None);
    assert_eq!((&*sectors(&bytes), said), ("AAABBB", true));
}

#[test]
fn a_lost_write_is_gone_although_it_was_promised() {
    let (bytes, said) = after_crash(Some(Trouble::LostWrites(Rate::ALWAYS)));
    assert_eq!((&*sectors(&bytes), said), ("AAA", true));
}

#[test]
fn a_torn_write_is_there_in_part_although_it_was_promised() {
    let (bytes, said) = after_crash(Some(Trouble::TornWrites(Rate::ALWAYS)));
    let found = sectors(&bytes);
    let (old, new) = found.split_at(3);
    assert_eq!((old, said), ("AAA", true));
    assert!(new.contains('B') && new != "BBB", "{new}");
}

#[test]
fn a_misdirected_write_has_destroyed_something_else() {
    let (bytes, said) = after_crash(Some(Trouble::MisdirectedWrites(Rate::ALWAYS)));
    let found = sectors(&bytes);
    assert!(said && found.len() == 3 && found.contains('B'), "{found}");
}

#[test]
fn rot_is_there_after_a_crash_until_it_is_lifted() {
    let anywhere = Trouble::BitRot { within: Vec::new(), places: 9 };
    let (bytes, said) = after_crash(Some(anywhere));
    assert_eq!((&*sectors(&bytes), said), ("AAABBB", true), "lifted before the end");
}

#[test]
fn a_failed_sync_promises_nothing_and_loses_what_it_covered() {
    let (bytes, said) = after_crash(Some(Trouble::FailedSyncs(Rate::next(1))));
    assert_eq!((&*sectors(&bytes), said), ("AAA", false));
}

#[test]
fn a_write_that_failed_promises_nothing() {
    let (bytes, said) = after_crash(Some(Trouble::WriteErrors(Rate::next(1))));
    assert_eq!((&*sectors(&bytes[..1536]), said), ("AAA", false));
    assert_eq!(bytes.len(), 1536, "what was done of it was not synced");
}

#[test]
fn a_full_disk_promises_nothing() {
    let (bytes, said) = after_crash(Some(Trouble::Full(Room::Free(600))));
    assert_eq!((&*sectors(&bytes), said), ("AAA", false));
}

#[test]
fn read_errors_and_slowness_lose_nothing() {
    let sticky = Trouble::ReadErrors { rate: Rate::ALWAYS, sticky: true };
    assert_eq!(after_crash(Some(sticky)).0, after_crash(None).0);
    let slow = Trouble::Slow { percent: 101, by: ms(0) };
    let (bytes, said) = after_crash(Some(slow));
    assert_eq!((&*sectors(&bytes), said), ("AAABBB", false), "it came later");
    let (bytes, said) = after_crash(Some(Trouble::Stuck));
    assert_eq!((&*sectors(&bytes), said), ("AAA", false), "the crash was faster");
}

/// A new file or a new name without a sync of the directory is lost in a crash, data or not; with
/// one, never. (Pillai et al., OSDI 2014; the crash models `strict` and `ordered`.)
#[test]
fn a_name_that_was_not_synced_is_lost_in_a_crash() {
    let names = |order: u64, model: CrashModel| {
        let mut world = World::obeying(1, |ctx, _, order| {
            if order == 9 {
                ctx.disk().append("old", b"data").unwrap();
                return ctx.sync();
            }
            ctx.disk().append("new", b"data").unwrap();
            ctx.disk().rename("old", "moved").unwrap();
            ctx.sync_file("new");
            ctx.sync_file("moved");
            if order == 1 {
                ctx.sync_dir("");
            }
        });
        world.order_at(1, N1, 9).order_at(20, N1, order);
        let crash = world.stop_at(100).inject(Fault::Crash(N1, Some(model))).unwrap();
        world.stop_at(110).release(crash);
        world.until(120);
        let disk = world.sim.view().disk(N1);
        ["new", "old", "moved"].map(|name| disk.len(name))
    };
    assert_eq!(names(0, CrashModel::Strict), [None, Some(4), None]);
    for model in [CrashModel::Strict, CrashModel::Ordered, CrashModel::Torn, CrashModel::Reorder] {
        assert_eq!(names(1, model), [Some(4), None, Some(4)], "{model:?}");
    }
}
