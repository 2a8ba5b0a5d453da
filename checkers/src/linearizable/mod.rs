//! Linearizability.

mod polynomial;
pub(crate) mod table;

pub use polynomial::{
    Access, Decision, element_once, growing_set, owned_lock, unique_appends, unique_queue,
    unique_register,
};
