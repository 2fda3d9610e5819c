//! What a module without the standard library brings itself: an allocator and an end for panics.

use core::panic::PanicInfo;

#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

/// A trap, which the page sees as a `RuntimeError`. Without the message the texts of panics are
/// not part of the module.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
