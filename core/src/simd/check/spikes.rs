//! Kernels of spikes beside their definitions.

use crate::simd::scalar::tree;
use crate::simd::spike::{self, RateTable};

/// Bytes of a row of spikes: more than any kernel takes at a time.
const BYTES: usize = 72;
/// Values that are encoded, of which a kernel takes 64 or fewer at a time.
const VALUES: usize = 75;

/// The name of the first kernel that is wrong on numbers from `next`, and how many elements it took.
pub(super) fn wrong(mut next: impl FnMut() -> u32) -> Option<(&'static str, usize)> {
    let mut query = [0u8; BYTES];
    let mut rows = [[0u8; BYTES]; 3];
    let bytes = query.iter_mut().chain(rows.as_flattened_mut());
    bytes.for_each(|byte| *byte = next() as u8);
    let shared = |row: &[u8; BYTES]| -> u32 {
        let both = row.iter().zip(&query).map(|(a, b)| (a & b).count_ones());
        both.sum()
    };
    let expected = rows.each_ref().map(shared);
    let mut counts = [0; 3];
    spike::coincidences(&query, rows.as_flattened(), &mut counts);
    if counts != expected || spike::coincidence(&query, &rows[0]) != expected[0] {
        return Some(("coincidences", BYTES));
    }

    let table = RateTable {
        limits: [64, 32, 22, 16, 13, 11, 10, 8],
        trains: [0x49, 0x22, 0x84, 0x08, 0x10, 0x20, 0x40, 0x80],
    };
    let mut values = [0i8; VALUES];
    values.iter_mut().for_each(|value| *value = next() as i8);
    let (mut fire, mut sign) = ([0; VALUES], [0; VALUES.div_ceil(8)]);
    spike::rate(&table, &values, &mut fire, &mut sign);
    let right = values
        .iter()
        .zip(&fire)
        .enumerate()
        .all(|(at, (&value, &fire))| {
            let steps = table.limits.iter().zip(table.trains);
            let mut steps = steps.filter(|(limit, _)| value.unsigned_abs() >= **limit);
            let train = steps.next().map_or(0, |(_, train)| train);
            let is_negative = sign
                .get(at / 8)
                .is_some_and(|signs| signs >> (at % 8) & 1 == 1);
            fire == train && is_negative == (value < 0 && train != 0)
        });
    if !right {
        return Some(("rate", VALUES));
    }

    let mut floats = [[0.0f32; VALUES]; 2];
    for float in floats.as_flattened_mut() {
        *float = next() as f32 / (1 << 30) as f32 - 1.0;
    }
    let [a, b] = &floats;
    let sum = |a: &[f32; VALUES], b: &[f32; VALUES]| {
        let mut lanes = [0.0; 16];
        for (at, (a, b)) in a.iter().zip(b).enumerate() {
            if let Some(lane) = lanes.get_mut(at % 16) {
                *lane += a * b;
            }
        }
        tree(lanes)
    };
    let lengths = libm::sqrtf(sum(a, a)) * libm::sqrtf(sum(b, b));
    let found = spike::cosine(a, b);
    let value = sum(a, b) / lengths;
    match found.value.to_bits() == value.to_bits() && found.lengths.to_bits() == lengths.to_bits() {
        true => None,
        false => Some(("cosine", VALUES)),
    }
}
