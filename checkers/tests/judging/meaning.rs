//! What calls mean, and what is said of those that mean nothing.

use seedbed_checkers::formats::typed::typed;
use seedbed_checkers::{
    KeyedOp, KvOp, KvRet, LockOp, LockRet, Outcome, QueueOp, RegisterOp, RegisterRet, SetOp,
    SetRet, TakeRet, Value, Verdict, VersionedKvOp, VersionedKvRet,
};

use seedbed_checkers::judge::{ModelKind, Question, judge};

use crate::{judged, one_source};

/// One call with its end.
fn call(f: &str, asked: &str, end: &str) -> String {
    format!("{{:process 0 :type :invoke :f :{f} :value {asked}}}\n{{:process 0 :f :{f} {end}}}\n")
}

fn register(f: &str, asked: &str, end: &str) -> (RegisterOp<Value>, Outcome<RegisterRet<Value>>) {
    let typed = typed::<RegisterOp<Value>>(&one_source(&call(f, asked, end))).unwrap();
    let operation = &typed.history.operations()[0];
    (operation.op.clone(), operation.outcome.clone())
}

#[test]
fn a_failed_comparison_is_an_answer() {
    let cas = RegisterOp::CompareAndSet(Value::Int(1), Value::Int(2));
    let ends = [
        (":type :ok :value [1 2]", Outcome::Ok(RegisterRet::Swapped(true))),
        (":type :fail :value [1 2]", Outcome::Ok(RegisterRet::Swapped(false))),
        (":type :fail :error nil", Outcome::Ok(RegisterRet::Swapped(false))),
        (":type :fail :error :did-not-succeed", Outcome::Ok(RegisterRet::Swapped(false))),
        (":type :fail :error [:cas-failed 7]", Outcome::Ok(RegisterRet::Swapped(false))),
        // Nobody compared anything.
        (":type :fail :error :connection-refused", Outcome::Fail),
        (":type :fail :error [:no-leader]", Outcome::Fail),
        (":type :fail :error 500", Outcome::Fail),
        (":type :info :error :timeout", Outcome::Info),
    ];
    for (end, outcome) in ends {
        assert_eq!(register("cas", "[1 2]", end), (cas.clone(), outcome), "{end}");
    }
}

#[test]
fn a_read_that_failed_says_nothing() {
    let ends = [
        (":type :ok :value 3", Outcome::Ok(RegisterRet::Value(Value::Int(3)))),
        (":type :ok", Outcome::Ok(RegisterRet::Value(Value::Nil))),
        (":type :fail", Outcome::Fail),
        (":type :fail :error :timed-out", Outcome::Fail),
        (":type :fail :error :not-found", Outcome::Ok(RegisterRet::Value(Value::Nil))),
        (":type :info", Outcome::Info),
    ];
    for (end, outcome) in ends {
        assert_eq!(register("read", "nil", end), (RegisterOp::Read, outcome), "{end}");
    }
    let write = RegisterOp::Write(Value::from(":x"));
    assert_eq!(register("write", ":x", ":type :fail"), (write.clone(), Outcome::Fail));
    // What was asked counts, whatever the end says.
    let done = Outcome::Ok(RegisterRet::Done);
    assert_eq!(register("write", ":x", ":type :ok :value [4 \"rev\"]"), (write, done));
}

#[test]
fn emptiness_is_an_answer() {
    let dequeue = |end: &str| {
        let text = call("dequeue", "nil", end);
        let typed = typed::<QueueOp<Value>>(&one_source(&text)).unwrap();
        typed.history.operations()[0].outcome.clone()
    };
    assert_eq!(dequeue(":type :ok :value 7"), Outcome::Ok(TakeRet::Value(Value::Int(7))));
    assert_eq!(dequeue(":type :ok :value nil"), Outcome::Ok(TakeRet::Empty));
    assert_eq!(dequeue(":type :fail :error :empty"), Outcome::Ok(TakeRet::Empty));
    assert_eq!(dequeue(":type :fail"), Outcome::Fail);
    let text = call("read", "nil", ":type :ok :value nil");
    let set = typed::<SetOp<Value>>(&one_source(&text)).unwrap();
    assert_eq!(set.history.operations()[0].outcome, Outcome::Ok(SetRet::Members(vec![])));
}

#[test]
fn versions_and_owners() {
    let put = |end: &str| {
        let text = call("put", "[\"x\" [7 3]]", end);
        let typed = typed::<VersionedKvOp<Value, Value>>(&one_source(&text)).unwrap();
        typed.history.operations()[0].outcome.clone()
    };
    assert_eq!(put(":type :ok :value [\"x\" nil]"), Outcome::Ok(VersionedKvRet::Done));
    assert_eq!(put(":type :fail"), Outcome::Ok(VersionedKvRet::VersionMismatch));
    assert_eq!(put(":type :fail :error :no-key"), Outcome::Ok(VersionedKvRet::NoKey));
    assert_eq!(put(":type :fail :error :timeout"), Outcome::Fail);
    let lock = |asked: &str, end: &str| {
        let typed = typed::<LockOp>(&one_source(&call("acquire", asked, end))).unwrap();
        let operation = &typed.history.operations()[0];
        (operation.op, operation.outcome.clone())
    };
    assert_eq!(lock("nil", ":type :ok"), (LockOp::Acquire(0), Outcome::Ok(LockRet::Done)));
    assert_eq!(lock("4", ":type :fail"), (LockOp::Acquire(4), Outcome::Fail));
}

#[test]
fn keys_come_in_pairs_or_beside() {
    let pairs = call("write", "[:k 1]", ":type :ok :value [:k 1]")
        + &call("read", "[:k nil]", ":type :ok :value [:k 1]")
        + &call("cas", "[:j [1 2]]", ":type :fail :value [:j [1 2]]");
    let typed_pairs = typed::<KeyedOp<Value, RegisterOp<Value>>>(&one_source(&pairs)).unwrap();
    let operations = typed_pairs.history.operations();
    let ops: Vec<String> = operations.iter().map(|operation| operation.op.to_string()).collect();
    let expected =
        ["\":k\": write 1", "\":k\": read", "\":j\": compare-and-set 1 to 2"].map(str::to_owned);
    assert_eq!(ops, expected);
    assert_eq!(operations[1].outcome, Outcome::Ok(RegisterRet::Value(Value::Int(1))));
    assert_eq!(operations[2].outcome, Outcome::Ok(RegisterRet::Swapped(false)));
    assert!(judged(&pairs, "register").unwrap().verdict.is_pass());
    // An answer may lack the key.
    let bare = call("read", "[:k nil]", ":type :ok :value 1")
        + &call("write", "[:k 1]", ":type :ok :value nil");
    assert!(matches!(judged(&bare, "register").unwrap().verdict, Verdict::Fail(_)));
    let beside = "{:process 0 :type :invoke :f :get :key 1}
{:process 0 :type :ok :f :get :key 1 :value [7 8]}";
    let typed = typed::<KvOp<Value, Value>>(&one_source(beside)).unwrap();
    let operation = &typed.history.operations()[0];
    assert_eq!(operation.op, KvOp::Get(Value::Int(1)));
    assert_eq!(operation.outcome, Outcome::Ok(KvRet::Value(vec![7, 8].into())));
}

#[test]
fn pairs_are_no_keys_where_something_is_asked_without_one() {
    let text = call("cas", "[nil 1]", ":type :ok :value [nil 1]")
        + &call("read", "nil", ":type :ok :value 1")
        + &call("cas", "[1 nil]", ":type :ok :value [1 nil]")
        + &call("read", "nil", ":type :ok :value nil");
    assert!(judged(&text, "cas-register").unwrap().verdict.is_pass());
}

/// Scans see the keys too: element 1 of set 7 is not element 1 of set 8.
#[test]
fn scans_take_each_key_for_itself() {
    let sets = |member: &str| {
        call("add", "[7 1]", ":type :ok :value [7 1]")
            + &call("add", "[8 2]", ":type :ok :value [8 2]")
            + &call("read", "[7 nil]", ":type :ok :value [7 #{1}]")
            + &call("read", "[8 nil]", &format!(":type :ok :value [8 #{{{member}}}]"))
    };
    let judged = |text: &str| {
        let model = ModelKind::named("set").unwrap();
        let level = model.level("rules").unwrap();
        judge(&one_source(text), &Question { level, ..Question::of(model) }).unwrap()
    };
    assert_eq!(judged(&sets("2")).verdict, Verdict::Pass);
    assert_eq!(judged(&sets("2")).counts.ok, 4);
    let wrong = judged(&sets("1"));
    let Verdict::Fail(explanation) = &wrong.verdict else { panic!("{wrong:?}") };
    assert!(explanation.summary.starts_with("of key 8: "), "{}", explanation.summary);
    assert!(wrong.evidence_lines.contains(&(7, Some(8))), "{wrong:?}");
}

#[test]
fn a_missing_key_is_what_gets_say_it_is() {
    let missing = |value: &str| {
        call("get", "[1 nil]", &format!(":type :ok :value [1 {value}]"))
            + &call("append", "[1 \"a\"]", ":type :ok :value [1 \"a\"]")
            + &call("get", "[1 nil]", ":type :ok :value [1 \"a\"]")
    };
    assert!(judged(&missing("nil"), "kv").unwrap().verdict.is_pass());
    assert!(judged(&missing("\"\""), "kv").unwrap().verdict.is_pass());
    let both = missing("nil") + &call("get", "[2 nil]", ":type :ok :value [2 \"\"]");
    assert!(matches!(judged(&both, "kv").unwrap().verdict, Verdict::Fail(_)));
}

#[test]
fn errors_name_the_line_what_was_found_and_what_was_expected() {
    let cases = [
        (
            "register",
            call("inc", "1", ":type :ok"),
            "line 1: `inc` is no operation of this model, which has read, write, cas",
        ),
        ("register", call("cas", "1", ":type :ok"), "line 1: expected `[old new]`, found 1"),
        (
            "kv",
            call("get", "1", ":type :ok"),
            "line 1: expected `[key value]` (the model has keys), found 1",
        ),
        (
            "versioned-kv",
            call("put", "[1 2]", ":type :ok"),
            "line 1: expected `[value version]`, found 2",
        ),
        (
            "versioned-kv",
            call("get", "[1 nil]", ":type :ok :value [1 [2 :x]]"),
            "line 2: expected a version, an integer, found \":x\"",
        ),
        (
            "counter",
            call("add", "\"x\"", ":type :ok"),
            "line 1: expected an integer of 64 bits, found \"x\"",
        ),
        (
            "counter",
            call("read", "nil", ":type :ok :value nil"),
            "line 2: expected an integer of 64 bits, found null",
        ),
        (
            "set",
            call("contains", "1", ":type :ok :value 1"),
            "line 2: expected true or false, found 1",
        ),
        (
            "set",
            call("read", "nil", ":type :ok :value 1"),
            "line 2: expected the elements of the set, found 1",
        ),
        (
            "lock",
            call("acquire", ":me", ":type :ok"),
            "line 1: expected an owner, an integer, found \":me\"",
        ),
        (
            "log",
            call("append", "1", ":type :ok :value :yes"),
            "line 2: expected an index, from 1, found \":yes\"",
        ),
        (
            "log",
            call("read", "nil", ":type :ok :value 1"),
            "line 2: expected the entries of a log, found 1",
        ),
        (
            "list-append",
            call("txn", "1", ":type :ok"),
            "line 1: expected a list of micro-operations, found 1",
        ),
        (
            "list-append",
            call("txn", "[[:r]]", ":type :ok"),
            "line 1: expected `[:append key value]`, `[:w key value]` or `[:r key nil]`, found",
        ),
        (
            "list-append",
            call("txn", "[[:add 1 2]]", ":type :ok"),
            "line 1: expected `[:append key value]`",
        ),
        (
            "list-append",
            call("txn", "[[:r x]]", ":type :ok :value nil"),
            "line 2: expected a list of micro-operations, found null",
        ),
        (
            "register",
            "{\"time_ns\":1,\"process\":\"c1\",\"kind\":\"invoke\",\"op\":{\"put\":1}}".into(),
            "line 1: column 55: unknown variant `put`, expected one of `read`",
        ),
        (
            "register",
            "{\"time_ns\":1,\"process\":\"c1\",\"kind\":\"ok\",\"op\":\"read\",\"ret\":\"done\"}"
                .into(),
            "line 1: c1 ends (`ok`) an operation, but none is outstanding",
        ),
    ];
    for (model, text, problem) in cases {
        let error = judged(&text, model).expect_err(&text);
        assert!(error.starts_with(problem), "{error}\nnot: {problem}");
    }
}
