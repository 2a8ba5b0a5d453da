//! A crash together with every fault of a disk, and names that nobody synced.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use seedbed_sim::disk::{DiskErrorKind, DiskFault};
use seedbed_sim::{CrashModel, Fault, Rate, Room, Trouble};

use crate::puppet::{N1, N2, World, ms, obey, word};

/// The order to read the file.
const READ: u64 = 9;

/// What is left after a crash, and what was heard and read before.
struct After {
    /// What the host's file holds when the fault has let go.
    bytes: Vec<u8>,
    /// Whether host 2 heard of `BBBB`.
    said: bool,
    /// What the host read of its file while the fault held, before and after the crash.
    reads: Vec<Result<Vec<u8>, DiskErrorKind>>,
}

/// What a host's file holds after this: it writes `AAAA` and syncs; the fault takes hold; it writes
/// `BBBB` over three sectors and syncs; it writes `CC` and does not sync; it crashes and restarts,
/// and the fault lets go. Where it `reads`, it does so before the crash and after the restart.
fn crashed(trouble: Option<Trouble>, reads: bool) -> After {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let seen_by_host = seen.clone();
    let mut world = World::tuned(
        2,
        |config| config.restart_after = ms(400),
        obey(move |ctx, _, order| {
            if order == READ {
                let read = ctx.disk().read("log").map(Cow::into_owned);
                return seen_by_host.borrow_mut().push(read.map_err(|error| error.kind));
            }
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
    let look = |world: &mut World, millis| {
        if reads {
            world.order_at(millis, N1, READ);
        }
    };
    if world.sim.is_up(N1) {
        world.order_at(50, N1, 2);
        look(&mut world, 55);
        let crash = world.stop_at(60).inject(Fault::Crash(N1, Some(CrashModel::Strict))).unwrap();
        world.stop_at(70).release(crash);
        look(&mut world, 75);
    }
    if let Some(held) = held {
        world.stop_at(80).release(held);
    }
    let said = world.seen(1000).contains(&"41ms n2 has 1 of n1".to_owned());
    assert!(world.sim.is_up(N1));
    let bytes = world.sim.view().disk(N1).read("log").unwrap().into_owned();
    After { bytes, said, reads: seen.take() }
}

/// The same for a host that does not read.
fn after_crash(trouble: Option<Trouble>) -> (Vec<u8>, bool) {
    let after = crashed(trouble, false);
    (after.bytes, after.said)
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
    let after = crashed(Some(anywhere), true);
    let [Ok(before), Ok(rotten)] = &after.reads[..] else {
        panic!("rot is no error: {:?}", after.reads);
    };
    assert_eq!((&*sectors(&after.bytes), after.said), ("AAABBB", true), "lifted before the end");
    // What was durable when the fault came has rotted, a bit in each place; the crash took `CC`.
    assert_eq!(rotten.len(), 3072);
    assert!(*before == [&rotten[..], b"CC"].concat(), "it has rotted otherwise by the crash");
    let flipped = rotten.iter().zip(&after.bytes).map(|(rotten, sound)| rotten ^ sound);
    let spots: Vec<_> = flipped.enumerate().filter(|(_, flipped)| *flipped != 0).collect();
    assert_eq!(spots.len(), 9);
    assert!(spots.iter().all(|(at, flipped)| *at < 1536 && flipped.is_power_of_two()));
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
fn read_errors_are_seen_and_lose_nothing() {
    let sound = crashed(None, true);
    let before = [&sound.bytes[..], b"CC"].concat();
    assert!(sound.reads == [Ok(before), Ok(sound.bytes.clone())], "not what was written");
    for sticky in [false, true] {
        let failing = Trouble::ReadErrors { rate: Rate::ALWAYS, sticky };
        let after = crashed(Some(failing), true);
        assert_eq!(after.reads, [Err(DiskErrorKind::Io), Err(DiskErrorKind::Io)]);
        assert!(after.said && after.bytes == sound.bytes, "nothing was lost");
    }
}

#[test]
fn slowness_loses_nothing_that_was_promised() {
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
