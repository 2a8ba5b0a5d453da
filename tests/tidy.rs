//! What can be checked of the rules in ARCHITECTURE.md and CONTRIBUTING.md by reading the tree.

use std::fs;
use std::path::{Path, PathBuf};

/// The longest line, in characters.
const COLUMNS_MAX: usize = 100;
/// The longest source file, in lines, tests apart.
const LINES_MAX: usize = 700;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file of the project, build results apart.
fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The crates of ours that a manifest names under `[dependencies]`.
fn own_dependencies(manifest: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(manifest)).expect("a manifest");
    let section = text.split("\n[dependencies]\n").nth(1).unwrap_or_default();
    let section = section.split("\n[").next().unwrap_or_default();
    let names = section.lines().filter_map(|line| line.split(['.', ' ', '=']).next());
    names.filter(|name| name.starts_with("seedbed")).map(str::to_owned).collect()
}

/// Arrows point one way: `src -> reports -> scenarios -> protocols -> {sim, checkers}`.
#[test]
fn dependencies_point_one_way() {
    let allowed: [(&str, &[&str]); 5] = [
        ("sim/Cargo.toml", &[]),
        ("checkers/Cargo.toml", &[]),
        ("protocols/Cargo.toml", &["seedbed-checkers", "seedbed-sim"]),
        ("scenarios/Cargo.toml", &["seedbed-checkers", "seedbed-protocols", "seedbed-sim"]),
        ("reports/Cargo.toml", &["seedbed-scenarios"]),
    ];
    for (manifest, allowed) in allowed {
        for name in own_dependencies(manifest) {
            assert!(allowed.contains(&name.as_str()), "{manifest} must not depend on {name}");
        }
    }
}

/// The kernel knows no JSON, no file and no thread, because it depends on nothing that does.
#[test]
fn the_kernel_has_almost_no_dependencies() {
    let text = fs::read_to_string(root().join("sim/Cargo.toml")).expect("a manifest");
    let section = text.split("\n[dependencies]\n").nth(1).expect("a section");
    let section = section.split("\n[").next().unwrap_or_default();
    let names: Vec<&str> = section
        .lines()
        .filter(|line| !line.is_empty())
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .collect();
    assert_eq!(names, ["libm", "rand_chacha", "serde"]);
}

/// Nothing that decides anything in `sim` or `protocols` may be random, or know the wall clock.
#[test]
fn simulated_code_has_no_hidden_inputs() {
    let banned = ["std::thread", "std::fs", "std::env", "SystemTime", "Instant::", "HashMap<"];
    for path in sources() {
        let inside = path.strip_prefix(root()).expect("inside").to_string_lossy().into_owned();
        if !inside.starts_with("sim/src") && !inside.starts_with("protocols/src") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a source file");
        for word in banned {
            assert!(!text.contains(word), "{inside} mentions {word}");
        }
        assert!(!text.contains("debug_assert"), "{inside}: debug and release must agree");
    }
}

#[test]
fn lines_and_files_are_short() {
    let mut wrong = Vec::new();
    for path in sources() {
        let inside = path.strip_prefix(root()).expect("inside").to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("a source file");
        for (number, line) in text.lines().enumerate() {
            if line.chars().count() > COLUMNS_MAX {
                wrong.push(format!("{inside}:{}: longer than {COLUMNS_MAX}", number + 1));
            }
        }
        let code = text.split("#[cfg(test)]").next().unwrap_or_default().lines().count();
        if code > LINES_MAX && !inside.contains("tests/") {
            wrong.push(format!("{inside}: {code} lines; is there a second noun inside?"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
