//! An invariant that is a closure.

use seedbed_sim::{Check, Invariant, Node, Observation, View, Watch};

type Look<N> = dyn FnMut(&Observation<'_, N>, &View<'_, N>) -> Check;

pub struct Spy<N: Node> {
    name: &'static str,
    watch: Watch,
    look: Box<Look<N>>,
}

pub fn spy<N: Node>(
    name: &'static str,
    watch: Watch,
    look: impl FnMut(&Observation<'_, N>, &View<'_, N>) -> Check + 'static,
) -> Box<dyn Invariant<N>> {
    Box::new(Spy { name, watch, look: Box::new(look) })
}

impl<N: Node> Invariant<N> for Spy<N> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static str {
        "what a test looks at"
    }

    fn watches(&self) -> Watch {
        self.watch
    }

    fn observe(&mut self, seen: &Observation<'_, N>, world: &View<'_, N>) -> Check {
        (self.look)(seen, world)
    }
}
