//! The curves of one scenario: their names, their looks, and what is said of all its pictures.

use std::collections::BTreeSet;

use seedbed_scenarios::format::{Drawn, Study};
use serde_json::Value;

use crate::figure::{Style, StyleBook, grouped};
use crate::results::{Group, Quantity, Results, Source};

use super::looks::Looks;
use super::names::Names;
use super::unit::{self, value_text};

/// More curves than this nobody tells apart.
pub(super) const CURVES_MAX: usize = 12;

/// Everything that pictures of one scenario share.
pub(super) struct Scene<'a> {
    /// What file names begin with, if there are several scenarios.
    prefix: String,
    pub members: Vec<Member<'a>>,
    /// Paths that differ between members, in the order of the grid.
    pub varied: Vec<String>,
    names: Names,
    pub looks: Looks,
    pub kinds: StyleBook,
    pub milestones: StyleBook,
    pub study: Option<&'a Study>,
    /// What pictures of all members say about their runs.
    pub source: String,
    sources: &'a [Source],
}

/// One group, as pictures show it.
pub(super) struct Member<'a> {
    pub group: &'a Group,
    pub label: String,
    pub style: Style,
    parts: Vec<Part>,
}

/// What a label says of one path, or (without one) of the source or the protocol.
struct Part {
    path: Option<String>,
    text: String,
}

fn joined<'p>(parts: impl Iterator<Item = &'p Part>) -> String {
    parts.map(|part| part.text.as_str()).collect::<Vec<&str>>().join(", ")
}

impl Member<'_> {
    /// Makes the label known, and what pictures against a path make of it.
    fn teach(&self, looks: &mut Looks) {
        let sort = |without: Option<&str>| {
            let paths = self.parts.iter().map(|part| part.path.as_deref());
            let kept = paths.filter(|path| path.is_none() || *path != without);
            kept.map(Option::unwrap_or_default).collect::<Vec<&str>>().join(" ")
        };
        looks.learn(&self.label, sort(None));
        for path in self.parts.iter().filter_map(|part| part.path.as_deref()) {
            looks.learn(&self.label_without(path), sort(Some(path)));
        }
    }

    /// The label without what it says of a path.
    pub(super) fn label_without(&self, path: &str) -> String {
        joined(self.parts.iter().filter(|part| part.path.as_deref() != Some(path)))
    }
}

/// The scenes of the wanted scenarios, in the order of results; of all if none is named.
pub(super) fn scenes<'a>(results: &'a Results, wanted: &[String]) -> Vec<Scene<'a>> {
    let mut names: Vec<&str> = Vec::new();
    for group in &results.groups {
        if !names.contains(&group.scenario.as_str()) {
            names.push(&group.scenario);
        }
    }
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|other| other == name);
    let all = || results.groups.iter();
    let kinds = StyleBook::new(all().flat_map(kinds_of));
    let milestones = StyleBook::new(all().flat_map(milestones_of));
    let protocols = StyleBook::new(all().map(|group| group.protocol.as_str()));
    let many = names.iter().filter(|name| is_wanted(name)).count() > 1;
    let scene = |name: &&'_ str| {
        let groups: Vec<&Group> = all().filter(|group| group.scenario == **name).collect();
        let varied = varied_paths(results, &groups);
        let study = groups.iter().find_map(|group| results.sources[group.source].study.as_ref());
        let names = Names::new(varied.iter().map(String::as_str));
        let members = members_of(results, &groups, (&varied, &names, study));
        Scene {
            prefix: if many { format!("{}-", slug(name)) } else { String::new() },
            source: source_line(&results.sources, &groups, ""),
            sources: &results.sources,
            members,
            varied,
            names,
            looks: Looks::default(),
            kinds: kinds.clone(),
            milestones: milestones.clone(),
            study,
        }
    };
    let mut scenes: Vec<(&str, Scene<'a>)> =
        names.iter().map(|name| (*name, scene(name))).collect();
    // Over all scenarios, whichever are wanted: the same label has one look.
    let mut looks = Looks::default();
    let members = scenes.iter().flat_map(|(_, scene)| &scene.members);
    members.for_each(|member| member.teach(&mut looks));
    for scene in scenes.iter_mut().map(|(_, scene)| scene) {
        scene.looks = looks.clone();
        for member in &mut scene.members {
            // Protocols have their own looks where nothing else differs.
            let is_protocol = member.label == member.group.protocol;
            let book = Some(&protocols).filter(|_| is_protocol);
            let label = &member.label;
            member.style = book.map_or_else(|| looks.style(label), |book| book.style(label));
        }
    }
    scenes.into_iter().filter(|(name, _)| is_wanted(name)).map(|(_, scene)| scene).collect()
}

fn kinds_of(group: &Group) -> impl Iterator<Item = &str> {
    let timed = group.series.iter().flat_map(|series| series.timeline.sent.keys());
    group.by_kind.keys().chain(timed).map(String::as_str)
}

fn milestones_of(group: &Group) -> impl Iterator<Item = &str> {
    let timed = group.quantities.keys().filter_map(|quantity| match quantity {
        Quantity::Milestone(name) | Quantity::AfterHeal(name) => Some(name.as_str()),
        Quantity::Measure(_) => None,
    });
    let reached = group.series.iter().flat_map(|series| series.reached.keys());
    timed.chain(reached.map(String::as_str))
}

/// Paths whose values differ: those of `--vary` in its order, then others.
fn varied_paths(results: &Results, groups: &[&Group]) -> Vec<String> {
    let mut paths: Vec<&str> = Vec::new();
    let sources: BTreeSet<usize> = groups.iter().map(|group| group.source).collect();
    let given = sources.iter().flat_map(|source| &results.sources[*source].vary);
    let others = groups.iter().flat_map(|group| group.point.keys());
    for path in given.map(|(path, _)| path).chain(others) {
        if !paths.contains(&path.as_str()) {
            paths.push(path);
        }
    }
    let differs = |path: &&str| {
        let first = groups.first().and_then(|group| group.point.get(*path));
        groups.iter().any(|group| group.point.get(*path) != first)
    };
    paths.into_iter().filter(differs).map(str::to_owned).collect()
}

fn members_of<'a>(
    results: &Results,
    groups: &[&'a Group],
    (varied, names, study): (&[String], &Names, Option<&Study>),
) -> Vec<Member<'a>> {
    let first = groups.first();
    let many_sources = groups.iter().any(|group| Some(group.source) != first.map(|g| g.source));
    let many_protocols =
        groups.iter().any(|group| Some(&group.protocol) != first.map(|g| &g.protocol));
    let member = |group: &&'a Group| {
        let mut parts: Vec<Part> = Vec::new();
        if many_sources {
            let text = results.sources[group.source].label.clone();
            parts.push(Part { path: None, text });
        }
        if many_protocols {
            parts.push(Part { path: None, text: group.protocol.clone() });
        }
        for path in varied {
            let text = match group.point.get(path) {
                Some(value) => value_name(study, names, path, value),
                None => format!("{} as in the scenario", names.of(path)),
            };
            parts.push(Part { path: Some(path.clone()), text });
        }
        Member { group, label: joined(parts.iter()), style: Style::of_slot(0), parts }
    };
    groups.iter().map(member).collect()
}

/// A value of a path as legends show it: by the study's label, else `nodes 3`.
fn value_name(study: Option<&Study>, names: &Names, path: &str, value: &Value) -> String {
    let varied = study.into_iter().flat_map(|study| &study.vary);
    let label = varied.filter(|varied| varied.path == path).find_map(|varied| {
        let place = varied.values.iter().position(|other| other == value)?;
        varied.labels.get(place).cloned()
    });
    label.unwrap_or_else(|| format!("{} {}", names.of(path), value_text(value)))
}

/// Which runs a picture shows: of one group of several, `label` says which.
fn source_line(sources: &[Source], groups: &[&Group], label: &str) -> String {
    let runs: u64 = groups.iter().map(|group| group.runs).sum();
    let mut protocols: Vec<&str> = groups.iter().map(|group| group.protocol.as_str()).collect();
    protocols.sort_unstable();
    protocols.dedup();
    let scenario = groups.first().map_or("", |group| group.scenario.as_str());
    let points = match groups.len() {
        0 | 1 => String::new(),
        count => format!(" in {count} groups"),
    };
    let rounded = groups.iter().flat_map(|group| group.quantities.values());
    let rounded = rounded.into_iter().any(crate::results::Sample::is_rounded);
    let precision = if rounded { "; values from histograms, to 0.4 %" } else { "" };
    let mut set: Vec<String> = Vec::new();
    if let Some(group) = groups.first() {
        let given = sources[group.source].vary.iter().map(|(path, _)| path);
        let given: Vec<&String> = given.collect();
        let same = group.point.iter().filter(|(path, value)| {
            !given.contains(path)
                && groups.iter().all(|other| other.point.get(*path) == Some(value))
        });
        set = same.map(|(path, value)| format!("{path} = {}", value_text(value))).collect();
    }
    let set = if set.is_empty() { String::new() } else { format!("; {}", set.join(", ")) };
    let protocols = protocols.join(", ");
    let label = if label.is_empty() { String::new() } else { format!(", {label}") };
    let runs = count_of(runs, "run");
    format!("Scenario {scenario} ({protocols}){label}, {runs}{points}{set}{precision}.")
}

/// `1 run`, `1,200 runs`.
pub(super) fn count_of(count: u64, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", grouped(count))
}

/// A text as part of a file name.
pub(super) fn slug(text: &str) -> String {
    let mut name = String::new();
    for letter in text.chars() {
        let letter = if letter.is_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
        if letter != '-' || !(name.is_empty() || name.ends_with('-')) {
            name.push(letter);
        }
    }
    name.trim_end_matches('-').to_owned()
}

impl<'a> Scene<'a> {
    /// The name of a picture's files.
    pub(super) fn name(&self, what: &str) -> String {
        format!("{}{}", self.prefix, slug(what))
    }

    /// What a picture of some members says about its runs.
    pub(super) fn source_of(&self, members: &[&Member<'a>]) -> String {
        let groups: Vec<&Group> = members.iter().map(|member| member.group).collect();
        let label = match members {
            [one] if self.members.len() > 1 => one.label.as_str(),
            _ => "",
        };
        source_line(self.sources, &groups, label)
    }

    /// A value of a path as legends show it.
    pub(super) fn value_name(&self, path: &str, value: &Value) -> String {
        value_name(self.study, &self.names, path, value)
    }

    /// What a varied path is called.
    pub(super) fn short<'p>(&'p self, path: &'p str) -> &'p str {
        self.names.of(path)
    }

    /// The members that are drawn one curve each, and a note if those are not all.
    pub(super) fn shown(&self) -> (Vec<&Member<'a>>, Option<String>) {
        let count = self.members.len();
        if count <= CURVES_MAX {
            return (self.members.iter().collect(), None);
        }
        let last = count - 1;
        let picked = (0..CURVES_MAX).map(|step| &self.members[step * last / (CURVES_MAX - 1)]);
        let note = format!("{CURVES_MAX} of {count} groups are drawn, evenly chosen.");
        (picked.collect(), Some(note))
    }

    /// Everything that is one number a run.
    pub(super) fn quantities(&self) -> Vec<Quantity> {
        let all = self.members.iter().flat_map(|member| member.group.quantities.keys());
        let unique: BTreeSet<&Quantity> = all.collect();
        unique.into_iter().cloned().collect()
    }

    /// The pictures that the study asks for.
    pub(super) fn studied(&self) -> &'a [Drawn] {
        self.study.map_or(&[], |study| &study.measures)
    }

    /// The values of a varied path, each once, in the order of the grid.
    pub(super) fn values_of(&self, path: &str) -> Vec<&'a Value> {
        let mut values: Vec<&Value> = Vec::new();
        for value in self.members.iter().filter_map(|member| member.group.point.get(path)) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        values
    }

    /// The varied paths all of whose values are numbers of one unit.
    pub(super) fn numeric_paths(&self) -> Vec<String> {
        let numeric = |path: &&String| unit::numbers(&self.values_of(path)).is_some();
        self.varied.iter().filter(numeric).cloned().collect()
    }
}
