//! Signals as spikes, and what spikes are good for.

pub mod latency;
pub mod phase;
pub mod rate;
pub mod train;

pub use latency::{Curve, LatencyCode};
pub use phase::PhaseCode;
pub use rate::RateCode;
pub use train::{EncodeError, Event, OutputError, Polarity, SpikeConfig, SpikeTrains, Train};

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
