//! SHA-256 through the SHA instructions of x86-64, for messages whose shape is known (FIPS 180-4,
//! 6.2.2): leaves that are hashes, nodes of a tree, and two messages of any length at once.
//!
//! `sha2` uses the same instructions, block by block. The rounds of one message wait for each other
//! four cycles every two, and nothing else should: a second message beside it costs next to
//! nothing, and in a chain of nodes, each over the hash of the one below it, all but those rounds
//! can be had while they wait. So the hash of a node becomes the message of the next one in
//! registers, and what follows from its other child alone is not held up by it.

#![allow(unsafe_code)]

use super::{INITIAL, K};
use crate::Hash;
use crate::simd::{Level, level};
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
        unsafe { leaf(data) }
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
        unsafe { climb(right, core::iter::once((left, true)), |_| {}) }
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
    fn hash(self) -> Hash {
        let mut hash = [0; 32];
        let to = hash.as_mut_ptr().cast::<__m128i>();
        let [low, high] = self.words();
        // SAFETY: twice sixteen bytes to write, of any alignment.
        unsafe {
            _mm_storeu_si128(to, swap_bytes(low));
            _mm_storeu_si128(to.add(1), swap_bytes(high));
        }
        hash
    }
}

/// Bytes of each word turned around: messages and hashes are big-endian.
#[inline]
#[target_feature(enable = "ssse3")]
fn swap_bytes(words: __m128i) -> __m128i {
    let order = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
    _mm_shuffle_epi8(words, order)
}

/// Four rounds of each message.
#[inline]
#[target_feature(enable = "sha,sse2")]
fn rounds<const N: usize>(states: &mut [State; N], words: &[[__m128i; 4]; N], at: usize) {
    let [a, b, c, d] = K[at / 4].as_chunks::<4>().0[at % 4].map(|k| k as i32);
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
        let sum = _mm_sha256msg1_epu32(w0, w1);
        w[at % 4] = if N == 1 {
            // The word that `w3` gives is added last: then words are as far behind those before
            // them as rounds are, where added first it would be two cycles more.
            let sum = _mm_add_epi32(sum, _mm_srli_si128::<4>(w2));
            _mm_add_epi32(_mm_sha256msg2_epu32(sum, w3), _mm_slli_si128::<12>(w3))
        } else {
            let sum = _mm_add_epi32(sum, _mm_alignr_epi8::<4>(w3, w2));
            _mm_sha256msg2_epu32(sum, w3)
        };
    }
}

/// Compresses a block into each state; words in the order of their numbers.
///
/// # Safety
///
/// The machine has the SHA instructions, SSSE3 and SSE4.1. (Functions that are always inlined
/// cannot say so themselves, and a call would take the states through memory.)
#[inline(always)]
unsafe fn compress<const N: usize>(states: &mut [State; N], mut words: [[__m128i; 4]; N]) {
    // SAFETY: as the caller promises.
    unsafe {
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
}

/// [`compress`] of two messages. A function to itself, since among other code the compiler takes
/// them apart and puts one after the other.
#[inline(never)]
#[target_feature(enable = "sha,ssse3,sse4.1")]
fn compress_two(states: &mut [State; 2], words: &[[__m128i; 4]; 2]) {
    // SAFETY: the features are those of this function.
    unsafe { compress(states, *words) }
}

/// The byte that ends every message, behind the last byte of a hash.
#[inline]
#[target_feature(enable = "sse2")]
fn stop() -> __m128i {
    _mm_set_epi32(0, 0, 0, 0x80 << 16)
}

/// The block of a leaf of thirty-two bytes.
#[inline]
#[target_feature(enable = "ssse3,sse4.1")]
fn leaf_block(data: &Hash) -> [__m128i; 4] {
    let Child { words, rest } = Child::load(data);
    let length = _mm_set_epi32(33 * 8, 0, 0, 0);
    [words[0], words[1], _mm_or_si128(rest, stop()), length]
}

#[target_feature(enable = "sha,ssse3,sse4.1")]
fn leaf(data: &Hash) -> Hash {
    let mut states = [State::new(INITIAL)];
    // SAFETY: the features are those of this function.
    unsafe { compress(&mut states, [leaf_block(data)]) };
    states[0].hash()
}

#[target_feature(enable = "sha,ssse3,sse4.1")]
fn leaves(data: [&Hash; 2]) -> [Hash; 2] {
    let mut states = [State::new(INITIAL); 2];
    compress_two(&mut states, &data.map(|data| leaf_block(data)));
    states.map(|state| state.hash())
}

/// A hash as a node's message has it: a byte off.
#[derive(Clone, Copy)]
struct Child {
    /// All but the last byte, behind a zero.
    words: [__m128i; 2],
    /// The last byte, at the front.
    rest: __m128i,
}

impl Child {
    #[inline]
    #[target_feature(enable = "ssse3")]
    fn load(hash: &Hash) -> Self {
        let from = hash.as_ptr().cast::<__m128i>();
        // SAFETY: twice sixteen bytes to read, of any alignment.
        let [low, high] = unsafe { [_mm_loadu_si128(from), _mm_loadu_si128(from.add(1))] };
        Self {
            words: [
                swap_bytes(_mm_slli_si128::<1>(low)),
                swap_bytes(_mm_alignr_epi8::<15>(high, low)),
            ],
            rest: swap_bytes(_mm_srli_si128::<15>(high)),
        }
    }

    #[inline]
    #[target_feature(enable = "ssse3")]
    fn new(state: State) -> Self {
        // Where a zero goes, or a byte from the other register.
        const O: i8 = -1;
        let a_to_d = _mm_or_si128(
            pick(
                state.abef,
                [13, 14, 15, O, 9, 10, 11, 12, O, O, O, 8, O, O, O, O],
            ),
            pick(
                state.cdgh,
                [O, O, O, O, O, O, O, O, 13, 14, 15, O, 9, 10, 11, 12],
            ),
        );
        let d_to_h = _mm_or_si128(
            pick(state.abef, [5, 6, 7, O, 1, 2, 3, 4, O, O, O, 0, O, O, O, O]),
            pick(state.cdgh, [O, O, O, 8, O, O, O, O, 5, 6, 7, O, 1, 2, 3, 4]),
        );
        Self {
            words: [a_to_d, d_to_h],
            rest: pick(state.cdgh, [O, O, O, 0, O, O, O, O, O, O, O, O, O, O, O, O]),
        }
    }
}

/// Those of the bytes that `places` names, zero where it is negative.
#[inline]
#[target_feature(enable = "ssse3")]
fn pick(bytes: __m128i, places: [i8; 16]) -> __m128i {
    let places = i128::from_le_bytes(places.map(|place| place as u8));
    let places = _mm_set_epi64x((places >> 64) as i64, places as i64);
    _mm_shuffle_epi8(bytes, places)
}

/// The two blocks of a node.
#[inline]
#[target_feature(enable = "sse2")]
fn node_blocks([left, right]: [Child; 2]) -> [[__m128i; 4]; 2] {
    let prefix = _mm_set_epi32(0, 0, 0, 1 << 24);
    let zero = _mm_setzero_si128();
    let length = _mm_set_epi32(65 * 8, 0, 0, 0);
    [
        [
            _mm_or_si128(prefix, left.words[0]),
            left.words[1],
            _mm_or_si128(left.rest, right.words[0]),
            right.words[1],
        ],
        [_mm_or_si128(right.rest, stop()), zero, zero, length],
    ]
}

#[target_feature(enable = "sha,ssse3,sse4.1")]
fn nodes([a, b]: [[&Hash; 2]; 2]) -> [Hash; 2] {
    let [a, b] = [a, b].map(|pair| node_blocks(pair.map(|child| Child::load(child))));
    let mut states = [State::new(INITIAL); 2];
    compress_two(&mut states, &[a[0], b[0]]);
    compress_two(&mut states, &[a[1], b[1]]);
    states.map(|state| state.hash())
}

#[target_feature(enable = "sha,ssse3,sse4.1")]
fn climb<'h>(
    from: &Hash,
    steps: impl Iterator<Item = (&'h Hash, bool)>,
    mut visit: impl FnMut(&Hash),
) -> Hash {
    let mut hash = *from;
    let mut child = Child::load(from);
    for (sibling, is_left) in steps {
        let sibling = Child::load(sibling);
        let [first, last] = node_blocks(if is_left {
            [sibling, child]
        } else {
            [child, sibling]
        });
        let mut node = [State::new(INITIAL)];
        // SAFETY: the features are those of this function.
        unsafe {
            compress(&mut node, [first]);
            compress(&mut node, [last]);
        }
        child = Child::new(node[0]);
        hash = node[0].hash();
        visit(&hash);
    }
    hash
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
        compress_two(&mut both, &words);
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
