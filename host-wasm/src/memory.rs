//! Memory for blocks in the module's heap, of a size that JavaScript chooses.

use sensilla::block::ALIGN;

/// One aligned line of memory.
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(64))]
pub struct Line([u8; ALIGN]);

/// As many zeroed lines as hold `bytes`; `None` where the module cannot have that much.
pub fn lines(bytes: usize) -> Option<Vec<Line>> {
    let count = bytes.div_ceil(ALIGN);
    let mut lines = Vec::new();
    lines.try_reserve_exact(count).ok()?;
    lines.resize(count, Line([0; ALIGN]));
    Some(lines)
}
