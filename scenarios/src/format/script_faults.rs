//! The faults that an operator does.

use super::faults::Fault;
use super::path::Path;
use super::script::Step;

/// Shows every fault that is a step, also of steps inside of steps, with its path.
pub(in crate::format) fn for_each_fault<'a>(
    steps: &'a [Step],
    path: &Path,
    visit: &mut dyn FnMut(&Path, &'a Fault),
) {
    for (index, step) in steps.iter().enumerate() {
        let outer = path.index(index);
        let inside = outer.key(step.key());
        match step {
            Step::Fault(fault) => visit(&outer, fault),
            Step::Repeat(repeat) => for_each_fault(&repeat.steps, &inside.key("steps"), visit),
            Step::Measure(measure) => for_each_fault(&measure.steps, &inside.key("steps"), visit),
            Step::Chance(chance) => {
                for_each_fault(&chance.steps, &inside.key("steps"), visit);
                for_each_fault(&chance.otherwise, &inside.key("else"), visit);
            }
            Step::If(condition) => {
                for_each_fault(&condition.steps, &inside.key("steps"), visit);
                for_each_fault(&condition.otherwise, &inside.key("else"), visit);
            }
            Step::Submit(_)
            | Step::Agree(_)
            | Step::NotCommitted(_)
            | Step::ExpectLeader(_)
            | Step::ExpectNoLeader(_)
            | Step::Bind(_)
            | Step::Wait(_)
            | Step::Service(_) => {}
        }
    }
}
