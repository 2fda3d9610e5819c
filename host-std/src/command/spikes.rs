//! `sensilla encode` and `sensilla decode`: values and signals as spike trains, and back.

mod input;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use sensilla::spike::{
    BensDecoder, BensSpiker, BurstCode, Contrast, Curve, Delta, FirstSpike, LatencyCode,
    MovingWindow, PhaseCode, Polarity, RateCode, SampleCode, SpikeConfig, SpikeTrains, StepForward,
    bens, rate,
};
use serde::Serialize;

use self::input::{Input, Table};
use super::{Common, output};
use crate::Error;
use sensilla::block::Memory;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Code {
    /// Values, integrate-and-fire: threshold=0.5, refractory=2, input=i8 or f32.
    Rate,
    /// Values from 0 to 1, one spike: curve=linear, logarithmic or exponential, threshold=0.01,
    /// normalize=true or tau=…, first=0, clip=false.
    Latency,
    /// Bytes, or values below 1, as binary fractions: input=u8 or f32.
    #[value(aliases = ["weighted-phase", "weighted_phase"])]
    Phase,
    /// Values from 0 to 1, more and denser spikes: n_max=4, t_min=0, t_max=steps/4-1.
    Burst,
    /// Values from 0 to 1, time to the first spike: tau=0.1.
    #[value(aliases = ["first-spike", "first_spike", "time-to-first-spike", "time_to_first_spike"])]
    Ttfs,
    /// Signals, changes: threshold=0.1, off_spike=false, padding=false.
    Delta,
    /// Signals, changes from a base that follows: threshold=0.1.
    #[value(aliases = ["sf", "step_forward"])]
    StepForward,
    /// Signals, changes from the mean before: threshold=0.1, window=3.
    #[value(aliases = ["mw", "moving_window"])]
    MovingWindow,
    /// Signals, Ben's spiker: threshold=0.95, window=9, cutoff=0.1.
    #[value(aliases = ["bens", "bens-spiker", "bens_spiker"])]
    Bsa,
}

impl Code {
    fn takes_signals(self) -> bool {
        matches!(
            self,
            Self::Delta | Self::StepForward | Self::MovingWindow | Self::Bsa
        )
    }

    fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Rate => &["threshold", "refractory", "input"],
            Self::Latency => &[
                "curve",
                "linear",
                "threshold",
                "tau",
                "normalize",
                "first",
                "clip",
            ],
            Self::Phase => &["input"],
            Self::Burst => &["n_max", "t_min", "t_max"],
            Self::Ttfs => &["tau"],
            Self::Delta => &["threshold", "off_spike", "padding", "start"],
            Self::StepForward => &["threshold", "start"],
            Self::MovingWindow => &["threshold", "window", "start"],
            Self::Bsa => &["threshold", "window", "cutoff", "shift", "height"],
        }
    }
}

#[derive(Debug, Args)]
pub struct Arguments {
    /// The code.
    #[arg(long, value_enum)]
    code: Code,
    /// Steps of a train; for signals at least their samples, and as many if left out.
    #[arg(long, value_name = "T")]
    steps: Option<u32>,
    /// A parameter of the code; see the codes for their names.
    #[arg(long = "param", value_name = "K=V")]
    parameters: Vec<String>,
    /// Values or trains; `-` or nothing is standard input. Values: all numbers of the file, a
    /// train each. Signals: a column each, time downwards; a file of one line is one signal.
    file: Option<PathBuf>,
}

/// The parameters given, each known to the code.
struct Parameters(BTreeMap<String, String>);

impl Parameters {
    fn new(code: Code, given: &[String]) -> Result<Self, Error> {
        let mut all = BTreeMap::new();
        for pair in given {
            let (key, value) = pair
                .split_once('=')
                .ok_or_else(|| Error::Usage(format!("--param {pair}: write it as K=V")))?;
            let key = canonical(key);
            if !code.parameters().contains(&key) {
                return Err(Error::Usage(format!(
                    "--param {key}: this code takes {}",
                    code.parameters().join(", ")
                )));
            }
            all.insert(key.to_owned(), value.to_owned());
        }
        Ok(Self(all))
    }

    /// The curve of a latency code, by name or as snnTorch asks for it.
    fn curve(&self) -> Result<Curve, Error> {
        match self.text("curve") {
            None if self.flag("linear", true)? => Ok(Curve::Linear),
            None | Some("logarithmic" | "log") => Ok(Curve::Logarithmic),
            Some("linear") => Ok(Curve::Linear),
            Some("exponential" | "exp") => Ok(Curve::Exponential),
            Some(other) => Err(Error::Usage(format!(
                "--param curve={other}: linear, logarithmic or exponential"
            ))),
        }
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    fn get<T: std::str::FromStr>(&self, key: &str, default: T) -> Result<T, Error> {
        match self.text(key) {
            None => Ok(default),
            Some(value) => value.parse().map_err(|_| {
                Error::Usage(format!("--param {key}={value}: not a value of its kind"))
            }),
        }
    }

    fn flag(&self, key: &str, default: bool) -> Result<bool, Error> {
        match self.text(key).map(str::to_ascii_lowercase).as_deref() {
            None => Ok(default),
            Some("true" | "1" | "yes") => Ok(true),
            Some("false" | "0" | "no") => Ok(false),
            Some(value) => Err(Error::Usage(format!(
                "--param {key}={value}: true or false"
            ))),
        }
    }
}

/// One name of a parameter that other encoders spell otherwise.
fn canonical(key: &str) -> &str {
    match key {
        "normalise" => "normalize",
        "first_spike_time" => "first",
        "off_spikes" => "off_spike",
        "window_length" => "window",
        other => other,
    }
}

fn out_of_range(code: Code) -> Error {
    Error::Usage(format!(
        "a parameter of the code is out of range: {}, or --steps",
        code.parameters().join(", ")
    ))
}

#[derive(Serialize)]
struct Encoded {
    code: String,
    steps: u32,
    trains: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    value: String,
    /// Step and polarity.
    spikes: Vec<(u32, i8)>,
}

fn name_of(code: Code) -> String {
    code.to_possible_value()
        .map_or_else(String::new, |v| v.get_name().to_owned())
}

fn needed(steps: Option<u32>) -> Result<u32, Error> {
    steps.ok_or_else(|| Error::Usage("this code needs --steps".into()))
}

/// The code of values that the arguments ask for.
enum ValueCode {
    Rate(RateCode),
    Latency(LatencyCode),
    Phase(PhaseCode),
    Burst(BurstCode),
    First(FirstSpike),
}

impl ValueCode {
    fn new(code: Code, steps: u32, p: &Parameters) -> Result<Self, Error> {
        let bad = || out_of_range(code);
        Ok(match code {
            Code::Rate => {
                let threshold = p.get("threshold", 0.5f64)? * f64::from(rate::ONE);
                let refractory = p.get("refractory", 2)?;
                // A cast saturates, and both ends are refused.
                let code = RateCode::new(threshold.round() as u32, steps, refractory);
                Self::Rate(code.ok_or_else(bad)?)
            }
            Code::Latency => {
                let mut latency = LatencyCode::new(steps, p.curve()?)
                    .threshold(p.get("threshold", 0.01)?)
                    .first(p.get("first", 0)?)
                    .clip(p.flag("clip", false)?);
                if !p.flag("normalize", p.text("tau").is_none())? {
                    latency = latency.tau(p.get("tau", 1.0)?);
                }
                Self::Latency(latency)
            }
            Code::Phase => Self::Phase(PhaseCode::new(steps).ok_or_else(bad)?),
            Code::Burst => {
                let sparsest = p.get("t_max", (steps / 4).saturating_sub(1))?;
                let burst = BurstCode::new(steps, p.get("n_max", 4)?, p.get("t_min", 0)?, sparsest);
                Self::Burst(burst.ok_or_else(bad)?)
            }
            _ => {
                let first = FirstSpike::new(steps).ok_or_else(bad)?;
                Self::First(first.tau(p.get("tau", 0.1)?))
            }
        })
    }
}

/// Whether the values are meant as bytes: as told, or if all of them are whole numbers.
fn as_bytes<'v>(p: &Parameters, mut values: impl Iterator<Item = &'v str>) -> Result<bool, Error> {
    match p.text("input") {
        Some("i8" | "u8") => Ok(true),
        Some("f32") => Ok(false),
        Some(other) => Err(Error::Usage(format!(
            "--param input={other}: i8 (u8 for phase) or f32"
        ))),
        None => Ok(values.all(|v| v.parse::<i64>().is_ok())),
    }
}

fn bytes<T: TryFrom<i64>>(input: &Input, values: &[(usize, &str, f64)]) -> Result<Vec<T>, Error> {
    values
        .iter()
        .map(|&(n, text, value)| {
            let whole = (value.fract() == 0.0).then_some(value as i64);
            whole.and_then(|v| T::try_from(v).ok()).ok_or_else(|| {
                let reason = format!("{text} is not a whole number of eight bits");
                input.fault(Some(n), reason)
            })
        })
        .collect()
}

/// Does `sensilla encode`.
pub fn encode(common: &Common, arguments: &Arguments) -> Result<(), Error> {
    let code = arguments.code;
    let p = Parameters::new(code, &arguments.parameters)?;
    let input = Input::read(arguments.file.as_ref())?;
    let table = Table::read(&input)?;
    let encoded = if code.takes_signals() {
        encode_signals(arguments, &p, &input, &table.signals(&input)?)?
    } else {
        let values: Vec<(usize, &str, f64)> = table
            .rows
            .iter()
            .flat_map(|(n, row)| row.iter().map(|&(text, value)| (*n, text, value)))
            .collect();
        encode_values(arguments, &p, &input, &values)?
    };
    if common.json {
        return output::json(&encoded);
    }
    let mut text = String::new();
    for line in &encoded.trains {
        let _ = write!(text, "{}:", line.value);
        for (time, polarity) in &line.spikes {
            let _ = write!(text, " {time}:{polarity}");
        }
        text.push('\n');
    }
    output::text(text.trim_end_matches('\n'))
}

fn encode_values(
    arguments: &Arguments,
    p: &Parameters,
    input: &Input,
    values: &[(usize, &str, f64)],
) -> Result<Encoded, Error> {
    let steps = needed(arguments.steps)?;
    let code = ValueCode::new(arguments.code, steps, p)?;
    let count = u32::try_from(values.len()).unwrap_or(u32::MAX);
    let config = SpikeConfig::new(count, steps);
    let mut memory = Memory::zeroed(config.bytes());
    let failed = |e: sensilla::block::BlockError| Error::Failed(e.to_string());
    let mut trains = SpikeTrains::format(&mut memory, config).map_err(failed)?;
    let floats: Vec<f32> = values.iter().map(|v| v.2 as f32).collect();
    let doubles: Vec<f64> = values.iter().map(|v| v.2).collect();
    let texts = || values.iter().map(|v| v.1);
    let done = match &code {
        ValueCode::Rate(code) if as_bytes(p, texts())? => {
            code.encode_i8(&bytes(input, values)?, &mut trains)
        }
        ValueCode::Rate(code) => code.encode_f32(&floats, &mut trains),
        ValueCode::Latency(code) => code.encode(&floats, &mut trains),
        ValueCode::Phase(code) if as_bytes(p, texts())? => {
            code.encode_u8(&bytes(input, values)?, &mut trains)
        }
        ValueCode::Phase(code) => code.encode_f32(&floats, &mut trains),
        ValueCode::Burst(code) => code.encode(&doubles, &mut trains),
        ValueCode::First(code) => code.encode(&doubles, &mut trains),
    };
    done.map_err(|e| {
        use sensilla::spike::EncodeError::{OutOfRange, TooLong};
        let line = match e {
            OutOfRange { index } | TooLong { index } => values.get(index as usize).map(|v| v.0),
            _ => None,
        };
        input.fault(line, e)
    })?;
    let lines = values.iter().enumerate().map(|(i, v)| Line {
        value: v.1.to_owned(),
        spikes: trains.train(i).map_or_else(Vec::new, |train| {
            let polarity = |negative| if negative { -1 } else { 1 };
            train.iter().map(|(t, n)| (t, polarity(n))).collect()
        }),
    });
    Ok(Encoded {
        code: name_of(arguments.code),
        steps,
        trains: lines.collect(),
    })
}

fn encode_signals(
    arguments: &Arguments,
    p: &Parameters,
    input: &Input,
    signals: &[(String, Vec<f64>)],
) -> Result<Encoded, Error> {
    let samples = signals.first().map_or(0, |s| s.1.len());
    let steps = arguments.steps.map_or(samples, |s| s as usize);
    if steps < samples {
        let reason = format!("{samples} samples do not fit into {steps} steps");
        return Err(input.fault(None, reason));
    }
    let mut lines = Vec::new();
    for (name, signal) in signals {
        let mut polarities = vec![0i8; samples];
        encode_signal(arguments.code, p, signal, &mut polarities)
            .map_err(|e| e.unwrap_or_else(|e| input.fault(None, format!("signal {name}: {e}"))))?;
        let spikes = polarities.iter().enumerate().filter(|(_, p)| **p != 0);
        lines.push(Line {
            value: name.clone(),
            spikes: spikes.map(|(t, &p)| (t as u32, p)).collect(),
        });
    }
    Ok(Encoded {
        code: name_of(arguments.code),
        steps: steps as u32,
        trains: lines,
    })
}

/// A fault of the command line, or of the signal.
type Fault = Result<Error, sensilla::spike::SignalError>;

fn encode_signal(code: Code, p: &Parameters, signal: &[f64], out: &mut [i8]) -> Result<(), Fault> {
    let bad = || Ok(out_of_range(code));
    let threshold = p
        .get("threshold", if code == Code::Bsa { 0.95 } else { 0.1 })
        .map_err(Ok)?;
    if !(threshold > 0.0 && f64::is_finite(threshold)) {
        return Err(bad());
    }
    match code {
        Code::Delta => {
            // As snnTorch, in f32.
            let floats: Vec<f32> = signal.iter().map(|&x| x as f32).collect();
            Delta::new(threshold as f32)
                .off_spikes(p.flag("off_spike", false).map_err(Ok)?)
                .repeat_first(p.flag("padding", false).map_err(Ok)?)
                .encode(&floats, out)
                .map_err(Err)
        }
        Code::StepForward => StepForward::new(threshold).encode(signal, out).map_err(Err),
        Code::MovingWindow => {
            let window = p.get("window", 3).map_err(Ok)?;
            MovingWindow::new(threshold, window)
                .encode(signal, out)
                .map_err(Err)
        }
        _ => {
            let mut filter = filter(p).map_err(Ok)?;
            let mut shifted = signal.to_vec();
            let shift = bens::prepare(&mut shifted, &mut filter).map_err(Err)?;
            let height = shifted.iter().fold(0.0f64, |a, &b| a.max(b));
            if shift != 0.0 || height > 1.0 {
                output::note(format_args!(
                    "decode with --param shift={shift} --param height={height}"
                ));
            }
            let mut ahead = vec![0.0; filter.len()];
            BensSpiker::new(&filter, &mut ahead, threshold)
                .and_then(|mut code| code.encode(&shifted, out))
                .map_err(Err)
        }
    }
}

fn filter(p: &Parameters) -> Result<Vec<f64>, Error> {
    let mut filter = vec![0.0; p.get("window", 9usize)?.min(1 << 16)];
    bens::low_pass(&mut filter, p.get("cutoff", 0.1)?).map_err(|_| out_of_range(Code::Bsa))?;
    Ok(filter)
}

#[derive(Serialize)]
struct Decoded {
    /// A value for each train; for signals a list of samples for each.
    values: Vec<Vec<f64>>,
}

/// Does `sensilla decode`.
pub fn decode(common: &Common, arguments: &Arguments) -> Result<(), Error> {
    let code = arguments.code;
    let p = Parameters::new(code, &arguments.parameters)?;
    let steps = needed(arguments.steps)?;
    let input = Input::read(arguments.file.as_ref())?;
    let mut labels = Vec::new();
    let mut trains = Vec::new();
    for (n, line) in input.lines() {
        let (label, spikes) = line
            .split_once(':')
            .ok_or_else(|| input.fault(Some(n), "a train is `value: t:polarity …`"))?;
        let mut train = Vec::new();
        for spike in spikes.split_whitespace() {
            let parsed = spike
                .split_once(':')
                .and_then(|(t, p)| Some((t.parse::<u32>().ok()?, p.parse::<i8>().ok()?)));
            match parsed {
                Some((t, p)) if t < steps && matches!(p, -1 | 1) => train.push((t, p)),
                _ => {
                    let reason =
                        format!("{spike:?} is not a spike: a step below {steps}, a colon, 1 or -1");
                    return Err(input.fault(Some(n), reason));
                }
            }
        }
        labels.push(label.trim());
        trains.push(train);
    }
    if trains.is_empty() {
        return Err(input.fault(None, "there are no trains"));
    }
    let values = if code.takes_signals() {
        decode_signals(code, &p, steps, &trains)?
    } else {
        decode_values(code, &p, steps, &labels, &trains)?
    };
    if common.json {
        return output::json(&Decoded { values });
    }
    let mut text = String::new();
    if code.takes_signals() {
        for t in 0..steps as usize {
            let row: Vec<String> = values.iter().map(|s| s[t].to_string()).collect();
            let _ = writeln!(text, "{}", row.join(","));
        }
    } else {
        for value in values.iter().flatten() {
            let _ = writeln!(text, "{value}");
        }
    }
    output::text(text.trim_end_matches('\n'))
}

fn decode_signals(
    code: Code,
    p: &Parameters,
    steps: u32,
    trains: &[Vec<(u32, i8)>],
) -> Result<Vec<Vec<f64>>, Error> {
    let bad = |_| out_of_range(code);
    trains
        .iter()
        .map(|train| {
            let mut polarities = vec![0i8; steps as usize];
            for &(t, polarity) in train {
                polarities[t as usize] = polarity;
            }
            let mut out = vec![0.0; steps as usize];
            if code == Code::Bsa {
                let mut filter = filter(p)?;
                let height = p.get("height", 0.0f64)?;
                if height > 1.0 {
                    let sum: f64 = filter.iter().sum();
                    filter.iter_mut().for_each(|h| *h *= 2.0 * height / sum);
                }
                let mut sums = vec![0.0; filter.len()];
                BensDecoder::new(&filter, &mut sums, p.get("shift", 0.0)?)
                    .and_then(|mut code| code.decode(&polarities, &mut out))
                    .map_err(bad)?;
            } else {
                Contrast::new(p.get("start", 0.0)?, p.get("threshold", 0.1)?)
                    .decode(&polarities, &mut out)
                    .map_err(bad)?;
            }
            Ok(out)
        })
        .collect()
}

fn decode_values(
    code: Code,
    p: &Parameters,
    steps: u32,
    labels: &[&str],
    trains: &[Vec<(u32, i8)>],
) -> Result<Vec<Vec<f64>>, Error> {
    let value_code = ValueCode::new(code, steps, p)?;
    let count = u32::try_from(trains.len()).unwrap_or(u32::MAX);
    let config = SpikeConfig::new(count, steps).polarity(Polarity::PerSpike);
    let mut memory = Memory::zeroed(config.bytes());
    let failed = |e: &dyn std::fmt::Display| Error::Failed(e.to_string());
    let mut spikes = SpikeTrains::format(&mut memory, config).map_err(|e| failed(&e))?;
    spikes.start(trains.len()).map_err(|e| failed(&e))?;
    for (i, train) in trains.iter().enumerate() {
        for &(t, polarity) in train {
            spikes.mark(i, t, polarity < 0).map_err(|e| failed(&e))?;
        }
    }
    let mut floats = vec![0.0f32; trains.len()];
    let mut doubles = vec![0.0f64; trains.len()];
    let mut scale = 1.0f32;
    let done = match &value_code {
        ValueCode::Rate(code) => {
            if as_bytes(p, labels.iter().copied())? {
                scale = 128.0;
            }
            code.decode(&spikes, &mut floats)
        }
        ValueCode::Latency(code) => code.decode(&spikes, &mut floats),
        ValueCode::Phase(code) => {
            if as_bytes(p, labels.iter().copied())? {
                scale = 256.0;
            }
            code.decode(&spikes, &mut floats)
        }
        ValueCode::Burst(code) => code.decode(&spikes, &mut doubles),
        ValueCode::First(code) => code.decode(&spikes, &mut doubles),
    };
    done.map_err(|e| failed(&e))?;
    if matches!(value_code, ValueCode::Burst(_) | ValueCode::First(_)) {
        return Ok(doubles.into_iter().map(|x| vec![x]).collect());
    }
    let whole = |x: f32| {
        if scale == 1.0 {
            f64::from(x)
        } else {
            f64::from((x * scale).round())
        }
    };
    Ok(floats.into_iter().map(|x| vec![whole(x)]).collect())
}
