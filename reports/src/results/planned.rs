//! How many runs a sweep was to make, from the header of its results.

use seedbed_scenarios::sweep::{Seeds, Standard};
use serde::Deserialize;

use super::read::HeaderLine;

/// What a header says of a scenario.
#[derive(Debug, Deserialize)]
pub(super) struct Planned {
    protocols: Vec<String>,
    standard: Standard,
}

/// The runs of all scenarios, protocols and points; none if the header does not say, or if there
/// was no end to them.
pub(super) fn runs(header: &HeaderLine) -> Option<u64> {
    let seeds = Seeds::from_json(header.seeds.as_ref()?)?;
    let points: u64 = header.grid.vary.iter().map(|(_, values)| values.len() as u64).product();
    if let Seeds::Picked(picked) = &seeds {
        return Some(picked.values().map(|seeds| seeds.len() as u64).sum());
    }
    let runs = header.scenarios.as_ref()?.iter().map(|planned| {
        let units = (planned.protocols.len() as u64).saturating_mul(points);
        Some(seeds.count(0, planned.standard.own_seeds())?.saturating_mul(units))
    });
    runs.sum()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_header_says_how_many_runs_there_will_be() {
        let header = |seeds: Value, expect: Value| -> HeaderLine {
            let standard = json!({
                "seeds": 200, "expect": expect, "sometimes": {}, "measures": [], "planted": false,
            });
            let scenario = json!({
                "name": "a", "hash": "00", "protocols": ["p", "q"], "standard": standard,
            });
            let header = json!({
                "format_version": 1, "seeds": seeds, "scenarios": [scenario],
                "grid": { "set": [], "vary": [["k", [1, 2, 3]]] },
            });
            serde_json::from_value(header).unwrap()
        };
        let range = json!({ "range": { "from": "0", "count": "10" } });
        assert_eq!(runs(&header(range.clone(), json!("pass"))), Some(60));
        let own = json!({ "own": { "from": "0" } });
        assert_eq!(runs(&header(own.clone(), json!("pass"))), Some(1200));
        let violation = json!({ "violation": { "property": "safe", "within_seeds": 7 } });
        assert_eq!(runs(&header(own, violation)), Some(42));
        assert_eq!(runs(&header(json!({ "rounds": { "from": "0" } }), json!("pass"))), None);
        let picked = json!({ "picked": { "0": ["5", "9"], "4": ["1"] } });
        assert_eq!(runs(&header(picked, json!("pass"))), Some(3));
        let bare: HeaderLine = serde_json::from_value(json!({ "format_version": 1 })).unwrap();
        assert_eq!(runs(&bare), None);
    }
}
