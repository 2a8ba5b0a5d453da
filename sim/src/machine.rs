//! The part of a host that a handler may touch: its disk, its clocks, its random streams.

use crate::clock::Clocks;
use crate::disk::{CrashLoss, CrashModel, Disk};
use crate::id::NodeId;
use crate::rng::{Purpose, Rng, Streams};

/// Stands beside the node, not around it, so that a handler can hold both.
#[derive(Debug, Default)]
pub(crate) struct Machine {
    pub(crate) disk: Disk,
    /// The disk's fingerprint when it was last folded into the run's digest.
    pub(crate) disk_folded: u64,
    pub(crate) clocks: Clocks,
    /// How often the host has booted; 0 before the first time.
    pub(crate) incarnation: u32,
    /// Reads of this step; each takes device time, which counts as busy.
    pub(crate) reads: Reads,
    /// Made at the first draw: a stream is 300 bytes, and most of 100,000 hosts never draw.
    own: Option<Box<Rng>>,
    network: Option<Box<Rng>>,
    device: Option<Box<Rng>>,
    nested: Vec<(u64, Rng)>,
    buggify: Option<Box<Rng>>,
}

/// What a step has read from the disk.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reads {
    pub(crate) count: u32,
    pub(crate) bytes: u64,
}

impl Machine {
    /// The stream of the protocol nested at `nest` (0 for the host's own node).
    pub(crate) fn rng(&mut self, streams: &Streams, me: NodeId, nest: u64) -> &mut Rng {
        if nest == 0 {
            return lazily(&mut self.own, streams, Purpose::Host, me);
        }
        let at = match self.nested.iter().position(|(known, _)| *known == nest) {
            Some(at) => at,
            None => {
                let index = crate::rng::mix(nest, u64::from(me.number())) >> 8;
                self.nested.push((nest, streams.open(Purpose::Nested, index)));
                self.nested.len() - 1
            }
        };
        &mut self.nested[at].1
    }

    #[inline]
    pub(crate) fn network_word(&mut self, streams: &Streams, me: NodeId) -> u64 {
        lazily(&mut self.network, streams, Purpose::Network, me).next()
    }

    pub(crate) fn device_word(&mut self, streams: &Streams, me: NodeId) -> u64 {
        lazily(&mut self.device, streams, Purpose::Disk, me).next()
    }

    /// What a crash leaves of the un-synced writes.
    pub(crate) fn crash_disk(
        &mut self,
        streams: &Streams,
        me: NodeId,
        model: CrashModel,
    ) -> CrashLoss {
        let rng = lazily(&mut self.device, streams, Purpose::Disk, me);
        self.disk.crash(model, &mut |bound| rng.below(bound))
    }

    pub(crate) fn buggify_rng(&mut self, streams: &Streams, me: NodeId) -> &mut Rng {
        lazily(&mut self.buggify, streams, Purpose::Buggify, me)
    }
}

#[inline]
fn lazily<'a>(
    stream: &'a mut Option<Box<Rng>>,
    streams: &Streams,
    purpose: Purpose,
    me: NodeId,
) -> &'a mut Rng {
    stream.get_or_insert_with(|| Box::new(streams.open(purpose, u64::from(me.number()))))
}
