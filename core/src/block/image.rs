//! What every structure does with its block as a whole.

/// Writes `open_verified`, `seal`, `image_digest` and `sections` for a structure with a `header`
/// and the named fields as its sections, in their order. `KIND`, `VERSION` and `open` are those of
/// the place where it is used.
///
/// ```text
/// image!(Extractor: counts, means, row => "centroid");
/// ```
macro_rules! image {
    ($structure:ident: $($field:ident $(=> $name:literal)?),+ $(,)?) => {
        impl<'a> $structure<'a> {
            /// Like [`open`](Self::open), of a sealed block whose SHA-256 matches.
            #[allow(dead_code, reason = "a part of a node is opened by the node")]
            pub fn open_verified(memory: &'a mut [u8]) -> Result<Self, crate::block::BlockError> {
                crate::block::verify_seal(memory, KIND, VERSION)?;
                Self::open(memory)
            }

            /// Seals the block with its SHA-256, which is returned.
            pub fn seal(&mut self) -> crate::Hash {
                self.header.seal(&[$(bytemuck::cast_slice(self.$field)),+])
            }

            /// SHA-256 of the whole block.
            pub fn image_digest(&self) -> crate::Hash {
                self.header
                    .as_ref()
                    .image_digest(&[$(bytemuck::cast_slice(self.$field)),+])
            }

            /// Name and bytes of each section.
            pub fn sections(&self) -> impl Iterator<Item = (&'static str, usize)> + use<> {
                [
                    ("header", crate::block::HEADER_BYTES),
                    $((
                        $crate::block::image::name!($field $(=> $name)?),
                        size_of_val(&*self.$field),
                    )),+
                ]
                .into_iter()
            }
        }
    };
}

/// What a section is called: as its field, or as told.
macro_rules! name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident => $name:literal) => {
        $name
    };
}

pub(crate) use {image, name};
