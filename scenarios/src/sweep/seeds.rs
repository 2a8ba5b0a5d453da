//! Which seeds a sweep runs.

use std::collections::BTreeMap;

use seedbed_sim::rng::mix;
use serde_json::{Value, json};

use crate::canonical;

/// What `--seeds` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeedRange {
    /// `200`: so many, from the first seed on.
    Count(u64),
    /// `5..10`: without 10.
    Span {
        /// The first one.
        from: u64,
        /// The one after the last.
        until: u64,
    },
    /// `random:50`: so many that nobody has chosen.
    Random(u64),
}

/// The seeds of every unit of a sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seeds {
    /// As many as each scenario says.
    Own {
        /// The first one.
        from: u64,
    },
    /// The same for all.
    Range {
        /// The first one.
        from: u64,
        /// How many.
        count: u64,
    },
    /// Drawn from a base, so that the base is enough to draw them again.
    Random {
        /// What they are drawn from.
        base: u64,
        /// How many.
        count: u64,
    },
    /// Round and round all scenarios until the time is up.
    Rounds {
        /// The first one.
        from: u64,
    },
    /// Picked ones, by the place of the unit in the plan.
    Picked(BTreeMap<usize, Vec<u64>>),
}

/// Part `part` of `parts`, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    part: u64,
    parts: u64,
}

/// Why a text names no seeds or no shard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SeedsError(String);

impl SeedRange {
    /// Reads `200`, `5..10` or `random:50`.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<SeedRange, SeedsError> {
        if let Some(count) = text.strip_prefix("random:") {
            return Ok(SeedRange::Random(number(count)?));
        }
        let Some((from, until)) = text.split_once("..") else {
            return Ok(SeedRange::Count(number(text)?));
        };
        if until.starts_with('=') {
            return Err(SeedsError(format!("`{text}`: the end is excluded; write `A..B`")));
        }
        let (from, until) = (number(from)?, number(until)?);
        if until < from {
            return Err(SeedsError(format!("`{text}` ends before it begins")));
        }
        Ok(SeedRange::Span { from, until })
    }
}

fn number(text: &str) -> Result<u64, SeedsError> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let parsed = if plain { text.parse().ok() } else { None };
    let wrong = || format!("`{text}` is no number of seeds: write `200`, `5..10` or `random:50`");
    parsed.ok_or_else(|| SeedsError(wrong()))
}

/// The first seed that a text (a commit's hash, a date) stands for.
///
/// It leaves room above: the seeds that count on from it stay numbers in JSON.
#[must_use]
pub fn first_seed_of(text: &str) -> u64 {
    canonical::hash_bytes(text.as_bytes()) >> 12
}

impl Seeds {
    /// The seed at a position of a unit, which by itself would run `own` seeds; `None` past the
    /// last.
    #[must_use]
    pub fn at(&self, unit: usize, own: u64, position: u64) -> Option<u64> {
        let inside = self.count(unit, own).is_none_or(|count| position < count);
        match self {
            _ if !inside => None,
            Seeds::Own { from } | Seeds::Range { from, .. } | Seeds::Rounds { from } => {
                from.checked_add(position)
            }
            Seeds::Random { base, .. } => Some(mix(*base, position)),
            Seeds::Picked(picked) => picked.get(&unit)?.get(position as usize).copied(),
        }
    }

    /// How many seeds a unit has; `None` if there is no end.
    #[must_use]
    pub fn count(&self, unit: usize, own: u64) -> Option<u64> {
        match self {
            Seeds::Own { .. } => Some(own),
            Seeds::Range { count, .. } | Seeds::Random { count, .. } => Some(*count),
            Seeds::Rounds { .. } => None,
            Seeds::Picked(picked) => Some(picked.get(&unit).map_or(0, Vec::len) as u64),
        }
    }

    /// For the header of the results; not for picked seeds the units' names.
    #[must_use]
    pub fn to_json(&self) -> Value {
        // Strings, because any of these may lie above 2^53.
        match self {
            Seeds::Own { from } => json!({"own": {"from": from.to_string()}}),
            Seeds::Range { from, count } => {
                json!({"range": {"from": from.to_string(), "count": count.to_string()}})
            }
            Seeds::Random { base, count } => {
                json!({"random": {"base": base.to_string(), "count": count.to_string()}})
            }
            Seeds::Rounds { from } => json!({"rounds": {"from": from.to_string()}}),
            Seeds::Picked(picked) => {
                let picked: BTreeMap<String, Vec<String>> = picked
                    .iter()
                    .map(|(unit, seeds)| {
                        (unit.to_string(), seeds.iter().map(u64::to_string).collect())
                    })
                    .collect();
                json!({ "picked": picked })
            }
        }
    }

    /// Reads what [`Seeds::to_json`] wrote.
    #[must_use]
    pub fn from_json(value: &Value) -> Option<Seeds> {
        let (kind, fields) = value.as_object()?.iter().next()?;
        let field = |name: &str| fields.get(name)?.as_str()?.parse::<u64>().ok();
        match kind.as_str() {
            "own" => Some(Seeds::Own { from: field("from")? }),
            "range" => Some(Seeds::Range { from: field("from")?, count: field("count")? }),
            "random" => Some(Seeds::Random { base: field("base")?, count: field("count")? }),
            "rounds" => Some(Seeds::Rounds { from: field("from")? }),
            "picked" => {
                let units = fields.as_object()?.iter().map(|(unit, seeds)| {
                    let seeds = seeds.as_array()?.iter();
                    let seeds = seeds.map(|seed| seed.as_str()?.parse::<u64>().ok());
                    Some((unit.parse::<usize>().ok()?, seeds.collect::<Option<Vec<u64>>>()?))
                });
                Some(Seeds::Picked(units.collect::<Option<BTreeMap<_, _>>>()?))
            }
            _ => None,
        }
    }
}

impl Shard {
    /// All of it: the only part of one.
    pub const WHOLE: Shard = Shard { part: 1, parts: 1 };

    /// Reads `2/5`.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Shard, SeedsError> {
        if text == "auto" {
            let message = "`--shard auto` is not there yet: write `--shard 2/5`, for example \
                           `--shard $((SLURM_ARRAY_TASK_ID+1))/64`";
            return Err(SeedsError(message.to_owned()));
        }
        let wrong = || SeedsError(format!("`{text}` is no shard: write `2/5`, the second of five"));
        let (part, parts) = text.split_once('/').ok_or_else(wrong)?;
        let part = number(part).map_err(|_| wrong())?;
        let parts = number(parts).map_err(|_| wrong())?;
        if part == 0 || part > parts {
            return Err(SeedsError(format!("`{text}` is no shard: they count from 1 to {parts}")));
        }
        Ok(Shard { part, parts })
    }

    /// Whether this is all there is.
    #[must_use]
    pub fn is_whole(self) -> bool {
        self.parts == 1
    }

    /// How many of the first `count` positions are this shard's.
    #[must_use]
    pub fn count_of(self, count: u64) -> u64 {
        // Position p belongs to part p % parts + 1.
        (count + self.parts - self.part) / self.parts
    }

    /// The position of this shard's run number `index`.
    #[must_use]
    pub fn position(self, index: u64) -> u64 {
        index * self.parts + self.part - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_and_mistakes_named() {
        assert_eq!(SeedRange::parse("200"), Ok(SeedRange::Count(200)));
        assert_eq!(SeedRange::parse("5..10"), Ok(SeedRange::Span { from: 5, until: 10 }));
        assert_eq!(SeedRange::parse("5..5"), Ok(SeedRange::Span { from: 5, until: 5 }));
        assert_eq!(SeedRange::parse("random:7"), Ok(SeedRange::Random(7)));
        for wrong in ["", "x", "-1", "+1", "10..5", "5..=10", "random:", "1..", "..2", "1e3"] {
            assert!(SeedRange::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn shards_share_every_position_once() {
        for (count, parts) in [(0, 3), (1, 3), (7, 3), (9, 3), (10, 1), (2, 5)] {
            let mut all: Vec<u64> = Vec::new();
            for part in 1..=parts {
                let shard = Shard::parse(&format!("{part}/{parts}")).unwrap();
                all.extend((0..shard.count_of(count)).map(|index| shard.position(index)));
            }
            all.sort();
            assert_eq!(all, (0..count).collect::<Vec<u64>>(), "{count} in {parts}");
        }
        for wrong in ["0/3", "4/3", "1/0", "1", "a/b", "1/2/3", "auto", ""] {
            assert!(Shard::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_header_s_seeds_can_be_read_back() {
        let all = [
            Seeds::Own { from: 3 },
            Seeds::Range { from: 1, count: u64::MAX },
            Seeds::Random { base: u64::MAX, count: 9 },
            Seeds::Rounds { from: 0 },
            Seeds::Picked(BTreeMap::from([(2, vec![5, u64::MAX])])),
        ];
        for seeds in all {
            assert_eq!(Seeds::from_json(&seeds.to_json()), Some(seeds));
        }
    }

    #[test]
    fn random_seeds_differ_and_repeat_with_their_base() {
        let seeds = Seeds::Random { base: 5, count: 100 };
        let drawn: std::collections::BTreeSet<u64> =
            (0..100).map(|position| seeds.at(0, 1, position).unwrap()).collect();
        assert_eq!(drawn.len(), 100);
        assert_eq!(seeds.at(0, 1, 100), None);
        assert_eq!(seeds.at(0, 1, 7), Seeds::Random { base: 5, count: 8 }.at(3, 1, 7));
    }

    #[test]
    fn a_text_stands_for_one_small_enough_seed() {
        assert_eq!(first_seed_of("abc"), first_seed_of("abc"));
        assert_ne!(first_seed_of("abc"), first_seed_of("abd"));
        assert!(first_seed_of("abc") < 1 << 52);
    }
}
