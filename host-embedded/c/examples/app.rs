//! `examples/c-firmware` in Rust: it prints the same lines.

use ed25519_dalek::SigningKey;
use sensilla::bank::{
    BankConfig, IdError, Layout, OwnedBank, Pattern, PatternBank, Scratch, ScratchConfig,
};
use sensilla::block::Block;
use sensilla::learn::{Recogniser, RecogniserConfig, Stream, StreamConfig};
use sensilla::log::kind::{Assert, CERTAIN};
use sensilla::log::{Author, Ed25519, EventKind, EventLog, LogConfig, Policy};
use sensilla::merkle::Checkpoint;
use sensilla::spike::{Code, Scheme};
use std::error::Error;

/// The next number of a simple generator, from -1 to 1.
fn next(state: &mut u32) -> f32 {
    *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    (*state >> 8).cast_signed() as f32 / 8_388_608.0 - 1.0
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn remember() -> Result<(), Box<dyn Error>> {
    let mut bank = OwnedBank::new(BankConfig::new(64, 64).layout(Layout::Scan))?;
    let mut vector = [0.0; 64];
    let mut state = 1;
    for label in 0..64 {
        vector.fill_with(|| next(&mut state));
        let pattern = Pattern {
            label,
            confidence: 65_535,
            at: 0,
        };
        bank.insert(&vector, pattern)?;
    }
    vector[0] += 0.125;
    let third = {
        let hits = bank.search(&vector, 3)?;
        hits.get(2).ok_or("fewer than three hits")?.id
    };
    bank.remove(third)?;
    println!("{}", IdError::Gone);
    println!("bank {}", hex(&bank.get().digest()));
    println!("image {}", hex(&bank.with(|bank| bank.seal())));
    Ok(())
}

/// A window of forty samples: what moves, and how fast, is the label's.
fn window(label: u32, state: &mut u32) -> Vec<f32> {
    let samples = (0..40).flat_map(|at| (0..3).map(move |channel| (at, 4 + 3 * label + channel)));
    samples
        .map(|(at, period)| (at % period) as f32 / period as f32 + 0.125 * next(state))
        .collect()
}

fn recognise() -> Result<(), Box<dyn Error>> {
    const STREAM: StreamConfig = StreamConfig::small(3);
    const CONFIG: RecogniserConfig = RecogniserConfig::new(&STREAM, 16);
    const SCRATCH: ScratchConfig = ScratchConfig::new(&CONFIG.bank(), 16);
    let (mut samples, mut metric) = (
        Block::<{ STREAM.bytes() }>::new(),
        Block::<{ CONFIG.bytes() }>::new(),
    );
    let mut rows = Block::<{ CONFIG.bank().bytes() }>::new();
    let mut room = Block::<{ SCRATCH.bytes() }>::new();
    let mut stream = Stream::format(&mut samples, STREAM)?;
    let mut recogniser = Recogniser::format(&mut metric, CONFIG)?;
    let mut bank = PatternBank::format(&mut rows, CONFIG.bank())?;
    let mut scratch = Scratch::format(&mut room, SCRATCH)?;
    let mut state = 7;
    for label in 0..3 {
        stream.calibrate(&window(label, &mut state))?;
        stream.end_recording();
    }
    stream.freeze()?;
    let (mut vector, mut work) = ([0.0; 64], [0.0; 64]);
    let mut last = None;
    for turn in 0..24 {
        let label = turn % 3;
        stream.push_all(&window(label, &mut state))?;
        stream.finish(&mut vector)?;
        recogniser.refresh(&mut bank, &mut work)?;
        last = recogniser.recall(bank.as_ref(), &vector, &mut work, &mut scratch)?;
        if let Some(found) = &last {
            recogniser.record(found, label);
        }
        let pattern = Pattern {
            label,
            confidence: 65_535,
            at: turn.into(),
        };
        recogniser.learn(&mut bank, &vector, pattern, &mut work)?;
    }
    let last = last.ok_or("nothing was recalled")?;
    let told = [last.distance, last.margin(), last.novelty, last.confidence];
    println!(
        "recalled {}",
        hex(told.map(f32::to_le_bytes).as_flattened())
    );
    println!("recogniser {}", hex(&recogniser.seal()));
    Ok(())
}

fn say() -> Result<(), Box<dyn Error>> {
    const CONFIG: LogConfig = LogConfig::new(16, 2048).authors(4).contexts(4).height(16);
    let mut memory = Block::<{ CONFIG.bytes() }>::new();
    let mut log = EventLog::format(&mut memory, CONFIG)?;
    let key = SigningKey::from_bytes(&core::array::from_fn(|i| i as u8));
    let claim = |value| {
        EventKind::Assert(Assert {
            subject: "door",
            predicate: "state",
            value,
            evidence: &[],
            confidence: CERTAIN,
            expires: None,
            supersedes: None,
        })
    };
    let mut out = [0; 256];
    let mut length = 0;
    for (now, value) in ["open", "shut", "open"].into_iter().enumerate() {
        let author = Author::of(&log, &key);
        let event = author.event("hall", now as u64, claim(value));
        let signed = event.sign(&key, &mut out)?;
        length = signed.bytes().len();
        log.ingest(signed.bytes(), &Policy::trusted(), &Ed25519, now as u64)?;
    }
    let taken = |log: &mut EventLog<'_>, bytes: &[u8]| {
        match log.ingest(bytes, &Policy::new(), &Ed25519, 3) {
            Ok(_) => println!("success"),
            // C is not told numbers: their names stand for them.
            Err(error) => println!("{}", error.to_string().replace("at 2", "at {index}")),
        }
    };
    taken(&mut log, &out[..length]);
    out[length - 1] ^= 1;
    log.prune(3)?;
    taken(&mut log, &out[..length]);
    let author = Author {
        next: 4,
        ..Author::new(&key, [0; 32])
    };
    let event = author.event("hall", 4, claim("broken"));
    let signed = event.sign(&key, &mut out)?;
    log.ingest(signed.bytes(), &Policy::trusted(), &Ed25519, 4)?;
    println!("root {}", hex(&log.root()));
    let checkpoint = Checkpoint {
        origin: "example.org/door",
        size: log.size(),
        root: log.root(),
        extensions: "",
    };
    let mut note = [0; 512];
    println!("{}", checkpoint.sign(&key, &mut note)?.trim_end());
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    remember()?;
    recognise()?;
    say()?;
    let signal = [0.0, 0.0, 1.0, 1.0, 0.0, 2.0];
    let mut spikes = [0; 6];
    let delta = Code::new(Scheme::named("delta").ok_or("no such code")?);
    let delta = delta.with("threshold", 0.5)?.with("off_spike", "true")?;
    delta.encode_signal(&signal, &mut [], &mut spikes)?;
    println!("spikes {}", hex(&spikes.map(i8::cast_unsigned)));
    Ok(())
}
