//! The conformance suite on the device, after its kernels beside the reference; its lines go to the
//! log.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod device {
    use core::fmt::Display;
    use defmt::{Display2Format, println};
    use sensilla::block::Block;
    use sensilla::simd;
    use sensilla_conformance::{Memory, ROOM_BYTES, Report, is_golden, run};
    use static_cell::ConstStaticCell;

    static ROOM: ConstStaticCell<Block<ROOM_BYTES>> = ConstStaticCell::new(Block::new());
    static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());

    const CHECKS: u64 = 100;

    struct Log {
        lines: u32,
        wrong: u32,
    }

    impl Report for Log {
        fn line(&mut self, name: &str, value: &dyn Display) {
            println!("conformance: {=str} = {}", name, Display2Format(value));
            self.lines += 1;
            if !is_golden(name, value) {
                println!("{=str} is not what golden.txt says", name);
                self.wrong += 1;
            }
        }
    }

    #[cortex_m_rt::entry]
    fn main() -> ! {
        for seed in 0..CHECKS {
            if let Err(wrong) = simd::check(seed) {
                println!("seed {=u64}: {}", seed, wrong);
                firmware::exit(false)
            }
        }
        println!("kernels {}: {=u64} checks", simd::level(), CHECKS);
        let mut log = Log { lines: 0, wrong: 0 };
        run(&mut ROOM.take()[..], MEMORY.take(), &mut log);
        println!("{=u32} lines, {=u32} wrong", log.lines, log.wrong);
        firmware::exit(log.wrong == 0)
    }
}

#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!("this is firmware: `cargo xtask test --embedded` builds and runs it");
    std::process::exit(2);
}
