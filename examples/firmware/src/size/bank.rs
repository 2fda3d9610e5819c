//! A bank that is scanned, and no more: for the flash that it takes.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod quiet;

#[cfg(target_os = "none")]
mod device {
    use core::hint::black_box;
    use sensilla::bank::{BankConfig, Layout, Pattern, ScanBank, Scratch, ScratchConfig};
    use sensilla::block::Block;
    use static_cell::ConstStaticCell;

    const CONFIG: BankConfig = BankConfig::new(64, 64).layout(Layout::Scan);
    const WORK: ScratchConfig = ScratchConfig::new(&CONFIG, 16);

    static BANK: ConstStaticCell<Block<{ CONFIG.bytes() }>> = ConstStaticCell::new(Block::new());
    static SCRATCH: ConstStaticCell<Block<{ WORK.bytes() }>> = ConstStaticCell::new(Block::new());

    #[cortex_m_rt::entry]
    fn main() -> ! {
        loop {
            black_box(run());
        }
    }

    /// Until a call fails; `None` then.
    fn run() -> Option<()> {
        let mut bank = ScanBank::format(BANK.try_take()?, CONFIG).ok()?;
        let mut scratch = Scratch::format(SCRATCH.try_take()?, WORK).ok()?;
        let mut vector = [0.0; 64];
        loop {
            black_box(&mut vector);
            let id = bank.insert(&vector, Pattern::default()).ok()?;
            let hits = bank.search(&vector, 5, &mut scratch).ok()?;
            black_box(hits.first());
            bank.remove(id).ok()?;
        }
    }
}

#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!("this is firmware: `cargo xtask size` builds and measures it");
    std::process::exit(2);
}
