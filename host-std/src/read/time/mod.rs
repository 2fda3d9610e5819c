//! Time: the fourth step of what is read in columns.
//!
//! | module | what |
//! |---|---|
//! | [`stamp`] | what a cell says, in nanoseconds |
//! | [`date`] | dates and clocks as people and devices write them |
//! | [`pace`] | the rate, and the steps that are none of it: gaps, repeats, clocks that go back |

pub mod date;
pub mod pace;
pub mod stamp;

/// Nanoseconds of a second.
pub const SECOND: i64 = 1_000_000_000;
/// Nanoseconds of a day.
pub const DAY: i64 = 86_400 * SECOND;

/// A duration in words.
pub fn words(ns: i64) -> String {
    let seconds = ns.unsigned_abs() as f64 / 1e9;
    let rounded = |value: f64| {
        let text = format!("{value:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    match seconds {
        s if s < 1.0 => format!("{} ms", rounded(s * 1e3)),
        s if s < 10_000.0 => format!("{} s", rounded(s)),
        s if s < 200_000.0 => format!("{} h", rounded(s / 3_600.0)),
        s => format!("{} days", rounded(s / 86_400.0)),
    }
}
