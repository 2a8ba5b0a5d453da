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
            "bandwidth",
            "slow",
            "slow_cpu",
            "cpu",
            "clock",
            "clock_step",
            "clock_strobe",
            "clock_freeze",
            "step",
            "strobe",
            "freeze",
            "disk",
            "disk_full",
            "disk_slow",
            "fail_slow",
            "lost_write",
            "lost_writes",
            "torn_write",
            "torn_writes",
            "misdirected_write",
            "misdirected_writes",
            "bit_rot",
            "rot",
            "read_error",
            "read_errors",
            "write_error",
            "write_errors",
            "failed_sync",
            "lost_rename",
            "join",
            "leave",
            "blank_restart",
            "amnesia",
            "rolling",
            "rolling_restart",
        ],
    ),
    (&["crash"], &["in", "blank", "amnesia"]),
    (&["restart"], &["blank", "amnesia", "params", "rolling"]),
    (
        &["network", "links"],
        &["bandwidth", "queue", "cost", "streams", "stream", "ordered", "dead_link"],
    ),
    (&["clock"], &["step", "strobe", "freeze", "uncertainty"]),
    (
        &["disk"],
        &["throughput", "capacity", "errors", "lost_writes", "torn_writes", "bit_rot", "model"],
    ),
    (&["hosts"], &["cpu", "zone"]),
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
