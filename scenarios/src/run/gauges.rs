//! What the protocol measures, for scenarios that want to know.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use seedbed_protocols::{Measure, Protocol, Totals};
use seedbed_sim::{Check, Invariant, Observation, View, Watch};

use crate::format::Scenario;

/// One measure that is being taken. Shared, because the simulation owns what it shows things to.
type Shared<P> = Rc<RefCell<Box<dyn Measure<P>>>>;

/// The measures that a scenario names.
pub(crate) struct Gauges<P: Protocol>(Vec<Shared<P>>);

impl<P: Protocol> Gauges<P> {
    pub(crate) fn of(scenario: &Scenario) -> Gauges<P> {
        let measures = P::measures().into_iter();
        let named = measures.filter(|measure| scenario.wants_measure(measure.name()));
        Gauges(named.map(|measure| Rc::new(RefCell::new(measure))).collect())
    }

    /// What shows them what happens.
    pub(crate) fn observers(&self) -> impl Iterator<Item = Box<dyn Invariant<P>>> + '_ {
        let observer = |gauge: &Shared<P>| Box::new(Observer(gauge.clone())) as Box<_>;
        self.0.iter().map(observer)
    }

    /// What they measured.
    pub(crate) fn read(&self, run: &Totals<'_>, measures: &mut BTreeMap<String, f64>) {
        for gauge in &self.0 {
            let gauge = gauge.borrow();
            if let Some(number) = gauge.value(run) {
                measures.insert(gauge.name().to_owned(), number);
            }
        }
    }
}

/// Shows a measure what happens. It is no property: it never finds anything broken.
struct Observer<P: Protocol>(Shared<P>);

impl<P: Protocol> Invariant<P> for Observer<P> {
    fn name(&self) -> &'static str {
        self.0.borrow().name()
    }

    fn about(&self) -> &'static str {
        self.0.borrow().about()
    }

    fn watches(&self) -> Watch {
        self.0.borrow().watches()
    }

    fn observe(&mut self, seen: &Observation<'_, P>, world: &View<'_, P>) -> Check {
        self.0.borrow_mut().observe(seen, world);
        Ok(())
    }
}
