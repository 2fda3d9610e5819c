//! What every program of this firmware shares: its log, its end, its faults.
#![no_std]
#![cfg(target_os = "none")]

// Its critical section is what the log locks with.
use cortex_m as _;
use cortex_m_rt::{ExceptionFrame, exception};
use defmt_semihosting as _;
use semihosting::process::ExitCode;

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
