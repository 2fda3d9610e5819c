//! A structure of structures: one block that holds a block for each of its parts.

use crate::Hash;
use crate::block::{BlockError, Carver, CarverMut, HeaderRef, section};
use core::ops::Range;

/// Defines a structure that holds others, from one list of them: each with its type and its
/// configuration. Its fields, the length of its block, how it is formatted, opened, verified,
/// sealed, hashed and saved follow from the list.
///
/// ```text
/// parts! {
///     /// Both halves.
///     pub struct Node for NodeConfig as config, b"NODE", 2 {
///         perception: Perception = config.perception,
///         history: History = config.history,
///     }
/// }
/// ```
///
/// What is left to write is the configuration's `fn is_valid(&self) -> bool`, and of the structure
/// `fn config(&self)`, which says from the parts what it was made with, and `fn agrees(&self) ->
/// bool`, whether the parts fit each other.
///
/// | header word | meaning |
/// |---|---|
/// | 0 | number of parts |
/// | 1 … | bytes of each part's block, in order |
///
/// The image digest is the SHA-256 of the header and of the parts' image digests in order. Sealing
/// seals each part first, so that every byte is hashed once and a part can be verified or replaced
/// without the others.
macro_rules! parts {
    (
        $(#[$meta:meta])*
        pub struct $name:ident for $config:ident as $c:ident, $kind:literal, $version:literal {
            $($(#[$pmeta:meta])* $part:ident: $ty:ident = $part_config:expr),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug)]
        pub struct $name<'a> {
            pub(super) header: $crate::block::HeaderMut<'a>,
            $($(#[$pmeta])* pub(super) $part: $ty<'a>,)+
        }

        impl $config {
            /// Bytes of memory that the block takes, header included: all it ever uses.
            pub const fn bytes(&self) -> usize {
                let $c = self;
                let at = $crate::block::HEADER_BYTES;
                $(let at = $crate::block::section(at, $part_config.bytes(), 1);)+
                at
            }

            /// The words of the header; none where a part is longer than a word can say.
            fn to_words(self) -> Option<[u32; $crate::block::CONFIG_WORDS]> {
                let $c = &self;
                let lengths = [$($part_config.bytes()),+];
                let mut words = [0; $crate::block::CONFIG_WORDS];
                words[0] = lengths.len() as u32;
                for (word, length) in words.iter_mut().skip(1).zip(lengths) {
                    *word = u32::try_from(length).ok()?;
                }
                Some(words)
            }
        }

        impl<'a> $name<'a> {
            const KIND: $crate::block::Kind = $crate::block::Kind(*$kind);
            const VERSION: u32 = $version;

            /// Names of the parts, in the order of the block.
            pub const PARTS: &'static [&'static str] = &[$(stringify!($part)),+];

            /// Makes the first `config.bytes()` bytes of `memory` an empty structure; what lies
            /// behind them is left alone. `memory` must start on a 64-byte boundary, which a
            /// `Vec<u8>` seldom does and a [`Block`](crate::block::Block) or, with the feature
            /// `alloc`, a `block::Memory` always does. O(bytes).
            pub fn format(
                memory: &'a mut [u8],
                config: $config,
            ) -> Result<Self, $crate::block::BlockError> {
                let words = Some(config)
                    .filter($config::is_valid)
                    .and_then($config::to_words)
                    .ok_or($crate::block::BlockError::BadConfig)?;
                let bytes = config.bytes();
                let (header, mut carver) =
                    $crate::block::format(memory, Self::KIND, Self::VERSION, words, bytes)?;
                let $c = &config;
                $(let $part = <$ty<'a>>::format(carver.take($part_config.bytes())?, $part_config)?;)+
                Ok(Self { header, $($part),+ })
            }

            /// Opens the structure that lies in `memory` for use there, after checking all that
            /// later calls rely on: no content can then cause a panic, an endless loop or a read
            /// out of range. That it is the content that was saved, only
            /// [`open_verified`](Self::open_verified) checks. O(bytes).
            pub fn open(memory: &'a mut [u8]) -> Result<Self, $crate::block::BlockError> {
                let (header, mut carver) =
                    $crate::block::open_mut(memory, Self::KIND, Self::VERSION)?;
                let words = header.as_ref().config();
                let mut lengths = words.iter().skip(1);
                $(let $part = <$ty<'a>>::open($crate::node::image::take(&mut carver, lengths.next())?)?;)+
                let opened = Self { header, $($part),+ };
                if opened.agrees() && opened.config().to_words() == Some(words) {
                    Ok(opened)
                } else {
                    Err($crate::block::BlockError::Corrupt)
                }
            }

            /// [`open`](Self::open) for a sealed structure, after comparing the SHA-256 of each
            /// part. O(bytes).
            pub fn open_verified(memory: &'a mut [u8]) -> Result<Self, $crate::block::BlockError> {
                Self::check_seal(memory)?;
                Self::open(memory)
            }

            /// Compares each part with its seal, and the own seal with the parts'; returns it.
            pub(crate) fn check_seal(memory: &[u8]) -> Result<$crate::Hash, $crate::block::BlockError> {
                let (header, mut carver) =
                    $crate::block::open(memory, Self::KIND, Self::VERSION)?;
                let words = header.config();
                let mut lengths = words.iter().skip(1);
                let digests = [$(
                    <$ty<'a>>::check_seal($crate::node::image::lend(&mut carver, lengths.next())?)?
                ),+];
                $crate::node::image::compare(header, &digests)
            }

            /// Where each part lies in a saved block, in the order of [`PARTS`](Self::PARTS).
            pub fn ranges(
                memory: &[u8],
            ) -> Result<
                [core::ops::Range<usize>; [$(stringify!($part)),+].len()],
                $crate::block::BlockError,
            > {
                let (header, _) = $crate::block::open(memory, Self::KIND, Self::VERSION)?;
                let words = header.config();
                let mut lengths = words.iter().skip(1);
                let mut end = $crate::block::HEADER_BYTES;
                Ok([$({
                    let _ = stringify!($part);
                    $crate::node::image::range(&mut end, lengths.next())?
                }),+])
            }

            /// Seals every part and then the whole; returns the image digest. The next change
            /// breaks the seal. O(bytes).
            pub fn seal(&mut self) -> $crate::Hash {
                let digests = [$(self.$part.seal()),+];
                self.header.seal(&[digests.as_flattened()])
            }

            /// SHA-256 of the header and of the parts' image digests: equal after the same calls in
            /// the same order. O(bytes).
            pub fn image_digest(&self) -> $crate::Hash {
                let digests = [$(self.$part.image_digest()),+];
                self.header.as_ref().image_digest(&[digests.as_flattened()])
            }

            /// The bytes of the block, in order and in several pieces: what to write to save it,
            /// after [`seal`](Self::seal) if it is to be verified when it is opened again.
            pub fn image(&self) -> impl Iterator<Item = &[u8]> {
                core::iter::once(self.header.as_bytes())$(.chain(self.$part.image()))+
            }

            /// Part, section and bytes of everything in the block.
            pub fn sections(
                &self,
            ) -> impl Iterator<Item = (&'static str, &'static str, usize)> {
                use $crate::node::image::Named;
                let header = (Self::NAME, "header", $crate::block::HEADER_BYTES);
                core::iter::once(header)$(.chain(
                    self.$part.sections().map(|section| section.named(stringify!($part))),
                ))+
            }

            /// Runs `call` with the block marked as being changed.
            #[allow(dead_code, reason = "halves are changed through their own marks")]
            pub(super) fn change<T>(&mut self, call: impl FnOnce(&mut Self) -> T) -> T {
                self.header.begin();
                let result = call(self);
                self.header.end();
                result
            }
        }
    };
}

pub(crate) use parts;

/// A row of a table of sections.
pub(crate) trait Named {
    /// The row with the name of its part; one that has a part already keeps it.
    fn named(self, part: &'static str) -> (&'static str, &'static str, usize);
}

impl Named for (&'static str, usize) {
    fn named(self, part: &'static str) -> (&'static str, &'static str, usize) {
        (part, self.0, self.1)
    }
}

impl Named for (&'static str, &'static str, usize) {
    fn named(self, _: &'static str) -> (&'static str, &'static str, usize) {
        self
    }
}

fn length(word: Option<&u32>) -> Result<usize, BlockError> {
    word.and_then(|&word| usize::try_from(word).ok())
        .ok_or(BlockError::BadConfig)
}

/// Where the next part lies, behind `end`, which moves on to where the one behind it begins.
pub(crate) fn range(end: &mut usize, word: Option<&u32>) -> Result<Range<usize>, BlockError> {
    let length = length(word)?;
    let start = *end;
    *end = section(start, length, 1);
    let stop = start.checked_add(length).ok_or(BlockError::BadConfig)?;
    Ok(start..stop)
}

/// The block of the next part, for use.
pub(crate) fn take<'a>(
    carver: &mut CarverMut<'a>,
    word: Option<&u32>,
) -> Result<&'a mut [u8], BlockError> {
    carver.take(length(word)?)
}

/// The block of the next part, for reading.
pub(crate) fn lend<'a>(
    carver: &mut Carver<'a>,
    word: Option<&u32>,
) -> Result<&'a [u8], BlockError> {
    carver.take(length(word)?)
}

/// Compares the seal of a header with what its parts' seals are.
pub(crate) fn compare(header: HeaderRef<'_>, digests: &[Hash]) -> Result<Hash, BlockError> {
    if !header.is_sealed() {
        return Err(BlockError::NotSealed);
    }
    let digest = header.image_digest(&[digests.as_flattened()]);
    if header.seal_word() == digest {
        Ok(digest)
    } else {
        Err(BlockError::SealMismatch)
    }
}
