#[path = "../tests/support/public.rs"]
mod public;
use seedbed_checkers::linearizable::*;
use seedbed_checkers::*;
#[allow(clippy::disallowed_types)]
use std::time::Instant;
fn main() {
    let no_poly = std::env::args().nth(1).is_some();
    let mut rules = Rules::ALL;
    if no_poly { rules.polynomial = false; }
    let verdicts: serde_json::Value = serde_json::from_str(&public::text("verdicts.json")).unwrap();
    let mut total = 0.0;
    for (name, v) in verdicts.as_object().unwrap() {
        let text = public::text(name);
        let (j, ms) = if v["model"] == "kv" {
            let h = public::stores(&text);
            let t = Instant::now();
            let j = judge(&Kv::new(String::new()), &h, Budget::UNLIMITED, rules);
            (j, t.elapsed().as_secs_f64() * 1e3)
        } else {
            let h = public::registers(&text);
            let t = Instant::now();
            let j = judge(&Register::new(None), &h, Budget::UNLIMITED, rules);
            (j, t.elapsed().as_secs_f64() * 1e3)
        };
        total += ms;
        let expect = match v["verdict"].as_str() { Some("ok") => Some(true), Some("bad") => Some(false), _ => None };
        let p = v["porcupine_ms"].as_f64().unwrap_or(0.0);
        println!("{name} {ms:.3} {p:.3} {} {}", j.spent, if expect != j.is_linearizable { "WRONG" } else { "" });
    }
    println!("{total}");
}
