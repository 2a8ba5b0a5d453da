//! Recording, pairing, and the text form of histories.

use seedbed_checkers::{History, Kind, Operation, Outcome, Process, Record};

type Texts = History<String, Option<u32>>;

const C1: Process = Process::client(1);
const C2: Process = Process::client(2);

fn record(time_ns: u64, process: Process, kind: Kind, op: &str) -> Record<String, Option<u32>> {
    Record { time_ns, process, kind, op: op.to_owned(), ret: None }
}

fn answer(
    time_ns: u64,
    process: Process,
    op: &str,
    ret: Option<u32>,
) -> Record<String, Option<u32>> {
    Record { ret: Some(ret), ..record(time_ns, process, Kind::Ok, op) }
}

fn sample() -> Texts {
    let mut history = Texts::new();
    let first = history.invoke(C1, 10, "get x".to_owned());
    let second = history.invoke(C2, 10, "put x".to_owned());
    history.ok(first, 20, None);
    let third = history.invoke(C1, 20, "put y".to_owned());
    history.info(second, 30);
    history.fail(third, 35);
    history.invoke(C2.next_generation(), 40, "get y".to_owned());
    history
}

#[test]
fn invocations_are_paired_with_their_ends() {
    let history = sample();
    let expected = [
        (C1, "get x", 10, Some(20), Outcome::Ok(None)),
        (C2, "put x", 10, Some(30), Outcome::Info),
        (C1, "put y", 20, Some(35), Outcome::Fail),
        (C2.next_generation(), "get y", 40, None, Outcome::Info),
    ];
    let expected: Vec<Operation<String, Option<u32>>> = expected
        .into_iter()
        .map(|(process, op, invoked_ns, ended_ns, outcome)| {
            let op = op.to_owned();
            Operation { process, op, invoked_ns, ended_ns, outcome }
        })
        .collect();
    assert_eq!(history.operations(), expected);
    let until: Vec<_> = history.operations().iter().map(Operation::until_ns).collect();
    assert_eq!(until, [Some(20), None, Some(35), None]);
    assert!(history.iter().all(|(id, operation)| history.operation(id) == operation));
}

#[test]
fn records_and_operations_are_two_views_of_one_history() {
    let history = sample();
    let records = history.records().map(|record| Record {
        time_ns: record.time_ns,
        process: record.process,
        kind: record.kind,
        op: record.op.clone(),
        ret: record.ret.copied(),
    });
    assert_eq!(History::from_records(records), Ok(history.clone()));
}

#[test]
fn json_lines_have_the_documented_layout() {
    let text = sample().to_json_lines().unwrap();
    let expected = r#"{"time_ns":10,"process":"c1","kind":"invoke","op":"get x"}
{"time_ns":10,"process":"c2","kind":"invoke","op":"put x"}
{"time_ns":20,"process":"c1","kind":"ok","op":"get x","ret":null}
{"time_ns":20,"process":"c1","kind":"invoke","op":"put y"}
{"time_ns":30,"process":"c2","kind":"info","op":"put x"}
{"time_ns":35,"process":"c1","kind":"fail","op":"put y"}
{"time_ns":40,"process":"c2.2","kind":"invoke","op":"get y"}
"#;
    assert_eq!(text, expected);
    assert_eq!(Texts::from_json_lines(&text), Ok(sample()));
    assert_eq!(Texts::from_json_lines(""), Ok(Texts::new()));
}

#[test]
fn times_are_whole_nanoseconds_up_to_the_last() {
    let mut history = Texts::new();
    history.invoke(Process::OPERATOR, u64::MAX, "x".to_owned());
    let text = history.to_json_lines().unwrap();
    assert!(text.starts_with(r#"{"time_ns":18446744073709551615,"process":"operator","#));
    assert_eq!(Texts::from_json_lines(&text), Ok(history));
}

#[test]
fn lines_that_are_no_records_are_named() {
    let good = r#"{"time_ns":10,"process":"c1","kind":"invoke","op":"x"}"#;
    let wrong = [
        (r#"{"time_ns":20,"process":"c1","kind":"ok","op":"x"}"#, "without an answer"),
        (r#"{"time_ns":20,"process":"c1","kind":"done","op":"x"}"#, "unknown variant `done`"),
        (r#"{"time_ns":20,"process":"x1","kind":"fail","op":"x"}"#, "names no process"),
        (r#"{"time_ns":20,"process":"c1","kind":"fail","op":"x","f":1}"#, "unknown field `f`"),
        (r#"{"process":"c1","kind":"fail","op":"x"}"#, "missing field `time_ns`"),
        (r#"{"time_ns":-1,"process":"c1","kind":"fail","op":"x"}"#, "invalid value"),
        ("{", "EOF"),
    ];
    for (line, problem) in wrong {
        let error = Texts::from_json_lines(&format!("{good}\n\n{line}\n")).unwrap_err();
        assert_eq!(error.line(), Some(3), "{error}");
        let text = error.to_string();
        assert!(text.starts_with("line 3: ") && text.contains(problem), "{text}");
    }
}

#[test]
fn records_that_do_not_pair_are_refused() {
    use Kind::{Fail, Info, Invoke};
    let with_answer = |kind| Record { kind, ..answer(20, C1, "x", None) };
    let wrong = [
        (vec![answer(20, C1, "x", None)], "c1 ends (`ok`) an operation, but none is outstanding"),
        (vec![record(5, C1, Invoke, "x"), record(6, C1, Invoke, "y")], "while one is outstanding"),
        (vec![record(5, C1, Invoke, "x"), record(6, C2, Fail, "x")], "c2 ends (`fail`)"),
        (vec![record(5, C1, Invoke, "x"), record(6, C1, Fail, "y")], "another operation than"),
        (vec![record(5, C1, Invoke, "x"), record(4, C1, Info, "x")], "before its invocation"),
        (
            vec![record(5, C1, Invoke, "x"), record(6, C1, Info, "x"), record(7, C1, Invoke, "y")],
            "it should be c1.2",
        ),
        (
            vec![record(5, C1, Invoke, "x"), record(6, C1, Info, "x"), answer(7, C1, "x", None)],
            "none is outstanding",
        ),
        (
            vec![record(5, C1, Invoke, "x"), record(7, C1, Fail, "x"), record(6, C1, Invoke, "y")],
            "before the end of its last operation at 7 ns",
        ),
        (vec![record(5, C1, Invoke, "x"), with_answer(Fail)], "`fail` with an answer"),
        (vec![record(5, C1, Invoke, "x"), with_answer(Info)], "`info` with an answer"),
        (vec![with_answer(Invoke)], "`invoke` with an answer"),
    ];
    for (records, problem) in wrong {
        let last = records.len();
        let error = History::from_records(records).unwrap_err();
        assert_eq!(error.line(), Some(last), "{error}");
        assert!(error.to_string().contains(problem), "{error}, not: {problem}");
    }
}

#[test]
fn a_refused_record_leaves_no_trace() {
    let mut history = sample();
    assert!(history.push(record(50, C2, Kind::Invoke, "x")).is_err());
    assert!(history.push(record(50, C1, Kind::Fail, "x")).is_err());
    assert_eq!(history, sample());
    assert!(history.push(record(50, C1, Kind::Invoke, "x")).is_ok());
}

#[test]
#[should_panic(expected = "an operation of c1 ends a second time")]
fn an_operation_ends_once() {
    let mut history = Texts::new();
    let id = history.invoke(C1, 10, "x".to_owned());
    history.info(id, 20);
    history.ok(id, 30, None);
}

#[test]
#[should_panic(expected = "c1 goes on after an `info`; it should be c1.2")]
fn an_info_retires_its_process() {
    let mut history = Texts::new();
    let id = history.invoke(C1, 10, "x".to_owned());
    history.info(id, 20);
    history.invoke(C1, 30, "y".to_owned());
}
