//! Puts one mistake into a scenario that is right, and says where it must be reported.

use seedbed_scenarios::format::{Path, Segment};
use serde_json::{Map, Value, json};

use crate::draw::Draw;
use crate::fits::fits;
use crate::writer::{alternatives, definition, required, type_of};

/// What is done wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// A value of another JSON type than any that is allowed there.
    WrongType,
    /// A name that nothing has.
    WrongName,
    /// A number or a time that is too small, too large, or without its unit.
    OutOfRange,
    /// A key that must be there is not.
    MissingKey,
    /// A key that nothing knows.
    ExtraKey,
    /// A wrong letter in a key.
    Typo,
}

impl Sort {
    pub const ALL: [Sort; 6] = [
        Sort::WrongType,
        Sort::WrongName,
        Sort::OutOfRange,
        Sort::MissingKey,
        Sort::ExtraKey,
        Sort::Typo,
    ];
}

/// A scenario with a mistake in it.
pub struct Mistake {
    pub scenario: Value,
    /// Where it must be reported: exactly there.
    pub place: Path,
    /// A word that the report must name, if there is one.
    pub word: Option<String>,
}

/// A place in a scenario where something can be done wrong.
#[derive(Clone, Debug)]
struct Site<'s> {
    path: Path,
    /// The schema of what stands there, references followed as far as there is one alternative.
    schema: &'s Value,
    /// The innermost definition that the value itself is of.
    definition: &'s str,
    /// The innermost key above.
    key: String,
}

/// One mistake of a sort, if the scenario has a place for it.
pub fn make(scenario: &Value, root: &Value, sort: Sort, draw: &mut Draw) -> Option<Mistake> {
    let mut sites = Vec::new();
    find_sites(scenario, root, (root, ""), &Path::root(), root, &mut sites);
    // A few attempts: not every place has room for every mistake.
    (0..40).find_map(|_| {
        let site = draw.one(&sites).clone();
        let value = site.path.find(scenario).expect("the site is there").clone();
        match sort {
            Sort::WrongType => wrong_type(scenario, &site, root, draw),
            Sort::WrongName => wrong_name(scenario, &site, &value),
            Sort::OutOfRange => out_of_range(scenario, &site, &value, draw),
            Sort::MissingKey => missing_key(scenario, &site, &value, root, draw),
            Sort::ExtraKey => extra_key(scenario, &site, &value),
            Sort::Typo => typo(scenario, &site, &value, draw),
        }
    })
}

/// Every value that the schema knows more of than that it may be anything.
fn find_sites<'s>(
    value: &Value,
    schema: &'s Value,
    (base, name): (&'s Value, &'s str),
    path: &Path,
    root: &'s Value,
    sites: &mut Vec<Site<'s>>,
) {
    if let Some((name, definition)) = definition(root, schema) {
        return find_sites(value, definition, (definition, name), path, root, sites);
    }
    // Of alternatives the one that is written; what stands there may be any of them, though.
    let choices = alternatives(schema);
    let is_top = path.0.is_empty();
    if let Some(chosen) = choices.iter().find(|one| fits(value, one, root)).filter(|_| !is_top) {
        let (inner, name) = match definition(root, chosen) {
            // `"n1"` is a selector among several, but as wrong as a list is.
            Some((inner_name, inner)) => (inner, inner_name),
            None => (*chosen, name),
        };
        let before = sites.len();
        find_sites(value, inner, (base, name), path, root, sites);
        if let Some(site) = sites.get_mut(before).filter(|site| site.path == *path) {
            site.schema = schema;
        }
        return;
    }
    let key = path.last_key().unwrap_or_default().to_owned();
    if schema.as_object().is_some_and(|words| words.keys().any(|word| word != "description")) {
        sites.push(Site { path: path.clone(), schema, definition: name, key });
    }
    for (key, inner) in value.as_object().into_iter().flatten().filter(|(k, _)| *k != "$comment") {
        let known = schema["properties"].get(key);
        let known =
            known.or_else(|| Some(&schema["additionalProperties"]).filter(|s| s.is_object()));
        if let Some(schema) = known {
            find_sites(inner, schema, (schema, name), &path.key(key), root, sites);
        }
    }
    let prefix = schema["prefixItems"].as_array();
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        let schema = prefix.and_then(|prefix| prefix.get(index)).unwrap_or(&schema["items"]);
        if !schema.is_null() {
            find_sites(item, schema, (schema, name), &path.index(index), root, sites);
        }
    }
}

/// The scenario with another value at a path.
fn with(scenario: &Value, path: &Path, value: Value) -> Value {
    let mut changed = scenario.clone();
    *at(&mut changed, path) = value;
    changed
}

fn at<'v>(value: &'v mut Value, path: &Path) -> &'v mut Value {
    path.0.iter().fold(value, |value, segment| match segment {
        Segment::Key(key) => &mut value[key],
        Segment::Index(index) => &mut value[*index],
    })
}

fn replaced(scenario: &Value, site: &Site<'_>, value: Value) -> Option<Mistake> {
    let scenario = with(scenario, &site.path, value);
    Some(Mistake { scenario, place: site.path.clone(), word: None })
}

/// Whether a schema allows any value of a JSON type.
fn allows(name: &str, schema: &Value, root: &Value) -> bool {
    if let Some((_, definition)) = definition(root, schema) {
        return allows(name, definition, root);
    }
    let choices = alternatives(schema);
    if !choices.is_empty() {
        return choices.iter().any(|choice| allows(name, choice, root));
    }
    if let Some(word) = schema.get("const") {
        return name == "string" && word.is_string();
    }
    match type_of(schema) {
        "" => schema.get("enum").is_none_or(|_| name == "string"),
        "integer" => name == "number",
        one => name == one,
    }
}

fn wrong_type(scenario: &Value, site: &Site<'_>, root: &Value, draw: &mut Draw) -> Option<Mistake> {
    let strange = [
        ("boolean", json!(true)),
        ("number", json!(7)),
        ("string", json!("a text")),
        ("array", json!([[[]]])),
        ("object", json!({"a": 1, "b": 2})),
    ];
    let (name, value) = draw.one(&strange);
    let is_wrong = !allows(name, site.schema, root) && !site.path.0.is_empty();
    is_wrong.then(|| replaced(scenario, site, value.clone())).flatten()
}

/// Keys whose values are names that others give.
const NAME_KEYS: [&str; 4] = ["kind", "milestone", "property", "ref"];

fn wrong_name(scenario: &Value, site: &Site<'_>, value: &Value) -> Option<Mistake> {
    let text = value.as_str()?;
    let of_names = NAME_KEYS.contains(&site.key.as_str()) && site.definition != "Nanos"
        || site.definition == "Selector"
        || site.key == "protocol"
        || site.key == "name" && ["MilestoneCheck", "Measure"].contains(&site.definition);
    let is_word = site.schema.get("oneOf").is_some() || site.schema.get("enum").is_some();
    if !of_names && !is_word {
        return None;
    }
    replaced(scenario, site, json!(format!("{text}zzz")))
}

/// What is wrong for each sort of value.
fn wrong_values(site: &Site<'_>) -> Vec<Value> {
    let mut found = match site.definition {
        "Nanos" => vec![json!("5"), json!("-5ms"), json!("5 parsecs"), json!("")],
        "SignedNanos" => vec![json!("5"), json!("5 parsecs"), json!("--5ms")],
        "Chance" => vec![json!("150%"), json!(1.5), json!(-0.1), json!("-1%"), json!("half")],
        "Drift" => vec![json!("20"), json!("20%"), json!("ppm")],
        "Comparison" => vec![json!("3"), json!("<"), json!("<-1"), json!("=<3")],
        "Amount" => vec![json!("200 apples"), json!(-1), json!("kB")],
        _ => Vec::new(),
    };
    if found.is_empty() && type_of(site.schema) == "integer" {
        found.push(json!(-1));
        found.push(json!(1.5));
        if let Some(maximum) = site.schema["maximum"].as_u64() {
            found.push(json!(maximum + 1));
        }
        if site.schema["minimum"].as_u64().is_some_and(|least| least > 0) {
            found.push(json!(0));
        }
    }
    found
}

fn out_of_range(
    scenario: &Value,
    site: &Site<'_>,
    value: &Value,
    draw: &mut Draw,
) -> Option<Mistake> {
    // A value that is one of several forms is no longer of its form when it is wrong.
    if value.is_object() || value.is_array() {
        return None;
    }
    let wrong = wrong_values(site);
    (!wrong.is_empty()).then(|| replaced(scenario, site, draw.one(&wrong).clone())).flatten()
}

/// The alternative of a schema that a value is written in.
fn written_form<'s>(site: &Site<'s>, value: &Value, root: &'s Value) -> &'s Value {
    let choices = alternatives(site.schema);
    let chosen = choices.into_iter().find(|one| fits(value, one, root)).unwrap_or(site.schema);
    definition(root, chosen).map_or(chosen, |(_, inner)| inner)
}

fn missing_key(
    scenario: &Value,
    site: &Site<'_>,
    value: &Value,
    root: &Value,
    draw: &mut Draw,
) -> Option<Mistake> {
    let mut fields: Map<String, Value> = value.as_object()?.clone();
    let form = written_form(site, value, root);
    let keys = if site.path.0.is_empty() {
        vec!["format_version", "name", "nodes", "protocol"]
    } else {
        required(form)
    };
    if keys.is_empty() {
        return None;
    }
    let key = *draw.one(&keys);
    fields.remove(key)?;
    let word = (!has_one_key(value, site)).then(|| key.to_owned());
    Some(Mistake { word, ..replaced(scenario, site, Value::Object(fields))? })
}

/// Whether an object is one that names its one key.
fn has_one_key(value: &Value, site: &Site<'_>) -> bool {
    let of_one =
        ["Fault", "Step", "SequenceStep", "Latency", "Condition", "Check", "Named", "Band"];
    value.as_object().is_some_and(|fields| fields.keys().filter(|k| *k != "$comment").count() == 1)
        && (of_one.contains(&site.definition) || alternatives(site.schema).len() > 1)
}

fn extra_key(scenario: &Value, site: &Site<'_>, value: &Value) -> Option<Mistake> {
    let mut fields = value.as_object()?.clone();
    if site.schema["additionalProperties"].is_object() {
        return None;
    }
    fields.insert("superfluous".to_owned(), json!(1));
    let mistake = replaced(scenario, site, Value::Object(fields))?;
    let word = Some("superfluous".to_owned());
    if has_one_key(value, site) {
        // Which of the two is one too many only the author knows.
        return Some(Mistake { word: None, ..mistake });
    }
    Some(Mistake { place: site.path.key("superfluous"), word, ..mistake })
}

fn typo(scenario: &Value, site: &Site<'_>, value: &Value, draw: &mut Draw) -> Option<Mistake> {
    let mut fields = value.as_object()?.clone();
    // Names that the author chooses are right whatever they are.
    if ["zones", "bind"].contains(&site.key.as_str()) {
        return None;
    }
    let keys: Vec<String> = fields.keys().filter(|key| !key.starts_with('$')).cloned().collect();
    if keys.is_empty() {
        return None;
    }
    let key = draw.one(&keys);
    let place = draw.between(0, key.len() as u64 - 1) as usize;
    let letter = if key.as_bytes()[place] == b'z' { "y" } else { "z" };
    let mut wrong = key.clone();
    wrong.replace_range(place..=place, letter);
    let inner = fields.remove(key)?;
    fields.insert(wrong.clone(), inner);
    let mistake = replaced(scenario, site, Value::Object(fields))?;
    Some(Mistake { place: site.path.key(&wrong), word: Some(wrong), ..mistake })
}
