//! Images survive the loss of power at any moment.

use crate::mock::{Bad, Flash as Mock, Torn};
use sensilla_embedded::flash::{Guard, ImageError, ImageStore, Slot};

const PAGE: usize = 512;
const PAGES: usize = 10;
const WORD: usize = 8;

type Flash = Mock<WORD, PAGE>;

fn flash() -> Flash {
    Mock::new(PAGES, 1)
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
        Ok(loaded) => Some(memory[..loaded.saved.length as usize].to_vec()),
        Err(ImageError::Nothing) => None,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn keeps_the_newest_of_many_images() {
    let mut images = store(flash());
    assert_eq!(loaded(&mut images), None);
    for i in 0..7_u8 {
        let image = image(i, 64 * (1 + usize::from(i)));
        let saved = images.save(&image, 0, 0).unwrap();
        assert_eq!(saved.sequence, u32::from(i));
        assert!(saved.offset.is_multiple_of(64));
        images = store(images.release());
        assert_eq!(loaded(&mut images), Some(image));
    }
}

/// Wherever power fails, what loads is the image before or the new one, and the next save works.
#[test]
fn power_lost_at_any_byte_leaves_one_whole_image() {
    let (first, second, third) = (image(1, 1024), image(2, 1536), image(3, 512));
    for torn in Torn::ALL {
        for earlier in 0..2 {
            for power in 1.. {
                let mut images = store(flash());
                for _ in 0..=earlier {
                    images.save(&first, 0, 0).unwrap();
                }
                let mut flash = images.release();
                flash.power = Some(power);
                flash.torn = torn;
                let mut images = store(flash);
                let saved = images.save(&second, 0, 0).is_ok();
                let mut flash = images.release();
                flash.power = None;
                let mut images = store(flash);
                let found = loaded(&mut images);
                let is_second = found.as_ref() == Some(&second);
                assert!(is_second || (!saved && found.as_ref() == Some(&first)));
                images.save(&third, 0, 0).unwrap();
                assert_eq!(loaded(&mut images), Some(third.clone()), "{torn:?} {power}");
                if saved {
                    assert!(power > 64 + 1536);
                    break;
                }
            }
        }
    }
}

/// A first save that fails leaves nothing, which is said as such.
#[test]
fn power_lost_in_the_first_save_leaves_nothing() {
    for torn in Torn::ALL {
        for power in 1..=(4 + 1024 + 56) {
            let mut flash = flash();
            flash.power = Some(power);
            flash.torn = torn;
            let mut images = store(flash);
            assert!(images.save(&image(1, 1024), 0, 0).is_err());
            let mut flash = images.release();
            flash.power = None;
            assert_eq!(loaded(&mut store(flash)), None, "{torn:?} {power}");
        }
    }
}

#[test]
fn a_flipped_bit_of_the_newest_falls_back_to_the_one_before_and_tells() {
    let mut images = store(flash());
    images.save(&image(1, 256), 20, 6).unwrap();
    let saved = images.save(&image(2, 256), 50, 9).unwrap();
    let whole = images.release();
    let start = saved.offset as usize - 64;
    let mut memory = [0; 256];
    let load = store(whole.clone()).load(&mut memory).unwrap();
    assert!(!load.fell_back());
    assert_eq!((load.position(), load.signed()), (50, 9));
    for bit in 0..(64 + 256) * 8 {
        for unreadable in [false, true] {
            let mut flash = whole.clone();
            match unreadable {
                false => flash.bytes[start + bit / 8] ^= 1 << (bit % 8),
                true => flash.spoil(start + bit / 8),
            }
            let load = store(flash).load(&mut memory).unwrap();
            assert_eq!(memory[..], image(1, 256), "bit {bit}");
            assert!(load.fell_back());
            assert_eq!(load.position(), 20);
            // An image that rotted behind its header still tells what may have been signed.
            let by_header = if bit < 64 * 8 { 6 } else { 9 };
            assert_eq!(load.signed(), by_header, "bit {bit}");
            let is_damaged = matches!(load.slots[1], Slot::Damaged(known) if known == saved);
            assert_eq!(is_damaged, bit >= 64 * 8);
        }
    }
}

/// A node that fell back signs nothing that it may have signed before.
#[test]
fn a_node_that_fell_back_does_not_sign_until_it_is_past_what_it_signed() {
    let mut images = store(flash());
    images.save(&image(1, 256), 20, 6).unwrap();
    let saved = images.save(&image(2, 256), 50, 9).unwrap();
    let mut flash = images.release();
    flash.bytes[saved.offset as usize] ^= 1;
    let load = store(flash).load(&mut [0; 256]).unwrap();
    let guard = Guard::new(load.signed());
    let may: Vec<bool> = (6..11).map(|next| guard.may_sign(next)).collect();
    assert_eq!(may, [false, false, false, true, true]);
}

#[test]
fn slots_tell_what_lies_in_them() {
    let mut images = store(flash());
    assert_eq!(images.slots(), [Slot::Empty, Slot::Empty]);
    let first = images.save(&image(1, 128), 1, 2).unwrap();
    assert_eq!(images.slots(), [Slot::Whole(first), Slot::Empty]);
    let mut flash = images.release();
    flash.power = Some(100);
    let mut images = store(flash);
    images.save(&image(2, 128), 3, 4).unwrap_err();
    let mut flash = images.release();
    flash.power = None;
    // The header comes last, so that an image without one is as good as erased.
    assert_eq!(
        store(flash.clone()).slots(),
        [Slot::Whole(first), Slot::Empty]
    );
    flash.spoil(first.offset as usize - 64);
    assert_eq!(store(flash).slots(), [Slot::Torn, Slot::Empty]);
}

/// A header with the last number, forged or not, does not stand for all time.
#[test]
fn numbers_go_on_after_the_last() {
    let mut images = store(flash());
    images.save(&image(1, 64), 0, 0).unwrap();
    let mut flash = images.release();
    // The header of an image that was saved 2^32 - 1 times: its check is over what follows it.
    let at = PAGE;
    flash.bytes[at + 8..at + 12].fill(0xff);
    let check = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(&flash.bytes[at + 8..at + 64]);
    flash.bytes[at + 4..at + 8].copy_from_slice(&check.to_le_bytes());
    let mut images = store(flash);
    assert_eq!(loaded(&mut images), Some(image(1, 64)));
    for i in 2..6 {
        let saved = images.save(&image(i, 64), 0, 0).unwrap();
        assert_eq!(saved.sequence, u32::from(i) - 2);
        assert_eq!(loaded(&mut images), Some(image(i, 64)));
    }
}

/// What the flash does not hold is no image.
#[test]
fn what_is_not_held_is_refused() {
    let mut images = store(flash());
    images.save(&image(1, 64), 0, 0).unwrap();
    let mut flash = images.release();
    flash.bad.push((5, Bad::Hold));
    let mut images = store(flash);
    assert_eq!(images.save(&image(2, 64), 0, 0), Err(ImageError::NotHeld));
    assert_eq!(loaded(&mut images), Some(image(1, 64)));
}

#[test]
fn says_what_does_not_fit() {
    assert_eq!(
        ImageStore::new(flash(), 0, 3 * PAGE as u32).unwrap_err(),
        ImageError::BadRegion
    );
    assert_eq!(
        ImageStore::new(flash(), 64, 4 * PAGE as u32).unwrap_err(),
        ImageError::BadRegion
    );
    assert_eq!(
        ImageStore::new(flash(), PAGE as u32, (PAGES * PAGE) as u32).unwrap_err(),
        ImageError::BadRegion
    );
    let mut images = store(flash());
    let slot = 4 * PAGE as u32 - 64;
    for length in [0, 63, 4 * PAGE] {
        assert_eq!(
            images.save(&vec![0; length], 0, 0).unwrap_err(),
            ImageError::BadLength { slot }
        );
    }
    images.save(&image(1, 128), 0, 0).unwrap();
    assert_eq!(
        images.load(&mut [0; 64]).unwrap_err(),
        ImageError::TooSmall { needed: 128 }
    );
}
