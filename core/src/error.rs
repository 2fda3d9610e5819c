//! How every operation of the crate reports failure.
//!
//! Each operation has a small enum of its own, written with the [`errors!`](crate::errors!) macro:
//! `Copy`, `Eq`, `#[non_exhaustive]`, one sentence per variant that says how to recover, and a
//! numeric [`code`](ErrorCode::code) that C and JavaScript callers see and that never changes once
//! released. Codes are `module * 0x100 + operation * 0x10 + variant`:
//!
//! | module | codes |
//! |---|---|
//! | `block` | `0x01..` |
//! | `bank` | `0x02..` |
//! | `learn` | `0x03..` |
//! | `spike` | `0x04..` |
//! | `merkle` | `0x05..` |
//! | `log`, `sign` | `0x06..` |
//! | `arena`, `intern` | `0x07..` |
//! | `grid` | `0x08..` |
//! | `coherence` | `0x09..` |
//! | `node` | `0x0a..` |
//! | `simd` | `0x0b..` |
//! | `sensilla-embedded` | `0x20..` |
//! | `sensilla-c` | `0x21..` |
//! | `sensilla-wasm` | `0x22..` |
//! | crates that are not of this workspace | `0x80..` to `0xff..` |
//!
//! # What is passed on
//!
//! An operation that fails because another did *wraps* that one's error. The outer error prints as
//! the inner one, has it as its [`source`](core::error::Error::source), and has its code: whoever
//! handles a full bank by the number `0x0211` need not know through which calls the number came.
//! Print an error or its chain of sources, not both.
//!
//! # What the compiler checks
//!
//! An enum whose codes lie outside of its module's range, one with a variant beyond the codes that
//! it claims, and two enums of a crate that claim the same sixteen codes do not compile. The checks
//! are part of what the macro writes, so that no enum can be without them.

/// An error with a number that C, JavaScript and logs share.
pub trait ErrorCode: core::error::Error + Copy + Eq {
    /// How many variants the error has.
    const VARIANTS: usize;

    /// The stable number of this error, or of the error that it wraps; never zero.
    fn code(&self) -> u16;

    /// The codes of the operation's own variants and their sentences, which have the names of fields
    /// where the fields' values stand, and end with a zero byte as C wants it.
    #[doc(hidden)]
    const SENTENCES: &'static [(u16, &'static str)] = &[];

    /// The variant's place among all, from 0 and below [`VARIANTS`](Self::VARIANTS), whatever its
    /// fields: an index for counters by kind.
    fn ordinal(&self) -> usize;
}

/// Defines an error enum: its variants, their numbers and their sentences in one place.
///
/// After the name stand the codes that the enum claims: the first of sixteen, or of several times
/// sixteen in a row for more than fifteen variants. An enum that only wraps claims none. A variant
/// is either the operation's own, with a number and a sentence in which its fields can stand, or
/// `wraps` another error of this kind, with `From` to make `?` do it. It prints as that one does, or
/// as a sentence of its own that has that one's for its `{}`.
///
/// The crate that uses the macro has a module `error` with a type `Codes`, on which the claims are
/// kept, and the codes that the [table](crate::error) gives it.
///
/// ```
/// use sensilla::bank::{InsertError, SearchError};
/// use sensilla::error::ErrorCode;
/// use std::error::Error;
///
/// mod error {
///     /// Whose codes these are.
///     pub struct Codes;
/// }
///
/// sensilla::errors! {
///     /// Why a gesture was not kept.
///     pub enum KeepError: 0x8010 {
///         /// Fewer samples than a gesture has.
///         TooShort { found: u32 } = 1 => "a gesture has at least 8 samples, this has {found}",
///         /// The bank does not take it.
///         Bank wraps InsertError,
///         /// What it resembles was not looked up.
///         Look wraps SearchError => "looking for the like of it: {}",
///     }
/// }
///
/// fn main() {
///     let short = KeepError::TooShort { found: 3 };
///     assert_eq!(short.code(), 0x8011);
///     assert_eq!(short.to_string(), "a gesture has at least 8 samples, this has 3");
///     let full = KeepError::from(InsertError::Full);
///     assert_eq!(full.code(), InsertError::Full.code());
///     assert_eq!(full.to_string(), InsertError::Full.to_string());
///     let late = KeepError::from(SearchError::ScratchTooSmall);
///     assert!(late.to_string().starts_with("looking for the like of it: the scratch memory"));
///     assert!(full.source().is_some_and(|cause| cause.is::<InsertError>()));
/// }
/// ```
#[macro_export]
// `Codes` is of the crate that uses the macro: only there may the claims be implemented.
#[allow(clippy::crate_in_macro_def)]
macro_rules! errors {
    (@print $f:ident $cause:ident) => {
        core::fmt::Display::fmt($cause, $f)
    };
    (@print $f:ident $cause:ident $place:literal) => {
        write!($f, $place, $cause)
    };
    (
        $(#[$meta:meta])*
        pub enum $name:ident $(: $($codes:literal),+)? {
            $(
                $(#[$vmeta:meta])*
                $variant:ident
                $( wraps $cause:ty $( => $place:literal )? )?
                $(
                    $({ $($(#[$fmeta:meta])* $field:ident : $type:ty),+ $(,)? })?
                    = $number:literal => $message:literal
                )?
            ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name {
            $(
                $(#[$vmeta])*
                $variant
                $( ($cause) )?
                $( $({ $(#[allow(missing_docs)] $(#[$fmeta])* $field: $type),+ })? )?,
            )+
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self {
                    $(
                        $( Self::$variant(cause) => {
                            let cause: &$cause = cause;
                            $crate::errors!(@print f cause $($place)?)
                        } )?
                        $( Self::$variant $({ $($field),+ })? => write!(f, $message), )?
                    )+
                }
            }
        }

        impl core::error::Error for $name {
            fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
                match self {
                    $( $(
                        Self::$variant(cause) => {
                            let cause: &$cause = cause;
                            Some(cause)
                        }
                    )? )+
                    #[allow(unreachable_patterns)]
                    _ => None,
                }
            }
        }

        impl $crate::error::ErrorCode for $name {
            const VARIANTS: usize = [$(stringify!($variant)),+].len();

            const SENTENCES: &'static [(u16, &'static str)] = &[
                $( $( (Self::BASE + $number, concat!($message, "\0")), )? )+
            ];

            fn code(&self) -> u16 {
                match self {
                    $(
                        $( Self::$variant(cause) => {
                            <$cause as $crate::error::ErrorCode>::code(cause)
                        } )?
                        $( Self::$variant { .. } => Self::BASE + $number, )?
                    )+
                }
            }

            fn ordinal(&self) -> usize {
                enum Place { $($variant),+ }
                match self {
                    $( Self::$variant { .. } => Place::$variant as usize, )+
                }
            }
        }

        impl $name {
            const BASE: u16 = $crate::error::base(
                module_path!(),
                &[$( $($codes),+ )?],
                &[$( $($number,)? )+],
            );
        }

        const _: u16 = $name::BASE;

        $( $( impl $crate::error::Claims<{ $codes / 16 }> for crate::error::Codes {} )+ )?

        $( $(
            impl From<$cause> for $name {
                fn from(cause: $cause) -> Self {
                    Self::$variant(cause)
                }
            }
        )? )+
    };
}

/// The same for this crate, whose errors are all `defmt::Format` where that is asked for.
macro_rules! own {
    ($(#[$meta:meta])* pub enum $name:ident $($rest:tt)+) => {
        $crate::errors! {
            $(#[$meta])*
            #[cfg_attr(feature = "defmt", derive(defmt::Format))]
            pub enum $name $($rest)+
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                $crate::error::serialize(self, to)
            }
        }
    };
}

/// An error as data: its `code` and its sentence, `message`.
#[cfg(feature = "serde")]
pub(crate) fn serialize<E: ErrorCode, S: serde::Serializer>(
    error: &E,
    to: S,
) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeStruct;
    /// What prints, as text.
    struct Text<'e, E>(&'e E);
    impl<E: core::fmt::Display> serde::Serialize for Text<'_, E> {
        fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            to.collect_str(self.0)
        }
    }
    let mut fields = to.serialize_struct("Error", 2)?;
    fields.serialize_field("code", &error.code())?;
    fields.serialize_field("message", &Text(error))?;
    fields.end()
}

pub(crate) use own as errors;

/// On what the claims of this crate's errors are kept.
#[doc(hidden)]
#[derive(Debug)]
pub struct Codes;

/// That sixteen codes, `SIXTEEN` times sixteen the first of them, are an enum's: a second enum of
/// the crate with the same would implement this twice.
#[doc(hidden)]
pub trait Claims<const SIXTEEN: u16> {}

/// The upper byte of the codes of each module, or of a whole crate.
const RANGES: [(&str, u16); 17] = [
    ("sensilla::block", 0x01),
    ("sensilla::bank", 0x02),
    ("sensilla::learn", 0x03),
    ("sensilla::spike", 0x04),
    ("sensilla::merkle", 0x05),
    ("sensilla::log", 0x06),
    ("sensilla::sign", 0x06),
    ("sensilla::arena", 0x07),
    ("sensilla::intern", 0x07),
    ("sensilla::grid", 0x08),
    ("sensilla::coherence", 0x09),
    ("sensilla::node", 0x0a),
    ("sensilla::simd", 0x0b),
    ("sensilla_embedded", 0x20),
    ("sensilla_c", 0x21),
    ("sensilla_wasm", 0x22),
    // What begins with this crate's name is its own in any case.
    ("sensilla", 0),
];

/// The code that the numbers of an enum's variants are added to.
///
/// Panics, when the enum is compiled, where its codes are not as [the module](self) says.
#[doc(hidden)]
pub const fn base(module: &str, codes: &[u16], numbers: &[u16]) -> u16 {
    let Some((&first, _)) = codes.split_first() else {
        assert!(
            numbers.is_empty(),
            "an enum with variants of its own claims codes for them"
        );
        return 0;
    };
    let mut at = 0;
    while at < codes.len() {
        assert!(
            codes[at].is_multiple_of(16) && codes[at] == first + 16 * at as u16,
            "claimed codes are multiples of sixteen in a row"
        );
        assert!(
            is_in_range(module, codes[at] >> 8),
            "the codes lie outside of the module's range; see the table of `sensilla::error`"
        );
        at += 1;
    }
    let mut before = 0;
    at = 0;
    while at < numbers.len() {
        assert!(numbers[at] > before, "variants are numbered upwards from 1");
        assert!(
            (numbers[at] as usize) < 16 * codes.len(),
            "the variant's number is beyond the claimed codes; claim the next sixteen too"
        );
        before = numbers[at];
        at += 1;
    }
    first
}

const fn is_in_range(module: &str, upper: u16) -> bool {
    let mut at = 0;
    while at < RANGES.len() {
        let (name, range) = RANGES[at];
        if is_within(module.as_bytes(), name.as_bytes()) {
            return upper == range;
        }
        at += 1;
    }
    upper >= 0x80
}

/// Whether a module is the one called `name` or lies in it.
const fn is_within(module: &[u8], name: &[u8]) -> bool {
    if module.len() < name.len() || (module.len() > name.len() && module[name.len()] != b':') {
        return false;
    }
    let mut at = 0;
    while at < name.len() {
        if module[at] != name[at] {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coherence::Refusal;
    use crate::grid::ProbeError;
    use crate::{log, node};
    use core::error::Error;
    use std::format;
    use std::panic::catch_unwind;
    use std::string::ToString;

    fn refuses(module: &'static str, codes: &'static [u16], numbers: &'static [u16]) -> bool {
        catch_unwind(|| base(module, codes, numbers)).is_err()
    }

    #[test]
    fn codes_lie_in_the_range_of_their_module() {
        assert_eq!(base("sensilla::bank", &[0x0210], &[1, 2]), 0x0210);
        assert_eq!(base("sensilla::bank::errors", &[0x02f0], &[15]), 0x02f0);
        assert_eq!(base("sensilla_embedded::flash", &[0x2000], &[1]), 0x2000);
        assert_eq!(base("elsewhere", &[0x8000], &[1]), 0x8000);
        assert!(refuses("sensilla::bank", &[0x0310], &[1]));
        assert!(refuses("sensilla::banks", &[0x0210], &[1]));
        assert!(refuses("sensilla::elsewhere", &[0x8000], &[1]));
        assert!(refuses("sensilla_embedded", &[0x8000], &[1]));
        assert!(refuses("elsewhere", &[0x7ff0], &[1]));
        // The second sixteen are the next module's.
        assert!(refuses("sensilla::bank", &[0x02f0, 0x0300], &[1]));
    }

    #[test]
    fn variants_lie_in_the_codes_that_their_enum_claims() {
        assert_eq!(base("sensilla::grid", &[0x0810, 0x0820], &[1, 31]), 0x0810);
        assert_eq!(base("sensilla::grid", &[], &[]), 0);
        assert!(refuses("sensilla::grid", &[0x0810], &[16]));
        assert!(refuses("sensilla::grid", &[0x0810, 0x0820], &[32]));
        assert!(refuses("sensilla::grid", &[0x0810], &[0]));
        assert!(refuses("sensilla::grid", &[0x0810], &[2, 2]));
        assert!(refuses("sensilla::grid", &[0x0811], &[1]));
        assert!(refuses("sensilla::grid", &[0x0810, 0x0830], &[1]));
        assert!(refuses("sensilla::grid", &[], &[1]));
    }

    #[test]
    fn an_error_that_is_passed_on_stays_what_it_is() {
        let cause = log::DecodeError::BadSignature;
        let by_log = log::IngestError::from(cause);
        let by_node = node::IngestError::from(by_log);
        assert_eq!(cause.code(), 0x0625);
        assert_eq!((by_log.code(), by_node.code()), (0x0625, 0x0625));
        assert_eq!(by_node.to_string(), cause.to_string());
        let source = by_node.source().unwrap();
        assert!(source.is::<log::IngestError>());
        assert!(source.source().unwrap().is::<log::DecodeError>());
        assert!(cause.source().is_none());
    }

    #[test]
    fn variants_are_told_apart_by_their_places_whatever_they_hold() {
        let place = |refusal: Refusal| refusal.ordinal();
        assert_eq!(place(Refusal::ClaimsFull), 0);
        assert_eq!(place(ProbeError::NotFinite.into()), 4);
        assert_eq!(place(ProbeError::TooFar.into()), 4);
        let numbered = |index| Refusal::UnknownDependency { index };
        assert_eq!(place(numbered(0)), place(numbered(7)));
        assert_eq!(
            place(Refusal::OverWitnesses { limit: 1 }),
            Refusal::VARIANTS - 1
        );
    }

    #[test]
    fn the_table_says_what_is_checked() {
        for (module, range) in RANGES {
            let name = module.trim_start_matches("sensilla::").replace('_', "-");
            let row =
                |line: &&str| line.starts_with("//! |") && line.contains(&format!("`{name}`"));
            let row = include_str!("error.rs").lines().find(row);
            match range {
                0 => assert_eq!(row, None),
                _ => assert!(
                    row.unwrap().contains(&format!("`{range:#04x}..`")),
                    "{module}"
                ),
            }
        }
    }
}

/// Two enums of a crate cannot claim the same codes; one of them with the next sixteen can:
///
/// ```
/// mod error { pub struct Codes; }
/// sensilla::errors! { pub enum A: 0x8010, 0x8020 { No = 31 => "no" } }
/// sensilla::errors! { pub enum B: 0x8030 { No = 1 => "no" } }
/// # fn main() {}
/// ```
///
/// ```compile_fail,E0119
/// mod error { pub struct Codes; }
/// sensilla::errors! { pub enum A: 0x8010, 0x8020 { No = 31 => "no" } }
/// sensilla::errors! { pub enum B: 0x8020 { No = 1 => "no" } }
/// # fn main() {}
/// ```
#[cfg(doctest)]
struct Claimed;
