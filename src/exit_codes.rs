//! What the process says when it ends, for scripts.
//!
//! Nothing is 125 or above but 130: `git bisect run` reads 125 as *skip* and gives up above 127,
//! and shells use 126 and more. 101 would be a panic of seedbed itself, which is a bug.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All as expected.
    Fine,
    /// Something broke inside, or a file could not be written.
    Internal,
    /// The command line is wrong.
    CommandLine,
    /// A scenario, failure or history file is wrong.
    BadFile,
    /// Nothing ran: an empty range, an empty shard, a folder without scenarios.
    NothingRan,
    /// No verdict, or one that proves nothing.
    Unproven,
    /// A property was violated.
    Violated,
    /// The same run was not the same twice.
    Nondeterministic,
    /// Ctrl-C; what was finished is written.
    Interrupted,
}

/// Every way to end, the one that wins over all later ones first, with its code.
pub const TABLE: [(Exit, u8); 9] = [
    (Exit::Interrupted, 130),
    (Exit::Nondeterministic, 110),
    // Neither of these two ever meets another: nothing has run yet.
    (Exit::CommandLine, 2),
    (Exit::BadFile, 3),
    (Exit::Internal, 1),
    (Exit::Violated, 100),
    (Exit::Unproven, 5),
    (Exit::NothingRan, 4),
    (Exit::Fine, 0),
];

impl Exit {
    /// Which of two endings is told.
    #[must_use]
    pub fn or(self, other: Exit) -> Exit {
        if self.rank() <= other.rank() { self } else { other }
    }

    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        TABLE[self.rank()].1
    }

    fn rank(self) -> usize {
        TABLE.iter().position(|(exit, _)| *exit == self).unwrap_or(0)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precedence_is_as_documented() {
        let order = [130, 110, 1, 100, 5, 4, 0];
        let ends: Vec<Exit> = order
            .iter()
            .map(|code| TABLE.iter().find(|(_, other)| other == code).unwrap().0)
            .collect();
        for (index, stronger) in ends.iter().enumerate() {
            for weaker in &ends[index..] {
                assert_eq!(stronger.or(*weaker), *stronger);
                assert_eq!(weaker.or(*stronger), *stronger);
            }
        }
    }

    #[test]
    fn every_ending_has_its_own_code_below_125() {
        let mut codes: Vec<u8> = TABLE.iter().map(|(exit, _)| exit.code()).collect();
        assert!(codes.iter().all(|code| *code < 125 && *code != 101 || *code == 130));
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), TABLE.len());
    }
}
