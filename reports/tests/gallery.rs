//! A look at every sort of figure.
use seedbed_reports::draw::{to_png, to_svg};
use seedbed_reports::figure::*;

#[test]
fn look() {
    let curve = |i: usize, n: &str, scale: f64, shape| Curve {
        name: n.into(),
        style: Style::of_slot(i),
        shape,
        role: Role::Measured,
        points: (0..60)
            .map(|k| {
                let x = k as f64 * 0.5;
                let y = scale * (1.0 + ((k * (i + 3)) % 17) as f64);
                Point { x, y, band: if i == 1 { Some((y * 0.7, y * 1.3)) } else { None } }
            })
            .collect(),
    };
    let f = Figure {
        name: "a".into(),
        title: "Messages by kind over virtual time: raft/cut-leader, 5 hosts".into(),
        x: Axis::new("virtual time (s)", Scale::Linear),
        y: Axis::new("messages per second", Scale::Auto),
        curves: (0..8)
            .map(|i| {
                curve(
                    i,
                    [
                        "append-entries",
                        "vote",
                        "append-reply",
                        "vote-reply",
                        "client-request",
                        "client-reply",
                        "persisted",
                        "read-index-reply",
                    ][i],
                    [100.0, 0.02, 90.0, 0.02, 10.0, 9.0, 3.0, 1.0][i],
                    Shape::Line,
                )
            })
            .collect(),
        lanes: vec![
            Lane {
                name: "partition".into(),
                spans: vec![Span { from: 3.0, until: 13.0, share: 1.0 }],
            },
            Lane {
                name: "crash".into(),
                spans: vec![
                    Span { from: 10.0, until: 11.0, share: 0.3 },
                    Span { from: 11.0, until: 14.0, share: 0.6 },
                ],
            },
        ],
        guides: vec![],
        notes: vec!["Shaded: a fault held; the darker, the more runs.".into()],
        source: "200 runs of raft/cut-leader (raft), seeds 0..200".into(),
        if_empty: String::new(),
    };
    std::fs::write("/tmp/plotwork/a.svg", to_svg(&f)).unwrap();
    std::fs::write("/tmp/plotwork/a.png", to_png(&f).unwrap()).unwrap();
    let cdf = |i: usize, n: &str| {
        let pts: Vec<Point> = (1..=100)
            .map(|k| Point::new(150.0 + i as f64 * 20.0 + (k * k) as f64 * 0.03, k as f64 / 100.0))
            .collect();
        let q = [49, 89, 98].iter().map(|k| pts[*k]).collect();
        vec![
            Curve {
                name: n.into(),
                style: Style::of_slot(i),
                shape: Shape::Steps,
                role: Role::Measured,
                points: pts,
            },
            Curve {
                name: n.into(),
                style: Style::of_slot(i),
                shape: Shape::Marks,
                role: Role::Quantiles,
                points: q,
            },
        ]
    };
    let g = Figure {
        name: "b".into(),
        title: "Time until a leader is first elected".into(),
        x: Axis::new("time since start (ms)", Scale::Auto),
        y: Axis::new("share of runs", Scale::Share),
        curves: (0..5)
            .flat_map(|i| cdf(i, &format!("election_timeout 150ms–{}ms", 155 + i * 20)))
            .collect(),
        lanes: vec![],
        guides: [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)]
            .map(|(l, y)| Guide { y, label: l.into() })
            .to_vec(),
        notes: vec![],
        source: "200 runs".into(),
        if_empty: String::new(),
    };
    std::fs::write("/tmp/plotwork/b.png", to_png(&g).unwrap()).unwrap();
    std::fs::write("/tmp/plotwork/b.svg", to_svg(&g)).unwrap();
    let names: Vec<String> = [
        "append-entries",
        "vote",
        "append-reply",
        "a-very-long-name-of-a-scenario/and-a-subfolder/with-many-words",
    ]
    .map(String::from)
    .to_vec();
    let h = Figure {
        name: "c".into(),
        title: "Messages by kind".into(),
        x: Axis::new("messages per run", Scale::Auto),
        y: Axis::new("", Scale::Names(names)),
        curves: (0..2)
            .map(|i| Curve {
                name: format!("protocol {i}"),
                style: Style::of_slot(i),
                shape: Shape::Marks,
                role: if i == 0 { Role::Measured } else { Role::Published },
                points: (0..4)
                    .map(|k| {
                        let x = [12000.0, 3.0, 11000.0, 0.0][k];
                        Point { x, y: k as f64, band: Some((x * 0.8, x * 1.3)) }
                    })
                    .collect(),
            })
            .collect(),
        lanes: vec![],
        guides: vec![],
        notes: vec![],
        source: "x".into(),
        if_empty: String::new(),
    };
    std::fs::write("/tmp/plotwork/c.png", to_png(&h).unwrap()).unwrap();
    let e = Figure { curves: vec![], if_empty: "There is nothing to draw here, because the records hold no series: sweep with --series.".into(), lanes: vec![], name: "d".into(), ..f };
    std::fs::write("/tmp/plotwork/d.png", to_png(&e).unwrap()).unwrap();
}
