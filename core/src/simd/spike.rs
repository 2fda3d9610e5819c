//! Kernels of the spike codes.

/// Looks up the train of each byte and collects the signs, one bit a value, of those that fire.
/// `fire` is as long as `values`, `sign` as long as their bits need.
pub(crate) fn rate(table: &[u8; 256], values: &[i8], fire: &mut [u8], sign: &mut [u8]) {
    for ((values, fire), sign) in values.chunks(8).zip(fire.chunks_mut(8)).zip(sign) {
        let mut bits = 0;
        for (i, (&value, fire)) in values.iter().zip(fire).enumerate() {
            *fire = table[usize::from(value as u8)];
            bits |= u8::from(value < 0 && *fire != 0) << i;
        }
        *sign = bits;
    }
}
