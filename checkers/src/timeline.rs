//! Operations as bars in lanes, one lane a process: as text, and as a page for a browser.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::process::Process;

mod html;

/// What is said about a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It took place as number so many, from 1, in the order shown.
    Placed(usize),
    /// It had to take place next, and could not.
    Blocked,
    /// It has no place in the order shown.
    Unplaced,
}

/// An operation as a bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Whose lane it is in.
    pub process: Process,
    /// What stands on it.
    pub label: String,
    /// What is said of it where there is room.
    pub details: String,
    /// Where it begins.
    pub invoked_ns: u64,
    /// Where it ends; `None` is "never".
    pub until_ns: Option<u64>,
    /// What is said about it.
    pub mark: Mark,
}

impl Bar {
    fn text(&self) -> String {
        match self.mark {
            Mark::Placed(number) => format!("({number}) {}", self.label),
            Mark::Blocked => format!("XX {} XX", self.label),
            Mark::Unplaced => self.label.clone(),
        }
    }
}

/// Bars with a title and notes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    /// What it shows.
    pub title: String,
    /// The operations.
    pub bars: Vec<Bar>,
    /// What else is to be said.
    pub notes: Vec<String>,
}

impl Timeline {
    /// The picture as lines of text. Times are in their order, not to scale: a column stands for
    /// each time at which something begins or ends, and is as far from the last one as the
    /// labels need.
    ///
    /// ```text
    /// c1    |-- (1) write 1: done --|
    /// c2                  |-- XX read: 0 XX --|
    /// c3  |-- write 2 ...
    /// ```
    pub fn to_text(&self) -> String {
        let layout = Layout::of(&self.bars, |bar| bar.text().chars().count() + 8);
        let names: Vec<String> = layout.lanes.iter().map(|lane| lane.process.to_string()).collect();
        let margin = names.iter().map(String::len).max().unwrap_or(0) + 2;
        let mut text = format!("{}\n", self.title);
        let mut last = None;
        for (lane, name) in layout.lanes.iter().zip(names) {
            let shown = if last == Some(lane.process) { String::new() } else { name };
            last = Some(lane.process);
            let mut line = format!("{shown:margin$}");
            for &(bar, from, to) in &lane.bars {
                let label = self.bars[bar].text();
                let gap = (margin + from).saturating_sub(line.chars().count());
                line.extend(std::iter::repeat_n(' ', gap));
                match to {
                    Some(to) => {
                        let dashes = (to - from - 4).saturating_sub(label.chars().count());
                        let (left, right) = (dashes / 2, dashes - dashes / 2);
                        let _ = write!(
                            line,
                            "|{} {label} {}|",
                            "-".repeat(left.max(1)),
                            "-".repeat(right.max(1))
                        );
                    }
                    None => {
                        let _ = write!(line, "|-- {label} ...");
                    }
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        for note in &self.notes {
            let _ = writeln!(text, "{note}");
        }
        text
    }

    /// The picture as a page that needs nothing else: no script, no font, no network.
    pub fn to_html(&self) -> String {
        html::page(self)
    }
}

/// A row of bars that do not overlap.
struct Lane {
    process: Process,
    /// Bars by place, with the columns where they begin and end.
    bars: Vec<(usize, usize, Option<usize>)>,
}

/// Where bars are drawn.
struct Layout {
    lanes: Vec<Lane>,
    /// The first column beyond everything.
    width: usize,
}

impl Layout {
    /// Places bars so that each has the width that it needs.
    fn of(bars: &[Bar], width_of: impl Fn(&Bar) -> usize) -> Layout {
        // Invocations come before ends of the same time, so that what is concurrent overlaps.
        let mut events: BTreeMap<(u64, bool), usize> = BTreeMap::new();
        for bar in bars {
            events.insert((bar.invoked_ns, false), 0);
            if let Some(until_ns) = bar.until_ns {
                events.insert((until_ns, true), 0);
            }
        }
        let mut ended: BTreeMap<(u64, bool), Vec<&Bar>> = BTreeMap::new();
        for bar in bars {
            if let Some(until_ns) = bar.until_ns {
                ended.entry((until_ns, true)).or_default().push(bar);
            }
        }
        let (mut column, mut columns) = (0, BTreeMap::new());
        for event in events.keys() {
            for bar in ended.get(event).into_iter().flatten() {
                let from: usize = columns[&(bar.invoked_ns, false)];
                column = column.max(from + width_of(bar));
            }
            columns.insert(*event, column);
            column += 3;
        }
        let open = bars.iter().filter(|bar| bar.until_ns.is_none());
        let width = open.map(|bar| columns[&(bar.invoked_ns, false)] + width_of(bar));
        let width = width.max().unwrap_or(0).max(column);
        let mut order: Vec<usize> = (0..bars.len()).collect();
        order.sort_by_key(|&bar| (bars[bar].process, bars[bar].invoked_ns, bar));
        let mut lanes: Vec<Lane> = Vec::new();
        for bar in order {
            let Bar { process, invoked_ns, until_ns, .. } = bars[bar];
            let from = columns[&(invoked_ns, false)];
            let to = until_ns.map(|until_ns| columns[&(until_ns, true)]);
            let fits = |lane: &Lane| {
                lane.process == process
                    && lane.bars.last().is_some_and(|last| last.2.is_some_and(|end| end < from))
            };
            match lanes.last_mut().filter(|lane| fits(lane)) {
                Some(lane) => lane.bars.push((bar, from, to)),
                None => lanes.push(Lane { process, bars: vec![(bar, from, to)] }),
            }
        }
        Layout { lanes, width }
    }
}
