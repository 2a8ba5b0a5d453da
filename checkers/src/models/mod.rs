//! Objects as they behave when asked by one client at a time.
//!
//! A [`Model`] says what linearizability is judged against: which state an object begins in, and
//! what each operation does to it and may answer. Three functions are enough (`init`, `step`,
//! `key`); the others are hints that make the search faster and must be *true*: a false hint makes
//! verdicts wrong. `tests/linearizable_brute_force.rs` holds every hint here against a search
//! without hints.
//!
//! An operation whose answer nobody saw is stepped with `ret: None`: the model applies it whatever
//! it would have answered. The models:
//!
//! | model | operations |
//! |---|---|
//! | [`Register`] | read, write, compare-and-set |
//! | [`Kv`] | the same by key, with append and delete |
//! | [`VersionedKv`] | get, and put that expects a version |
//! | [`Counter`] | read, add |
//! | [`Set`] | add, remove, contains, read |
//! | [`Queue`], [`Stack`] | enqueue and dequeue, push and pop |
//! | [`Lock`] | acquire, release, with owners |
//! | [`Keyed`] | many objects of any model, each by its key |

mod append;
mod counter;
mod keyed;
mod kv;
mod lock;
mod model;
mod queue;
mod register;
mod set;
mod stack;
mod versioned_kv;

pub use append::Append;
pub use counter::{Counter, CounterOp, CounterRet};
pub use keyed::{Keyed, KeyedOp};
pub use kv::{Kv, KvOp, KvRet};
pub use lock::{Lock, LockOp, LockRet};
pub use model::{Call, Model, Others, Step};
pub use queue::{Queue, QueueOp, TakeRet};
pub use register::{Register, RegisterOp, RegisterRet};
pub use set::{Set, SetOp, SetRet};
pub use stack::{Stack, StackOp};
pub use versioned_kv::{VersionedKv, VersionedKvOp, VersionedKvRet};
