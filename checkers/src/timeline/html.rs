//! A timeline as a page.

use std::fmt::Write as _;

use super::{Bar, Layout, Mark, Timeline};

/// Sizes in pixels: of a character of the labels, of a lane, and of the margins.
const CHARACTER: usize = 8;
const LANE_HEIGHT: usize = 44;
const BAR_HEIGHT: usize = 28;
const TOP: usize = 16;

/// How it looks. What is blocked has a dashed border and a word, so that colour is not needed.
const STYLE: &str = "
:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem; max-width: 100rem; }
h1 { font-size: 1.1rem; }
.scroll { overflow-x: auto; border: 1px solid #8886; border-radius: 6px; }
svg text { font: 13px/1 ui-monospace, monospace; fill: #111; }
svg text.lane { font-weight: 600; fill: currentColor; }
svg line { stroke: #8884; }
rect { stroke: #345; stroke-width: 1; fill: #cfe2f7; }
rect.unplaced { fill: #e6e6e6; stroke: #777; }
rect.blocked { fill: #ffd9d2; stroke: #b00020; stroke-width: 3; stroke-dasharray: 7 4; }
circle { fill: #1b4a7a; }
svg text.number { fill: #fff; font-size: 11px; text-anchor: middle; }
polyline { fill: none; stroke: #1b4a7a; stroke-width: 1.5; stroke-dasharray: 2 3; }
table { border-collapse: collapse; margin-top: 1rem; }
th, td { text-align: left; padding: .15rem .8rem .15rem 0; border-bottom: 1px solid #8884; }
td { font-family: ui-monospace, monospace; font-size: 13px; }
";

pub(super) fn page(timeline: &Timeline) -> String {
    let title = escaped(&timeline.title);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    );
    let _ = write!(page, "<div class=\"scroll\">\n{}</div>\n", drawing(timeline));
    for note in &timeline.notes {
        let _ = writeln!(page, "<p>{}</p>", escaped(note));
    }
    page += "<p>Each lane is a process, each bar an operation from its invocation to its end. \
             Times are in order, not to scale. Numbers are the order in which operations took \
             place; a bar with a dashed border and the word \u{201c}blocked\u{201d} could not \
             follow.</p>\n";
    page += &table(timeline);
    page += "</body>\n</html>\n";
    page
}

fn drawing(timeline: &Timeline) -> String {
    let layout = Layout::of(&timeline.bars, |bar| text_of(bar).chars().count() + 6);
    let names = layout.lanes.iter().map(|lane| lane.process.to_string());
    let margin = (names.map(|name| name.len()).max().unwrap_or(0) + 3) * CHARACTER;
    let width = margin + (layout.width + 2) * CHARACTER;
    let height = TOP * 2 + layout.lanes.len() * LANE_HEIGHT;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         role=\"img\" aria-label=\"Timeline of operations\">\n"
    );
    let mut places: Vec<(usize, usize, usize)> = Vec::new();
    let mut bars = String::new();
    let mut last = None;
    for (row, lane) in layout.lanes.iter().enumerate() {
        let y = TOP + row * LANE_HEIGHT;
        let middle = y + BAR_HEIGHT / 2;
        let _ = writeln!(svg, "<line x1=\"0\" y1=\"{middle}\" x2=\"{width}\" y2=\"{middle}\"/>");
        if last != Some(lane.process) {
            let baseline = middle + 4;
            let name = escaped(&lane.process.to_string());
            let _ = writeln!(svg, "<text class=\"lane\" x=\"8\" y=\"{baseline}\">{name}</text>");
        }
        last = Some(lane.process);
        for &(bar, from, to) in &lane.bars {
            let bar = &timeline.bars[bar];
            let x = margin + from * CHARACTER;
            let end = to.map_or(width + 2 * CHARACTER, |to| margin + to * CHARACTER);
            if let Mark::Placed(number) = bar.mark {
                places.push((number, x, middle));
            }
            draw_bar(&mut bars, bar, (x, y), end.saturating_sub(x));
        }
    }
    places.sort_unstable();
    let points: Vec<String> = places.iter().map(|(_, x, y)| format!("{x},{y}")).collect();
    let _ = writeln!(svg, "{bars}<polyline points=\"{}\"/>", points.join(" "));
    for (number, x, y) in places {
        let baseline = y + 4;
        let _ = writeln!(
            svg,
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"10\"/>\
             <text class=\"number\" x=\"{x}\" y=\"{baseline}\">{number}</text>"
        );
    }
    svg += "</svg>\n";
    svg
}

fn draw_bar(svg: &mut String, bar: &Bar, (x, y): (usize, usize), width: usize) {
    let class = match bar.mark {
        Mark::Placed(_) => "placed",
        Mark::Blocked => "blocked",
        Mark::Unplaced => "unplaced",
    };
    let (text_x, baseline) = (x + 2 * CHARACTER, y + BAR_HEIGHT / 2 + 4);
    let _ = writeln!(
        svg,
        "<g><title>{}</title><rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" \
         height=\"{BAR_HEIGHT}\" rx=\"4\"/><text x=\"{text_x}\" y=\"{baseline}\">{}</text></g>",
        escaped(&bar.details),
        escaped(&text_of(bar))
    );
}

fn text_of(bar: &Bar) -> String {
    match bar.mark {
        Mark::Blocked => format!("blocked: {}", bar.label),
        Mark::Placed(_) | Mark::Unplaced if bar.until_ns.is_none() => {
            format!("{} (no end)", bar.label)
        }
        Mark::Placed(_) | Mark::Unplaced => bar.label.clone(),
    }
}

/// The operations again, in their order, as text that can be searched and copied.
fn table(timeline: &Timeline) -> String {
    let mut bars: Vec<&Bar> = timeline.bars.iter().collect();
    bars.sort_by_key(|bar| match bar.mark {
        Mark::Placed(number) => (0, number, bar.invoked_ns),
        Mark::Blocked => (1, 0, bar.invoked_ns),
        Mark::Unplaced => (2, 0, bar.invoked_ns),
    });
    let mut table = "<table>\n<tr><th>order</th><th>operation</th></tr>\n".to_owned();
    for bar in bars {
        let order = match bar.mark {
            Mark::Placed(number) => number.to_string(),
            Mark::Blocked => "blocked".to_owned(),
            Mark::Unplaced => "not placed".to_owned(),
        };
        let details = escaped(&bar.details);
        let _ = writeln!(table, "<tr><td>{order}</td><td>{details}</td></tr>");
    }
    table += "</table>\n";
    table
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
