//! What a protocol tells the laboratory about itself.

use std::fmt;
use std::time::Duration;

use seedbed_sim::{Hosts, Invariant, Milestone, Node, NodeId, View};
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

    /// What it promises to survive.
    fn tolerance(params: &Self::Params, hosts: usize) -> Tolerance;

    /// How long after heal every client must have got its final operations through.
    fn liveness_bound(params: &Self::Params) -> Duration;
}

/// What a protocol promises to survive; scenarios within their contract do no worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tolerance {
    /// How many hosts may be down at once. Crashes that restart with their disk count only
    /// against liveness.
    pub crashes: usize,
    /// Whether a host may come back with a blank disk.
    pub amnesia: bool,
}

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
