//! What is made of answers and scores.

/// Mean of some values.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Their population standard deviation.
pub fn deviation(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares: Vec<f64> = values.iter().map(|v| (v - mean).powi(2)).collect();
    self::mean(&squares).sqrt()
}

/// Share of answers that are right.
pub fn share(answers: &[(f64, bool)]) -> f64 {
    answers.iter().filter(|a| a.1).count() as f64 / answers.len().max(1) as f64
}

/// How far confidence is from the share of right answers, mean over ten bins of as many answers
/// each.
pub fn calibration_error(answers: &mut [(f64, bool)]) -> f64 {
    const BINS: usize = 10;
    answers.sort_by(|a, b| a.0.total_cmp(&b.0));
    let n = answers.len();
    let off: f64 = (0..BINS)
        .map(|bin| {
            let bin = &answers[n * bin / BINS..n * (bin + 1) / BINS];
            let said: f64 = bin.iter().map(|a| a.0).sum();
            let right = bin.iter().filter(|a| a.1).count() as f64;
            (said - right).abs()
        })
        .sum();
    off / n.max(1) as f64
}

/// The chance that a strange score is above a known one (the area under the ROC curve).
pub fn area(known: &[f64], strange: &[f64]) -> f64 {
    let mut known = known.to_vec();
    known.sort_by(f64::total_cmp);
    let below: usize = strange
        .iter()
        .map(|s| known.partition_point(|k| k < s) + known.partition_point(|k| k <= s))
        .sum();
    below as f64 / 2.0 / (known.len() * strange.len()).max(1) as f64
}
