//! Units, and values of the grid as numbers.

use serde_json::Value;

/// A unit that numbers are shown in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Unit {
    /// What stands behind the label, in brackets; empty for plain numbers.
    pub word: &'static str,
    /// What numbers are divided by.
    pub size: f64,
}

impl Unit {
    pub(super) const PLAIN: Unit = Unit { word: "", size: 1.0 };

    /// The unit for nanoseconds of which `highest` are the most.
    pub(super) fn of_time(highest: f64) -> Unit {
        let units = [("s", 1e9, 10e9), ("ms", 1e6, 10e6), ("\u{3bc}s", 1e3, 10e3)];
        let found = units.into_iter().find(|(_, _, least)| highest >= *least);
        let (word, size, _) = found.unwrap_or(("ns", 1.0, 0.0));
        Unit { word, size }
    }

    /// A label with the unit.
    pub(super) fn label(self, text: &str) -> String {
        if self.word.is_empty() { text.to_owned() } else { format!("{text} ({})", self.word) }
    }
}

/// A value of the grid as people write it.
pub(super) fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.len() == 2 => {
            format!("{}\u{2013}{}", value_text(&items[0]), value_text(&items[1]))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    }
}

/// Values as numbers of one unit: `nodes=3,5`, `loss=0,1%,2%`, `latency=1ms,2s`, `rate=50/s`; none
/// if one of them is no number, or if their units are of different sorts.
pub(super) fn numbers(values: &[&Value]) -> Option<(Vec<f64>, &'static str)> {
    let parsed: Option<Vec<(f64, &'static str)>> =
        values.iter().map(|value| number(value)).collect();
    let parsed = parsed?;
    // Zero has any unit.
    let unit = parsed.iter().find(|(number, _)| *number != 0.0).map_or("", |(_, unit)| *unit);
    let fits = parsed.iter().all(|(number, other)| *number == 0.0 || *other == unit);
    (fits && !parsed.is_empty()).then(|| (parsed.iter().map(|(number, _)| *number).collect(), unit))
}

fn number(value: &Value) -> Option<(f64, &'static str)> {
    match value {
        Value::Number(number) => Some((number.as_f64()?, "")),
        Value::String(text) => {
            let split = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
            let (digits, ending) = text.split_at(split.unwrap_or(text.len()));
            let number: f64 = digits.parse().ok()?;
            match ending.trim() {
                "" => Some((number, "")),
                "%" => Some((number, "%")),
                "/s" => Some((number, "per second")),
                "ns" => Some((number / 1e6, "ms")),
                "us" | "\u{3bc}s" | "\u{b5}s" => Some((number / 1e3, "ms")),
                "ms" => Some((number, "ms")),
                "s" => Some((number * 1e3, "ms")),
                _ => None,
            }
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_of_one_unit_are_numbers() {
        let parse = |list: Value| {
            let items = list.as_array().cloned().unwrap_or_default();
            numbers(&items.iter().collect::<Vec<&Value>>())
        };
        assert_eq!(parse(json!([3, 5])), Some((vec![3.0, 5.0], "")));
        assert_eq!(parse(json!([0, "1%", "2.5%"])), Some((vec![0.0, 1.0, 2.5], "%")));
        assert_eq!(parse(json!(["1ms", "2s"])), Some((vec![1.0, 2000.0], "ms")));
        assert_eq!(parse(json!(["1ms", "2%"])), None);
        assert_eq!(parse(json!([["150ms", "300ms"]])), None);
        assert_eq!(parse(json!(["ring", "full"])), None);
        assert_eq!(value_text(&json!(["150ms", "300ms"])), "150ms\u{2013}300ms");
    }
}
