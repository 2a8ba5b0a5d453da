//! The services that protocols offer: what clients may ask, how they are loaded, how their
//! histories are judged.

mod broadcast;

pub use broadcast::{Broadcast, BroadcastOp, BroadcastRet};
