//! SHA-256 of sixteen messages at once, one in each 32-bit lane of AVX-512 (FIPS 180-4, 6.2.2).
//!
//! A single message is faster through the SHA instructions that `sha2` uses; sixteen that do not
//! wait for each other are faster this way. Hashes stay word-major between the levels of a tree,
//! so that a level's parents need no transposition of their children.
//!
//! The rounds wait for each other here too, and two cycles for each operation: the order of the
//! additions counts, and words are scheduled between the rounds.

#![allow(unsafe_code)]

use super::{INITIAL, K};
use crate::Hash;
use crate::simd::{Level, level};
use core::arch::x86_64::*;

/// Messages hashed at once.
pub(crate) const LANES: usize = 16;

/// Sixteen hashes: word `w` of hash `i` at `[w][i]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub(crate) struct Words(pub(crate) [[u32; LANES]; 8]);

impl Words {
    pub(crate) const fn splat(state: [u32; 8]) -> Self {
        let mut words = [[0; LANES]; 8];
        let mut at = 0;
        while at < 8 {
            words[at] = [state[at]; LANES];
            at += 1;
        }
        Self(words)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn new(state: [__m512i; 8]) -> Self {
        let mut words = Self([[0; LANES]; 8]);
        for (words, value) in words.0.iter_mut().zip(state) {
            store(words, value);
        }
        words
    }
}

/// Sixteen message blocks.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Blocks(pub(crate) [[u8; 64]; LANES]);

/// Proof that the machine has AVX-512 F and BW.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wide(());

impl Wide {
    /// The kernels, where this machine has them and no other level is forced.
    pub(crate) fn get() -> Option<Self> {
        (level() == Level::Avx512Vnni).then_some(Self(()))
    }

    /// Compresses one block into each state.
    #[inline]
    pub(crate) fn compress(self, states: &mut Words, blocks: &Blocks) {
        // SAFETY: `Wide` exists only where the features do.
        unsafe { compress_blocks(states, blocks) }
    }

    /// `SHA-256(0x00 ‖ data)` of sixteen leaves.
    #[inline]
    pub(crate) fn leaves(self, data: &[&Hash; LANES]) -> Words {
        // SAFETY: as above.
        unsafe { leaves(data) }
    }

    /// Hashes of the sixteen tree nodes over the thirty-two hashes of `low` and `high`, in order.
    #[inline]
    pub(crate) fn nodes(self, low: &Words, high: &Words) -> Words {
        // SAFETY: as above.
        unsafe { nodes(low, high) }
    }

    /// Writes the bytes of sixteen hashes to their places.
    #[inline]
    pub(crate) fn write(self, words: &Words, out: &mut [Hash], place: impl Fn(usize) -> usize) {
        // SAFETY: as above.
        unsafe { write(words, out, place) }
    }
}

/// `a ^ b ^ c`, `if a then b else c`, and the majority, as truth tables of `vpternlogd`.
const XOR: i32 = 0x96;
const CHOOSE: i32 = 0xca;
const MAJORITY: i32 = 0xe8;

macro_rules! sigma {
    ($x:expr, $a:literal, $b:literal, $c:literal) => {{
        let x = $x;
        _mm512_ternarylogic_epi32::<XOR>(
            _mm512_ror_epi32::<$a>(x),
            _mm512_ror_epi32::<$b>(x),
            _mm512_ror_epi32::<$c>(x),
        )
    }};
}

macro_rules! small_sigma {
    ($x:expr, $a:literal, $b:literal, $shift:literal) => {{
        let x = $x;
        _mm512_ternarylogic_epi32::<XOR>(
            _mm512_ror_epi32::<$a>(x),
            _mm512_ror_epi32::<$b>(x),
            _mm512_srli_epi32::<$shift>(x),
        )
    }};
}

/// One round; the roles of the eight variables turn by one from round to round.
///
/// What comes of the round before is added last, so that from `e` to the next one it is rotations,
/// their combination and one addition. The new `a` is made of the new `e`, which has most of it.
macro_rules! round {
    ($a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $w:expr, $k:expr) => {{
        let known = _mm512_add_epi32(_mm512_add_epi32($w, $k), _mm512_add_epi32($h, $d));
        let choice = _mm512_ternarylogic_epi32::<CHOOSE>($e, $f, $g);
        let majority = _mm512_ternarylogic_epi32::<MAJORITY>($a, $b, $c);
        let e = _mm512_add_epi32(_mm512_add_epi32(known, choice), sigma!($e, 6, 11, 25));
        let rest = _mm512_sub_epi32(majority, $d);
        $h = _mm512_add_epi32(_mm512_add_epi32(rest, e), sigma!($a, 2, 13, 22));
        $d = e;
    }};
}

/// One word of the message schedule in place of the one sixteen before it.
macro_rules! schedule {
    ($w:ident, $at:literal) => {
        $w[$at] = _mm512_add_epi32(
            _mm512_add_epi32($w[$at], small_sigma!($w[($at + 1) % 16], 7, 18, 3)),
            _mm512_add_epi32(
                $w[($at + 9) % 16],
                small_sigma!($w[($at + 14) % 16], 17, 19, 10),
            ),
        );
    };
}

/// Sixteen rounds, and `then` with the number of each after it.
macro_rules! rounds {
    ($a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $w:ident, $k:ident, $then:ident) => {
        round!($a $b $c $d $e $f $g $h, $w[0], $k[0]);
        $then!($w, 0);
        round!($h $a $b $c $d $e $f $g, $w[1], $k[1]);
        $then!($w, 1);
        round!($g $h $a $b $c $d $e $f, $w[2], $k[2]);
        $then!($w, 2);
        round!($f $g $h $a $b $c $d $e, $w[3], $k[3]);
        $then!($w, 3);
        round!($e $f $g $h $a $b $c $d, $w[4], $k[4]);
        $then!($w, 4);
        round!($d $e $f $g $h $a $b $c, $w[5], $k[5]);
        $then!($w, 5);
        round!($c $d $e $f $g $h $a $b, $w[6], $k[6]);
        $then!($w, 6);
        round!($b $c $d $e $f $g $h $a, $w[7], $k[7]);
        $then!($w, 7);
        round!($a $b $c $d $e $f $g $h, $w[8], $k[8]);
        $then!($w, 8);
        round!($h $a $b $c $d $e $f $g, $w[9], $k[9]);
        $then!($w, 9);
        round!($g $h $a $b $c $d $e $f, $w[10], $k[10]);
        $then!($w, 10);
        round!($f $g $h $a $b $c $d $e, $w[11], $k[11]);
        $then!($w, 11);
        round!($e $f $g $h $a $b $c $d, $w[12], $k[12]);
        $then!($w, 12);
        round!($d $e $f $g $h $a $b $c, $w[13], $k[13]);
        $then!($w, 13);
        round!($c $d $e $f $g $h $a $b, $w[14], $k[14]);
        $then!($w, 14);
        round!($b $c $d $e $f $g $h $a, $w[15], $k[15]);
        $then!($w, 15);
    };
}

/// Nothing, where no word of the schedule is wanted any more.
macro_rules! done {
    ($w:ident, $at:literal) => {};
}

/// Compresses a block into each state. A function to itself: it needs every register.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw")]
fn compress(state: &mut [__m512i; 8], mut w: [__m512i; 16]) {
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    let [first, second, third, last] = &K;
    // A loop, since a constant that is known for its round the compiler adds last, which is late.
    for k in [first, second, third] {
        let k = k.map(|k| _mm512_set1_epi32(k as i32));
        rounds!(a b c d e f g h, w, k, schedule);
    }
    let k = last.map(|k| _mm512_set1_epi32(k as i32));
    rounds!(a b c d e f g h, w, k, done);
    for (word, add) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *word = _mm512_add_epi32(*word, add);
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn load(words: &[u32; LANES]) -> __m512i {
    // SAFETY: sixty-four bytes to read, of any alignment.
    unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn store(words: &mut [u32; LANES], value: __m512i) {
    // SAFETY: sixty-four bytes to write, of any alignment.
    unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), value) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn initial() -> [__m512i; 8] {
    INITIAL.map(|word| _mm512_set1_epi32(word as i32))
}

/// Bytes of each word turned around: messages and hashes are big-endian.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn swap_bytes(words: __m512i) -> __m512i {
    let order = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
    _mm512_shuffle_epi8(words, _mm512_broadcast_i32x4(order))
}

/// Rows of sixteen words to columns.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn transpose(rows: [__m512i; 16]) -> [__m512i; 16] {
    let mut pairs = rows;
    for i in 0..8 {
        pairs[2 * i] = _mm512_unpacklo_epi32(rows[2 * i], rows[2 * i + 1]);
        pairs[2 * i + 1] = _mm512_unpackhi_epi32(rows[2 * i], rows[2 * i + 1]);
    }
    // Of four rows: words 0, 1, 2, 3 of each 128-bit part.
    let mut fours = pairs;
    for i in 0..4 {
        let [a, b, c, d] = [
            pairs[4 * i],
            pairs[4 * i + 1],
            pairs[4 * i + 2],
            pairs[4 * i + 3],
        ];
        fours[4 * i] = _mm512_unpacklo_epi64(a, c);
        fours[4 * i + 1] = _mm512_unpackhi_epi64(a, c);
        fours[4 * i + 2] = _mm512_unpacklo_epi64(b, d);
        fours[4 * i + 3] = _mm512_unpackhi_epi64(b, d);
    }
    let mut columns = fours;
    for i in 0..4 {
        let (a, b, c, d) = (fours[i], fours[4 + i], fours[8 + i], fours[12 + i]);
        let (ab_even, ab_odd) = (
            _mm512_shuffle_i32x4::<0x88>(a, b),
            _mm512_shuffle_i32x4::<0xdd>(a, b),
        );
        let (cd_even, cd_odd) = (
            _mm512_shuffle_i32x4::<0x88>(c, d),
            _mm512_shuffle_i32x4::<0xdd>(c, d),
        );
        columns[i] = _mm512_shuffle_i32x4::<0x88>(ab_even, cd_even);
        columns[8 + i] = _mm512_shuffle_i32x4::<0xdd>(ab_even, cd_even);
        columns[4 + i] = _mm512_shuffle_i32x4::<0x88>(ab_odd, cd_odd);
        columns[12 + i] = _mm512_shuffle_i32x4::<0xdd>(ab_odd, cd_odd);
    }
    columns
}

#[target_feature(enable = "avx512f,avx512bw")]
fn compress_blocks(states: &mut Words, blocks: &Blocks) {
    let mut rows = [_mm512_setzero_si512(); 16];
    for (row, block) in rows.iter_mut().zip(&blocks.0) {
        // SAFETY: sixty-four bytes to read, of any alignment.
        *row = swap_bytes(unsafe { _mm512_loadu_si512(block.as_ptr().cast()) });
    }
    let mut state = states.0.each_ref().map(|words| load(words));
    compress(&mut state, transpose(rows));
    for (words, value) in states.0.iter_mut().zip(state) {
        store(words, value);
    }
}

/// Words behind a prefix byte, which moves everything by eight bits: those that are full, and what
/// is left over with the byte that ends a message behind it.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn shift<const N: usize>(prefix: i32, words: [__m512i; N]) -> ([__m512i; N], __m512i) {
    let mut before = _mm512_set1_epi32(prefix);
    let shifted = words.map(|word| {
        let (high, low) = (
            _mm512_slli_epi32::<24>(before),
            _mm512_srli_epi32::<8>(word),
        );
        before = word;
        _mm512_or_si512(high, low)
    });
    let stop = _mm512_set1_epi32(0x80 << 16);
    (
        shifted,
        _mm512_or_si512(_mm512_slli_epi32::<24>(before), stop),
    )
}

#[target_feature(enable = "avx512f,avx512bw")]
fn leaves(data: &[&Hash; LANES]) -> Words {
    let rows = data.map(|data| {
        // SAFETY: thirty-two bytes to read, of any alignment.
        let row = unsafe { _mm256_loadu_si256(data.as_ptr().cast()) };
        swap_bytes(_mm512_zextsi256_si512(row))
    });
    let [a, b, c, d, e, f, g, h, ..] = transpose(rows);
    let (words, last) = shift(0, [a, b, c, d, e, f, g, h]);
    let mut block = [_mm512_setzero_si512(); 16];
    block[..8].copy_from_slice(&words);
    block[8] = last;
    block[15] = _mm512_set1_epi32(33 * 8);
    let mut state = initial();
    compress(&mut state, block);
    Words::new(state)
}

#[target_feature(enable = "avx512f,avx512bw")]
fn nodes(low: &Words, high: &Words) -> Words {
    let even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    let odd = _mm512_set_epi32(31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);
    // Left and right child, word by word.
    let mut pair = [_mm512_setzero_si512(); 16];
    for (at, (low, high)) in low.0.iter().zip(&high.0).enumerate() {
        let (low, high) = (load(low), load(high));
        pair[at] = _mm512_permutex2var_epi32(low, even, high);
        pair[8 + at] = _mm512_permutex2var_epi32(low, odd, high);
    }
    let (first, rest) = shift(1, pair);
    let mut last = [_mm512_setzero_si512(); 16];
    last[0] = rest;
    last[15] = _mm512_set1_epi32(65 * 8);
    let mut state = initial();
    compress(&mut state, first);
    compress(&mut state, last);
    Words::new(state)
}

#[target_feature(enable = "avx512f,avx512bw")]
fn write(words: &Words, out: &mut [Hash], place: impl Fn(usize) -> usize) {
    let mut rows = [_mm512_setzero_si512(); 16];
    for (row, words) in rows.iter_mut().zip(&words.0) {
        *row = swap_bytes(load(words));
    }
    for (lane, column) in transpose(rows).into_iter().enumerate() {
        if let Some(hash) = out.get_mut(place(lane)) {
            let to = hash.as_mut_ptr().cast();
            // SAFETY: thirty-two bytes to write, of any alignment.
            unsafe { _mm256_storeu_si256(to, _mm512_castsi512_si256(column)) }
        }
    }
}

#[cfg(test)]
#[allow(
    clippy::needless_range_loop,
    reason = "a lane is the same place in many arrays"
)]
mod tests {
    use super::*;
    use crate::merkle::{leaf_hash, node_hash};
    use proptest::prelude::*;
    use sha2::block_api::compress256;

    fn from_words(words: &Words, lane: usize) -> [u32; 8] {
        words.0.map(|word| word[lane])
    }

    proptest! {
        #[test]
        fn each_lane_is_what_sha2_gives(seed in any::<[u8; 32]>()) {
            let Some(wide) = Wide::get() else { return Ok(()) };
            let mut blocks = Blocks([[0; 64]; LANES]);
            let mut states = Words([[0; LANES]; 8]);
            let mut hash = seed;
            for lane in 0..LANES {
                for part in 0..2 {
                    hash = leaf_hash(&hash);
                    blocks.0[lane][32 * part..][..32].copy_from_slice(&hash);
                }
                for word in 0..8 {
                    states.0[word][lane] = u32::from(hash[word]).wrapping_mul(0x9e37_79b1);
                }
            }
            let before = states;
            wide.compress(&mut states, &blocks);
            let mut bytes = [[0; 32]; LANES];
            wide.write(&states, &mut bytes, |lane| lane);
            for lane in 0..LANES {
                let mut state = from_words(&before, lane);
                compress256(&mut state, &[blocks.0[lane]]);
                prop_assert_eq!(from_words(&states, lane), state);
                prop_assert_eq!(bytes[lane], bytemuck::cast::<_, [u8; 32]>(state.map(u32::to_be)));
            }
            let (mut left, mut right) = ([[0; 32]; LANES], [[0; 32]; LANES]);
            wide.write(&before, &mut left, |lane| lane);
            wide.write(&states, &mut right, |lane| lane);
            let children = [left, right].concat();
            let mut parents = [[0; 32]; LANES];
            wide.write(&wide.nodes(&before, &states), &mut parents, |lane| lane);
            for (parent, pair) in parents.iter().zip(children.chunks(2)) {
                prop_assert_eq!(*parent, node_hash(&pair[0], &pair[1]));
            }
            let mut hashes = [[0; 32]; 2 * LANES];
            wide.write(&wide.leaves(&left.each_ref()), &mut hashes, |lane| 2 * lane);
            for (hash, leaf) in hashes.iter().step_by(2).zip(&left) {
                prop_assert_eq!(*hash, leaf_hash(leaf));
            }
        }
    }
}
