//! Faults of hosts.

use seedbed_sim::rng::Rng;
use seedbed_sim::{CrashModel, NodeId};

use super::Grip;
use crate::format::{Crash, CrashLoss};
use crate::run::director::Director;
use crate::run::director::holds::{Held, list};
use crate::run::world::World;

impl Director {
    pub(in crate::run::director) fn grip_crash(
        &self,
        crash: &Crash,
        rng: &mut Rng,
        world: &dyn World,
    ) -> Option<Grip> {
        let hosts = self.resolver(world, rng).targets(&crash.select)?;
        let model = match crash.lose {
            CrashLoss::Strict => CrashModel::Strict,
            CrashLoss::Ordered => CrashModel::Ordered,
            CrashLoss::Torn => CrashModel::Torn,
            CrashLoss::Reorder => CrashModel::Reorder,
        };
        Some(grip_crash(&hosts, Some(model)))
    }
}

pub(in crate::run::director) fn grip_crash(hosts: &[NodeId], model: Option<CrashModel>) -> Grip {
    let hosts: Vec<NodeId> = hosts.iter().copied().filter(|host| !host.is_client()).collect();
    let holds =
        hosts.iter().map(|host| (seedbed_sim::Fault::Crash(*host, model), Held::Down(*host)));
    Grip { text: format!("crash {}", list(&hosts)), holds: holds.collect() }
}

pub(in crate::run::director) fn grip_pause(hosts: &[NodeId]) -> Grip {
    let hosts: Vec<NodeId> = hosts.iter().copied().filter(|host| !host.is_client()).collect();
    let holds = hosts.iter().map(|host| (seedbed_sim::Fault::Pause(*host), Held::Paused(*host)));
    Grip { text: format!("pause {}", list(&hosts)), holds: holds.collect() }
}
