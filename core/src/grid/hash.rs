//! Hashes that only who knows the secret can aim at.
//!
//! Folded products of secret keys, as wyhash does them with wider words: which inputs share a
//! bucket depends on the keys, so nobody can prepare many that do without knowing them.

/// Both halves of a product, folded into one.
const fn fold(a: u32, b: u32) -> u32 {
    let product = a as u64 * b as u64;
    product as u32 ^ (product >> 32) as u32
}

/// Keys that follow from a secret.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keys([u32; 8]);

impl Keys {
    /// Eight odd keys, by the finaliser of MurmurHash3 over a Weyl sequence.
    pub const fn new(secret: u32) -> Self {
        let mut keys = [0; 8];
        let mut i = 0;
        while i < keys.len() {
            let mut key = secret.wrapping_add(0x9e37_79b9_u32.wrapping_mul(i as u32 + 1));
            key = (key ^ key >> 16).wrapping_mul(0x85eb_ca6b);
            key = (key ^ key >> 13).wrapping_mul(0xc2b2_ae35);
            keys[i] = (key ^ key >> 16) | 1;
            i += 1;
        }
        Self(keys)
    }

    /// A hash of five words.
    #[inline]
    pub const fn words(&self, context: u32, [a, b, c, d]: [u32; 4]) -> u32 {
        let Self([i, j, k, l, m, n, ..]) = *self;
        let first = fold(a ^ i, b ^ j);
        let second = fold(c ^ k, d ^ l).rotate_left(13);
        fold(first ^ second ^ m, context.wrapping_mul(0x9e37_79b1) ^ n)
    }

    /// A hash of the front of an id or a key.
    #[inline]
    pub const fn id(&self, id: &[u8; 32]) -> u32 {
        let [a, b, c, d, e, f, g, h, ..] = *id;
        let Self([i, j, ..]) = *self;
        let low = u32::from_le_bytes([a, b, c, d]);
        let high = u32::from_le_bytes([e, f, g, h]);
        fold(low ^ i, high ^ j)
    }

    /// What a coordinate adds to the hash of a block of cells.
    #[inline]
    pub const fn axis(&self, axis: usize, block: i32) -> u32 {
        let Self([i, j, k, ..]) = *self;
        let key = match axis {
            0 => i,
            1 => j,
            _ => k,
        };
        (block as u32).wrapping_mul(key)
    }

    /// What a context adds to it.
    #[inline]
    pub const fn context(&self, context: u32) -> u32 {
        let Self([_, _, _, l, m, ..]) = *self;
        (context ^ m).wrapping_mul(l)
    }

    /// The hash of the sum.
    #[inline]
    pub const fn finish(&self, sum: u32) -> u32 {
        let Self([_, _, _, _, _, _, n, _]) = *self;
        let mixed = (sum ^ sum >> 15).wrapping_mul(n);
        mixed ^ mixed >> 15
    }
}
