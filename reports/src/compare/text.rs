//! A comparison as people read it.

use std::fmt::{self, Write as _};

use seedbed_scenarios::format::Nanos;
use seedbed_scenarios::run::Verdict;

use super::{Change, Comparison, Group, Key, Ratio, Said};

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for group in &self.groups {
            writeln!(f, "{}", describe(group))?;
        }
        for (keys, which) in [(&self.only_first, "first"), (&self.only_second, "second")] {
            for key in keys {
                writeln!(f, "only in the {which}: {}", name_of(key))?;
            }
        }
        if !self.groups.is_empty() {
            let line = "ratio: the second over the first, with its 95 % confidence interval; \
                        * where that is not 1,\n       - where there is none: fewer than 10 \
                        runs, a first of zero, or a milestone that too many runs never reached\n\
                        runs: how many have the number, where that is not all of them";
            writeln!(f, "{line}")?;
            let (clear, all) = self.clear_ratios();
            if clear > 0 {
                let by_chance = all as f64 * 0.05;
                writeln!(
                    f,
                    "{clear} of {all} ratios have a *; without any difference it would be about \
                     {by_chance:.1}"
                )?;
            }
        }
        Ok(())
    }
}

/// The columns of a table: a name, and two numbers, or a ratio with its interval, at a time.
const COLUMNS: usize = 11;

fn name_of(key: &Key) -> String {
    let mut name = format!("{} ({})", key.scenario, key.protocol);
    for (path, value) in &key.point {
        let _ = write!(name, ", {path} = {value}");
    }
    name
}

fn describe(group: &Group) -> String {
    let [first, second] = group.runs;
    let seeds = match group.common_seeds {
        common if common == first && common == second => format!("{first} seeds, the same"),
        0 => format!("{first} and {second} seeds"),
        common => format!("{first} and {second} seeds, {common} of them the same"),
    };
    let mut text = format!("{}: {seeds}\n", name_of(&group.key));
    let counts = [&group.verdicts[0], &group.verdicts[1]].map(|counts| {
        let told = counts.iter().map(|(verdict, count)| format!("{count} {}", word(*verdict)));
        told.collect::<Vec<String>>().join(", ")
    });
    if counts[0] != counts[1] {
        let _ = writeln!(text, "  verdicts: {} -> {}", counts[0], counts[1]);
    }
    for change in &group.changes {
        text.push_str(&describe_change(change));
    }
    text.push_str(&table(group));
    text
}

fn describe_change(change: &Change) -> String {
    let said = |said: &Said| match &said.property {
        Some(property) => format!("{} {property}", word(said.verdict)),
        None => word(said.verdict).to_owned(),
    };
    let seeds = if change.seeds == 1 { "seed" } else { "seeds" };
    let (from, to) = (said(&change.from), said(&change.to));
    let (count, first) = (change.seeds, change.first_seed);
    format!("  {from} -> {to}: {count} {seeds}, the first is {first}\n")
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Vacuous => "vacuous",
        Verdict::Unknown => "unknown",
        Verdict::Fail => "fail",
    }
}

/// Columns as wide as what is in them: names to the left, numbers to the right.
fn table(group: &Group) -> String {
    let head = ["", "runs", "", "median", "", "ratio", "", "mean", "", "ratio", ""];
    let mut rows: Vec<[String; COLUMNS]> = vec![head.map(str::to_owned)];
    rows.extend(group.quantities.iter().map(|compared| {
        let show = |number: Option<f64>| {
            number.map_or_else(|| "-".to_owned(), |number| show(&compared.name, number))
        };
        let has_all = compared.runs == group.runs;
        let [runs_a, runs_b] =
            compared.runs.map(|runs| if has_all { String::new() } else { runs.to_string() });
        let ([median_a, median_b], [mean_a, mean_b]) =
            (compared.median.map(show), compared.mean.map(show));
        let (median_ratio, median_interval) = show_ratio(compared.median_ratio);
        let (mean_ratio, mean_interval) = show_ratio(compared.mean_ratio);
        [
            compared.name.clone(),
            runs_a,
            runs_b,
            median_a,
            median_b,
            median_ratio,
            median_interval,
            mean_a,
            mean_b,
            mean_ratio,
            mean_interval,
        ]
    }));
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..COLUMNS).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = format!("  {:<width$}", row[0], width = widths[0]);
        for (cell, width) in row.iter().zip(&widths).skip(1) {
            let _ = write!(line, "  {cell:>width$}");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn show_ratio(ratio: Option<Ratio>) -> (String, String) {
    match ratio {
        None => ("-".to_owned(), String::new()),
        Some(ratio) => {
            let star = if ratio.is_clear() { "*" } else { " " };
            let high = if ratio.high.is_finite() {
                format!("{:.3}", ratio.high)
            } else {
                "never".to_owned()
            };
            let interval = format!("({:.3} to {high})", ratio.low);
            (format!("{:.3}{star}", ratio.ratio), interval)
        }
    }
}

/// Times as durations of at most four digits, everything else as a number.
fn show(name: &str, number: f64) -> String {
    let is_time = name.ends_with("_ns") || name.starts_with("milestones");
    if !is_time {
        return if number.fract() == 0.0 { format!("{number}") } else { format!("{number:.2}") };
    }
    let mut unit = 1.0;
    while number / unit >= 10_000.0 {
        unit *= 10.0;
    }
    Nanos(((number / unit).round() * unit) as u64).to_string()
}
