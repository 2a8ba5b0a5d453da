//! Histories and verdicts.
