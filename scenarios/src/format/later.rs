//! Words of the format that exist and that this version cannot carry out yet.
//!
//! They must not pass silently (a fault that does nothing proves nothing), nor look like typing
//! errors.

use super::path::Path;

/// Keys under whose lists faults stand.
const FAULT_LISTS: &[&str] = &["faults", "steps", "script", "else", "kinds"];

/// Where words stand, and the words.
const LATER: &[(&[&str], &[&str])] = &[
    (
        FAULT_LISTS,
        &[
            "disk",
            "fail_slow",
            "lost_write",
            "torn_write",
            "misdirected_write",
            "rot",
            "read_error",
            "write_error",
            "lost_rename",
        ],
    ),
    (&["disk"], &["errors", "lost_writes", "torn_writes", "bit_rot", "model"]),
    (&["hosts"], &["zone"]),
];

/// Whether a word that was found under a path is one that a later version brings.
#[must_use]
pub fn is_later(parent: &Path, word: &str) -> bool {
    let Some(key) = parent.last_key() else {
        return false;
    };
    LATER.iter().any(|(places, words)| places.contains(&key) && words.contains(&word))
}

/// What is said of such a word.
#[must_use]
pub fn message(word: &str) -> String {
    format!("`{word}` is known but not available in this version yet")
}
