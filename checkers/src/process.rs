//! The name of a logical process: who asked.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A logical process: it has at most one operation outstanding, ever.
///
/// A client whose operation ended without an answer cannot know whether it still runs, so it may
/// not go on under the same name: it goes on as the next generation of itself. Written `c1` for
/// the first generation of client 1, `c1.2` for the second, and `operator` for the script's own
/// process; serialized as that text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Process {
    /// The client's number, as it is shown.
    pub client: u32,
    /// Which life of the client this is; the first is 1.
    pub generation: u32,
}

/// The client number that stands for the operator.
const OPERATOR_CLIENT: u32 = u32::MAX;

impl Process {
    /// The first life of the operator, who runs a scenario's script.
    pub const OPERATOR: Process = Process { client: OPERATOR_CLIENT, generation: 1 };

    /// The first life of client `number`.
    pub const fn client(number: u32) -> Process {
        Process { client: number, generation: 1 }
    }

    /// Whom this client goes on as once the fate of its operation is unknown.
    ///
    /// # Panics
    /// After `u32::MAX` lives.
    pub fn next_generation(self) -> Process {
        let generation = self.generation.checked_add(1).expect("a client has at most 2^32 lives");
        Process { client: self.client, generation }
    }

    /// Whether this is the operator, in any generation.
    pub fn is_operator(self) -> bool {
        self.client == OPERATOR_CLIENT
    }
}

impl fmt::Display for Process {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_operator() {
            formatter.write_str("operator")?;
        } else {
            write!(formatter, "c{}", self.client)?;
        }
        if self.generation == 1 { Ok(()) } else { write!(formatter, ".{}", self.generation) }
    }
}

/// A text that names no process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseProcessError {
    text: String,
}

impl fmt::Display for ParseProcessError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` names no process: expected `c1`, `c1.2` or `operator`", self.text)
    }
}

impl std::error::Error for ParseProcessError {}

impl FromStr for Process {
    type Err = ParseProcessError;

    fn from_str(text: &str) -> Result<Process, ParseProcessError> {
        let (name, generation) = match text.split_once('.') {
            Some((name, generation)) => (name, generation.parse().ok()),
            None => (text, Some(1)),
        };
        let client = match name.strip_prefix('c') {
            Some(number) => number.parse().ok(),
            None if name == "operator" => Some(OPERATOR_CLIENT),
            None => None,
        };
        match (client, generation) {
            // One process has one name, or two spellings of it would be paired apart: `c01`,
            // `c1.1` and `c+1` are refused.
            (Some(client), Some(generation))
                if (Process { client, generation }).to_string() == text =>
            {
                Ok(Process { client, generation })
            }
            (Some(_) | None, Some(_) | None) => Err(ParseProcessError { text: text.to_owned() }),
        }
    }
}

impl Serialize for Process {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Process {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Process, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        let processes = [
            (Process::client(1), "c1"),
            (Process::client(1).next_generation(), "c1.2"),
            (Process { client: 0, generation: 0 }, "c0.0"),
            (Process::OPERATOR, "operator"),
            (Process::OPERATOR.next_generation(), "operator.2"),
        ];
        for (process, name) in processes {
            assert_eq!(process.to_string(), name);
            assert_eq!(name.parse(), Ok(process));
        }
    }

    #[test]
    fn a_process_has_one_name_only() {
        let wrong = ["", "c", "1", "n1", "c01", "c+1", "c1.1", "c1.", "c1.2.3", "c4294967295"];
        for name in wrong.into_iter().chain(["operator.1", "operators", "C1", " c1"]) {
            assert!(name.parse::<Process>().is_err(), "{name:?} was taken for a process");
        }
    }
}
