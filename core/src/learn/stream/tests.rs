use super::*;
use crate::block::{BlockError, Memory};
use crate::learn::vector::{LEVELS, QUANTUM, SEED, UNIT, mix};
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

/// The vector of a window as it is defined: every event of every sample, in plain loops.
fn defined(config: &StreamConfig, calibration: &[Vec<f32>], window: &[f32]) -> Vec<f32> {
    let channels = config.channels as usize;
    let scaled = |hash: u32, n: u32| ((u64::from(hash) * u64::from(n)) >> 32) as usize;
    // Scales.
    let mut scales = Vec::new();
    for channel in 0..channels {
        let (mut mean, mut squares, mut travel, mut count, mut steps) =
            (0f32, 0f32, 0f32, 0f32, 0f32);
        for recording in calibration {
            let values: Vec<f32> = recording
                .iter()
                .skip(channel)
                .step_by(channels)
                .copied()
                .collect();
            for (t, &v) in values.iter().enumerate() {
                count += 1.0;
                let a = v - mean;
                mean += a / count;
                squares += a * (v - mean);
                if t > 0 {
                    travel += (v - values[t - 1]).abs();
                    steps += 1.0;
                }
            }
        }
        let mut sd = libm::sqrtf(squares / count);
        if sd == 0.0 {
            sd = 1.0;
        }
        let ratio = if steps > 0.0 { travel / steps } else { 0.0 } / sd * 1.25;
        let thresholds = LEVELS.map(|k| libm::floorf(k as f32 * 1024.0 * ratio + 0.5) as i32);
        scales.push((mean, UNIT / sd, thresholds));
    }
    let level = |t: i64, channel: usize| {
        let value = window[t.max(0) as usize * channels + channel];
        let (centre, gain, _) = scales[channel];
        libm::floorf((value - centre) * gain + 0.5).clamp(-536_870_912.0, 536_870_912.0) as i64
    };
    // Kernels.
    let mut sorted = Vec::new();
    for a in 0..9i64 {
        for b in a + 1..9 {
            for c in b + 1..9 {
                sorted.push([a, b, c]);
            }
        }
    }
    let width = config.width();
    let mut sums = vec![0i64; config.dimensions as usize];
    let mut event = |number: u32, weight: i64| {
        for sketch in 0..config.sketches {
            let hash = mix(config
                .seed
                .wrapping_add(0xA0000 + 0x10_0000 * sketch + number));
            let at = sketch as usize * width as usize + scaled(hash, width);
            sums[at] += if hash & 1 == 1 { weight } else { -weight };
        }
    };
    let samples = (window.len() / channels) as i64;
    for t in 0..samples {
        for (channel, (_, _, thresholds)) in scales.iter().enumerate() {
            let (value, step) = (level(t, channel), level(t, channel) - level(t - 1, channel));
            for (i, (&absolute, &relative)) in LEVELS.iter().zip(thresholds).enumerate() {
                if value > i64::from(absolute) * 1024 {
                    event((840 + channel * 16 + i) as u32, 2);
                }
                if t > 0 && step > i64::from(relative) {
                    event((840 + channel * 16 + 8 + i) as u32, 2);
                }
            }
        }
        for l in 0..5u32 {
            let mut kernels = sorted.clone();
            for i in (1..84u32).rev() {
                let hash = mix(config.seed.wrapping_add(0x10000 * (l + 1) + i));
                kernels.swap(i as usize, scaled(hash, i + 1));
            }
            let drawn = scaled(mix(config.seed.wrapping_add(0x90000 + l)), config.channels);
            for g in 0..config.groups {
                let channel = (drawn + 12 * l as usize + g as usize) % channels;
                let tap = |j: i64| level(t - (8 - j) * (1 << l), channel);
                let responses: Vec<i64> = kernels[7 * g as usize..][..7]
                    .iter()
                    .map(|k| k.iter().map(|&j| tap(j)).sum())
                    .collect();
                let most = responses
                    .iter()
                    .position(|r| r == responses.iter().max().unwrap());
                let least = responses
                    .iter()
                    .position(|r| r == responses.iter().min().unwrap());
                event(((12 * l + g) * 7 + most.unwrap() as u32) * 2, 1);
                event(((12 * l + g) * 7 + least.unwrap() as u32) * 2 + 1, 1);
            }
        }
    }
    let share = |sum: i64| {
        (sum * 4096 + samples)
            .div_euclid(2 * samples)
            .clamp(-32767, 32767)
    };
    sums.into_iter()
        .map(|sum| share(sum) as f32 * QUANTUM)
        .collect()
}

/// A wave with noise, whose values now and then stay the same.
fn signal(seed: u32, samples: usize, channels: usize) -> Vec<f32> {
    let mut held = vec![0.0; channels];
    let mut out = Vec::new();
    for t in 0..samples as u32 {
        for (channel, held) in held.iter_mut().enumerate() {
            let hash = mix(seed ^ (t * 31 + channel as u32).wrapping_mul(0x9E37_79B9));
            if !hash.is_multiple_of(5) {
                let noise = (hash >> 8) as f32 / (1 << 24) as f32;
                *held = libm::sinf(t as f32 * 0.3 * (channel + 1) as f32) + noise;
            }
            out.push(*held);
        }
    }
    out
}

fn calibrated<'m>(
    memory: &'m mut Memory,
    config: StreamConfig,
    recordings: &[Vec<f32>],
) -> Stream<'m> {
    let mut stream = Stream::format(&mut memory[..], config).unwrap();
    for recording in recordings {
        stream.calibrate(recording).unwrap();
        stream.end_recording();
    }
    stream.freeze().unwrap();
    stream
}

#[test]
fn vectors_are_those_of_the_definition() {
    for (channels, dimensions, sketches, groups, seed) in [
        (1, 64, 1, 12, SEED),
        (6, 64, 1, 6, SEED),
        (3, 32, 2, 12, 77),
        (13, 16, 1, 5, SEED),
    ] {
        let config = StreamConfig::new(channels, dimensions)
            .sketches(sketches)
            .groups(groups)
            .seed(seed);
        let channels = channels as usize;
        let recordings = [signal(1, 90, channels), signal(2, 40, channels)];
        let mut memory = Memory::zeroed(65_536);
        let mut stream = calibrated(&mut memory, config, &recordings);
        let mut vector = vec![0.0; dimensions as usize];
        for samples in [2, 17, 300] {
            let window = signal(samples as u32, samples, channels);
            for sample in window.chunks_exact(channels) {
                stream.push(sample).unwrap();
            }
            assert_eq!(stream.samples() as usize, samples);
            stream.finish(&mut vector).unwrap();
            assert_eq!(
                vector,
                defined(&config, &recordings, &window),
                "{config:?} {samples}"
            );
        }
    }
}

#[test]
fn many_samples_at_once_leave_the_bytes_of_one_after_the_other() {
    proptest!(ProptestConfig::with_cases(48), |(
        channels in 1u32..8,
        pieces in prop::collection::vec(0usize..200, 1..5),
        seed in any::<u32>(),
    )| {
        let config = StreamConfig::new(channels, 32).sketches(2).groups(7).seed(seed % 2 * 9 + SEED);
        let recordings = [signal(seed, 60, channels as usize)];
        let (mut one, mut all) = (Memory::zeroed(65_536), Memory::zeroed(65_536));
        let mut one = calibrated(&mut one, config, &recordings);
        let mut all = calibrated(&mut all, config, &recordings);
        for (number, &samples) in pieces.iter().enumerate() {
            let window = signal(seed ^ number as u32, samples, channels as usize);
            all.push_all(&window).unwrap();
            for sample in window.chunks_exact(channels as usize) {
                one.push(sample).unwrap();
            }
            prop_assert_eq!(one.image_digest(), all.image_digest());
        }
    });
}

#[test]
fn what_is_refused_changes_nothing() {
    let mut memory = Memory::zeroed(65_536);
    let config = StreamConfig::new(2, 16);
    let mut stream = Stream::format(&mut memory[..], config).unwrap();
    assert_eq!(stream.freeze(), Err(StreamError::NoSamples));
    assert_eq!(stream.push(&[0.0, 0.0]), Err(StreamError::NotCalibrated));
    stream.calibrate(&[1.0, 2.0, 3.0, 4.0]).unwrap();
    stream.freeze().unwrap();
    assert_eq!(stream.freeze(), Err(StreamError::Calibrated));
    assert_eq!(stream.calibrate(&[0.0, 0.0]), Err(StreamError::Calibrated));
    stream.push(&[1.0, 2.0]).unwrap();
    let before = stream.image_digest();
    let found = |n| StreamError::WrongLength {
        channels: 2,
        found: n,
    };
    assert_eq!(stream.push(&[1.0]), Err(found(1)));
    assert_eq!(stream.push(&[1.0; 4]), Err(found(4)));
    assert_eq!(stream.push_all(&[1.0; 3]), Err(found(3)));
    let bad = StreamError::OutOfRange { channel: 1 };
    assert_eq!(stream.push(&[0.0, f32::NAN]), Err(bad));
    assert_eq!(stream.push_all(&[0.0, 0.0, 0.0, 2e12]), Err(bad));
    assert_eq!(
        stream.finish(&mut [0.0; 16]),
        Err(FinishError::TooShort { found: 1 })
    );
    assert!(stream.finish(&mut [0.0; 15]).is_err());
    assert_eq!(stream.image_digest(), before);
}

#[test]
fn a_window_that_its_sums_cannot_count_is_refused() {
    let mut memory = Memory::zeroed(65_536);
    let config = StreamConfig::new(1, 16);
    let mut stream = calibrated(&mut memory, config, &[vec![0.0, 1.0]]);
    stream.set(state::SAMPLES, config.longest() - 1);
    stream.push(&[0.5]).unwrap();
    let full = StreamError::Full {
        samples: config.longest(),
    };
    assert_eq!(stream.push(&[0.5]), Err(full));
}

#[test]
fn a_channel_that_never_moves_is_no_trouble() {
    let mut memory = Memory::zeroed(65_536);
    let mut stream = calibrated(&mut memory, StreamConfig::new(1, 16), &[vec![5.0; 9]]);
    let mut vector = [0.0; 16];
    stream.push_all(&[5.0; 20]).unwrap();
    stream.finish(&mut vector).unwrap();
    stream.push_all(&[1e12, -1e12, 1e12]).unwrap();
    stream.finish(&mut vector).unwrap();
    assert!(vector.iter().all(|x| x.is_finite()));
}

#[test]
fn a_stream_survives_saving_and_hostile_ones_are_refused() {
    for seed in [SEED, 3] {
        let mut memory = Memory::zeroed(65_536);
        let config = StreamConfig::new(2, 32).seed(seed);
        let mut stream = calibrated(&mut memory, config, &[signal(1, 30, 2)]);
        stream.push_all(&signal(2, 150, 2)).unwrap();
        let digest = stream.seal();
        let mut saved = Memory::zeroed(65_536);
        saved.copy_from_slice(&memory[..]);
        let mut stream = Stream::open_verified(&mut memory[..]).unwrap();
        assert_eq!(stream.image_digest(), digest);
        stream.push(&[0.1, 0.2]).unwrap();
        // A place beyond the ring, levels and sums out of range.
        for (at, value) in [
            (128 + 4, 128u32),
            (
                config.bytes() - 128 - if seed == SEED { 0 } else { 896 },
                1 << 30,
            ),
        ] {
            let mut hostile = Memory::zeroed(65_536);
            hostile.copy_from_slice(&saved[..]);
            hostile[at..at + 4].copy_from_slice(&value.to_le_bytes());
            assert_eq!(
                Stream::open(&mut hostile[..]).unwrap_err(),
                BlockError::Corrupt
            );
        }
    }
    for config in [
        StreamConfig::new(0, 16),
        StreamConfig::new(1, 24),
        StreamConfig::new(1, 48).sketches(2),
        StreamConfig::new(1, 16).groups(13),
        StreamConfig::new(257, 16),
    ] {
        let mut memory = Memory::zeroed(65_536);
        assert_eq!(
            Stream::format(&mut memory[..], config).unwrap_err(),
            BlockError::BadConfig
        );
    }
}

#[test]
fn another_rate_is_refused_by_its_name() {
    let mut memory = Memory::zeroed(65_536);
    let config = StreamConfig::new(1, 16).rate(50_000);
    let stream = Stream::format(&mut memory[..], config).unwrap();
    for rate in [0, 49_750, 50_000, 50_250] {
        assert_eq!(stream.check_rate(rate), Ok(()));
    }
    let error = stream.check_rate(52_500).unwrap_err();
    let expected = StreamError::OtherRate {
        learned: 50_000,
        found: 52_500,
    };
    assert_eq!(error, expected);
    let text = std::format!("{error}");
    assert!(text.contains("50000") && text.contains("52500"), "{text}");
    let unknown = StreamConfig::new(1, 16);
    let stream = Stream::format(&mut memory[..], unknown).unwrap();
    assert_eq!(stream.check_rate(1), Ok(()));
}
