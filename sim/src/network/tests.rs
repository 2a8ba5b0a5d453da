//! Routes against a naive model: counts of holds a link, and sums of delays.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

const NOW: SimTime = SimTime::from_nanos(1_000_000);
const MS: u64 = 1_000_000;

/// Four hosts and two clients.
fn ends() -> Vec<NodeId> {
    let hosts = (0..4).map(NodeId::host);
    hosts.chain((0..2).map(NodeId::client)).collect()
}

fn config() -> NetworkConfig {
    let of = |latency_ns| LinkConfig {
        latency: Distribution::Constant(latency_ns),
        ..LinkConfig::default()
    };
    let [first, second] = [NodeId::host(0), NodeId::host(1)];
    // The last entry for a link counts.
    let links = vec![(first, second, of(9 * MS)), (first, second, of(3 * MS))];
    NetworkConfig { everywhere: of(2 * MS), links, ..NetworkConfig::default() }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Cut(usize, usize),
    Mend(usize),
    Clog(usize, usize),
    Unclog(usize),
    Slow(usize, usize, u64),
    Release(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let end = || 0..6_usize;
    prop_oneof![
        (end(), end()).prop_map(|(from, to)| Step::Cut(from, to)),
        (0..8_usize).prop_map(Step::Mend),
        (end(), end()).prop_map(|(from, to)| Step::Clog(from, to)),
        (0..8_usize).prop_map(Step::Unclog),
        (end(), end(), 1..5_u64).prop_map(|(from, to, by)| Step::Slow(from, to, by * MS)),
        (0..8_usize).prop_map(Step::Release),
    ]
}

#[derive(Default)]
struct Naive {
    cuts: Vec<(NodeId, NodeId)>,
    clogs: Vec<(NodeId, NodeId)>,
    slow: BTreeMap<u32, ((NodeId, NodeId), u64)>,
    holds: u32,
}

impl Naive {
    fn fate(&self, link: (NodeId, NodeId)) -> Fate {
        if self.cuts.contains(&link) {
            return Fate::Cut;
        }
        let own = link == (NodeId::host(0), NodeId::host(1));
        let slow = self.slow.values().filter(|(slow, _)| *slow == link).map(|(_, by)| by);
        let delay_ns = if own { 3 * MS } else { 2 * MS } + slow.sum::<u64>();
        match self.clogs.contains(&link) {
            true => Fate::Clogged(delay_ns),
            false => Fate::Arrives(NOW + Duration::from_nanos(delay_ns)),
        }
    }

    /// Takes the step in the model and in each network.
    fn take(&mut self, step: Step, networks: &mut [Network]) {
        let ends = ends();
        match step {
            Step::Cut(from, to) => {
                self.cuts.push((ends[from], ends[to]));
                networks.iter_mut().for_each(|network| network.cut(ends[from], ends[to]));
            }
            Step::Mend(which) if which < self.cuts.len() => {
                let (from, to) = self.cuts.remove(which);
                networks.iter_mut().for_each(|network| network.mend(from, to));
            }
            Step::Clog(from, to) => {
                self.clogs.push((ends[from], ends[to]));
                networks.iter_mut().for_each(|network| network.clog(ends[from], ends[to]));
            }
            Step::Unclog(which) if which < self.clogs.len() => {
                let link = self.clogs.remove(which);
                let free = !self.clogs.contains(&link);
                for network in networks {
                    assert_eq!(network.unclog(link.0, link.1), free);
                }
            }
            Step::Slow(from, to, by) => {
                self.holds += 1;
                let link = (ends[from], ends[to]);
                self.slow.insert(self.holds, (link, by));
                let delay = Distribution::Constant(by);
                for network in networks {
                    let shaping = Shaping { delay: delay.clone(), ..Shaping::default() };
                    network.add_shaping(self.holds, vec![link], shaping);
                }
            }
            Step::Release(which) => {
                let hold = self.slow.keys().nth(which).copied();
                if let Some(hold) = hold {
                    self.slow.remove(&hold);
                    networks.iter_mut().for_each(|network| network.release(hold));
                }
            }
            Step::Mend(_) | Step::Unclog(_) => {}
        }
    }
}

proptest! {
    /// Whatever is held and let go, a small network and one too large for a dense table route as
    /// the naive model does.
    #[test]
    fn routes_are_those_of_the_naive_model(
        steps in prop::collection::vec(step(), 0..40),
        word in any::<u64>(),
    ) {
        let mut networks =
            [Network::new(config(), 4, 2), Network::new(config(), DENSE_MAX, 2)];
        let mut naive = Naive::default();
        for step in steps {
            naive.take(step, &mut networks);
            let all = ends();
            let links = all.iter().flat_map(|from| all.iter().map(|to| (*from, *to)));
            for (from, to) in links {
                for network in &mut networks {
                    let route = network.route(from, to, 0, word, NOW);
                    prop_assert_eq!(route, Route::of(naive.fate((from, to))));
                    prop_assert_eq!(network.is_cut(from, to), naive.cuts.contains(&(from, to)));
                }
            }
        }
    }

    /// Only the `nth` message that matches a rule is chosen, whatever comes between.
    #[test]
    fn rules_count_what_they_match(
        messages in prop::collection::vec((0..4_u32, 0..4_u32, 0..3_u16), 0..60),
        (from, to, kind, nth) in (0..4_u32, 0..4_u32, 0..3_u16, 1..4_u64),
    ) {
        let mut network = Network::new(config(), 4, 0);
        let rule = MessageRule {
            from: vec![NodeId::host(from)],
            to: vec![NodeId::host(to), NodeId::host(3)],
            kind: Some(kind),
            nth,
            action: MessageAction::Lose,
        };
        network.add_rule(1, rule);
        let mut count = 0;
        for message in messages {
            let matches = message.0 == from && [to, 3].contains(&message.1) && message.2 == kind;
            count += u64::from(matches);
            let [source, target] = [message.0, message.1].map(NodeId::host);
            let route = network.route(source, target, message.2, 0, NOW);
            prop_assert_eq!(route.fate == Fate::Lost, matches && count == nth);
            prop_assert_eq!(network.rule_met(1), count >= nth);
        }
        network.release(1);
        prop_assert!(!network.rule_met(1));
    }
}

/// A network without holds and without links of their own looks nothing up.
#[test]
fn a_plain_network_becomes_plain_again() {
    let plain = NetworkConfig { links: Vec::new(), ..config() };
    let mut network = Network::new(plain, 4, 2);
    assert!(network.plain);
    let [first, second] = [NodeId::host(0), NodeId::host(1)];
    network.cut(first, second);
    network.add_shaping(1, vec![(first, second)], Shaping::default());
    assert!(!network.plain);
    network.mend(first, second);
    assert!(!network.plain);
    network.release(1);
    assert!(network.plain);
    assert!(!Network::new(config(), 4, 2).plain);
}
