//! Numbers that look random and are the same on every machine.

/// A generator of such numbers (SplitMix64).
pub struct Numbers(u64);

impl Numbers {
    /// Each seed has numbers of its own.
    pub fn new(seed: u64) -> Numbers {
        Numbers(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x1234_5678_9ABC_DEF1)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let word = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let word = (word ^ word >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        (word ^ word >> 31) % bound
    }

    /// True once in `bound` times.
    pub fn once_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }
}
