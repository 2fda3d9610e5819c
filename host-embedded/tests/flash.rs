//! Images survive the loss of power at any moment.

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};
use sensilla_embedded::flash::{ImageStore, StoreError};

const PAGE: usize = 512;
const PAGES: usize = 10;
const WORD: usize = 8;

/// NOR flash as its trait promises it, and no better: a word is written once after an erase, and
/// where power fails, the word written or the page erased is left undefined.
#[derive(Debug)]
struct Flash {
    bytes: Vec<u8>,
    written: Vec<bool>,
    /// Words to write and pages to erase until power fails.
    power: Option<usize>,
    seed: u32,
}

impl Flash {
    fn new() -> Self {
        Self {
            bytes: vec![0xff; PAGE * PAGES],
            written: vec![false; PAGE * PAGES / WORD],
            power: None,
            seed: 1,
        }
    }

    fn chance(&mut self) -> u8 {
        self.seed = self
            .seed
            .wrapping_mul(1_664_525)
            .wrapping_add(1_013_904_223);
        (self.seed >> 24) as u8
    }

    /// Whether power holds for one more step; at the last one, the step is done in part.
    fn step(&mut self) -> Option<bool> {
        match &mut self.power {
            None => Some(true),
            Some(0) => None,
            Some(left) => {
                *left -= 1;
                Some(*left > 0)
            }
        }
    }
}

impl ErrorType for Flash {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 1;
    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        check_read(self, offset, bytes.len())?;
        bytes.copy_from_slice(&self.bytes[offset as usize..][..bytes.len()]);
        Ok(())
    }
    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        check_erase(self, from, to)?;
        for page in (from as usize..to as usize).step_by(PAGE) {
            let whole = self.step().ok_or(NorFlashErrorKind::Other)?;
            for at in page..page + PAGE {
                self.bytes[at] = if whole { 0xff } else { self.chance() };
                self.written[at / WORD] = !whole;
            }
            if !whole {
                return Err(NorFlashErrorKind::Other);
            }
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        check_write(self, offset, bytes.len())?;
        for (i, word) in bytes.chunks(WORD).enumerate() {
            let at = offset as usize + i * WORD;
            assert!(!self.written[at / WORD], "a word is written once: {at}");
            let whole = self.step().ok_or(NorFlashErrorKind::Other)?;
            self.written[at / WORD] = true;
            for (j, &byte) in word.iter().enumerate() {
                self.bytes[at + j] = if whole { byte } else { self.chance() };
            }
            if !whole {
                return Err(NorFlashErrorKind::Other);
            }
        }
        Ok(())
    }
}

fn image(seed: u8, length: usize) -> Vec<u8> {
    (0..length)
        .map(|i| (i as u8).wrapping_mul(31) ^ seed)
        .collect()
}

fn store(flash: Flash) -> ImageStore<Flash> {
    ImageStore::new(flash, PAGE as u32, 8 * PAGE as u32).unwrap()
}

fn loaded(store: &mut ImageStore<Flash>) -> Option<Vec<u8>> {
    let mut memory = vec![0; 4 * PAGE];
    match store.load(&mut memory) {
        Ok(saved) => Some(memory[..saved.length as usize].to_vec()),
        Err(StoreError::Nothing) => None,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn keeps_the_newest_of_many_images() {
    let mut images = store(Flash::new());
    assert_eq!(loaded(&mut images), None);
    for i in 0..7_u8 {
        let image = image(i, 64 * (1 + usize::from(i)));
        let saved = images.save(&image).unwrap();
        assert_eq!(saved.sequence, u64::from(i));
        assert!(saved.offset.is_multiple_of(64));
        images = store(images.release());
        assert_eq!(loaded(&mut images), Some(image));
    }
}

/// Whatever step power fails at, what loads is the image before or the new one, and the next
/// save works.
#[test]
fn power_lost_at_any_step_leaves_one_whole_image() {
    let (first, second, third) = (image(1, 1024), image(2, 1536), image(3, 512));
    let mut failures = 0;
    for power in 1.. {
        for earlier in 0..2 {
            let mut images = store(Flash::new());
            for _ in 0..=earlier {
                images.save(&first).unwrap();
            }
            let mut flash = images.release();
            flash.power = Some(power);
            flash.seed = power as u32;
            let mut images = store(flash);
            let saved = images.save(&second);
            let mut flash = images.release();
            flash.power = None;
            let mut images = store(flash);
            let found = loaded(&mut images);
            if saved.is_ok() {
                assert_eq!(found.as_ref(), Some(&second));
            } else {
                failures += 1;
                assert!(found.as_ref() == Some(&first) || found.as_ref() == Some(&second));
            }
            images.save(&third).unwrap();
            assert_eq!(loaded(&mut images), Some(third.clone()));
            if saved.is_ok() && earlier == 1 {
                assert!(failures > 2 * (4 + 1536 / WORD));
                return;
            }
        }
    }
}

/// A first save that fails leaves nothing, which is said as such.
#[test]
fn power_lost_in_the_first_save_leaves_nothing() {
    for power in 1..(4 + (1024 + 64) / WORD) {
        let mut flash = Flash::new();
        flash.power = Some(power);
        let mut images = store(flash);
        assert!(images.save(&image(1, 1024)).is_err());
        let mut flash = images.release();
        flash.power = None;
        assert_eq!(loaded(&mut store(flash)), None, "{power}");
    }
}

#[test]
fn a_flipped_bit_of_the_newest_falls_back_to_the_one_before() {
    let mut images = store(Flash::new());
    images.save(&image(1, 256)).unwrap();
    let saved = images.save(&image(2, 256)).unwrap();
    let mut flash = images.release();
    let start = saved.offset as usize - 64;
    for bit in 0..(64 + 256) * 8 {
        flash.bytes[start + bit / 8] ^= 1 << (bit % 8);
        let mut images = store(flash);
        assert_eq!(loaded(&mut images), Some(image(1, 256)), "bit {bit}");
        flash = images.release();
        flash.bytes[start + bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn says_what_does_not_fit() {
    assert_eq!(
        ImageStore::new(Flash::new(), 0, 3 * PAGE as u32).unwrap_err(),
        StoreError::BadRegion
    );
    assert_eq!(
        ImageStore::new(Flash::new(), 64, 4 * PAGE as u32).unwrap_err(),
        StoreError::BadRegion
    );
    assert_eq!(
        ImageStore::new(Flash::new(), PAGE as u32, (PAGES * PAGE) as u32).unwrap_err(),
        StoreError::BadRegion
    );
    let mut images = store(Flash::new());
    let slot = 4 * PAGE as u32 - 64;
    for length in [0, 63, 4 * PAGE] {
        assert_eq!(
            images.save(&vec![0; length]).unwrap_err(),
            StoreError::BadLength { slot }
        );
    }
    images.save(&image(1, 128)).unwrap();
    assert_eq!(
        images.load(&mut [0; 64]).unwrap_err(),
        StoreError::TooSmall { needed: 128 }
    );
}
