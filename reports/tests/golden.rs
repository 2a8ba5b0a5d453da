//! Pictures to the byte. `UPDATE_GOLDEN=1` rewrites them; look at them before they are committed.

use std::fs;
use std::path::{Path, PathBuf};

use seedbed_reports::draw::to_svg;
use seedbed_reports::figure::{Figure, to_csv};
use seedbed_reports::{plots, results};

fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

fn figures(file: &str) -> Vec<Figure> {
    let results = results::read(&[here(file)]).unwrap();
    plots::figures(&results, &[]).0
}

fn agrees(name: &str, text: &str) {
    let path = here("golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, text).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert!(golden == text, "{name} has changed: UPDATE_GOLDEN=1 cargo test -p seedbed-reports");
}

#[test]
fn pictures_are_the_same_bytes() {
    let figures = figures("data/results.jsonl");
    let chosen = [
        "messages-over-time-nodes-3",
        "messages-by-kind",
        "time-to-leader-elected",
        "time-to-leader-elected-by-nodes",
        "hosts-reached-first-commit",
        "latency-over-time",
    ];
    for name in chosen {
        let figure = figures.iter().find(|figure| figure.name == name);
        let figure = figure.unwrap_or_else(|| panic!("there is no {name}"));
        agrees(&format!("{name}.svg"), &to_svg(figure));
        agrees(&format!("{name}.csv"), &to_csv(figure));
    }
}

#[test]
fn nothing_to_draw_is_a_sentence() {
    for mut figure in figures("data/results.jsonl") {
        figure.curves.clear();
        let svg = to_svg(&figure);
        assert!(svg.contains("</text>") && figure.is_empty(), "{}", figure.name);
        let words: Vec<&str> = figure.if_empty.split_whitespace().collect();
        assert!(words.len() > 2 && svg.contains(words[1]), "{}: {svg}", figure.name);
    }
    let mut figure = figures("data/results.jsonl").remove(0);
    figure.curves.clear();
    figure.lanes.clear();
    agrees("nothing.svg", &to_svg(&figure));
}

/// What is drawn is what is written: a row for every point, span and line across.
#[test]
fn every_value_of_a_picture_is_in_its_table() {
    for file in ["data/results.jsonl", "data/summary.json"] {
        for figure in figures(file) {
            let points: usize = figure.curves.iter().map(|curve| curve.points.len()).sum();
            let spans: usize = figure.lanes.iter().map(|lane| lane.spans.len()).sum();
            let rows = to_csv(&figure).lines().count();
            let lines = figure.guides.len() + figure.moments.len();
            assert_eq!(rows, 1 + points + spans + lines, "{}", figure.name);
        }
    }
}

#[cfg(feature = "png")]
#[test]
fn pngs_are_the_same_twice() {
    let figure = figures("data/results.jsonl").remove(0);
    let one = seedbed_reports::draw::to_png(&figure).unwrap();
    assert_eq!(one, seedbed_reports::draw::to_png(&figure).unwrap());
    assert_eq!(&one[1..4], b"PNG");
}
