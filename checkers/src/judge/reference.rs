//! The reference page, made from the tables.

use std::fmt::Write as _;

use super::levels::Family;
use super::models::{Initial, MODELS, ModelKind};
use crate::formats::Format;

/// `docs/reference/models.md`: models, levels and formats, as the code knows them.
pub fn reference_page() -> String {
    let mut page = String::from(HEAD);
    page.push_str("\n## Models\n\n| model | is | levels, the usual one first |\n|---|---|---|\n");
    for model in MODELS {
        let levels = levels_in_words(model);
        let _ = writeln!(page, "| `{}` | {} | {levels} |", model.name, model.about);
    }
    page.push_str("\n## Levels\n");
    for family in Family::ALL {
        let (title, about) = (family.title(), family.about());
        let _ = writeln!(page, "\n### {title}\n\n{about}\n\n| level | demands |\n|---|---|");
        let mut told = Vec::new();
        for level in MODELS.iter().flat_map(ModelKind::levels) {
            if level.family() == family && !told.contains(&level) {
                told.push(level);
                let _ = writeln!(page, "| `{}` | {} |", level.name(), level.about());
            }
        }
    }
    page.push_str("\n## Formats\n\n| format | is |\n|---|---|\n");
    for format in Format::ALL {
        let _ = writeln!(page, "| `{format}` | {} |", format.about());
    }
    page.push_str(OPERATIONS);
    for model in MODELS {
        let _ = writeln!(page, "\n### {}\n\n{}.", model.name, capital(model.about));
        match model.initial {
            Initial::Value => page.push_str(" `--initial` is what it holds at first; else nil.\n"),
            Initial::Number => page.push_str(
                " `--initial` is what it holds at first; else 0, or of a bank what its first read \
                 shows.\n",
            ),
            Initial::Fixed => {}
        }
        page.push_str("\n| `:f` | `:value` |\n|---|---|\n");
        for (names, values) in model.operations {
            let names: Vec<String> = names.split(", ").map(|name| format!("`:{name}`")).collect();
            let _ = writeln!(page, "| {} | {values} |", names.join(", "));
        }
        let _ = writeln!(page, "\nIn `json-lines`:\n\n```json\n{}\n```", model.example.trim());
    }
    page
}

fn levels_in_words(model: &ModelKind) -> String {
    let levels = model.levels();
    let of = |family| levels.iter().filter(move |level| level.family() == family);
    let named = of(Family::Objects).chain(of(Family::Rules));
    let mut words: Vec<String> = named.map(|level| format!("`{}`", level.name())).collect();
    if of(Family::Registers).next().is_some() {
        words.push("those [of registers](#of-registers)".to_owned());
    }
    if let Some(first) = of(Family::Transactions).next() {
        words.push(format!("`{}`, all [of transactions](#of-transactions)", first.name()));
    }
    words.join(", ")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

const HEAD: &str = "\
# Models, levels and formats

What `seedbed judge` knows. This page is made from the code: `UPDATE_GOLDEN=1 cargo test -p
seedbed-checkers --test judging` writes it. How to use it all is in [judge.md](../judge.md).
";

const OPERATIONS: &str = "
## Operations

What each model's operations are called in `jepsen-edn`, `jepsen-json` and `jepsen-log`, and what
they look like in `json-lines`. An operation that ended `fail` never took place, unless the table of
[judge.md](../judge.md#what-an-end-means) says that this is an answer.
";
