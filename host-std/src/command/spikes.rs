//! `sensilla encode` and `sensilla decode`: values and signals as spike trains, and back.

mod input;
mod trains;

use std::fmt::{Display, Write as _};
use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use sensilla::spike::code::Preset;
use sensilla::spike::{
    Code, EncodeError, OutputError, Polarity, Scheme, SignalError, SpikeConfig, SpikeTrains,
};
use serde::Serialize;

use self::input::{Input, Layout, Table};
use self::trains::Train;
use super::{Common, output};
use crate::Error;
use crate::read::Decoding;
use sensilla::block::Memory;

#[derive(Debug, Args)]
pub struct Arguments {
    /// The code.
    #[arg(long, value_parser = schemes())]
    code: Scheme,
    /// Steps of a train; for signals at least their samples, and as many if left out.
    #[arg(long, value_name = "T")]
    steps: Option<u32>,
    /// A parameter of the code; `--help` lists them.
    #[arg(long = "param", value_name = "K=V", long_help = parameters())]
    parameters: Vec<String>,
    /// Values or trains; `-` or nothing is standard input. Values: all numbers of the file, a
    /// train each. Signals: a column each, time downwards; a file of one line is one signal.
    file: Option<PathBuf>,
}

/// What `encode` takes.
#[derive(Debug, Args)]
pub struct Encode {
    #[command(flatten)]
    arguments: Arguments,
    #[command(flatten)]
    layout: Layout,
}

fn schemes() -> impl TypedValueParser<Value = Scheme> {
    let values = Scheme::ALL.iter().map(|scheme| {
        PossibleValue::new(scheme.name())
            .aliases(&scheme.names()[1..])
            .help(scheme.meaning())
    });
    let unknown = "there is no such code";
    PossibleValuesParser::new(values).try_map(move |name| Scheme::named(&name).ok_or(unknown))
}

/// What can be set, code by code.
fn parameters() -> String {
    let mut text = "A parameter of the code:".to_owned();
    for scheme in Scheme::ALL {
        let _ = write!(text, "\n{}:", scheme.name());
        for p in scheme.parameters() {
            let default = match p.default {
                Preset::Fixed(x) => format!("={}", p.show(x)),
                Preset::Follows(rule) => format!(" ({rule})"),
                _ => String::new(),
            };
            let unit = if p.unit.is_empty() { "" } else { ", " };
            let _ = write!(
                text,
                "\n  {}{default}: {}; {}{unit}{}",
                p.name(),
                p.meaning,
                p.domain,
                p.unit
            );
        }
    }
    text
}

impl Arguments {
    /// The code with its parameters, each known to it.
    fn code(&self) -> Result<Code, Error> {
        let mut code = Code::new(self.code);
        let usage = |what: &str, e: &dyn Display| Error::Usage(format!("{what}: {e}"));
        if let Some(steps) = self.steps.filter(|_| !self.code.takes_signals()) {
            let set = code.with("steps", steps);
            code = set.map_err(|e| usage(&format!("--steps {steps}"), &e))?;
        }
        for pair in &self.parameters {
            let what = format!("--param {pair}");
            let (key, value) = pair
                .split_once('=')
                .ok_or_else(|| usage(&what, &"write it as K=V"))?;
            code = code.with(key, value).map_err(|e| usage(&what, &e))?;
        }
        Ok(code)
    }
}

/// The code for values as they are written: as bytes, unless told, if all are whole numbers.
fn as_written<'v>(code: Code, mut values: impl Iterator<Item = &'v str>) -> Code {
    let told = code.given().any(|(p, _)| p.name() == "input");
    if told || !values.all(|v| v.parse::<i64>().is_ok()) {
        return code;
    }
    // A code that does not take bytes has no such parameter.
    code.with("input", "i8").unwrap_or(code)
}

/// A fault of the command line: of parameters that do not go together.
fn out_of_range(code: &Code) -> Error {
    let names: Vec<_> = code
        .scheme()
        .parameters()
        .iter()
        .map(|p| p.name())
        .collect();
    Error::Usage(format!(
        "parameters of the code are out of range together: {}",
        names.join(", ")
    ))
}

fn needed(steps: Option<u32>) -> Result<u32, Error> {
    steps.ok_or_else(|| Error::Usage("this code needs --steps".into()))
}

fn failed(e: impl Display) -> Error {
    Error::Failed(e.to_string())
}

#[derive(Serialize)]
struct Encoded {
    code: &'static str,
    steps: u32,
    trains: Vec<Train>,
}

/// Does `sensilla encode`.
pub fn encode(common: &Common, encode: &Encode) -> Result<(), Error> {
    let Encode { arguments, layout } = encode;
    let code = arguments.code()?;
    let input = Input::read(arguments.file.as_ref(), layout.decoding())?;
    let table = Table::read(&input, layout)?;
    let (steps, trains) = if arguments.code.takes_signals() {
        encode_signals(arguments.steps, &code, &input, &table.signals(&input)?)?
    } else {
        let values = table
            .rows
            .iter()
            .flat_map(|(n, row)| row.iter().map(|(text, x)| (*n, text.as_str(), *x)));
        encode_values(code, &input, &values.collect::<Vec<_>>())?
    };
    if common.json {
        return output::json(&Encoded {
            code: arguments.code.name(),
            steps,
            trains,
        });
    }
    let lines: Vec<String> = trains.iter().map(Train::to_string).collect();
    output::text(lines.join("\n"))
}

fn encode_values(
    code: Code,
    input: &Input,
    values: &[(usize, &str, f64)],
) -> Result<(u32, Vec<Train>), Error> {
    let steps = needed(code.steps())?;
    let code = as_written(code, values.iter().map(|v| v.1));
    let count = u32::try_from(values.len()).unwrap_or(u32::MAX);
    let config = SpikeConfig::new(count, steps);
    let mut memory = Memory::zeroed(config.bytes());
    let mut spikes = SpikeTrains::format(&mut memory, config).map_err(failed)?;
    let numbers: Vec<f64> = values.iter().map(|v| v.2).collect();
    code.encode(&numbers, &mut spikes).map_err(|e| match e {
        EncodeError::BadCode => out_of_range(&code),
        EncodeError::OutOfRange { index }
        | EncodeError::TooLong { index }
        | EncodeError::NotByte { index } => input.fault(values.get(index as usize).map(|v| v.0), e),
        _ => input.fault(None, e),
    })?;
    let trains = values.iter().enumerate().map(|(i, v)| Train {
        value: v.1.to_owned(),
        spikes: spikes.train(i).map_or_else(Vec::new, |train| {
            let polarity = |negative| if negative { -1 } else { 1 };
            train.iter().map(|(t, n)| (t, polarity(n))).collect()
        }),
    });
    Ok((steps, trains.collect()))
}

fn encode_signals(
    steps: Option<u32>,
    code: &Code,
    input: &Input,
    signals: &[(String, Vec<f64>)],
) -> Result<(u32, Vec<Train>), Error> {
    let samples = signals.first().map_or(0, |s| s.1.len());
    let steps = steps.map_or(samples, |s| s as usize);
    if steps < samples {
        let reason = format!("{samples} samples do not fit into {steps} steps");
        return Err(input.fault(None, reason));
    }
    let mut scratch = vec![0.0; code.scratch()];
    let mut trains = Vec::new();
    for (name, signal) in signals {
        let mut polarities = vec![0i8; samples];
        let decoder = code
            .encode_signal(signal, &mut scratch, &mut polarities)
            .map_err(|e| match e {
                SignalError::BadCode => out_of_range(code),
                e => input.fault(None, format!("signal {name}: {e}")),
            })?;
        let mut found = String::new();
        let known = |it: &(_, _)| code.given().any(|other| other == *it);
        for (p, x) in decoder.given().filter(|it| !known(it)) {
            let _ = write!(found, " --param {}={}", p.name(), p.show(x));
        }
        if !found.is_empty() {
            output::note(format_args!("decode with{found}"));
        }
        let spikes = polarities.iter().enumerate().filter(|(_, p)| **p != 0);
        trains.push(Train {
            value: name.clone(),
            spikes: spikes.map(|(t, &p)| (t as u32, p)).collect(),
        });
    }
    Ok((steps as u32, trains))
}

#[derive(Serialize)]
struct Decoded {
    /// A value for each train; for signals a list of samples for each.
    values: Vec<Vec<f64>>,
}

/// Does `sensilla decode`.
pub fn decode(common: &Common, arguments: &Arguments) -> Result<(), Error> {
    let code = arguments.code()?;
    let steps = needed(code.steps().or(arguments.steps))?;
    let input = Input::read(arguments.file.as_ref(), Decoding::default())?;
    let trains = trains::read(&input, steps)?;
    let values = if arguments.code.takes_signals() {
        decode_signals(&code, steps, &trains)?
    } else {
        decode_values(code, steps, &trains)?
    };
    if common.json {
        return output::json(&Decoded { values });
    }
    let lines: Vec<String> = if arguments.code.takes_signals() {
        let row = |t: usize| values.iter().map(|s| s[t].to_string()).collect::<Vec<_>>();
        (0..steps as usize).map(|t| row(t).join(",")).collect()
    } else {
        values.iter().flatten().map(f64::to_string).collect()
    };
    output::text(lines.join("\n"))
}

fn decode_signals(code: &Code, steps: u32, trains: &[Train]) -> Result<Vec<Vec<f64>>, Error> {
    let mut scratch = vec![0.0; code.scratch()];
    let mut polarities = vec![0i8; steps as usize];
    let decode = |train: &Train| {
        polarities.fill(0);
        for &(t, polarity) in &train.spikes {
            polarities[t as usize] = polarity;
        }
        let mut out = vec![0.0; steps as usize];
        code.decode_signal(&polarities, &mut scratch, &mut out)
            .map_err(|e| match e {
                SignalError::Missing { .. } => Error::Usage(e.to_string()),
                _ => out_of_range(code),
            })?;
        Ok(out)
    };
    trains.iter().map(decode).collect()
}

fn decode_values(code: Code, steps: u32, trains: &[Train]) -> Result<Vec<Vec<f64>>, Error> {
    let code = as_written(code, trains.iter().map(|t| t.value.as_str()));
    let count = u32::try_from(trains.len()).unwrap_or(u32::MAX);
    let config = SpikeConfig::new(count, steps).polarity(Polarity::PerSpike);
    let mut memory = Memory::zeroed(config.bytes());
    let mut spikes = SpikeTrains::format(&mut memory, config).map_err(failed)?;
    spikes.start(trains.len()).map_err(failed)?;
    for (i, train) in trains.iter().enumerate() {
        for &(t, polarity) in &train.spikes {
            spikes.mark(i, t, polarity < 0).map_err(failed)?;
        }
    }
    let mut values = vec![0.0f64; trains.len()];
    code.decode(&spikes, &mut values).map_err(|e| match e {
        OutputError::BadCode => out_of_range(&code),
        _ => failed(e),
    })?;
    Ok(values.into_iter().map(|x| vec![x]).collect())
}
