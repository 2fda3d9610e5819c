//! A recogniser of six channels in 24 KB with its stream and its bank, and no more: for the flash that
//! it takes.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod quiet;

#[cfg(target_os = "none")]
mod device {
    use core::hint::black_box;
    use sensilla::bank::{Pattern, ScanBank, Scratch, ScratchConfig};
    use sensilla::block::Block;
    use sensilla::learn::{Recogniser, RecogniserConfig, Stream, StreamConfig};
    use static_cell::ConstStaticCell;

    const STREAM: StreamConfig = StreamConfig::small(6);
    const CONFIG: RecogniserConfig = RecogniserConfig::within(&STREAM, 24 * 1024);
    const WORK: ScratchConfig = ScratchConfig::new(&CONFIG.bank(), 4);

    static SAMPLES: ConstStaticCell<Block<{ STREAM.bytes() }>> = ConstStaticCell::new(Block::new());
    static METRIC: ConstStaticCell<Block<{ CONFIG.bytes() }>> = ConstStaticCell::new(Block::new());
    static BANK: ConstStaticCell<Block<{ CONFIG.bank().bytes() }>> =
        ConstStaticCell::new(Block::new());
    static SCRATCH: ConstStaticCell<Block<{ WORK.bytes() }>> = ConstStaticCell::new(Block::new());

    #[cortex_m_rt::entry]
    fn main() -> ! {
        loop {
            black_box(run());
        }
    }

    /// Until a call fails; `None` then.
    fn run() -> Option<()> {
        let mut stream = Stream::format(SAMPLES.try_take()?, STREAM).ok()?;
        let mut recogniser = Recogniser::format(METRIC.try_take()?, CONFIG).ok()?;
        let mut bank = ScanBank::format(BANK.try_take()?, CONFIG.bank()).ok()?;
        let mut scratch = Scratch::format(SCRATCH.try_take()?, WORK).ok()?;
        let (mut vector, mut work, mut sample) = ([0.0; 64], [0.0; 64], [0.0; 6]);
        black_box(&mut sample);
        stream.calibrate(&sample).ok()?;
        stream.freeze().ok()?;
        loop {
            for _ in 0..100 {
                black_box(&mut sample);
                stream.push(&sample).ok()?;
            }
            stream.finish(&mut vector).ok()?;
            recogniser.refresh(&mut bank, &mut work).ok()?;
            let found = recogniser
                .recall(bank.as_ref(), &vector, &mut work, &mut scratch)
                .ok()?;
            let label = black_box(7);
            if let Some(found) = found {
                black_box(recogniser.watch(found.novelty));
                recogniser.record(&found, label);
            }
            let pattern = Pattern {
                label,
                ..Pattern::default()
            };
            recogniser
                .learn(&mut bank, &vector, pattern, &mut work)
                .ok()?;
        }
    }
}

#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!("this is firmware: `cargo xtask size` builds and measures it");
    std::process::exit(2);
}
