//! How far a claim may be used.

/// How far a claim may be used, from freely to not at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Quarantine {
    /// As it is.
    #[default]
    None = 0,
    /// With caution: it is contradicted, or was not fully checked.
    Conservative = 1,
    /// Not without independent witnesses: the contradiction was challenged.
    RequiresWitness = 2,
    /// Not at all, until the conflict is resolved.
    Blocked = 3,
}

impl Quarantine {
    /// The next level up.
    pub const fn raised(self) -> Self {
        match self {
            Self::None => Self::Conservative,
            Self::Conservative => Self::RequiresWitness,
            Self::RequiresWitness | Self::Blocked => Self::Blocked,
        }
    }
}
