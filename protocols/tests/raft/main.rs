//! Raft: the paper's sentences, its disk, sweeps with faults, and the bugs that must be caught.

mod bugs;
mod driver;
mod hosted;
mod paper;
mod scripts;
mod storage;
mod sweep;
