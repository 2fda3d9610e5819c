//! Every level against the reference, bit for bit.

use super::check::Everything;
use super::scalar::{Scalar, signed};
use super::*;
use proptest::prelude::*;
use std::vec::Vec;

struct Planes {
    even: Vec<i16>,
    odd: Vec<i16>,
    low: Vec<i8>,
    high: Vec<i8>,
    sum: i32,
}

impl Planes {
    fn new(query: &[i16], narrow: bool) -> Self {
        let high = |q: i16| ((i32::from(q) - i32::from(q as i8)) >> 8) as i8;
        Self {
            even: query.iter().copied().step_by(2).collect(),
            odd: query.iter().copied().skip(1).step_by(2).collect(),
            low: query.iter().map(|&q| q as i8).collect(),
            high: match narrow {
                true => Vec::new(),
                false => query.iter().map(|&q| high(q)).collect(),
            },
            sum: query.iter().map(|&q| i32::from(q)).sum(),
        }
    }

    fn codes(&self) -> Codes<'_> {
        Codes {
            even: &self.even,
            odd: &self.odd,
            low: &self.low,
            high: &self.high,
            sum: self.sum,
        }
    }
}

fn levels() -> impl Iterator<Item = Level> {
    Level::ALL.into_iter().filter(|level| level.is_supported())
}

/// Serialises the tests that force a level.
static FORCE: std::sync::Mutex<()> = std::sync::Mutex::new(());

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_level_returns_the_reference_bits(
        sixteens in 1usize..14,
        seed in any::<u64>(),
        narrow in any::<bool>(),
        extreme in any::<bool>(),
    ) {
        let _guard = FORCE.lock().unwrap_or_else(|e| e.into_inner());
        let n = sixteens * 16;
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as u32
        };
        let code = |x: u32| if extreme { [1u8, 255][x as usize & 1] } else { (x % 255 + 1) as u8 };
        let block: Vec<u8> = (0..16 * n).map(|_| code(next())).collect();
        let other: Vec<u8> = (0..16 * n).map(|_| code(next())).collect();
        let rows: Vec<Vec<u8>> =
            (0..4).map(|_| (0..n).map(|_| code(next())).collect()).collect();
        let limit = if narrow { 127 } else { 32_639.min(i32::MAX / 127 / n as i32) };
        let query: Vec<i16> = (0..n)
            .map(|_| match extreme {
                true => [limit, -limit][next() as usize & 1] as i16,
                false => (next() as i32 % (2 * limit + 1) - limit) as i16,
            })
            .collect();
        let floats: Vec<Vec<f32>> = (0..4)
            .map(|_| (0..n).map(|_| (next() as f32 / 2f32.powi(30) - 1.0) * 3.0).collect())
            .collect();
        let planes = Planes::new(&query, narrow);
        let codes = [0, 1].map(|i| rows[i].iter().map(|&c| signed(c) as i8).collect::<Vec<_>>());
        let input = Everything {
            blocks: [&block, &other],
            rows: [&rows[0], &rows[1], &rows[2], &rows[3]],
            query: planes.codes(),
            codes: [&codes[0], &codes[1]],
            bits: [&rows[2], &rows[3]],
            floats: [&floats[0], &floats[1], &floats[2], &floats[3]],
        };
        let expected = input.run(Scalar);
        // The reference itself against plain sums.
        for (row, dot) in rows.iter().zip(expected.rows) {
            let sum: i64 =
                row.iter().zip(&query).map(|(&c, &q)| (i64::from(c) - 128) * i64::from(q)).sum();
            prop_assert_eq!(sum, i64::from(dot));
        }
        for (lane, dot) in expected.block.into_iter().enumerate() {
            let sum: i64 = (0..n)
                .map(|d| {
                    let code = block[d / 4 * 64 + lane * 4 + d % 4];
                    (i64::from(code) - 128) * i64::from(query[d])
                })
                .sum();
            prop_assert_eq!(sum, i64::from(dot));
        }
        for level in levels() {
            force(Some(level)).unwrap();
            prop_assert_eq!(&dispatch(input), &expected, "{:?}", level);
        }
        force(None).unwrap();
    }

    #[test]
    fn every_level_passes_the_check_at_start(seed in any::<u64>()) {
        let _guard = FORCE.lock().unwrap_or_else(|e| e.into_inner());
        for level in levels() {
            force(Some(level)).unwrap();
            prop_assert_eq!(check(seed), Ok(()), "{:?}", level);
        }
        force(None).unwrap();
    }

    #[test]
    fn every_level_inserts_like_the_reference(
        numbers in proptest::collection::vec(any::<u64>(), 1..120),
        eights in 1usize..12,
    ) {
        struct Insert<'i>(&'i [u64], Vec<u64>);
        impl Task for Insert<'_> {
            type Output = (Vec<u64>, Vec<usize>);
            fn run<K: Kernels>(mut self, k: K) -> Self::Output {
                let mut places = Vec::new();
                for (filled, &number) in self.0.iter().enumerate() {
                    if number < self.1[self.1.len() - 1] {
                        let filled = filled.min(self.1.len());
                        places.push(k.insert(&mut self.1, filled, number));
                    }
                }
                (self.1, places)
            }
        }
        let _guard = FORCE.lock().unwrap_or_else(|e| e.into_inner());
        let input = || Insert(&numbers, std::vec![u64::MAX; 8 * eights]);
        let expected = input().run(Scalar);
        let mut sorted = numbers.clone();
        sorted.sort_unstable();
        sorted.resize(8 * eights, u64::MAX);
        prop_assert_eq!(&expected.0, &sorted);
        for level in levels() {
            force(Some(level)).unwrap();
            prop_assert_eq!(&dispatch(input()), &expected, "{:?}", level);
        }
        force(None).unwrap();
    }

    #[test]
    fn public_products_take_any_length(
        a in proptest::collection::vec(-127i8..=127, 0..100),
        b in proptest::collection::vec(-127i8..=127, 0..100),
    ) {
        let _guard = FORCE.lock().unwrap_or_else(|e| e.into_inner());
        let exact: i32 = a.iter().zip(&b).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum();
        let fa: Vec<f32> = a.iter().map(|&a| f32::from(a)).collect();
        let fb: Vec<f32> = b.iter().map(|&b| f32::from(b)).collect();
        for level in levels() {
            force(Some(level)).unwrap();
            prop_assert_eq!(dot_i8(&a, &b), exact);
            prop_assert_eq!(dot_f32(&fa, &fb), exact as f32);
        }
        force(None).unwrap();
    }
}

#[test]
fn the_tree_adds_in_the_documented_order() {
    let lanes: [f32; 16] = core::array::from_fn(|i| 1.0 + (i * i) as f32 * 1e-4);
    let eight: [f32; 8] = core::array::from_fn(|i| lanes[i] + lanes[i + 8]);
    let four: [f32; 4] = core::array::from_fn(|i| eight[i] + eight[i + 4]);
    let two = [four[0] + four[2], four[1] + four[3]];
    assert_eq!(scalar::tree(lanes), two[0] + two[1]);
}
