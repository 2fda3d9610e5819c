//! Blocks: their layout is the storage format.

use crate::transcript::Transcript;
use crate::{Hex, Report, draw::Draw};
use sensilla::bank::{
    BankConfig, Element, Layout, MAX_CAPACITY, MAX_DIMENSIONS, PatternBank, Scratch, ScratchConfig,
};
use sensilla::block::{self, BlockError, HEADER_BYTES, Kind, section};
use sensilla::error::ErrorCode;
use sensilla::grid::{Grid, GridConfig};
use sensilla::log::{EventLog, LogConfig};
use sha2::{Digest, Sha256};

const KIND: Kind = Kind(*b"CASE");
const WORDS: usize = 21;
const PAIRS: usize = 5;
const ROOM: usize = crate::ROOM_BYTES;
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

/// Structures that take more bytes than an address of 32 bits can tell, or whose sizes would come round to a
/// few: all are refused, by the same codes on every host.
pub fn sizes(room: &mut [u8], report: &mut dyn Report) {
    let mut codes = Transcript::new();
    let mut refused = 0;
    let mut ask = |length: usize, error: Option<BlockError>| {
        assert!(length > ROOM, "{length} bytes would fit");
        let error = error.expect("what takes more memory than there is was made");
        codes.number(u64::from(error.code()));
        refused += 1;
    };
    let counts = [
        // Eight KiB each of these are four GiB: no bytes at all, modulo 2^32.
        (MAX_DIMENSIONS, 524_288),
        (MAX_DIMENSIONS, 524_288 + 16),
        (MAX_DIMENSIONS, MAX_CAPACITY),
        (16, MAX_CAPACITY),
        (1 << 28, 16),
        (u32::MAX, u32::MAX),
        (u32::MAX, 1),
        (1, u32::MAX),
    ];
    for (dimensions, capacity) in counts {
        for element in [Element::I8, Element::F32, Element::I8F32] {
            for layout in [Layout::Scan, Layout::Graph, Layout::Both] {
                let config = BankConfig::new(dimensions, capacity)
                    .element(element)
                    .layout(layout);
                ask(config.bytes(), PatternBank::format(room, config).err());
            }
        }
        let config = GridConfig::new(dimensions, capacity);
        ask(config.bytes(), Grid::format(room, config).err());
        let config = LogConfig::new(capacity.max(1 << 24), dimensions.max(1 << 24));
        ask(config.bytes(), EventLog::format(room, config).err());
    }
    for (dimensions, capacity) in [(u32::MAX, 1), (1, u32::MAX), (1 << 28, MAX_CAPACITY)] {
        let config = ScratchConfig::new(&BankConfig::new(dimensions, capacity), u32::MAX);
        ask(config.bytes(), Scratch::format(room, config).err());
    }
    report.line("block/too-large/refused", &refused);
    report.line("block/too-large/codes", &Hex(&codes.finish()));
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
