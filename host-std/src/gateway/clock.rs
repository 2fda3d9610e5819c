//! What time it is, as a node is told: by this machine, or by whoever takes a file again.

use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// Where the time comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// This machine's clock.
    #[default]
    Machine,
    /// A time that was given, in milliseconds since 1970.
    Fixed(u64),
}

impl Clock {
    /// Milliseconds since 1970.
    pub fn now(self) -> u64 {
        match self {
            Self::Fixed(now) => now,
            Self::Machine => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |t| t.as_millis().try_into().unwrap_or(u64::MAX)),
        }
    }
}

impl FromStr for Clock {
    type Err = String;

    /// Milliseconds since 1970, or a date and time with its zone (RFC 3339).
    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(now) = text.parse() {
            return Ok(Self::Fixed(now));
        }
        let date: Timestamp = text.parse().map_err(|e| format!("{e}"))?;
        u64::try_from(date.as_millisecond())
            .map(Self::Fixed)
            .map_err(|_| "is before 1970".into())
    }
}

/// Milliseconds since 1970 as a date, with the number behind it.
pub fn date(at: u64) -> String {
    let date = i64::try_from(at)
        .ok()
        .and_then(|at| Timestamp::from_millisecond(at).ok());
    match date {
        Some(date) => format!("{date} ({at})"),
        None => format!("beyond the year 9999 ({at})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_numbers_or_dates() {
        let now = 1_767_225_600_000;
        assert_eq!("1767225600000".parse(), Ok(Clock::Fixed(now)));
        assert_eq!("2026-01-01T01:00:00+01:00".parse(), Ok(Clock::Fixed(now)));
        assert!("yesterday".parse::<Clock>().is_err());
        assert!("1969-12-31T23:59:59Z".parse::<Clock>().is_err());
        assert_eq!(date(now), "2026-01-01T00:00:00Z (1767225600000)");
        assert_eq!(
            date(u64::MAX),
            "beyond the year 9999 (18446744073709551615)"
        );
    }
}
