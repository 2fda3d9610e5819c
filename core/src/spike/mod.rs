//! Signals as spikes, and what spikes are good for.
//!
//! [`train`] keeps spikes as planes of bits. Encoder and decoder of a code stand side by side:
//!
//! | code | for | file |
//! |---|---|---|
//! | rate | values, where the coincidence of trains matters | [`rate`] |
//! | latency | values, one spike each | [`latency`] |
//! | weighted phase, phase of an angle | values, without loss; relative to the largest | [`phase`] |
//! | burst, time to the first spike | intensities | [`burst`] |
//! | delta, step-forward, moving window, threshold-based, zero-crossing | signals, their changes | [`contrast`] |
//! | Ben's spiker | signals, to be given back by a filter | [`bens`] |
//!
//! [`code`] makes any of them one value, with its parameters by name.
//!
//! [`coincidence`](mod@coincidence) counts what trains share, [`attention`] attends between them,
//! [`heads`] between vectors; both say what they did in an [`energy`] account.

pub mod attention;
pub mod bens;
pub mod burst;
pub mod code;
pub mod coincidence;
pub mod contrast;
pub mod energy;
pub mod heads;
pub mod latency;
pub mod phase;
pub mod rate;
pub mod sample;
pub mod train;

pub use attention::{AttentionError, CausalAttention, SpikeAttention};
pub use bens::{BensDecoder, BensSpiker};
pub use burst::{BurstCode, FirstSpike};
pub use code::{Code, CodeError, Scheme};
pub use coincidence::{Coincidence, coincidence, coincidences};
pub use contrast::{Contrast, Delta, MovingWindow, StepForward, ThresholdBased, ZeroCross};
pub use energy::{EnergyTable, Work};
pub use heads::{HeadsError, MultiHead, softmax};
pub use latency::{Curve, LatencyCode};
pub use phase::{AngleCode, PhaseCode};
pub use rate::RateCode;
pub use sample::{Real, SampleCode, SampleError, SignalError};
pub use train::{
    EncodeError, Event, MarkError, OutputError, Polarity, SpikeConfig, SpikeTrains, Train,
};

/// Checks that a decoder's output has a place for each train.
fn check_output(trains: &SpikeTrains<'_>, steps: u32, places: usize) -> Result<(), OutputError> {
    if trains.config().steps() != steps {
        return Err(OutputError::WrongSteps {
            expected: trains.config().steps(),
            found: steps,
        });
    }
    if places != trains.len() {
        return Err(OutputError::WrongLength {
            expected: trains.len() as u32,
            found: u32::try_from(places).unwrap_or(u32::MAX),
        });
    }
    Ok(())
}
