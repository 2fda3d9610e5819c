//! One row with another, beside `simsimd`.

use crate::harness::{Bench, Contender};
use std::hint::black_box;

const CALLS: usize = 20_000;

/// A contender that calls `f` again and again on the two rows.
fn again<'c, T, U>(
    name: &'c str,
    a: &'c [T],
    b: &'c [T],
    f: impl Fn(&[T], &[T]) -> U + 'c,
) -> Contender<'c> {
    Contender::new(name, CALLS, move || {
        for _ in 0..CALLS {
            black_box(f(black_box(a), black_box(b)));
        }
    })
}

pub fn run(bench: &mut Bench) {
    use simsimd::SpatialSimilarity;
    for n in [64, 128, 384] {
        let a: Vec<i8> = (0..n).map(|i| (i * 37 % 255 - 127) as i8).collect();
        let b: Vec<i8> = (0..n).map(|i| (i * 91 % 255 - 127) as i8).collect();
        bench.measure(
            &format!("dot-i8-{n}"),
            51,
            vec![
                again("sensilla", &a, &b, sensilla::simd::dot_i8),
                again("simsimd", &a, &b, <i8 as SpatialSimilarity>::dot),
            ],
        );
        let float = |v: &[i8]| -> Vec<f32> { v.iter().map(|&x| f32::from(x) / 127.0).collect() };
        let (a, b) = (float(&a), float(&b));
        bench.measure(
            &format!("dot-f32-{n}"),
            51,
            vec![
                again("sensilla", &a, &b, sensilla::simd::dot_f32),
                again("simsimd", &a, &b, <f32 as SpatialSimilarity>::dot),
            ],
        );
    }
}
