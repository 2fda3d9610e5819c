//! The demo on the device: the whole loop of `examples/activity`, a status line for what the
//! watch does, and at the end what the loop came to.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod device {
    use activity::{ACTIVITIES, Memory, TEST, Wrist, recordings, run};
    use defmt::{Display2Format, error, info, println};
    use sensilla_conformance::Hex;
    use sensilla_embedded::clock::DeviceClock;
    use sensilla_embedded::status::Status;
    use static_cell::ConstStaticCell;

    /// Zero, so it lies in `.bss`: it takes no flash and never crosses the stack.
    static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());

    struct Watch<'c> {
        clock: &'c mut DeviceClock,
    }

    impl activity::Watch for Watch<'_> {
        fn step(&mut self, done: u32, total: u32) {
            // Often enough for a counter that wraps every 171 seconds.
            let now = self.clock.now(firmware::ticks());
            if done.is_multiple_of(20) {
                info!("{=u64} ms: {=u32} of {=u32} recordings", now, done, total);
            }
        }
    }

    #[cortex_m_rt::entry]
    fn main() -> ! {
        if let Some(peripherals) = cortex_m::Peripherals::take() {
            firmware::start_counter(peripherals.SYST);
        }
        let mut clock = DeviceClock::new(firmware::HZ, 32, firmware::ticks(), 0);
        for recording in recordings(TEST).step_by(10) {
            println!(
                "{=str}: {}",
                ACTIVITIES[recording.activity],
                Display2Format(&status(recording.samples()))
            );
        }
        let mut wrist = match Wrist::format(MEMORY.take()) {
            Ok(wrist) => wrist,
            Err(failed) => {
                error!("{}", failed);
                firmware::exit(false)
            }
        };
        match run(&mut wrist, &mut Watch { clock: &mut clock }) {
            Ok(summary) => {
                let (all, right) = summary.right();
                println!("{=u32} of {=u32} recordings recalled right", right, all);
                line("activity/bank", &Hex(&summary.bank_digest));
                line("activity/root", &Hex(&summary.log_root));
                line("activity/hub", &Hex(&summary.image_digests[activity::HUB]));
                firmware::exit(summary.proof_verified)
            }
            Err(failed) => {
                error!("{}", Display2Format(&failed));
                firmware::exit(false)
            }
        }
    }

    /// The same form as the suite's lines, so that they are compared with them.
    fn line(name: &str, value: &Hex<'_>) {
        println!("conformance: {=str} = {}", name, Display2Format(value));
    }

    fn status(samples: activity::Samples<'_>) -> Status {
        const MOST: usize = 128;
        let mut window = [[0.0; 3]; MOST];
        let mut length = 0;
        for (place, sample) in window.iter_mut().zip(samples) {
            place.copy_from_slice(&sample[..3]);
            length += 1;
        }
        Status::measure(&window[..length])
    }
}

#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!("this is firmware: `cargo xtask test --embedded` builds and runs it");
    std::process::exit(2);
}
