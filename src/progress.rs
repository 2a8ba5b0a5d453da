//! How far a sweep is: a bar on a terminal, a plain line now and then elsewhere.

use std::sync::{Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use seedbed_scenarios::sweep::{Progress, Watch};

use crate::console::Console;

/// Tells how far a sweep is.
#[derive(Debug)]
pub struct Reporter<'a> {
    console: &'a Console,
    bar: Option<ProgressBar>,
    line: Mutex<Line>,
}

#[expect(clippy::disallowed_types, reason = "rates on stderr; no run sees them")]
#[derive(Debug)]
struct Line {
    begun: std::time::Instant,
    last: std::time::Instant,
    last_done: u64,
    /// Runs that an earlier sitting had made.
    resumed: Option<u64>,
}

impl<'a> Reporter<'a> {
    /// A reporter for a sweep that begins now.
    #[expect(clippy::disallowed_types, reason = "rates on stderr; no run sees them")]
    pub fn new(console: &'a Console, total: Option<u64>) -> Reporter<'a> {
        let now = std::time::Instant::now();
        Reporter {
            console,
            bar: console.bars.then(|| new_bar(total)),
            line: Mutex::new(Line { begun: now, last: now, last_done: 0, resumed: None }),
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn new_bar(total: Option<u64>) -> ProgressBar {
    let bar = match total {
        Some(total) => ProgressBar::new(total),
        None => ProgressBar::new_spinner(),
    };
    let template = match total {
        Some(_) => "{bar:30} {pos}/{len} seeds {percent}% {msg} {per_sec} eta {eta}",
        None => "{spinner} {pos} seeds {msg} {per_sec} {elapsed}",
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
    bar
}

impl Watch for Reporter<'_> {
    fn finished(&self, progress: Progress) {
        if let Some(bar) = &self.bar {
            bar.set_position(progress.done);
            bar.set_message(failing(&progress));
            return;
        }
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = line.step(&progress) {
            self.console.complain(&text);
        }
    }
}

impl Line {
    /// The line to write now, if it is time for one: every ten seconds, or every 5 % if those do
    /// not rush by.
    #[expect(clippy::disallowed_types, reason = "rates on stderr; no run sees them")]
    fn step(&mut self, progress: &Progress) -> Option<String> {
        let resumed = *self.resumed.get_or_insert(progress.done.saturating_sub(1));
        let now = std::time::Instant::now();
        let since = (now - self.last).as_secs_f64();
        let share = progress.total.map(|total| (total / 20).max(1));
        let grown = share.is_some_and(|share| progress.done - self.last_done >= share);
        if since < 1.0 || (since < 10.0 && !grown) {
            return None;
        }
        (self.last, self.last_done) = (now, progress.done);
        let seconds = (now - self.begun).as_secs_f64();
        let rate = (progress.done - resumed) as f64 / seconds;
        Some(line_text(progress, rate))
    }
}

fn line_text(progress: &Progress, rate: f64) -> String {
    let (done, failing) = (progress.done, failing(progress));
    match progress.total {
        Some(total) => {
            let percent = (done * 100).checked_div(total).unwrap_or(100);
            let eta = total.saturating_sub(done) as f64 / rate;
            format!(
                "sweep {done}/{total} seeds {percent}% {failing} {rate:.0} seeds/s eta {eta:.0}s\n"
            )
        }
        None => format!("sweep {done} seeds {failing} {rate:.0} seeds/s\n"),
    }
}

fn failing(progress: &Progress) -> String {
    match progress.signatures {
        1 => "1 failing signature".to_owned(),
        count => format!("{count} failing signatures"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_and_how_fast() {
        let progress = Progress { done: 4200, total: Some(10_000), failed: 3, signatures: 1 };
        assert_eq!(
            line_text(&progress, 812.0),
            "sweep 4200/10000 seeds 42% 1 failing signature 812 seeds/s eta 7s\n"
        );
        let endless = Progress { total: None, signatures: 0, ..progress };
        assert_eq!(line_text(&endless, 1.0), "sweep 4200 seeds 0 failing signatures 1 seeds/s\n");
    }
}
