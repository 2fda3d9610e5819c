//! What a cell of the time column says, in nanoseconds.

use jiff::fmt::strtime::BrokenDownTime;

use super::date::{self, Order};
use super::{DAY, SECOND};
use crate::read::rows::number::Numerals;
use crate::read::shown;

/// The unit of a time that is a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Unit {
    /// Nanoseconds.
    Ns,
    /// Microseconds.
    Us,
    /// Milliseconds.
    Ms,
    /// Seconds.
    S,
    /// Minutes.
    Min,
    /// Hours.
    H,
    /// Days, as spreadsheets count them.
    D,
    /// Ticks of .NET: 100 nanoseconds, since the year 1.
    Ticks,
}

/// Ticks of .NET until 1970.
const TICKS_TO_1970: i128 = 621_355_968_000_000_000;

impl Unit {
    fn ns(self) -> i64 {
        match self {
            Self::Ns => 1,
            Self::Us => 1_000,
            Self::Ms => 1_000_000,
            Self::S => SECOND,
            Self::Min => 60 * SECOND,
            Self::H => 3_600 * SECOND,
            Self::D => DAY,
            Self::Ticks => 100,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Ns => "nanoseconds",
            Self::Us => "microseconds",
            Self::Ms => "milliseconds",
            Self::S => "seconds",
            Self::Min => "minutes",
            Self::H => "hours",
            Self::D => "days",
            Self::Ticks => "ticks of .NET (100 ns since the year 1)",
        }
    }

    /// The unit that a title names, as in `time_ms` or `t [us]`.
    fn of_title(title: &str) -> Option<Self> {
        let words = title.split(|c: char| !c.is_alphanumeric() && c != '\u{b5}');
        let unit = |word: &str| {
            Some(match word.to_lowercase().as_str() {
                "ns" | "nanos" | "nanoseconds" | "nsec" => Self::Ns,
                "us" | "\u{b5}s" | "\u{3bc}s" | "micros" | "microseconds" | "usec" => Self::Us,
                "ms" | "millis" | "milliseconds" | "msec" => Self::Ms,
                "s" | "sec" | "secs" | "seconds" => Self::S,
                "min" | "minutes" => Self::Min,
                "hours" => Self::H,
                "days" => Self::D,
                _ => return None,
            })
        };
        words.filter_map(unit).next()
    }
}

/// How times are written.
#[derive(Clone, Debug)]
pub enum Form {
    /// Numbers of this unit.
    Number(Unit, Numerals),
    /// Dates, or clocks of a day.
    Date(Order),
    /// As a format of `strftime` says.
    Format(String),
}

/// A time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// In nanoseconds, since 1970 or since whenever.
    pub ns: i64,
    /// The smallest step that the writing shows, in nanoseconds.
    pub resolution: i64,
    /// It lies in a leap second.
    pub leap: bool,
    /// It is of a clock without a date, which starts again at midnight.
    pub undated: bool,
}

/// What the user says of the times.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// The unit of numbers.
    pub unit: Option<Unit>,
    /// The format.
    pub format: Option<String>,
}

impl Form {
    /// How the `cells` of the column `title` are written, and what to tell of it.
    pub fn tell(
        title: &str,
        cells: &[&str],
        numerals: &Numerals,
        told: &Told,
    ) -> Result<(Self, Vec<String>), String> {
        if let Some(format) = &told.format {
            return Ok((Self::Format(format.clone()), Vec::new()));
        }
        let said: Vec<&str> = cells
            .iter()
            .copied()
            .filter(|c| !numerals.is_missing(c))
            .collect();
        let numbers: Vec<f64> = said
            .iter()
            .filter_map(|c| numerals.plain(c)?.parse().ok())
            .collect();
        if !said.is_empty() && numbers.len() * 2 > said.len() {
            return of_numbers(title, &numbers, told.unit)
                .map(|(unit, note)| (Self::Number(unit, numerals.clone()), note));
        }
        if let Some(unit) = told.unit
            && let Some(seen) = said.first()
        {
            return Err(format!(
                "the time `{}` is no number of {}; --time-unit is for numbers",
                shown(seen),
                unit.name()
            ));
        }
        let mut notes = Vec::new();
        let order = order_of(&said, &mut notes);
        Ok((Self::Date(order), notes))
    }

    /// The time that `text` says.
    pub fn read(&self, text: &str) -> Result<Stamp, String> {
        let unknown = || {
            format!(
                "the time `{}` is neither a number nor a date that is known, such as \
                 2024-03-31T09:00:00.02Z, 31/03/2024 09:00:00.02 or seconds; --time-format \
                 says how it is written, as in --time-format '%d/%m/%Y %H:%M:%S%.f'",
                shown(text)
            )
        };
        match self {
            Self::Number(unit, numerals) => {
                let plain = numerals.plain(text).ok_or_else(unknown)?;
                let out = || {
                    format!(
                        "the time `{}` is out of range in {}; --time-unit says what it counts",
                        shown(text),
                        unit.name()
                    )
                };
                let found = match unit {
                    Unit::Ticks => ticks(&plain),
                    unit => scaled(&plain, unit.ns()),
                };
                let (ns, resolution) = found.ok_or_else(out)?;
                Ok(Stamp {
                    ns,
                    resolution,
                    leap: false,
                    undated: false,
                })
            }
            Self::Date(order) => {
                let moment = date::read(text, *order).ok_or_else(unknown)?;
                Ok(Stamp {
                    ns: moment.ns,
                    resolution: moment.resolution,
                    leap: moment.leap,
                    undated: !moment.dated,
                })
            }
            Self::Format(format) => formatted(format, text),
        }
    }
}

/// The unit of times that are numbers.
fn of_numbers(
    title: &str,
    numbers: &[f64],
    told: Option<Unit>,
) -> Result<(Unit, Vec<String>), String> {
    if let Some(unit) = told {
        return Ok((unit, Vec::new()));
    }
    let most = numbers.iter().fold(0.0f64, |a, b| a.max(b.abs()));
    // Seconds since 1970 reach 1e11 in the year 5138.
    let by_size = match most {
        m if m >= 1e17 => Some(Unit::Ns),
        m if m >= 1e14 => Some(Unit::Us),
        m if m >= 1e11 => Some(Unit::Ms),
        m if m >= 1e9 => Some(Unit::S),
        _ => None,
    };
    // What is no moment of these centuries counts from whenever a device was switched on.
    let by_size = by_size.filter(|unit| (0.0..4.2e9).contains(&(most * unit.ns() as f64 / 1e9)));
    // Ticks of this century would be nanoseconds of a few years around 1990.
    let by_size = match (6.2e17..6.7e17).contains(&most) {
        true => Some(Unit::Ticks),
        false => by_size,
    };
    let by_title = Unit::of_title(title);
    let note = |unit: Unit, why: &str| {
        vec![format!(
            "`{}` is read as {}{why} (--time-unit says otherwise)",
            shown(title),
            unit.name()
        )]
    };
    match (by_title, by_size) {
        // A counter may have any unit and any size.
        (Some(unit), None) => Ok((
            unit,
            if unit == Unit::S {
                Vec::new()
            } else {
                note(unit, "")
            },
        )),
        (Some(unit), Some(size)) if unit == size || !is_epoch(most, size) => {
            Ok((unit, note(unit, "")))
        }
        (Some(unit), Some(size)) => Err(format!(
            "the title says {} and the size of the numbers says {} since 1970; give --time-unit",
            unit.name(),
            size.name()
        )),
        (None, Some(Unit::S)) => Ok((Unit::S, Vec::new())),
        (None, Some(Unit::Ticks)) => Ok((Unit::Ticks, note(Unit::Ticks, ""))),
        (None, Some(unit)) => Ok((unit, note(unit, " since 1970"))),
        (None, None) => {
            let whole = numbers.iter().all(|n| n.fract() == 0.0);
            let mut steps: Vec<f64> = numbers.windows(2).map(|w| w[1] - w[0]).collect();
            steps.retain(|step| *step > 0.0);
            steps.sort_by(f64::total_cmp);
            let step = steps.get(steps.len() / 2).copied().unwrap_or(0.0);
            // A counter of milliseconds looks like this; slow sensors do too.
            let doubtful = whole && step >= 2.0;
            let why = format!(", so one sample in {step} s");
            Ok((
                Unit::S,
                if doubtful {
                    note(Unit::S, &why)
                } else {
                    Vec::new()
                },
            ))
        }
    }
}

/// Whether `most`, in `unit`, is a moment between 1990 and 2100.
fn is_epoch(most: f64, unit: Unit) -> bool {
    let seconds = most * unit.ns() as f64 / 1e9;
    (6.3e8..4.1e9).contains(&seconds)
}

/// Which of day and month comes first in dates that do not tell.
fn order_of(cells: &[&str], notes: &mut Vec<String>) -> Order {
    let parts: Vec<(u32, u32)> = cells.iter().filter_map(|c| date::parts(c)).collect();
    let Some(first) = cells.iter().find(|c| date::parts(c).is_some()) else {
        return Order::DayFirst;
    };
    let days_first = parts.iter().any(|(a, _)| *a > 12);
    let months_first = parts.iter().any(|(_, b)| *b > 12);
    let american = |c: &&&str| {
        let upper = c.to_ascii_uppercase();
        upper.ends_with("AM") || upper.ends_with("PM")
    };
    let order = match (days_first, months_first) {
        (true, _) => return Order::DayFirst,
        (false, true) => return Order::MonthFirst,
        (false, false) => {
            // A recording goes on from one day to the next, not from month to month.
            let distinct: std::collections::BTreeSet<_> = parts.iter().collect();
            let one_b = distinct.iter().all(|(_, b)| *b == parts[0].1);
            let one_a = distinct.iter().all(|(a, _)| *a == parts[0].0);
            let by_dots = first.contains('.') && first.find('.') < first.find(':');
            let is_american = !by_dots && cells.iter().any(|c| american(&c));
            if one_a && (!one_b || is_american) {
                Order::MonthFirst
            } else {
                Order::DayFirst
            }
        }
    };
    let (word, other) = match order {
        Order::DayFirst => ("day", "%m/%d/%Y"),
        Order::MonthFirst => ("month", "%d/%m/%Y"),
    };
    notes.push(format!(
        "`{}` is read {word} first (--time-format '{other} %H:%M:%S%.f' says otherwise)",
        shown(first)
    ));
    order
}

/// A number of ticks as nanoseconds since 1970.
fn ticks(plain: &str) -> Option<(i64, i64)> {
    let whole: i128 = plain.split('.').next()?.parse().ok()?;
    let ns = (whole - TICKS_TO_1970).checked_mul(100)?;
    Some((ns.try_into().ok()?, 100))
}

/// A decimal number of units as nanoseconds, and the step of its last digit.
fn scaled(plain: &str, unit: i64) -> Option<(i64, i64)> {
    let digits = plain.trim_start_matches(['-', '+']);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && let Ok(whole) = if whole.is_empty() {
            Ok(0)
        } else {
            whole.parse::<i128>()
        }
    {
        let kept = &fraction[..fraction.len().min(18)];
        let below = 10i128.pow(kept.len() as u32);
        let part: i128 = if kept.is_empty() {
            0
        } else {
            kept.parse().ok()?
        };
        let part = (part * i128::from(unit) + below / 2) / below;
        let ns = whole.checked_mul(unit.into())?.checked_add(part)?;
        let ns = if plain.starts_with('-') { -ns } else { ns };
        let resolution = (i128::from(unit) / below).max(1);
        return Some((ns.try_into().ok()?, resolution as i64));
    }
    let ns = plain.parse::<f64>().ok()? * unit as f64;
    (ns.abs() < 9.2e18).then_some((ns.round() as i64, 1))
}

/// A time in a format of `strftime`.
fn formatted(format: &str, text: &str) -> Result<Stamp, String> {
    let fault = |e: jiff::Error| {
        format!(
            "the time `{}` is not as --time-format '{}' says: {e}",
            shown(text),
            shown(format)
        )
    };
    let parsed = BrokenDownTime::parse(format, text).map_err(fault)?;
    let (ns, undated) = if parsed.timestamp().is_some() || parsed.offset().is_some() {
        (parsed.to_timestamp().map_err(fault)?.as_nanosecond(), false)
    } else {
        let time = parsed.to_time().unwrap_or(jiff::civil::Time::midnight());
        let of_day = time
            .duration_since(jiff::civil::Time::midnight())
            .as_nanos();
        match parsed.to_date() {
            Ok(date) => {
                let epoch = jiff::civil::Date::constant(1970, 1, 1);
                let days = date.since(epoch).map_err(fault)?.get_days();
                (i128::from(days) * i128::from(DAY) + of_day, false)
            }
            Err(e) if parsed.hour().is_none() => return Err(fault(e)),
            Err(_) => (of_day, true),
        }
    };
    let fine = format.contains('f') || format.contains('N');
    let second = format.contains("%S") || format.contains("%T") || format.contains("%s");
    Ok(Stamp {
        ns: i64::try_from(ns).map_err(|_| format!("the time `{}` is out of range", shown(text)))?,
        resolution: match (fine, second) {
            (true, _) => 1_000,
            (_, true) => SECOND,
            _ => 60 * SECOND,
        },
        leap: false,
        undated,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(title: &str, cells: &[&str], told: &Told) -> (Vec<i64>, Vec<String>) {
        let (form, notes) = Form::tell(title, cells, &Numerals::default(), told).unwrap();
        (
            cells.iter().map(|c| form.read(c).unwrap().ns).collect(),
            notes,
        )
    }

    #[test]
    fn the_unit_follows_from_the_size() {
        let moment = 1_700_000_000_020_000_000;
        for (cell, said) in [
            ("1700000000.02", None),
            ("1700000000020", Some("milliseconds since 1970")),
            ("1700000000020000", Some("microseconds")),
            ("1700000000020000000", Some("nanoseconds")),
            ("638355968000200000", Some("ticks of .NET")),
        ] {
            let (ns, notes) = of("t", &[cell], &Told::default());
            assert_eq!(ns, [moment], "{cell}");
            assert_eq!(notes.len(), usize::from(said.is_some()));
            assert!(said.is_none_or(|said| notes[0].contains(said)), "{notes:?}");
        }
        assert_eq!(of("t", &["0.5"], &Told::default()).0, [SECOND / 2]);
        let told = Told {
            unit: Some(Unit::D),
            format: None,
        };
        assert_eq!(of("t", &["45413.5"], &told).0, [45_413 * DAY + DAY / 2]);
    }

    #[test]
    fn counters_since_a_device_was_switched_on_are_no_moments() {
        let (form, _) = Form::tell(
            "t",
            &["51000000000000"],
            &Numerals::default(),
            &Told::default(),
        )
        .unwrap();
        assert!(
            form.read("51000000000000")
                .unwrap_err()
                .contains("--time-unit")
        );
        let (_, notes) = of("t", &["5100000000", "5100020000"], &Told::default());
        assert!(notes[0].contains("so one sample in 20000 s"), "{notes:?}");
    }

    #[test]
    fn titles_name_units_and_contradictions_are_refused() {
        assert_eq!(
            of("time_ms", &["0", "20"], &Told::default()).0,
            [0, 20_000_000]
        );
        assert_eq!(of("t [us]", &["40"], &Told::default()).0, [40_000]);
        let (_, notes) = of("t", &["0", "20", "40"], &Told::default());
        assert!(
            notes[0].contains("seconds, so one sample in 20 s (--time-unit"),
            "{notes:?}"
        );
        let tell = Form::tell(
            "time (ms)",
            &["1700000000"],
            &Numerals::default(),
            &Told::default(),
        );
        assert!(tell.unwrap_err().contains("give --time-unit"));
    }

    #[test]
    fn day_or_month_first_is_told_by_the_dates() {
        let day = |cells: &[&str]| of("t", cells, &Told::default());
        assert_eq!(day(&["31/03/2024 09:00"]).0, day(&["2024-03-31 09:00"]).0);
        assert_eq!(day(&["03/31/2024 09:00"]).0, day(&["2024-03-31 09:00"]).0);
        assert_eq!(
            day(&["04/05/2024 23:59", "04/06/2024 00:00"]).0[1],
            day(&["2024-04-06 00:00"]).0[0]
        );
        assert_eq!(day(&["04/05/2024 1:00 PM"]).0, day(&["2024-04-05 13:00"]).0);
        let (ns, notes) = day(&["04/05/2024 09:00"]);
        assert_eq!(ns, day(&["2024-05-04 09:00"]).0);
        assert!(notes[0].contains("day first (--time-format"), "{notes:?}");
    }

    #[test]
    fn formats_of_strftime_are_followed() {
        let told = |format: &str| Told {
            unit: None,
            format: Some(format.into()),
        };
        let expected = of("t", &["2024-03-31 09:00:00.02"], &Told::default()).0;
        for (format, cell) in [
            ("%d/%m/%Y %H:%M:%S%.f", "31/03/2024 09:00:00.02"),
            ("%Y%j%H%M%S%.f", "2024091090000.02"),
            ("%Y-%m-%d %H:%M:%S%.f %z", "2024-03-31 11:00:00.020 +0200"),
            ("%m-%d-%y %I:%M:%S%.f %p", "03-31-24 09:00:00.02 AM"),
        ] {
            assert_eq!(of("t", &[cell], &told(format)).0, expected, "{cell}");
        }
        let form = Form::Format("%H:%M:%S".into());
        assert!(form.read("09:00:00").unwrap().undated);
        assert!(
            form.read("hm")
                .unwrap_err()
                .contains("not as --time-format '%H:%M:%S' says")
        );
    }

    #[test]
    fn what_is_no_time_is_told_with_what_is() {
        let (form, _) = Form::tell("t", &["now"], &Numerals::default(), &Told::default()).unwrap();
        let reason = form.read("now").unwrap_err();
        assert!(reason.contains("2024-03-31T09:00:00.02Z") && reason.contains("--time-format"));
    }

    proptest! {
        #[test]
        fn decimal_times_are_exact(ns in -9_000_000_000_000_000_000i64..9_000_000_000_000_000_000) {
            let text = format!("{}{}.{:09}", if ns < 0 { "-" } else { "" },
                ns.unsigned_abs() / 1_000_000_000, ns.unsigned_abs() % 1_000_000_000);
            prop_assert_eq!(scaled(&text, SECOND), Some((ns, 1)));
        }
    }
}
