//! What a protocol tells the laboratory about itself.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use seedbed_sim::{Hosts, Invariant, Milestone, Node, NodeId, Rng, View};
use serde::de::DeserializeOwned;

use crate::measure::Measure;
use crate::service::Tested;

/// A protocol that scenarios can name: a [`Node`] with its properties and what it promises.
pub trait Protocol: Node<Params: DeserializeOwned + Clone + Default, Service: Tested> {
    /// Its name in scenario files, lower case with hyphens.
    const NAME: &'static str;
    /// One line about it.
    const ABOUT: &'static str;

    /// What must hold at every moment, in the order in which violations of one event are named.
    fn invariants(params: &Self::Params) -> Vec<Box<dyn Invariant<Self>>>;

    /// What a run is expected to reach.
    fn milestones() -> Vec<Milestone<Self>> {
        Vec::new()
    }

    /// Numbers that are measured of runs whose scenario names them.
    fn measures() -> Vec<Box<dyn Measure<Self>>> {
        Vec::new()
    }

    /// Names for hosts by their state: `leader`.
    fn selectors() -> Vec<Selector<Self>> {
        Vec::new()
    }

    /// The host roles that a scenario may or must give out, with a line about each; none if all
    /// hosts are alike.
    fn roles() -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// Published bugs that `params.bug` plants, one at a time.
    fn bugs() -> &'static [Bug] {
        &[]
    }

    /// The planted bug, if `params` plants one.
    fn planted(params: &Self::Params) -> Option<&'static str> {
        let _ = params;
        None
    }

    /// Draws a *core*: hosts that suffice for the protocol to make progress whatever has become of
    /// the others. Each host comes with its role. None if the protocol names no cores.
    fn core(params: &Self::Params, hosts: &[(NodeId, &str)], rng: &mut Rng) -> Option<Vec<NodeId>> {
        let _ = (params, hosts, rng);
        None
    }

    /// What it promises to survive.
    fn tolerance(params: &Self::Params, hosts: usize) -> Tolerance;

    /// Where the disk of `host` may rot within the contract: in each of these ranges one bit, which
    /// the protocol is sure to notice. Anywhere, if none. A scenario that goes beyond the contract
    /// does not ask.
    fn checked_ranges(world: &View<'_, Self>, host: NodeId) -> Option<Vec<FileRange>> {
        let _ = (world, host);
        None
    }

    /// Whether a property holds even where a scenario goes beyond the tolerance in this way: an
    /// invariant by its name, or [`CLIENTS_FINISHED`]. What is not promised is not judged there.
    ///
    /// By default too many crashes cost progress and nothing else, and anything else may cost
    /// everything.
    fn promises_beyond(params: &Self::Params, strain: Strain, property: &str) -> bool {
        let _ = (params, property);
        match strain {
            Strain::Crashes => true,
            Strain::Amnesia
            | Strain::Disks
            | Strain::Clocks
            | Strain::Corruption
            | Strain::Misdirection => false,
        }
    }

    /// How long after heal every client must have got its final operations through.
    fn liveness_bound(params: &Self::Params) -> Duration;
}

/// What a protocol promises to survive; scenarios within their contract do no worse. By default
/// nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tolerance {
    /// How many hosts may be down at once. Crashes that restart with their disk count only
    /// against liveness.
    pub crashes: usize,
    /// Whether a host may come back with a blank disk.
    pub amnesia: bool,
    /// On how many hosts acknowledged writes may be lost, torn or misdirected, for good: copies
    /// that are gone and do not look it. The unit is the whole host.
    pub lost_copies: usize,
    /// On how many hosts at once something may be rotten: copies that can be told to be bad. The
    /// unit is the whole host.
    pub damaged_copies: usize,
    /// Whether messages may reach it whose bits have flipped on the way: it checks them itself.
    pub corruption: bool,
    /// Whether messages may reach a host that were for another one: it checks the addressee itself.
    pub misdirection: bool,
}

impl Tolerance {
    /// Whether faults of this sort can be within it at all. How many hosts may be down is counted.
    #[must_use]
    pub fn tolerates(&self, strain: Strain) -> bool {
        match strain {
            Strain::Crashes => true,
            Strain::Amnesia => self.amnesia,
            Strain::Corruption => self.corruption,
            Strain::Misdirection => self.misdirection,
            Strain::Disks | Strain::Clocks => false,
        }
    }
}

/// The liveness property of every service: after heal every client gets its final operations
/// through in time.
pub const CLIENTS_FINISHED: &str = "clients-finished";

/// A way in which faults may ask more of a protocol than it tolerates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strain {
    /// More hosts are down at once. All restart with their disks, at the heal if not before.
    Crashes,
    /// Hosts come back with blank disks.
    Amnesia,
    /// Disks lose or change what they said they have.
    Disks,
    /// Clocks run, jump or stand as no clock should.
    Clocks,
    /// Messages arrive that nobody sent: bits have flipped on the way.
    Corruption,
    /// Messages arrive that were for another host.
    Misdirection,
}

/// A range of the bytes of a file.
pub type FileRange = (String, Range<u64>);

/// A published bug that can be planted: the switch that proves an invariant able to bite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bug {
    /// The value of `params.bug`.
    pub name: &'static str,
    /// The wrong code in one sentence.
    pub about: &'static str,
    /// The property that is expected to break first.
    pub property: &'static str,
    /// Where it was found.
    pub source: &'static str,
}

/// A name for hosts by their state.
pub struct Selector<N: Node> {
    /// Its name in scenario files: `leader`.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    resolve: Resolve<N>,
}

type Resolve<N> = Box<dyn Fn(&View<'_, N>) -> Vec<NodeId>>;

impl<N: Node> fmt::Debug for Selector<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Selector").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<N: Node> Selector<N> {
    /// A selector that finds hosts, the preferred one first.
    pub fn new(
        name: &'static str,
        about: &'static str,
        resolve: impl Fn(&View<'_, N>) -> Vec<NodeId> + 'static,
    ) -> Self {
        Selector { name, about, resolve: Box::new(resolve) }
    }

    /// The hosts that it means now, the preferred one first.
    pub fn resolve(&self, world: &View<'_, N>) -> Vec<NodeId> {
        (self.resolve)(world)
    }

    /// Makes a selector of a hosted protocol one of its host; arguments as for
    /// [`seedbed_sim::lift`].
    pub fn lift<H: Hosts<N>>(self, directory: &'static str, project: fn(&H) -> &N) -> Selector<H> {
        let resolve = self.resolve;
        Selector::new(self.name, self.about, move |world| {
            world.project(directory, project, |inner| resolve(inner))
        })
    }
}
