//! The rate of a recording, and the steps that are none of it: gaps, repeats, clocks that go back.
//!
//! The rate is rows divided by the time they span, gaps left out: stamps may be rounded, to
//! milliseconds or to whole seconds, and it is right all the same. Where several rows share a stamp
//! throughout, as radios and coarse clocks make them, each stamp stands for all of its rows.

use super::{SECOND, words};

/// Samples that may be missing in a row before it counts as a gap.
const LOST: f64 = 3.0;
/// Least part of a step that must be missing for a sample to count as lost.
const LATE: f64 = 0.75;

/// How stamps follow each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Nanoseconds from sample to sample.
    period: f64,
    /// By how much a step may differ because stamps are rounded, in nanoseconds.
    slack: f64,
    /// Rows share stamps throughout.
    pub shared: bool,
    /// Steps are too uneven to tell a lost sample from a late one.
    uneven: bool,
    /// The longest step that is no gap, in nanoseconds, if the user says it.
    longest: Option<f64>,
}

/// What one row is to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The next sample.
    Next,
    /// The next, after this many that are missing.
    Lost(u64),
    /// Time is missing: this much, in nanoseconds.
    Gap(i64),
    /// The time goes back by this much, in nanoseconds.
    Back(i64),
    /// The time is that of the row before.
    Repeat,
}

impl Step {
    /// Whether no window may hold rows of both sides.
    pub fn breaks(self) -> bool {
        matches!(self, Self::Gap(_) | Self::Back(_) | Self::Repeat)
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let hour = |ns: i64| match (ns - 3_600 * SECOND).abs() < 2 * SECOND {
            true => ", an hour: the clock may have changed for summer",
            false => "",
        };
        match *self {
            Self::Gap(ns) => write!(f, "{} are missing{}", words(ns), hour(ns)),
            Self::Back(ns) if (ns - SECOND).abs() < SECOND / 10 => {
                write!(
                    f,
                    "the time goes back by {}, as a leap second makes it",
                    words(ns)
                )
            }
            Self::Back(ns) => write!(f, "the time goes back by {}{}", words(ns), hour(ns)),
            Self::Repeat => f.write_str("the time is that of the row before"),
            Self::Lost(n) => write!(f, "{n} samples are missing"),
            Self::Next => f.write_str("the next sample"),
        }
    }
}

/// Whether places follow each other at one distance, or at two that differ by one, as those do where
/// rounding a steady clock goes over.
fn are_regular(places: &[usize]) -> bool {
    let mut distances: Vec<usize> = places.windows(2).map(|pair| pair[1] - pair[0]).collect();
    distances.sort_unstable();
    let count = distances.len();
    let (Some(low), Some(high)) = (distances.get(count / 10), distances.get(count * 9 / 10)) else {
        return false;
    };
    count >= 3 && high - low <= 1
}

fn median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    values.sort_unstable_by(f64::total_cmp);
    values.get(middle).copied()
}

impl Pace {
    /// The pace of `runs`, each the stamps of one stream in nanoseconds; none if they tell none.
    /// `resolution` is the smallest step that the stamps can show.
    pub fn of(runs: &[Vec<i64>], resolution: i64, longest: Option<f64>) -> Option<Self> {
        // Steps from one stamp to another, and the rows that share the first of the two.
        let mut steps: Vec<(f64, f64)> = Vec::new();
        let mut rows = 0usize;
        let mut sharing = Vec::new();
        let mut firsts = Vec::new();
        for run in runs {
            let mut same = 1.0;
            firsts.push(steps.len());
            for pair in run.windows(2) {
                rows += 1;
                let step = pair[1] - pair[0];
                if step == 0 {
                    same += 1.0;
                    sharing.push(rows);
                    continue;
                }
                if step > 0 {
                    steps.push((step as f64, same));
                }
                same = 1.0;
            }
        }
        // Where a stamp is shared now and then, but regularly, rounding makes it so.
        let shared = sharing.len() * 3 > rows || are_regular(&sharing);
        if !shared {
            steps.iter_mut().for_each(|step| step.1 = 1.0);
        } else if steps.len() > 2 * firsts.len() {
            // The rows of a first stamp may begin in its middle.
            let mut place = 0;
            steps.retain(|_| {
                place += 1;
                firsts.binary_search(&(place - 1)).is_err()
            });
        }
        let mut each: Vec<f64> = steps.iter().map(|(step, same)| step / same).collect();
        let usual = median(&mut each)?;
        let slack = if shared {
            let mut whole: Vec<f64> = steps.iter().map(|step| step.0).collect();
            median(&mut whole)?
        } else {
            let r = resolution as f64;
            let is_off = |(_, (step, _)): &(usize, &(f64, f64))| {
                let off = (step - usual).abs();
                (0.5 * r..1.5 * r).contains(&off)
            };
            let off = steps.iter().enumerate().filter(is_off);
            let places: Vec<usize> = off.map(|(place, _)| place).collect();
            // Now and then a step of one more is a lost sample; often, or regularly, it is rounding.
            if places.len() * 12 > steps.len() || are_regular(&places) {
                r
            } else {
                0.0
            }
        };
        let mut off: Vec<f64> = each.iter().map(|step| (step - usual).abs()).collect();
        let spread = median(&mut off)?;
        let mut pace = Self {
            period: usual,
            slack,
            shared,
            uneven: slack == 0.0 && spread > 0.15 * usual,
            longest,
        };
        for _ in 0..3 {
            let (mut span, mut samples) = (0.0, 0.0);
            for &(step, same) in &steps {
                match pace.forward(step, same) {
                    Step::Next => samples += same,
                    Step::Lost(lost) => samples += same + lost as f64,
                    _ => continue,
                }
                span += step;
            }
            if samples > 0.0 {
                pace.period = span / samples;
            }
        }
        Some(pace)
    }

    /// The pace of samples at `rate`, where no stamps have told it yet.
    pub fn at_rate(rate: f64, resolution: i64, longest: Option<f64>) -> Self {
        let period = 1e9 / rate;
        let slack = resolution as f64;
        Self {
            period,
            slack: if slack >= period / 4.0 { slack } else { 0.0 },
            shared: slack > period,
            uneven: false,
            longest,
        }
    }

    /// Samples a second: a whole number where it is one but for what rounding makes, over `span`
    /// nanoseconds.
    pub fn rate(&self, span: f64) -> f64 {
        let rate = 1e9 / self.period;
        let error = (self.slack / span.max(1.0)).clamp(1e-3, 5e-3);
        let nearest = |value: f64| {
            let whole = value.round();
            (whole >= 1.0 && (value / whole - 1.0).abs() <= error).then_some(whole)
        };
        nearest(rate)
            .or_else(|| nearest(1.0 / rate).map(|seconds| 1.0 / seconds))
            .unwrap_or(rate)
    }

    /// What a row at `now` is after `same` rows at `last`, both in nanoseconds.
    pub fn judge(&self, last: i64, same: u64, now: i64) -> Step {
        let step = now.saturating_sub(last);
        match step {
            0 if self.shared => Step::Next,
            0 => Step::Repeat,
            1.. => self.forward(step as f64, if self.shared { same as f64 } else { 1.0 }),
            _ => Step::Back(step.saturating_neg()),
        }
    }

    fn forward(&self, step: f64, same: f64) -> Step {
        let over = step - same * self.period;
        let gap = match self.longest {
            Some(longest) => step > longest,
            None => {
                let late = if self.uneven { 3.0 } else { 1.0 };
                over > (LOST + 0.5) * self.period * late + self.slack
            }
        };
        if gap {
            Step::Gap(over as i64)
        } else if !self.uneven && over > LATE * self.period + self.slack {
            Step::Lost((over / self.period).round().max(1.0) as u64)
        } else {
            Step::Next
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: i64 = 1_000_000;

    fn stamps(rate: f64, rows: usize, phase: f64, resolution: i64) -> Vec<i64> {
        (0..rows)
            .map(|i| {
                let ns = ((i as f64 + phase) * 1e9 / rate) as i64;
                ns / resolution * resolution
            })
            .collect()
    }

    fn rate(run: &[i64], resolution: i64) -> f64 {
        let span = (run[run.len() - 1] - run[0]) as f64;
        Pace::of(&[run.to_vec()], resolution, None)
            .unwrap()
            .rate(span)
    }

    #[test]
    fn rounded_stamps_give_the_true_rate() {
        for phase in [0.0, 0.3, 0.6, 0.9] {
            assert_eq!(rate(&stamps(400.0, 200, phase, MS), MS), 400.0);
            assert_eq!(rate(&stamps(80.0, 200, phase, MS), MS), 80.0);
            assert_eq!(rate(&stamps(64.0, 900, phase, MS), MS), 64.0);
            assert_eq!(rate(&stamps(30.0, 200, phase, MS), MS), 30.0);
            assert_eq!(rate(&stamps(32.0, 9_000, phase, SECOND), SECOND), 32.0);
            let slow = rate(&stamps(1.0 / 30.0, 100, phase, SECOND), SECOND);
            assert_eq!(slow, 1.0 / 30.0);
            let odd = rate(&stamps(62.5, 900, phase, MS), MS);
            assert!((odd / 62.5 - 1.0).abs() < 1e-3, "{odd}");
        }
    }

    #[test]
    fn gaps_are_no_part_of_the_rate() {
        let mut run = stamps(50.0, 300, 0.0, 10 * MS);
        run[75..].iter_mut().for_each(|ns| *ns += 100 * SECOND);
        assert_eq!(rate(&run, 10 * MS), 50.0);
        let pace = Pace::of(&[run.clone()], 10 * MS, None).unwrap();
        assert_eq!(pace.judge(run[74], 1, run[75]), Step::Gap(100 * SECOND));
        assert_eq!(pace.judge(run[73], 1, run[74]), Step::Next);
        assert_eq!(pace.judge(run[74], 1, run[74] + 60 * MS), Step::Lost(2));
        assert_eq!(
            pace.judge(run[74], 1, run[74] + 100 * MS),
            Step::Gap(80 * MS)
        );
        assert_eq!(pace.judge(run[74], 1, run[74]), Step::Repeat);
        assert_eq!(pace.judge(run[74], 1, run[74] - SECOND), Step::Back(SECOND));
        let wide = Pace::of(&[run.clone()], 10 * MS, Some(1e12)).unwrap();
        assert!(!wide.judge(run[74], 1, run[75]).breaks());
    }

    #[test]
    fn lost_samples_are_counted_and_the_rate_is_what_was_promised() {
        let mut run = stamps(50.0, 400, 0.0, 10 * MS);
        let mut n = 0;
        run.retain(|_| {
            n += 1;
            n % 8 != 0
        });
        assert_eq!(rate(&run, 10 * MS), 50.0);
        let pace = Pace::of(&[run.clone()], 10 * MS, None).unwrap();
        let lost: u64 = run
            .windows(2)
            .map(|w| match pace.judge(w[0], 1, w[1]) {
                Step::Lost(n) => n,
                Step::Next => 0,
                other => panic!("{other}"),
            })
            .sum();
        assert_eq!(lost, 49);
    }

    #[test]
    fn rows_may_share_stamps() {
        let packets: Vec<i64> = (0..300).map(|i| i / 10 * 200 * MS).collect();
        assert_eq!(rate(&packets, 10 * MS), 50.0);
        let pace = Pace::of(&[packets], 10 * MS, None).unwrap();
        assert_eq!(pace.judge(0, 4, 0), Step::Next);
        assert_eq!(pace.judge(0, 10, 200 * MS), Step::Next);
        assert!(matches!(pace.judge(0, 10, 2 * SECOND), Step::Gap(_)));
        let begun: Vec<i64> = (2..300).map(|i| i / 5 * 100 * MS).collect();
        assert_eq!(rate(&begun, 100 * MS), 50.0);
        let coarse = Pace::of(&[stamps(32.0, 300, 0.5, SECOND)], SECOND, None).unwrap();
        assert_eq!(coarse.judge(0, 7, SECOND), Step::Next);
    }

    proptest! {
        #[test]
        fn the_rate_is_right_whatever_the_rounding(
            hz in 2u32..500, phase in 0.0f64..1.0, gap in 20usize..500, digits in 2u32..7
        ) {
            let resolution = 10i64.pow(9 - digits);
            let mut run = stamps(f64::from(hz), 1_000, phase, resolution);
            run[gap..].iter_mut().for_each(|ns| *ns += 50_000 * SECOND);
            let span = 1_000.0 / f64::from(hz) * 1e9;
            let pace = Pace::of(&[run], resolution, None).unwrap();
            let error = (resolution as f64 / span).max(1e-3) * 3.0;
            let found = pace.rate(span);
            prop_assert!((found / f64::from(hz) - 1.0).abs() <= error, "{found} for {hz}");
        }
    }
}
