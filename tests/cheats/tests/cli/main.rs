//! The command line as a script sees it: text, files and exit codes of real processes.

mod codes;
mod determinism;
mod golden;
mod plots;
mod replays;
mod series;
mod sweeps;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

/// A folder of its own for a test, gone afterwards.
pub(crate) struct Lab {
    folder: PathBuf,
}

/// What a process said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

static LABS: AtomicU32 = AtomicU32::new(0);

impl Lab {
    pub(crate) fn new() -> Lab {
        let number = LABS.fetch_add(1, Ordering::Relaxed);
        let name = format!("seedbed-cli-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Lab { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn read_json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    /// Writes a scenario of a protocol with some fields of its own.
    pub(crate) fn scenario(&self, file: &str, protocol: &str, fields: Value) {
        let mut scenario = json!({
            "format_version": 1,
            "name": file.trim_end_matches(".json"),
            "protocol": protocol,
            "nodes": 3,
            "network": { "latency": { "uniform": ["1ms", "5ms"] } },
            "end": { "heal_at": "100ms", "settle": "100ms" },
            "seeds": 20,
        });
        for (key, value) in fields.as_object().unwrap() {
            scenario[key] = value.clone();
        }
        self.write(file, &format!("{scenario:#}\n"));
    }

    /// A scenario in which about one seed in seven fails.
    pub(crate) fn failing(&self, file: &str) {
        self.scenario(file, "tiny", json!({ "params": { "say_99_in": 20 } }));
    }

    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seedbed-cheats"));
        command.args(line.split_whitespace()).current_dir(&self.folder);
        command.env("NO_COLOR", "1").env_remove("RUST_BACKTRACE");
        command
    }

    pub(crate) fn run(&self, line: &str) -> Said {
        said(self.command(line).output().unwrap())
    }

    /// Runs a command that must end with a code; returns what it wrote to stdout.
    pub(crate) fn expect(&self, code: i32, line: &str) -> String {
        let said = self.run(line);
        assert_eq!(said.code, code, "{line}\n{}\n{}", said.stdout, said.stderr);
        said.stdout
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn said(output: Output) -> Said {
    // A process that a signal ended has no code.
    let code = output.status.code().unwrap_or(-1);
    let text = |bytes: Vec<u8>| {
        let text = String::from_utf8(bytes).unwrap();
        text.replace(env!("CARGO_BIN_EXE_seedbed-cheats"), "seedbed")
    };
    Said { code, stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// The only failure file of a folder, or the first by name.
pub(crate) fn first_failure(folder: &Path) -> String {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names.into_iter().next().expect("there is a failure file")
}
