//! What every kind of fault says about itself.

use seedbed_protocols::Strain;

use crate::format::path::Path;
use crate::format::placement::{Condition, Every, Placement};
use crate::format::selector::Targets;
use crate::format::spec::Scenario;
use crate::format::units::Nanos;
use crate::format::validate::Findings;

/// One kind of fault: all that the format knows of it beside its fields.
pub(in crate::format) trait FaultKind: Labelled {
    /// Its entry in the catalogue of faults.
    const MANUAL: Manual;

    /// Whether it ends what other faults hold: such a kind is never switched off by `swarm`.
    const REPAIRS: bool = false;

    /// How long it lasts, if the file says so and the kind lasts at all.
    fn duration(&self) -> Option<Nanos> {
        None
    }

    /// What it asks a protocol to tolerate, beyond a slow and lossy network. Those of the faults
    /// inside a sequence, and of the kinds that `random` draws, are their own.
    fn strain(&self) -> Option<Strain> {
        None
    }

    /// Shows every list of hosts in it; `path` is that of the fault's inside. The faults inside a
    /// sequence show their own.
    fn visit_targets(&mut self, path: &Path, visit: &mut TargetVisitor<'_>) {
        let _ = (path, visit);
    }

    /// Says what is wrong with it that its fields alone can tell: not its placement, nor whom it
    /// names, which is looked at for all kinds alike.
    fn check(&self, path: &Path, scenario: &Scenario, findings: &mut Findings<'_>) {
        let _ = (path, scenario, findings);
    }
}

/// What is done with each list of hosts in a fault.
pub(in crate::format) type TargetVisitor<'v> = dyn FnMut(&Path, Standing, &mut Targets) + 'v;

/// Where a list of hosts stands in a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::format) enum Standing {
    /// On its own.
    Alone,
    /// Beside other groups, where `rest` means something.
    Group,
}

/// What the catalogue says of a kind of fault, beside the docs of its type and fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manual {
    /// What it stands for in the real world.
    pub models: &'static str,
    /// The fault as it may stand in the `faults` of a scenario, if need be after another: JSON.
    pub example: &'static str,
    /// Other fields of a scenario that the example needs (`"spare": 1`), or nothing.
    pub needs: &'static str,
    /// What a record or a trace shows of it.
    pub evidence: &'static str,
}

/// The fields that all kinds of faults have.
pub(in crate::format) trait Labelled {
    /// The fields that say when; none for `random`, which draws its own times.
    fn common(&self) -> Option<CommonFields<'_>>;

    /// The fault's own name: in reports, and for its random stream.
    fn name(&self) -> Option<&str>;

    /// Why it may never take effect without making the run vacuous.
    fn optional(&self) -> Option<&str>;
}

/// Shows a list of hosts that need not be there.
pub(in crate::format) fn visit_some(
    targets: &mut Option<Targets>,
    path: &Path,
    key: &str,
    visit: &mut TargetVisitor<'_>,
) {
    if let Some(targets) = targets {
        visit(&path.key(key), Standing::Alone, targets);
    }
}

/// The fields that say when, in every fault but `random`.
///
/// They are repeated in each struct, since serde's `flatten` would lose the place of a mistake.
#[derive(Clone, Copy, Debug)]
pub struct CommonFields<'a> {
    /// At this time.
    pub at: Option<Nanos>,
    /// Once this holds.
    pub when: Option<&'a Condition>,
    /// So long after `when`.
    pub after: Option<Nanos>,
    /// Again and again.
    pub every: Option<Every>,
}

impl CommonFields<'_> {
    /// The one way in which the fault is placed. If a file gives several (which validation
    /// refuses), the first of `at`, `when`, `every` counts.
    #[must_use]
    pub fn placement(&self) -> Placement {
        match (self.at, self.when, self.every) {
            (Some(at), _, _) => Placement::At(at),
            (None, Some(condition), _) => Placement::When {
                condition: condition.clone(),
                after: self.after.unwrap_or_default(),
            },
            (None, None, Some(every)) => Placement::Every(every),
            (None, None, None) => Placement::Inline,
        }
    }
}

/// Declares a fault's struct with the placement fields after its own.
macro_rules! fault_struct {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(
            Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)*
            /// The time at which it happens.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub at: Option<$crate::format::units::Nanos>,
            /// The condition on which it happens.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub when: Option<$crate::format::placement::Condition>,
            /// How long after `when`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub after: Option<$crate::format::units::Nanos>,
            /// Happens again and again.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub every: Option<$crate::format::placement::Every>,
            /// A name for reports, and for the fault's own random stream.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub name: Option<String>,
            /// Why it may never take effect without making the run vacuous.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub optional: Option<String>,
        }

        impl $crate::format::faults::kind::Labelled for $name {
            fn common(&self) -> Option<$crate::format::faults::CommonFields<'_>> {
                Some($crate::format::faults::CommonFields {
                    at: self.at,
                    when: self.when.as_ref(),
                    after: self.after,
                    every: self.every,
                })
            }

            fn name(&self) -> Option<&str> {
                self.name.as_deref()
            }

            fn optional(&self) -> Option<&str> {
                self.optional.as_deref()
            }
        }
    };
}
pub(super) use fault_struct;
