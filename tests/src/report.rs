//! What a case says.

use core::fmt::{self, Display, Write};

/// Takes the lines of the suite, one by one.
pub trait Report {
    /// The case `name` came out as `value`.
    fn line(&mut self, name: &str, value: &dyn Display);
}

/// Bytes shown as hexadecimal digits.
#[derive(Clone, Copy, Debug)]
pub struct Hex<'a>(pub &'a [u8]);

impl Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Whether `value` shows as exactly `text`, found without memory to hold it.
pub fn shows_as(value: &dyn Display, text: &str) -> bool {
    struct Rest<'a>(&'a str);
    impl Write for Rest<'_> {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            self.0 = self.0.strip_prefix(part).ok_or(fmt::Error)?;
            Ok(())
        }
    }
    let mut rest = Rest(text);
    write!(rest, "{value}").is_ok() && rest.0.is_empty()
}
