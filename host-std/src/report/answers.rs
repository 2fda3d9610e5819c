//! What look-ups came to: how sure they were and how right, how novel, and what was taken for what.

use plotters::prelude::*;

use super::plots::{FAINT, INK, RIGHT, WRONG, font, svg};

/// Bins of a reliability curve.
const BINS: usize = 10;
/// Answers of a bin at least.
const FEWEST: usize = 5;
/// The colour of what was refused.
const REFUSED: RGBColor = RGBColor(0x8a, 0x93, 0x9e);

/// What a look-up said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer {
    /// How alike it and the best hit are.
    pub similarity: Option<f32>,
    /// How often answers like this one were right.
    pub confidence: Option<f32>,
    /// How unlike everything learned it is.
    pub novelty: Option<f32>,
    /// Whether it is right.
    pub verdict: Verdict,
}

/// Whether an answer is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Right,
    /// It is not.
    Wrong,
    /// It said that it is none of what was learned.
    Refused,
    /// Nobody knows.
    Unknown,
}

impl Verdict {
    /// Of a prediction, of which none is a refusal.
    pub fn of(label: Option<&str>, predicted: Option<&str>) -> Self {
        match (label, predicted) {
            (_, None) => Self::Refused,
            (None, Some(_)) => Self::Unknown,
            (Some(label), Some(predicted)) if label == predicted => Self::Right,
            _ => Self::Wrong,
        }
    }

    fn colour(self) -> RGBColor {
        match self {
            Self::Right | Self::Unknown => RIGHT,
            Self::Wrong => WRONG,
            Self::Refused => REFUSED,
        }
    }
}

/// Answers of about one confidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// Their mean confidence.
    pub said: f64,
    /// The share that was right.
    pub right: f64,
    /// How many there are.
    pub count: usize,
}

/// Judged answers in bins of as many each, the least confident first.
pub fn bins(answers: &[Answer]) -> Vec<Bin> {
    let mut judged: Vec<(f32, bool)> = answers
        .iter()
        .filter(|answer| matches!(answer.verdict, Verdict::Right | Verdict::Wrong))
        .filter_map(|answer| Some((answer.confidence?, answer.verdict == Verdict::Right)))
        .collect();
    judged.sort_by(|a, b| a.0.total_cmp(&b.0));
    let n = judged.len();
    let count = (n / FEWEST).clamp(1, BINS);
    (0..count)
        .filter_map(|bin| judged.get(n * bin / count..n * (bin + 1) / count))
        .filter(|bin| !bin.is_empty())
        .map(|bin| {
            let count = bin.len();
            let share = |sum: f64| sum / count as f64;
            Bin {
                said: share(bin.iter().map(|a| f64::from(a.0)).sum()),
                right: share(bin.iter().filter(|a| a.1).count() as f64),
                count,
            }
        })
        .collect()
}

/// How far confidence is from the share of right answers, mean over all answers (M. Naeini, G. Cooper
/// and M. Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", 2015).
pub fn calibration_error(bins: &[Bin]) -> f64 {
    let all: usize = bins.iter().map(|bin| bin.count).sum();
    let off = bins
        .iter()
        .map(|bin| (bin.said - bin.right).abs() * bin.count as f64);
    off.sum::<f64>() / all.max(1) as f64
}

/// Accuracy against confidence.
pub fn reliability(bins: &[Bin]) -> Result<String, String> {
    let low = bins
        .iter()
        .map(|bin| bin.said.min(bin.right))
        .fold(0.9, f64::min);
    let low = (low * 10.0).floor() / 10.0;
    svg(420, 340, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .x_label_area_size(42)
            .y_label_area_size(52)
            .build_cartesian_2d(low..1.0, low..1.0)?;
        chart
            .configure_mesh()
            .light_line_style(WHITE)
            .bold_line_style(FAINT)
            .axis_style(INK)
            .label_style(font(12.0))
            .x_desc("confidence")
            .y_desc("share that was right")
            .draw()?;
        chart.draw_series(LineSeries::new(
            [(low, low), (1.0, 1.0)],
            FAINT.stroke_width(2),
        ))?;
        let points = bins.iter().map(|bin| (bin.said, bin.right));
        chart.draw_series(LineSeries::new(points.clone(), RIGHT.stroke_width(2)))?;
        chart.draw_series(points.map(|point| Circle::new(point, 4, RIGHT.filled())))?;
        Ok(())
    })
}

/// Novelty of each answer in the order in which they were given, and the `level` from which on one
/// raises an alarm.
pub fn novelty(answers: &[Answer], level: Option<f32>) -> Result<String, String> {
    let scores = || answers.iter().filter_map(|answer| answer.novelty);
    let most = scores()
        .chain(level)
        .filter(|score| score.is_finite())
        .fold(f32::MIN_POSITIVE, f32::max);
    let most = f64::from(most) * 1.1;
    let count = answers.len().max(1) as f64;
    svg(620, 300, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .x_label_area_size(42)
            .y_label_area_size(64)
            .build_cartesian_2d(0.0..count, 0.0..most)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(WHITE)
            .bold_line_style(FAINT)
            .axis_style(INK)
            .label_style(font(12.0))
            .x_label_formatter(&|x| format!("{x:.0}"))
            .x_desc("look-ups, in their order")
            .y_desc("novelty")
            .draw()?;
        if let Some(level) = level {
            let line = [(0.0, f64::from(level)), (count, f64::from(level))];
            chart.draw_series(LineSeries::new(line, INK.stroke_width(1)))?;
        }
        // What stands out is drawn last.
        for verdict in [
            Verdict::Unknown,
            Verdict::Right,
            Verdict::Refused,
            Verdict::Wrong,
        ] {
            let points = answers.iter().enumerate().filter_map(|(i, answer)| {
                let score = answer.novelty.filter(|_| answer.verdict == verdict)?;
                let score = f64::from(score).min(most);
                Some(Circle::new(
                    (i as f64 + 0.5, score),
                    3,
                    verdict.colour().filled(),
                ))
            });
            chart.draw_series(points)?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(confidence: f32, verdict: Verdict) -> Answer {
        Answer {
            similarity: None,
            confidence: Some(confidence),
            novelty: Some(confidence),
            verdict,
        }
    }

    #[test]
    fn bins_hold_as_many_and_their_error_is_the_mean_of_what_they_are_off() {
        // Ten at 0.55 of which half are right, ten at 0.95 of which all are.
        let low = (0..10).map(|i| match i % 2 {
            0 => answer(0.55, Verdict::Right),
            _ => answer(0.55, Verdict::Wrong),
        });
        let high = (0..10).map(|_| answer(0.95, Verdict::Right));
        let others = [answer(0.1, Verdict::Refused), answer(0.1, Verdict::Unknown)];
        let all: Vec<Answer> = high.chain(low).chain(others).collect();
        let bins = bins(&all);
        assert_eq!(bins.len(), 4);
        assert!(bins.iter().all(|bin| bin.count == 5));
        let halves: f64 = bins[..2].iter().map(|bin| bin.right).sum();
        assert!((halves - 1.0).abs() < 1e-9 && bins[2].right == 1.0);
        // Of the low ones, 3 of 5 and 2 of 5 are right, or the other way round.
        let error = calibration_error(&bins);
        let expected = (0.05 + 0.15 + 0.05 + 0.05) / 4.0;
        assert!((error - expected).abs() < 1e-6, "{error}");
        assert_eq!(calibration_error(&[]), 0.0);
    }

    #[test]
    fn what_is_right_follows_from_label_and_prediction() {
        assert_eq!(Verdict::of(Some("a"), Some("a")), Verdict::Right);
        assert_eq!(Verdict::of(Some("a"), Some("b")), Verdict::Wrong);
        assert_eq!(Verdict::of(Some("a"), None), Verdict::Refused);
        assert_eq!(Verdict::of(None, Some("a")), Verdict::Unknown);
    }

    #[test]
    fn edges_are_drawn() {
        let odd = [
            answer(f32::NAN, Verdict::Wrong),
            answer(f32::INFINITY, Verdict::Right),
            answer(0.0, Verdict::Right),
        ];
        assert!(reliability(&bins(&odd[2..])).unwrap().contains("<svg"));
        assert!(novelty(&odd, Some(0.0)).unwrap().contains("<svg"));
        assert!(novelty(&[], None).unwrap().contains("<svg"));
    }
}
