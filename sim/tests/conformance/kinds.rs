//! Faults that strike messages of some kinds only.

use seedbed_sim::{CLIENT_REPLY_KIND, CLIENT_REQUEST_KIND, Chance, Distribution, Fault, Shaping};

use crate::puppet::{C1, N1, N2, N3, World};
use crate::wire::{Story, Wire, told};

const MS: u64 = 1_000_000;

fn shape(change: impl Fn(&mut Shaping)) -> Fault {
    let mut shaping = Shaping { kinds: vec![1], ..Shaping::default() };
    change(&mut shaping);
    Fault::Shape(vec![(N1, N2)], shaping)
}

/// Whether something happened to a message that takes a millisecond otherwise.
fn struck(story: &Story) -> bool {
    let late = story.after_ns.is_some_and(|after| after > MS);
    late || story.fate != "arrives" || story.copied || story.corrupted || story.astray.is_some()
}

/// Every chance can be restricted: kinds go round, and only those of kind 1 are struck.
#[test]
fn only_some_kinds_are_shaped() {
    let late = || Distribution::Constant(7 * MS);
    let faults = [
        shape(|it: &mut Shaping| it.loss = Chance::ALWAYS),
        shape(|it: &mut Shaping| it.duplicate = Chance::ALWAYS),
        shape(|it: &mut Shaping| {
            it.reorder = Chance::ALWAYS;
            it.reorder_delay = Some(late());
        }),
        shape(|it: &mut Shaping| it.delay = late()),
        shape(|it: &mut Shaping| it.corrupt = Chance::ALWAYS),
        shape(|it: &mut Shaping| it.misdirect = Chance::ALWAYS),
        Fault::CutKinds(vec![(N1, N2)], vec![1]),
    ];
    for fault in faults {
        let told = told(30, |_| {}, [fault.clone()]);
        for (index, story) in told.stories.iter().enumerate() {
            assert_eq!(struck(story), index % 3 == 1, "{fault:?}: {index}");
        }
    }
}

/// A cut of some kinds is counted as cut, has links, and ends with its hold.
#[test]
fn a_cut_of_some_kinds_ends() {
    let mut wire = Wire::new(3, |_| {});
    let cut = |links, kinds| Fault::CutKinds(links, kinds);
    let other = wire.world.sim.inject(cut(vec![(N2, N1), (N1, N3)], vec![0, 1, 2])).unwrap();
    let first = wire.world.sim.inject(cut(vec![(N3, N1), (N1, N2)], vec![2, 0])).unwrap();
    let second = wire.world.sim.inject(cut(vec![(N1, N2)], vec![2])).unwrap();
    assert!(!wire.world.sim.is_cut(N1, N2), "some messages pass");
    wire.send(10, 3);
    wire.world.sim.release(first);
    wire.send(20, 3);
    wire.world.sim.release(second);
    wire.send(30, 3);
    wire.world.sim.release(other);
    let told = wire.told();
    let fates: Vec<_> = told.stories.iter().map(|story| story.fate.as_str()).collect();
    let (cut, arrives) = ("cut", "arrives");
    let expected = [cut, arrives, cut, arrives, arrives, cut, arrives, arrives, arrives];
    assert_eq!(fates, expected);
    assert_eq!((told.counts.cut, told.counts.delivered), (3, 6));
}

/// Some of its links can be freed, as those of any cut; healing hosts does that too.
#[test]
fn links_of_a_cut_of_some_kinds_are_freed() {
    let play = |free: &dyn Fn(&mut Wire) -> bool| {
        let mut wire = Wire::new(3, |_| {});
        let fault = Fault::CutKinds(vec![(N1, N2), (N3, N2)], vec![0, 1, 2]);
        wire.world.sim.inject(fault).unwrap();
        wire.send(10, 3);
        let freed = free(&mut wire);
        wire.send(20, 3);
        (freed, wire.told().counts.cut)
    };
    let link = |to_free| {
        move |wire: &mut Wire| wire.world.sim.free_links(|_, from, to| (from, to) == to_free)
    };
    assert_eq!(play(&link((N1, N2))), (true, 3));
    assert_eq!(play(&link((N3, N2))), (true, 6));
    assert_eq!(play(&link((N2, N1))), (false, 6));
    assert_eq!(play(&|wire| wire.world.sim.free_hosts(&[N1])), (true, 3));
    let heal = |wire: &mut Wire| {
        wire.world.sim.heal();
        true
    };
    assert_eq!(play(&heal), (true, 3));
}

/// What no message could meet has no effect.
#[test]
fn kinds_that_never_pass_are_no_fault() {
    let mut world = World::new(3, |_, _, _| {});
    let lossy = |kinds| Shaping { loss: Chance::ALWAYS, kinds, ..Shaping::default() };
    let sim = world.stop_at(5);
    let mut shapes = |link, kinds| sim.inject(Fault::Shape(vec![link], lossy(kinds))).is_some();
    assert!(!shapes((N1, N2), vec![CLIENT_REQUEST_KIND, CLIENT_REPLY_KIND]));
    assert!(!shapes((C1, N1), vec![0, CLIENT_REPLY_KIND]));
    assert!(shapes((C1, N1), vec![0, CLIENT_REQUEST_KIND]));
    assert!(shapes((N1, C1), vec![CLIENT_REPLY_KIND]));
    assert!(shapes((N1, N2), vec![0]));
    assert_eq!(sim.inject(Fault::CutKinds(vec![(N1, N2)], vec![])), None);
    assert_eq!(sim.inject(Fault::CutKinds(vec![], vec![1])), None);
}
