//! What a bank knows of how well it is searched.

use super::config::Element;
use super::goal::DEFAULT_RECALL;
use super::measure::{Of, WIDTHS};
use super::plan;
use super::sample::NEAREST;
use super::scratch::Method;
use super::view::View;

/// A share that was measured on a sample, and between which bounds it is with 95 % certainty.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Estimate {
    /// What was measured.
    pub mean: f32,
    /// Lower end of the interval.
    pub low: f32,
    /// Upper end of the interval.
    pub high: f32,
}

impl Estimate {
    const SURE: Self = Self {
        mean: 1.0,
        low: 1.0,
        high: 1.0,
    };

    /// Wilson's interval (1927) for a mean over as many clusters as there are sampled rows, whose members are not
    /// independent: `count` is how many members are worth as much as that many independent ones.
    fn of(mean: f32, count: f32) -> Self {
        /// Standard deviations of a normal number within which it is 95 times of 100.
        const WIDE: f32 = 1.96;
        if count <= 0.0 {
            return Self {
                mean: 0.0,
                low: 0.0,
                high: 1.0,
            };
        }
        let square = WIDE * WIDE / count;
        let middle = (mean + square / 2.0) / (1.0 + square);
        let spread =
            WIDE / (1.0 + square) * libm::sqrtf(mean * (1.0 - mean) / count + square / count / 4.0);
        Self {
            mean,
            low: (middle - spread).max(0.0).min(mean),
            high: (middle + spread).max(mean).min(1.0),
        }
    }

    fn times(self, other: Self) -> Self {
        Self {
            mean: self.mean * other.mean,
            low: self.low * other.low,
            high: self.high * other.high,
        }
    }
}

/// Why searches go the way they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Reason {
    /// The bank is laid out without a graph.
    NoGraph,
    /// So wide a walk as the goal needs costs more than comparing every row.
    ScanIsCheaper,
    /// A walk costs less.
    WalkIsCheaper,
    /// No walk finds enough of the nearest rows.
    WalksMiss,
    /// No walk finds enough of the rows by themselves: all are as far from each other, and nothing
    /// leads to one of them.
    NoGradient,
}

impl Reason {
    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoGraph => "the bank is laid out without a graph",
            Self::ScanIsCheaper => {
                "comparing every row costs less than a walk that reaches the goal"
            }
            Self::WalkIsCheaper => {
                "a walk reaches the goal and costs less than comparing every row"
            }
            Self::WalksMiss => "no walk finds enough of the nearest rows",
            Self::NoGradient => "rows are as far from each other as any, and no walk leads to one",
        }
    }
}

/// How well a bank is searched, as it measures on a sample of its own rows while they come and go.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Health {
    /// Patterns in the bank.
    pub rows: u32,
    /// Patterns whose nearest ten others are looked for; none without a graph.
    pub sampled: u32,
    /// Patterns that hold the same vector as another, which counts once. Only known with a graph.
    pub equal: u32,
    /// The recall that eight bits leave of an exact one, estimated from how near to each other rows
    /// lie and what rounding leaves out; none where floats or signs are what is compared. The interval
    /// allows for a model that is half as much off.
    pub codes: Option<Estimate>,
    /// The way that a search of the default goal goes.
    pub method: Method,
    /// Why.
    pub reason: Reason,
    /// Candidates of its walk, zero for a scan.
    pub ef: u32,
    /// The recall that it reaches.
    pub recall: Estimate,
    /// Whether that is less than the goal: floats would have to be kept.
    pub is_below_goal: bool,
    #[cfg_attr(feature = "serde", serde(skip))]
    walks: [Estimate; WIDTHS.len()],
}

impl Health {
    /// The recall that a walk reaches of what an exact search finds among what is kept, by its
    /// number of candidates; nothing before anything was measured.
    pub fn by_ef(&self) -> impl Iterator<Item = (u32, Estimate)> + '_ {
        let walks = WIDTHS.iter().zip(&self.walks);
        let told = walks.take(if self.sampled > 0 { WIDTHS.len() } else { 0 });
        told.map(|(&width, &walk)| (u32::from(width), walk))
    }

    pub(super) fn of(view: &View<'_>) -> Self {
        let sampled = (0..view.places()).filter_map(|place| view.sampled(place));
        let mut walks = [Estimate::default(); WIDTHS.len()];
        for (walk, width) in walks.iter_mut().zip(WIDTHS) {
            *walk = walked(view, width);
        }
        let width = plan::width(view, DEFAULT_RECALL, NEAREST);
        let (method, reason) = match width {
            _ if !view.config.has_graph() => (Method::Scan, Reason::NoGraph),
            Some(ef) => match plan::cheaper(view, ef) {
                Method::Graph => (Method::Graph, Reason::WalkIsCheaper),
                Method::Scan => (Method::Scan, Reason::ScanIsCheaper),
            },
            None if view.live() < 2 * NEAREST => (Method::Scan, Reason::ScanIsCheaper),
            None => {
                let own = view.curve(Of::Itself).last().copied().unwrap_or(0);
                let all = view.looked_for(Of::Itself) as f32;
                match (own as f32) < DEFAULT_RECALL * all {
                    true => (Method::Scan, Reason::NoGradient),
                    false => (Method::Scan, Reason::WalksMiss),
                }
            }
        };
        let ef = match method {
            Method::Graph => width.unwrap_or(0) as u32,
            Method::Scan => 0,
        };
        let walked = WIDTHS.iter().position(|&width| u32::from(width) == ef);
        let walked = walked.and_then(|at| walks.get(at)).copied();
        let codes = codes(view);
        let recall = walked
            .unwrap_or(Estimate::SURE)
            .times(codes.unwrap_or(Estimate::SURE));
        Self {
            rows: view.live() as u32,
            sampled: sampled.count() as u32,
            equal: match view.config.has_graph() {
                true => view
                    .entries()
                    .filter(|entry| view.is_copy(entry.id.slot()))
                    .count() as u32,
                false => 0,
            },
            codes,
            method,
            reason,
            ef,
            recall,
            is_below_goal: recall.mean < DEFAULT_RECALL,
            walks,
        }
    }
}

/// What walks of a width were measured to find.
fn walked(view: &View<'_>, width: u16) -> Estimate {
    let (mut sum, mut squares, mut count, mut rows) = (0.0f32, 0.0f32, 0.0f32, 0.0f32);
    for place in 0..view.places() {
        let told = view.told(place).iter().take(NEAREST);
        let told = told.filter(|&&told| told != 0);
        let all = told.clone().count() as f32;
        if all > 0.0 {
            let share = told.filter(|&&told| told <= width).count() as f32 / all;
            sum += share;
            squares += share * share;
            rows += 1.0;
            count += all;
        }
    }
    if rows == 0.0 {
        return Estimate::of(0.0, 0.0);
    }
    let mean = sum / rows;
    let each = mean * (1.0 - mean);
    let between = (squares / rows - mean * mean).max(0.0) / rows;
    // How alike the fates of a row's nearest are is known from few rows that missed any: three of ten
    // count as one at most, and two where none missed any.
    let worth = match between > 0.0 {
        true => (each / between).max(rows.min(count / 5.0)).min(count / 3.0),
        false => count / 5.0,
    };
    let told = Estimate::of(mean, worth);
    Estimate {
        // A row is looked for without its own links, which lead where queries like it go: these find more
        // than is told, up to all but a sixteenth of what it missed.
        high: told.high.max(1.0 - (1.0 - mean) / 16.0),
        ..told
    }
}

fn codes(view: &View<'_>) -> Option<Estimate> {
    if view.config.element != Element::I8 || view.places() == 0 {
        return None;
    }
    let [lost, _] = view.lost();
    let rows = (0..view.places()).filter(|&place| view.sampled(place).is_some());
    let spread = 1.96 * libm::sqrtf(lost * (1.0 - lost) / (rows.count().max(1) * NEAREST) as f32);
    Some(Estimate {
        mean: 1.0 - lost,
        // Where much is lost the scores that were found are not those of the nearest.
        low: (1.0 - (1.5 + 2.0 * lost) * lost - spread).max(0.0),
        high: (1.0 - 0.5 * lost + spread).min(1.0),
    })
}
