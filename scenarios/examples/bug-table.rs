//! Measures which kinds of faults find which planted bugs, and writes
//! `docs/reference/faults-and-bugs.md`. Takes minutes, so no test runs it:
//!
//! ```console
//! $ cargo run --release -p seedbed-scenarios --example bug-table
//! ```
//!
//! `-- 20 3` tries 20 seeds in each of 3 ranges instead, and prints the page rather than writing it.
//! The same build gives the same page, on any number of cores.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use seedbed_scenarios::format::{Fault, load, load_text, schema};
use seedbed_scenarios::run::{RunOptions, Verdict};
use seedbed_scenarios::{Plan, Registry};
use serde_json::{Value, json};

/// How many seeds of a range are tried.
const BUDGET: u64 = 200;
/// How many ranges of seeds, none of which shares a seed with another: odd, so that one of them is
/// the median.
const RANGES: u64 = 5;

/// One way to make things go wrong.
struct Column {
    name: String,
    /// Where its faults are from.
    source: Source,
}

enum Source {
    /// Nothing goes wrong.
    Nothing,
    /// `random` draws the kind, and nothing else.
    Drawn,
    /// The example of the catalogue: placed by hand, once.
    Example { faults: &'static str, needs: &'static str },
    /// A scenario of the library.
    Library(PathBuf),
}

/// What the measured scenarios have in common: a network that does nothing worse than take its
/// time, disks that take theirs, and clients.
fn base() -> Value {
    json!({
        "format_version": 1, "name": "bug-table", "protocol": "raft", "nodes": 5,
        "network": { "latency": { "exponential": { "mean": "8ms", "min": "1ms" } } },
        "hosts": [ { "select": "all", "disk": { "latency": { "uniform": ["2ms", "20ms"] } } } ],
        "workloads": [ { "log": { "clients": 4, "rate": "40/s" } } ],
        "end": { "heal_at": "9s", "settle": "4s" },
        "limits": { "events": 500_000 },
        "checks": [ "log-consistent" ],
    })
}

fn library() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("library/raft/faults")
}

/// Kinds that `random` draws first, then the others, each from the library or the catalogue.
fn columns() -> Vec<Column> {
    let schema = schema();
    let drawn = schema["$defs"]["RandomKind"]["oneOf"].as_array().expect("kinds to draw");
    let drawn = drawn.iter().filter_map(|kind| kind["const"].as_str());
    let mut columns = vec![Column { name: "none".to_owned(), source: Source::Nothing }];
    columns.extend(drawn.map(|name| Column { name: name.to_owned(), source: Source::Drawn }));
    for (name, manual) in Fault::MANUALS {
        let is_there = columns.iter().any(|column| column.name == *name);
        if is_there || ["sequence", "random"].contains(name) || mends(name, manual.example) {
            continue;
        }
        let file = library().join(format!("{}.json", name.replace('_', "-")));
        let source = if file.is_file() {
            Source::Library(file)
        } else {
            Source::Example { faults: manual.example, needs: manual.needs }
        };
        columns.push(Column { name: (*name).to_owned(), source });
    }
    columns
}

/// Whether a kind only ends what others hold.
fn mends(name: &str, example: &str) -> bool {
    let faults: Vec<Fault> =
        serde_json::from_str(&format!("[{example}]")).expect("the example is one");
    faults.iter().any(|fault| fault.key() == name && fault.repairs())
}

/// How far a protocol is asked to bear a column's faults.
#[derive(Clone, Copy)]
enum Bearing {
    /// Within what it tolerates.
    Plain,
    /// The same, because messages carry checksums and the names of their addressees.
    Shielded,
    /// Beyond: what fails then need not be the bug.
    Beyond,
}

/// The scenario of a cell, in the first way in which it is accepted.
fn plan(registry: &Registry, column: &Column, bug: Option<&str>) -> (Plan, Bearing) {
    let catalog = registry.catalog();
    let mut settings = vec![r#"params.election_timeout=["150ms","250ms"]"#.to_owned()];
    settings.extend(bug.map(|bug| format!("params.bug={bug}")));
    let mut scenario = base();
    match &column.source {
        Source::Nothing => {}
        Source::Drawn => {
            let random = json!({ "from": "1s", "until": "8s", "kinds": [column.name],
                "times": [6, 10], "for": ["200ms", "2s"] });
            scenario["faults"] = json!([{ "random": random }]);
        }
        Source::Example { faults, needs } => {
            let needs: Value = serde_json::from_str(&format!("{{ {needs} }}")).expect("fields");
            for (key, value) in needs.as_object().expect("an object") {
                scenario[key] = value.clone();
            }
            scenario["faults"] = serde_json::from_str(&format!("[{faults}]")).expect("faults");
        }
        Source::Library(path) => {
            let loaded = load(path, &settings, &catalog).expect("the library loads");
            let plan = registry.plans(&loaded.scenario).expect("a plan").remove(0);
            return (plan, Bearing::Plain);
        }
    }
    let mut last = None;
    for bearing in [Bearing::Plain, Bearing::Shielded, Bearing::Beyond] {
        let mut tried = scenario.clone();
        match bearing {
            Bearing::Plain => {}
            Bearing::Shielded => {
                tried["network"]["checksum"] = json!(true);
                tried["network"]["addressee"] = json!(true);
            }
            Bearing::Beyond => tried["contract"] = json!("beyond"),
        }
        match load_text(Path::new("cell.json"), &tried.to_string(), &settings, &catalog) {
            Ok(loaded) => {
                return (registry.plans(&loaded.scenario).expect("a plan").remove(0), bearing);
            }
            Err(errors) => last = Some(errors),
        }
    }
    panic!("{}: {:?}", column.name, last.map(|errors| errors.reports()));
}

/// The median over the ranges of how many seeds it took to fail; none if most ranges did not.
fn seeds_to_find(plan: &Plan, budget: u64, ranges: u64) -> Option<u64> {
    let needed = (ranges / 2 + 1) as usize;
    let mut found = Vec::new();
    let mut missed = 0;
    for range in 0..ranges {
        let fails = |count: &u64| {
            let seed = range * budget + count - 1;
            plan.run(seed, &RunOptions::default()).record.verdict == Verdict::Fail
        };
        match (1..=budget).find(fails) {
            Some(count) => found.push(count),
            None => missed += 1,
        }
        if missed >= needed {
            return None;
        }
    }
    found.sort_unstable();
    found.get(needed - 1).copied()
}

/// One measurement: a row (0 is without any bug), a column, and what came of it.
type Cells = BTreeMap<(usize, usize), Option<u64>>;

/// Measures every cell, on all cores.
fn measure(plans: &[Vec<Plan>], budget: u64, ranges: u64) -> Cells {
    let cells: Vec<(usize, usize)> = plans
        .iter()
        .enumerate()
        .flat_map(|(row, columns)| (0..columns.len()).map(move |column| (row, column)))
        .collect();
    let next = AtomicUsize::new(0);
    let measured = Mutex::new(Cells::new());
    let work = || {
        while let Some(&(row, column)) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
            // Without a bug nothing is to be found: one range shows that as well.
            let ranges = if row == 0 { 1 } else { ranges };
            let count = seeds_to_find(&plans[row][column], budget, ranges);
            let mut measured = measured.lock().expect("no other thread has panicked");
            measured.insert((row, column), count);
            if measured.len().is_multiple_of(50) {
                eprintln!("{} of {} cells", measured.len(), cells.len());
            }
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..cores).for_each(|_| drop(scope.spawn(work))));
    measured.into_inner().expect("no thread has panicked")
}

fn page(
    columns: &[(Column, Bearing)],
    bugs: &[&str],
    cells: &Cells,
    budget: u64,
    ranges: u64,
) -> String {
    let mut text = String::from("# Which faults find which planted bugs\n\n");
    let _ = write!(
        text,
        "<!-- Measured: `cargo run --release -p seedbed-scenarios --example bug-table` writes it. -->\n\n\
         Rows are the bugs that `params.bug` plants into Raft (`seedbed list bugs`), columns the \
         [kinds of faults](faults.md). A number is how many seeds it takes until a run fails: the median \
         over {ranges} ranges of {budget} seeds each (seeds 0 to {last}, no seed in two ranges). `-` means \
         that most ranges do not find it. The row *no bug* is the control: one range, in which nothing may \
         fail unless the faults go beyond what Raft tolerates.\n\n\
         Every run has five hosts, four clients that append 40 commands a second together, latencies of 8 ms \
         in the mean, disks that take 2 to 20 ms, and no other faults than those of its column: under \
         `none` nothing at all, so what is found there needs no fault. Kinds that `random` draws happen 6 to 10 \
         times in 7 s, for 200 ms to 2 s each; the others come from the library or the catalogue's example, \
         as said below the table.\n\n",
        last = ranges * budget - 1
    );
    let names: Vec<String> =
        columns.iter().map(|(column, _)| format!("`{}`", column.name)).collect();
    let _ = writeln!(text, "| bug | {} |", names.join(" | "));
    let _ = writeln!(text, "|---|{}", "---:|".repeat(columns.len()));
    for (row, bug) in std::iter::once("*no bug*".to_owned())
        .chain(bugs.iter().map(|bug| format!("`{bug}`")))
        .enumerate()
    {
        let counts = (0..columns.len()).map(|column| {
            cells[&(row, column)].map_or_else(|| "-".to_owned(), |count| count.to_string())
        });
        let _ = writeln!(text, "| {bug} | {} |", counts.collect::<Vec<String>>().join(" | "));
    }
    text.push('\n');
    for (column, bearing) in columns {
        let source = match &column.source {
            Source::Nothing => continue,
            Source::Drawn => "drawn by `random`".to_owned(),
            Source::Example { .. } => {
                "the example of the [catalogue](faults.md), once a run".to_owned()
            }
            Source::Library(path) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                format!("`scenarios/library/raft/faults/{name}`, with its own hosts and load")
            }
        };
        let note = match bearing {
            Bearing::Plain => "",
            Bearing::Shielded => ", on a network with `checksum` and `addressee`",
            Bearing::Beyond => ", beyond what Raft tolerates: what fails need not be the bug",
        };
        let _ = writeln!(text, "- `{}`: {source}{note}.", column.name);
    }
    text
}

fn main() {
    let numbers: Vec<u64> =
        std::env::args().skip(1).map(|word| word.parse().expect("a number")).collect();
    let budget = numbers.first().copied().unwrap_or(BUDGET);
    let ranges = numbers.get(1).copied().unwrap_or(RANGES);
    let registry = Registry::standard();
    let bugs: Vec<&str> = registry.bugs("raft").iter().map(|bug| bug.name).collect();
    let columns = columns();
    let rows = std::iter::once(None).chain(bugs.iter().copied().map(Some));
    let mut plans = Vec::new();
    let mut bearings = Vec::new();
    for bug in rows {
        let row: Vec<(Plan, Bearing)> =
            columns.iter().map(|column| plan(&registry, column, bug)).collect();
        bearings = row.iter().map(|(_, bearing)| *bearing).collect();
        plans.push(row.into_iter().map(|(plan, _)| plan).collect::<Vec<Plan>>());
    }
    // A bug may make a handler panic: that is a failed run, and no news.
    std::panic::set_hook(Box::new(|_| {}));
    let cells = measure(&plans, budget, ranges);
    let columns: Vec<(Column, Bearing)> = columns.into_iter().zip(bearings).collect();
    let text = page(&columns, &bugs, &cells, budget, ranges);
    if numbers.is_empty() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"));
        let path = path.join("../docs/reference/faults-and-bugs.md");
        std::fs::write(path, text).expect("the page can be written");
    } else {
        print!("{text}");
    }
}
