//! Scenario files, from outside: samples that must be read, mistakes that must be found.

mod catalog;
mod errors;
mod fits;
mod golden;
mod labs;
mod loading;
mod reference;
mod robustness;
mod schema;
mod units;
