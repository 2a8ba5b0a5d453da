//! Replicated registers that keep a weaker promise on purpose, and clients that use them.
//!
//! Each client has a replica of its own. A write is applied there at once and sent to the others,
//! whose mail arrives in any order that the promise allows.

use seedbed_checkers::weak::Level;
use seedbed_checkers::{History, KeyedOp, Process, RegisterOp, RegisterRet};

use super::fuzz::Random;

pub type Registers = History<KeyedOp<u64, RegisterOp<u64>>, RegisterRet<u64>>;

/// A write on its way.
#[derive(Clone)]
struct Mail {
    from: usize,
    key: u64,
    value: u64,
    /// How many writes of each replica it may have seen the effect of, itself included.
    clock: Vec<u64>,
    /// Orders all writes, and respects causality.
    stamp: (u64, usize),
}

struct Replica {
    /// The value of each key with the stamp of its write.
    values: Vec<(u64, (u64, usize))>,
    clock: Vec<u64>,
    time: u64,
    inbox: Vec<Mail>,
}

/// How mail is treated.
#[derive(Clone, Copy, Debug)]
pub struct Post {
    /// Mail of one sender stays in order.
    pub in_order: bool,
    /// Mail waits for what its sender had seen.
    pub causal: bool,
    /// The greatest stamp wins, not the last to arrive.
    pub stamped: bool,
}

impl Post {
    /// The replicas that keep this promise, and not much more.
    pub fn of(level: Level) -> Post {
        let (in_order, causal) = (true, true);
        match level {
            Level::CausalMemory => Post { in_order, causal, stamped: false },
            Level::CausalConvergence => Post { in_order, causal, stamped: true },
            Level::Pram => Post { in_order, causal: false, stamped: false },
            other => panic!("no replicas keep {other} on purpose"),
        }
    }
}

/// Lets clients use their replicas for so many operations on so many keys. With `is_unique` no
/// value is written twice.
pub fn replicated(
    post: Post,
    random: &mut Random,
    (operations, clients, keys): (u64, usize, u64),
    is_unique: bool,
) -> Registers {
    let nothing = vec![(0, (0, 0)); usize::try_from(keys).unwrap()];
    let mut replicas: Vec<Replica> = (0..clients)
        .map(|_| Replica {
            values: nothing.clone(),
            clock: vec![0; clients],
            time: 0,
            inbox: Vec::new(),
        })
        .collect();
    let mut history = History::new();
    for index in 1..=operations {
        for replica in &mut replicas {
            while random.chance(20) && replica.receive(post, random) {}
        }
        let client = usize::try_from(random.below(clients as u64)).unwrap();
        let (process, key) = (Process::client(client as u32), random.below(keys));
        let replica = &mut replicas[client];
        if random.chance(60) {
            let id = history.invoke(process, index * 10, KeyedOp { key, op: RegisterOp::Read });
            let value = replica.values[key as usize].0;
            history.ok(id, index * 10 + 5, RegisterRet::Value(value));
            continue;
        }
        let value = if is_unique { index } else { 1 + random.below(3) };
        let op = RegisterOp::Write(value);
        let id = history.invoke(process, index * 10, KeyedOp { key, op });
        history.ok(id, index * 10 + 5, RegisterRet::Done);
        replica.clock[client] += 1;
        replica.time += 1;
        let (clock, stamp) = (replica.clock.clone(), (replica.time, client));
        let mail = Mail { from: client, key, value, clock, stamp };
        replica.apply(&mail, post);
        for other in (0..clients).filter(|&other| other != client) {
            replicas[other].inbox.push(mail.clone());
        }
    }
    history
}

impl Replica {
    /// Applies one letter that may be, if there is one.
    fn receive(&mut self, post: Post, random: &mut Random) -> bool {
        let may_be = |mail: &Mail| {
            let is_next = mail.clock[mail.from] == self.clock[mail.from] + 1;
            let is_ready = mail
                .clock
                .iter()
                .zip(&self.clock)
                .enumerate()
                .all(|(replica, (needed, seen))| replica == mail.from || needed <= seen);
            (!post.in_order || is_next) && (!post.causal || is_ready)
        };
        let ready: Vec<usize> =
            (0..self.inbox.len()).filter(|&place| may_be(&self.inbox[place])).collect();
        if ready.is_empty() {
            return false;
        }
        let mail = self.inbox.remove(*random.pick(&ready));
        self.clock[mail.from] = self.clock[mail.from].max(mail.clock[mail.from]);
        self.time = self.time.max(mail.stamp.0);
        self.apply(&mail, post);
        true
    }

    fn apply(&mut self, mail: &Mail, post: Post) {
        let place = &mut self.values[usize::try_from(mail.key).unwrap()];
        if !post.stamped || mail.stamp > place.1 {
            *place = (mail.value, mail.stamp);
        }
    }
}
