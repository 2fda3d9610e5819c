//! How large a grid is, how near is near, and how much work one insertion may do.

use crate::block::structure::Config;
use crate::block::{CONFIG_WORDS, Kind};

/// Most components of a vector.
pub const MAX_DIMENSIONS: u32 = 2_048;
/// Most claims of one grid.
pub const MAX_CAPACITY: u32 = 1 << 24;
/// Components of the bound that is tried before an exact distance.
pub const PREFIX: usize = 16;
/// Rows of a projection: the other component of the prefix is the norm of what they leave out.
pub const ROWS: usize = PREFIX - 1;

/// Claims up to which there are no cells.
pub(super) const SCAN: u32 = 128;
/// Claims in a bucket.
pub(super) const WIDTH: u32 = 8;

/// Size and radius of a [`Grid`](super::Grid); all of it is fixed at creation.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct GridConfig {
    pub(super) dimensions: u32,
    pub(super) capacity: u32,
    pub(super) radius: f32,
    pub(super) candidates: u32,
    pub(super) seed: u32,
    pub(super) rows: bool,
}

impl GridConfig {
    /// A grid for `capacity` claims (up to 2²⁴; one for none takes no memory) with vectors of `dimensions` components (0 to
    /// 2,048; 0 for claims that are found by their subject alone), radius 0.5, 256 candidates.
    pub const fn new(dimensions: u32, capacity: u32) -> Self {
        Self {
            dimensions,
            capacity,
            radius: 0.5,
            candidates: 256,
            seed: 0,
            rows: false,
        }
    }

    /// Euclidean distance up to which two vectors are about the same thing, from 10⁻¹² to 10¹².
    ///
    /// For unit vectors a cosine of at least `s` is a distance of at most `√(2 − 2s)`.
    pub const fn radius(mut self, radius: f32) -> Self {
        self.radius = radius;
        self
    }

    /// Most stored claims that one check looks at by vector, and as many again by subject; at
    /// least 16. Claims of other cells that share a hash with the eight around count as well: up to
    /// as many again where the grid is full.
    pub const fn candidates(mut self, candidates: u32) -> Self {
        self.candidates = candidates;
        self
    }

    /// A secret that moves claims to other hash buckets, against peers who choose colliding ones;
    /// it changes the bytes of the grid and no answer. With the default, 0, it is no secret: give
    /// nodes that take claims of others one of their own.
    ///
    /// Cells need it only for speed: what a check looks at is limited by `candidates`, and adding
    /// and removing are constant. Subjects with the same hash are a list; there is a bucket for
    /// each claim, so that the longest of them stays under a dozen for names chosen without it.
    pub const fn seed(mut self, seed: u32) -> Self {
        self.seed = seed;
        self
    }

    /// Whether the grid takes the fifteen rows of a projection at creation, in place of chosen
    /// coordinates. Without effect below 4 dimensions.
    pub const fn projected(mut self, rows: bool) -> Self {
        self.rows = rows;
        self
    }

    /// Components of a vector.
    pub const fn dimensions(&self) -> u32 {
        self.dimensions
    }

    /// Most claims.
    pub const fn capacity(&self) -> u32 {
        self.capacity
    }

    /// The secret of the hash buckets.
    pub(crate) const fn hash_seed(&self) -> u32 {
        self.seed
    }

    /// Distance up to which two vectors are about the same thing.
    pub const fn reach(&self) -> f32 {
        self.radius
    }

    /// Words of the counters.
    pub(super) const fn counts(&self) -> usize {
        if self.capacity == 0 { 0 } else { 16 }
    }

    /// Heads of the subject table, a line of them at least.
    pub(super) const fn table(&self) -> usize {
        match self.capacity as usize {
            0 => 0,
            1..=16 => 16,
            claims => claims.next_power_of_two(),
        }
    }

    /// Hashes of cells, each with a bucket of its own: one for two claims. None where there are
    /// never enough claims for cells.
    pub(super) const fn homes(&self) -> usize {
        if self.dimensions == 0 || self.capacity <= SCAN {
            0
        } else {
            self.table() / 2
        }
    }

    /// Buckets of eight. Those of a hash but for the first are full or hold the claims over a
    /// multiple of eight, so one in eight claims needs a spare bucket at most.
    pub(super) const fn buckets(&self) -> usize {
        if self.dimensions == 0 {
            0
        } else if self.capacity <= SCAN {
            self.capacity.div_ceil(WIDTH) as usize
        } else {
            self.homes() + (self.capacity / WIDTH) as usize
        }
    }

    /// Whether a bucket holds the vector itself.
    pub(super) const fn is_direct(&self) -> bool {
        self.dimensions <= 3
    }

    /// Lines of sixteen components that a vector takes outside its bucket.
    pub(super) const fn row(&self) -> usize {
        if self.is_direct() {
            0
        } else {
            self.dimensions.div_ceil(16) as usize
        }
    }

    pub(super) const fn has_prefix(&self) -> bool {
        self.dimensions as usize > PREFIX
    }

    /// Words of the section that holds coordinates or rows.
    pub(super) const fn projection_words(&self) -> usize {
        if self.is_direct() || self.capacity == 0 {
            0
        } else if self.rows {
            ROWS * 16 * self.row()
        } else {
            PREFIX
        }
    }

    /// Edge of a cell: a little over twice the radius, so that what is within the radius lies in
    /// the cell or in the nearer neighbour on each axis, whatever the rounding.
    pub(super) fn edge(&self) -> f64 {
        let slack = if self.is_direct() {
            1.0 / 1024.0
        } else {
            1.0 / 64.0
        };
        2.0 * f64::from(self.radius) * (1.0 + slack)
    }
}

impl Config for GridConfig {
    const KIND: Kind = Kind(*b"GRID");
    const VERSION: u32 = 2;

    fn is_valid(&self) -> bool {
        self.dimensions <= MAX_DIMENSIONS
            && self.capacity <= MAX_CAPACITY
            && (1e-12..=1e12).contains(&self.radius)
            && self.candidates >= 16
    }

    fn length(&self) -> usize {
        self.bytes()
    }

    fn to_words(&self) -> [u32; CONFIG_WORDS] {
        let mut words = [0; CONFIG_WORDS];
        words[0] = self.dimensions;
        words[1] = self.capacity;
        words[2] = self.radius.to_bits();
        words[3] = self.candidates;
        words[4] = self.seed;
        words[5] = self.rows as u32;
        words
    }

    fn from_words(words: &[u32; CONFIG_WORDS]) -> Option<Self> {
        let [dimensions, capacity, radius, candidates, seed, rows, ..] = *words;
        Some(Self {
            dimensions,
            capacity,
            radius: f32::from_bits(radius),
            candidates,
            seed,
            rows: rows == 1,
        })
    }
}
