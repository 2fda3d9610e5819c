//! Images of blocks, and edits that spoil them.

use sensilla::block::Memory;

/// What the first byte of an input says instead of the number of an image: the rest is an image.
pub const WHOLE: u8 = 255;

/// The image that `data` makes of the good ones. Its first byte picks one, then each five bytes are
/// an edit: where, in three bytes that wrap around; what to do there; and with what value. The first
/// byte [`WHOLE`] takes the rest as it is.
pub fn edit(good: &[Memory], data: &[u8]) -> Option<Memory> {
    let (&first, edits) = data.split_first()?;
    if first == WHOLE {
        return Some(Memory::from(edits));
    }
    let mut memory = good.get(usize::from(first) % good.len())?.clone();
    let bytes = &mut memory[..];
    for &[a, b, c, how, value] in edits.as_chunks::<5>().0 {
        let at = u32::from_le_bytes([a, b, c, 0]) as usize % bytes.len();
        match how % 5 {
            0 => bytes[at] = value,
            1 => bytes[at] ^= 1 << (value % 8),
            2 => bytes[at] = bytes[at].wrapping_add(value),
            // Words are what counters and links are made of.
            3 => {
                let at = at / 4 * 4;
                if let Some(word) = bytes.get_mut(at..at + 4) {
                    word.copy_from_slice(&u32::from(value).to_le_bytes());
                }
            }
            // And some are copied from elsewhere.
            _ => {
                let from = usize::from(value) * 64 % bytes.len();
                let count = 8.min(bytes.len() - from).min(bytes.len() - at);
                bytes.copy_within(from..from + count, at);
            }
        }
    }
    Some(memory)
}

/// One input for each of `count` good images, without and with edits.
pub fn seeds(count: u8) -> Vec<Vec<u8>> {
    (0..count)
        .flat_map(|image| {
            let header = [image, 0, 0, 0, 1, 3];
            [
                vec![image],
                header.to_vec(),
                [&header[..], &[64, 0, 0, 2, 1]].concat(),
            ]
        })
        .collect()
}

/// Numbers for the good images.
pub struct Random(pub u64);

impl Random {
    /// SplitMix64.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// Below `bound`, which is above zero.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.draw() % bound as u64) as usize
    }

    /// Numbers of -1 to 1.
    pub fn vector(&mut self, count: usize) -> Vec<f32> {
        (0..count)
            .map(|_| (self.draw() >> 40) as f32 / (1 << 23) as f32 - 1.0)
            .collect()
    }
}
