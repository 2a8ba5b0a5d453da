//! The generated reference pages are current, and what they show is right.

use seedbed_scenarios::Registry;
use seedbed_scenarios::format::{Area, Fault};
use seedbed_scenarios::reference::{faults, faults_page};

use crate::golden::assert_golden;

#[test]
fn the_page_of_faults_is_current() {
    assert_golden("../docs/reference/faults.md", &faults_page());
}

#[test]
fn every_kind_of_fault_is_told() {
    let entries = faults();
    let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, Fault::NAMES);
    for entry in &entries {
        assert!(Area::ALL.contains(&entry.area));
        for text in [&entry.about, entry.manual.models, entry.manual.example, entry.manual.evidence]
        {
            assert!(!text.trim().is_empty(), "{} says too little of itself", entry.name);
        }
        for field in &entry.fields {
            assert!(!field.about.is_empty(), "{}.{} is not told", entry.name, field.name);
        }
    }
}

/// Tables break at a line break or at a bar that is not escaped; links must lead somewhere.
#[test]
fn the_page_of_faults_reads_well() {
    let page = faults_page();
    let mut columns = None;
    for line in page.lines() {
        if !line.starts_with('|') {
            columns = None;
            continue;
        }
        let count = line.replace("\\|", "").matches('|').count();
        assert_eq!(*columns.get_or_insert(count), count, "a broken table: {line}");
    }
    let headings: Vec<String> = page
        .lines()
        .filter_map(|line| {
            line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#'))
        })
        .map(|heading| heading.to_lowercase().replace(' ', "-").replace(',', ""))
        .collect();
    for (position, heading) in headings.iter().enumerate() {
        assert!(!headings[..position].contains(heading), "two headings are `{heading}`");
    }
    for link in page.split("](#").skip(1) {
        let anchor = link.split(')').next().unwrap_or_default().to_owned();
        assert!(headings.contains(&anchor), "no heading for #{anchor}");
    }
}

/// The page is measured by `examples/bug-table.rs`, in minutes: here only that nothing is missing.
#[test]
fn the_table_of_faults_and_bugs_has_every_row_and_column() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/reference/faults-and-bugs.md");
    let page = std::fs::read_to_string(path).expect("the page is there");
    let mut rows = page.lines().filter(|line| line.starts_with('|'));
    let cells = |row: &str| -> Vec<String> {
        row.trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().trim_matches('`').to_owned())
            .collect()
    };
    let columns = cells(rows.next().expect("a head"));
    let rows: Vec<Vec<String>> = rows.skip(1).map(cells).collect();
    let again = "cargo run --release -p seedbed-scenarios --example bug-table";
    let drawn = seedbed_scenarios::format::schema();
    let drawn = drawn["$defs"]["RandomKind"]["oneOf"].as_array().expect("kinds").clone();
    for kind in drawn.iter().filter_map(|kind| kind["const"].as_str()) {
        assert!(columns.iter().any(|it| it == kind), "no column for `{kind}`: {again}");
    }
    for (kind, manual) in Fault::MANUALS {
        let faults: Vec<Fault> =
            serde_json::from_str(&format!("[{}]", manual.example)).expect("an example");
        let mends = faults.iter().any(|fault| fault.key() == *kind && fault.repairs());
        let is_there = columns.iter().any(|it| it == kind);
        let is_made_of_others = ["sequence", "random"].contains(kind);
        assert!(is_there || mends || is_made_of_others, "no column for `{kind}`: {again}");
    }
    for bug in Registry::standard().bugs("raft") {
        let row = rows.iter().find(|row| row[0] == bug.name);
        let row = row.unwrap_or_else(|| panic!("no row for `{}`: {again}", bug.name));
        assert_eq!(row.len(), columns.len());
        let is_count = |cell: &String| cell == "-" || cell.parse::<u64>().is_ok_and(|it| it > 0);
        assert!(row[1..].iter().all(is_count), "{row:?}");
    }
}
