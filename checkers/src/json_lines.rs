//! Histories as text: JSON Lines, one record a line.
//!
//! ```text
//! {"time_ns":1000,"process":"c1","kind":"invoke","op":{"append":7}}
//! {"time_ns":2500,"process":"c1","kind":"ok","op":{"append":7},"ret":{"index":1}}
//! ```
//!
//! | key | is |
//! |---|---|
//! | `time_ns` | an integer, nanoseconds on one clock for all |
//! | `process` | `"c1"`, `"c1.2"` (that client after an `info`) or `"operator"` |
//! | `kind` | `"invoke"`, `"ok"`, `"fail"` or `"info"` |
//! | `op` | the operation, on both records of a pair, in the form of the model |
//! | `ret` | the answer: there with `ok`, even if it is `null`, and with nothing else |
//!
//! An operation is the name of a variant (`"read"`), or an object from that name to what belongs
//! to it (`{"write":3}`, `{"compare-and-set":[1,2]}`); so is an answer (`"done"`, `{"value":3}`).
//! An operation on one of many objects is `{"key":"x","op":{"write":3}}`. The page
//! `docs/reference/models.md` has an example of every operation of every model.
//!
//! An end belongs to the operation its process has outstanding. Other keys are errors; blank
//! lines are skipped.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::history::{History, HistoryError, Record};

impl<O: Serialize, R: Serialize> History<O, R> {
    /// The history as JSON Lines; ends with a newline unless empty.
    ///
    /// # Errors
    /// If an operation or an answer has no JSON form, such as a map whose keys are no strings.
    pub fn to_json_lines(&self) -> Result<String, HistoryError> {
        let mut text = String::new();
        for (index, record) in self.records().enumerate() {
            let line = serde_json::to_string(&record)
                .map_err(|error| HistoryError::new(error.to_string()).on_line(index + 1))?;
            text.push_str(&line);
            text.push('\n');
        }
        Ok(text)
    }
}

impl<O: DeserializeOwned + PartialEq, R: DeserializeOwned> History<O, R> {
    /// Reads what [`History::to_json_lines`] writes.
    ///
    /// # Errors
    /// If a line is no record, or if the records do not pair: see [`History::from_records`].
    pub fn from_json_lines(text: &str) -> Result<History<O, R>, HistoryError> {
        let mut history = History::new();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let record: Record<O, R> = serde_json::from_str(line)
                .map_err(|error| HistoryError::new(error.to_string()).on_line(index + 1))?;
            history.push(record).map_err(|error| error.on_line(index + 1))?;
        }
        Ok(history)
    }
}
