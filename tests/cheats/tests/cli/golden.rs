//! What people read. `UPDATE_GOLDEN=1 cargo test` writes the files anew; review the difference.

use std::env;
use std::fs;
use std::path::PathBuf;

use serde_json::json;

use crate::Lab;

/// Compares with a file of the repository.
pub(crate) fn assert_golden(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        return;
    }
    let wanted = fs::read_to_string(&path).unwrap_or_default();
    assert!(wanted == text, "{name} differs; it is now:\n{text}");
}

/// A page of commands with what they say and how they end.
pub(crate) fn page(lab: &Lab, lines: &[&str]) -> String {
    let mut page = String::new();
    for line in lines {
        let said = lab.run(line);
        page.push_str(&format!("$ seedbed {line}\n{}", said.stdout));
        // How fast it was is on stderr, and differs.
        for complaint in said.stderr.lines().filter(|line| !line.contains(" seeds/s")) {
            page.push_str(&format!("! {complaint}\n"));
        }
        page.push_str(&format!("[{}]\n\n", said.code));
    }
    page
}

#[test]
fn runs() {
    let lab = Lab::new();
    lab.scenario("fine.json", "tiny", json!({}));
    lab.scenario(
        "fails.json",
        "tiny",
        json!({
            "params": { "say_99_in": 1 },
            "faults": [{ "partition": { "at": "20ms", "groups": [["n1"], ["n2", "n3"]] } }],
        }),
    );
    lab.scenario("short.json", "tiny", json!({ "limits": { "events": 3 } }));
    let lines = [
        "run fine.json",
        "run fine.json --until 15ms --show n2",
        "run fine.json --format json",
        "run fails.json",
        "replay failures/fails-0.json",
        "replay fine.json --seed 1",
        "run short.json",
    ];
    assert_golden("runs.txt", &page(&lab, &lines));
}

#[test]
fn sweeps() {
    let lab = Lab::new();
    lab.scenario("fine.json", "tiny", json!({}));
    lab.failing("fails.json");
    lab.scenario("panics.json", "tiny", json!({ "params": { "panic_in": 50 } }));
    let expect = json!({ "violation": { "property": "no-99", "within_seeds": 30 } });
    lab.scenario("bug.json", "tiny", json!({ "params": { "say_99_in": 20 }, "expect": expect }));
    let seldom = json!({ "sometimes": { "restarted": "50%" }, "seeds": 4 });
    lab.scenario("seldom.json", "tiny", seldom);
    let lines = [
        "sweep fine.json --seeds 10",
        "sweep fails.json fine.json panics.json --seeds 40",
        "sweep bug.json",
        "sweep seldom.json",
        "sweep fails.json --vary params.say_99_in=0,1 --seeds 2",
        "sweep fine.json --seeds 10 --out out",
        "sweep fine.json --seeds 10 --out out",
        "sweep fine.json --seeds 11 --out out --resume",
    ];
    assert_golden("sweeps.txt", &page(&lab, &lines));
}

#[test]
fn errors() {
    let lab = Lab::new();
    lab.write("no.json", "{ \"name\": ");
    lab.scenario("wrong.json", "tiny", json!({ "nodez": 3, "params": { "say_98_in": 3 } }));
    lab.scenario("fine.json", "tiny", json!({}));
    let lines = [
        "check no.json",
        "check wrong.json fine.json",
        "check wrong.json --format json",
        "run wrong.json --format json",
        "run fine.json --set nodes=many",
        "run fine.json --sed 1",
        "sweep fine.json --shard auto",
        "replay fine.json",
    ];
    assert_golden("errors.txt", &page(&lab, &lines));
}

#[test]
fn lists() {
    let lab = Lab::new();
    assert_golden("lists.txt", &page(&lab, &["list", "list protocols --format json", "--help"]));
}
