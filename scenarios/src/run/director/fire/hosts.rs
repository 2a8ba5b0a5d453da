//! Faults of hosts.

use seedbed_sim::rng::Rng;
use seedbed_sim::{CrashModel, CrashPoint, Fault, NodeId, SharpPoint};

use super::{Grip, repaired};
use crate::format::{
    Crash, CrashLoss, CrashMoment, Join, Leave, Nanos, Restart, RestartDisk, RollingRestart, Slow,
};
use crate::run::build::{cpu, duration};
use crate::run::director::holds::{Held, list};
use crate::run::director::waiting::Ambush;
use crate::run::director::{Action, Director, Fired};
use crate::run::world::World;

/// A rolling restart on its way.
#[derive(Clone, Debug)]
pub(in crate::run::director) struct Roll {
    /// Those whose turn is still to come, the next one first.
    hosts: Vec<NodeId>,
    restart: RollingRestart,
}

impl Director {
    pub(in crate::run::director) fn fire_crash(
        &mut self,
        leaf: usize,
        crash: &Crash,
        rng: &mut Rng,
        world: &mut dyn World,
    ) -> Fired {
        let Some(hosts) = self.resolver(world, rng).targets(&crash.select) else {
            return Fired::Unresolved;
        };
        let hosts = only_hosts(&hosts);
        let (model, blank) = match crash.lose {
            CrashLoss::Strict => (Some(CrashModel::Strict), false),
            CrashLoss::Ordered => (Some(CrashModel::Ordered), false),
            CrashLoss::Torn => (Some(CrashModel::Torn), false),
            CrashLoss::Reorder => (Some(CrashModel::Reorder), false),
            CrashLoss::Everything => (None, true),
        };
        let Some(moment) = crash.moment else {
            let grip = if blank { grip_wipe(&hosts) } else { grip_crash(&hosts, model) };
            return self.take("crash", grip, crash.duration, world);
        };
        let kind = crash.kind.as_ref().and_then(|kind| world.kind_index(kind));
        let (at, what) = match moment {
            CrashMoment::Step => (SharpPoint::Step, "in a step".to_owned()),
            CrashMoment::Write => (SharpPoint::Write, "in a write".to_owned()),
            CrashMoment::Send => match &crash.kind {
                Some(kind_name) => (SharpPoint::Send(kind), format!("after a {kind_name}")),
                None => (SharpPoint::Send(None), "after a send".to_owned()),
            },
        };
        let point = CrashPoint { at, model, blank, salt: rng.next() };
        let ambush = Ambush { leaf, kind: "crash", lasts: crash.duration, drawn: false };
        self.lay_crashes(&hosts, (point, &what), &ambush, world)
    }

    pub(in crate::run::director) fn fire_slow(
        &mut self,
        leaf: usize,
        slow: &Slow,
        rng: &mut Rng,
        world: &mut dyn World,
    ) -> Fired {
        let Some(hosts) = self.resolver(world, rng).targets(&slow.select) else {
            return Fired::Unresolved;
        };
        let ambush = Ambush { leaf, kind: "slow", lasts: slow.duration, drawn: false };
        self.lay_holds(slow_holds(&hosts, slow), &ambush, world)
    }

    pub(in crate::run::director) fn fire_leave(
        &mut self,
        leave: &Leave,
        rng: &mut Rng,
        world: &mut dyn World,
    ) -> Fired {
        self.once(("leave", "leave"), &leave.select, rng, world, &mut Fault::Leave)
    }

    pub(in crate::run::director) fn fire_join(
        &mut self,
        join: &Join,
        rng: &mut Rng,
        world: &mut dyn World,
    ) -> Fired {
        self.once(("join", "join"), &join.select, rng, world, &mut Fault::Join)
    }

    pub(in crate::run::director) fn fire_restart(
        &mut self,
        restart: &Restart,
        rng: &mut Rng,
        world: &mut dyn World,
    ) -> Fired {
        let Some(hosts) = self.resolver(world, rng).targets(&restart.select) else {
            return Fired::Unresolved;
        };
        for host in only_hosts(&hosts) {
            if let Some(params) = &restart.params {
                world.set_params(host, params);
            }
            if restart.disk == RestartDisk::Blank {
                world.blank_disk(host);
            }
        }
        let any = self.restart_hosts(&hosts, world);
        repaired("restart", &list(&hosts), any, world)
    }

    pub(in crate::run::director) fn fire_rolling_restart(
        &mut self,
        restart: &RollingRestart,
        rng: &mut Rng,
        world: &mut dyn World,
    ) -> Fired {
        let Some(hosts) = self.resolver(world, rng).targets(&restart.select) else {
            return Fired::Unresolved;
        };
        self.roll(Roll { hosts: only_hosts(&hosts), restart: restart.clone() }, world)
    }

    /// The turn of the next host has come. One that is down gets its params and is passed over.
    pub(in crate::run::director) fn roll(
        &mut self,
        mut roll: Roll,
        world: &mut dyn World,
    ) -> Fired {
        let mut fired = Fired::Idle;
        while fired == Fired::Idle && !roll.hosts.is_empty() {
            let host = roll.hosts.remove(0);
            if let Some(params) = &roll.restart.params {
                world.set_params(host, params);
            }
            let grip = Grip {
                text: format!("rolling restart {host}"),
                holds: vec![(Fault::Stop(host), Held::Down(host))],
            };
            fired = self.take("rolling_restart", grip, Some(roll.restart.down), world);
        }
        if !roll.hosts.is_empty() {
            let wait = duration(roll.restart.down) + duration(roll.restart.gap);
            let at = world.now() + wait;
            self.schedule(world, at, Action::Roll { roll });
        }
        fired
    }
}

/// A fault of hosts is none of clients.
pub(in crate::run::director) fn only_hosts(hosts: &[NodeId]) -> Vec<NodeId> {
    hosts.iter().copied().filter(|host| !host.is_client()).collect()
}

pub(in crate::run::director) fn slow_holds(
    hosts: &[NodeId],
    slow: &Slow,
) -> (String, Vec<(Fault, Held)>) {
    let hosts = only_hosts(hosts);
    let cpu = cpu(Some(slow.factor), Some(slow.step));
    let holds = hosts.iter().map(|host| (Fault::Slow(*host, cpu), Held::OfHost(*host)));
    let step = match slow.step {
        Nanos::ZERO => String::new(),
        step => format!(", {step} a step"),
    };
    (format!("slow {} to {}{step}", list(&hosts), slow.factor), holds.collect())
}

fn grip_wipe(hosts: &[NodeId]) -> Grip {
    let holds = hosts.iter().map(|host| (Fault::Wipe(*host), Held::Down(*host)));
    Grip { text: format!("crash and wipe {}", list(hosts)), holds: holds.collect() }
}

pub(in crate::run::director) fn grip_crash(hosts: &[NodeId], model: Option<CrashModel>) -> Grip {
    let hosts = only_hosts(hosts);
    let holds = hosts.iter().map(|host| (Fault::Crash(*host, model), Held::Down(*host)));
    Grip { text: format!("crash {}", list(&hosts)), holds: holds.collect() }
}

pub(in crate::run::director) fn grip_pause(hosts: &[NodeId]) -> Grip {
    let hosts = only_hosts(hosts);
    let holds = hosts.iter().map(|host| (Fault::Pause(*host), Held::Paused(*host)));
    Grip { text: format!("pause {}", list(&hosts)), holds: holds.collect() }
}
