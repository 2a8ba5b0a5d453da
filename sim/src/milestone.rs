//! Milestones: what a run is expected to reach, when it first did, and when again after heal.

use std::fmt;

use crate::hosted::Hosts;
use crate::id::NodeId;
use crate::lift::{Projected, project_view};
use crate::node::Node;
use crate::view::View;

/// Something that a run may reach. Reached once per phase: the first time it holds, and the first
/// time after heal.
pub struct Milestone<N: Node> {
    /// Its name, lower case with hyphens: `leader-elected`.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    pub(crate) rule: Rule<N>,
}

type Holds<N> = Box<dyn Fn(&View<'_, N>, NodeId, &N) -> bool>;

pub(crate) enum Rule<N: Node> {
    /// Reported from inside with `ctx.reached(name)`.
    Reported,
    /// Holds as soon as one host satisfies it.
    Anywhere(Holds<N>),
    /// Holds while every member that is up satisfies it.
    Everywhere(Holds<N>),
    /// Is reached host by host, never by the run.
    EachHost(Holds<N>),
}

impl<N: Node> fmt::Debug for Milestone<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Milestone").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<N: Node> Milestone<N> {
    /// Reached when a node calls `ctx.reached(name)`.
    pub fn reported(name: &'static str, about: &'static str) -> Self {
        Milestone { name, about, rule: Rule::Reported }
    }

    /// Holds when at least one host satisfies the condition, which is asked after each of the
    /// host's steps.
    pub fn anywhere(
        name: &'static str,
        about: &'static str,
        holds: impl Fn(&View<'_, N>, NodeId, &N) -> bool + 'static,
    ) -> Self {
        Milestone { name, about, rule: Rule::Anywhere(Box::new(holds)) }
    }

    /// Holds when every member that is up satisfies the condition, which is asked after each of a
    /// host's steps; at least one host must be up. A member that is about to boot for the first
    /// time, or again at heal, counts as one that does not satisfy it.
    pub fn everywhere(
        name: &'static str,
        about: &'static str,
        holds: impl Fn(&View<'_, N>, NodeId, &N) -> bool + 'static,
    ) -> Self {
        Milestone { name, about, rule: Rule::Everywhere(Box::new(holds)) }
    }

    /// Reached host by host: when each host first satisfies the condition, which is asked after each
    /// of the host's steps, and only in runs that keep such times
    /// ([`keep_host_times`](crate::Sim::keep_host_times)): elsewhere it costs nothing. The run as a
    /// whole never reaches it.
    pub fn each_host(
        name: &'static str,
        about: &'static str,
        holds: impl Fn(&View<'_, N>, NodeId, &N) -> bool + 'static,
    ) -> Self {
        Milestone { name, about, rule: Rule::EachHost(Box::new(holds)) }
    }

    /// Whether the run as a whole can reach it.
    pub fn is_of_the_run(&self) -> bool {
        !matches!(self.rule, Rule::EachHost(_))
    }

    /// Makes a milestone of a hosted protocol one of its host; arguments as for [`crate::lift`].
    pub fn lift<H: Hosts<N>>(self, directory: &str, project: fn(&H) -> &N) -> Milestone<H> {
        let directory = format!("{directory}/");
        let lifted = |holds: Holds<N>| -> Holds<H> {
            Box::new(move |world, host, node| {
                let projected = Projected { table: world.table, project };
                project_view(world, &projected, &directory, |view| holds(view, host, project(node)))
            })
        };
        let rule = match self.rule {
            Rule::Reported => Rule::Reported,
            Rule::Anywhere(holds) => Rule::Anywhere(lifted(holds)),
            Rule::Everywhere(holds) => Rule::Everywhere(lifted(holds)),
            Rule::EachHost(holds) => Rule::EachHost(lifted(holds)),
        };
        Milestone { name: self.name, about: self.about, rule }
    }
}
