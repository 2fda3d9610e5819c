//! How many instructions searches, their kernels and signatures take; QEMU with `-icount shift=10` counts them.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod device {
    use core::hint::black_box;
    use defmt::println;
    use sensilla::bank::{BankConfig, Layout, Pattern, PatternBank, Scratch, ScratchConfig};
    use sensilla::block::Block;
    use sensilla::learn::{Recogniser, RecogniserConfig, Stream, StreamConfig};
    use sensilla::log::{Ed25519, Signer, Verifier};
    use sensilla::simd;
    use static_cell::ConstStaticCell;

    const PATTERNS: u32 = 512;
    const DIMENSIONS: usize = 64;
    const SCAN: BankConfig = BankConfig::new(DIMENSIONS as u32, PATTERNS).layout(Layout::Scan);
    const GRAPH: BankConfig = BankConfig::new(DIMENSIONS as u32, PATTERNS)
        .links(8)
        .ef_construction(32)
        .scan_cost(1);
    const WORK: ScratchConfig = ScratchConfig::new(&GRAPH, 16);

    static BANK: ConstStaticCell<Block<{ GRAPH.bytes() }>> = ConstStaticCell::new(Block::new());
    static SCRATCH: ConstStaticCell<Block<{ WORK.bytes() }>> = ConstStaticCell::new(Block::new());

    /// A recogniser of six channels in 24 KB, and a stream with all groups of kernels.
    const SMALL: StreamConfig = StreamConfig::small(6);
    const FULL: StreamConfig = StreamConfig::new(6, 64);
    const RECOGNISER: RecogniserConfig = RecogniserConfig::within(&SMALL, 24 * 1024);
    const RECALL: ScratchConfig = ScratchConfig::new(&RECOGNISER.bank(), 16);
    static STREAM: ConstStaticCell<Block<{ SMALL.bytes() }>> = ConstStaticCell::new(Block::new());
    static PATTERNS_OF: ConstStaticCell<Block<{ RECOGNISER.bytes() }>> =
        ConstStaticCell::new(Block::new());
    static ROWS: ConstStaticCell<Block<{ RECOGNISER.bank().bytes() }>> =
        ConstStaticCell::new(Block::new());
    static RECALL_IN: ConstStaticCell<Block<{ RECALL.bytes() }>> =
        ConstStaticCell::new(Block::new());

    /// An instruction takes 2^10 ns of the emulation's time.
    fn instructions(work: impl FnOnce()) -> u32 {
        let start = firmware::ticks();
        work();
        let ticks = firmware::ticks().wrapping_sub(start);
        (u64::from(ticks) * 1_000_000_000 / u64::from(firmware::HZ) / 1024) as u32
    }

    fn fill(vector: &mut [f32], state: &mut u32) {
        for x in vector {
            *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *x = (*state >> 8) as f32 / (1 << 23) as f32 - 1.0;
        }
    }

    /// Signing 64 bytes, as an event's signature covers, and checking it: with the implementation
    /// that comes with the core, and with one that is made for microcontrollers.
    fn signatures(line: impl Fn(&str, u32)) {
        let (seed, message) = (black_box([7; 32]), black_box([9; 64]));
        let key = ed25519_dalek::SigningKey::from_bytes(&seed);
        let public = key.public_key();
        let mut signature = [0; 64];
        let count = instructions(|| signature = Signer::sign(&key, &message).unwrap_or([0; 64]));
        line("sign-dalek", count);
        let mut good = false;
        let count = instructions(|| good = Ed25519.verify(&public, &message, &signature));
        line("verify-dalek", count);

        let key = salty::Keypair::from(&seed);
        let mut own = None;
        line(
            "sign-salty",
            instructions(|| own = Some(key.sign(&message))),
        );
        let mut alike = false;
        let count = instructions(|| {
            alike = own.is_some_and(|own| {
                own.to_bytes() == signature && key.public.verify(&message, &own).is_ok()
            });
        });
        line("verify-salty", count);
        if !(good && alike) {
            firmware::exit(false)
        }
    }

    /// A sample of the small stream and of one with all groups, then learning, whitening and recall
    /// of a few patterns; none where something was refused.
    fn recogniser(line: impl Fn(&str, u32)) -> Option<()> {
        let memory = STREAM.take();
        let mut vectors = [[0.0; DIMENSIONS]; 6];
        for (name, config) in [("push-6-full", FULL), ("push-6", SMALL)] {
            let mut stream = Stream::format(&mut memory[..], config).ok()?;
            let (mut state, mut sample, mut wave) = (1, [0.0; 6], 0.0f32);
            let mut next = |kind: usize| {
                fill(&mut sample, &mut state);
                for (channel, value) in sample.iter_mut().enumerate() {
                    wave += if wave > 3.0 {
                        -6.0
                    } else {
                        0.05 * (kind + 1) as f32
                    };
                    *value = *value * 0.3 + wave * (channel + 1) as f32;
                }
                sample
            };
            for _ in 0..100 {
                stream.calibrate(&next(0)).ok()?;
            }
            stream.freeze().ok()?;
            for (kind, vector) in vectors.iter_mut().enumerate() {
                let mut all = 0;
                for _ in 0..100 {
                    let sample = next(kind);
                    let mut good = false;
                    all += instructions(|| good = stream.push(&sample).is_ok());
                    good.then_some(())?;
                }
                if kind == 5 {
                    line(name, all / 100);
                }
                let mut good = false;
                let count = instructions(|| good = stream.finish(vector).is_ok());
                if kind == 5 && config == SMALL {
                    line("finish", count);
                }
                good.then_some(())?;
            }
        }
        let mut bank = PatternBank::format(&mut ROWS.take()[..], RECOGNISER.bank()).ok()?;
        let mut recogniser = Recogniser::format(&mut PATTERNS_OF.take()[..], RECOGNISER).ok()?;
        let mut scratch = Scratch::format(&mut RECALL_IN.take()[..], RECALL).ok()?;
        let mut work = [0.0; DIMENSIONS];
        let mut last = 0;
        for (label, vector) in (0..).zip(vectors.iter().chain(&vectors)) {
            let pattern = Pattern {
                label: label % 5,
                ..Pattern::default()
            };
            let mut good = false;
            last = instructions(|| {
                good = recogniser
                    .learn(&mut bank, vector, pattern, &mut work)
                    .is_ok();
            });
            good.then_some(())?;
        }
        line("learn", last);
        let mut good = false;
        line(
            "refresh",
            instructions(|| good = recogniser.refresh(&mut bank, &mut work).is_ok()),
        );
        good.then_some(())?;
        let mut found = None;
        let count = instructions(|| {
            found = recogniser
                .recall(bank.as_ref(), &vectors[0], &mut work, &mut scratch)
                .ok()
                .flatten();
        });
        line("recall", count);
        found.map(|_| ())
    }

    #[cortex_m_rt::entry]
    fn main() -> ! {
        if let Some(peripherals) = cortex_m::Peripherals::take() {
            firmware::start_counter(peripherals.SYST);
        }
        println!("kernels {}", simd::level());
        let none = instructions(|| {});
        let line = |name: &str, count: u32| {
            println!(
                "instructions: {=str} = {=u32}",
                name,
                count.saturating_sub(none)
            );
        };
        if recogniser(line).is_none() {
            firmware::exit(false)
        }
        signatures(line);
        let (a, b) = (black_box([7i8; 384]), black_box([-9i8; 384]));
        for (name, length) in [("dot-64", 64), ("dot-128", 128), ("dot-384", 384)] {
            let (a, b) = (&a[..length], &b[..length]);
            line(
                name,
                instructions(|| {
                    black_box(simd::dot_i8(black_box(a), black_box(b)));
                }),
            );
        }
        let (a, b) = (a.map(|x| x as u8), b.map(|x| x as u8));
        for (name, length) in [("hamming-64", 64), ("hamming-384", 384)] {
            let (a, b) = (&a[..length], &b[..length]);
            let count = instructions(|| {
                black_box(simd::hamming(black_box(a), black_box(b)));
            });
            line(name, count);
        }
        let (bank, scratch) = (BANK.take(), SCRATCH.take());
        for (insert, search, config) in [
            ("insert-512x64-scan", "search-512x64-scan", SCAN),
            ("insert-512x64-graph", "search-512x64-graph", GRAPH),
        ] {
            let (mut state, mut vector) = (1, [0.0; DIMENSIONS]);
            let Ok(mut bank) = PatternBank::format(&mut bank[..], config) else {
                firmware::exit(false)
            };
            let Ok(mut scratch) = Scratch::format(&mut scratch[..], WORK) else {
                firmware::exit(false)
            };
            let mut last = 0;
            for _ in 0..PATTERNS {
                fill(&mut vector, &mut state);
                let mut good = false;
                last = instructions(|| good = bank.insert(&vector, Pattern::default()).is_ok());
                if !good {
                    firmware::exit(false)
                }
            }
            line(insert, last);
            fill(&mut vector, &mut state);
            let mut found = 0;
            let count = instructions(|| {
                found = bank
                    .search(&vector, 5, &mut scratch)
                    .map_or(0, |hits| hits.len());
            });
            line(search, count);
            if found != 5 {
                firmware::exit(false)
            }
        }
        firmware::exit(true)
    }
}

#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!("this is firmware: `cargo xtask instructions` builds and runs it");
    std::process::exit(2);
}
