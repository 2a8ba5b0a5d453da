//! Panics of protocols are verdicts and no noise; panics of seedbed itself are loud.
//!
//! While a run is on, the hook only notes what it would say. The kernel turns a handler's panic
//! into the violation `node-panicked`; anything else unwinds out of the run, and is then said
//! aloud.

use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::panic::{self, PanicHookInfo};

thread_local! {
    static RUNS: Cell<bool> = const { Cell::new(false) };
    static NOTED: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Puts the hook in.
pub fn install_hook() {
    let loud = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if RUNS.get() {
            let text = describe(info);
            NOTED.with_borrow_mut(|noted| *noted = Some(text));
        } else {
            loud(info);
        }
    }));
}

fn describe(info: &PanicHookInfo<'_>) -> String {
    format!("{info}\n{}", Backtrace::capture())
}

/// Runs protocol code: its panics make no noise.
pub fn quietly<T>(run: impl FnOnce() -> T) -> T {
    let _quiet = Quiet { before: RUNS.replace(true) };
    run()
}

struct Quiet {
    before: bool,
}

impl Drop for Quiet {
    fn drop(&mut self) {
        RUNS.set(self.before);
        let noted = NOTED.take();
        if std::thread::panicking()
            && let Some(text) = noted
        {
            eprintln!("seedbed itself failed, which is a bug: {text}");
        }
    }
}
