//! Who depends on whom: the edges of the direct serialization graph (Adya 3.1, definition 10), as
//! far as every order of versions that fits the observation has them.

use std::fmt;

use super::catalogue::{NONE, Unclear, big, small};
use super::model::Model;
use super::options::Budget;

/// Why one transaction comes before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Link {
    /// It wrote an earlier version of a key: write dependency.
    Ww,
    /// It wrote what the other one read: read dependency.
    Wr,
    /// It read a version that the other one overwrote: anti-dependency.
    Rw,
    /// It was before the other one in the same process.
    Session,
    /// It ended before the other one started.
    RealTime,
    /// A reader that had seen it read the version of the other one instead.
    Seen,
}

/// An edge of the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edge {
    pub from: u32,
    pub to: u32,
    pub link: Link,
    /// The later version ([`Link::Ww`], [`Link::Rw`]), the one that was read ([`Link::Wr`]), or a
    /// place in a table of its own ([`Link::Seen`]); [`NONE`] for the others.
    pub version: u32,
}

/// All edges that are certain.
pub(super) fn edges<K: Ord + fmt::Display, V: Ord + fmt::Display>(
    model: &Model<'_, K, V>,
    budget: &Budget,
) -> Result<Vec<Edge>, Unclear> {
    let mut edges = Vec::new();
    for order in &model.orders {
        for pair in order.known.windows(2) {
            push(&mut edges, model.writer(pair[0]), model.writer(pair[1]), Link::Ww, pair[1]);
        }
        if let Some(&last) = order.known.last() {
            for &loose in &order.loose {
                push(&mut edges, model.writer(last), model.writer(loose), Link::Ww, loose);
            }
        }
    }
    let most = budget.bytes.saturating_mul(64) / u64::from(small(size_of::<Edge>()));
    for reading in &model.readings {
        if reading.version != NONE {
            let writer = model.writer(reading.version);
            push(&mut edges, writer, reading.txn, Link::Wr, reading.version);
        }
        overwritten(model, reading.txn, reading.key, reading.version, &mut edges);
        if u64::try_from(edges.len()).is_ok_and(|count| count > most) {
            return Err(format!("its dependencies take more than {} bytes", budget.bytes));
        }
    }
    Ok(edges)
}

fn push(edges: &mut Vec<Edge>, from: u32, to: u32, link: Link, version: u32) {
    if from != to {
        edges.push(Edge { from, to, link, version });
    }
}

/// The certain anti-dependencies of a read.
fn overwritten<K: Ord + fmt::Display, V: Ord + fmt::Display>(
    model: &Model<'_, K, V>,
    reader: u32,
    key: u32,
    version: u32,
    edges: &mut Vec<Edge>,
) {
    let order = &model.orders[big(key)];
    let writer = model.writer(version);
    if writer == reader {
        return;
    }
    let next = match version {
        NONE => order.known.first(),
        version => {
            let Some(place) = known_place(model, key, version) else { return };
            // An intermediate version is overwritten by its own writer, which is no dependency.
            order.known[place + 1..].iter().find(|&&later| model.writer(later) != writer)
        }
    };
    if let Some(&next) = next {
        push(edges, reader, model.writer(next), Link::Rw, next);
        return;
    }
    for &loose in &order.loose {
        if model.writer(loose) != writer {
            push(edges, reader, model.writer(loose), Link::Rw, loose);
        }
    }
}

/// Where a version stands among the known ones of its key.
fn known_place<K, V>(model: &Model<'_, K, V>, key: u32, version: u32) -> Option<usize> {
    let place = model.catalogue.versions[big(version)].place;
    let known = &model.orders[big(key)].known;
    if place == NONE {
        return None;
    }
    // Versions that are not committed are left out, so that the place may only be too high.
    let bound = big(place).min(known.len().saturating_sub(1));
    let at_place = |&version: &u32| model.catalogue.versions[big(version)].place;
    match known.get(bound) {
        Some(found) if at_place(found) == place => Some(bound),
        Some(_) | None => known.binary_search_by_key(&place, at_place).ok(),
    }
}
