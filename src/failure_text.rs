//! What the terminal shows of a failing run.

use std::fmt::Write as _;
use std::path::Path;

use seedbed_scenarios::failure::Study;

use crate::console::{Console, shell_word};

/// How many others failed the same way.
#[derive(Clone, Copy, Debug)]
pub struct Company {
    /// Runs of this signature.
    pub seeds: u64,
    /// Of how many runs in all.
    pub of: u64,
}

/// One sentence, the faults that were active, the signature, and how to see it again.
pub fn failure_block(
    console: &Console,
    study: &Study,
    scenario: &str,
    company: Option<Company>,
    path: &Path,
) -> String {
    let failure = &study.failure;
    let mut text = String::new();
    let _ = write!(
        text,
        "{} {scenario} seed {}   {}   t={}  event {}/{}",
        console.red("FAIL"),
        failure.seed,
        failure.property,
        seconds(failure.virtual_time_ns),
        failure.event,
        study.events
    );
    if let Some(host) = &study.host {
        let _ = write!(text, "   node {host}");
    }
    text.push('\n');
    for line in failure.message.lines() {
        let _ = writeln!(text, "     {line}");
    }
    let faults = match study.faults_active.as_slice() {
        [] => "none".to_owned(),
        some => some.join("; "),
    };
    let _ = writeln!(text, "     faults active: {faults}");
    let _ = write!(text, "  signature  {}", failure.signature);
    if let Some(Company { seeds, of }) = company {
        let share = if seeds == 1 { "seed" } else { "seeds" };
        let verb = if seeds == 1 { "has" } else { "share" };
        let fastest = failure.seed;
        let _ = write!(text, "  ({seeds} {share} of {of} {verb} it; fastest seed {fastest})");
    }
    let path = shell_word(&path.display().to_string());
    let _ = write!(text, "\n  replay     {} replay {path}\n", console.program);
    text
}

/// Virtual time for people: `3.412s`.
pub fn seconds(time_ns: u64) -> String {
    let text = format!("{}.{:09}", time_ns / 1_000_000_000, time_ns % 1_000_000_000);
    // Milliseconds, unless the time is finer and so short that they would say nothing.
    let kept = if time_ns < 1_000_000 { text.len() } else { text.len() - 6 };
    format!("{}s", &text[..kept])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short_but_never_nothing() {
        assert_eq!(seconds(3_412_345_678), "3.412s");
        assert_eq!(seconds(0), "0.000000000s");
        assert_eq!(seconds(999), "0.000000999s");
        assert_eq!(seconds(60_000_000_000), "60.000s");
    }
}
