//! Blocks: their layout is the storage format.

use crate::{Hex, Report, draw::Draw};
use sensilla::block::{self, HEADER_BYTES, Kind, section};
use sha2::{Digest, Sha256};

const KIND: Kind = Kind(*b"CASE");
const WORDS: usize = 21;
const PAIRS: usize = 5;
const BYTES: usize = section(section(HEADER_BYTES, WORDS, 4), PAIRS, 32);

/// A formatted block with two sections, byte for byte.
pub fn layout(room: &mut [u8], report: &mut dyn Report) {
    fill(room);
    report.line("block/layout", &Hex(&Sha256::digest(&room[..BYTES])));
}

/// The digest and the seal of the same block.
pub fn seal(room: &mut [u8], report: &mut dyn Report) {
    fill(room);
    let (mut header, mut carver) = block::open_mut(room, KIND, 3).unwrap();
    let all: &mut [u8] = carver.take(BYTES - HEADER_BYTES).unwrap();
    let digest = header.as_ref().image_digest(&[all]);
    assert_eq!(header.seal(&[all]), digest);
    report.line("block/digest", &Hex(&digest));
    block::verify_seal(room, KIND, 3).unwrap();
    report.line("block/sealed", &Hex(&Sha256::digest(&room[..BYTES])));
}

fn fill(room: &mut [u8]) {
    let mut draw = Draw::new(1);
    let (mut header, mut carver) =
        block::format(room, KIND, 3, core::array::from_fn(|i| i as u32), BYTES).unwrap();
    header.begin();
    let words: &mut [u32] = carver.take(WORDS).unwrap();
    let pairs: &mut [[u8; 32]] = carver.take(PAIRS).unwrap();
    words[..WORDS]
        .iter_mut()
        .for_each(|word| *word = draw.below(u32::MAX));
    for pair in &mut pairs[..PAIRS] {
        pair.iter_mut()
            .for_each(|byte| *byte = draw.below(256) as u8);
    }
    header.end();
}
