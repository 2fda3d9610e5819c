//! Spikes: what each code writes, and what its decoder makes of it.

use crate::transcript::Transcript;
use crate::{Hex, Report, draw::Draw};
use sensilla::spike::{
    BurstCode, CausalAttention, Contrast, Curve, Delta, FirstSpike, LatencyCode, MovingWindow,
    PhaseCode, Polarity, RateCode, SampleCode, SpikeAttention, SpikeConfig, SpikeTrains,
    StepForward, coincidence,
};

const VALUES: usize = 70;

/// Codes of values, each in trains of eight and of twenty steps.
pub fn values(room: &mut [u8], report: &mut dyn Report) {
    let mut draw = Draw::new(7);
    let mut signed = [0.0; VALUES];
    draw.fill(&mut signed);
    let mut unsigned = signed.map(f32::abs);
    let bytes = signed.map(|x| (x * 128.0) as i8);
    (unsigned[0], unsigned[1]) = (0.0, 0.5);
    let mut coded = Transcript::new();
    let mut decoded = Transcript::new();
    for steps in [8, 20] {
        for polarity in [Polarity::Positive, Polarity::PerValue, Polarity::PerSpike] {
            let config = SpikeConfig::new(VALUES as u32, steps).polarity(polarity);
            let (memory, _) = room.split_at_mut(config.bytes());
            let mut trains = SpikeTrains::format(memory, config).unwrap();
            let mut out = [0.0; VALUES];

            let rate = RateCode::new(9_000, steps, 1).unwrap();
            coded.shown(&rate.encode_i8(&bytes, &mut trains));
            coded.bytes(&trains.image_digest());
            coded.shown(&rate.encode_f32(&signed, &mut trains));
            coded.bytes(&trains.image_digest());
            decoded.shown(&rate.decode(&trains, &mut out));
            out.iter().for_each(|&x| decoded.float(x));

            for curve in [Curve::Linear, Curve::Logarithmic, Curve::Exponential] {
                let latency = LatencyCode::new(steps, curve);
                coded.shown(&latency.encode(&unsigned, &mut trains));
                coded.bytes(&trains.image_digest());
                decoded.shown(&latency.decode(&trains, &mut out));
                out.iter().for_each(|&x| decoded.float(x));
            }

            let phase = PhaseCode::new(steps).unwrap();
            coded.shown(&phase.encode_f32(&unsigned, &mut trains));
            coded.bytes(&trains.image_digest());
            decoded.shown(&phase.decode(&trains, &mut out));
            out.iter().for_each(|&x| decoded.float(x));

            let burst = BurstCode::new(steps, 4, 0, 1).unwrap();
            coded.shown(&burst.encode(&unsigned, &mut trains));
            coded.bytes(&trains.image_digest());
            decoded.shown(&burst.decode(&trains, &mut out));
            out.iter().for_each(|&x| decoded.float(x));

            let first = FirstSpike::new(steps).unwrap();
            coded.shown(&first.encode(&unsigned, &mut trains));
            coded.bytes(&trains.image_digest());
            decoded.shown(&first.decode(&trains, &mut out));
            out.iter().for_each(|&x| decoded.float(x));
            for event in trains.events() {
                coded.shown(&event);
            }
        }
    }
    report.line("spike/coded", &Hex(&coded.finish()));
    report.line("spike/decoded", &Hex(&decoded.finish()));
}

/// Codes of a signal's changes.
pub fn signals(_: &mut [u8], report: &mut dyn Report) {
    let mut draw = Draw::new(8);
    let mut signal = [0.0_f32; 200];
    let mut level = 0.0;
    for sample in &mut signal {
        level += 0.2 * draw.signed();
        *sample = level;
    }
    let mut spikes = Transcript::new();
    let mut out = [0_i8; 200];
    let mut back = [0.0_f32; 200];
    let mut codes: [&mut dyn SampleCode<f32>; 2] =
        [&mut Delta::new(0.15), &mut StepForward::new(0.1)];
    for code in &mut codes {
        for (place, &sample) in out.iter_mut().zip(&signal) {
            *place = code.push(sample).unwrap();
        }
        spikes.shown(&code.push(f32::NAN));
        spikes.bytes(&out.map(|x| x as u8));
        Contrast::new(signal[0], 0.1)
            .decode(&out, &mut back)
            .unwrap();
        back.iter().for_each(|&x| spikes.float(x));
    }
    MovingWindow::new(0.12, 5)
        .encode(&signal, &mut out)
        .unwrap();
    spikes.bytes(&out.map(|x| x as u8));
    report.line("spike/signals", &Hex(&spikes.finish()));
}

/// Attention between spikes over several steps, and the causal kind.
pub fn attention(_: &mut [u8], report: &mut dyn Report) {
    let mut draw = Draw::new(9);
    let shape = SpikeAttention::new(6, 100, 3).unwrap();
    const WORDS: usize = 12;
    assert_eq!((shape.words(), shape.membranes()), (WORDS, 128));
    let mut out = [0; WORDS];
    let mut membranes = [0; 128];
    let mut said = Transcript::new();
    for _ in 0..5 {
        // Bits behind the last channel stay zero.
        let mut bits = || {
            core::array::from_fn::<u64, WORDS, _>(|i| match i % 2 {
                0 => draw.next(),
                _ => draw.next() >> 28,
            })
        };
        let (q, k, v) = (bits(), bits(), bits());
        said.shown(&shape.once(&q, &k, &v, &mut out));
        out.iter().for_each(|&word| said.number(word));
        said.shown(&shape.step(&q, &k, &v, &mut membranes, &mut out));
        out.iter().for_each(|&word| said.number(word));
    }
    let causal = CausalAttention::new(4, 8).unwrap();
    let trains = core::array::from_fn::<u8, 48, _>(|_| draw.below(256) as u8);
    let (q, k) = trains.split_at(24);
    let values = core::array::from_fn::<i8, 48, _>(|_| draw.below(256) as u8 as i8);
    let mut sums = [0; 48];
    said.shown(&causal.attend(q, k, &values, &mut sums));
    said.shown(&sums);
    said.shown(&coincidence(q, k));
    report.line("spike/attention", &Hex(&said.finish()));
}
