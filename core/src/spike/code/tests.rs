use super::*;
use crate::block::Block;
use crate::spike::train::{Polarity, SpikeConfig};
use std::vec;
use std::vec::Vec;

const WIDE: SpikeConfig = SpikeConfig::new(32, 24).polarity(Polarity::PerSpike);

/// What an encoder writes: step and polarity of each spike, train by train.
fn spikes(
    steps: u32,
    encode: impl FnOnce(&mut SpikeTrains<'_>) -> Result<(), EncodeError>,
) -> Result<Vec<Vec<(u32, bool)>>, EncodeError> {
    let mut memory = Block::<{ WIDE.bytes() }>::new();
    let config = SpikeConfig::new(32, steps).polarity(Polarity::PerSpike);
    let mut trains = SpikeTrains::format(&mut memory, config).unwrap();
    encode(&mut trains)?;
    let all = (0..trains.len()).map(|i| trains.train(i).unwrap().iter().collect());
    Ok(all.collect())
}

fn decoded(code: &Code, steps: u32, values: &[f64]) -> Vec<f64> {
    let mut memory = Block::<{ WIDE.bytes() }>::new();
    let config = SpikeConfig::new(32, steps).polarity(Polarity::PerSpike);
    let mut trains = SpikeTrains::format(&mut memory, config).unwrap();
    code.encode(values, &mut trains).unwrap();
    let mut out = vec![0.0; values.len()];
    code.decode(&trains, &mut out).unwrap();
    out
}

fn of_signal(code: &Code, signal: &[f64]) -> Result<(Vec<i8>, Vec<f64>), SignalError> {
    let mut scratch = vec![0.0; code.scratch()];
    let (mut out, mut back) = (vec![0; signal.len()], vec![0.0; signal.len()]);
    let decoder = code.encode_signal(signal, &mut scratch, &mut out)?;
    decoder.decode_signal(&out, &mut scratch, &mut back)?;
    Ok((out, back))
}

fn walk() -> Vec<f64> {
    let level = |i: u32| libm::sin(f64::from(i) * 0.4) + 0.4 * libm::cos(f64::from(i) * 1.3);
    (0..80).map(level).collect()
}

#[test]
fn the_table_is_sound() {
    let mut names = Vec::new();
    for scheme in Scheme::ALL {
        for name in scheme.names() {
            assert_eq!(Scheme::named(name), Some(*scheme));
            names.push(*name);
        }
        let parameters = scheme.parameters();
        for p in parameters {
            let same = |q: &&Parameter| p.names.iter().any(|name| q.names.contains(name));
            assert_eq!(parameters.iter().filter(same).count(), 1, "{}", p.name());
            assert!(!p.meaning.is_empty());
            if let Preset::Fixed(x) = p.default {
                let shown = std::format!("{}", p.show(x));
                assert_eq!(p.domain.read(Value::Text(&shown)), Some(x), "{}", p.name());
            }
        }
    }
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
}

type Pair = (&'static str, &'static str);

/// A value that is not the default for each parameter, and what the code needs to make use of it.
const SET: [(&str, Pair, &[Pair]); 39] = [
    ("rate", ("threshold", "0.3"), &[]),
    ("rate", ("refractory", "0"), &[]),
    ("rate", ("input", "i8"), &[]),
    ("rate", ("steps", "20"), &[]),
    ("latency", ("curve", "exp"), &[]),
    ("latency", ("linear", "no"), &[]),
    ("latency", ("threshold", "0.6"), &[]),
    ("latency", ("tau", "3"), &[]),
    ("latency", ("normalize", "false"), &[]),
    ("latency", ("first", "5"), &[]),
    ("latency", ("clip", "1"), &[("threshold", "0.3")]),
    ("latency", ("steps", "20"), &[]),
    ("phase", ("input", "u8"), &[]),
    ("phase", ("num_bits", "8"), &[]),
    ("phase", ("normalize", "false"), &[("num_bits", "8")]),
    ("phase", ("steps", "20"), &[]),
    ("burst", ("n_max", "2"), &[]),
    ("burst", ("t_min", "1"), &[]),
    ("burst", ("t_max", "2"), &[]),
    ("burst", ("steps", "20"), &[]),
    ("ttfs", ("tau", "0.4"), &[]),
    ("ttfs", ("steps", "20"), &[]),
    ("delta", ("threshold", "0.3"), &[]),
    ("delta", ("off_spike", "True"), &[]),
    ("delta", ("padding", "yes"), &[]),
    ("delta", ("start", "1"), &[]),
    ("sf", ("threshold", "0.3"), &[]),
    ("sf", ("start", "1"), &[]),
    ("zcsf", ("threshold", "0.3"), &[]),
    ("zcsf", ("start", "1"), &[]),
    ("mw", ("threshold", "0.3"), &[]),
    ("mw", ("window", "5"), &[]),
    ("mw", ("start", "1"), &[]),
    ("tbr", ("factor", "1"), &[]),
    ("tbr", ("threshold", "0.2"), &[]),
    ("tbr", ("start", "1"), &[]),
    ("bsa", ("threshold", "0.3"), &[]),
    ("bsa", ("window", "5"), &[]),
    ("bsa", ("cutoff", "0.4"), &[]),
];

#[test]
fn every_parameter_does_something() {
    let result = |code: Code| {
        if code.scheme().takes_signals() {
            let (out, back) = of_signal(&code, &walk()).unwrap();
            return std::format!("{out:?} {back:?}");
        }
        let values = match code.byte() {
            Some(_) => [0.0, 1.0, 9.0, 60.0, 90.0],
            None => [0.0, 0.1, 0.25, 0.5, 0.875],
        };
        let steps = code.steps().unwrap();
        let spikes = spikes(steps, |trains| code.encode(&values, trains)).unwrap();
        std::format!("{spikes:?} {:?}", decoded(&code, steps, &values))
    };
    let mut seen = Vec::new();
    for (name, (parameter, value), beside) in SET {
        let mut code = Code::named(name).unwrap();
        if !code.scheme().takes_signals() && beside.iter().all(|(k, _)| *k != "num_bits") {
            let steps = if parameter == "num_bits" { 8 } else { 16 };
            code = code.with("steps", steps).unwrap();
        }
        for (key, value) in beside {
            code = code.with(key, *value).unwrap();
        }
        let set = code.with(parameter, value).unwrap();
        assert_ne!(result(code), result(set), "{name} {parameter}");
        seen.push((code.scheme(), parameter));
    }
    for scheme in Scheme::ALL {
        for p in scheme.parameters() {
            // What the decoder is told is tested below.
            let told = ["shift", "height"].contains(&p.name());
            assert!(
                told || seen.iter().any(|s| *s == (*scheme, p.name())),
                "{scheme:?} {}",
                p.name()
            );
        }
    }
}

#[test]
fn a_code_by_name_is_its_type() {
    let values = [0.0f32, 0.02, 0.3, 0.5, 0.77];
    let of = |name: &str, set: &[(&str, &str)]| {
        let code = Code::named(name).unwrap().with("steps", 16).unwrap();
        let code = set.iter().fold(code, |c, (k, v)| c.with(k, *v).unwrap());
        let single = spikes(16, |trains| code.encode(&values, trains)).unwrap();
        let double = values.map(f64::from);
        assert_eq!(spikes(16, |t| code.encode(&double, t)).unwrap(), single);
        single
    };
    let rate = RateCode::new(rate::ONE / 4, 16, 3).unwrap();
    assert_eq!(
        of("rate", &[("threshold", "0.25"), ("refractory", "3")]),
        spikes(16, |t| rate.encode_f32(&values, t)).unwrap()
    );
    let latency = LatencyCode::new(16, Curve::Logarithmic).tau(0.9);
    assert_eq!(
        of("latency", &[("curve", "log"), ("tau", "0.9")]),
        spikes(16, |t| latency.encode(&values, t)).unwrap()
    );
    let phase = PhaseCode::new(16).unwrap();
    assert_eq!(
        of("phase", &[]),
        spikes(16, |t| phase.encode_f32(&values, t)).unwrap()
    );
    let burst = BurstCode::new(16, 4, 0, 3).unwrap();
    assert_eq!(
        of("burst", &[]),
        spikes(16, |t| burst.encode(&values, t)).unwrap()
    );
    let first = FirstSpike::new(16).unwrap().tau(0.2);
    assert_eq!(
        of("first_spike", &[("tau", "0.2")]),
        spikes(16, |t| first.encode(&values, t)).unwrap()
    );
}

#[test]
fn bytes_are_encoded_as_bytes_and_come_back_so() {
    let signed: Vec<f64> = (-16..16).map(|i| f64::from(i * 8)).collect();
    let unsigned: Vec<f64> = (0..32).map(|i| f64::from(i * 8 + 7)).collect();
    for steps in [3, 8, 12] {
        let code = |name: &str| {
            let code = Code::named(name).unwrap().with("steps", steps).unwrap();
            code.with("input", "i8").unwrap()
        };
        let whole: Vec<i8> = signed.iter().map(|&x| x as i8).collect();
        let rate = RateCode::new(rate::ONE / 2, steps as u32, 2).unwrap();
        assert_eq!(
            spikes(steps as u32, |t| code("rate").encode(&signed, t)),
            spikes(steps as u32, |t| rate.encode_i8(&whole, t))
        );
        let whole: Vec<u8> = unsigned.iter().map(|&x| x as u8).collect();
        let phase = PhaseCode::new(steps as u32).unwrap();
        assert_eq!(
            spikes(steps as u32, |t| code("phase").encode(&unsigned, t)),
            spikes(steps as u32, |t| phase.encode_u8(&whole, t))
        );
        let back = decoded(&code("phase"), steps as u32, &unsigned);
        assert_eq!(back == unsigned, steps >= 8);
        assert!(back.iter().all(|x| f64::from(*x as u8) == *x));
        for (name, bad) in [("rate", 128.0), ("rate", 0.5), ("phase", -1.0)] {
            assert_eq!(
                spikes(steps as u32, |t| code(name).encode(&[0.0, bad], t)),
                Err(EncodeError::NotByte { index: 1 })
            );
        }
    }
}

#[test]
fn the_decoder_of_a_signal_knows_what_it_has_to() {
    let signal: Vec<f64> = walk().iter().map(|x| 5.0 * x - 1.0).collect();
    let code = Code::named("bsa").unwrap().with("window", 9).unwrap();
    let mut scratch = [0.0; 18];
    let mut out = [0; 80];
    let decoder = code.encode_signal(&signal, &mut scratch, &mut out).unwrap();
    let mut shifted = signal.clone();
    let mut filter = [0.0; 9];
    bens::low_pass(&mut filter, 0.1).unwrap();
    let shift = bens::prepare(&mut shifted, &mut filter).unwrap();
    assert_eq!(decoder.get("shift"), Some(shift));
    let height = shifted.iter().fold(0.0f64, |a, &b| a.max(b));
    assert_eq!(decoder.get("height"), Some(height));
    let (mut ahead, mut expected) = ([0.0; 9], [0; 80]);
    let mut spiker = BensSpiker::new(&filter, &mut ahead, 0.95).unwrap();
    spiker.encode(&shifted, &mut expected).unwrap();
    assert_eq!(out, expected);
    let (mut back, mut wanted) = ([0.0; 80], [0.0; 80]);
    decoder
        .decode_signal(&out, &mut scratch, &mut back)
        .unwrap();
    BensDecoder::new(&filter, &mut ahead, shift)
        .unwrap()
        .decode(&out, &mut wanted)
        .unwrap();
    assert_eq!(back, wanted);

    let code = Code::named("threshold_based").unwrap();
    let decoder = code.encode_signal(&signal, &mut [], &mut out).unwrap();
    let fitted = ThresholdBased::fitted(&signal, 0.5).unwrap();
    assert_eq!(decoder.get("threshold"), Some(fitted.threshold()));
    assert_eq!(
        code.decode_signal(&out, &mut [], &mut back),
        Err(SignalError::Missing {
            parameter: "threshold"
        })
    );
}

#[test]
fn what_is_wrong_is_named() {
    assert_eq!(Code::named("morse"), Err(CodeError::UnknownCode));
    let rate = Code::named("rate").unwrap();
    let said = |e: CodeError| std::format!("{e}");
    let error = rate.with("tau", 1).unwrap_err();
    assert_eq!(
        said(error),
        "this code takes threshold, refractory, input, steps"
    );
    for (parameter, value, expected) in [
        ("threshold", "0", "threshold takes a number above 0 up to 1"),
        (
            "threshold",
            "NaN",
            "threshold takes a number above 0 up to 1",
        ),
        (
            "refractory",
            "1.5",
            "refractory takes a whole number from 0 to 4096",
        ),
        (
            "refractory",
            "-1",
            "refractory takes a whole number from 0 to 4096",
        ),
        ("input", "f64", "input takes f32 or i8"),
    ] {
        assert_eq!(said(rate.with(parameter, value).unwrap_err()), expected);
    }
    let latency = Code::named("latency").unwrap();
    let error = latency.with("curve", "round").unwrap_err();
    assert_eq!(
        said(error),
        "curve takes linear, logarithmic or exponential"
    );
    let error = latency.with("clip", "perhaps").unwrap_err();
    assert_eq!(said(error), "clip takes true or false");

    let mut memory = Block::<{ WIDE.bytes() }>::new();
    let mut trains = SpikeTrains::format(&mut memory, WIDE).unwrap();
    let steps = EncodeError::Missing { parameter: "steps" };
    assert_eq!(rate.encode(&[0.5], &mut trains), Err(steps));
    let burst = Code::named("burst").unwrap().with("steps", 24).unwrap();
    let burst = burst.with("t_min", 9).unwrap();
    assert_eq!(burst.encode(&[0.5], &mut trains), Err(EncodeError::BadCode));
    let delta = Code::named("delta").unwrap();
    assert_eq!(
        delta.encode(&[0.5], &mut trains),
        Err(EncodeError::TakesSignals)
    );
    assert_eq!(
        delta.decode(&trains, &mut [0.0f32]),
        Err(OutputError::TakesSignals)
    );
    let mut out = [7; 1];
    assert_eq!(
        burst.encode_signal(&[0.5], &mut [], &mut out),
        Err(SignalError::TakesValues)
    );
    let bens = Code::named("bens").unwrap();
    assert_eq!(
        bens.encode_signal(&[0.5], &mut [0.0; 17], &mut out),
        Err(SignalError::NoRoom {
            needed: 18,
            found: 17
        })
    );
    assert_eq!(
        delta.encode_signal(&[1e300], &mut [], &mut out),
        Err(SignalError::NotFinite { index: 0 })
    );
    assert_eq!(out, [7]);
}
