//! `report --plots`.

use std::fs;

use serde_json::json;

use crate::{Lab, Said};

fn ends(lab: &Lab, code: i32, line: &str) -> Said {
    let said = lab.run(line);
    assert_eq!(said.code, code, "{line}\n{}\n{}", said.stdout, said.stderr);
    said
}

#[test]
fn results_are_drawn_and_a_filled_folder_is_refused() {
    let lab = Lab::new();
    lab.failing("fails.json");
    lab.expect(100, "sweep fails.json --seeds 30 --series --out results");
    let said = ends(&lab, 0, "report results --plots plots");
    for name in ["convergence", "messages-over-time", "messages-by-kind", "seeds-to-violation"] {
        for ending in ["svg", "csv", "png"] {
            let path = lab.path(&format!("plots/{name}.{ending}"));
            assert!(fs::metadata(&path).unwrap().len() > 50, "{}", path.display());
        }
        assert!(said.stdout.contains(&format!("plots/{name}.{{svg,png,csv}}")), "{}", said.stdout);
    }
    assert_eq!(said.stderr, "");
    let lines = said.stdout.lines().count();
    assert_eq!(fs::read_dir(lab.path("plots")).unwrap().count(), lines * 3);

    let first = lab.read("plots/convergence.svg");
    let said = ends(&lab, 2, "report results --plots plots");
    assert!(said.stderr.contains("not empty"), "{}", said.stderr);
    lab.expect(0, "report results/results.jsonl --plots plots --overwrite");
    assert_eq!(lab.read("plots/convergence.svg"), first);
}

#[test]
fn what_is_missing_is_said() {
    let lab = Lab::new();
    lab.scenario("fine.json", "tiny", json!({}));
    lab.expect(0, "sweep fine.json --seeds 5 --out plain");
    let said = ends(&lab, 0, "report plain --plots plots");
    assert!(said.stderr.contains("--series"), "{}", said.stderr);
    let said = ends(&lab, 0, "report plain/summary.json --plots from-summary --format json");
    let listed: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert!(listed["plots"].as_array().unwrap().len() >= 2, "{listed}");
    lab.expect(2, "report plain --plots other --scenario nobody");
    lab.expect(2, "report plain");
    let said = ends(&lab, 2, "report plain plain/results.jsonl --plots twice");
    assert!(said.stderr.contains("name them once"), "{}", said.stderr);
    assert!(!lab.path("twice").exists());
}

#[test]
fn broken_results_are_named_with_their_line() {
    let lab = Lab::new();
    lab.scenario("fine.json", "tiny", json!({}));
    lab.expect(0, "sweep fine.json --seeds 5 --out plain");
    let text = lab.read("plain/results.jsonl").replace("\"seed\":2,\"", "\"seed\":2,,\"");
    lab.write("broken/results.jsonl", &text);
    let said = ends(&lab, 3, "report broken --plots plots");
    assert!(said.stderr.contains("results.jsonl:4:"), "{}", said.stderr);
    assert!(!lab.path("plots").exists());
    lab.write("empty/readme", "nothing");
    lab.expect(3, "report empty --plots plots");
    lab.expect(3, "report nowhere --plots plots");
    let header: String = text.lines().take(1).map(|line| format!("{line}\n")).collect();
    lab.write("none/results.jsonl", &header);
    lab.expect(4, "report none --plots plots");
}
