//! The services that protocols offer: what clients may ask, how they are loaded, how their
//! histories are judged.

mod broadcast;
mod log;

pub use broadcast::{Broadcast, BroadcastOp, BroadcastRet};
pub use log::{Command, Committed, Log, LogOp, LogOptions, LogRet, log_violations};
