//! The clauses about where values appear: each value that was read needs an append that can have
//! put it there.

use std::fmt;

use super::survey::{Ack, Survey, Unanswered, index_at};
use super::{Findings, LogClause, Shown};
use crate::history::OperationId;

/// A value at an index, and the read that was the first to end with it there.
pub(super) struct Place<'a, V> {
    pub(super) value: &'a V,
    pub(super) index: u64,
    pub(super) seen_ns: u64,
    pub(super) read: OperationId,
}

/// Where reads have which values, sorted by value, then index, each place once.
pub(super) fn places_read<'a, V: Ord + fmt::Debug>(
    survey: &Survey<'a, V>,
    findings: &mut Findings<'a, V>,
) -> Vec<Place<'a, V>> {
    // The first read to reach an index speaks for it. As long as reads agree, and they nearly
    // always do, thousands of entries of many reads collapse to one log without being sorted.
    let mut log: Vec<(&'a Option<V>, u64, OperationId)> = Vec::new();
    let mut places = Vec::new();
    for read in &survey.reads {
        for (offset, entry) in read.entries.iter().enumerate() {
            match log.get_mut(offset) {
                None => log.push((entry, read.ended_ns, read.id)),
                Some((first, seen_ns, seen_by)) if *first == entry => {
                    if read.ended_ns < *seen_ns {
                        (*seen_ns, *seen_by) = (read.ended_ns, read.id);
                    }
                }
                Some((first, _, seen_by)) => {
                    findings.blame(LogClause::OneIndexOneCommand, [*seen_by, read.id], || {
                        let (index, one, other) = (index_at(offset), Shown(*first), Shown(entry));
                        format!("at index {index} one read has {one}, another {other}")
                    });
                    places.extend(place(offset, entry, read.ended_ns, read.id));
                }
            }
        }
    }
    for (offset, (entry, seen_ns, read)) in log.into_iter().enumerate() {
        places.extend(place(offset, entry, seen_ns, read));
    }
    places.sort_by_key(|place| (place.value, place.index, place.seen_ns));
    places.dedup_by_key(|place| (place.value, place.index));
    places
}

fn place<V>(
    offset: usize,
    entry: &Option<V>,
    seen_ns: u64,
    read: OperationId,
) -> Option<Place<'_, V>> {
    let value = entry.as_ref()?;
    Some(Place { value, index: index_at(offset), seen_ns, read })
}

/// A value that was read where no append of it was acknowledged, and the earliest append that
/// may have put it there.
pub(super) struct Unacknowledged<'a, V> {
    pub(super) place: Place<'a, V>,
    pub(super) append: OperationId,
    pub(super) invoked_ns: u64,
}

/// Finds an append for every place. Places where no append was acknowledged are returned.
pub(super) fn check_places<'a, V: Ord + fmt::Debug>(
    survey: &Survey<'a, V>,
    places: Vec<Place<'a, V>>,
    findings: &mut Findings<'a, V>,
) -> Vec<Unacknowledged<'a, V>> {
    let mut acks: Vec<&Ack<'a, V>> = survey.acks.iter().collect();
    acks.sort_by_key(|ack| (ack.value, ack.index, ack.invoked_ns));
    let mut free = Vec::new();
    for place in places {
        let position =
            acks.partition_point(|ack| (ack.value, ack.index) < (place.value, place.index));
        match acks.get(position) {
            Some(ack) if (ack.value, ack.index) == (place.value, place.index) => {
                if place.seen_ns < ack.invoked_ns {
                    blame_too_early(&place, ack.id, findings);
                }
            }
            Some(_) | None => free.push(place),
        }
    }
    let mut unacknowledged = Vec::new();
    let mut rest = free.into_iter().peekable();
    while let Some(first) = rest.next() {
        let mut group = vec![first];
        while let Some(same) = rest.next_if(|place| place.value == group[0].value) {
            group.push(same);
        }
        check_free_places(survey, &acks, group, &mut unacknowledged, findings);
    }
    unacknowledged
}

/// Finds an append of unknown fate for every place of one value at which none was acknowledged.
fn check_free_places<'a, V: Ord + fmt::Debug>(
    survey: &Survey<'a, V>,
    acks: &[&Ack<'a, V>],
    mut group: Vec<Place<'a, V>>,
    unacknowledged: &mut Vec<Unacknowledged<'a, V>>,
    findings: &mut Findings<'a, V>,
) {
    let value = group[0].value;
    let from = survey.unknown.partition_point(|append| append.value < value);
    let to = survey.unknown.partition_point(|append| append.value <= value);
    let unknown = &survey.unknown[from..to];
    let ack = acks.get(acks.partition_point(|ack| ack.value < value));
    let ack = ack.filter(|ack| ack.value == value);
    if unknown.is_empty() && ack.is_none() {
        let failed =
            survey.failed.get(survey.failed.partition_point(|append| append.value < value));
        blame_unfounded(&group[0], failed.filter(|append| append.value == value), findings);
        return;
    }
    // Each place needs an append invoked before it was seen. Pairing the earliest seen with the
    // earliest invoked finds appends for all if that is possible at all.
    group.sort_by_key(|place| place.seen_ns);
    for (position, place) in group.iter().enumerate() {
        match unknown.get(position) {
            Some(append) if place.seen_ns < append.invoked_ns => {
                blame_too_early(place, append.id, findings);
            }
            Some(_) => {}
            None => {
                // Something accounts for another place: an acknowledgement or another read.
                let other = ack.map_or(group[0].read, |ack| ack.id);
                findings.blame(LogClause::OneCommandOneIndex, [other, place.read], || {
                    let index = place.index;
                    format!("{value:?} is also at index {index}, more often than it was submitted")
                });
            }
        }
    }
    if let Some(append) = unknown.first() {
        unacknowledged.extend(group.into_iter().map(|place| Unacknowledged {
            place,
            append: append.id,
            invoked_ns: append.invoked_ns,
        }));
    }
}

fn blame_unfounded<'a, V: fmt::Debug>(
    place: &Place<'a, V>,
    failed: Option<&Unanswered<'a, V>>,
    findings: &mut Findings<'a, V>,
) {
    let (value, index) = (place.value, place.index);
    match failed {
        Some(append) => {
            findings.blame(LogClause::FailedNeverAppears, [append.id, place.read], || {
                format!("the append of {value:?} failed, but a read has it at index {index}")
            });
        }
        None => findings.blame(LogClause::OnlySubmitted, [place.read], || {
            format!("a read has {value:?} at index {index}, but nobody submitted it")
        }),
    }
}

fn blame_too_early<V: fmt::Debug>(
    place: &Place<'_, V>,
    append: OperationId,
    findings: &mut Findings<'_, V>,
) {
    findings.blame(LogClause::OnlySubmitted, [place.read, append], || {
        let (value, index) = (place.value, place.index);
        format!("a read had {value:?} at index {index} before it was submitted")
    });
}
