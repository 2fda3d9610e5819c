//! Numbers as people write them: decimal points and commas, thousands in groups, missing marks.

use sensilla::learn::features::MAX_SAMPLE;

use crate::read::shown;

/// What stands for no value wherever a value may stand, letters in either case.
const MISSING: [&str; 14] = [
    "", "?", "-", "--", ".", "nan", "na", "n/a", "#n/a", "null", "none", "nil", "<na>", "missing",
];
/// What may be between groups of three digits.
const GROUPS: [char; 8] = [',', '.', ' ', '\u{a0}', '\u{202f}', '\'', '\u{2019}', '_'];

/// How the numbers of a table are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numerals {
    /// What is before the fraction: a point or a comma.
    pub decimal: char,
    /// What is between groups of three digits, if they are grouped.
    pub thousands: Option<char>,
    /// What else stands for no value.
    pub marks: Vec<String>,
}

impl Default for Numerals {
    fn default() -> Self {
        Self {
            decimal: '.',
            thousands: None,
            marks: Vec::new(),
        }
    }
}

/// Why text is no number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoNumber {
    /// It stands for no value.
    Missing,
    /// It is none, for this reason.
    Bad(String),
}

impl Numerals {
    /// Whether `text` stands for no value.
    pub fn is_missing(&self, text: &str) -> bool {
        MISSING.iter().any(|m| text.eq_ignore_ascii_case(m)) || self.marks.iter().any(|m| m == text)
    }

    /// The digits of `text` as every program writes them; none if it is no number.
    pub fn plain(&self, text: &str) -> Option<String> {
        let text = text.replace('\u{2212}', "-");
        let plain = match self.thousands {
            Some(mark) if text.contains(mark) => ungrouped(&text, mark, self.decimal)?,
            _ => text,
        };
        let plain = match self.decimal {
            '.' => plain,
            _ if plain.contains('.') || plain.ends_with(self.decimal) => return None,
            decimal => plain.replacen(decimal, ".", 1),
        };
        let digits = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E');
        let is_number = plain.chars().all(digits) && plain.parse::<f64>().is_ok();
        is_number.then_some(plain)
    }

    /// The number that `text` is, as a sample: finite, and of a magnitude that features take.
    pub fn sample(&self, text: &str) -> Result<f32, NoNumber> {
        // Nearly all numbers are plain.
        let found = match (self.decimal, self.thousands) {
            ('.', None) => text.parse::<f32>().ok(),
            _ => None,
        };
        let found = match found {
            Some(value) if value.is_finite() => Some(value),
            _ if self.is_missing(text) => return Err(NoNumber::Missing),
            _ => self.plain(text).and_then(|plain| plain.parse::<f32>().ok()),
        };
        match found {
            Some(_) if self.marks.iter().any(|m| m == text) => Err(NoNumber::Missing),
            Some(value) if value.abs() <= MAX_SAMPLE => Ok(value),
            Some(_) => Err(NoNumber::Bad(out_of_range(text))),
            None if is_infinite(text) => Err(NoNumber::Bad(out_of_range(text))),
            None => Err(NoNumber::Bad(self.why_not(text))),
        }
    }

    fn why_not(&self, text: &str) -> String {
        let text_shown = shown(text);
        let other = if self.decimal == '.' { ',' } else { '.' };
        let with = |decimal, thousands| Self {
            decimal,
            thousands,
            marks: Vec::new(),
        };
        if is_hexadecimal(text) {
            format!("`{text_shown}` is hexadecimal; write it in decimal digits")
        } else if let Some(unit) = unit_behind(text) {
            format!(
                "`{text_shown}` has its unit, {unit}, behind the number; write the number alone, and \
                 the unit into the title"
            )
        } else if with(other, None).plain(text).is_some() {
            let groups = with(self.decimal, Some(other)).plain(text).is_some();
            let or = match groups {
                true => format!(", or --thousands {other} if they group thousands"),
                false => String::new(),
            };
            if other == ',' {
                format!("`{text_shown}` has a decimal comma; give --decimal ,{or}")
            } else {
                format!(
                    "`{text_shown}` has a decimal point where others have commas; give --decimal .{or}"
                )
            }
        } else if let Some(mark) = GROUPS
            .into_iter()
            .find(|&mark| with(self.decimal, Some(mark)).plain(text).is_some())
        {
            format!("`{text_shown}` has its thousands in groups; give --thousands '{mark}'")
        } else {
            format!("`{text_shown}` is not a number")
        }
    }
}

fn out_of_range(text: &str) -> String {
    format!("`{}` is out of range: \u{b1}1e12", shown(text))
}

fn is_infinite(text: &str) -> bool {
    text.parse::<f32>().is_ok_and(f32::is_infinite)
}

/// Whether `text` is a number in hexadecimal.
pub fn is_hexadecimal(text: &str) -> bool {
    let text = text.trim_start_matches(['-', '+']);
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    digits.is_some_and(|d| !d.is_empty() && d.chars().all(|c| c.is_ascii_hexdigit()))
}

/// The unit behind a number, as in `0.5 mV` or `12%`.
pub fn unit_behind(text: &str) -> Option<&str> {
    let end = text.rfind(|c: char| c.is_ascii_digit())? + 1;
    let (number, unit) = text.split_at(end);
    let is_number = Evidence::default().see(number.trim_end());
    (is_number && super::header::is_unit(unit.trim())).then(|| unit.trim())
}

/// `text` without the marks between its groups; none if they are not where they belong.
fn ungrouped(text: &str, mark: char, decimal: char) -> Option<String> {
    if mark == decimal {
        return None;
    }
    let (whole, rest) = match text.find([decimal, 'e', 'E']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    if rest.contains(mark) {
        return None;
    }
    let digits = whole.trim_start_matches(['-', '+']);
    let mut groups = digits.split(mark);
    let first = groups.next()?;
    let well = |g: &str, least: usize| {
        (least..=3).contains(&g.len()) && g.chars().all(|c| c.is_ascii_digit())
    };
    let grouped = well(first, 1) && !first.starts_with('0') && groups.all(|g| well(g, 3));
    grouped.then(|| whole.replace(mark, "") + rest)
}

/// What the numbers of a table, seen one after the other, tell of how they are written.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// A comma that can only be before a fraction.
    comma: Option<String>,
    /// A point that can only be before a fraction.
    point: Option<String>,
    /// A number with its thousands in groups, and the mark.
    groups: Option<(String, char)>,
    /// A comma that may be either.
    either: Option<String>,
    /// A point before three digits, which may be between thousands.
    three: Option<String>,
}

impl Evidence {
    /// Looks at one cell; says whether it is a number in some way of writing.
    pub fn see(&mut self, text: &str) -> bool {
        let with = |decimal, thousands| {
            let numerals = Numerals {
                decimal,
                thousands,
                marks: Vec::new(),
            };
            numerals.plain(text).is_some()
        };
        if text.bytes().all(|b| b.is_ascii_digit() || b == b'-') && with('.', None) {
            return true;
        }
        let keep = |to: &mut Option<String>| {
            to.get_or_insert_with(|| text.to_owned());
        };
        let (point, comma) = (with('.', None), with(',', None));
        let grouped = |decimal| {
            let marks = GROUPS.into_iter().filter(|&mark| text.contains(mark));
            marks.into_iter().find(|&mark| with(decimal, Some(mark)))
        };
        match (point, comma) {
            // No mark at all: an exponent, a sign.
            (true, true) => {}
            (true, false) => {
                if with(',', Some('.')) {
                    keep(&mut self.three);
                } else if text.contains('.') {
                    keep(&mut self.point);
                }
            }
            (false, true) => {
                if with('.', Some(',')) {
                    keep(&mut self.either);
                } else {
                    keep(&mut self.comma);
                }
            }
            (false, false) => {
                let Some((mark, decimal)) = grouped('.')
                    .map(|mark| (mark, '.'))
                    .or_else(|| grouped(',').map(|mark| (mark, ',')))
                else {
                    return false;
                };
                self.groups.get_or_insert((text.to_owned(), mark));
                if mark == '.' || (text.contains(',') && decimal == ',') {
                    keep(&mut self.comma);
                } else if mark == ',' || text.contains('.') {
                    keep(&mut self.point);
                }
            }
        }
        true
    }

    /// How the numbers are written, and what to tell of it; a reason if that cannot be told.
    pub fn decide(
        &self,
        decimal: Option<char>,
        thousands: Option<char>,
    ) -> Result<(Numerals, Vec<String>), String> {
        let mut notes = Vec::new();
        let found = match (&self.comma, &self.point) {
            (Some(_), None) => ',',
            _ => '.',
        };
        let mut numerals = Numerals {
            decimal: decimal.unwrap_or(match thousands {
                Some(',') => '.',
                Some('.') => ',',
                _ => found,
            }),
            thousands,
            marks: Vec::new(),
        };
        if numerals.decimal == ',' && decimal.is_none() {
            let seen = self.comma.as_deref().unwrap_or_default();
            notes.push(format!(
                "numbers have decimal commas, as in `{}` (--decimal says otherwise)",
                shown(seen)
            ));
        }
        if thousands.is_none() {
            if let Some((seen, mark)) = &self.groups
                && *mark != numerals.decimal
            {
                numerals.thousands = Some(*mark);
                notes.push(format!(
                    "thousands are in groups, as in `{}` (--thousands says otherwise)",
                    shown(seen)
                ));
            } else if let Some(seen) = &self.either
                && numerals.decimal == '.'
            {
                if self.point.is_none() && decimal.is_none() {
                    return Err(format!(
                        "`{}` has a decimal comma or its thousands in groups; give --decimal , or \
                         --thousands ,",
                        shown(seen)
                    ));
                }
                numerals.thousands = Some(',');
                notes.push(format!(
                    "thousands are in groups, as in `{}` (--decimal , says otherwise)",
                    shown(seen)
                ));
            } else if let (Some(seen), None, None, '.') =
                (&self.three, &self.point, decimal, numerals.decimal)
            {
                notes.push(format!(
                    "`{}` is read with a decimal point (--thousands . says otherwise)",
                    shown(seen)
                ));
            }
        }
        Ok((numerals, notes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decide(cells: &[&str]) -> Result<(char, Option<char>), String> {
        let mut evidence = Evidence::default();
        for cell in cells {
            assert!(evidence.see(cell), "{cell}");
        }
        let (numerals, _) = evidence.decide(None, None)?;
        Ok((numerals.decimal, numerals.thousands))
    }

    #[test]
    fn decimal_marks_are_told_apart() {
        assert_eq!(decide(&["1", "0.5", "10.810"]), Ok(('.', None)));
        assert_eq!(decide(&["1", "10.810"]), Ok(('.', None)));
        assert_eq!(decide(&["0", "0,00", "10,810"]), Ok((',', None)));
        assert_eq!(decide(&["1.234,5", "2,0"]), Ok((',', Some('.'))));
        assert_eq!(decide(&["1,234.5", "2.0"]), Ok(('.', Some(','))));
        assert_eq!(decide(&["1,234,567"]), Ok(('.', Some(','))));
        assert_eq!(decide(&["1.234.567"]), Ok((',', Some('.'))));
        assert_eq!(decide(&["101,325", "0.84"]), Ok(('.', Some(','))));
        assert_eq!(decide(&["101,325", "0,84"]), Ok((',', None)));
        assert_eq!(decide(&["1 234,5"]), Ok((',', Some(' '))));
        assert_eq!(decide(&["1'234.5"]), Ok(('.', Some('\''))));
        let error = decide(&["101,325", "101,326"]).unwrap_err();
        assert!(error.contains("--decimal , or --thousands ,"), "{error}");
    }

    #[test]
    fn refusals_name_the_way_out() {
        let comma = Numerals {
            decimal: ',',
            ..Numerals::default()
        };
        for (numerals, text, expected) in [
            (
                Numerals::default(),
                "0,14",
                "`0,14` has a decimal comma; give --decimal ,",
            ),
            (Numerals::default(), "1,234", "or --thousands ,"),
            (comma, "9.81", "give --decimal ."),
            (Numerals::default(), "0x1F", "`0x1F` is hexadecimal"),
            (Numerals::default(), "1 234.5", "give --thousands ' '"),
            (Numerals::default(), "1e39", "out of range"),
            (Numerals::default(), "-inf", "out of range"),
            (Numerals::default(), "hm", "`hm` is not a number"),
            (Numerals::default(), "0.5 mV", "has its unit, mV, behind"),
            (Numerals::default(), "12%", "has its unit, %, behind"),
            (Numerals::default(), "infinite", "is not a number"),
            (Numerals::default(), "12,34,567", "is not a number"),
        ] {
            match numerals.sample(text) {
                Err(NoNumber::Bad(reason)) => {
                    assert!(reason.contains(expected), "{text}: {reason}")
                }
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_stands_for_no_value_is_none() {
        let marked = Numerals {
            marks: vec!["-999".into(), "kZ".into()],
            ..Numerals::default()
        };
        for text in ["", "NA", "n/a", "NaN", "?", "null", "-999", "kZ"] {
            assert_eq!(marked.sample(text), Err(NoNumber::Missing), "{text}");
        }
        assert_eq!(marked.sample("-999.5"), Ok(-999.5));
        assert_eq!(Numerals::default().sample("\u{2212}1.5e3"), Ok(-1500.0));
    }

    proptest! {
        #[test]
        fn a_number_is_itself_or_refused_never_another(
            value in -1e6f64..1e6, digits in 0usize..5, style in 0usize..6, as_read in 0usize..6
        ) {
            let styles = [('.', None), (',', None), ('.', Some(',')), (',', Some('.')),
                ('.', Some(' ')), (',', Some('\u{a0}'))];
            let numerals = |(decimal, thousands)| Numerals { decimal, thousands, marks: vec![] };
            let text = written(value, digits, styles[style]);
            let expected: f32 = format!("{value:.digits$}").parse().unwrap();
            prop_assert_eq!(numerals(styles[style]).sample(&text), Ok(expected));
            // Evidence of one number is followed only where it can mean nothing else.
            let mut evidence = Evidence::default();
            prop_assert!(evidence.see(&text));
            if let Ok((numerals, notes)) = evidence.decide(None, None)
                && let Ok(found) = numerals.sample(&text)
                && found != expected
            {
                // A point before three digits is a decimal point until something says otherwise.
                prop_assert!(style == 3 && digits == 0 && notes.len() == 1, "{} {}", text, found);
            }
            let _ = numerals(styles[as_read]).sample(&text);
        }
    }

    /// `value` in a style.
    fn written(value: f64, digits: usize, (decimal, thousands): (char, Option<char>)) -> String {
        let plain = format!("{:.digits$}", value.abs());
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        let mut text = String::from(if value < 0.0 { "-" } else { "" });
        for (i, digit) in whole.chars().enumerate() {
            if i > 0 && (whole.len() - i).is_multiple_of(3) {
                text.extend(thousands);
            }
            text.push(digit);
        }
        if !fraction.is_empty() {
            text.push(decimal);
            text += fraction;
        }
        text
    }
}
