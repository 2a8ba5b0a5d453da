//! Colours, dashes and marks. The same thing looks the same in every picture, and no two things of
//! a picture differ by colour alone.

use std::collections::BTreeMap;

use crate::canvas::Colour;

/// How a thing looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Which of the looks, from 0.
    slot: usize,
}

/// A shape at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A disc.
    Disc,
    /// A square on its side.
    Square,
    /// A triangle, point up.
    Triangle,
    /// A square on its corner.
    Diamond,
    /// A triangle, point down.
    Funnel,
    /// An X.
    Cross,
    /// An upright cross.
    Plus,
}

/// Okabe and Ito's colours, which people with any colour vision tell apart, without yellow, which
/// nobody sees on white paper; and a grey.
const COLOURS: [Colour; 8] = [
    Colour(0x00, 0x72, 0xb2),
    Colour(0xd5, 0x5e, 0x00),
    Colour(0x00, 0x9e, 0x73),
    Colour(0xcc, 0x79, 0xa7),
    Colour(0x56, 0xb4, 0xe9),
    Colour(0xe6, 0x9f, 0x00),
    Colour(0x00, 0x00, 0x00),
    Colour(0x7f, 0x7f, 0x7f),
];

const DASHES: [&[f64]; 5] =
    [&[], &[7.0, 3.0], &[2.0, 2.5], &[9.0, 2.5, 2.0, 2.5], &[12.0, 3.0, 4.0, 3.0]];

const MARKS: [Mark; 7] = [
    Mark::Disc,
    Mark::Square,
    Mark::Triangle,
    Mark::Diamond,
    Mark::Funnel,
    Mark::Cross,
    Mark::Plus,
];

impl Style {
    /// The look of everything that has none of its own: not that of any of the first thirty.
    pub const REST: Style = Style { slot: 31 };

    /// The look number `slot`; all of the first 280 differ.
    #[must_use]
    pub fn of_slot(slot: usize) -> Style {
        Style { slot }
    }

    /// The colour.
    #[must_use]
    pub fn colour(self) -> Colour {
        COLOURS[self.slot % COLOURS.len()]
    }

    /// The dashes of its lines.
    #[must_use]
    pub fn dash(self) -> &'static [f64] {
        DASHES[self.slot % DASHES.len()]
    }

    /// The mark at its points.
    #[must_use]
    pub fn mark(self) -> Mark {
        MARKS[self.slot % MARKS.len()]
    }
}

/// Names whose looks are fixed, so that pictures of different sweeps agree. Others get the look
/// that their letters choose, or the next free one.
const FIXED: [(&str, usize); 13] = [
    ("append-entries", 0),
    ("vote", 1),
    ("append-reply", 2),
    ("vote-reply", 3),
    ("client-request", 4),
    ("client-reply", 5),
    ("value", 0),
    ("ack", 2),
    ("leader-elected", 0),
    ("leader-deposed", 1),
    ("rumor-everywhere", 2),
    ("raft", 0),
    ("flooding", 1),
];

/// Which thing has which look, in all pictures of a report.
#[derive(Clone, Debug, Default)]
pub struct StyleBook {
    slots: BTreeMap<String, usize>,
}

impl StyleBook {
    /// Gives looks to all names of one sort that a report mentions.
    #[must_use]
    pub fn new<'a>(names: impl Iterator<Item = &'a str>) -> StyleBook {
        let mut names: Vec<&str> = names.collect();
        names.sort_unstable();
        names.dedup();
        let mut slots = BTreeMap::new();
        let mut taken = Vec::new();
        let fixed = |name: &str| FIXED.iter().find(|(known, _)| *known == own_part(name));
        let (known, other): (Vec<&str>, Vec<&str>) =
            names.into_iter().partition(|name| fixed(name).is_some());
        let wanted = known
            .into_iter()
            .filter_map(|name| Some((name, fixed(name)?.1)))
            .chain(other.into_iter().map(|name| (name, letters_slot(name))));
        for (name, first) in wanted {
            let near = (0..COLOURS.len()).map(|step| (first + step) % COLOURS.len());
            let slot = near.chain(COLOURS.len()..).find(|slot| !taken.contains(slot));
            let slot = slot.unwrap_or(first);
            taken.push(slot);
            slots.insert(name.to_owned(), slot);
        }
        StyleBook { slots }
    }

    /// The look of a name.
    #[must_use]
    pub fn style(&self, name: &str) -> Style {
        let slot = self.slots.get(name).copied();
        Style::of_slot(slot.unwrap_or_else(|| letters_slot(name)))
    }
}

/// A kind without the protocol that it was lifted from: `raft/vote` looks like `vote`.
fn own_part(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// A slot that depends on the letters of a name alone (FNV-1a).
fn letters_slot(name: &str) -> usize {
    let hash = own_part(name).bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash % COLOURS.len() as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_looks_the_same_whatever_stands_beside_it() {
        let one = StyleBook::new(["vote", "append-entries"].into_iter());
        let other = StyleBook::new(["raft/vote", "zzz", "append-reply"].into_iter());
        assert_eq!(one.style("vote"), other.style("raft/vote"));
    }

    #[test]
    fn no_two_things_look_the_same() {
        let names: Vec<String> = (0..40).map(|index| format!("kind-{index}")).collect();
        let book = StyleBook::new(names.iter().map(String::as_str));
        let mut looks: Vec<String> = names
            .iter()
            .map(|name| {
                let style = book.style(name);
                format!("{:?} {:?} {:?}", style.colour(), style.dash(), style.mark())
            })
            .collect();
        looks.sort();
        looks.dedup();
        assert_eq!(looks.len(), names.len());
    }
}
