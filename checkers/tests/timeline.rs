//! Violations as text and as a page.

use seedbed_checkers::linearizable::check_linearizable;
use seedbed_checkers::models::{Kv, KvOp, KvRet, Register, RegisterOp, RegisterRet};
use seedbed_checkers::timeline::Timeline;
use seedbed_checkers::{Budget, History, Process};

type Registers = History<RegisterOp<u64>, RegisterRet<u64>>;

/// A read that finds what had been overwritten before it was invoked, among other things.
fn stale_read() -> Registers {
    let mut history = Registers::new();
    let (c1, c2, c3) = (Process::client(1), Process::client(2), Process::client(3));
    let first = history.invoke(c1, 10, RegisterOp::Write(1));
    let unseen = history.invoke(c3, 12, RegisterOp::Write(7));
    history.ok(first, 20, RegisterRet::Done);
    let second = history.invoke(c1, 30, RegisterOp::Write(2));
    history.ok(second, 40, RegisterRet::Done);
    let right = history.invoke(c1, 42, RegisterOp::Read);
    history.ok(right, 45, RegisterRet::Value(2));
    let stale = history.invoke(c2, 50, RegisterOp::Read);
    history.ok(stale, 60, RegisterRet::Value(1));
    history.info(unseen, 70);
    history
}

fn timeline_of(history: &Registers) -> Timeline {
    let report = check_linearizable(&Register::new(0), history, Budget::default());
    report.violation.expect("it is wrong").timeline(history)
}

#[test]
fn a_violation_is_drawn_in_lanes() {
    let expected = "\
no order explains the answers of 3 operations: at best the state is 2 when `read: 1` must take place
c1  |-- (1) write 1: done --|   |-- (2) write 2: done --|
c2                                                          |-- XX read: 1 XX --|
After the numbered operations the state is 2. The blocked one has to take place before \
anything that has not, and cannot.
";
    assert_eq!(timeline_of(&stale_read()).to_text(), expected);
}

#[test]
fn the_verdict_names_the_operations() {
    let history = stale_read();
    let report = check_linearizable(&Register::new(0), &history, Budget::default());
    let text = report.verdict.to_string();
    let expected = "\
fail: linearizable: no order explains the answers of 3 operations: at best the state is 2 when \
`read: 1` must take place (two values were in force at the same time)
  c1 write 1 from 0.000010ms to 0.000020ms: ok, done
  c1 write 2 from 0.000030ms to 0.000040ms: ok, done
  c2 read from 0.000050ms to 0.000060ms: ok, 1";
    assert_eq!(text, expected);
}

#[test]
fn a_page_needs_nothing_else() {
    let page = timeline_of(&stale_read()).to_html();
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"));
    for forbidden in ["<script", "<link", "src=", "href=", "@import", "url("] {
        assert!(!page.contains(forbidden), "{forbidden} in the page");
    }
    // The only address is the name of SVG, which nobody asks for.
    assert_eq!(page.matches("http").count(), page.matches("http://www.w3.org/2000/svg").count());
    // What is blocked is said in words, not by colour alone.
    assert!(page.contains(">blocked: read: 1</text>") && page.contains("stroke-dasharray"));
    assert_eq!(page.matches("<rect ").count(), 3);
    assert_eq!(page.matches("<circle ").count(), 2);
}

#[test]
fn a_page_cannot_be_broken_by_what_it_shows() {
    let mut history: History<KvOp<String, String>, KvRet<String>> = History::new();
    let evil = "</title><script>alert('1')</script>&\"";
    let put = history.invoke(Process::client(1), 1, KvOp::Put("k".to_owned(), evil.to_owned()));
    history.ok(put, 2, KvRet::Done);
    let get = history.invoke(Process::client(1), 3, KvOp::Get("k".to_owned()));
    history.ok(get, 4, KvRet::Value(format!("{evil}?")));
    let report = check_linearizable(&Kv::new(String::new()), &history, Budget::default());
    let page = report.violation.expect("it is wrong").timeline(&history).to_html();
    assert!(!page.contains("<script") && !page.contains("alert('"));
    assert!(page.contains("&lt;script&gt;alert(&#39;1&#39;)"));
    assert_eq!(page.matches("</title>").count(), 1 + page.matches("<g><title>").count());
}
