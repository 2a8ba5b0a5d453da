//! One link, many messages, and the story of each.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use seedbed_sim::{Entry, Fault, MessageCounts, NodeId, SimTime, Tracer, What};

use crate::puppet::{Event, N1, N2, Once, Settings, Word, World};

/// What became of one message that n1 sent to n2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Story {
    /// `arrives`, `clogged`, `lost` or `cut`.
    pub fate: String,
    /// How long after it was sent it was handled, in nanoseconds; none if it never was.
    pub after_ns: Option<u64>,
    /// The same for its copy.
    pub copy_after_ns: Option<u64>,
    pub copied: bool,
    pub corrupted: bool,
    pub undecodable: bool,
    /// Where it went instead.
    pub astray: Option<NodeId>,
}

/// What the network did.
pub struct Told {
    /// In the order of sending.
    pub stories: Vec<Story>,
    pub counts: MessageCounts,
}

impl Told {
    pub fn count(&self, is: impl Fn(&Story) -> bool) -> u64 {
        self.stories.iter().filter(|story| is(story)).count() as u64
    }

    /// The latencies of those that came, in ascending order.
    pub fn latencies(&self) -> Vec<u64> {
        let mut latencies: Vec<_> = self.stories.iter().filter_map(|it| it.after_ns).collect();
        latencies.sort_unstable();
        latencies
    }
}

#[derive(Default)]
struct Ledger {
    stories: Vec<Story>,
    /// Which message a parcel is, whether it is the copy, and when the message was sent.
    parcels: BTreeMap<u32, (usize, bool, SimTime)>,
}

impl Ledger {
    fn record(&mut self, entry: &Entry<'_>) {
        match entry.what {
            What::Sent { parcel, fate, to: N2, .. } if entry.host == Some(N1) => {
                self.parcels.insert(parcel, (self.stories.len(), false, entry.time));
                self.stories.push(Story { fate: fate.to_owned(), ..Story::default() });
            }
            What::Copied { parcel, copy } => {
                if let Some(&(index, _, sent)) = self.parcels.get(&parcel) {
                    self.stories[index].copied = true;
                    self.parcels.insert(copy, (index, true, sent));
                }
            }
            What::Corrupted { parcel } => self.tell(parcel, |story| story.corrupted = true),
            What::Misdirected { parcel, to, .. } => {
                self.tell(parcel, |story| story.astray = Some(to));
            }
            What::Dropped { parcel, why: "undecodable", .. } => {
                self.tell(parcel, |story| story.undecodable = true);
            }
            What::Handled { parcel, .. } => {
                if let Some((index, is_copy, sent)) = self.parcels.remove(&parcel) {
                    let after_ns = Some((entry.time - sent).as_nanos() as u64);
                    let story = &mut self.stories[index];
                    let place =
                        if is_copy { &mut story.copy_after_ns } else { &mut story.after_ns };
                    *place = after_ns;
                }
            }
            _ => {}
        }
    }

    /// What happens to a copy is no part of the message's own story.
    fn tell(&mut self, parcel: u32, change: impl Fn(&mut Story)) {
        if let Some(&(index, false, _)) = self.parcels.get(&parcel) {
            change(&mut self.stories[index]);
        }
    }
}

struct Listener(Rc<RefCell<Ledger>>);

impl Tracer for Listener {
    fn record(&mut self, entry: &Entry<'_>) {
        self.0.borrow_mut().record(entry);
    }

    fn event_over(&mut self, _: u64, _: u64) {}
}

/// n1, n2 and whoever else there is; on each order n1 sends so many words to n2 at once.
pub struct Wire {
    pub world: World,
    ledger: Rc<RefCell<Ledger>>,
}

impl Wire {
    pub fn new(hosts: u32, tune: impl FnOnce(&mut Settings<Once>)) -> Wire {
        let mut world = World::tuned(hosts, tune, |_, ctx, event| {
            if let Event::Asked { op: count, .. } = event {
                let kind = |value| (value % 3) as u8;
                (0..count).for_each(|value| ctx.send(N2, Word { kind: kind(value), value }));
            }
        });
        let ledger = Rc::new(RefCell::new(Ledger::default()));
        world.sim.set_tracer(Box::new(Listener(ledger.clone())));
        Wire { world, ledger }
    }

    /// Sends `count` words at this millisecond.
    pub fn send(&mut self, millis: u64, count: u64) -> &mut Self {
        self.world.order_at(millis, N1, count).until(millis);
        self
    }

    /// Runs until nothing is left, and tells what happened.
    pub fn told(mut self) -> Told {
        self.world.until(1_000_000_000);
        Told { stories: self.ledger.take().stories, counts: self.world.sim.messages() }
    }
}

/// `count` words from n1 to n2 in a world of three hosts, under these faults.
pub fn told(
    count: u64,
    tune: impl FnOnce(&mut Settings<Once>),
    faults: impl IntoIterator<Item = Fault>,
) -> Told {
    let mut wire = Wire::new(3, tune);
    for fault in faults {
        wire.world.sim.inject(fault).expect("a fault that takes effect");
    }
    wire.send(10, count);
    wire.told()
}

/// Asserts that `found` of `count` is within three standard deviations of what independent chances
/// of `share` give. `spread` widens or narrows the variance: 1 for independent ones.
pub fn assert_share(found: u64, count: u64, share: f64, spread: f64) {
    let (found, count) = (found as f64, count as f64);
    let sigma = (count * share * (1.0 - share) * spread).sqrt();
    let off = found - count * share;
    assert!(off.abs() <= 3.0 * sigma, "{found} of {count} is {:.1} sigma off", off / sigma);
}
