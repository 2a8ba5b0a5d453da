//! How much a directed link carries, and the transmitter that messages wait for.
//!
//! Plain integer arithmetic without rounding: a link that is never idle carries exactly its rate,
//! however small its messages are.

use std::collections::VecDeque;
use std::time::Duration;

use serde::Serialize;

use crate::time::{SimTime, duration_nanos};

/// How much a directed link carries.
///
/// A message occupies the link's transmitter for `cost` and for its bits at the rate of
/// `bandwidth`, one after the other in the order in which they leave their host; then it travels
/// its latency. What finds the transmitter at work waits in its queue, and is dropped where that
/// is full (tail drop). The queue stands in the network, as a switch does: it outlives the host
/// that filled it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Capacity {
    /// Bits per second; bytes take no time if none.
    pub bandwidth: Option<u64>,
    /// How many bytes may wait, beside the message that is being transmitted; unbounded if none.
    pub queue: Option<u64>,
    /// How long each message occupies the link besides its bytes: headers, system calls.
    pub cost: Duration,
}

impl Capacity {
    /// Whether a message occupies the link at all.
    pub fn is_limited(&self) -> bool {
        self.bandwidth.is_some() || !self.cost.is_zero()
    }

    /// Both limits at once: the lower rate, the shorter queue, the higher cost.
    pub(crate) fn tightened_by(self, other: Capacity) -> Capacity {
        Capacity {
            bandwidth: lower(self.bandwidth, other.bandwidth),
            queue: lower(self.queue, other.queue),
            cost: self.cost.max(other.cost),
        }
    }

    /// How long a message occupies the link, in `1 / rate` nanoseconds, and the rate.
    fn occupation(&self, size: u64) -> (u128, u128) {
        let rate = u128::from(self.bandwidth.unwrap_or(1).max(1));
        let bits = if self.bandwidth.is_some() { u128::from(size) * 8 } else { 0 };
        let cost = u128::from(duration_nanos(self.cost)).saturating_mul(rate);
        (cost.saturating_add(bits * 1_000_000_000), rate)
    }
}

fn lower(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// A message in a transmitter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Packet {
    /// The queue slot to hand on; none if the message is lost or cut further on, and only takes
    /// its share of the link.
    pub(crate) raw: Option<u32>,
    /// Bytes.
    pub(crate) size: u64,
    /// How long it travels afterwards.
    pub(crate) delay_ns: u64,
}

/// Puts messages on one directed link, one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Transmitter {
    current: Option<Packet>,
    waiting: VecDeque<Packet>,
    waiting_bytes: u64,
    /// When the current message is done.
    free_at: SimTime,
    /// What `free_at` was rounded down by, in `1 / rate` nanoseconds.
    rest: u128,
    /// Changes with each transmission and each new plan: an event of an old one is stale.
    turn: u32,
}

impl Transmitter {
    /// Whether a message of this size finds room: always where nothing is being transmitted.
    pub(crate) fn admits(&self, size: u64, capacity: &Capacity) -> bool {
        self.current.is_none()
            || capacity.queue.is_none_or(|queue| self.waiting_bytes.saturating_add(size) <= queue)
    }

    /// Takes a message. Returns when its transmission ends, if that begins now.
    pub(crate) fn take(
        &mut self,
        packet: Packet,
        capacity: &Capacity,
        now: SimTime,
    ) -> Option<SimTime> {
        if self.current.is_some() {
            self.waiting_bytes = self.waiting_bytes.saturating_add(packet.size);
            self.waiting.push_back(packet);
            return None;
        }
        self.rest = 0;
        Some(self.begin(packet, capacity, now))
    }

    fn begin(&mut self, packet: Packet, capacity: &Capacity, now: SimTime) -> SimTime {
        let (work, rate) = capacity.occupation(packet.size);
        let work = work.saturating_add(self.rest);
        self.rest = work % rate;
        self.free_at = now.saturating_add_nanos(u64::try_from(work / rate).unwrap_or(u64::MAX));
        self.current = Some(packet);
        self.turn = self.turn.wrapping_add(1);
        self.free_at
    }

    /// The current message is done: it is returned, with the time at which the next one will be.
    pub(crate) fn finish(
        &mut self,
        capacity: &Capacity,
        now: SimTime,
    ) -> Option<(Packet, Option<SimTime>)> {
        let done = self.current.take()?;
        let next = self.waiting.pop_front();
        let ends = next.map(|packet| {
            self.waiting_bytes = self.waiting_bytes.saturating_sub(packet.size);
            self.begin(packet, capacity, now)
        });
        Some((done, ends))
    }

    /// The capacity changes from one to the other: what is left of the current message goes on at
    /// the new rate. Returns when that ends, if there is one.
    pub(crate) fn plan_again(
        &mut self,
        old: &Capacity,
        new: &Capacity,
        now: SimTime,
    ) -> Option<SimTime> {
        let packet = self.current?;
        let ((old_work, old_rate), (work, rate)) =
            (old.occupation(packet.size), new.occupation(packet.size));
        let left_ns = u128::from(self.free_at.nanos().saturating_sub(now.nanos()));
        let whole_ns = (old_work / old_rate).max(1);
        let left_ns = (work / rate).saturating_mul(left_ns.min(whole_ns)) / whole_ns;
        self.rest = 0;
        self.free_at = now.saturating_add_nanos(u64::try_from(left_ns).unwrap_or(u64::MAX));
        self.turn = self.turn.wrapping_add(1);
        Some(self.free_at)
    }

    /// Names the current plan.
    pub(crate) fn turn(&self) -> u32 {
        self.turn
    }

    /// Takes out every message, in order; their share of the link stays taken.
    pub(crate) fn abandon(&mut self) -> Vec<u32> {
        let packets = self.current.iter_mut().chain(&mut self.waiting);
        packets.filter_map(|packet| packet.raw.take()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEGABIT: Capacity =
        Capacity { bandwidth: Some(1_000_000), queue: Some(3_000), cost: Duration::ZERO };

    fn packet(size: u64) -> Packet {
        Packet { raw: Some(size as u32), size, delay_ns: 0 }
    }

    fn at_us(micros: u64) -> SimTime {
        SimTime::from_nanos(micros * 1_000)
    }

    #[test]
    fn a_message_takes_its_bits_and_its_cost() {
        let mut transmitter = Transmitter::default();
        let costly = Capacity { cost: Duration::from_micros(50), ..MEGABIT };
        assert_eq!(transmitter.take(packet(125), &costly, at_us(10)), Some(at_us(1_060)));
        assert_eq!(transmitter.take(packet(250), &costly, at_us(20)), None);
        let (first, ends) = transmitter.finish(&costly, at_us(1_060)).unwrap();
        assert_eq!((first.size, ends), (125, Some(at_us(3_110))));
        let (second, ends) = transmitter.finish(&costly, at_us(3_110)).unwrap();
        assert_eq!((second.size, ends), (250, None));
        assert_eq!(transmitter.finish(&costly, at_us(4_000)), None);
    }

    #[test]
    fn the_queue_bounds_what_waits() {
        let mut transmitter = Transmitter::default();
        assert!(transmitter.admits(9_000, &MEGABIT), "an idle link takes anything");
        transmitter.take(packet(9_000), &MEGABIT, at_us(0));
        assert!(transmitter.admits(3_000, &MEGABIT));
        transmitter.take(packet(2_000), &MEGABIT, at_us(0));
        assert!(transmitter.admits(1_000, &MEGABIT) && !transmitter.admits(1_001, &MEGABIT));
        transmitter.finish(&MEGABIT, at_us(72_000));
        assert!(transmitter.admits(3_000, &MEGABIT), "what is being transmitted does not wait");
    }

    #[test]
    fn rounding_does_not_add_up() {
        let odd = Capacity { bandwidth: Some(7_000_003), queue: None, cost: Duration::ZERO };
        let mut transmitter = Transmitter::default();
        let mut ends = transmitter.take(packet(1), &odd, at_us(0)).unwrap();
        for _ in 1..100_000 {
            assert_eq!(transmitter.take(packet(1), &odd, at_us(0)), None);
        }
        while let Some((_, Some(next))) = transmitter.finish(&odd, ends) {
            ends = next;
        }
        assert_eq!(u128::from(ends.nanos()), 800_000 * 1_000_000_000 / 7_000_003);
    }

    #[test]
    fn a_new_rate_holds_for_what_is_left() {
        let mut transmitter = Transmitter::default();
        let half = Capacity { bandwidth: Some(500_000), ..MEGABIT };
        transmitter.take(packet(125), &MEGABIT, at_us(0));
        let turn = transmitter.turn();
        assert_eq!(transmitter.plan_again(&MEGABIT, &half, at_us(250)), Some(at_us(1_750)));
        assert_ne!(transmitter.turn(), turn);
        let none = Capacity::default();
        assert_eq!(transmitter.plan_again(&half, &none, at_us(1_000)), Some(at_us(1_000)));
    }

    #[test]
    fn the_lower_of_two_limits_counts() {
        let other = Capacity { queue: None, cost: Duration::from_micros(1), bandwidth: Some(7) };
        let both =
            Capacity { bandwidth: Some(7), queue: Some(3_000), cost: Duration::from_micros(1) };
        assert_eq!(MEGABIT.tightened_by(other), both);
        assert_eq!(other.tightened_by(MEGABIT), both);
        assert!(!Capacity::default().is_limited() && both.is_limited());
    }
}
