//! For each clause of `log-consistent`: histories that violate it and nothing else, and beside
//! each the nearest history that does not.

use seedbed_checkers::{LogClause, LogHistory, LogOp, LogRet, Process, Verdict};
use seedbed_checkers::{log_consistent, log_violations};

/// Writes histories in few words: each line is an operation of a process of its own.
#[derive(Default)]
struct Story {
    history: LogHistory<&'static str>,
    processes: u32,
}

impl Story {
    fn invoke(&mut self, at: u64, op: LogOp<&'static str>) -> seedbed_checkers::OperationId {
        self.processes += 1;
        self.history.invoke(Process::client(self.processes), at, op)
    }

    fn ok(mut self, value: &'static str, (from, to): (u64, u64), index: u64) -> Story {
        let id = self.invoke(from, LogOp::Append(value));
        self.history.ok(id, to, LogRet::Index(index));
        self
    }

    fn fail(mut self, value: &'static str, (from, to): (u64, u64)) -> Story {
        let id = self.invoke(from, LogOp::Append(value));
        self.history.fail(id, to);
        self
    }

    fn info(mut self, value: &'static str, (from, to): (u64, u64)) -> Story {
        let id = self.invoke(from, LogOp::Append(value));
        self.history.info(id, to);
        self
    }

    fn pending(mut self, value: &'static str, from: u64) -> Story {
        self.invoke(from, LogOp::Append(value));
        self
    }

    /// In `log`, values are apart by spaces, and `-` is an entry of no client.
    fn read(self, span: (u64, u64), log: &'static str) -> Story {
        self.any_read(false, span, log)
    }

    fn final_read(self, span: (u64, u64), log: &'static str) -> Story {
        self.any_read(true, span, log)
    }

    fn any_read(mut self, final_read: bool, (from, to): (u64, u64), log: &'static str) -> Story {
        let entries = log.split_whitespace().map(|value| (value != "-").then_some(value));
        let id = self.invoke(from, LogOp::Read { final_read });
        self.history.ok(id, to, LogRet::Log(entries.collect()));
        self
    }

    #[track_caller]
    fn passes(self) {
        assert_eq!(log_violations(&self.history), []);
        assert_eq!(log_consistent(&self.history), Verdict::Pass);
    }

    #[track_caller]
    fn violates_only(self, clause: LogClause, summary: &str) {
        let violations = log_violations(&self.history);
        let clauses: Vec<&str> = violations.iter().map(|found| found.clause.as_str()).collect();
        assert_eq!(clauses, [clause.name()], "{violations:#?}");
        assert_eq!(violations[0].summary, summary);
        assert!(!violations[0].operations.is_empty());
        assert_eq!(log_consistent(&self.history), Verdict::Fail(violations[0].clone()));
    }
}

fn story() -> Story {
    Story::default()
}

#[test]
fn an_empty_history_passes() {
    story().passes();
    story().read((0, 1), "").final_read((2, 3), "").passes();
}

#[test]
fn a_busy_history_passes() {
    story()
        .ok("a", (0, 10), 2)
        .info("b", (0, 5))
        .fail("c", (0, 5))
        .pending("d", 12)
        .ok("e", (11, 30), 5)
        .read((0, 20), "- a")
        .read((40, 50), "")
        .final_read((40, 50), "- a b - e")
        .final_read((60, 70), "- a b - e d")
        .passes();
}

#[test]
fn acknowledged_kept_final_read_ends_too_early() {
    let appended = || story().ok("a", (0, 10), 1).ok("b", (0, 10), 2);
    appended().final_read((11, 20), "a").violates_only(
        LogClause::AcknowledgedKept,
        "\"b\" was acknowledged at index 2, but a later final read ends at index 1",
    );
    // A host may lag; and what is acknowledged while the final read runs need not be in it.
    appended().read((11, 20), "a").passes();
    appended().final_read((10, 20), "a").passes();
    appended().final_read((11, 20), "a b").passes();
}

#[test]
fn acknowledged_kept_entry_is_overwritten() {
    let appended = || story().ok("a", (0, 10), 1).info("b", (0, 10));
    let clause = LogClause::AcknowledgedKept;
    let summary = "\"a\" was acknowledged at index 1, but a read has \"b\" there";
    appended().read((11, 20), "b").violates_only(clause, summary);
    appended().final_read((11, 20), "b").violates_only(clause, summary);
    appended().read((11, 20), "a b").passes();
    let summary = "\"a\" was acknowledged at index 1, but a read has an entry of no client there";
    appended().read((11, 20), "- b").violates_only(clause, summary);
}

#[test]
fn acknowledged_kept_looks_beyond_the_nearest_missing_index() {
    // Index 2 may be missing, as it was acknowledged during the read, but index 3 may not.
    let appended = || story().ok("a", (0, 10), 1).ok("b", (0, 30), 2).ok("c", (0, 10), 3);
    appended().final_read((11, 20), "a").violates_only(
        LogClause::AcknowledgedKept,
        "\"c\" was acknowledged at index 3, but a later final read ends at index 1",
    );
    appended().final_read((10, 20), "a").passes();
}

#[test]
fn one_index_one_command_two_acknowledgements() {
    story().ok("a", (0, 10), 1).ok("b", (0, 10), 1).violates_only(
        LogClause::OneIndexOneCommand,
        "\"a\" and \"b\" were both acknowledged at index 1",
    );
    story().ok("a", (0, 10), 1).ok("a", (0, 10), 1).violates_only(
        LogClause::OneIndexOneCommand,
        "\"a\" and \"a\" were both acknowledged at index 1",
    );
    story().ok("a", (0, 10), 1).ok("b", (0, 10), 2).passes();
    story().ok("a", (0, 10), 1).ok("a", (0, 10), 2).passes();
}

#[test]
fn an_index_acknowledged_three_times_hides_no_loss() {
    let acked = story().ok("a", (0, 9), 1).ok("a", (0, 10), 1).ok("b", (0, 11), 1);
    let violations = log_violations(&acked.read((20, 30), "a").history);
    let summaries: Vec<&str> = violations.iter().map(|found| found.summary.as_str()).collect();
    let expected = [
        "\"b\" was acknowledged at index 1, but a read has \"a\" there",
        "\"a\" and \"a\" were both acknowledged at index 1",
    ];
    assert_eq!(summaries, expected);
}

#[test]
fn one_index_one_command_reads_disagree() {
    let appended = || story().info("a", (0, 10)).info("b", (0, 10));
    let clause = LogClause::OneIndexOneCommand;
    let summary = "at index 1 one read has \"a\", another \"b\"";
    appended().read((1, 2), "a").read((3, 4), "b").violates_only(clause, summary);
    let summary = "at index 2 one read has \"a\", another an entry of no client";
    appended().read((1, 2), "- a").read((3, 4), "- -").violates_only(clause, summary);
    appended().read((1, 2), "a").read((3, 4), "a b").read((5, 6), "").passes();
}

#[test]
fn one_index_one_command_concurrent_read_contradicts_acknowledgement() {
    // The read did not have to know of the acknowledgement, but what it shows is committed.
    story().ok("a", (0, 10), 1).info("b", (0, 10)).read((10, 20), "b").violates_only(
        LogClause::OneIndexOneCommand,
        "\"a\" was acknowledged at index 1, but a read has \"b\" there",
    );
    story().ok("a", (0, 10), 1).info("b", (0, 10)).read((10, 20), "a").passes();
}

#[test]
fn one_command_one_index_unknown_append_is_applied_twice() {
    let clause = LogClause::OneCommandOneIndex;
    let summary = "\"a\" is also at index 2, more often than it was submitted";
    story().info("a", (0, 10)).read((20, 30), "a a").violates_only(clause, summary);
    story().pending("a", 0).read((20, 30), "a a").violates_only(clause, summary);
    story().info("a", (0, 10)).read((20, 30), "a").passes();
    story().info("a", (0, 10)).pending("a", 5).read((20, 30), "a a").passes();
}

#[test]
fn one_command_one_index_acknowledged_append_is_applied_twice() {
    let clause = LogClause::OneCommandOneIndex;
    let summary = "\"a\" is also at index 2, more often than it was submitted";
    story().ok("a", (0, 10), 1).final_read((20, 30), "a a").violates_only(clause, summary);
    // The acknowledged index is further on than any read goes.
    story().ok("a", (0, 10), 3).read((20, 30), "- a").violates_only(clause, summary);
    // A second submission that failed accounts for nothing.
    let failed = story().ok("a", (0, 10), 1).fail("a", (0, 10));
    failed.final_read((20, 30), "a a").violates_only(clause, summary);
    story().ok("a", (0, 10), 1).info("a", (0, 10)).final_read((20, 30), "a a").passes();
    story().ok("a", (0, 10), 1).ok("a", (0, 10), 2).final_read((20, 30), "a a").passes();
}

#[test]
fn real_time_order_of_acknowledged_appends() {
    story().ok("a", (0, 10), 2).ok("b", (11, 20), 1).violates_only(
        LogClause::RealTimeOrder,
        "\"a\" was acknowledged at index 2 before \"b\" was invoked, which is at index 1",
    );
    // Equal timestamps mean concurrent.
    story().ok("a", (0, 10), 2).ok("b", (10, 20), 1).passes();
    story().ok("a", (0, 10), 1).ok("b", (11, 20), 2).passes();
}

#[test]
fn real_time_order_of_an_append_that_was_only_read() {
    let before = || story().ok("a", (0, 10), 2);
    before().info("b", (11, 20)).read((30, 40), "b a").violates_only(
        LogClause::RealTimeOrder,
        "\"a\" was acknowledged at index 2 before \"b\" was invoked, which is at index 1",
    );
    before().info("b", (10, 20)).read((30, 40), "b a").passes();
    before().info("b", (11, 20)).read((30, 40), "- a b").passes();
    // An earlier submission of the same value excuses the place.
    before().info("b", (11, 20)).info("b", (5, 6)).read((30, 40), "b a").passes();
}

#[test]
fn failed_never_appears() {
    story().fail("a", (0, 10)).read((20, 30), "- a").violates_only(
        LogClause::FailedNeverAppears,
        "the append of \"a\" failed, but a read has it at index 2",
    );
    story().fail("a", (0, 10)).read((20, 30), "- -").passes();
    story().fail("a", (0, 10)).info("a", (0, 10)).read((20, 30), "- a").passes();
}

#[test]
fn only_submitted_values_appear() {
    let clause = LogClause::OnlySubmitted;
    let summary = "a read has \"b\" at index 2, but nobody submitted it";
    story().ok("a", (0, 10), 1).read((20, 30), "a b").violates_only(clause, summary);
    story().ok("a", (0, 10), 1).pending("b", 30).read((20, 30), "a b").passes();
}

#[test]
fn nothing_appears_before_it_was_submitted() {
    let clause = LogClause::OnlySubmitted;
    let summary = "a read had \"a\" at index 1 before it was submitted";
    story().read((20, 30), "a").info("a", (31, 40)).violates_only(clause, summary);
    story().read((20, 30), "a").ok("a", (31, 40), 1).violates_only(clause, summary);
    story().read((20, 30), "a").ok("a", (30, 40), 1).passes();
    // Of two places seen in time, only one submission was.
    let summary = "a read had \"a\" at index 2 before it was submitted";
    let twice = || story().info("a", (0, 40)).read((10, 20), "a a");
    twice().info("a", (21, 40)).violates_only(clause, summary);
    twice().info("a", (20, 40)).passes();
}

#[test]
fn places_are_matched_to_submissions_by_time_not_by_index() {
    // Index 2 was seen before index 1, and the first submission accounts for it.
    let appended = story().info("a", (0, 50)).info("a", (25, 50)).info("b", (0, 50));
    appended.read((10, 20), "b a").read((30, 40), "a").violates_only(
        LogClause::OneIndexOneCommand,
        "at index 1 one read has \"b\", another \"a\"",
    );
}

#[test]
fn answers_fit_what_was_asked() {
    let clause = LogClause::AnswerFits;
    let summary = "an append was answered with index 0, not with an index from 1 on";
    story().ok("a", (0, 10), 0).read((20, 30), "a").violates_only(clause, summary);
    let mut logged = story();
    let id = logged.invoke(0, LogOp::Append("a"));
    logged.history.ok(id, 10, LogRet::Log(vec![]));
    let summary = "an append was answered with a log of 0 entries, not with an index from 1 on";
    logged.violates_only(clause, summary);
    let mut indexed = story();
    let id = indexed.invoke(0, LogOp::Read { final_read: true });
    indexed.history.ok(id, 10, LogRet::Index(1));
    indexed.violates_only(clause, "a read was answered with index 1, not with a log");
}

#[test]
fn the_first_of_several_violated_clauses_is_the_verdict() {
    let history = story().ok("a", (0, 10), 1).final_read((20, 30), "b").history;
    let clauses: Vec<String> =
        log_violations(&history).into_iter().map(|found| found.clause).collect();
    assert_eq!(clauses, ["acknowledged-kept", "only-submitted"]);
    assert_eq!(
        log_consistent(&history).to_string(),
        "fail: acknowledged-kept: \"a\" was acknowledged at index 1, but a read has \"b\" there\n  \
         c1 append \"a\" from 0.000000ms to 0.000010ms: ok, index 1\n  \
         c2 final read from 0.000020ms to 0.000030ms: ok, a log of 1 entries"
    );
}

#[test]
fn an_index_beyond_memory_is_only_an_index() {
    story().ok("a", (0, 10), u64::MAX).read((20, 30), "").passes();
    story().ok("a", (0, 10), u64::MAX).final_read((20, 30), "").violates_only(
        LogClause::AcknowledgedKept,
        "\"a\" was acknowledged at index 18446744073709551615, but a later final read ends at \
         index 0",
    );
}

#[test]
fn operations_have_a_stable_text_form() {
    let history = story().ok("a", (0, 10), 1).final_read((11, 20), "a -").history;
    let text = history.to_json_lines().unwrap();
    let expected = r#"{"time_ns":0,"process":"c1","kind":"invoke","op":{"append":"a"}}
{"time_ns":10,"process":"c1","kind":"ok","op":{"append":"a"},"ret":{"index":1}}
{"time_ns":11,"process":"c2","kind":"invoke","op":{"read":{"final_read":true}}}
{"time_ns":20,"process":"c2","kind":"ok","op":{"read":{"final_read":true}},"ret":{"log":["a",null]}}
"#;
    assert_eq!(text, expected);
    let read: LogHistory<String> = LogHistory::from_json_lines(&text).unwrap();
    assert_eq!(read.to_json_lines().unwrap(), text);
    assert!(log_consistent(&read).is_pass());
}
