//! Clusters of calls that take place in one piece, and whether they fit beside each other.

use super::{Decision, Interval};

/// Calls that take place in one piece: nothing of another cluster between them.
#[derive(Clone, Debug, Default)]
pub(super) struct Cluster {
    /// Calls with their stages: calls of a lower stage take place before those of a higher one.
    members: Vec<(u32, usize)>,
}

impl Cluster {
    /// Adds a call at a stage.
    pub fn add(&mut self, stage: u32, call: usize) {
        self.members.push((stage, call));
    }

    /// A cluster of one call.
    pub fn of_one(call: usize) -> Cluster {
        Cluster { members: vec![(0, call)] }
    }

    /// Two calls whose stages contradict their times, if there are such.
    fn contradiction(&mut self, intervals: &[Interval]) -> Option<(usize, usize)> {
        self.members.sort_unstable();
        let mut latest: Option<usize> = None;
        for stage in self.members.chunk_by(|first, second| first.0 == second.0) {
            let before = latest;
            for &(_, call) in stage {
                let earlier = before.map(|before| (before, intervals[before].invoked_ns));
                if let Some((before, invoked_ns)) = earlier
                    && intervals[call].until_ns < invoked_ns
                {
                    return Some((before, call));
                }
                let so_far = latest.map(|latest| intervals[latest].invoked_ns);
                if so_far.is_none_or(|so_far| so_far < intervals[call].invoked_ns) {
                    latest = Some(call);
                }
            }
        }
        None
    }

    /// The calls that end first and that are invoked last; `None` of an empty cluster.
    fn bounds(&self, intervals: &[Interval]) -> Option<(usize, usize)> {
        let calls = || self.members.iter().map(|&(_, call)| call);
        let first = calls().min_by_key(|&call| intervals[call].until_ns)?;
        let last = calls().max_by_key(|&call| intervals[call].invoked_ns)?;
        Some((first, last))
    }
}

/// A cluster that is in force from one time to another.
#[derive(Clone, Copy, Debug)]
struct Forward {
    /// `None` is "from the beginning".
    from_ns: Option<u64>,
    to_ns: u64,
    /// The calls that end first and that are invoked last.
    bounds: (usize, usize),
}

/// Whether the clusters can take place one after the other. The first is in force when the history
/// begins.
pub(super) fn decide(intervals: &[Interval], mut clusters: Vec<Cluster>) -> Decision {
    for cluster in &mut clusters {
        if let Some((before, call)) = cluster.contradiction(intervals) {
            let why = "one ended before another was invoked that must come first";
            return Decision::violated([call, before], why.to_owned());
        }
    }
    let mut forward: Vec<Forward> = Vec::new();
    let mut backward: Vec<(u64, u64, usize)> = Vec::new();
    for (index, cluster) in clusters.iter().enumerate() {
        let Some(bounds) = cluster.bounds(intervals) else { continue };
        let (ended_ns, invoked_ns) = (intervals[bounds.0].until_ns, intervals[bounds.1].invoked_ns);
        if index == 0 {
            forward.push(Forward { from_ns: None, to_ns: invoked_ns, bounds });
        } else if ended_ns < invoked_ns {
            forward.push(Forward { from_ns: Some(ended_ns), to_ns: invoked_ns, bounds });
        } else {
            backward.push((invoked_ns, ended_ns, bounds.0));
        }
    }
    forward.sort_by_key(|zone| (zone.from_ns, zone.to_ns));
    for pair in forward.windows(2) {
        if pair[1].from_ns < Some(pair[0].to_ns) {
            let (first, second) = (pair[0].bounds, pair[1].bounds);
            let why = match pair[0].from_ns {
                Some(_) => "two values were in force at the same time",
                None => "the value of the beginning was seen after another one",
            };
            return Decision::violated([first.0, first.1, second.0, second.1], why.to_owned());
        }
    }
    for (from_ns, to_ns, call) in backward {
        let after = forward.partition_point(|zone| zone.from_ns < Some(from_ns));
        let Some(zone) = after.checked_sub(1).map(|before| forward[before]) else { continue };
        if to_ns < zone.to_ns {
            let why = "one took place while another value was in force all the time";
            return Decision::violated([zone.bounds.0, zone.bounds.1, call], why.to_owned());
        }
    }
    Decision::Linearizable
}
