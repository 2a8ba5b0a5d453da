//! Links that a fault lets carry only so much.

use std::time::Duration;

use seedbed_sim::Capacity;
use seedbed_sim::rng::Rng;

use super::{Grip, Links};
use crate::format::{Bandwidth, Size, Throttle};
use crate::run::director::Director;
use crate::run::director::holds::Held;
use crate::run::network::capacity;
use crate::run::world::World;

impl Director {
    pub(super) fn grip_throttle(
        &self,
        throttle: &Throttle,
        rng: &mut Rng,
        world: &dyn World,
    ) -> Option<Grip> {
        let everybody = self.places.everybody();
        let ends = (throttle.from.as_ref(), throttle.to.as_ref());
        let (links, place) = self.shaped_links(ends, &everybody, rng, world)?;
        let limit = capacity(Capacity::default(), Some(throttle.rate), throttle.queue, None);
        Some(grip_throttle(links, limit, &place))
    }
}

/// A rate at which a few hosts that talk little fill their queues, or hardly notice: 8 kbit to
/// 1 Mbit per second, with a queue of 2 to 32 KiB.
pub(in crate::run::director) fn draw_capacity(rng: &mut Rng) -> Capacity {
    Capacity {
        bandwidth: Some(8_000 << rng.below(8)),
        queue: Some(2_048 << rng.below(5)),
        cost: Duration::ZERO,
    }
}

pub(in crate::run::director) fn grip_throttle(links: Links, limit: Capacity, place: &str) -> Grip {
    let rate = limit.bandwidth.map_or("no limit".to_owned(), |rate| Bandwidth(rate).to_string());
    let queue = Size(limit.queue.unwrap_or_default());
    let fault = seedbed_sim::Fault::Throttle(links.clone(), limit);
    Grip {
        text: format!("bandwidth of {rate} with a queue of {queue} {place}"),
        holds: vec![(fault, Held::Throttled(links))],
    }
}
