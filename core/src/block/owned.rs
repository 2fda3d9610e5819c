//! Structures that own the memory they lie in, for hosts with a heap.

use super::{BlockError, Memory, OutOfMemory};
use crate::error::errors;

errors! {
    /// Why a structure and its memory were not made.
    pub enum OwnError: 0x0110 {
        /// The heap has less memory than the configuration needs.
        OutOfMemory { bytes: u64 } = 1
            => "there is no memory for {bytes} bytes; free some or make the structure smaller",
        /// The memory could not be formatted or opened.
        Block wraps BlockError,
    }
}

impl From<OutOfMemory> for OwnError {
    fn from(error: OutOfMemory) -> Self {
        Self::OutOfMemory {
            bytes: error.bytes as u64,
        }
    }
}

/// Memory of a block that is in `bytes`, which may lie anywhere.
pub(crate) fn copied(bytes: &[u8]) -> Result<Memory, OwnError> {
    Ok(Memory::try_copy(bytes)?)
}

/// Memory for a block of that length.
pub(crate) fn room(bytes: usize) -> Result<Memory, OwnError> {
    Ok(Memory::try_zeroed(bytes)?)
}

/// Defines the form of a structure that owns its memory.
///
/// ```text
/// owned! {
///     /// A node on the heap.
///     pub struct OwnedNode(NodeCell) of Node, NodeConfig;
/// }
/// ```
macro_rules! owned {
    (
        $(#[$meta:meta])*
        pub struct $name:ident($cell:ident) of $structure:ident, $config:ty;
    ) => {
        self_cell::self_cell!(
            struct $cell {
                owner: self_cell::MutBorrow<$crate::block::Memory>,
                #[covariant]
                dependent: $structure,
            }
        );

        $(#[$meta])*
        pub struct $name($cell);

        impl $name {
            /// An empty structure of that configuration.
            pub fn new(config: $config) -> Result<Self, $crate::block::OwnError> {
                let memory = $crate::block::owned::room(config.bytes())?;
                Self::within(memory, |memory| $structure::format(memory, config))
            }

            /// The structure that was saved as `bytes`, which are copied; its content is checked as
            /// far as later calls rely on it.
            pub fn open(bytes: &[u8]) -> Result<Self, $crate::block::OwnError> {
                Self::within($crate::block::owned::copied(bytes)?, |memory| $structure::open(memory))
            }

            /// [`open`](Self::open) for what was sealed, after comparing its SHA-256.
            pub fn open_verified(bytes: &[u8]) -> Result<Self, $crate::block::OwnError> {
                Self::within($crate::block::owned::copied(bytes)?, |memory| {
                    $structure::open_verified(memory)
                })
            }

            /// The sealed structure that lies in `memory`, after comparing its SHA-256; nothing is
            /// copied.
            pub fn adopt(memory: $crate::block::Memory) -> Result<Self, $crate::block::OwnError> {
                Self::within(memory, |memory| $structure::open_verified(memory))
            }

            /// The structure that lies in `memory`, which may be unsealed: for bytes that whoever kept
            /// them vouches for. Its content is checked as by [`open`](Self::open), and nothing is
            /// copied.
            pub fn adopt_unsealed(
                memory: $crate::block::Memory,
            ) -> Result<Self, $crate::block::OwnError> {
                Self::within(memory, |memory| $structure::open(memory))
            }

            fn within(
                memory: $crate::block::Memory,
                make: impl for<'m> FnOnce(
                    &'m mut [u8],
                ) -> Result<$structure<'m>, $crate::block::BlockError>,
            ) -> Result<Self, $crate::block::OwnError> {
                let memory = self_cell::MutBorrow::new(memory);
                let cell = $cell::try_new(memory, |memory| make(memory.borrow_mut()))?;
                Ok(Self(cell))
            }

            /// The structure, to look at.
            pub fn get(&self) -> &$structure<'_> {
                self.0.borrow_dependent()
            }

            /// Lets `call` change the structure.
            pub fn with<T>(&mut self, call: impl FnOnce(&mut $structure<'_>) -> T) -> T {
                self.0.with_dependent_mut(|_, structure| call(structure))
            }

            /// Seals the structure and copies its bytes, which [`open_verified`](Self::open_verified)
            /// takes. To write them elsewhere without the copy, use `seal` and `image` of the
            /// structure itself.
            pub fn to_bytes(&mut self) -> alloc::vec::Vec<u8> {
                self.with(|structure| {
                    structure.seal();
                });
                let mut bytes = alloc::vec::Vec::new();
                for piece in self.get().image() {
                    bytes.extend_from_slice(piece);
                }
                bytes
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                self.get().fmt(f)
            }
        }
    };
}

pub(crate) use owned;
