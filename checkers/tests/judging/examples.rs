//! Each model has a history that shows its operations in our own format, the same in Jepsen's,
//! and one that is wrong.

use std::fmt;

use seedbed_checkers::formats::typed::{IdOp, Translate, typed};
use seedbed_checkers::judge::{Level, MODELS, ModelKind, Question, judge};
use seedbed_checkers::scans::MessageOp;
use seedbed_checkers::transactions::TransactionOp;
use seedbed_checkers::{
    CounterOp, KvOp, LogOp, QueueOp, RegisterOp, SetOp, StackOp, Value, Verdict, VersionedKvOp,
};
use serde::de::DeserializeOwned;

use crate::{data, judged, one_source};

#[test]
fn examples_hold_at_every_level() {
    for model in MODELS {
        for level in model.levels() {
            let question = Question { level, ..Question::of(model) };
            let judgement = judge(&one_source(model.example), &question).unwrap();
            let name = level.name();
            match &judgement.verdict {
                Verdict::Pass => {}
                // The example swaps, and these levels know reads and writes only.
                Verdict::Unknown(reason) if ["cas-register", "kv"].contains(&model.name) => {
                    assert!(reason.contains("reads and writes of registers only"), "{reason}");
                }
                other => panic!("{} {name}: {other}", model.name),
            }
            assert!(judgement.counts.total() > 3, "{} {name}", model.name);
        }
    }
}

#[test]
fn what_is_wrong_is_found_with_its_lines() {
    for model in MODELS {
        let good = judged(&data(&format!("models/{}-good.edn", model.name)), model.name).unwrap();
        assert_eq!(good.verdict, Verdict::Pass, "{}", model.name);
        let text = data(&format!("models/{}-bad.edn", model.name));
        let bad = judged(&text, model.name).unwrap();
        let Verdict::Fail(explanation) = &bad.verdict else { panic!("{}: {bad:?}", model.name) };
        assert_eq!(explanation.operations.len(), bad.evidence_lines.len());
        for (begin, end) in &bad.evidence_lines {
            let lines: Vec<&str> = text.lines().collect();
            assert!(lines[begin - 1].contains(":invoke"), "{}: line {begin}", model.name);
            assert!(end.is_none_or(|end| !lines[end - 1].contains(":invoke")), "{}", model.name);
        }
    }
}

/// The two forms of the same history are the same typed history.
fn same<O>(model: &str)
where
    O: Translate + DeserializeOwned + PartialEq + Clone + fmt::Debug,
    O::Ret: DeserializeOwned + PartialEq + fmt::Debug,
{
    let example = ModelKind::named(model).unwrap().example;
    let ours = typed::<O>(&one_source(example)).unwrap();
    let theirs = typed::<O>(&one_source(&data(&format!("models/{model}-good.edn")))).unwrap();
    assert_eq!(ours.history, theirs.history, "{model}");
    assert_eq!(ours.lines, theirs.lines, "{model}");
}

#[test]
fn examples_mean_the_same_in_both_formats() {
    same::<RegisterOp<Value>>("register");
    same::<RegisterOp<Value>>("cas-register");
    same::<KvOp<Value, Value>>("kv");
    same::<VersionedKvOp<Value, Value>>("versioned-kv");
    same::<CounterOp>("counter");
    same::<SetOp<Value>>("set");
    same::<QueueOp<Value>>("queue");
    same::<StackOp<Value>>("stack");
    same::<LogOp<Value>>("log");
    same::<TransactionOp<Value, Value>>("list-append");
    same::<TransactionOp<Value, Value>>("rw-register");
    same::<MessageOp<Value, Value>>("message-log");
    same::<IdOp>("unique-ids");
    // Of a lock and of a bank, Jepsen's refusals are no answers.
}

#[test]
fn models_and_levels_have_names_of_their_own() {
    let mut names: Vec<&str> = MODELS.iter().map(|model| model.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), MODELS.len());
    for model in MODELS {
        let mut names: Vec<&str> = model.levels().into_iter().map(Level::name).collect();
        for (level, name) in model.levels().into_iter().zip(&names) {
            assert_eq!(model.level(name), Some(level));
            assert_eq!(model.level(&name.to_uppercase()), Some(level));
            assert!(!level.about().is_empty());
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), model.levels().len(), "{}", model.name);
    }
    let transactions = ModelKind::named("rw-register").unwrap();
    assert_eq!(transactions.level("PL-3"), transactions.level("serializable"));
    assert_eq!(ModelKind::named("register").unwrap().level("PL-3"), None);
}
