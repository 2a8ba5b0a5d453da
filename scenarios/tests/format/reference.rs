//! The generated reference pages are current, and what they show is right.

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
