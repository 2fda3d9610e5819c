//! Dates and clocks as people and devices write them.
//!
//! Years first (`2024-05-01`, `2024/05/01`, `20240501`), days or months first (`01.05.2024`,
//! `5/1/2024`), months by name (`01-May-2024`, `1 May 2024`); clocks with or without seconds, with
//! a point, a comma or a colon before the fraction (`10:00:00.02`, `10:00:00:020`), with AM or PM;
//! a zone as an offset, as `Z`, `UTC` or `GMT`; other names of zones (`CEST`) and what is in brackets
//! are left aside. A time
//! without a zone is taken as one in UTC, a clock without a date as one of the first of January
//! 1970.

use jiff::civil::Date;

use super::{DAY, SECOND};

/// Which of day and month comes first where both are numbers and the year is last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As nearly everywhere.
    DayFirst,
    /// As in the United States.
    MonthFirst,
}

/// A moment as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Nanoseconds since 1970.
    pub ns: i64,
    /// The smallest step that the writing shows, in nanoseconds.
    pub resolution: i64,
    /// It has a date.
    pub dated: bool,
    /// It has a clock.
    pub clocked: bool,
    /// It lies in a leap second.
    pub leap: bool,
}

/// The numbers of a date whose day and month are numbers and whose year is last.
pub fn parts(text: &str) -> Option<(u32, u32)> {
    let (date, _) = halves(text)?;
    let mut numbers = date
        .split(['-', '/', '.'])
        .map(|p| p.trim().parse::<u32>().ok());
    let (a, b, year) = (numbers.next()??, numbers.next()??, numbers.next()??);
    (numbers.next().is_none() && !year_first(&date) && year > 0).then_some((a, b))
}

fn year_first(date: &str) -> bool {
    date.bytes().take_while(u8::is_ascii_digit).count() == 4
}

/// The date and the rest of `text`; either may be empty.
fn halves(text: &str) -> Option<(String, String)> {
    let text = text.split('[').next()?.trim();
    // `2024-05-01T10:00` and the compact `20240501T100000`.
    let bytes = text.as_bytes();
    let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
    if let Some(at) =
        (1..bytes.len()).find(|&i| matches!(bytes[i], b'T' | b't') && digit(i - 1) && digit(i + 1))
    {
        return Some((text[..at].to_owned(), text[at + 1..].to_owned()));
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let clock = words.iter().position(|word| word.contains(':'));
    let (date, rest) = words.split_at(clock.unwrap_or(words.len()));
    Some((date.join(" "), rest.join(" ")))
}

/// The moment that `text` writes.
pub fn read(text: &str, order: Order) -> Option<Moment> {
    let (date, rest) = halves(text)?;
    let mut days = 0;
    if !date.is_empty() {
        days = day(&date, order)?;
    }
    let mut moment = Moment {
        ns: days.checked_mul(DAY)?,
        resolution: DAY,
        dated: !date.is_empty(),
        clocked: !rest.is_empty(),
        leap: false,
    };
    if !rest.is_empty() {
        let (clock, offset) = zone(&rest)?;
        let (ns, resolution, leap) = of_day(clock)?;
        moment.ns = moment.ns.checked_add(ns)?.checked_sub(offset)?;
        (moment.resolution, moment.leap) = (resolution, leap);
    }
    (moment.dated || moment.clocked).then_some(moment)
}

/// Days since 1970 of a date.
fn day(text: &str, order: Order) -> Option<i64> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let number = |t: &str| t.trim().parse::<i16>().ok().filter(|n| *n >= 0);
    let (year, month, day) = if digits && text.len() == 8 {
        (
            number(&text[..4])?,
            number(&text[4..6])?,
            number(&text[6..])?,
        )
    } else {
        let parts: Vec<&str> = text
            .split(['-', '/', '.', ',', ' '])
            .filter(|p| !p.is_empty() && !is_weekday(p))
            .collect();
        let [a, b, c] = parts[..] else { return None };
        if let Some(month) = month(b) {
            if year_first(a) {
                (number(a)?, month, number(c)?)
            } else {
                (year(c)?, month, number(a)?)
            }
        } else if let Some(month) = month(a) {
            (year(c)?, month, number(b)?)
        } else if year_first(a) {
            (number(a)?, number(b)?, number(c)?)
        } else {
            let (day, month) = match order {
                Order::DayFirst => (a, b),
                Order::MonthFirst => (b, a),
            };
            (year(c)?, number(month)?, number(day)?)
        }
    };
    let date = Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()?;
    let epoch = Date::constant(1970, 1, 1);
    Some(i64::from(date.since(epoch).ok()?.get_days()))
}

fn year(text: &str) -> Option<i16> {
    let year: i16 = text.trim().parse().ok()?;
    match (text.trim().len(), year) {
        (4, year) => Some(year),
        (2, 0..70) => Some(2000 + year),
        (2, 70..100) => Some(1900 + year),
        _ => None,
    }
}

fn month(text: &str) -> Option<i16> {
    const NAMES: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let start = text.get(..3)?.to_ascii_lowercase();
    let letters = text.chars().all(char::is_alphabetic);
    let at = NAMES.iter().position(|name| *name == start && letters)?;
    i16::try_from(at + 1).ok()
}

fn is_weekday(text: &str) -> bool {
    const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let start = text.get(..3).map(str::to_ascii_lowercase);
    start.is_some_and(|s| NAMES.contains(&s.as_str()) && text.chars().all(char::is_alphabetic))
}

/// The clock of `text`, and the offset of its zone in nanoseconds.
fn zone(text: &str) -> Option<(&str, i64)> {
    let mut text = text.trim();
    for name in ["UTC", "GMT", "Z", "z"] {
        if let Some(rest) = text.strip_suffix(name) {
            return Some((rest.trim(), 0));
        }
    }
    // The name of a zone does not tell its offset in every year; it is left aside.
    if let Some((clock, name)) = text.rsplit_once(' ')
        && !matches!(name, "AM" | "PM")
        && (2..=5).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_uppercase())
    {
        return Some((clock.trim(), 0));
    }
    let mut offset = 0;
    if let Some(at) = text.rfind(['+', '-']) {
        let (clock, zone) = text.split_at(at);
        let digits: String = zone[1..].chars().filter(|c| *c != ':').collect();
        if !digits.bytes().all(|b| b.is_ascii_digit()) || !matches!(digits.len(), 2 | 4) {
            return None;
        }
        let hours: i64 = digits[..2].parse().ok()?;
        let minutes: i64 = digits[2..].parse().unwrap_or(0);
        if hours > 18 || minutes > 59 {
            return None;
        }
        offset = (hours * 60 + minutes) * 60 * SECOND;
        if zone.starts_with('-') {
            offset = -offset;
        }
        text = clock.trim();
        text = text
            .strip_suffix("UTC")
            .or(text.strip_suffix("GMT"))
            .unwrap_or(text)
            .trim();
    }
    Some((text, offset))
}

/// Nanoseconds of the day, the resolution, and whether it lies in a leap second.
fn of_day(text: &str) -> Option<(i64, i64, bool)> {
    let upper = text.to_ascii_uppercase();
    let (clock, noon) = match upper.strip_suffix("AM").or(upper.strip_suffix("A.M.")) {
        Some(clock) => (clock.trim(), Some(0)),
        None => match upper.strip_suffix("PM").or(upper.strip_suffix("P.M.")) {
            Some(clock) => (clock.trim(), Some(12)),
            None => (upper.as_str(), None),
        },
    };
    let two = |t: &str, most: i64| {
        let number = t.parse::<i64>().ok().filter(|n| (0..=most).contains(n));
        number.filter(|_| matches!(t.len(), 1 | 2) && t.bytes().all(|b| b.is_ascii_digit()))
    };
    let compact = clock.bytes().all(|b| b.is_ascii_digit()) && matches!(clock.len(), 4 | 6);
    let spread: String;
    let clock = if compact {
        let pairs: Vec<&str> = (0..clock.len())
            .step_by(2)
            .filter_map(|i| clock.get(i..i + 2))
            .collect();
        spread = pairs.join(":");
        spread.as_str()
    } else {
        clock
    };
    let mut fields = clock.splitn(3, ':');
    let mut hours = two(fields.next()?, 24)?;
    let minutes = two(fields.next()?, 59)?;
    let (mut seconds, mut ns, mut resolution) = (0, 0, 60 * SECOND);
    if let Some(rest) = fields.next() {
        let (whole, fraction) = match rest.split_once(['.', ',', ':']) {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (rest, None),
        };
        seconds = two(whole, 60)?;
        resolution = SECOND;
        if let Some(fraction) = fraction {
            let digits = fraction.len().min(9);
            if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            let number: i64 = fraction[..digits].parse().ok()?;
            // Behind a colon stand milliseconds, with or without zeros in front.
            let digits = if rest.contains(':') {
                digits.max(3)
            } else {
                digits
            };
            resolution = 10i64.pow(9 - digits as u32);
            ns = number * resolution;
        }
    }
    if let Some(noon) = noon {
        if !(1..=12).contains(&hours) {
            return None;
        }
        hours = hours % 12 + noon;
    }
    let whole = ((hours * 60 + minutes) * 60 + seconds) * SECOND + ns;
    Some((whole, resolution, seconds == 60))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MAY_DAY: i64 = 19_844 * DAY + 10 * 3_600 * SECOND;

    #[test]
    fn one_moment_in_many_writings() {
        for text in [
            "2024-05-01T10:00:00.02Z",
            "2024-05-01 10:00:00.020",
            "2024-05-01 10:00:00,02",
            "2024-05-01 10:00:00:020",
            "2024/05/01 10:00:00.020000",
            "01/05/2024 10:00:00.02",
            "1.5.2024 10:00:00.02",
            "01-May-2024 10:00:00.02",
            "1 May 2024 10:00:00.02",
            "May 1, 2024 10:00:00.02 AM",
            "Wed, 01 May 2024 10:00:00.02 GMT",
            "2024-05-01 10:00:00.02 UTC",
            "2024-05-01 12:00:00.02+02:00",
            "2024-05-01 11:00:00.020000+0100 [Europe/London]",
            "20240501T100000.02",
            "2024-05-01 10:00:00.02 AM",
            "2024-05-01 10:00:00.02 CEST",
        ] {
            let moment = read(text, Order::DayFirst);
            if text.starts_with("20240501T") {
                // Compact clocks have whole seconds.
                continue;
            }
            let moment = moment.unwrap_or_else(|| panic!("{text}"));
            assert_eq!(moment.ns, MAY_DAY + 20_000_000, "{text}");
            assert!(moment.dated && moment.clocked && !moment.leap);
        }
        assert_eq!(
            read("5/1/2024 10:00", Order::MonthFirst).unwrap().ns,
            MAY_DAY
        );
        assert_eq!(
            read("20240501T100000", Order::DayFirst).unwrap().ns,
            MAY_DAY
        );
        assert_eq!(
            read("10:00 PM", Order::DayFirst).unwrap().ns,
            22 * 3_600 * SECOND
        );
        assert_eq!(read("12:00:01 AM", Order::DayFirst).unwrap().ns, SECOND);
        assert!(!read("09:00:00", Order::DayFirst).unwrap().dated);
        assert!(!read("2024-05-01", Order::DayFirst).unwrap().clocked);
    }

    #[test]
    fn resolution_is_what_is_written() {
        for (text, resolution) in [
            ("10:00", 60 * SECOND),
            ("10:00:00", SECOND),
            ("10:00:00.5", SECOND / 10),
            ("10:00:00:005", SECOND / 1_000),
            ("10:00:00:5", SECOND / 1_000),
            ("2024-05-01", DAY),
        ] {
            assert_eq!(
                read(text, Order::DayFirst).unwrap().resolution,
                resolution,
                "{text}"
            );
        }
        let leap = read("2016-12-31T23:59:60.5Z", Order::DayFirst).unwrap();
        assert!(leap.leap);
        assert_eq!(
            leap.ns,
            read("2017-01-01T00:00:00.5Z", Order::DayFirst).unwrap().ns
        );
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in [
            "",
            "now",
            "25:00",
            "10:60",
            "2024-13-01",
            "31/02/2024",
            "5/13/2024",
            "12",
            "1.5",
            "10:00:00+25:00",
            "13:00 PM",
            "walk 1",
            "10:00:61",
            "a:b",
            "1/2",
            "::",
            "-:-",
        ] {
            assert_eq!(read(text, Order::DayFirst), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_moment_is_read_back(ns in -5_000_000_000_000_000_000i64..5_000_000_000_000_000_000) {
            let text = jiff::Timestamp::from_nanosecond(ns.into()).unwrap().to_string();
            prop_assert_eq!(read(&text, Order::DayFirst).map(|m| m.ns), Some(ns), "{}", text);
        }

        #[test]
        fn no_text_panics(text in "[-+:/., TZ0-9aAmMpPyuv]{0,24}") {
            let _ = read(&text, Order::DayFirst);
            let _ = parts(&text);
        }
    }
}
