//! Reads the public histories in `tests/data/porcupine`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use seedbed_checkers::{History, KvOp, KvRet, OperationId, Process, RegisterOp, RegisterRet};

pub type Registers = History<RegisterOp<Option<i64>>, RegisterRet<Option<i64>>>;
pub type Stores = History<KvOp<String, String>, KvRet<String>>;

pub fn text(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/porcupine").join(name);
    std::fs::read_to_string(path).unwrap()
}

pub fn registers(text: &str) -> Registers {
    let mut history = Registers::new();
    let mut open: BTreeMap<u32, OperationId> = BTreeMap::new();
    for (line, time_ns) in text.lines().zip(1..) {
        let words: Vec<&str> =
            line.split([' ', '\t', '[', ']']).filter(|word| !word.is_empty()).skip(3).collect();
        let client: u32 = words[0].parse().unwrap();
        let value = |word: &str| (word != "nil").then(|| word.parse().unwrap());
        match (words[1], words[2]) {
            (":invoke", f) => {
                let op = match f {
                    ":read" => RegisterOp::Read,
                    ":write" => RegisterOp::Write(value(words[3])),
                    _ => RegisterOp::CompareAndSet(value(words[3]), value(words[4])),
                };
                open.insert(client, history.invoke(Process::client(client), time_ns, op));
            }
            (":fail", ":read") => history.fail(open[&client], time_ns),
            (":info", _) => history.info(open[&client], time_ns),
            (":ok", ":read") => {
                history.ok(open[&client], time_ns, RegisterRet::Value(value(words[3])));
            }
            (":ok", ":write") => history.ok(open[&client], time_ns, RegisterRet::Done),
            (end, _) => history.ok(open[&client], time_ns, RegisterRet::Swapped(end == ":ok")),
        }
    }
    history
}

pub fn stores(text: &str) -> Stores {
    let mut history = Stores::new();
    let mut open: BTreeMap<u32, OperationId> = BTreeMap::new();
    for (line, time_ns) in text.lines().zip(1..) {
        let after = |name: &str| {
            let rest = &line[line.find(name).unwrap() + name.len()..];
            rest.trim_start()
        };
        let word = |name| after(name).split([',', '}']).next().unwrap();
        let quoted = |name| after(name).split('"').nth(1).unwrap().to_owned();
        let client: u32 = word(":process").parse().unwrap();
        let (f, key) = (word(":f"), quoted(":key"));
        if word(":type") == ":invoke" {
            let op = match f {
                ":get" => KvOp::Get(key),
                ":put" => KvOp::Put(key, quoted(":value")),
                _ => KvOp::Append(key, quoted(":value")),
            };
            open.insert(client, history.invoke(Process::client(client), time_ns, op));
        } else {
            let ret = if f == ":get" { KvRet::Value(quoted(":value")) } else { KvRet::Done };
            history.ok(open[&client], time_ns, ret);
        }
    }
    history
}
