//! One row with another, beside `simsimd`.

use crate::harness::{Bench, Contender};
use std::hint::black_box;

pub fn run(bench: &mut Bench) {
    use simsimd::SpatialSimilarity;
    const CALLS: usize = 20_000;
    for n in [64, 128, 384] {
        let a: Vec<i8> = (0..n).map(|i| (i * 37 % 255 - 127) as i8).collect();
        let b: Vec<i8> = (0..n).map(|i| (i * 91 % 255 - 127) as i8).collect();
        let repeat = |mut f: Box<dyn FnMut()>| move || (0..CALLS).for_each(|_| f());
        let (x, y, z, w) = (a.clone(), b.clone(), a.clone(), b.clone());
        bench.measure(
            &format!("dot-i8-{n}"),
            51,
            vec![
                Contender::new(
                    "sensilla",
                    CALLS,
                    repeat(Box::new(move || {
                        black_box(sensilla::simd::dot_i8(black_box(&x), black_box(&y)));
                    })),
                ),
                Contender::new(
                    "simsimd",
                    CALLS,
                    repeat(Box::new(move || {
                        black_box(i8::dot(black_box(&z), black_box(&w)));
                    })),
                ),
            ],
        );
        let float = |v: &[i8]| -> Vec<f32> { v.iter().map(|&x| f32::from(x) / 127.0).collect() };
        let (x, y, z, w) = (float(&a), float(&b), float(&a), float(&b));
        bench.measure(
            &format!("dot-f32-{n}"),
            51,
            vec![
                Contender::new(
                    "sensilla",
                    CALLS,
                    repeat(Box::new(move || {
                        black_box(sensilla::simd::dot_f32(black_box(&x), black_box(&y)));
                    })),
                ),
                Contender::new(
                    "simsimd",
                    CALLS,
                    repeat(Box::new(move || {
                        black_box(f32::dot(black_box(&z), black_box(&w)));
                    })),
                ),
            ],
        );
    }
}
