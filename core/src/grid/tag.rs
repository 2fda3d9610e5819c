//! Names of any length in few bytes.

use sha2::{Digest, Sha256};

/// A name of any length in sixteen bytes: the name itself up to fifteen bytes, else the front of
/// its SHA-256. Different names have different tags, short of a collision of 120 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Tag(pub(crate) [u32; 4]);

impl Tag {
    /// The tag of a name. Cost: no hash up to 15 bytes, else one SHA-256 of the name.
    pub fn of(name: &str) -> Self {
        let mut bytes = [0; 16];
        let length = name.len();
        match bytes.get_mut(..length).filter(|_| length <= 15) {
            Some(front) => {
                front.copy_from_slice(name.as_bytes());
                bytes[15] = length as u8;
            }
            None => {
                let digest: [u8; 32] = Sha256::digest(name.as_bytes()).into();
                for (to, from) in bytes.iter_mut().zip(digest) {
                    *to = from;
                }
                bytes[15] = u8::MAX;
            }
        }
        Self(bytemuck::cast(bytes))
    }
}
