//! A figure as a table: one row a plotted value, in the units of the axes.
//!
//! | column | holds |
//! |---|---|
//! | `kind` | `curve`, `quantile` (a marked place of a curve), `published`, `fault`, `moment` (a
//! line upwards) or `guide` (a line across) |
//! | `name` | the curve, the kind of fault, the label |
//! | the x axis | a number, or a name; for a fault, when it begins |
//! | `until` | for a fault, when it ends |
//! | the y axis | a number, or a name; for a fault, the share of runs in which it held |
//! | `low`, `high` | the band, where there is one; an open end is empty |

use super::{Axis, Figure, Scale};

/// The table, with a header line.
#[must_use]
pub fn to_csv(figure: &Figure) -> String {
    let mut text = String::new();
    let (x, y) = (figure.x.label.as_str(), figure.y.label.as_str());
    push_row(&mut text, &["kind", "name", x, "until", y, "low", "high"].map(str::to_owned));
    for curve in &figure.curves {
        for point in &curve.points {
            let (low, high) =
                point.band.map_or_else(Default::default, |(low, high)| (number(low), number(high)));
            let (x, y) = (value(&figure.x, point.x), value(&figure.y, point.y));
            let kind = curve.role.word().to_owned();
            push_row(&mut text, &[kind, curve.name.clone(), x, String::new(), y, low, high]);
        }
    }
    for lane in &figure.lanes {
        for span in &lane.spans {
            let (from, until) = (number(span.from), number(span.until));
            let (kind, share) = ("fault".to_owned(), number(span.share));
            let none = String::new();
            push_row(&mut text, &[kind, lane.name.clone(), from, until, share, none.clone(), none]);
        }
    }
    for moment in &figure.moments {
        let (kind, x, none) = ("moment".to_owned(), number(moment.x), String::new());
        let name = moment.label.clone();
        push_row(&mut text, &[kind, name, x, none.clone(), none.clone(), none.clone(), none]);
    }
    for guide in &figure.guides {
        let (kind, y, none) = ("guide".to_owned(), value(&figure.y, guide.y), String::new());
        let name = guide.label.clone();
        push_row(&mut text, &[kind, name, none.clone(), none.clone(), y, none.clone(), none]);
    }
    text
}

fn value(axis: &Axis, value: f64) -> String {
    match &axis.scale {
        Scale::Names(names) => names.get(value.max(0.0) as usize).cloned().unwrap_or_default(),
        Scale::Linear | Scale::Auto | Scale::Span | Scale::Logarithmic | Scale::Share => {
            number(value)
        }
    }
}

/// The shortest text that reads back as the same number; nothing for what is not known.
fn number(value: f64) -> String {
    if value.is_finite() { format!("{value}") } else { String::new() }
}

fn push_row(text: &mut String, fields: &[String; 7]) {
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        if field.contains([',', '"', '\n', '\r']) {
            text.push('"');
            text.push_str(&field.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(field);
        }
    }
    text.push('\n');
}
