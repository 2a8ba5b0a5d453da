//! From text to calls: what each format says, who did what, and what comes first.

use seedbed_checkers::formats::untyped::{Call, Untyped};
use seedbed_checkers::formats::{Content, Format, Source, read};
use seedbed_checkers::{Kind, Process};

fn sources(text: &str) -> Vec<Source> {
    read(text, None).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn untyped(text: &str) -> Untyped {
    let mut sources = sources(text);
    assert_eq!(sources.len(), 1);
    match sources.remove(0).content {
        Content::Calls(untyped) => untyped,
        Content::JsonLines(_) => panic!("typed from the start"),
    }
}

fn refused(text: &str) -> String {
    read(text, None).expect_err("an error").to_string()
}

/// A call in one line: who, what, asked; end and answer.
fn line(call: &Call) -> String {
    let Call { process, f, key, argument, invoked_ns, place, end } = call;
    let key = key.as_ref().map(|key| format!(" of {key}")).unwrap_or_default();
    let begin = format!("{process} {f}{key} {argument} at {invoked_ns} on {}", place.line);
    match end {
        None => format!("{begin}: open"),
        Some(end) => {
            let error = end.error.as_ref().map(|error| format!(" ({error})")).unwrap_or_default();
            format!(
                "{begin}: {} {} at {} on {}{error}",
                end.kind, end.value, end.time_ns, end.place.line
            )
        }
    }
}

fn lines(untyped: &Untyped) -> Vec<String> {
    untyped.calls.iter().map(line).collect()
}

const EDN: &str = r#"
{:type :invoke, :f :write, :value 3, :process 0, :time 10, :index 0}
{:type :info, :f :start, :value nil, :process :nemesis, :time 11, :index 1}
{:type :invoke, :f :read, :value nil, :process 12, :time 15, :index 2}
{:type :ok, :f :write, :value 3, :process 0, :time 15, :index 3}
{:type :fail, :f :read, :process 12, :time 20, :error [:timeout "no answer"], :index 4}
{:type :invoke, :f :cas, :value [3 4], :process 0, :time 30, :index 5}
"#;

const EXPECTED: [&str; 3] = [
    "c0 write 3 at 10 on 2: ok 3 at 15 on 5",
    r#"c12 read null at 15 on 4: fail null at 20 on 6 ([":timeout","no answer"])"#,
    "c0 cas [3,4] at 30 on 7: open",
];

#[test]
fn operation_maps_are_paired() {
    assert_eq!(lines(&untyped(EDN)), EXPECTED);
    let order = [(0, false), (1, false), (0, true), (1, true), (2, false)];
    assert_eq!(untyped(EDN).order, order);
    assert_eq!(untyped(EDN).notes, Vec::<String>::new());
}

#[test]
fn the_same_in_a_vector_with_tags() {
    let vector = format!("[{}]", EDN.replace('{', "#jepsen.history.Op{"));
    assert_eq!(lines(&untyped(&vector)), EXPECTED);
    assert_eq!(lines(&untyped(&format!("; saved\n#_x {}", EDN.trim_start())).clone()), EXPECTED);
}

#[test]
fn the_same_in_json() {
    let json = r#"[
{"type": "invoke", "f": "write", "value": 3, "process": 0, "time": 10},
{"type": "info", "f": "start", "process": "nemesis", "time": 11}, {"type": "invoke",
 "f": "read", "value": null, "process": 12, "time": 15},
{"type": "ok", "f": "write", "value": 3, "process": 0, "time": 15},
{"type": "fail", "f": "read", "process": 12, "time": 20, "error": [":timeout", "no answer"]},
{"type": "invoke", "f": ":cas", "value": [3, 4], "process": 0, "time": 30}]"#;
    let mut expected = EXPECTED.map(str::to_owned);
    expected[1] = expected[1].replace("on 4", "on 3");
    assert_eq!(lines(&untyped(json)), expected);
    let stream = json.trim_matches(['[', ']', '\n']).replace("},", "}");
    expected = expected.map(|line| {
        // Without the line of the bracket every record is one line higher.
        let words = line.split(" on ").map(str::to_owned).collect::<Vec<String>>();
        let mut text = words[0].clone();
        for word in &words[1..] {
            let digits = word.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(word.len());
            let line: usize = word[..digits].parse().unwrap();
            text = format!("{text} on {}{}", line - 1, &word[digits..]);
        }
        text
    });
    assert_eq!(lines(&untyped(&stream)), expected);
}

#[test]
fn values_become_plain() {
    let text = r#"{:process 0 :type :invoke :f :txn :value [[:append x 1] [:r "y" #{3 1}]]}
{:process 0 :type :ok :f :txn :value {:b 1.50, 0 [\a 2N]}}"#;
    let asked = r#"c0 txn [[":append","x",1],[":r","y",[1,3]]] at 0 on 1"#;
    let answered = r#"ok [[":b","1.5"],[0,["a",2]]] at 1 on 2"#;
    assert_eq!(lines(&untyped(text)), [format!("{asked}: {answered}")]);
    let json =
        r#"{"process": 0, "type": "invoke", "value": {"a": 1.5, "b": 18446744073709551615}}"#;
    let expected = [r#"c0 txn [["a","1.5"],["b","18446744073709551615"]] at 0 on 1: open"#];
    assert_eq!(lines(&untyped(json)), expected);
}

#[test]
fn a_key_may_stand_beside_the_value() {
    let text = r#"{:process 0, :type :invoke, :f :get, :key "0", :value nil}
{:process 0, :type :ok, :f :get, :key "0", :value "x 0 0 y"}"#;
    let expected = [r#"c0 get of "0" null at 0 on 1: ok "x 0 0 y" at 1 on 2"#];
    assert_eq!(lines(&untyped(text)), expected);
}

#[test]
fn after_an_info_a_client_is_another_process() {
    let text = "{:process 3 :type :invoke :f :write :value 1}
{:process 3 :type :info :f :write :value 1 :error :timeout}
{:process 3 :type :invoke :f :write :value 2}
{:process 3 :type :info :f :write :value 2}
{:process 8 :type :invoke :f :read}
{:process 3 :type :invoke :f :write :value 4}
{:process 8 :type :ok :f :read :value 4}
{:process 3 :type :ok :f :write :value 4}";
    let processes: Vec<Process> = untyped(text).calls.iter().map(|call| call.process).collect();
    let second = Process::client(3).next_generation();
    let expected = [Process::client(3), second, Process::client(8), second.next_generation()];
    assert_eq!(processes, expected);
}

#[test]
fn names_become_numbers() {
    let event = |name: &str| format!("{{:process {name} :type :invoke :f :read}}\n");
    let names = [":alice", "4", "c7", "\"bob\"", "c4", "-1"];
    let text: String = names.into_iter().map(event).collect();
    let clients: Vec<u32> = untyped(&text).calls.iter().map(|call| call.process.client).collect();
    assert_eq!(clients, [8, 4, 7, 9, 10, 11]);
}

#[test]
fn times_decide_where_they_never_go_back() {
    let history = |times: [&str; 4]| {
        let [a, b, c, d] = times;
        let text = format!(
            "{{:process 0 :type :invoke :f :w {a}}}\n{{:process 1 :type :invoke :f :w {b}}}\n\
             {{:process 1 :type :ok :f :w {c}}}\n{{:process 0 :type :ok :f :w {d}}}"
        );
        let untyped = untyped(&text);
        let times: Vec<u64> = untyped
            .order
            .iter()
            .map(|(call, is_end)| match &untyped.calls[*call] {
                Call { end: Some(end), .. } if *is_end => end.time_ns,
                call => call.invoked_ns,
            })
            .collect();
        (times, sources(&text)[0].notes.len())
    };
    assert_eq!(history([":time 5", ":time 5", ":time 7", ":time 9"]), (vec![5, 5, 7, 9], 0));
    assert_eq!(history([":time 5", ":time 5", "", ":time 9"]), (vec![0, 1, 2, 3], 0));
    assert_eq!(history([":time 0", ":time 0", ":time 0", ":time 0"]), (vec![0, 1, 2, 3], 0));
    assert_eq!(history([":time -1", ":time 0", ":time 0", ":time 0"]), (vec![0, 1, 2, 3], 0));
    // Back by one tick: from then on the lines decide, and times are as near as that allows.
    assert_eq!(history([":time 5", ":time 4", ":time 4", ":time 9"]), (vec![5, 6, 7, 9], 1));
}

#[test]
fn lines_of_a_log_are_operations() {
    let text = "INFO  jepsen.core - Everything's set up\n\
        INFO  jepsen.util - 0\t:invoke\t:cas\t[4 1]\n\
        INFO  jepsen.util - :nemesis\t:info\t:start\t\"Cut off\"\n\
        INFO  jepsen.util - 1  :invoke  :read   nil\r\n\
        INFO  jepsen.util - 0\t:fail\t:cas\t[4 1]\n\
        INFO  jepsen.util - 1\t:fail\t:read\t:timed-out\n\
        INFO  jepsen.util - 1\t:invoke\t:write\t4\n\
        INFO  jepsen.util - 1\t:info\t:write\t4 :timed-out\n";
    let expected = [
        "c0 cas [4,1] at 0 on 2: fail [4,1] at 2 on 5",
        r#"c1 read null at 1 on 4: fail ":timed-out" at 3 on 6 (":timed-out")"#,
        r#"c1 write 4 at 4 on 7: info 4 at 5 on 8 (":timed-out")"#,
    ];
    assert_eq!(lines(&untyped(text)), expected);
}

#[test]
fn cases_have_intervals() {
    let text = r#"[{"name": "one", "workload": "register-ops", "initial": null, "ops": [
        {"process": 0, "f": "write", "key": "x", "value": 1, "start": 4, "end": null},
        {"process": 1, "f": "read", "key": "x", "value": 1, "start": 4, "end": 6},
        {"process": 1, "f": "read", "key": "x", "value": null, "start": 6, "end": 6}]},
      {"name": "two", "txns": [
        {"process": 0, "type": "fail", "start": 0, "end": 100, "ops": [["w", "x", 1]]},
        {"process": 0, "ops": [["r", "x", 1]]}]}]"#;
    let sources = sources(text);
    let names: Vec<_> = sources.iter().map(|source| source.name.as_deref()).collect();
    assert_eq!(names, [Some("one"), Some("two")]);
    assert_eq!(sources[0].workload.as_deref(), Some("register-ops"));
    let of = |source: &Source| match &source.content {
        Content::Calls(untyped) => lines(untyped),
        Content::JsonLines(_) => panic!("typed from the start"),
    };
    let expected = [
        r#"c0 write of "x" 1 at 4 on 2: info 1 at 4 on 2"#,
        r#"c1 read of "x" 1 at 4 on 3: ok 1 at 6 on 3"#,
        r#"c1 read of "x" null at 6 on 4: ok null at 6 on 4"#,
    ];
    assert_eq!(of(&sources[0]), expected);
    let expected = [
        r#"c0 txn [["w","x",1]] at 0 on 6: fail [["w","x",1]] at 0 on 6"#,
        r#"c0 txn [["r","x",1]] at 0 on 7: ok [["r","x",1]] at 0 on 7"#,
    ];
    assert_eq!(of(&sources[1]), expected);
}

#[test]
fn an_empty_text_is_an_empty_history() {
    for text in ["", "\n \n", "\u{feff}"] {
        let sources = read(text, None).unwrap();
        assert_eq!(sources[0].content, Content::JsonLines(text.trim_matches('\u{feff}').into()));
    }
    for format in [Format::JepsenEdn, Format::JepsenJson, Format::JepsenLog] {
        let sources = read("", Some(format)).unwrap();
        assert_eq!(sources[0].content, Content::Calls(Untyped::default()));
    }
}

#[test]
fn errors_say_where_and_what() {
    let invoke = "{:process 0 :type :invoke :f :read}\n";
    let cases = [
        ("hello\n", "this looks like no history: it begins with `hello`; known formats are"),
        (
            &format!("{invoke}{invoke}"),
            "line 2: process 0 invokes `read` while its `read` of line 1 is outstanding",
        ),
        (
            "\n{:process :a :type :ok :f :read}",
            "line 2: process a ends `read` (`ok`), but has invoked nothing that could end",
        ),
        (
            &format!("{invoke}{{:process 0 :type :ok :f :write}}"),
            "line 2: process 0 ends `write`, but it invoked `read` on line 1",
        ),
        (
            &format!("{invoke}{{:process 0 :type :oke}}"),
            "line 2: `type` is invoke, ok, fail or info: found \":oke\"",
        ),
        ("{:type :ok}", "line 1: `process` says who: a number or a name, found nothing"),
        ("{:process 0 :type :invoke :f 3}", "line 1: `f` is the name of an operation: found 3"),
        (&format!("{invoke}\n [1 2]"), "line 3: expected an operation, a map such as {:type"),
        (&format!("{invoke}{{:process 0"), "line 2: column 1: `{` is not closed"),
        (&format!("[{invoke}"), "line 2: column 1: expected a value, found the end of the text"),
        (&format!("[{invoke}] 3"), "line 2: something follows the list of operations"),
        (
            "{\"process\": 0, \"type\": \"invoke\"}\n{\"process\": 0,",
            "line 2: column 14: EOF while parsing an object",
        ),
        ("{\"process\": 0}\n3", "line 1: `type` is invoke, ok, fail or info: found nothing"),
        ("[{\"type\": 0}]", "line 1: `process` says who: a number or a name, found nothing"),
        (
            "INFO  jepsen.util - 0 :invoke :read nil\nINFO  jepsen.util - x :ok :read 1\n",
            "line 2: expected the number of a process, found `x` in `x :ok :read 1`",
        ),
        (
            "INFO  jepsen.util - 0 invoke :read nil\n",
            "line 1: expected :invoke, :ok, :fail or :info, found `invoke`",
        ),
        (
            "INFO  jepsen.util - 0 :invoke read nil\n",
            "line 1: expected the name of an operation such as :read, found `read`",
        ),
        ("INFO  jepsen.util - 0 :invoke :read [1\n", "line 1: `[` is not closed"),
        ("{\"txns\": [{\"ops\": []}]}", "line 1: missing field `process`"),
        (
            r#"{"name": "a", "ops": [{"process": 0, "start": 4, "end": 3}]}"#,
            "line 1: an operation ends at 3, before its start at 4",
        ),
        (
            r#"{"ops": [{"process":0, "start":4, "end":9}, {"process":0, "start":5, "end":6}]}"#,
            "line 1: process 0 invokes `txn` while its `txn` of line 1 is outstanding",
        ),
    ];
    for (text, problem) in cases {
        let error = refused(text);
        assert!(error.starts_with(problem), "{error}\nnot: {problem}");
    }
}

#[test]
fn formats_have_names() {
    for format in Format::ALL {
        assert_eq!(format.name().parse(), Ok(format));
        assert!(!format.about().is_empty());
    }
    let error = "edn".parse::<Format>().unwrap_err();
    assert!(
        error.contains("there is no format `edn`: there are json-lines, jepsen-edn"),
        "{error}"
    );
    assert_eq!(Kind::Ok.to_string(), "ok");
}
