//! The points of a sweep: what `--set` fixes and `--vary` lists, in every combination.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::format::Path;

/// The values of `--set` and `--vary`, by path.
pub type Point = BTreeMap<String, Value>;

/// One `--vary path=a,b,c`.
#[derive(Clone, Debug, PartialEq)]
pub struct Vary {
    /// What is varied, as it was written.
    pub path: String,
    /// Over which values, in their order.
    pub values: Vec<Value>,
}

/// Why a text is no `--vary`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct VaryError(pub(crate) String);

/// Fields that judge a scenario as a whole: varied, they would judge every point differently.
const FIXED_FIELDS: [&str; 6] = ["name", "seeds", "expect", "sometimes", "measures", "protocol"];

impl Vary {
    /// Reads `network.loss=1%,2%`: the inside of a JSON array, bare words allowed.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Vary, VaryError> {
        let wrong = |why: &str| VaryError(format!("in `--vary {text}`: {why}"));
        let (path, list) = text
            .split_once('=')
            .ok_or_else(|| wrong("there is no `=`: write `--vary network.loss=1%,2%`"))?;
        let items = split_list(list).ok_or_else(|| wrong("a bracket or a quote is not closed"))?;
        if items.iter().any(|item| item.trim().is_empty()) {
            return Err(wrong("a value is empty"));
        }
        let values = items.into_iter().map(read_value).collect();
        Vary::new(path, values).map_err(|VaryError(why)| wrong(&why))
    }

    /// A path and its values.
    ///
    /// # Errors
    /// Why these cannot be varied.
    pub fn new(path: &str, values: Vec<Value>) -> Result<Vary, VaryError> {
        let path = path.trim();
        let top = Path::parse(path).map_err(VaryError)?.to_string();
        if FIXED_FIELDS.contains(&top.split(['.', '[']).next().unwrap_or_default()) {
            return Err(VaryError(format!("`{path}` cannot be varied: it is what points share")));
        }
        if values.is_empty() {
            return Err(VaryError(format!("`{path}` has no values")));
        }
        for (index, value) in values.iter().enumerate() {
            if values[..index].contains(value) {
                return Err(VaryError(format!("{value} stands there twice")));
            }
        }
        Ok(Vary { path: path.to_owned(), values })
    }
}

/// JSON if it parses, else a string.
fn read_value(text: &str) -> Value {
    let text = text.trim();
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}

/// Splits at commas outside of brackets and quotes; `None` if one of those is left open.
fn split_list(text: &str) -> Option<Vec<&str>> {
    let mut items = Vec::new();
    let mut start = 0;
    let mut depth = 0_u32;
    let mut quoted = false;
    let mut escaped = false;
    for (offset, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.checked_sub(1)?,
            ',' if depth == 0 => {
                items.push(&text[start..offset]);
                start = offset + 1;
            }
            _ => {}
        }
    }
    items.push(&text[start..]);
    if quoted || depth > 0 { None } else { Some(items) }
}

/// Every combination, the first `--vary` outermost. There is always at least one point.
///
/// # Errors
/// A path that is given twice.
pub fn grid_points(set: &[(String, Value)], vary: &[Vary]) -> Result<Vec<Point>, VaryError> {
    let paths = set.iter().map(|(path, _)| path).chain(vary.iter().map(|vary| &vary.path));
    let mut seen = std::collections::BTreeSet::new();
    for path in paths {
        if !seen.insert(path) {
            return Err(VaryError(format!("`{path}` is set or varied twice")));
        }
    }
    let mut points = vec![set.iter().cloned().collect::<Point>()];
    for vary in vary {
        let widened = points.iter().flat_map(|point| {
            vary.values.iter().map(|value| {
                let mut point = point.clone();
                point.insert(vary.path.clone(), value.clone());
                point
            })
        });
        points = widened.collect();
    }
    Ok(points)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_is_the_inside_of_an_array_with_bare_words() {
        let vary = Vary::parse("params.k=1,2.5,1%,\"a,b\",[1,2],{\"x\":[3,4]},true").unwrap();
        assert_eq!(vary.path, "params.k");
        assert_eq!(
            vary.values,
            [
                json!(1),
                json!(2.5),
                json!("1%"),
                json!("a,b"),
                json!([1, 2]),
                json!({"x": [3, 4]}),
                json!(true)
            ]
        );
    }

    #[test]
    fn mistakes_are_named() {
        for wrong in ["params.k", "params.k=", "k=1,,2", "k=[1,2", "k=\"a", "k=1]", "=1", "k=1,1"] {
            assert!(Vary::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Vary::parse("expect=pass").unwrap_err().to_string().contains("share"));
        assert!(Vary::parse("measures[0].mean=1").is_err());
    }

    #[test]
    fn the_first_vary_is_outermost() {
        let set = [("c".to_owned(), json!(0))];
        let vary = [Vary::parse("a=1,2").unwrap(), Vary::parse("b=x,y").unwrap()];
        let points = grid_points(&set, &vary).unwrap();
        let texts: Vec<String> = points.iter().map(|point| json!(point).to_string()).collect();
        assert_eq!(
            texts,
            [
                r#"{"a":1,"b":"x","c":0}"#,
                r#"{"a":1,"b":"y","c":0}"#,
                r#"{"a":2,"b":"x","c":0}"#,
                r#"{"a":2,"b":"y","c":0}"#
            ]
        );
        assert_eq!(grid_points(&[], &[]).unwrap(), [Point::new()]);
        assert!(grid_points(&set, &[Vary::parse("c=1").unwrap()]).is_err());
    }
}
