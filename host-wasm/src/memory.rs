//! Memory for blocks in the module's heap, of a size that JavaScript chooses.

use crate::failure;
use sensilla::block::ALIGN;
use wasm_bindgen::JsValue;

/// One aligned line of memory.
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(64))]
pub struct Line([u8; ALIGN]);

/// As many zeroed lines as hold `bytes`; an error where the module cannot have that much.
pub fn zeroed(bytes: usize) -> Result<Vec<Line>, JsValue> {
    let count = bytes.div_ceil(ALIGN);
    let mut lines = Vec::new();
    lines
        .try_reserve_exact(count)
        .map_err(|_| failure::argument("the module cannot have that much memory"))?;
    lines.resize(count, Line([0; ALIGN]));
    Ok(lines)
}

/// Lines that begin with `bytes`.
pub fn copied(bytes: &[u8]) -> Result<Vec<Line>, JsValue> {
    let mut lines = zeroed(bytes.len())?;
    bytemuck::cast_slice_mut::<_, u8>(&mut lines)[..bytes.len()].copy_from_slice(bytes);
    Ok(lines)
}
