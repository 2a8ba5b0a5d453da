//! Random small histories of any model, and the truth about them by brute force.

use seedbed_checkers::linearizable::Rules;
use seedbed_checkers::models::{Model, Step};
use seedbed_checkers::{History, Outcome, Process};

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let word = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        &things[self.below(things.len() as u64) as usize]
    }
}

/// A model with the operations to try.
pub struct Family<M: Model> {
    pub name: &'static str,
    pub model: M,
    /// Operation number so many of a history.
    pub op: fn(&mut Random, usize) -> M::Op,
    /// What it may be answered in a history of so many operations.
    pub rets: fn(&M::Op, usize) -> Vec<M::Ret>,
}

/// One operation of a history to be.
struct Draft<O, R> {
    op: O,
    invoked_ns: u64,
    until_ns: u64,
    /// `None` of one that nobody saw the end of.
    ret: Option<R>,
}

/// Draws a history of up to `most` operations: of a correct object, or with one thing changed.
pub fn draw<M: Model>(family: &Family<M>, random: &mut Random, most: u64) -> History<M::Op, M::Ret>
where
    M::Ret: Clone,
{
    let count = 1 + random.below(most) as usize;
    let (span, longest) = (2 + random.below(3 * most), 1 + random.below(8));
    let crashes = *random.pick(&[0, 0, 10, 40]);
    let mut drafts: Vec<(u64, u64, Draft<M::Op, M::Ret>)> = (0..count)
        .map(|index| {
            let invoked_ns = random.below(span);
            let until_ns = invoked_ns + random.below(longest);
            let point = invoked_ns + random.below(until_ns - invoked_ns + 1);
            let op = (family.op)(random, index);
            (point, random.next(), Draft { op, invoked_ns, until_ns, ret: None })
        })
        .collect();
    drafts.sort_by_key(|&(point, tie, _)| (point, tie));
    let mut state = family.model.init();
    for (_, _, draft) in &mut drafts {
        let rets = (family.rets)(&draft.op, count);
        let fitting: Vec<&M::Ret> = rets
            .iter()
            .filter(|ret| !matches!(family.model.step(&state, &draft.op, Some(ret)), Step::Refused))
            .collect();
        let ret = match fitting.is_empty() {
            true => random.pick(&rets).clone(),
            false => (*random.pick(&fitting)).clone(),
        };
        let is_lost = random.chance(crashes);
        // Half of what was lost took place, or a pending operation would never be seen.
        if !is_lost || random.chance(50) {
            if let Step::Next(next) = family.model.step(&state, &draft.op, Some(&ret)) {
                state = next;
            }
        }
        draft.ret = (!is_lost).then_some(ret);
    }
    let changes = random.below(4);
    for _ in 0..changes {
        let victim = random.below(count as u64) as usize;
        let draft = &mut drafts[victim].2;
        match random.below(4) {
            0 => draft.until_ns = draft.invoked_ns,
            1 => draft.invoked_ns /= 2,
            _ if draft.ret.is_some() => {
                draft.ret = Some(random.pick(&(family.rets)(&draft.op, count)).clone());
            }
            _ => {}
        }
    }
    if random.chance(10) {
        drafts.remove(random.below(count as u64) as usize);
    }
    let mut history = History::new();
    for (client, (_, _, draft)) in (1..).zip(drafts) {
        let id = history.invoke(Process::client(client), draft.invoked_ns, draft.op);
        match draft.ret {
            Some(ret) => history.ok(id, draft.until_ns, ret),
            None if random.chance(50) => history.info(id, draft.until_ns),
            None => {}
        }
    }
    history
}

/// Whether a history of at most 16 operations is linearizable: tries every order.
pub fn brute_force<M: Model>(model: &M, history: &History<M::Op, M::Ret>) -> bool {
    // For each set of operations that have taken place, the states that were tried. Parts have
    // states of their own.
    struct Brute<'a, M: Model> {
        model: &'a M,
        history: &'a History<M::Op, M::Ret>,
        keys: Vec<Option<M::Key>>,
        tried: Vec<Vec<Vec<M::State>>>,
    }

    impl<M: Model> Brute<'_, M> {
        fn has_order(&mut self, done: usize, states: &[M::State]) -> bool {
            let operations = self.history.operations();
            if (0..operations.len()).all(|index| {
                done & 1 << index != 0 || !matches!(operations[index].outcome, Outcome::Ok(_))
            }) {
                return true;
            }
            if self.tried[done].iter().any(|tried| tried == states) {
                return false;
            }
            self.tried[done].push(states.to_vec());
            for (index, operation) in operations.iter().enumerate() {
                let ret = match &operation.outcome {
                    Outcome::Ok(ret) => Some(ret),
                    Outcome::Info => None,
                    Outcome::Fail => continue,
                };
                let must_wait = operations.iter().enumerate().any(|(other, before)| {
                    done & 1 << other == 0
                        && matches!(before.outcome, Outcome::Ok(_))
                        && before.ended_ns.is_some_and(|end_ns| end_ns < operation.invoked_ns)
                });
                if done & 1 << index != 0 || must_wait {
                    continue;
                }
                let part = self.keys.iter().position(|key| *key == self.keys[index]).unwrap();
                let mut next = states.to_vec();
                match self.model.step(&states[part], &operation.op, ret) {
                    Step::Refused => continue,
                    Step::Same => {}
                    Step::Next(state) => next[part] = state,
                }
                if self.has_order(done | 1 << index, &next) {
                    return true;
                }
            }
            false
        }
    }

    let operations = history.operations();
    let mut keys: Vec<_> = operations.iter().map(|operation| model.key(&operation.op)).collect();
    if keys.iter().any(Option::is_none) {
        keys = vec![None; operations.len()];
    }
    let states = vec![model.init(); operations.len()];
    let tried = vec![Vec::new(); 1 << operations.len()];
    Brute { model, history, keys, tried }.has_order(0, &states)
}

/// All rules, none, each alone, and all but each.
pub fn combinations() -> Vec<(String, Rules)> {
    type Switch = (&'static str, fn(&mut Rules, bool));
    let switches: [Switch; 7] = [
        ("take-turns", |rules, on| rules.take_turns = on),
        ("read-only-first", |rules, on| rules.read_only_first = on),
        ("pending-classes", |rules, on| rules.pending_classes = on),
        ("dominance", |rules, on| rules.dominance = on),
        ("twins", |rules, on| rules.twins = on),
        ("look-ahead", |rules, on| rules.look_ahead = on),
        ("polynomial", |rules, on| rules.polynomial = on),
    ];
    let mut combinations =
        vec![("all rules".to_owned(), Rules::ALL), ("no rules".to_owned(), Rules::NONE)];
    for (name, switch) in switches {
        let (mut only, mut without) = (Rules::NONE, Rules::ALL);
        switch(&mut only, true);
        switch(&mut without, false);
        combinations.push((format!("only {name}"), only));
        combinations.push((format!("all but {name}"), without));
    }
    combinations
}
