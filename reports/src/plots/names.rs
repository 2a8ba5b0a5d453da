//! What paths of the grid are called: by as few of their last parts as tell them apart.

use std::collections::BTreeMap;

/// Short names of paths, each different from all others.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    short: BTreeMap<String, String>,
}

impl Names {
    /// Names for paths that stand beside each other.
    pub(super) fn new<'a>(paths: impl Iterator<Item = &'a str>) -> Names {
        let mut paths: Vec<&str> = paths.collect();
        paths.sort_unstable();
        paths.dedup();
        let short = |path: &&str| ((*path).to_owned(), shortest(path, &paths).to_owned());
        Names { short: paths.iter().map(short).collect() }
    }

    /// The short name of a path; one that nobody has heard of is called by its last part.
    pub(super) fn of<'a>(&'a self, path: &'a str) -> &'a str {
        self.short.get(path).map_or_else(|| ending(path, 1), String::as_str)
    }
}

/// The last `parts` parts of a path.
fn ending(path: &str, parts: usize) -> &str {
    path.rmatch_indices('.').nth(parts - 1).map_or(path, |(dot, _)| &path[dot + 1..])
}

/// The shortest ending of a path that no other path has.
fn shortest<'a>(path: &'a str, paths: &[&str]) -> &'a str {
    let all = path.split('.').count();
    let is_own = |parts: &usize| {
        let own = ending(path, *parts);
        paths.iter().all(|other| *other == path || ending(other, *parts) != own)
    };
    ending(path, (1..all).find(is_own).unwrap_or(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_long_as_it_takes_to_tell_paths_apart() {
        let paths = ["faults[0].crash.for", "faults[1].pause.for", "for", "params.batch"];
        let names = Names::new(paths.into_iter());
        let short = paths.map(|path| names.of(path));
        assert_eq!(short, ["crash.for", "pause.for", "for", "batch"]);
        let names = Names::new(["faults[0].crash.for", "faults[1].crash.for"].into_iter());
        assert_eq!(names.of("faults[1].crash.for"), "faults[1].crash.for");
        assert_eq!(names.of("params.other"), "other");
    }
}
