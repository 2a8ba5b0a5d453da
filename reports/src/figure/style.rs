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

/// So many looks differ: no two of the numbers of colours, dashes and marks have a divisor.
const LOOKS: usize = COLOURS.len() * DASHES.len() * MARKS.len();

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

/// Names whose looks are fixed, in the order in which protocols declare them: of one list no two
/// look alike, and a list may grow at its end. Others get the look that their letters choose.
const FIXED: [&[&str]; 5] = [
    // What everybody sends; then Raft's messages; then those of the example.
    &[
        "append-entries",
        "vote",
        "append-reply",
        "vote-reply",
        "client-request",
        "client-reply",
        "read-index",
        "read-index-reply",
        "persisted",
    ],
    &["value", "repeat", "ack"],
    // Milestones of Raft; of the example.
    &[
        "leader-elected",
        "leader-deposed",
        "first-commit",
        "leader-known",
        "split-vote",
        "uncommitted-entry-truncated",
        "commit-after-restart",
        "stale-term-message",
        "disk-damage-noticed",
    ],
    &["heard", "rumor-everywhere"],
    // Protocols.
    &["raft", "flooding"],
];

/// Which thing has which look, in all pictures of a report.
#[derive(Clone, Debug, Default)]
pub struct StyleBook {
    slots: BTreeMap<String, usize>,
}

impl StyleBook {
    /// Gives looks to all names of one sort that a report mentions. A name has its own look
    /// whatever stands beside it, but for the rare case that two have the very same one.
    #[must_use]
    pub fn new<'a>(names: impl Iterator<Item = &'a str>) -> StyleBook {
        let mut names: Vec<&str> = names.collect();
        // Fixed looks first: others give way to them.
        names.sort_unstable_by_key(|name| (fixed_slot(name).is_none(), *name));
        names.dedup();
        let mut slots = BTreeMap::new();
        let mut taken: Vec<(&str, usize)> = Vec::new();
        for name in names {
            let own = own_part(name);
            let first = own_slot(name);
            let is_free =
                |slot: &usize| taken.iter().all(|(other, taken)| taken != slot || *other == own);
            let slot = (first..first + LOOKS).map(|slot| slot % LOOKS).find(is_free);
            let slot = slot.unwrap_or(first);
            taken.push((own, slot));
            slots.insert(name.to_owned(), slot);
        }
        StyleBook { slots }
    }

    /// The look of a name.
    #[must_use]
    pub fn style(&self, name: &str) -> Style {
        let slot = self.slots.get(name).copied();
        Style::of_slot(slot.unwrap_or_else(|| own_slot(name)))
    }
}

/// A kind without the protocol that it was lifted from: `raft/vote` looks like `vote`.
fn own_part(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

fn fixed_slot(name: &str) -> Option<usize> {
    FIXED.iter().find_map(|names| names.iter().position(|known| *known == own_part(name)))
}

/// The slot of a name, whatever stands beside it: a fixed one, or one that depends on its letters
/// alone (FNV-1a).
fn own_slot(name: &str) -> usize {
    let hash = own_part(name).bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    fixed_slot(name).unwrap_or((hash % LOOKS as u64) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_looks_the_same_whatever_stands_beside_it() {
        let one = StyleBook::new(["vote", "append-entries"].into_iter());
        let other = StyleBook::new(["raft/vote", "zzz", "append-reply"].into_iter());
        assert_eq!(one.style("vote"), other.style("raft/vote"));
        // Whatever is added, and wherever in the alphabet it stands.
        let mut names = vec!["bid".to_owned(), "raft/bid".to_owned(), "offer".to_owned()];
        let before = StyleBook::new(names.iter().map(String::as_str));
        names.extend(["ask", "lot", "raft/vote", "zebra"].map(str::to_owned));
        let after = StyleBook::new(names.iter().map(String::as_str));
        for name in ["bid", "offer"] {
            assert_eq!(before.style(name), after.style(name));
            assert_eq!(after.style(name), StyleBook::default().style(name));
        }
        assert_eq!(after.style("bid"), after.style("raft/bid"));
    }

    #[test]
    fn names_of_one_protocol_differ_by_colour_as_long_as_there_are_colours() {
        for names in FIXED {
            let book = StyleBook::new(names.iter().copied());
            let few = names.iter().take(COLOURS.len());
            let mut colours: Vec<String> =
                few.map(|name| format!("{:?}", book.style(name).colour())).collect();
            colours.sort();
            colours.dedup();
            assert_eq!(colours.len(), names.len().min(COLOURS.len()), "{names:?}");
        }
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
