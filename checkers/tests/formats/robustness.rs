//! Whatever the text is, a reader returns: with a history, or with an error that has a place.

use seedbed_checkers::formats::{Format, read};

/// A small generator of its own: the cases must be the same everywhere.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }
}

const SAMPLES: [&str; 6] = [
    r#"{:type :invoke, :f :txn, :value [[:append "x" 1] [:r 2 nil]], :process 0, :time 1}
#jepsen.history.Op{:type :ok, :f :txn, :value [[:append "x" 1] [:r 2 [3 -4]]], :process 0, :time 2}
; a comment
{:type :info, :process :nemesis, :f :start, :value #{:n1 "n\u00e92"}, :error [:x 0x1f 1.5e3 \a]}
"#,
    r#"[{:process 1 :type :invoke :f :read :value [7 nil]} #_ 3
 {:process 1 :type :ok :f :read :value [7 {0 10, 1 20}] :at #inst "2026-01-01"}]"#,
    r#"{"type": "invoke", "process": 3, "f": "cas", "value": [1, 2.5]}
{"type": "fail", "process": 3, "f": "cas", "value": {"a": [null, true]}, "error": "x"}
"#,
    "INFO  jepsen.util - 0\t:invoke\t:cas\t[4 1]\nINFO  jepsen.util - 0 :info :cas :timed-out\n",
    r#"{"name": "a", "workload": "list-append", "txns": [
  {"process": 0, "type": "ok", "start": 0, "end": 9, "ops": [["append", "x", 1]]},
  {"process": 0, "type": "info", "start": 10, "end": null, "ops": [["r", "x", [1]]]}]}"#,
    r#"{"time_ns":1000,"process":"c1","kind":"invoke","op":{"append":7}}
{"time_ns":2500,"process":"c1","kind":"ok","op":{"append":7},"ret":{"index":1}}
"#,
];

fn survives(text: &str) {
    for format in Format::ALL.into_iter().map(Some).chain([None]) {
        if let Err(error) = read(text, format) {
            assert!(!error.problem().is_empty());
        }
    }
}

#[test]
fn samples_are_read() {
    let formats: Vec<Format> =
        SAMPLES.iter().map(|sample| read(sample, None).unwrap()[0].format).collect();
    let expected = [
        Format::JepsenEdn,
        Format::JepsenEdn,
        Format::JepsenJson,
        Format::JepsenLog,
        Format::Cases,
        Format::JsonLines,
    ];
    assert_eq!(formats, expected);
}

#[test]
fn a_text_may_be_cut_anywhere() {
    for sample in SAMPLES {
        for (end, _) in sample.char_indices() {
            survives(&sample[..end]);
            survives(&sample[end..]);
        }
    }
}

#[test]
fn characters_may_change_anywhere() {
    let mut draw = Draw(1);
    let replacements: Vec<char> =
        "{}[]()#_:;\"\\,. \n09-+/NMxénitrue\0\u{feff}😀".chars().collect();
    for _ in 0..20_000 {
        let mut text: Vec<char> = SAMPLES[draw.below(SAMPLES.len())].chars().collect();
        for _ in 0..=draw.below(4) {
            let at = draw.below(text.len());
            match draw.below(3) {
                0 => text[at] = replacements[draw.below(replacements.len())],
                1 => text.insert(at, replacements[draw.below(replacements.len())]),
                _ => {
                    text.remove(at);
                }
            }
        }
        survives(&text.into_iter().collect::<String>());
    }
}

#[test]
fn noise_is_refused_or_read() {
    let mut draw = Draw(2);
    for _ in 0..20_000 {
        let bytes: Vec<u8> = (0..draw.below(60)).map(|_| draw.next().to_le_bytes()[0]).collect();
        survives(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn nesting_does_not_exhaust_the_stack() {
    for open in ["[", "{", "{\"a\":", "{:value ", "#{", "#_", "{\"txns\": [", "#a "] {
        survives(&open.repeat(200_000));
    }
}
