//! A value that is replaced and appended to, where everything written tells itself apart.

use std::fmt;

use super::zones::{self, Cluster};
use super::{Access, Contradiction, Decision, Interval};
use crate::models::{Append, Call};

/// Decides a value that begins as `missing`, whose bytes must be none, if `access` knows every
/// call, and nothing written or appended begins with something else that is.
///
/// Then what was read can be taken apart in one way only. The longest value read of an *epoch*
/// (which a write begins) says in which order appends took place; what was appended and never
/// read took place outside of what reads saw, like a write that was never read.
pub fn unique_appends<'a, V, O, R>(
    missing: &'a V,
    calls: &[Call<'a, O, R>],
    access: impl Fn(&Call<'a, O, R>) -> Option<Access<'a, V>>,
) -> Option<Decision>
where
    V: Append + Eq + fmt::Debug,
{
    let mut tokens = Vec::new();
    let mut reads = Vec::new();
    if !missing.bytes()?.is_empty() {
        return None;
    }
    for (call, recorded) in calls.iter().enumerate() {
        let (value, is_append) = match access(recorded)? {
            Access::Nothing => continue,
            Access::Read(value) => {
                let bytes = value.bytes()?;
                if bytes.is_empty() && value != missing {
                    return None;
                }
                reads.push(Read { call, bytes });
                continue;
            }
            Access::Write(value) => (value, false),
            Access::Append(value) => (value, true),
        };
        tokens.push(Token { bytes: value.bytes()?, call, is_append });
    }
    let code = Code::of(tokens)?;
    let intervals: Vec<Interval> = calls.iter().map(Interval::of).collect();
    match epochs(&code, reads) {
        Err(contradiction) => Some(Decision::Violated(contradiction)),
        Ok((mut clusters, is_read)) => {
            for (token, is_read) in code.tokens.iter().zip(is_read) {
                if !is_read && calls[token.call].ret.is_some() {
                    clusters.push(Cluster::of_one(token.call));
                }
            }
            Some(zones::decide(&intervals, clusters))
        }
    }
}

/// Something that a call wrote or appended.
#[derive(Clone, Copy, Debug)]
struct Token<'a> {
    bytes: &'a [u8],
    call: usize,
    is_append: bool,
}

#[derive(Clone, Copy, Debug)]
struct Read<'a> {
    call: usize,
    bytes: &'a [u8],
}

/// Tokens of which none begins with another, in the order of their bytes.
struct Code<'a> {
    tokens: Vec<Token<'a>>,
}

impl<'a> Code<'a> {
    fn of(mut tokens: Vec<Token<'a>>) -> Option<Code<'a>> {
        tokens.sort_by_key(|token| token.bytes);
        // What begins with another token follows that one or others that do, too.
        let is_prefix_free =
            tokens.windows(2).all(|pair| !pair[1].bytes.starts_with(pair[0].bytes));
        let is_empty = tokens.first().is_some_and(|first| first.bytes.is_empty());
        (is_prefix_free && !is_empty).then_some(Code { tokens })
    }

    /// The token, by its place, that `bytes` begin with. It is the last of those that are not
    /// beyond `bytes`, for whatever lies between a prefix and the whole has that prefix as well.
    fn first_of(&self, bytes: &[u8]) -> Option<usize> {
        let place = self.tokens.partition_point(|token| token.bytes <= bytes).checked_sub(1)?;
        bytes.starts_with(self.tokens[place].bytes).then_some(place)
    }
}

/// Stages of an epoch: its write is 0, its k-th append is 2k, and reads of k appends 2k + 1.
fn stage(appends: usize, is_read: bool) -> u32 {
    u32::try_from(appends * 2 + usize::from(is_read)).expect("a history in memory is shorter")
}

/// The epochs as clusters, the one of the beginning first, and which tokens are in them.
fn epochs(
    code: &Code<'_>,
    reads: Vec<Read<'_>>,
) -> Result<(Vec<Cluster>, Vec<bool>), Contradiction> {
    let contradiction = |calls: Vec<usize>, why: &str| Contradiction { calls, why: why.to_owned() };
    // By epoch, of which `None` is the first; within one, the longest read first.
    let mut by_epoch: Vec<(Option<usize>, Read<'_>)> = Vec::with_capacity(reads.len());
    for read in reads {
        let first = code.first_of(read.bytes);
        if first.is_none() && !read.bytes.is_empty() {
            return Err(contradiction(
                vec![read.call],
                "nobody ever wrote what this read begins with",
            ));
        }
        by_epoch.push((first.filter(|&place| !code.tokens[place].is_append), read));
    }
    by_epoch.sort_by_key(|(epoch, read)| (*epoch, std::cmp::Reverse(read.bytes.len())));
    let mut clusters = vec![Cluster::default()];
    let mut read_by: Vec<Option<usize>> = vec![None; code.tokens.len()];
    for reads in by_epoch.chunk_by(|first, second| first.0 == second.0) {
        let (epoch, longest) = reads[0];
        let mut cluster = Cluster::default();
        // Where each append of the longest read ends, after where the write ends.
        let mut ends = vec![0];
        if let Some(write) = epoch {
            cluster.add(0, code.tokens[write].call);
            read_by[write] = Some(longest.call);
            ends[0] = code.tokens[write].bytes.len();
        }
        while let Some(rest) = longest.bytes.get(ends[ends.len() - 1]..).filter(|r| !r.is_empty()) {
            let Some(place) = code.first_of(rest).filter(|&place| code.tokens[place].is_append)
            else {
                return Err(contradiction(
                    vec![longest.call],
                    "this read goes on with what nobody ever appended",
                ));
            };
            let token = code.tokens[place];
            if let Some(before) = read_by[place].replace(longest.call) {
                return Err(contradiction(
                    vec![token.call, before, longest.call],
                    "what was appended once was read in two places",
                ));
            }
            cluster.add(stage(ends.len(), false), token.call);
            ends.push(ends[ends.len() - 1] + token.bytes.len());
        }
        for (_, read) in reads {
            let appends = ends.binary_search(&read.bytes.len());
            match appends {
                Ok(appends) if longest.bytes.starts_with(read.bytes) => {
                    cluster.add(stage(appends, true), read.call);
                }
                Ok(_) | Err(_) => {
                    return Err(contradiction(
                        vec![read.call, longest.call],
                        "the longer read does not begin with the shorter one",
                    ));
                }
            }
        }
        if epoch.is_none() { clusters[0] = cluster } else { clusters.push(cluster) }
    }
    Ok((clusters, read_by.iter().map(Option::is_some).collect()))
}
