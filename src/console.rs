//! Where text goes: results to stdout, everything else to stderr.

use std::env;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use clap::ValueEnum;

/// For whom results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Human,
    /// For programs.
    Json,
}

/// Where text goes, and how it looks there.
#[derive(Debug)]
pub struct Console {
    /// For whom results are written.
    pub format: Format,
    /// How to call this program again, as it was called: commands that are printed can be pasted.
    pub program: String,
    /// Whether stdout shows colours.
    pub colour_stdout: bool,
    /// Whether stderr shows colours.
    pub colour_stderr: bool,
    /// Whether stderr is a terminal, where bars may move.
    pub bars: bool,
    broken: AtomicBool,
}

impl Console {
    /// Looks at the terminal and at `NO_COLOR`.
    pub fn new(format: Format, program: String) -> Console {
        let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let wanted = !set("NO_COLOR");
        let forced = set("CLICOLOR_FORCE");
        let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        let bars = io::stderr().is_terminal() && !dumb;
        Console {
            format,
            program,
            colour_stdout: wanted && (forced || (io::stdout().is_terminal() && !dumb)),
            colour_stderr: wanted && (forced || bars),
            bars,
            broken: AtomicBool::new(false),
        }
    }

    /// Writes a part of the result. Whoever reads may have had enough: that is no error.
    pub fn print(&self, text: &str) {
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
        if let Err(error) = written
            && error.kind() != ErrorKind::BrokenPipe
        {
            self.broken.store(true, Ordering::Relaxed);
            self.complain(&format!("error: cannot write the result: {error}\n"));
        }
    }

    /// Writes what is no result.
    pub fn complain(&self, text: &str) {
        // If stderr is gone, there is nobody left to tell.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// Whether a part of the result could not be written.
    pub fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    /// Bad news, in red where there is colour.
    pub fn red(&self, text: &str) -> String {
        self.styled("31;1", text)
    }

    /// Good news, in green where there is colour.
    pub fn green(&self, text: &str) -> String {
        self.styled("32", text)
    }

    /// News to think about, in yellow where there is colour.
    pub fn yellow(&self, text: &str) -> String {
        self.styled("33", text)
    }

    fn styled(&self, code: &str, text: &str) -> String {
        if self.colour_stdout { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// A word for a POSIX shell, quoted if it must be.
pub fn shell_word(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./=:,%+@".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(shell_word("failures/a-1.json"), "failures/a-1.json");
        assert_eq!(shell_word("my file"), "'my file'");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
        assert_eq!(shell_word(""), "''");
    }
}
