//! What every program of this firmware shares: its log, its end, its faults.
#![no_std]
#![cfg(target_os = "none")]

// Its critical section is what the log locks with.
use core::sync::atomic::{AtomicU32, Ordering};
use cortex_m as _;
use cortex_m::peripheral::{SYST, syst::SystClkSource};
use cortex_m_rt::{ExceptionFrame, exception};
use defmt_semihosting as _;
use semihosting::process::ExitCode;

/// The processor's clock, which SysTick counts.
pub const HZ: u32 = if cfg!(board = "mps3-an547") {
    32_000_000
} else {
    25_000_000
};
const SYSTICK_BITS: u32 = 24;

static WRAPS: AtomicU32 = AtomicU32::new(0);

/// Lets SysTick count, with an interrupt at every wrap.
pub fn start_counter(mut systick: SYST) {
    systick.set_clock_source(SystClkSource::Core);
    systick.set_reload((1 << SYSTICK_BITS) - 1);
    systick.clear_current();
    systick.enable_counter();
    systick.enable_interrupt();
}

/// A counter of 32 bits that counts up at [`HZ`]: SysTick's own 24, which count down, and above
/// them its wraps.
pub fn ticks() -> u32 {
    loop {
        let wraps = WRAPS.load(Ordering::Relaxed);
        // The interrupt comes as the count reaches zero, so zero starts the next round.
        let count = SYST::get_current().wrapping_neg() & ((1 << SYSTICK_BITS) - 1);
        if WRAPS.load(Ordering::Relaxed) == wraps {
            return wraps << SYSTICK_BITS | count;
        }
    }
}

#[exception]
fn SysTick() {
    WRAPS.fetch_add(1, Ordering::Relaxed);
}

/// Ends the emulation: QEMU exits with 0 or 1.
pub fn exit(good: bool) -> ! {
    let code = if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    };
    code.exit_process()
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    defmt::error!("{}", defmt::Display2Format(info));
    exit(false)
}

#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    defmt::error!("hard fault at {=u32:#010x}", frame.pc());
    exit(false)
}
