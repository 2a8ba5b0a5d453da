//! Scenario files: what they can say, reading them, and saying where they are wrong.

pub mod checks;
pub mod end;
pub mod expect;
pub mod faults;
pub mod hosts;
pub mod network;
pub mod one_key;
pub mod placement;
pub mod script;
pub mod selector;
pub mod spec;
pub mod units;

pub use checks::*;
pub use end::*;
pub use expect::*;
pub use faults::*;
pub use hosts::*;
pub use network::*;
pub use one_key::Named;
pub use placement::*;
pub use script::*;
pub use selector::*;
pub use spec::*;
pub use units::*;
