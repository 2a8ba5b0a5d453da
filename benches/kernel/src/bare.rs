//! The denominator: a discrete-event loop written by hand (heap, enum, ChaCha8, nothing else), with
//! no digest, no counters, no invariants, no clocks and no faults.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

pub const MS: u64 = 1_000_000;

#[derive(Clone, Copy)]
pub enum Msg {
    Ping(u64),
    Pong(u64),
    Token(u32),
    Round { r: u32, val: u64 },
}

#[derive(Clone, Copy)]
enum Ev {
    Deliver { from: u32, to: u32, msg: Msg },
    Timer { node: u32, tag: u32 },
}

struct Ent {
    t: u64,
    seq: u64,
    v: Ev,
}
impl PartialEq for Ent {
    fn eq(&self, o: &Self) -> bool {
        self.t == o.t && self.seq == o.seq
    }
}
impl Eq for Ent {}
impl PartialOrd for Ent {
    fn partial_cmp(&self, o: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(o))
    }
}
impl Ord for Ent {
    #[inline]
    fn cmp(&self, o: &Self) -> std::cmp::Ordering {
        (self.t, self.seq).cmp(&(o.t, o.seq))
    }
}

/// Multiply and shift: no modulo, no rejection.
#[inline]
fn below<R: Rng>(r: &mut R, n: u64) -> u64 {
    ((u128::from(r.next_u64()) * u128::from(n)) >> 64) as u64
}

pub struct Ctx<'a> {
    now: u64,
    me: u32,
    n: u32,
    rng: &'a mut ChaCha8Rng,
    out: &'a mut Vec<(u64, Ev)>,
    lat: (u64, u64),
}

impl Ctx<'_> {
    #[inline]
    fn send(&mut self, to: u32, msg: Msg) {
        let l = if self.lat.1 == 0 { self.lat.0 } else { self.lat.0 + below(self.rng, self.lat.1) };
        self.out.push((self.now + l, Ev::Deliver { from: self.me, to, msg }));
    }
    #[inline]
    fn timer(&mut self, after: u64, tag: u32) {
        self.out.push((self.now + after, Ev::Timer { node: self.me, tag }));
    }
}

pub trait Node {
    fn start(&mut self, _c: &mut Ctx<'_>) {}
    fn msg(&mut self, c: &mut Ctx<'_>, from: u32, m: Msg);
    fn timer(&mut self, _c: &mut Ctx<'_>, _tag: u32) {}
}

/// Runs until `max_msgs` have been delivered; returns how many were.
pub fn run(seed: u64, nodes: &mut [Box<dyn Node>], lat: (u64, u64), max_msgs: u64) -> u64 {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut heap: BinaryHeap<Reverse<Ent>> = BinaryHeap::new();
    let mut seq = 0;
    let mut out = Vec::new();
    let n = nodes.len() as u32;
    let mut delivered = 0;
    for i in 0..n {
        let ctx = &mut Ctx { now: 0, me: i, n, rng: &mut rng, out: &mut out, lat };
        nodes[i as usize].start(ctx);
        for (t, v) in out.drain(..) {
            seq += 1;
            heap.push(Reverse(Ent { t, seq, v }));
        }
    }
    while let Some(Reverse(Ent { t, v, .. })) = heap.pop() {
        if delivered >= max_msgs {
            break;
        }
        match v {
            Ev::Deliver { from, to, msg } => {
                delivered += 1;
                let ctx = &mut Ctx { now: t, me: to, n, rng: &mut rng, out: &mut out, lat };
                nodes[to as usize].msg(ctx, from, msg);
            }
            Ev::Timer { node, tag } => {
                let ctx = &mut Ctx { now: t, me: node, n, rng: &mut rng, out: &mut out, lat };
                nodes[node as usize].timer(ctx, tag);
            }
        }
        for (t, v) in out.drain(..) {
            seq += 1;
            heap.push(Reverse(Ent { t, seq, v }));
        }
    }
    delivered
}

pub struct PingPong(pub u32);
impl Node for PingPong {
    fn start(&mut self, c: &mut Ctx<'_>) {
        if c.me == 0 {
            for i in 0..self.0 {
                c.send(1, Msg::Ping(u64::from(i)));
            }
        }
    }
    fn msg(&mut self, c: &mut Ctx<'_>, from: u32, m: Msg) {
        match m {
            Msg::Ping(x) => c.send(from, Msg::Pong(x)),
            Msg::Pong(x) => c.send(from, Msg::Ping(x + 1)),
            Msg::Token(_) | Msg::Round { .. } => unreachable!(),
        }
    }
}

pub struct Broadcast {
    pub rounds: u32,
    pub r: u32,
    pub sum: u64,
}
impl Node for Broadcast {
    fn start(&mut self, c: &mut Ctx<'_>) {
        c.timer(20 * MS, 0);
    }
    fn timer(&mut self, c: &mut Ctx<'_>, _: u32) {
        for p in 0..c.n {
            if p != c.me {
                c.send(p, Msg::Round { r: self.r, val: self.sum });
            }
        }
        self.r += 1;
        if self.r < self.rounds {
            c.timer(20 * MS, 0);
        }
    }
    fn msg(&mut self, _: &mut Ctx<'_>, _from: u32, m: Msg) {
        if let Msg::Round { r, val } = m {
            self.sum = self.sum.wrapping_add(val ^ u64::from(r));
        }
    }
}

pub struct Gossip(pub u32);
impl Node for Gossip {
    fn start(&mut self, c: &mut Ctx<'_>) {
        for i in 0..self.0 {
            let to = below(c.rng, u64::from(c.n)) as u32;
            c.send(to, Msg::Token(i));
        }
    }
    fn msg(&mut self, c: &mut Ctx<'_>, _: u32, m: Msg) {
        let to = below(c.rng, u64::from(c.n)) as u32;
        c.send(to, m);
    }
}
