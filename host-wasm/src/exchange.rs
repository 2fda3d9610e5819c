//! The two pieces of memory that caller and module have in common.

use crate::error::{CallError, Failure};
use crate::reader::Reader;
use alloc::vec::Vec;
use spin::{Mutex, MutexGuard};
use wasm_bindgen::prelude::wasm_bindgen;

/// Words that are kept for the next call; more is given back after a call that needed it.
const KEPT: usize = 1 << 17;

static INPUT: Mutex<Vec<u64>> = Mutex::new(Vec::new());
static OUTPUT: Mutex<Output> = Mutex::new(Output {
    words: Vec::new(),
    bytes: 0,
});

/// What a call came to, in sections that start on eight bytes.
pub struct Output {
    words: Vec<u64>,
    bytes: usize,
}

/// Memory for the arguments of the next call, of at least so many bytes; 0 where there is none.
#[wasm_bindgen]
pub fn room(bytes: usize) -> usize {
    let mut input = INPUT.lock();
    let words = bytes.div_ceil(8).max(1);
    if words > input.len() {
        let more = words - input.len();
        if input.try_reserve_exact(more).is_err() {
            return 0;
        }
        input.resize(words, 0);
    } else if input.len() > KEPT && words <= KEPT {
        input.truncate(KEPT);
        input.shrink_to_fit();
    }
    input.as_mut_ptr() as usize
}

/// Where the result of the last call begins.
#[wasm_bindgen]
pub fn output() -> usize {
    OUTPUT.lock().words.as_ptr() as usize
}

/// How many bytes it has.
#[wasm_bindgen]
pub fn output_bytes() -> usize {
    OUTPUT.lock().bytes
}

/// The arguments of this call.
pub struct Arguments(MutexGuard<'static, Vec<u64>>);

impl Arguments {
    /// Those that the caller wrote.
    pub fn take() -> Self {
        Self(INPUT.lock())
    }

    /// To read them in order.
    pub fn reader(&self) -> Reader<'_> {
        Reader::new(bytemuck::cast_slice(&self.0))
    }
}

/// Runs a call: its result is written, or the sentence of its error, whose code is returned.
pub fn answer(call: impl FnOnce(&mut Output) -> Result<(), Failure>) -> u32 {
    let mut output = OUTPUT.lock();
    output.clear();
    match call(&mut output) {
        Ok(()) => 0,
        Err(failure) => {
            output.clear();
            // Without memory even for its sentence, the code says it all.
            let _ = output.bytes(failure.sentence.as_bytes());
            u32::from(failure.code)
        }
    }
}

impl Output {
    fn clear(&mut self) {
        self.bytes = 0;
        if self.words.len() > KEPT {
            self.words = Vec::new();
        }
    }

    /// So many bytes more, zero, as whole words.
    pub fn section(&mut self, bytes: usize) -> Result<&mut [u64], Failure> {
        let start = self.bytes.div_ceil(8);
        let end = start + bytes.div_ceil(8);
        if end > self.words.len() {
            let more = end - self.words.len();
            self.words
                .try_reserve(more)
                .map_err(|_| CallError::OutOfMemory)?;
            self.words.resize(end, 0);
        }
        self.bytes = start * 8 + bytes;
        let section = self.words.get_mut(start..end).unwrap_or(&mut []);
        section.fill(0);
        Ok(section)
    }

    /// A number.
    pub fn number(&mut self, value: f64) -> Result<(), Failure> {
        self.section(8)?[0] = value.to_bits();
        Ok(())
    }

    /// Numbers.
    pub fn numbers(&mut self, values: &[f64]) -> Result<(), Failure> {
        values.iter().try_for_each(|&value| self.number(value))
    }

    /// Bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let section: &mut [u8] = bytemuck::cast_slice_mut(self.section(bytes.len())?);
        for (to, from) in section.iter_mut().zip(bytes) {
            *to = *from;
        }
        Ok(())
    }

    /// Bytes behind their number.
    pub fn counted(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.number(bytes.len() as f64)?;
        self.bytes(bytes)
    }
}
