//! x
#[path = "../tests/support/public.rs"]
mod public;
use seedbed_checkers::*;
#[allow(clippy::disallowed_types)]
use std::time::Instant;
fn show<M: Model>(m: &M, h: &History<M::Op, M::Ret>, name: &str) {
    let t = Instant::now();
    let r = check_linearizable(m, h, Budget::default());
    let ms = t.elapsed().as_secs_f64() * 1e3;
    println!("{name}: {ms:.1} ms {}", r.verdict);
    if let Some(v) = r.violation {
        println!(
            "{} prefixes, {} longest, minimal {}, {}; longest {:?}",
            v.prefixes.len(),
            v.longest.len(),
            v.is_minimal,
            v.spent,
            v.longest.first().map(|p| p.order.len())
        );
        println!("{}", v.timeline(h).to_text());
        std::fs::write(format!("/tmp/lin_{name}.html"), v.timeline(h).to_html()).unwrap();
    }
}
fn main() {
    for name in std::env::args().skip(1) {
        let text = public::text(&name);
        if name.starts_with('c') {
            show(&Kv::new(String::new()), &public::stores(&text), &name)
        } else {
            show(&Register::new(None), &public::registers(&text), &name)
        }
    }
}
