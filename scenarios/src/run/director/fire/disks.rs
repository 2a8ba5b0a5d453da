//! Faults of disks.

use seedbed_sim::rng::Rng;
use seedbed_sim::{DiskFault, NodeId, Rate, Room, Trouble};

use super::Grip;
use crate::format::{BitRot, Chance, Fault, Nanos, RandomKind, Size, Targets};
use crate::run::build::{chance, duration};
use crate::run::director::Director;
use crate::run::director::atlas::Damage;
use crate::run::director::holds::{Held, list};
use crate::run::world::World;

/// Rot in chosen bytes strikes pieces of them, no more than so many.
const PIECES_MAX: u64 = 4096;

/// What a fault of a disk does, wherever it is.
#[derive(Clone, Debug)]
pub(in crate::run::director) struct Wrong {
    trouble: Trouble,
    files: String,
    text: String,
    damage: Option<Damage>,
    /// Whether it takes effect only when it strikes.
    strikes: bool,
}

impl Wrong {
    fn lasting(trouble: Trouble, text: String) -> Wrong {
        Wrong { trouble, files: String::new(), text, damage: None, strikes: false }
    }

    fn striking(
        what: &str,
        (of, times): (Chance, Option<u32>),
        files: Option<&String>,
        trouble: impl FnOnce(Rate) -> Trouble,
    ) -> Wrong {
        let mut text = format!("{what} of {of}");
        if let Some(times) = times {
            text.push_str(&format!(", at most {times},"));
        }
        if let Some(files) = files {
            text.push_str(&format!(" in {files}"));
        }
        Wrong {
            trouble: trouble(Rate { chance: chance(of), times_max: times }),
            files: files.cloned().unwrap_or_default(),
            text,
            damage: None,
            strikes: true,
        }
    }

    fn lying(self) -> Wrong {
        Wrong { damage: Some(Damage::Lost), ..self }
    }
}

/// What a placed fault does to disks, and to whose; none if it is no such fault.
fn wrong_of(fault: &Fault) -> Option<(&Targets, Wrong)> {
    Some(match fault {
        Fault::LostWrites(f) => {
            let rate = (f.chance, f.times);
            let wrong = Wrong::striking("lost writes", rate, f.files.as_ref(), Trouble::LostWrites);
            (&f.select, wrong.lying())
        }
        Fault::TornWrites(f) => {
            let rate = (f.chance, f.times);
            let wrong = Wrong::striking("torn writes", rate, f.files.as_ref(), Trouble::TornWrites);
            (&f.select, wrong.lying())
        }
        Fault::MisdirectedWrites(f) => {
            let (rate, files) = ((f.chance, f.times), f.files.as_ref());
            let trouble = Trouble::MisdirectedWrites;
            (&f.select, Wrong::striking("misdirected writes", rate, files, trouble).lying())
        }
        Fault::WriteErrors(f) => {
            let rate = (f.chance, f.times);
            let trouble = Trouble::WriteErrors;
            (&f.select, Wrong::striking("write errors", rate, f.files.as_ref(), trouble))
        }
        Fault::FailedSync(f) => {
            let rate = (f.chance, f.times);
            let trouble = Trouble::FailedSyncs;
            (&f.select, Wrong::striking("failed syncs", rate, f.files.as_ref(), trouble))
        }
        Fault::ReadErrors(f) => {
            let what = if f.sticky { "lasting read errors" } else { "read errors" };
            let trouble = |rate| Trouble::ReadErrors { rate, sticky: f.sticky };
            (&f.select, Wrong::striking(what, (f.chance, f.times), f.files.as_ref(), trouble))
        }
        Fault::DiskFull(f) => (&f.select, full(f.free, f.capacity)),
        Fault::DiskSlow(f) => {
            // To the hundredth: validation has seen that it is a number above 1.
            let percent = (f.factor.unwrap_or(1.0) * 100.0).round() as u32;
            (&f.select, slow(percent, f.by.unwrap_or_default()))
        }
        Fault::DiskStuck(f) => (&f.select, stuck()),
        _ => return None,
    })
}

fn full(free: Option<Size>, capacity: Option<Size>) -> Wrong {
    let (room, text) = match capacity {
        Some(size) => (Room::Capacity(size.0), format!("disk full at {size}")),
        None => {
            let size = free.unwrap_or_default();
            (Room::Free(size.0), format!("disk full but for {size}"))
        }
    };
    Wrong::lasting(Trouble::Full(room), text)
}

fn slow(percent: u32, by: Nanos) -> Wrong {
    let factor = f64::from(percent) / 100.0;
    let mut text = format!("disk {factor} times as slow");
    if by > Nanos::ZERO {
        text.push_str(&format!(" and {by} more"));
    }
    Wrong::lasting(Trouble::Slow { percent, by: duration(by) }, text)
}

fn stuck() -> Wrong {
    Wrong::lasting(Trouble::Stuck, "disk stuck".to_owned())
}

impl Director {
    /// Whom a fault of disks takes, as far as the contract lets it.
    pub(in crate::run::director) fn grip_disks(
        &self,
        fault: &Fault,
        rng: &mut Rng,
        world: &dyn World,
    ) -> Option<Grip> {
        if let Fault::BitRot(rot) = fault {
            let hosts = self.resolver(world, rng).targets(&rot.select)?;
            return Some(self.grip_rot(rot, &hosts, rng, world));
        }
        let (select, wrong) = wrong_of(fault)?;
        let hosts = self.resolver(world, rng).targets(select)?;
        Some(self.grip_wrong(&wrong, &hosts, rng, world))
    }

    fn grip_wrong(
        &self,
        wrong: &Wrong,
        hosts: &[NodeId],
        rng: &mut Rng,
        world: &dyn World,
    ) -> Grip {
        let mut taken = Vec::new();
        for host in hosts.iter().copied().filter(|host| !host.is_client()) {
            let within =
                wrong.damage.is_none_or(|damage| self.may_damage(host, damage, &taken, world));
            if within {
                taken.push(host);
            }
        }
        let hold = |host: &NodeId| {
            let fault = DiskFault::new(wrong.trouble.clone(), rng.next()).of_files(&*wrong.files);
            let held = if wrong.strikes { Held::Striking(*host) } else { Held::OfHost(*host) };
            (seedbed_sim::Fault::Disk(*host, fault), held)
        };
        let holds = taken.iter().map(hold).collect();
        Grip { text: format!("{} on {}", wrong.text, list(&taken)), holds }
    }

    fn grip_rot(&self, rot: &BitRot, hosts: &[NodeId], rng: &mut Rng, world: &dyn World) -> Grip {
        let (mut taken, mut holds) = (Vec::new(), Vec::new());
        let files = rot.files.clone().unwrap_or_default();
        for host in hosts.iter().copied().filter(|host| !host.is_client()) {
            if !self.may_damage(host, Damage::Rotten, &taken, world) {
                continue;
            }
            let Some(within) = self.rot_ranges(host, &files, rot.bytes, world) else {
                continue;
            };
            let trouble = Trouble::BitRot { within, places: rot.places };
            let fault = DiskFault::new(trouble, rng.next()).of_files(&*files);
            holds.push((seedbed_sim::Fault::Disk(host, fault), Held::Rotten(host)));
            taken.push(host);
        }
        let mut text = format!("bit rot in {} places on {}", rot.places, list(&taken));
        if let Some(files) = &rot.files {
            text.push_str(&format!(" in {files}"));
        }
        Grip { text, holds }
    }

    /// The ranges in each of which a bit may rot, empty for anywhere; none if there is no place.
    fn rot_ranges(
        &self,
        host: NodeId,
        files: &str,
        bytes: Option<(u64, u64)>,
        world: &dyn World,
    ) -> Option<Vec<(String, std::ops::Range<u64>)>> {
        let within = |range: std::ops::Range<u64>| match bytes {
            None => range,
            Some((start, end)) => range.start.max(start)..range.end.min(end),
        };
        if self.atlas.is_some()
            && let Some(checked) = world.checked_ranges(host)
        {
            let named = checked.into_iter().filter(|(file, _)| file.starts_with(files));
            let mut ranges: Vec<_> = named.map(|(file, range)| (file, within(range))).collect();
            ranges.retain(|(_, range)| !range.is_empty());
            return (!ranges.is_empty()).then_some(ranges);
        }
        if bytes.is_none() {
            return Some(Vec::new());
        }
        let mut ranges = Vec::new();
        for (file, len) in world.durable_files(host) {
            if !file.starts_with(files) {
                continue;
            }
            let range = within(0..len);
            let len = range.end.saturating_sub(range.start);
            let piece = len.div_ceil(PIECES_MAX).max(1);
            let starts = (0..len.div_ceil(piece)).map(|nth| range.start + nth * piece);
            ranges.extend(starts.map(|at| (file.clone(), at..(at + piece).min(range.end))));
        }
        (!ranges.is_empty()).then_some(ranges)
    }

    /// A drawn fault of a disk; none if the kind is none, or if nobody may have it now.
    pub(in crate::run::director) fn draw_disk(
        &self,
        kind: RandomKind,
        rng: &mut Rng,
        pool: &[NodeId],
        world: &dyn World,
    ) -> Option<Grip> {
        let host = *rng.pick(pool)?;
        let often = Chance { parts: (1 << 32) / 100 * rng.range(5..51) };
        let rarely = Chance { parts: (1 << 32) / 100 * rng.range(1..11) };
        let (places, sticky, room) =
            (rng.range(1..4) as u32, rng.below(2) == 0, Size(rng.below(4096)));
        let percent = 200 << rng.below(8);
        let striking = |what, of, trouble| Wrong::striking(what, (of, None), None, trouble);
        let wrong = match kind {
            RandomKind::LostWrites => {
                striking("lost writes", rarely, Trouble::LostWrites as fn(Rate) -> Trouble).lying()
            }
            RandomKind::TornWrites => striking("torn writes", often, Trouble::TornWrites).lying(),
            RandomKind::MisdirectedWrites => {
                striking("misdirected writes", rarely, Trouble::MisdirectedWrites).lying()
            }
            RandomKind::WriteErrors => striking("write errors", rarely, Trouble::WriteErrors),
            RandomKind::FailedSync => striking("failed syncs", rarely, Trouble::FailedSyncs),
            RandomKind::ReadErrors => striking(
                "read errors",
                often,
                match sticky {
                    true => |rate| Trouble::ReadErrors { rate, sticky: true },
                    false => |rate| Trouble::ReadErrors { rate, sticky: false },
                },
            ),
            RandomKind::DiskFull => full(Some(room), None),
            RandomKind::DiskSlow => slow(percent, Nanos::ZERO),
            RandomKind::DiskStuck => stuck(),
            RandomKind::BitRot => return self.draw_rot(host, places, rng, world),
            _ => return None,
        };
        let grip = self.grip_wrong(&wrong, &[host], rng, world);
        (!grip.holds.is_empty()).then_some(grip)
    }

    fn draw_rot(
        &self,
        host: NodeId,
        places: u32,
        rng: &mut Rng,
        world: &dyn World,
    ) -> Option<Grip> {
        if !self.may_damage(host, Damage::Rotten, &[], world) {
            return None;
        }
        let within = self.rot_ranges(host, "", None, world)?;
        let fault = DiskFault::new(Trouble::BitRot { within, places }, rng.next());
        let holds = vec![(seedbed_sim::Fault::Disk(host, fault), Held::Rotten(host))];
        let text = format!("bit rot in {places} places on {host}");
        Some(Grip { text, holds })
    }
}
