//! Fixed inputs that look like chance.

/// Numbers of Marsaglia's xorshift (2003), the same on every host.
pub struct Draw(u64);

impl Draw {
    /// A sequence for `seed`, which must not be zero.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number of 0..`bound`.
    pub fn below(&mut self, bound: u32) -> u32 {
        ((self.next() >> 32).wrapping_mul(u64::from(bound)) >> 32) as u32
    }

    /// A number of -1.0..1.0 in steps of 2⁻²³, so that it is exact.
    pub fn signed(&mut self) -> f32 {
        ((self.next() >> 40) as i32 - (1 << 23)) as f32 / (1 << 23) as f32
    }

    /// Fills a vector.
    pub fn fill(&mut self, vector: &mut [f32]) {
        vector.iter_mut().for_each(|x| *x = self.signed());
    }
}
