//! Every coding scheme, its names and its parameters: what help, parsing and messages follow from.

use core::ops::Bound::{Excluded, Included, Unbounded};

use super::super::{phase, train::MAX_STEPS};
use super::parameter::Domain::{Flag, Number, Whole, Word};
use super::parameter::Preset::{Fixed, Follows, Required};
use super::parameter::{Domain, Parameter};

/// Most parameters of a scheme.
pub(super) const MOST: usize = 8;

const VALUES: bool = false;
const SIGNALS: bool = true;
const ANY: Domain = Number(Unbounded, Unbounded);
const POSITIVE: Domain = Number(Excluded(0.0), Unbounded);
const FRACTION: Domain = Number(Excluded(0.0), Excluded(1.0));
const ANY_STEPS: Domain = Whole(0, MAX_STEPS);

/// What is said of a scheme.
struct Entry {
    /// The name, then other spellings.
    names: &'static [&'static str],
    signals: bool,
    meaning: &'static str,
    parameters: &'static [Parameter],
}

/// Defines the schemes. Each has its names, what it takes and what it does, and then its
/// parameters: names, domain, default, unit, meaning.
macro_rules! schemes {
    ($(
        $(#[$meta:meta])*
        $scheme:ident $names:tt takes $takes:ident: $meaning:literal {
            $( $parameter:tt $domain:expr, $default:expr, $unit:literal, $does:literal; )+
        }
    )+) => {
        /// A way to turn values or signals into spikes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
        #[non_exhaustive]
        pub enum Scheme {
            $( $(#[$meta])* $scheme, )+
        }

        impl Scheme {
            /// All of them.
            pub const ALL: &'static [Self] = &[$( Self::$scheme, )+];

            const fn entry(self) -> &'static Entry {
                match self {
                    $( Self::$scheme => {
                        const PARAMETERS: &[Parameter] = &[$( Parameter {
                            names: &$parameter,
                            domain: $domain,
                            default: $default,
                            unit: $unit,
                            meaning: $does,
                        }, )+];
                        const ENTRY: Entry = Entry {
                            names: &$names,
                            signals: $takes,
                            meaning: $meaning,
                            parameters: PARAMETERS,
                        };
                        const { assert!(PARAMETERS.len() <= MOST) };
                        &ENTRY
                    } )+
                }
            }
        }
    };
}

impl Scheme {
    /// The scheme of this name or other spelling.
    pub fn named(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|scheme| scheme.names().contains(&name))
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.names().first().copied().unwrap_or_default()
    }

    /// Its name, then other spellings.
    pub fn names(self) -> &'static [&'static str] {
        self.entry().names
    }

    /// What it takes and does, in a line.
    pub fn meaning(self) -> &'static str {
        self.entry().meaning
    }

    /// Whether it encodes the samples of a signal as a train, else a value as a train.
    pub fn takes_signals(self) -> bool {
        self.entry().signals
    }

    /// What can be set.
    pub fn parameters(self) -> &'static [Parameter] {
        self.entry().parameters
    }
}

schemes! {
    /// [`RateCode`](crate::spike::RateCode).
    Rate ["rate"] takes VALUES: "values from -1 to 1, integrate-and-fire" {
        ["threshold"] Number(Excluded(0.0), Included(1.0)), Fixed(0.5), "of full scale", "where the neuron fires";
        ["refractory"] ANY_STEPS, Fixed(2.0), "steps", "rest after a spike";
        ["input"] Word(&[&["f32"], &["i8", "u8"]]), Follows("i8 if all are whole numbers"), "",
            "i8 where values are bytes, of which 128 is full scale";
        ["steps"] Whole(1, MAX_STEPS), Required, "steps", "length of a train";
    }
    /// [`LatencyCode`](crate::spike::LatencyCode).
    Latency ["latency"] takes VALUES: "values from 0 to 1, one spike, the earlier the larger" {
        ["curve"] Word(&[&["linear"], &["logarithmic", "log"], &["exponential", "exp"]]), Follows("linear"), "",
            "how a value becomes a time";
        ["linear"] Flag, Fixed(1.0), "", "false for the logarithmic curve, where none is named";
        ["threshold"] FRACTION, Fixed(0.01), "", "below which all values are alike";
        ["tau"] POSITIVE, Fixed(1.0), "steps", "time constant where times are not normalised";
        ["normalize", "normalise"] Flag, Follows("true without tau"), "", "whether the latest time is the last step";
        ["first", "first_spike_time"] Whole(0, MAX_STEPS - 1), Fixed(0.0), "steps", "earliest time";
        ["clip"] Flag, Fixed(0.0), "", "whether values below the threshold are silent";
        ["steps"] Whole(1, MAX_STEPS), Required, "steps", "length of a train";
    }
    /// [`PhaseCode`](crate::spike::PhaseCode), or with `num_bits` [`AngleCode`](crate::spike::AngleCode).
    Phase ["phase", "weighted-phase", "weighted_phase"] takes VALUES: "values from 0 to below 1, as binary fractions" {
        ["input"] Word(&[&["f32"], &["u8", "i8"]]), Follows("u8 if all are whole numbers"), "",
            "u8 where values are bytes, of which 256 would be 1";
        ["num_bits"] Whole(1, phase::MAX_STEPS), Follows("none"), "steps",
            "bits, and so steps, of the angle whose sine the value is, instead of the value's own";
        ["normalize", "normalise"] Flag, Fixed(1.0), "", "with num_bits, whether values are parts of the largest";
        ["steps"] Whole(1, phase::MAX_STEPS), Required, "steps", "length of a train";
    }
    /// [`BurstCode`](crate::spike::BurstCode).
    Burst ["burst"] takes VALUES: "values from 0 to 1, the larger the more and the denser spikes" {
        ["n_max"] Whole(1, MAX_STEPS), Fixed(4.0), "spikes", "most of a burst";
        ["t_min"] ANY_STEPS, Fixed(0.0), "steps", "silence between the spikes of 1";
        ["t_max"] ANY_STEPS, Follows("steps/4-1"), "steps", "silence between the spikes of 0";
        ["steps"] Whole(1, MAX_STEPS), Required, "steps", "length of a train";
    }
    /// [`FirstSpike`](crate::spike::FirstSpike).
    FirstSpike ["ttfs", "first-spike", "first_spike", "time-to-first-spike", "time_to_first_spike"] takes VALUES:
        "values from 0 to 1, the time to the first spike" {
        ["tau"] POSITIVE, Fixed(0.1), "trains", "time constant";
        ["steps"] Whole(2, MAX_STEPS), Required, "steps", "length of a train";
    }
    /// [`Delta`](crate::spike::Delta).
    Delta ["delta"] takes SIGNALS: "signals, changes from sample to sample" {
        ["threshold"] POSITIVE, Fixed(0.1), "", "least change that fires";
        ["off_spike", "off_spikes"] Flag, Fixed(0.0), "", "whether falls fire, negative";
        ["padding"] Flag, Fixed(0.0), "", "whether the first sample is compared with itself instead of 0";
        ["start"] ANY, Fixed(0.0), "", "where decoding begins";
    }
    /// [`StepForward`](crate::spike::StepForward).
    StepForward ["step-forward", "sf", "step_forward"] takes SIGNALS: "signals, changes from a base that follows" {
        ["threshold"] POSITIVE, Fixed(0.1), "", "distance from the base";
        ["start"] ANY, Fixed(0.0), "", "where decoding begins";
    }
    /// [`ZeroCross`](crate::spike::ZeroCross).
    ZeroCross ["zero-cross-step-forward", "zcsf", "zero_cross_step_forward"] takes SIGNALS:
        "signals, samples above a threshold" {
        ["threshold"] POSITIVE, Fixed(0.1), "", "above which a sample fires";
        ["start"] ANY, Fixed(0.0), "", "where decoding begins";
    }
    /// [`MovingWindow`](crate::spike::MovingWindow).
    MovingWindow ["moving-window", "mw", "moving_window"] takes SIGNALS: "signals, changes from the mean before" {
        ["threshold"] POSITIVE, Fixed(0.1), "", "distance from the mean";
        ["window", "window_length"] Whole(1, u32::MAX), Fixed(3.0), "samples", "length of the mean";
        ["start"] ANY, Fixed(0.0), "", "where decoding begins";
    }
    /// [`ThresholdBased`](crate::spike::ThresholdBased).
    ThresholdBased ["threshold-based", "tbr", "threshold_based", "threshold_based_representation"] takes SIGNALS:
        "signals, changes beyond the usual" {
        ["factor"] ANY, Fixed(0.5), "", "deviations of the changes by which the threshold lies above their mean";
        ["threshold"] ANY, Follows("from factor"), "", "the threshold itself, which decoding needs";
        ["start"] ANY, Fixed(0.0), "", "where decoding begins";
    }
    /// [`BensSpiker`](crate::spike::BensSpiker).
    Bens ["bsa", "bens", "bens-spiker", "bens_spiker"] takes SIGNALS:
        "signals, to be given back by a filter (Ben's spiker)" {
        ["threshold"] POSITIVE, Fixed(0.95), "", "by how much the filter has to lessen the signal";
        ["window", "window_length"] Whole(1, 1 << 16), Fixed(9.0), "samples", "taps of the filter";
        ["cutoff"] FRACTION, Fixed(0.1), "of half the sample rate", "where the filter ends";
        ["shift"] ANY, Fixed(0.0), "", "what decoding adds, as encoding said";
        ["height"] Number(Included(0.0), Unbounded), Fixed(0.0), "", "the signal's height, as encoding said";
    }
}
