//! Scenarios: the files that say what is built, what load it gets, what goes wrong and what must
//! hold.

pub mod format;
