//! Attention between spikes: no multiplication, masks and additions alone.
//!
//! [`SpikeAttention`] is the spike-driven self-attention of the Spike-driven Transformer (Yao et
//! al., NeurIPS 2023): with `Q`, `K`, `V` of one step as bits, tokens in rows and channels in
//! columns, `SN(Σ_tokens Q ⊙ K) ⊙ V`. The sums of columns are counted bit-sliced, 512 columns at a
//! time; `SN` is an integrate-and-fire neuron a channel; its spikes mask `V`.
//!
//! [`CausalAttention`] keeps the queries apart: token `i` gets `Σ_{j ≤ i} c(i, j) · V[j]` with
//! `c(i, j)` the spikes that query `i` and key `j` share, and `V` indexed by the token it belongs
//! to.

use super::energy::Work;
use crate::error::errors;
use crate::simd::spike::{self as kernels, Attention, Neurons};

/// The largest number of tokens: counts of a column fit in 16 bits.
pub const MAX_TOKENS: u32 = u16::MAX as u32;
/// The largest number of channels, or bytes of a token's trains.
pub const MAX_CHANNELS: u32 = 1 << 16;

errors! {
    /// Why attention was not computed; the output is unchanged.
    pub enum AttentionError: 0x0460 {
        /// Tokens or channels are zero or beyond their limits.
        BadShape = 1 => "tokens and channels are 1 to 65,535 and 1 to 65,536",
        /// An input has the wrong length.
        WrongInput { expected: u32, found: u32 } = 2
            => "an input has {found} elements, its shape needs {expected}",
        /// The output or the membranes have the wrong length.
        WrongOutput { expected: u32, found: u32 } = 3
            => "the output or the membranes have {found} elements, the shape needs {expected}",
        /// Sums could leave 32 bits.
        TooLarge = 4 => "tokens times spikes of a token are beyond 2^24; attend over fewer tokens",
    }
}

fn expect(
    expected: usize,
    found: usize,
    error: fn(u32, u32) -> AttentionError,
) -> Result<(), AttentionError> {
    if expected == found {
        return Ok(());
    }
    let short = |n| u32::try_from(n).unwrap_or(u32::MAX);
    Err(error(short(expected), short(found)))
}

fn wrong_input(expected: u32, found: u32) -> AttentionError {
    AttentionError::WrongInput { expected, found }
}

fn wrong_output(expected: u32, found: u32) -> AttentionError {
    AttentionError::WrongOutput { expected, found }
}

/// Spike-driven self-attention of one shape. See the [module](self).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpikeAttention {
    tokens: u32,
    channels: u32,
    threshold: u32,
    leak: u32,
}

impl SpikeAttention {
    /// For `tokens` (1 to [`MAX_TOKENS`]) of `channels` (1 to [`MAX_CHANNELS`]), firing where a
    /// channel's membrane reaches `threshold` coincidences. Membranes halve from step to step.
    pub const fn new(tokens: u32, channels: u32, threshold: u32) -> Result<Self, AttentionError> {
        if tokens == 0 || tokens > MAX_TOKENS || channels == 0 || channels > MAX_CHANNELS {
            return Err(AttentionError::BadShape);
        }
        Ok(Self {
            tokens,
            channels,
            threshold,
            leak: 1,
        })
    }

    /// Sets how fast membranes leak: from step to step they lose `2^-leak` of themselves; 0 loses
    /// all, 32 and more nothing.
    pub const fn leak(mut self, leak: u32) -> Self {
        self.leak = leak;
        self
    }

    /// Words of a token's row: 64 channels each, channel `c` at bit `c % 64`. Bits behind the last
    /// channel should be zero.
    pub const fn row_words(&self) -> usize {
        self.channels.div_ceil(64) as usize
    }

    /// Words of each of the matrices: tokens × [`row_words`](Self::row_words).
    pub const fn words(&self) -> usize {
        self.tokens as usize * self.row_words()
    }

    /// Membranes of [`step`](Self::step): one a channel, padded to a whole word.
    pub const fn membranes(&self) -> usize {
        self.row_words() * 64
    }

    /// One step with neurons that remember nothing. Cost: about ten word operations for 512
    /// channels of a token.
    pub fn once(
        &self,
        q: &[u64],
        k: &[u64],
        v: &[u64],
        out: &mut [u64],
    ) -> Result<Work, AttentionError> {
        let neurons = Neurons::Plain {
            threshold: self.threshold,
        };
        self.run(q, k, v, out, neurons)
    }

    /// One step of several; `membranes` holds the neurons from step to step, zero at first.
    pub fn step(
        &self,
        q: &[u64],
        k: &[u64],
        v: &[u64],
        membranes: &mut [u32],
        out: &mut [u64],
    ) -> Result<Work, AttentionError> {
        expect(self.membranes(), membranes.len(), wrong_output)?;
        let neurons = Neurons::Leaky {
            threshold: self.threshold,
            leak: self.leak,
            membranes,
        };
        self.run(q, k, v, out, neurons)
    }

    /// Counted: an accumulate for each coincidence, a word for each of `q`, `k`, `v` and `out`.
    fn run(
        &self,
        q: &[u64],
        k: &[u64],
        v: &[u64],
        out: &mut [u64],
        neurons: Neurons<'_>,
    ) -> Result<Work, AttentionError> {
        for input in [q, k, v] {
            expect(self.words(), input.len(), wrong_input)?;
        }
        expect(self.words(), out.len(), wrong_output)?;
        let accumulates = kernels::attention(Attention {
            q,
            k,
            v,
            out,
            rows: self.tokens as usize,
            words: self.row_words(),
            neurons,
        });
        Ok(Work {
            accumulates,
            words: 4 * self.words() as u64,
            ..Work::default()
        })
    }
}

/// Causal attention between the trains of tokens, query by query. See the [module](self).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CausalAttention {
    row: u32,
    width: u32,
}

impl CausalAttention {
    /// For tokens whose trains take `row` bytes and whose values have `width` elements, both 1 to
    /// [`MAX_CHANNELS`].
    pub const fn new(row: u32, width: u32) -> Result<Self, AttentionError> {
        if row == 0 || row > MAX_CHANNELS || width == 0 || width > MAX_CHANNELS {
            return Err(AttentionError::BadShape);
        }
        Ok(Self { row, width })
    }

    /// Attends over as many tokens as `q` holds rows: `q` and `k` are the planes of spikes
    /// ([`SpikeTrains::fire`](super::SpikeTrains::fire)) of the tokens end to end, `v` their
    /// values, `out` takes as many sums. Cost: O(tokens² × (row + width)).
    ///
    /// Counted: an accumulate for each coincidence (the value is added once for each, as a spiking
    /// core would, so no multiplies), a word for each eight bytes of trains and each value read.
    pub fn attend(
        &self,
        q: &[u8],
        k: &[u8],
        v: &[i8],
        out: &mut [i32],
    ) -> Result<Work, AttentionError> {
        let (row, width) = (self.row as usize, self.width as usize);
        let tokens = q.len() / row;
        expect(tokens * row, q.len(), wrong_input)?;
        expect(tokens * row, k.len(), wrong_input)?;
        expect(tokens * width, v.len(), wrong_input)?;
        expect(tokens * width, out.len(), wrong_output)?;
        // 2^24 coincidences of the largest value, 128, fill 31 bits.
        if (tokens as u64) * (row as u64 * 8) >= 1 << 24 {
            return Err(AttentionError::TooLarge);
        }
        let mut work = Work::default();
        let queries = q.chunks_exact(row).zip(out.chunks_exact_mut(width));
        for (i, (query, sums)) in queries.enumerate() {
            sums.fill(0);
            let past = k.chunks_exact(row).zip(v.chunks_exact(width)).take(i + 1);
            for (key, values) in past {
                let weight = super::coincidence(query, key);
                work.words += 2 * row.div_ceil(8) as u64;
                if weight == 0 {
                    continue;
                }
                for (sum, &value) in sums.iter_mut().zip(values) {
                    *sum += weight as i32 * i32::from(value);
                }
                work.accumulates += u64::from(weight) * width as u64;
                work.words += width as u64;
            }
        }
        Ok(work)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    fn bits(n: usize) -> impl Strategy<Value = Vec<u64>> {
        prop::collection::vec(any::<u64>(), n)
    }

    #[test]
    fn agrees_with_the_formula_on_numbers() {
        let shape = (1u32..30, 1u32..140, 0u32..9);
        let input = shape.prop_flat_map(|(tokens, channels, threshold)| {
            let n = tokens as usize * channels.div_ceil(64) as usize;
            (
                Just((tokens, channels, threshold)),
                bits(n),
                bits(n),
                bits(n),
            )
        });
        proptest!(ProptestConfig::with_cases(64), |(((tokens, channels, threshold), q, k, v) in input)| {
            let attention = SpikeAttention::new(tokens, channels, threshold).unwrap();
            let words = attention.row_words();
            let at = |m: &[u64], t: usize, c: usize| m[t * words + c / 64] >> (c % 64) & 1;
            let mut out = vec![0; attention.words()];
            let work = attention.once(&q, &k, &v, &mut out).unwrap();
            prop_assert_eq!(work.multiplies, 0);
            let mut coincidences = 0;
            for c in 0..words * 64 {
                let sum: u64 = (0..tokens as usize).map(|t| at(&q, t, c) * at(&k, t, c)).sum();
                coincidences += sum;
                for t in 0..tokens as usize {
                    let expected = u64::from(sum >= u64::from(threshold)) * at(&v, t, c);
                    prop_assert_eq!(at(&out, t, c), expected);
                }
            }
            prop_assert_eq!(work.accumulates, coincidences);
        });
    }

    #[test]
    fn membranes_carry_over_and_leak() {
        // One channel, one token that coincides at every step, threshold 2: halved membranes reach
        // 1, 1.5 → 2 in whole numbers (1 - 0 + 1), then start anew.
        let attention = SpikeAttention::new(1, 1, 2).unwrap();
        let mut membranes = vec![0; 64];
        let mut fired = Vec::new();
        for _ in 0..6 {
            let mut out = [0];
            attention
                .step(&[1], &[1], &[1], &mut membranes, &mut out)
                .unwrap();
            fired.push(out[0]);
        }
        assert_eq!(fired, [0, 1, 0, 1, 0, 1]);
        let forgetful = attention.leak(0);
        membranes.fill(0);
        for _ in 0..6 {
            let mut out = [0];
            forgetful
                .step(&[1], &[1], &[1], &mut membranes, &mut out)
                .unwrap();
            assert_eq!(out, [0]);
        }
    }

    #[test]
    fn hole_18_each_query_has_a_result_of_its_own() {
        // Two keys that no spike shares: each query must find its own value, not their sum.
        let (q, k) = ([0b0001u8, 0b0110, 0b0001], [0b0001u8, 0b0110, 0b1000]);
        let v = [1i8, 0, 0, 1, 100, 100];
        let attention = CausalAttention::new(1, 2).unwrap();
        let mut out = [0; 6];
        let work = attention.attend(&q, &k, &v, &mut out).unwrap();
        assert_eq!(out, [1, 0, 0, 2, 1, 0]);
        assert_eq!((work.accumulates, work.multiplies), (8, 0));
    }

    #[test]
    fn causal_attention_agrees_with_the_formula() {
        let shape = (1usize..12, 1usize..20, 1usize..9);
        let input = shape.prop_flat_map(|(tokens, row, width)| {
            (
                Just((tokens, row, width)),
                prop::collection::vec(any::<u8>(), tokens * row),
                prop::collection::vec(any::<u8>(), tokens * row),
                prop::collection::vec(any::<i8>(), tokens * width),
            )
        });
        proptest!(ProptestConfig::with_cases(64), |(((tokens, row, width), q, k, v) in input)| {
            let attention = CausalAttention::new(row as u32, width as u32).unwrap();
            let mut out = vec![0; tokens * width];
            attention.attend(&q, &k, &v, &mut out).unwrap();
            for i in 0..tokens {
                for d in 0..width {
                    let expected: i32 = (0..=i).map(|j| {
                        let shared: u32 = (0..row).map(|b| (q[i * row + b] & k[j * row + b]).count_ones()).sum();
                        shared as i32 * i32::from(v[j * width + d])
                    }).sum();
                    prop_assert_eq!(out[i * width + d], expected);
                }
            }
        });
    }

    #[test]
    fn wrong_shapes_are_clear_errors() {
        assert_eq!(SpikeAttention::new(0, 4, 1), Err(AttentionError::BadShape));
        assert_eq!(
            SpikeAttention::new(1, MAX_CHANNELS + 1, 1),
            Err(AttentionError::BadShape)
        );
        let attention = SpikeAttention::new(2, 65, 1).unwrap();
        let four = [0; 4];
        assert_eq!(
            attention.once(&four, &four, &[0; 3], &mut [0; 4]),
            Err(AttentionError::WrongInput {
                expected: 4,
                found: 3
            })
        );
        assert_eq!(
            attention.step(&four, &four, &four, &mut [0; 65], &mut [0; 4]),
            Err(AttentionError::WrongOutput {
                expected: 128,
                found: 65
            })
        );
        let causal = CausalAttention::new(2, 1).unwrap();
        assert!(causal.attend(&[0; 3], &[0; 3], &[0], &mut [0]).is_err());
        let many = vec![0u8; 1 << 22];
        assert_eq!(
            CausalAttention::new(1 << 16, 1)
                .unwrap()
                .attend(&many, &many, &[0; 64], &mut [0; 64]),
            Err(AttentionError::TooLarge)
        );
    }
}
