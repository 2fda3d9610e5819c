//! NOR flash as its trait promises it, and no better.

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};

/// What a word reads as whose writing was interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Torn {
    /// Any bits.
    Random,
    /// Some of the bits that were to be cleared.
    Partial,
    /// As if it had not been touched.
    Erased,
    /// As it was to be.
    Done,
    /// Other bits at each read.
    Unstable,
    /// An error, as error correction has it.
    Unreadable,
}

impl Torn {
    pub const ALL: [Self; 6] = [
        Self::Random,
        Self::Partial,
        Self::Erased,
        Self::Done,
        Self::Unstable,
        Self::Unreadable,
    ];
}

/// What is amiss with a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bad {
    /// It is not erased, which the driver says.
    Erase,
    /// Writes fail, which the driver says.
    Write,
    /// A bit of what is written is not held, which nobody says.
    Hold,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Erased,
    Written,
    Unstable,
    Unreadable,
}

/// Flash of words of `WORD` bytes, erased in pages of `PAGE`.
#[derive(Clone, Debug)]
pub struct Flash<const WORD: usize, const PAGE: usize> {
    pub bytes: Vec<u8>,
    words: Vec<Word>,
    /// Bytes to write and pages to erase until power fails.
    pub power: Option<u64>,
    pub torn: Torn,
    pub bad: Vec<(usize, Bad)>,
    /// Bytes that were written.
    pub written: u64,
    /// How often each page was erased.
    pub erased: Vec<u64>,
    seed: u64,
}

impl<const WORD: usize, const PAGE: usize> Flash<WORD, PAGE> {
    pub fn new(pages: usize, seed: u64) -> Self {
        Self {
            bytes: vec![0xff; PAGE * pages],
            words: vec![Word::Erased; PAGE * pages / WORD],
            power: None,
            torn: Torn::Random,
            bad: Vec::new(),
            written: 0,
            erased: vec![0; pages],
            seed: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        }
    }

    pub fn random(&mut self) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed
    }

    /// Makes the word that holds a byte unreadable.
    pub fn spoil(&mut self, at: usize) {
        self.words[at / WORD] = Word::Unreadable;
    }

    fn is(&self, page: usize, bad: Bad) -> bool {
        self.bad.contains(&(page, bad))
    }

    /// Takes a step; whether power holds on after it, or an error where it is gone.
    fn step(&mut self) -> Result<bool, NorFlashErrorKind> {
        match &mut self.power {
            None => Ok(true),
            Some(0) => Err(NorFlashErrorKind::Other),
            Some(left) => {
                *left -= 1;
                Ok(*left > 0)
            }
        }
    }

    fn tear(&mut self, at: usize, word: &[u8]) {
        let state = &mut self.words[at / WORD];
        *state = match self.torn {
            Torn::Unstable => Word::Unstable,
            Torn::Unreadable => Word::Unreadable,
            // Even what reads as erased was touched.
            _ => Word::Written,
        };
        for (j, &byte) in word.iter().enumerate() {
            self.bytes[at + j] = match self.torn {
                Torn::Random | Torn::Unstable | Torn::Unreadable => self.random() as u8,
                Torn::Partial => byte | self.random() as u8,
                Torn::Erased => 0xff,
                Torn::Done => byte,
            };
        }
    }
}

impl<const WORD: usize, const PAGE: usize> ErrorType for Flash<WORD, PAGE> {
    type Error = NorFlashErrorKind;
}

impl<const WORD: usize, const PAGE: usize> ReadNorFlash for Flash<WORD, PAGE> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        check_read(self, offset, bytes.len())?;
        if self.power == Some(0) {
            return Err(NorFlashErrorKind::Other);
        }
        for (i, byte) in bytes.iter_mut().enumerate() {
            let at = offset as usize + i;
            *byte = match self.words[at / WORD] {
                Word::Unreadable => return Err(NorFlashErrorKind::Other),
                Word::Unstable => self.random() as u8,
                Word::Erased | Word::Written => self.bytes[at],
            };
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl<const WORD: usize, const PAGE: usize> NorFlash for Flash<WORD, PAGE> {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        check_erase(self, from, to)?;
        for page in from as usize / PAGE..to as usize / PAGE {
            let holds = self.step()?;
            self.erased[page] += 1;
            if self.is(page, Bad::Erase) {
                return Err(NorFlashErrorKind::Other);
            }
            for at in page * PAGE..(page + 1) * PAGE {
                self.bytes[at] = if holds {
                    0xff
                } else {
                    self.bytes[at] | self.random() as u8
                };
                // Half erased words are not to be written.
                let mut torn = Word::Written;
                if self.torn == Torn::Unreadable && self.random().is_multiple_of(8) {
                    torn = Word::Unreadable;
                }
                self.words[at / WORD] = if holds { Word::Erased } else { torn };
            }
            if !holds {
                return Err(NorFlashErrorKind::Other);
            }
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        check_write(self, offset, bytes.len())?;
        for (i, word) in bytes.chunks(WORD).enumerate() {
            let at = offset as usize + i * WORD;
            let page = at / PAGE;
            assert!(
                self.words[at / WORD] == Word::Erased,
                "the word at {at} is written twice, or was torn before"
            );
            for _ in 0..WORD {
                match self.step() {
                    Ok(true) => {}
                    Ok(false) => {
                        self.tear(at, word);
                        return Err(NorFlashErrorKind::Other);
                    }
                    Err(error) => return Err(error),
                }
            }
            self.words[at / WORD] = Word::Written;
            self.written += WORD as u64;
            if self.is(page, Bad::Write) {
                return Err(NorFlashErrorKind::Other);
            }
            self.bytes[at..at + WORD].copy_from_slice(word);
            if self.is(page, Bad::Hold) {
                self.bytes[at] ^= 1;
            }
        }
        Ok(())
    }
}
