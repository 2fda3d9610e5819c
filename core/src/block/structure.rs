//! What every structure does with its block as a whole: format, open, check, seal, hash.
//!
//! A configuration says which kind of block it describes and how long that is ([`Config`]). A
//! structure says how it is carved, what makes its content sound and which its sections are
//! ([`Structure`]). The rest is written once, here; [`life!`] gives it to a structure as methods.

use super::{BlockError, CONFIG_WORDS, CarverMut, HEADER_BYTES, HeaderMut, HeaderRef, Kind};
use super::{Carver, format, open, open_mut, verify_seal};
use crate::Hash;
use sha2::{Digest, Sha256};

/// What a block of some kind is made of.
pub(crate) trait Config: Copy {
    /// The kind of block.
    const KIND: Kind;
    /// The version of its layout.
    const VERSION: u32;

    /// Whether every value lies in its documented range.
    fn is_valid(&self) -> bool;

    /// Bytes of the block, header included.
    fn length(&self) -> usize;

    /// The words that the header keeps.
    fn to_words(&self) -> [u32; CONFIG_WORDS];

    /// The configuration of which [`to_words`](Self::to_words) made these words. Whether its values
    /// are in range, and whether it makes the same words again, is checked by the caller.
    fn from_words(words: &[u32; CONFIG_WORDS]) -> Option<Self>;
}

/// The configuration in a header, if it is valid and the block is as long as it needs.
fn config<C: Config>(header: HeaderRef<'_>) -> Result<C, BlockError> {
    let words = header.config();
    let config = C::from_words(&words)
        .filter(|config| config.is_valid() && config.to_words() == words)
        .ok_or(BlockError::BadConfig)?;
    match config.length() as u64 == header.bytes() {
        true => Ok(config),
        false => Err(BlockError::Corrupt),
    }
}

/// Begins to format `memory`: everything but the header is zero.
pub(crate) fn begin_format<'a, C: Config>(
    memory: &'a mut [u8],
    config: &C,
) -> Result<(HeaderMut<'a>, CarverMut<'a>), BlockError> {
    if !config.is_valid() {
        return Err(BlockError::BadConfig);
    }
    format(
        memory,
        C::KIND,
        C::VERSION,
        config.to_words(),
        config.length(),
    )
}

/// Begins to open `memory` for use: the header is checked, the sections are not.
pub(crate) fn begin_open<C: Config>(
    memory: &mut [u8],
) -> Result<(HeaderMut<'_>, C, CarverMut<'_>), BlockError> {
    let (header, carver) = open_mut(memory, C::KIND, C::VERSION)?;
    let config = config(header.as_ref())?;
    Ok((header, config, carver))
}

/// Begins to open `memory` for reading where it lies.
pub(crate) fn begin_read<C: Config>(
    memory: &[u8],
) -> Result<(HeaderRef<'_>, C, Carver<'_>), BlockError> {
    let (header, carver) = open(memory, C::KIND, C::VERSION)?;
    Ok((header, config(header)?, carver))
}

/// Checks the seal of the block of that kind that starts `memory`, and returns it.
pub(crate) fn check_seal<C: Config>(memory: &[u8]) -> Result<Hash, BlockError> {
    verify_seal(memory, C::KIND, C::VERSION)
}

/// The bytes of a structure.
pub(crate) trait Image<'a> {
    /// The header.
    fn header(&self) -> &HeaderMut<'a>;

    /// The header, to change it.
    fn header_mut(&mut self) -> &mut HeaderMut<'a>;

    /// Name and bytes, padding included, of the section with number `at`; all of them, header
    /// aside, are the block.
    fn section(&self, at: usize) -> Option<(&'static str, &[u8])>;
}

/// A structure that lies in a block of its own.
pub(crate) trait Structure<'a>: Sized + Image<'a> {
    /// What it is made of.
    type Config: Config;

    /// Takes the sections of a block that was just formatted, or is being opened.
    fn carve(
        header: HeaderMut<'a>,
        config: Self::Config,
        carver: CarverMut<'a>,
    ) -> Result<Self, BlockError>;

    /// Checks that the sections agree with each other and are zero where nothing lies, padding
    /// included, so that no content can do harm later; takes from them what the structure keeps
    /// beside them.
    fn check(&mut self) -> Result<(), BlockError>;

    /// See [`life!`].
    fn formatted(memory: &'a mut [u8], config: Self::Config) -> Result<Self, BlockError> {
        let (header, carver) = begin_format(memory, &config)?;
        Self::carve(header, config, carver)
    }

    /// See [`life!`].
    fn opened(memory: &'a mut [u8]) -> Result<Self, BlockError> {
        let (header, config, carver) = begin_open(memory)?;
        let mut structure = Self::carve(header, config, carver)?;
        structure.check()?;
        Ok(structure)
    }
}

/// The sections of a structure, in their order.
pub(crate) fn sections<'s, 'a>(
    structure: &'s (impl Image<'a> + ?Sized),
) -> impl Iterator<Item = (&'static str, &'s [u8])> {
    (0..).map_while(|at| structure.section(at))
}

/// SHA-256 of the block of a header and sections.
pub(crate) fn digest<'s>(
    header: HeaderRef<'_>,
    sections: impl Iterator<Item = (&'static str, &'s [u8])>,
) -> Hash {
    let mut hasher = Sha256::new();
    header.hash(&mut hasher);
    for (_, bytes) in sections {
        hasher.update(bytes);
    }
    hasher.finalize().into()
}

/// SHA-256 of a structure's block.
pub(crate) fn image_digest<'a>(structure: &(impl Image<'a> + ?Sized)) -> Hash {
    digest(structure.header().as_ref(), sections(structure))
}

/// Seals a structure's block.
pub(crate) fn seal<'a>(structure: &mut (impl Image<'a> + ?Sized)) -> Hash {
    let digest = image_digest(structure);
    structure.header_mut().set_seal(&digest);
    digest
}

/// Name and bytes of the header and of each section that is not empty; neighbours of one name are
/// told as one.
pub(crate) fn sizes<'s>(
    sections: impl Iterator<Item = (&'static str, &'s [u8])>,
) -> impl Iterator<Item = (&'static str, usize)> {
    let mut all = core::iter::once(("header", HEADER_BYTES))
        .chain(sections.map(|(name, bytes)| (name, bytes.len())))
        .filter(|&(_, bytes)| bytes > 0)
        .peekable();
    core::iter::from_fn(move || {
        let (name, mut bytes) = all.next()?;
        while let Some((_, more)) = all.next_if(|&(next, _)| next == name) {
            bytes += more;
        }
        Some((name, bytes))
    })
}

/// Writes the methods by which a structure lives and dies, for one that is a [`Structure`], or those
/// of its bytes alone, for one that is only an [`Image`] since its own making takes more.
///
/// ```text
/// life!(Features<'a>, FeatureConfig);
/// life!(Arena<'a, T>, ArenaConfig, [T: Pod]);
/// life!(bytes of Engine<'a, J>, [J]);
/// ```
macro_rules! life {
    ($structure:ty, $config:ty $(, [$($generics:tt)*])?) => {
        impl<'a $(, $($generics)*)?> $structure {
            /// Makes the first `config.bytes()` bytes of `memory` an empty structure; what lies
            /// behind them is left alone. `memory` must start on a 64-byte boundary, which a
            /// `Vec<u8>` seldom does and a [`Block`](crate::block::Block) or, with the feature
            /// `alloc`, a `block::Memory` always does. O(bytes).
            pub fn format(
                memory: &'a mut [u8],
                config: $config,
            ) -> Result<Self, $crate::block::BlockError> {
                $crate::block::structure::Structure::formatted(memory, config)
            }

            /// Opens the structure that lies in `memory` for use there, after checking all that
            /// later calls rely on: no content can then cause a panic, an endless loop or a read
            /// out of range. That it is the content that was saved, only
            /// [`open_verified`](Self::open_verified) checks. O(bytes), if the structure does not
            /// say otherwise.
            pub fn open(memory: &'a mut [u8]) -> Result<Self, $crate::block::BlockError> {
                $crate::block::structure::Structure::opened(memory)
            }

            /// [`open`](Self::open) for a sealed structure, after comparing its SHA-256. O(bytes).
            #[allow(dead_code, reason = "what is private to a node is opened by the node")]
            pub fn open_verified(memory: &'a mut [u8]) -> Result<Self, $crate::block::BlockError> {
                Self::check_seal(memory)?;
                Self::open(memory)
            }

            /// Compares the block with its seal, which is returned.
            #[allow(dead_code, reason = "not every structure is part of another")]
            pub(crate) fn check_seal(
                memory: &[u8],
            ) -> Result<$crate::Hash, $crate::block::BlockError> {
                $crate::block::structure::check_seal::<$config>(memory)
            }
        }
        $crate::block::structure::life!(bytes of $structure $(, [$($generics)*])?);
    };
    (bytes of $structure:ty $(, [$($generics:tt)*])?) => {
        impl<'a $(, $($generics)*)?> $structure {
            /// Seals the block with its SHA-256, which is returned; the next change breaks the
            /// seal. O(bytes).
            pub fn seal(&mut self) -> $crate::Hash {
                $crate::block::structure::seal(self)
            }

            /// SHA-256 of the whole block, state and seal taken as zero: equal after the same calls
            /// in the same order. O(bytes).
            pub fn image_digest(&self) -> $crate::Hash {
                $crate::block::structure::image_digest(self)
            }

            /// The bytes of the block, in order and in several pieces: what to write to save it,
            /// after [`seal`](Self::seal) if it is to be verified when it is opened again.
            pub fn image(&self) -> impl Iterator<Item = &[u8]> {
                use $crate::block::structure::Image;
                let header = self.header().as_bytes();
                core::iter::once(header)
                    .chain($crate::block::structure::sections(self).map(|(_, bytes)| bytes))
            }

            /// Name and bytes of the header and of each section; empty ones are left out.
            pub fn sections(&self) -> impl Iterator<Item = (&'static str, usize)> {
                $crate::block::structure::sizes($crate::block::structure::sections(self))
            }
        }
    };
}

/// Defines a structure whose fields are its header, its configuration and the sections of one list
/// (see [`sections!`](crate::block::sections)), with the methods of [`life!`]. What is left to write
/// is its configuration's [`Config`] and a method `fn is_sound(&mut self) -> bool`, which checks all but
/// the padding.
macro_rules! structure {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident for $config:ident as $c:ident $body:tt
        $(with $with:tt)?
    ) => {
        $crate::block::sections::sections! {
            @mutable [$(#[$meta])* $vis struct $name for $config as $c]
            { pub(super) header: $crate::block::HeaderMut<'a>, config: $config }
            $body $($with)?
        }
        $crate::block::sections::sections! { @slots $name for $config as $c $body }
        $crate::block::sections::sections! { @clear $name for $config as $c $body }

        impl $config {
            /// Bytes of memory that the block takes, header included: all it ever uses.
            pub const fn bytes(&self) -> usize {
                $name::end($crate::block::HEADER_BYTES, self)
            }
        }

        impl<'a> $crate::block::structure::Image<'a> for $name<'a> {
            fn header(&self) -> &$crate::block::HeaderMut<'a> {
                &self.header
            }
            fn header_mut(&mut self) -> &mut $crate::block::HeaderMut<'a> {
                &mut self.header
            }
            fn section(&self, mut at: usize) -> Option<(&'static str, &[u8])> {
                $name::section(self, &mut at)
            }
        }

        impl<'a> $crate::block::structure::Structure<'a> for $name<'a> {
            type Config = $config;
            fn carve(
                header: $crate::block::HeaderMut<'a>,
                config: $config,
                mut carver: $crate::block::CarverMut<'a>,
            ) -> Result<Self, $crate::block::BlockError> {
                $name::carve(header, config, &config, &mut carver)
            }
            fn check(&mut self) -> Result<(), $crate::block::BlockError> {
                let config = self.config;
                match self.is_padded(&config) && self.is_sound() {
                    true => Ok(()),
                    false => Err($crate::block::BlockError::Corrupt),
                }
            }
        }

        $crate::block::structure::life!($name<'a>, $config);
    };
}

pub(crate) use {life, structure};
