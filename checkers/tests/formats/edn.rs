//! The notation, piece by piece.

use seedbed_checkers::formats::edn::{DEPTH_MAX, Edn, EdnReader};

fn read(text: &str) -> Edn {
    let mut reader = EdnReader::new(text);
    let (_, value) = reader.next_value().unwrap().expect("a value");
    assert_eq!(reader.next_value(), Ok(None), "`{text}` is more than one value");
    value
}

fn refused(text: &str) -> String {
    let mut reader = EdnReader::new(text);
    loop {
        match reader.next_value() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("`{text}` was taken"),
            Err(error) => return error.to_string(),
        }
    }
}

fn text(text: &str) -> Edn {
    Edn::Text(text.to_owned())
}

fn keyword(name: &str) -> Edn {
    Edn::Keyword(name.to_owned())
}

fn number(written: &str) -> Edn {
    Edn::Number(written.to_owned())
}

#[test]
fn atoms() {
    let cases = [
        ("nil", Edn::Nil),
        ("true", Edn::Bool(true)),
        ("false", Edn::Bool(false)),
        ("7", Edn::Int(7)),
        ("-7", Edn::Int(-7)),
        ("+7", Edn::Int(7)),
        ("0", Edn::Int(0)),
        ("9223372036854775807", Edn::Int(i64::MAX)),
        ("-9223372036854775808", Edn::Int(i64::MIN)),
        ("7N", Edn::Int(7)),
        ("0x1f", Edn::Int(31)),
        ("-0x1f", Edn::Int(-31)),
        ("9223372036854775808", number("9223372036854775808")),
        ("1.50", number("1.5")),
        ("1.5M", number("1.5")),
        ("-1e3", number("-1000.0")),
        ("22/7", number("22/7")),
        ("##Inf", number("##Inf")),
        (":read", keyword("read")),
        ("::read", keyword("read")),
        (":jepsen.core/read!", keyword("jepsen.core/read!")),
        ("x", Edn::Symbol("x".to_owned())),
        ("-", Edn::Symbol("-".to_owned())),
        ("->x", Edn::Symbol("->x".to_owned())),
        ("nilly", Edn::Symbol("nilly".to_owned())),
        (r"\a", text("a")),
        (r"\newline", text("\n")),
        (r"\u0041", text("A")),
        (r"\(", text("(")),
    ];
    for (written, value) in cases {
        assert_eq!(read(written), value, "{written}");
    }
}

#[test]
fn strings_and_their_escapes() {
    let cases = [
        (r#""""#, ""),
        (r#""a b""#, "a b"),
        (r#""say \"x\"\\""#, r#"say "x"\"#),
        (r#""\t\r\n\b\f""#, "\t\r\n\u{8}\u{c}"),
        (r#""\u00e9\u20AC""#, "é€"),
        (r#""\ud83d\ude00""#, "😀"),
        (r#""\ud83d""#, "\u{fffd}"),
        (r#""\101\0""#, "A\0"),
        ("\"two\nlines ; no comment, #_ [\"", "two\nlines ; no comment, #_ ["),
        ("\"grüße 😀\"", "grüße 😀"),
        (r##"#"a\"\d+""##, r#"a\"\d+"#),
    ];
    for (written, value) in cases {
        assert_eq!(read(written), text(value), "{written}");
    }
}

#[test]
fn collections() {
    let list = |values: Vec<Edn>| Edn::List(values);
    let int = Edn::Int;
    let cases = [
        ("[]", list(vec![])),
        ("[1,2 ,, 3]", list(vec![int(1), int(2), int(3)])),
        ("(1 [2])", list(vec![int(1), list(vec![int(2)])])),
        ("#{2 1}", Edn::Set(vec![int(2), int(1)])),
        ("{:a 1, 2 nil}", Edn::Map(vec![(keyword("a"), int(1)), (int(2), Edn::Nil)])),
        ("{}", Edn::Map(vec![])),
        ("#:a{:x 1, :b/y 2}", {
            Edn::Map(vec![(keyword("a/x"), int(1)), (keyword("b/y"), int(2))])
        }),
        ("[:a\"b\"1]", list(vec![keyword("a"), text("b"), int(1)])),
        (r"[\a\]]", list(vec![text("a"), text("]")])),
    ];
    for (written, value) in cases {
        assert_eq!(read(written), value, "{written}");
    }
}

#[test]
fn tags_and_what_is_skipped() {
    let tagged = |tag: &str, value| Edn::Tagged(tag.to_owned(), Box::new(value));
    let cases = [
        (r#"#inst "2026-01-01""#, tagged("inst", text("2026-01-01"))),
        ("#jepsen.history.Op{:index 0}", {
            tagged("jepsen.history.Op", Edn::Map(vec![(keyword("index"), Edn::Int(0))]))
        }),
        ("#object [a.B 0x1f \"x\"]", {
            let symbol = Edn::Symbol("a.B".to_owned());
            tagged("object", Edn::List(vec![symbol, Edn::Int(31), text("x")]))
        }),
        ("[1 #_2 #_ #_ 3 4 ; five\n 6 #_[7]]", Edn::List(vec![Edn::Int(1), Edn::Int(6)])),
        ("; a comment\n\u{a0},7 ; another", Edn::Int(7)),
    ];
    for (written, value) in cases {
        assert_eq!(read(written), value, "{written}");
    }
}

#[test]
fn values_know_their_lines() {
    let mut reader = EdnReader::new("\n{:a\n 1}\n ; x\n\n\"s\nt\" 3");
    let mut lines = Vec::new();
    while let Some((line, _)) = reader.next_value().unwrap() {
        lines.push(line);
    }
    assert_eq!(lines, [2, 6, 7]);
    let mut reader = EdnReader::new("; x\n[1\n 2 ]\n3");
    let close = reader.enter_list().unwrap().expect("a vector");
    assert_eq!(reader.next_element(close), Ok(Some((2, Edn::Int(1)))));
    assert_eq!(reader.next_element(close), Ok(Some((3, Edn::Int(2)))));
    assert_eq!(reader.next_element(close), Ok(None));
    assert_eq!(reader.next_value(), Ok(Some((4, Edn::Int(3)))));
}

#[test]
fn errors_name_line_and_column() {
    let cases = [
        ("{:a 1\n :b", "line 1, column 1: `{` is not closed"),
        ("{:a 1\n :b}", "line 1, column 1: a map with a key that has no value"),
        ("[1\n  2", "line 1, column 1: `[` is not closed"),
        ("é [1 }", "line 1, column 6: expected a value, found `}`"),
        ("1\n ]", "line 2, column 2: expected a value, found `]`"),
        ("\"abc", "line 1, column 1: a string that is not closed"),
        (r#" "a\q""#, r"line 1, column 4: `\q` is no escape in a string"),
        (r#""\u12g4""#, r"line 1, column 2: `\u` needs four hexadecimal digits"),
        ("12x", "line 1, column 1: `12x` is no number"),
        ("0x", "line 1, column 1: `0x` is no number"),
        ("1/", "line 1, column 1: `1/` is no number"),
        ("1.2.3", "line 1, column 1: `1.2.3` is no number"),
        (":", "line 1, column 1: a colon without the name of a keyword"),
        ("a@b", "line 1, column 1: expected a value, found `a@b`"),
        ("#", "line 1, column 1: expected a set, a tag or `#_` after `#`"),
        ("#_ ", "line 1, column 1: nothing follows `#_`, which skips a value"),
        ("#inst", "line 1, column 1: the tag `#inst` is followed by no value"),
        ("#:a [1]", "line 1, column 1: `#:a` is followed by no map"),
        (r"\nonsense", r"line 1, column 1: `\nonsense` is no character"),
        ("\\", "line 1, column 1: nothing follows the backslash"),
    ];
    for (written, problem) in cases {
        assert_eq!(refused(written), problem, "{written}");
    }
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize, open: &str| open.repeat(depth);
    for open in ["[", "(", "{1 ", "#{", "#_", "#a ", "#a[", "[#_"] {
        let problem = refused(&nested(1_000_000, open));
        assert!(problem.contains("nest deeper than 128"), "{open}: {problem}");
    }
    let deep = format!("{}{}", "[".repeat(DEPTH_MAX - 1), "]".repeat(DEPTH_MAX - 1));
    read(&deep);
}
