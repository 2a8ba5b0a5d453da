//! A register whose every value is written once.

use std::fmt;
use std::hash::Hash;

use super::zones::{self, Cluster};
use super::{Access, Decision, Interval};
use crate::linearizable::table::Interner;
use crate::models::Call;

/// Decides a register that reads as `initial` until it is written, if no value is written twice
/// and `access` knows every call.
pub fn unique_register<'a, V, O, R>(
    initial: &'a V,
    calls: &[Call<'a, O, R>],
    access: impl Fn(&Call<'a, O, R>) -> Option<Access<'a, V>>,
) -> Option<Decision>
where
    V: Eq + Hash + fmt::Debug,
{
    // The cluster of a value has the value's number.
    let mut values: Interner<&V> = Interner::default();
    values.intern(initial);
    let mut clusters = vec![Cluster::default()];
    let mut reads = Vec::new();
    let mut written = vec![usize::MAX];
    for (index, call) in calls.iter().enumerate() {
        match access(call)? {
            Access::Nothing => {}
            Access::Append(_) => return None,
            Access::Read(value) => reads.push((index, value)),
            Access::Write(value) => {
                let number = values.intern(value) as usize;
                if number < clusters.len() {
                    return None;
                }
                clusters.push(Cluster::default());
                written.push(index);
            }
        }
    }
    let mut is_read = vec![false; clusters.len()];
    for (index, value) in reads {
        let Some(number) = values.find(&value) else {
            return Some(Decision::violated([index], format!("nobody ever wrote {value:?}")));
        };
        is_read[number as usize] = true;
        clusters[number as usize].add(1, index);
    }
    for (number, &write) in written.iter().enumerate().skip(1) {
        if is_read[number] || calls[write].ret.is_some() {
            clusters[number].add(0, write);
        }
    }
    let intervals: Vec<Interval> = calls.iter().map(Interval::of).collect();
    Some(zones::decide(&intervals, clusters))
}
