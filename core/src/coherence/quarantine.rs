//! How far a claim may be used.

/// How far a claim may be used, from freely to not at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Quarantine {
    /// As it is.
    #[default]
    None = 0,
    /// With caution: it is contradicted, was not fully checked, or its context drifts.
    Conservative = 1,
    /// Not without independent witnesses: the contradiction was challenged.
    RequiresWitness = 2,
    /// Not at all, until the conflict is resolved.
    Blocked = 3,
}

impl Quarantine {
    pub(super) const fn from_bits(bits: u32) -> Option<Self> {
        match bits {
            0 => Some(Self::None),
            1 => Some(Self::Conservative),
            2 => Some(Self::RequiresWitness),
            3 => Some(Self::Blocked),
            _ => None,
        }
    }

    /// The next level up.
    pub const fn raised(self) -> Self {
        match self {
            Self::None => Self::Conservative,
            Self::Conservative => Self::RequiresWitness,
            Self::RequiresWitness | Self::Blocked => Self::Blocked,
        }
    }
}
