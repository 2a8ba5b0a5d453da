//! What must come before what in every sequential order, as far as that is easily seen.

use crate::budget::Spent;

use super::super::accesses::{Accesses, Number, Source};
use super::super::clash::Clash;
use super::super::clocks::{Clocks, WritesByKey};
use super::super::graph::{Graph, Neighbours, Order, Why};

/// Adds links until nothing more follows: a write before a read precedes the write that the read
/// returned, and a read precedes the writes that follow what it returned. Reads of unknown source
/// give no links.
///
/// # Errors
/// If that leads round in a circle, the circle.
pub(super) fn saturate(
    accesses: &Accesses,
    sources: &[Source],
    spent: &mut Spent,
) -> Result<Clocks, Clash> {
    let (neighbours, writes) = (Neighbours::of(accesses), WritesByKey::of(accesses));
    let mut graph = Graph::new(accesses, &neighbours, sources, Order::Everything);
    loop {
        spent.steps += (accesses.len() * accesses.sessions.len()) as u64;
        let clocks = match Clocks::of(&graph) {
            Ok(clocks) => clocks,
            Err(member) => return Err(circle(&graph, member)),
        };
        let count = graph.found_count();
        for read in accesses.reads() {
            add_links(&mut graph, &clocks, &writes, read);
        }
        if graph.found_count() == count {
            return Ok(clocks);
        }
    }
}

/// Adds what follows from one read. Of each session one write is enough: the session's order does
/// the rest.
fn add_links(graph: &mut Graph<'_>, clocks: &Clocks, writes: &WritesByKey, read: Number) {
    let accesses = graph.accesses;
    let source = match graph.sources[read as usize] {
        Source::Unknown => return,
        Source::Initial => None,
        Source::Write(source) => Some(source),
    };
    for (session, writes) in writes.of_key(accesses.item(read).key) {
        let before = clocks.count(read, session);
        let count = writes.partition_point(|&write| accesses.item(write).place < before);
        let last = count.checked_sub(1).map(|last| writes[last]);
        if let (Some(write), Some(source)) = (last, source)
            && write != source
            && !clocks.precedes(accesses, write, source)
        {
            graph.add(write, source, Why::Overwritten(read));
        }
        let first = match source {
            None => 0,
            Some(source) => {
                writes.partition_point(|&write| !clocks.precedes(accesses, source, write))
            }
        };
        if let Some(&write) = writes.get(first)
            && !clocks.precedes(accesses, read, write)
        {
            graph.add(read, write, Why::NotYet);
        }
    }
}

fn circle(graph: &Graph<'_>, member: Number) -> Clash {
    let links = graph.cycle(&[member]).expect("the member is on a cycle");
    let with_reasons = links.into_iter().map(|link| match link.why {
        Why::Overwritten(read) => (link, graph.path(link.from, &[read], link.rank)),
        Why::Session | Why::Read | Why::NotYet => (link, Vec::new()),
    });
    Clash::Cycle(with_reasons.collect())
}
