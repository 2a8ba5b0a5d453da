//! The rules that keep the search small.

/// Which rules the search follows. All are on by default, and none changes a verdict: they are
/// switched off one by one to show just that, and what each is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The parts of a history take turns, with growing numbers of steps, so that one part that is
    /// quickly seen to be wrong ends it all.
    pub take_turns: bool,
    /// An operation that never changes a state takes place as soon as it may: at once, and without
    /// looking back.
    pub read_only_first: bool,
    /// Pending operations that ask the same are one class, used in the order of their invocations.
    pub pending_classes: bool,
    /// What has been tried without some pending operations is not tried with them: a state stands
    /// for those that were reached from it by using up more.
    pub dominance: bool,
    /// Of equal operations, the one that ends first takes place first.
    pub twins: bool,
    /// A state from which a coming answer cannot be reached is given up.
    pub look_ahead: bool,
    /// Polynomial algorithms decide histories of their form.
    pub polynomial: bool,
}

impl Rules {
    /// Every rule.
    pub const ALL: Rules = Rules {
        take_turns: true,
        read_only_first: true,
        pending_classes: true,
        dominance: true,
        twins: true,
        look_ahead: true,
        polynomial: true,
    };

    /// The plain search of Wing, Gong and Lowe, part by part.
    pub const NONE: Rules = Rules {
        take_turns: false,
        read_only_first: false,
        pending_classes: false,
        dominance: false,
        twins: false,
        look_ahead: false,
        polynomial: false,
    };
}

impl Default for Rules {
    fn default() -> Rules {
        Rules::ALL
    }
}
