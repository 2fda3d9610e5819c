//! SHA-256 through the SHA instructions of x86-64, for messages whose shape is known (FIPS 180-4,
//! 6.2.2): leaves that are hashes, nodes of a tree, and two messages of any length at once.
//!
//! `sha2` uses the same instructions, block by block. A node is two blocks, of which the second is
//! all padding but for a byte; here its message is shifted into place in registers instead of
//! being written to memory a byte off and read back, and the state stays in registers between the
//! two. The rounds of one message wait for each other four cycles each, so that a second message
//! beside it costs next to nothing.

#![allow(unsafe_code)]

use super::{Level, level};
use crate::Hash;
use crate::merkle::hash::INITIAL;
use core::arch::x86_64::*;

cpufeatures::new!(has_sha, "sha", "ssse3", "sse4.1");

/// Proof that the machine has the SHA instructions, SSSE3 and SSE4.1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Single(());

impl Single {
    /// The kernels, where this machine has them and portable code is not forced. Not in builds
    /// without optimisation, where every instruction of theirs is a call.
    #[inline]
    pub(crate) fn get() -> Option<Self> {
        if cfg!(debug_assertions) {
            return None;
        }
        Self::any().filter(|_| level() != Level::Scalar)
    }

    /// The kernels, where this machine has them.
    #[inline]
    pub(crate) fn any() -> Option<Self> {
        has_sha::get().then_some(Self(()))
    }

    /// `SHA-256(0x00 ‖ data)`.
    #[inline]
    pub(crate) fn leaf(self, data: &Hash) -> Hash {
        // SAFETY: `Single` exists only where the features do.
        let [hash] = unsafe { leaves([data]) };
        hash
    }

    /// `SHA-256(0x00 ‖ data)` of both.
    #[inline]
    pub(crate) fn leaves(self, data: [&Hash; 2]) -> [Hash; 2] {
        // SAFETY: as above.
        unsafe { leaves(data) }
    }

    /// `SHA-256(0x01 ‖ left ‖ right)`.
    #[inline]
    pub(crate) fn node(self, left: &Hash, right: &Hash) -> Hash {
        // SAFETY: as above.
        let [hash] = unsafe { nodes([[left, right]]) };
        hash
    }

    /// `SHA-256(0x01 ‖ left ‖ right)` of both pairs.
    #[inline]
    pub(crate) fn nodes(self, pairs: [[&Hash; 2]; 2]) -> [Hash; 2] {
        // SAFETY: as above.
        unsafe { nodes(pairs) }
    }

    /// See [`climb`](crate::merkle::hash::climb).
    #[inline]
    pub(crate) fn climb<'h>(
        self,
        hash: &Hash,
        steps: impl Iterator<Item = (&'h Hash, bool)>,
        visit: impl FnMut(&Hash),
    ) -> Hash {
        // SAFETY: as above.
        unsafe { climb(hash, steps, visit) }
    }

    /// Compresses the blocks of two messages into their states.
    #[inline]
    pub(crate) fn compress_both<'b>(
        self,
        states: &mut [[u32; 8]; 2],
        blocks: impl Iterator<Item = [&'b [u8; 64]; 2]>,
    ) {
        // SAFETY: as above.
        unsafe { compress_both(states, blocks) }
    }
}

/// Round constants, four to a register.
const K: [[u32; 4]; 16] = [
    [0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5],
    [0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5],
    [0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3],
    [0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174],
    [0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc],
    [0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da],
    [0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7],
    [0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967],
    [0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13],
    [0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85],
    [0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3],
    [0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070],
    [0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5],
    [0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3],
    [0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208],
    [0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2],
];

/// A state as the instructions want it: `a b e f` and `c d g h`, highest word first.
#[derive(Clone, Copy)]
struct State {
    abef: __m128i,
    cdgh: __m128i,
}

impl State {
    #[inline]
    #[target_feature(enable = "sse2")]
    fn new([a, b, c, d, e, f, g, h]: [u32; 8]) -> Self {
        Self {
            abef: _mm_set_epi32(a as i32, b as i32, e as i32, f as i32),
            cdgh: _mm_set_epi32(c as i32, d as i32, g as i32, h as i32),
        }
    }

    /// Words `a` to `d` and `e` to `h`, lowest first.
    #[inline]
    #[target_feature(enable = "ssse3,sse4.1")]
    fn words(self) -> [__m128i; 2] {
        let feba = _mm_shuffle_epi32::<0x1b>(self.abef);
        let dchg = _mm_shuffle_epi32::<0xb1>(self.cdgh);
        [
            _mm_blend_epi16::<0xf0>(feba, dchg),
            _mm_alignr_epi8::<8>(dchg, feba),
        ]
    }

    #[inline]
    #[target_feature(enable = "ssse3,sse4.1")]
    fn halves(self) -> [__m128i; 2] {
        let [low, high] = self.words();
        [swap_bytes(low), swap_bytes(high)]
    }
}

/// Bytes of each word turned around: messages and hashes are big-endian.
#[inline]
#[target_feature(enable = "ssse3")]
fn swap_bytes(words: __m128i) -> __m128i {
    let order = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
    _mm_shuffle_epi8(words, order)
}

#[inline]
#[target_feature(enable = "sse2")]
fn halves(hash: &Hash) -> [__m128i; 2] {
    let from = hash.as_ptr().cast::<__m128i>();
    // SAFETY: twice sixteen bytes to read, of any alignment.
    unsafe { [_mm_loadu_si128(from), _mm_loadu_si128(from.add(1))] }
}

#[inline]
#[target_feature(enable = "sse2")]
fn hash([low, high]: [__m128i; 2]) -> Hash {
    let mut hash = [0; 32];
    let to = hash.as_mut_ptr().cast::<__m128i>();
    // SAFETY: twice sixteen bytes to write, of any alignment.
    unsafe {
        _mm_storeu_si128(to, low);
        _mm_storeu_si128(to.add(1), high);
    }
    hash
}

/// Four rounds of each message.
#[inline]
#[target_feature(enable = "sha,sse2")]
fn rounds<const N: usize>(states: &mut [State; N], words: &[[__m128i; 4]; N], at: usize) {
    let [a, b, c, d] = K[at].map(|k| k as i32);
    let k = _mm_set_epi32(d, c, b, a);
    let mut sums = [k; N];
    for ((state, words), sum) in states.iter_mut().zip(words).zip(&mut sums) {
        *sum = _mm_add_epi32(words[at % 4], k);
        state.cdgh = _mm_sha256rnds2_epu32(state.cdgh, state.abef, *sum);
    }
    for (state, sum) in states.iter_mut().zip(sums) {
        let high = _mm_shuffle_epi32::<0x0e>(sum);
        state.abef = _mm_sha256rnds2_epu32(state.abef, state.cdgh, high);
    }
}

/// The next four words of each message's schedule in place of those sixteen before.
#[inline]
#[target_feature(enable = "sha,ssse3")]
fn schedule<const N: usize>(words: &mut [[__m128i; 4]; N], at: usize) {
    for w in words {
        let [w0, w1, w2, w3] = [w[at % 4], w[(at + 1) % 4], w[(at + 2) % 4], w[(at + 3) % 4]];
        let sum = _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8::<4>(w3, w2));
        w[at % 4] = _mm_sha256msg2_epu32(sum, w3);
    }
}

/// Compresses a block into each state; words in the order of their numbers.
#[inline]
#[target_feature(enable = "sha,ssse3,sse4.1")]
fn compress<const N: usize>(states: &mut [State; N], mut words: [[__m128i; 4]; N]) {
    let before = *states;
    rounds(states, &words, 0);
    rounds(states, &words, 1);
    rounds(states, &words, 2);
    rounds(states, &words, 3);
    macro_rules! scheduled {
        ($($at:literal)+) => {
            $(schedule(&mut words, $at); rounds(states, &words, $at);)+
        };
    }
    scheduled!(4 5 6 7 8 9 10 11 12 13 14 15);
    for (state, before) in states.iter_mut().zip(before) {
        state.abef = _mm_add_epi32(state.abef, before.abef);
        state.cdgh = _mm_add_epi32(state.cdgh, before.cdgh);
    }
}

/// The byte that ends every message, first in its register.
#[inline]
#[target_feature(enable = "sse2")]
fn stop() -> __m128i {
    _mm_set_epi32(0, 0, 0, 0x80)
}

#[target_feature(enable = "sha,ssse3,sse4.1")]
fn leaves<const N: usize>(data: [&Hash; N]) -> [Hash; N] {
    let words = data.map(|data| {
        let [low, high] = halves(data);
        [
            swap_bytes(_mm_slli_si128::<1>(low)),
            swap_bytes(_mm_alignr_epi8::<15>(high, low)),
            swap_bytes(_mm_alignr_epi8::<15>(stop(), high)),
            _mm_set_epi32(33 * 8, 0, 0, 0),
        ]
    });
    let mut states = [State::new(INITIAL); N];
    compress(&mut states, words);
    states.map(|state| hash(state.halves()))
}

#[target_feature(enable = "sha,ssse3,sse4.1")]
fn nodes<const N: usize>(pairs: [[&Hash; 2]; N]) -> [Hash; N] {
    parents(pairs.map(|pair| pair.map(|child| halves(child)))).map(|parent| hash(parent))
}

#[target_feature(enable = "sha,ssse3,sse4.1")]
fn climb<'h>(
    from: &Hash,
    steps: impl Iterator<Item = (&'h Hash, bool)>,
    mut visit: impl FnMut(&Hash),
) -> Hash {
    let mut at = halves(from);
    for (sibling, is_left) in steps {
        let sibling = halves(sibling);
        let pair = if is_left {
            [sibling, at]
        } else {
            [at, sibling]
        };
        [at] = parents([pair]);
        visit(&hash(at));
    }
    hash(at)
}

/// The hashes of nodes over pairs of hashes, all as they lie in memory.
#[inline]
#[target_feature(enable = "sha,ssse3,sse4.1")]
fn parents<const N: usize>(pairs: [[[__m128i; 2]; 2]; N]) -> [[__m128i; 2]; N] {
    let prefix = _mm_set_epi32(1 << 24, 0, 0, 0);
    let first = pairs.map(|[[a, b], [c, d]]| {
        [
            swap_bytes(_mm_alignr_epi8::<15>(a, prefix)),
            swap_bytes(_mm_alignr_epi8::<15>(b, a)),
            swap_bytes(_mm_alignr_epi8::<15>(c, b)),
            swap_bytes(_mm_alignr_epi8::<15>(d, c)),
        ]
    });
    let last = pairs.map(|[_, [_, d]]| {
        let zero = _mm_setzero_si128();
        [
            swap_bytes(_mm_alignr_epi8::<15>(stop(), d)),
            zero,
            zero,
            _mm_set_epi32(65 * 8, 0, 0, 0),
        ]
    });
    let mut states = [State::new(INITIAL); N];
    compress(&mut states, first);
    compress(&mut states, last);
    states.map(|state| state.halves())
}

#[target_feature(enable = "sha,ssse3,sse4.1")]
fn compress_both<'b>(states: &mut [[u32; 8]; 2], blocks: impl Iterator<Item = [&'b [u8; 64]; 2]>) {
    let mut both = states.map(|state| State::new(state));
    for pair in blocks {
        let words = pair.map(|block| {
            let from = block.as_ptr().cast::<__m128i>();
            [0, 1, 2, 3].map(|at| {
                // SAFETY: four times sixteen bytes to read, of any alignment.
                swap_bytes(unsafe { _mm_loadu_si128(from.add(at)) })
            })
        });
        compress(&mut both, words);
    }
    for (words, state) in states.iter_mut().zip(both) {
        let [low, high] = state.words();
        let to = words.as_mut_ptr().cast::<__m128i>();
        // SAFETY: twice sixteen bytes to write, of any alignment.
        unsafe {
            _mm_storeu_si128(to, low);
            _mm_storeu_si128(to.add(1), high);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sha2::block_api::compress256;
    use sha2::{Digest, Sha256};

    fn plain(prefix: u8, parts: &[&Hash]) -> Hash {
        let mut hasher = Sha256::new_with_prefix([prefix]);
        parts.iter().for_each(|part| hasher.update(part));
        hasher.finalize().into()
    }

    proptest! {
        #[test]
        fn shapes_hash_as_plain_sha256(a in any::<[Hash; 2]>(), b in any::<[Hash; 2]>()) {
            let Some(single) = Single::any() else { return Ok(()) };
            prop_assert_eq!(single.leaf(&a[0]), plain(0, &[&a[0]]));
            prop_assert_eq!(
                single.leaves([&a[0], &a[1]]),
                [plain(0, &[&a[0]]), plain(0, &[&a[1]])]
            );
            prop_assert_eq!(single.node(&a[0], &a[1]), plain(1, &[&a[0], &a[1]]));
            prop_assert_eq!(
                single.nodes([[&a[0], &a[1]], [&b[0], &b[1]]]),
                [plain(1, &[&a[0], &a[1]]), plain(1, &[&b[0], &b[1]])]
            );
        }

        #[test]
        fn climbing_hashes_step_by_step(steps in prop::collection::vec(any::<(Hash, bool)>(), 0..9)) {
            let Some(single) = Single::any() else { return Ok(()) };
            let (mut expected, mut seen) = (std::vec::Vec::new(), std::vec::Vec::new());
            let mut at = [7; 32];
            for (sibling, is_left) in &steps {
                let pair = if *is_left { [sibling, &at] } else { [&at, sibling] };
                at = plain(1, &pair);
                expected.push(at);
            }
            let steps = steps.iter().map(|(sibling, is_left)| (sibling, *is_left));
            prop_assert_eq!(single.climb(&[7; 32], steps, |hash| seen.push(*hash)), at);
            prop_assert_eq!(seen, expected);
        }

        #[test]
        fn two_messages_at_once_are_what_sha2_gives_of_each(
            blocks in prop::collection::vec(any::<[Hash; 4]>(), 0..5),
            states in any::<[[u32; 8]; 2]>(),
        ) {
            let Some(single) = Single::any() else { return Ok(()) };
            let half = |at: usize| -> std::vec::Vec<[u8; 64]> {
                blocks.iter().map(|b| bytemuck::cast([b[at], b[at + 1]])).collect()
            };
            let (left, right) = (half(0), half(2));
            let mut found = states;
            single.compress_both(&mut found, left.iter().zip(&right).map(|(l, r)| [l, r]));
            let mut expected = states;
            compress256(&mut expected[0], &left);
            compress256(&mut expected[1], &right);
            prop_assert_eq!(found, expected);
        }
    }
}
