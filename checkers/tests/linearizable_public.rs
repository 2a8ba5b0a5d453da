//! The public histories get the verdicts that porcupine gives them.

use seedbed_checkers::linearizable::{Rules, check_linearizable, is_linearizable};
use seedbed_checkers::models::{Kv, Model, Register};
use seedbed_checkers::{Budget, History};

#[path = "support/public.rs"]
mod public;

/// What is expected of each file.
fn expected() -> Vec<(String, String, bool)> {
    let verdicts: serde_json::Value = serde_json::from_str(&public::text("verdicts.json")).unwrap();
    let files = verdicts.as_object().unwrap().iter().map(|(name, file)| {
        let model = file["model"].as_str().unwrap().to_owned();
        (name.clone(), model, file["verdict"].as_str() == Some("ok"))
    });
    files.collect()
}

fn judge<M: Model>(
    model: &M,
    history: &History<M::Op, M::Ret>,
    rules: Rules,
) -> (Option<bool>, seedbed_checkers::Spent) {
    is_linearizable(model, history, Budget::default(), rules)
}

fn verdicts(rules: Rules) -> Vec<(String, bool, Option<bool>, seedbed_checkers::Spent)> {
    let judged = expected().into_iter().map(|(name, model, is_ok)| {
        let text = public::text(&name);
        let (verdict, spent) = match model.as_str() {
            "kv" => judge(&Kv::new(String::new()), &public::stores(&text), rules),
            _ => judge(&Register::new(None), &public::registers(&text), rules),
        };
        (name, is_ok, verdict, spent)
    });
    judged.collect()
}

#[test]
fn verdicts_are_those_of_porcupine() {
    let verdicts = verdicts(Rules::ALL);
    assert_eq!(verdicts.len(), 57);
    for (name, is_ok, verdict, spent) in verdicts {
        assert_eq!(verdict, Some(is_ok), "{name}");
        // They are easy: a hundredth of the default budget is enough for each.
        assert!(spent.steps * 100 < Budget::default().steps, "{name}: {spent}");
    }
}

#[test]
fn the_search_alone_comes_to_the_same_verdicts() {
    for (name, is_ok, verdict, _) in verdicts(Rules { polynomial: false, ..Rules::ALL }) {
        assert_eq!(verdict, Some(is_ok), "{name}");
    }
}

/// Two appends change places in what one late read saw: few operations are enough to say so.
#[test]
fn a_read_in_the_wrong_order_is_explained_by_few_operations() {
    let text = public::text("c50-ok.txt");
    let saw = |line: &&str| line.contains(":ok, :f :get, :key \"5\"");
    let line = text.lines().rfind(saw).expect("a read of the key");
    let value = line.split('"').nth(3).expect("what it saw");
    let mut appends: Vec<&str> = value.split_inclusive('y').collect();
    let middle = appends.len() / 2;
    appends.swap(middle - 1, middle);
    let text = text.replace(line, &line.replace(value, &appends.concat()));
    let model = Kv::new(String::new());
    let checked = check_linearizable(&model, &public::stores(&text), Budget::default());
    let violation = checked.violation.expect("the order is wrong");
    let whole = violation.operations.iter().filter(|operation| operation.is_whole).count();
    assert!((1..=50).contains(&whole), "{whole} operations");
}
