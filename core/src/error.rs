//! How every operation of the crate reports failure.
//!
//! Each operation has a small enum of its own, written with the `errors!` macro below: `Copy`,
//! `Eq`, `#[non_exhaustive]`, one sentence per variant that says how to recover, and a numeric
//! [`code`](ErrorCode::code) that C and JavaScript callers see and that never changes once
//! released. Codes are `module * 0x100 + operation * 0x10 + variant`:
//!
//! | module | codes |
//! |---|---|
//! | `block` | `0x01..` |
//! | `bank` | `0x02..` |
//! | `learn` | `0x03..` |
//! | `spike` | `0x04..` |
//! | `merkle` | `0x05..` |
//! | `log` | `0x06..` |
//! | `arena`, `intern` | `0x07..` |
//! | `grid` | `0x08..` |
//! | `coherence` | `0x09..` |
//! | `node` | `0x0a..` |

/// An error with a number that C, JavaScript and logs share.
pub trait ErrorCode: core::error::Error + Copy + Eq {
    /// The stable number of this error; never zero.
    fn code(&self) -> u16;
}

/// Defines an error enum: its variants, their numbers and their sentences in one place.
///
/// ```text
/// errors! {
///     /// Why a pattern was not inserted; the bank is unchanged.
///     pub enum InsertError: 0x0210 {
///         /// Every slot is taken.
///         Full = 1 => "the bank is full; remove a pattern or set an eviction policy",
///         /// The vector is not of the configured length.
///         WrongLength { expected: u32, found: u32 } = 2
///             => "the vector has {found} components, the bank takes {expected}",
///     }
/// }
/// ```
macro_rules! errors {
    (
        $(#[$meta:meta])*
        pub enum $name:ident: $base:literal {
            $(
                $(#[$vmeta:meta])*
                $variant:ident $({ $($(#[$fmeta:meta])* $field:ident : $type:ty),+ $(,)? })? = $number:literal
                    => $message:literal
            ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        #[non_exhaustive]
        pub enum $name {
            $(
                $(#[$vmeta])*
                $variant $({ $(#[allow(missing_docs)] $(#[$fmeta])* $field: $type),+ })?,
            )+
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self {
                    $( Self::$variant $({ $($field),+ })? => write!(f, $message), )+
                }
            }
        }

        impl core::error::Error for $name {}

        impl $crate::error::ErrorCode for $name {
            fn code(&self) -> u16 {
                match self {
                    $( Self::$variant $({ $($field: _),+ })? => $base + $number, )+
                }
            }
        }
    };
}

pub(crate) use errors;
