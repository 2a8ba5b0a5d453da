//! Study files: read, and checked against the scenario that they vary.

use std::collections::BTreeMap;
use std::path::{Path as FilePath, PathBuf};

use serde_json::Value;

use crate::format::names::suggest;
use crate::format::{
    Catalog, DiskFiles, Document, Error, Errors, Loaded, Path, PublishedPoint, Scenario, Study,
    Varied, load,
};
use crate::sweep::{Vary, VaryError, grid_points};

/// A study that makes sense.
#[derive(Clone, Debug)]
pub struct LoadedStudy {
    /// What the file says.
    pub study: Study,
    /// Its scenario file.
    pub scenario: PathBuf,
    /// What is set at every point.
    pub set: Vec<(String, Value)>,
    /// What is varied.
    pub vary: Vec<Vary>,
}

/// Whether a file is a study rather than a scenario: it names a scenario.
#[must_use]
pub fn is_study(path: &FilePath) -> bool {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let value: Value = serde_json::from_str(&text).unwrap_or_default();
    value.get("scenario").is_some_and(Value::is_string)
}

/// Reads a study file: first its shape, then its scenario, then whether the two fit.
///
/// # Errors
/// What is wrong with either, with places.
pub fn load_study(path: &FilePath, catalog: &Catalog) -> Result<LoadedStudy, Errors> {
    let document = Document::read(&DiskFiles, path, &[])?;
    let study: Study = document
        .decode_at(&Path::root(), document.value())
        .map_err(|errors| gather(&document, errors))?;
    let folder = path.parent().unwrap_or(FilePath::new(""));
    let scenario = folder.join(&study.scenario);
    if !scenario.is_file() {
        let message = format!("there is no file `{}`", scenario.display());
        let help = Some("`scenario` is relative to the study's own file".to_owned());
        return Err(document.error(&Path::root().key("scenario"), message, help).into());
    }
    let base = load(&scenario, &[], catalog)?;
    let mut findings = Findings { document: &document, errors: Vec::new() };
    check_head(&study, &mut findings);
    let set: Vec<(String, Value)> = study.set.clone().into_iter().collect();
    let vary = check_grid(&study, &set, &mut findings);
    if findings.errors.is_empty() {
        check_values(&study, &scenario, catalog, &mut findings);
    }
    check_measures(&study, &base, catalog, &mut findings);
    check_published(&study, &mut findings);
    match Errors::collect(findings.errors) {
        Some(errors) => Err(errors),
        None => Ok(LoadedStudy { study, scenario, set, vary }),
    }
}

/// A list of errors that cannot be empty.
fn gather(document: &Document, errors: Vec<Error>) -> Errors {
    Errors::collect(errors)
        .unwrap_or_else(|| document.error(&Path::root(), "this is no study", None).into())
}

struct Findings<'a> {
    document: &'a Document,
    errors: Vec<Error>,
}

impl Findings<'_> {
    fn add(&mut self, path: &Path, message: impl Into<String>, help: Option<String>) {
        self.errors.push(self.document.error(path, message, help));
    }

    /// Demands one of some names.
    fn require(&mut self, path: &Path, what: &str, name: &str, valid: &[String]) {
        if !valid.iter().any(|known| known == name) {
            let help = suggest(name, valid.iter().map(String::as_str));
            self.add(path, format!("there is no {what} `{name}` here"), help);
        }
    }
}

fn check_head(study: &Study, findings: &mut Findings<'_>) {
    let root = Path::root();
    if study.format_version != 1 {
        findings.add(&root.key("format_version"), "this version reads studies of version 1", None);
    }
    if study.name.trim().is_empty() {
        findings.add(&root.key("name"), "a study has a name", None);
    }
    if study.seeds == Some(0) {
        findings.add(&root.key("seeds"), "without seeds nothing is studied", None);
    }
    if study.measures.is_empty() {
        findings.add(&root.key("measures"), "nothing is drawn", None);
    }
}

/// Reads what is varied as `--vary` does.
fn check_grid(study: &Study, set: &[(String, Value)], findings: &mut Findings<'_>) -> Vec<Vary> {
    let place = Path::root().key("vary");
    let mut vary = Vec::new();
    for (index, varied) in study.vary.iter().enumerate() {
        match Vary::new(&varied.path, varied.values.clone()) {
            Ok(one) if varied.labels.is_empty() || varied.labels.len() == one.values.len() => {
                vary.push(one);
            }
            Ok(one) => {
                let count = one.values.len();
                let message = format!("there are {count} values, and as many have labels, or none");
                findings.add(&place.index(index).key("labels"), message, None);
            }
            Err(VaryError(why)) => findings.add(&place.index(index), why, None),
        }
    }
    if let Err(VaryError(why)) = grid_points(set, &vary) {
        findings.add(&place, why, None);
    }
    vary
}

/// Every value must make a scenario that is right, beside the first values of the others.
fn check_values(
    study: &Study,
    scenario: &FilePath,
    catalog: &Catalog,
    findings: &mut Findings<'_>,
) {
    let firsts: BTreeMap<&str, &Value> = study
        .set
        .iter()
        .map(|(path, value)| (path.as_str(), value))
        .chain(study.vary.iter().filter_map(|it| Some((it.path.as_str(), it.values.first()?))))
        .collect();
    let load_with = |path: &str, value: &Value| {
        let mut point = firsts.clone();
        point.insert(path, value);
        let settings: Vec<String> =
            point.iter().map(|(path, value)| format!("{path}={value}")).collect();
        load(scenario, &settings, catalog)
    };
    let place = Path::root().key("vary");
    for (index, Varied { path, values, .. }) in study.vary.iter().enumerate() {
        for (number, value) in values.iter().enumerate() {
            if let Err(errors) = load_with(path, value) {
                let first = errors.list().first().map(|error| error.message().to_owned());
                let message = first.unwrap_or_else(|| "the scenario does not take it".to_owned());
                let place = place.index(index).key("values").index(number);
                findings.add(&place, message, None);
            }
        }
    }
    if study.vary.is_empty()
        && let Some((path, value)) = study.set.first_key_value()
        && let Err(errors) = load_with(path, value)
    {
        let first = errors.list().first().map(|error| error.message().to_owned());
        findings.add(&Path::root().key("set"), first.unwrap_or_default(), None);
    }
}

/// What of a scenario's runs can be drawn.
fn drawable(scenario: &Scenario, catalog: &Catalog) -> Vec<String> {
    let entries = scenario.protocol.names().filter_map(|name| catalog.protocols.get(name));
    let mut names: Vec<String> = catalog.measures.iter().map(|entry| entry.name.clone()).collect();
    for entry in entries {
        // Those of the protocol are taken only where the scenario names them.
        let taken = entry.measures.iter().filter(|one| scenario.wants_measure(&one.name));
        names.extend(taken.map(|one| one.name.clone()));
        for milestone in &entry.milestones {
            names.push(format!("milestones.{}", milestone.name));
            names.push(format!("milestones_after_heal.{}", milestone.name));
        }
        if let Some(service) = entry.service.as_ref().and_then(|name| catalog.services.get(name)) {
            names.extend(service.measures.iter().map(|one| one.name.clone()));
        }
    }
    names
}

fn check_measures(study: &Study, base: &Loaded, catalog: &Catalog, findings: &mut Findings<'_>) {
    let names = drawable(&base.scenario, catalog);
    let varied: Vec<String> = study.vary.iter().map(|varied| varied.path.clone()).collect();
    for (index, drawn) in study.measures.iter().enumerate() {
        let place = Path::root().key("measures").index(index);
        if is_untaken(&drawn.name, &base.scenario, catalog) {
            let message = format!("the scenario does not measure `{}`", drawn.name);
            let help = format!("add {{ \"name\": \"{}\" }} to its `measures`", drawn.name);
            findings.add(&place.key("name"), message, Some(help));
        } else {
            findings.require(&place.key("name"), "measure", &drawn.name, &names);
        }
        if let Some(against) = &drawn.against {
            findings.require(&place.key("against"), "varied field", against, &varied);
        }
    }
}

/// Whether a protocol has a measure, and the scenario does not name it.
fn is_untaken(name: &str, scenario: &Scenario, catalog: &Catalog) -> bool {
    let mut entries = scenario.protocol.names().filter_map(|name| catalog.protocols.get(name));
    let known = entries.any(|entry| entry.measures.iter().any(|one| one.name == name));
    known && !scenario.wants_measure(name)
}

fn check_published(study: &Study, findings: &mut Findings<'_>) {
    let measures: Vec<String> = study.measures.iter().map(|drawn| drawn.name.clone()).collect();
    for (index, published) in study.published.iter().enumerate() {
        let place = Path::root().key("published").index(index);
        let what = "measure that is drawn";
        findings.require(&place.key("measure"), what, &published.measure, &measures);
        for (number, point) in published.points.iter().enumerate() {
            check_point(study, point, &place.key("points").index(number), findings);
        }
    }
}

fn check_point(study: &Study, point: &PublishedPoint, place: &Path, findings: &mut Findings<'_>) {
    let varied: Vec<String> = study.vary.iter().map(|varied| varied.path.clone()).collect();
    for (path, value) in &point.at {
        let place = place.key("at").key(path);
        match study.vary.iter().find(|varied| varied.path == *path) {
            None => findings.require(&place, "varied field", path, &varied),
            Some(known) if known.values.contains(value) => {}
            Some(_) => findings.add(&place, format!("`{path}` never is {value} here"), None),
        }
    }
    for name in point.numbers.keys() {
        if !is_statistic(name) {
            let message = format!("`{name}` is no statistic");
            let help = Some("write `mean`, `min`, `max`, or a percentile such as `p50`".to_owned());
            findings.add(&place.key("numbers").key(name), message, help);
        }
    }
}

fn is_statistic(name: &str) -> bool {
    let percentile = name.strip_prefix('p').and_then(|digits| digits.parse::<f64>().ok());
    ["mean", "min", "max"].contains(&name)
        || percentile.is_some_and(|percent| (0.0..=100.0).contains(&percent))
}
