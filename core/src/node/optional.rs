//! A part that a structure may do without.

/// Defines a part that is there or not, and its configuration. Without it its block has no bytes,
/// and its digest is zero.
///
/// ```text
/// optional!(OptionalStream, OptionalStreamConfig of Stream, StreamConfig);
/// ```
macro_rules! optional {
    ($name:ident, $config:ident of $part:ident, $part_config:ident) => {
        /// The part, if it is there.
        #[derive(Debug)]
        pub(crate) struct $name<'a>(pub(super) Option<$part<'a>>);

        /// Its configuration, if it is there.
        #[derive(Clone, Copy, Debug)]
        pub(super) struct $config(pub(super) Option<$part_config>);

        impl $config {
            pub(super) const fn bytes(&self) -> usize {
                match &self.0 {
                    Some(config) => config.bytes(),
                    None => 0,
                }
            }
        }

        impl<'a> $name<'a> {
            pub(super) fn format(
                memory: &'a mut [u8],
                config: $config,
            ) -> Result<Self, $crate::block::BlockError> {
                let part = config.0.map(|config| $part::format(memory, config));
                Ok(Self(part.transpose()?))
            }

            pub(super) fn open(memory: &'a mut [u8]) -> Result<Self, $crate::block::BlockError> {
                match memory.is_empty() {
                    true => Ok(Self(None)),
                    false => Ok(Self(Some($part::open(memory)?))),
                }
            }

            pub(crate) fn check_seal(
                memory: &[u8],
            ) -> Result<$crate::Hash, $crate::block::BlockError> {
                match memory.is_empty() {
                    true => Ok([0; 32]),
                    false => $part::check_seal(memory),
                }
            }

            pub(super) fn seal(&mut self) -> $crate::Hash {
                self.0.as_mut().map_or([0; 32], |part| part.seal())
            }

            pub(super) fn image_digest(&self) -> $crate::Hash {
                self.0.as_ref().map_or([0; 32], |part| part.image_digest())
            }

            pub(super) fn image(&self) -> impl Iterator<Item = &[u8]> {
                self.0.iter().flat_map(|part| part.image())
            }

            pub(super) fn sections(&self) -> impl Iterator<Item = (&'static str, usize)> {
                self.0.iter().flat_map(|part| part.sections())
            }
        }
    };
}

pub(super) use optional;
