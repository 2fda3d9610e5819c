//! `examples/c-firmware` in Rust: it prints the same lines.

use sensilla::bank::{BankConfig, IdError, Layout, OwnedBank, Pattern};
use sensilla::spike::{Code, Scheme};

/// The next number of a simple generator, from -1 to 1.
fn next(state: &mut u32) -> f32 {
    *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    (*state >> 8).cast_signed() as f32 / 8_388_608.0 - 1.0
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
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
    let signal = [0.0, 0.0, 1.0, 1.0, 0.0, 2.0];
    let mut spikes = [0; 6];
    let delta = Code::new(Scheme::named("delta").ok_or("no such code")?);
    let delta = delta.with("threshold", 0.5)?.with("off_spike", "true")?;
    delta.encode_signal(&signal, &mut [], &mut spikes)?;
    println!("spikes {}", hex(&spikes.map(i8::cast_unsigned)));
    Ok(())
}
