//! One planted anomaly of each kind, with its name and its witness, and beside each a near miss.

use seedbed_checkers::transactions::{Level, MicroOp, Options, Seen, check, report};

use super::history::{Fate, Micro, Txn, history};

/// Reads a line such as `c0 ok 0-9: append x 1, r y [1 2]` or `c1 info 3-4: w x 1, r x nil`.
fn txn(line: &str) -> Txn {
    let (head, ops) = line.split_once(": ").expect("a colon");
    let words: Vec<&str> = head.split_whitespace().collect();
    let fate = match words[1] {
        "ok" => Fate::Ok,
        "fail" => Fate::Fail,
        "info" => Fate::Info,
        other => panic!("{other} is no fate"),
    };
    let (start, end) = words[2].split_once('-').expect("an interval");
    Txn {
        process: words[0].trim_start_matches('c').parse().unwrap(),
        fate,
        start: start.parse().unwrap(),
        end: end.parse().unwrap(),
        ops: ops.split(", ").map(micro_op).collect(),
    }
}

fn micro_op(text: &str) -> Micro {
    let words: Vec<&str> = text.splitn(3, ' ').collect();
    let key = words[1].to_owned();
    let number = |word: &str| word.parse::<i64>().unwrap();
    match words[0] {
        "append" => MicroOp::Append(key, number(words[2])),
        "w" => MicroOp::Write(key, number(words[2])),
        "r" if words[2] == "nil" => MicroOp::Read(key, Seen::Nothing),
        "r" => MicroOp::Read(
            key,
            match words[2].strip_prefix('[') {
                Some(list) => {
                    let list = list.trim_end_matches(']').split_whitespace();
                    Seen::List(list.map(number).collect())
                }
                None => Seen::Value(number(words[2])),
            },
        ),
        other => panic!("{other} is no micro-operation"),
    }
}

/// What is wrong with a history, by name, and the sentences.
fn wrong(lines: &[&str]) -> Vec<(String, String)> {
    let txns: Vec<Txn> = lines.iter().map(|line| txn(line)).collect();
    let report = report(&history(&txns), &Options::default());
    let named = |anomaly: &seedbed_checkers::transactions::Anomaly| {
        (anomaly.kind.to_string(), anomaly.explanation.to_string())
    };
    report.anomalies.iter().map(named).collect()
}

/// The planted history has the anomaly, with this text in its explanation; the near miss does not.
fn check_planted(kind: &str, text: &str, planted: &[&str], near_miss: &[&str]) {
    let found = wrong(planted);
    let witness = found.iter().find(|(name, _)| name == kind);
    let (_, sentence) = witness.unwrap_or_else(|| panic!("{kind}: {found:#?}"));
    assert!(sentence.contains(text), "{kind}: {sentence}");
    let missed = wrong(near_miss);
    assert!(missed.iter().all(|(name, _)| name != kind), "{kind}: {missed:#?}");
}

#[test]
fn reads_of_what_is_not_there() {
    check_planted(
        "garbage-read",
        "T1 read 7 in x, which nobody wrote",
        &["c0 ok 0-9: append x 1", "c1 ok 0-9: r x [1 7]"],
        &["c0 ok 0-9: append x 1", "c1 ok 0-9: r x [1]"],
    );
    check_planted(
        "garbage-read",
        "T1 read 7 in x, which nobody wrote",
        &["c0 ok 0-9: w x 1", "c1 ok 0-9: r x 7"],
        &["c0 info 0-9: w x 7", "c1 ok 0-9: r x 7"],
    );
    check_planted(
        "G1a",
        "T1 read 1 in x, which T0 wrote, and T0 aborted",
        &["c0 fail 0-9: w x 1", "c1 ok 0-9: r x 1"],
        &["c0 info 0-9: w x 1", "c1 ok 0-9: r x 1"],
    );
    check_planted(
        "dirty-update",
        "T1 put 2 on top of 1 in x, which T0 had written, and T0 aborted",
        &["c0 fail 0-9: append x 1", "c1 ok 0-9: append x 2", "c2 ok 0-9: r x [1 2]"],
        &["c0 fail 0-9: append x 1", "c1 ok 0-9: append x 2", "c2 ok 0-9: r x [2 1]"],
    );
    check_planted(
        "G1b",
        "T1 read 1 in x, which is not the last that T0 wrote there",
        &["c0 ok 0-9: w x 1, w x 2", "c1 ok 0-9: r x 1"],
        &["c0 ok 0-9: w x 1, r x 1, w x 2", "c1 ok 0-9: r x 2"],
    );
}

#[test]
fn lists_that_contradict_each_other_or_themselves() {
    check_planted(
        "duplicate-elements",
        "T1 read 1 twice in x",
        &["c0 ok 0-9: append x 1", "c1 ok 0-9: r x [1 1]"],
        &["c0 ok 0-9: append x 1, append x 2", "c1 ok 0-9: r x [1 2]"],
    );
    check_planted(
        "incompatible-order",
        "T2 read x as [1 2] and T3 read it as [2]: neither is a prefix of the other",
        &[
            "c0 ok 0-9: append x 1",
            "c1 ok 0-9: append x 2",
            "c2 ok 0-9: r x [1 2]",
            "c3 ok 0-9: r x [2]",
        ],
        &[
            "c0 ok 0-9: append x 1",
            "c1 ok 0-9: append x 2",
            "c2 ok 0-9: r x [1 2]",
            "c3 ok 0-9: r x [1]",
        ],
    );
    check_planted(
        "incompatible-order",
        "T0 appended 1 to x and then 2, but the list has the latter without the former below it",
        &["c0 ok 0-9: append x 1, append x 2", "c1 ok 0-9: r x [2 1]"],
        &["c0 ok 0-9: append x 1, append x 2", "c1 ok 0-9: r x [1 2]"],
    );
    check_planted(
        "internal",
        "T0 read x as [1], after it had read [1] and appended 2",
        &["c0 ok 0-9: r x [1], append x 2, r x [1]", "c1 ok 0-9: append x 1"],
        &["c0 ok 0-9: r x [1], append x 2, r x [1 2]", "c1 ok 0-9: append x 1"],
    );
    check_planted(
        "internal",
        "T0 read x as 1, after it wrote 2",
        &["c0 ok 0-9: w x 2, r x 1", "c1 ok 0-9: w x 1"],
        &["c0 ok 0-9: r x 1, w x 2", "c1 ok 0-9: w x 1"],
    );
    check_planted(
        "future-read",
        "T0 read 1 in x before it wrote that itself",
        &["c0 ok 0-9: r x [1], append x 1"],
        &["c0 ok 0-9: r x nil, append x 1, r x [1]"],
    );
    check_planted(
        "future-read",
        "T0 read 1 in x before it wrote that itself",
        &["c0 ok 0-9: r x [1 2], append x 1", "c1 ok 0-9: append x 2"],
        &["c0 ok 0-9: r x [2], append x 1", "c1 ok 0-9: append x 2"],
    );
}

#[test]
fn updates_that_miss_each_other() {
    check_planted(
        "lost-update",
        "T1 and T2 read x at 0, and each wrote it: only one of them can have been next",
        &["c0 ok 0-9: w x 0", "c1 ok 0-9: r x 0, w x 1", "c2 ok 0-9: r x 0, w x 2"],
        &["c0 ok 0-9: w x 0", "c1 ok 0-9: r x 0, w x 1", "c2 ok 0-9: r x 1, w x 2"],
    );
    check_planted(
        "cyclic-versions",
        "each of the values 1, 2 of x was written by a transaction that had read another",
        &["c0 ok 0-9: r x 2, w x 1", "c1 ok 0-9: r x 1, w x 2"],
        &["c0 ok 0-9: r x nil, w x 1", "c1 ok 0-9: r x 1, w x 2"],
    );
}

#[test]
fn cycles_of_every_class() {
    check_planted(
        "G0",
        "T0 appended 1 to x before T1 appended 2; T1 appended 4 to y before T0 appended 3",
        &[
            "c0 ok 0-9: append x 1, append y 3",
            "c1 ok 0-9: append x 2, append y 4",
            "c2 ok 0-9: r x [1 2], r y [4 3]",
        ],
        &[
            "c0 ok 0-9: append x 1, append y 3",
            "c1 ok 0-9: append x 2, append y 4",
            "c2 ok 0-9: r x [1 2], r y [3 4]",
        ],
    );
    check_planted(
        "G1c",
        "T0 wrote 1 to x, which T1 read; T1 wrote 2 to y, which T0 read",
        &["c0 ok 0-9: w x 1, r y 2", "c1 ok 0-9: w y 2, r x 1"],
        &["c0 ok 0-9: w x 1, r y nil", "c1 ok 0-9: w y 2, r x 1"],
    );
    check_planted(
        "G-single",
        "T1 read y as [], before T0 appended 2; T0 appended 1 to x, which T1 read in [1]",
        &["c0 ok 0-9: append x 1, append y 2", "c1 ok 0-9: r x [1], r y []"],
        &["c0 ok 0-9: append x 1, append y 2", "c1 ok 0-9: r x [1], r y [2]"],
    );
    let fork = ["c0 ok 0-9: append x 1", "c1 ok 0-9: append y 2", "c2 ok 0-9: r x [1], r y []"];
    check_planted(
        "G-nonadjacent",
        "T3 read x as [], before T0 appended 1",
        &[&fork[..], &["c3 ok 0-9: r x [], r y [2]"]].concat(),
        &[&fork[..], &["c3 ok 0-9: r x [1], r y [2]"]].concat(),
    );
    check_planted(
        "G2-item",
        "T0 read x as nil, before T1 wrote 1; T1 read y as nil, before T0 wrote 2",
        &["c0 ok 0-9: r x nil, w y 2", "c1 ok 0-9: r y nil, w x 1"],
        &["c0 ok 0-9: r x nil, w y 2", "c1 ok 0-9: r y 2, w x 1"],
    );
}

#[test]
fn cycles_that_need_a_process_or_time() {
    check_planted(
        "G0-realtime",
        "T0 ended at 5 ns, before T1 started at 6 ns",
        &["c1 ok 4-5: append x 2", "c0 ok 6-7: append x 1", "c2 ok 8-9: r x [1 2]"],
        &["c1 ok 4-6: append x 2", "c0 ok 6-7: append x 1", "c2 ok 8-9: r x [1 2]"],
    );
    check_planted(
        "G0-process",
        "T0 was before T1 in process c1",
        &["c1 ok 4-5: append x 2", "c1 ok 5-7: append x 1", "c2 ok 8-9: r x [1 2]"],
        &["c1 ok 4-5: append x 2", "c3 ok 5-7: append x 1", "c2 ok 8-9: r x [1 2]"],
    );
    check_planted(
        "G1c-process",
        "T1 wrote 1 to x, which T0 read; T0 was before T1 in process c1",
        &["c1 ok 1-2: r x 1", "c1 ok 3-4: w x 1"],
        &["c1 ok 1-2: r x nil", "c1 ok 3-4: w x 1"],
    );
    check_planted(
        "G1c-realtime",
        "T0 ended at 2 ns, before T1 started at 3 ns",
        &["c0 ok 1-2: r x 1", "c1 ok 3-4: w x 1"],
        &["c0 ok 1-3: r x 1", "c1 ok 3-4: w x 1"],
    );
    check_planted(
        "G-single-process",
        "T0 was before T1 in process c0",
        &["c0 ok 1-2: w x 1", "c0 ok 3-4: r x nil"],
        &["c0 ok 1-3: w x 1", "c1 ok 3-4: r x nil"],
    );
    check_planted(
        "G-single-realtime",
        "T2 read x as [], before T0 appended 1; T0 ended at 2 ns, before T2 started at 3 ns",
        &["c0 ok 1-2: append x 1", "c1 ok 3-4: r x []", "c2 ok 1-9: r x [1]"],
        &["c0 info 1-2: append x 1", "c1 ok 3-4: r x []", "c2 ok 1-9: r x [1]"],
    );
}

#[test]
fn several_anti_dependencies_that_need_a_process_or_time() {
    check_planted(
        "G-nonadjacent-process",
        "T0 was before T3 in process c1",
        &[
            "c1 ok 0-1: append x 1",
            "c1 ok 2-3: r z []",
            "c2 ok 0-9: r x [], r z [1]",
            "c3 ok 0-9: append z 1",
        ],
        &[
            "c1 ok 0-1: append x 1",
            "c4 ok 0-3: r z []",
            "c2 ok 0-9: r x [], r z [1]",
            "c3 ok 0-9: append z 1",
        ],
    );
    let fork = ["c0 ok 0-1: w x 1", "c1 ok 0-9: r x nil, r y 2"];
    check_planted(
        "G-nonadjacent-realtime",
        "before T3 started at 2 ns",
        &[&fork[..], &["c2 ok 2-3: r y nil", "c3 ok 0-9: w y 2"]].concat(),
        &[&fork[..], &["c2 ok 1-3: r y nil", "c3 ok 0-9: w y 2"]].concat(),
    );
    check_planted(
        "G2-item-process",
        "T0 was before T2 in process c0",
        &["c0 ok 0-1: w z 3", "c0 ok 2-9: r x nil", "c1 ok 0-9: r z nil, w x 1"],
        &["c0 ok 0-1: w z 3", "c0 ok 2-9: r x nil", "c1 ok 0-9: r z 3, w x 1"],
    );
    check_planted(
        "G2-item-realtime",
        "before T2 started at 2 ns",
        &["c0 ok 0-1: w z 3", "c1 ok 0-9: r z nil, w x 1", "c2 ok 2-9: r x nil"],
        &["c0 ok 0-2: w z 3", "c1 ok 0-9: r z nil, w x 1", "c2 ok 2-9: r x nil"],
    );
}

#[test]
fn what_was_seen_and_then_was_not() {
    check_planted(
        "observed-transaction-vanishes",
        "T1 had seen T0, which wrote y, and read y as nil, which is older than everything",
        &["c0 ok 0-9: w x 1, w y 2", "c1 ok 0-9: r x 1, r y nil"],
        &["c0 ok 0-9: w x 1, w y 2", "c1 ok 0-9: r y nil, r x 1"],
    );
    check_planted(
        "fractured-read",
        "T1 had seen T0, which wrote y, and read y as nil",
        &["c0 ok 0-9: w x 1, w y 2", "c1 ok 0-9: r y nil, r x 1"],
        &["c0 ok 0-9: w x 1, w y 2", "c1 ok 0-9: r y nil, r x nil"],
    );
    check_planted(
        "fractured-read",
        "T2 had seen T1, which wrote x, and read x as 1: so T1 was before T0, which wrote that",
        &["c0 ok 0-9: w x 1", "c1 ok 0-9: r x 1, w x 2, w y 3", "c2 ok 0-9: r x 1, r y 3"],
        &["c0 ok 0-9: w x 1", "c1 ok 0-9: r x 1, w x 2, w y 3", "c2 ok 0-9: r x 2, r y 3"],
    );
    check_planted(
        "causality-violation",
        "T2 had seen T0, which wrote x, and read x as nil",
        &["c0 ok 0-9: w x 1", "c1 ok 0-9: r x 1, w y 2", "c2 ok 0-9: r y 2, r x nil"],
        &["c0 ok 0-9: w x 1", "c1 ok 0-9: r x nil, w y 2", "c2 ok 0-9: r y 2, r x nil"],
    );
    check_planted(
        "causality-violation-process",
        "T1 had seen T0, which wrote x, and read x as nil",
        &["c0 ok 0-1: w x 1", "c0 ok 2-3: r x nil"],
        &["c0 ok 0-1: w x 1", "c1 ok 2-3: r x nil"],
    );
}

#[test]
fn an_open_order_is_refuted_either_way() {
    let txns = [
        "c0 ok 0-9: w x 1, w z 4",
        "c1 ok 0-9: w x 2, w y 3",
        "c2 ok 0-9: r x 1, r y 3",
        "c3 ok 0-9: r x 2, r z 4",
    ];
    let history = history(&txns.map(txn));
    let verdict = check(Level::Serializable, &history, &Options::default()).to_string();
    for part in [
        "if T0's 1 of x came before T1's 2 of x, ",
        "T1 wrote 3 to y, which T2 read",
        "And if T1's 2 of x came before T0's 1 of x, ",
        "T3 read x as 2, before T0 wrote 1",
    ] {
        assert!(verdict.contains(part), "{part}: {verdict}");
    }
}

#[test]
fn values_must_be_unique_unless_all_but_one_writer_aborted() {
    let judged = |lines: &[&str]| {
        let txns: Vec<Txn> = lines.iter().map(|line| txn(line)).collect();
        check(Level::Serializable, &history(&txns), &Options::default()).to_string()
    };
    let verdict = judged(&["c0 ok 0-9: w x 1", "c1 ok 0-9: w x 1"]);
    assert!(verdict.starts_with("unknown: T0 and T1 both wrote 1 to x"), "{verdict}");
    assert_eq!(judged(&["c0 fail 0-9: w x 1", "c1 ok 0-9: w x 1", "c2 ok 0-9: r x 1"]), "pass");
    assert_eq!(judged(&["c0 ok 0-9: w x 1", "c1 fail 0-9: w x 1", "c2 ok 0-9: r x 1"]), "pass");
    let verdict = judged(&["c0 ok 0-9: w x 1", "c1 ok 0-9: append x 2"]);
    assert_eq!(verdict, "unknown: x is used both as a list and as a register");
}

#[test]
fn the_strongest_levels_are_named() {
    let skew = ["c0 ok 0-9: r x nil, w y 2", "c1 ok 0-9: r y nil, w x 1"].map(txn);
    let skew = report(&history(&skew), &Options::default());
    assert_eq!(skew.strongest(), [Level::StrongSnapshotIsolation]);
    assert!(skew.to_string().ends_with("strongest levels kept: strong-snapshot-isolation"));
    let garbage = report(&history(&[txn("c0 ok 0-9: r x 7")]), &Options::default());
    assert_eq!(garbage.strongest(), []);
    assert!(garbage.to_string().ends_with("strongest levels kept: no level"));
}
