//! How the operations of a bank fail. Whatever fails leaves the bank as it was.

use crate::error::errors;

errors! {
    /// What is wrong with a vector.
    pub enum VectorError: 0x0200 {
        /// The vector is not of the configured length.
        WrongLength { expected: u32, found: u32 } = 1
            => "the vector has {found} components, the bank takes {expected}",
        /// A component is infinite or not a number; in a batch they count from the first of all.
        NotFinite { index: u32 } = 2 => "component {index} is infinite or not a number",
        /// The cosine of a vector of zeros is not defined.
        ZeroVector = 3 => "the vector is zero, which has no cosine",
        /// A component is beyond 2^50, where inner products could overflow.
        TooLarge { index: u32 } = 4 => "component {index} is larger than 2^50; scale the vectors down",
    }
}

errors! {
    /// Why a pattern was not inserted; the bank is unchanged.
    pub enum InsertError: 0x0210 {
        /// Every slot is taken.
        Full = 1 => "the bank is full; remove a pattern or insert with eviction",
        /// The vector is not one that the bank compares.
        Vector wraps VectorError,
        /// A batch has another number of patterns or of ids than of vectors.
        Uneven { vectors: u32, patterns: u32, ids: u32 } = 2
            => "the batch has {vectors} vectors, {patterns} patterns and room for {ids} ids",
        /// The cosine of a vector of zeros in a batch is not defined.
        ZeroRow { row: u32 } = 3 => "vector {row} of the batch is zero, which has no cosine",
        /// Eight bits do not hold the rows apart, by what the bank has measured and its configuration allows.
        Lossy { lost: u32, most: u32 } = 4
            => "eight bits lose {lost} thousandths of the nearest rows, more than the {most} allowed; keep floats",
    }
}

errors! {
    /// Why a pattern was not changed; the bank is unchanged.
    pub enum UpdateError: 0x0220 {
        /// The id names no pattern of this bank, or one that was removed.
        Gone = 1 => "there is no such pattern; it was removed or belongs to another bank",
        /// The vector is not one that the bank compares.
        Vector wraps VectorError,
    }
}

errors! {
    /// Why a search did not run.
    pub enum SearchError: 0x0230 {
        /// More neighbours were asked for than the scratch memory holds.
        TooMany { asked: u32, most: u32 } = 1
            => "{asked} neighbours asked for, the scratch memory holds {most}",
        /// The query is not one that the bank compares.
        Vector wraps VectorError,
        /// The scratch memory was made for a smaller bank or for shorter vectors.
        ScratchTooSmall = 2 => "the scratch memory was made for a smaller bank",
        /// The block is laid out without a graph.
        NoGraph = 3 => "the bank is laid out for scans only; search with another method",
    }
}

errors! {
    /// Why a pattern was not removed or read.
    pub enum IdError: 0x0240 {
        /// The id names no pattern of this bank, or one that was removed.
        Gone = 1 => "there is no such pattern; it was removed or belongs to another bank",
        /// The buffer for a vector is not of the configured length.
        WrongLength { expected: u32, found: u32 } = 2
            => "the buffer has {found} components, the bank's vectors have {expected}",
    }
}

impl VectorError {
    /// The error of the vector number `row` of a batch, whose components count from the first of all.
    pub(super) fn in_batch(self, row: usize, dimensions: usize) -> InsertError {
        let short = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let index = |at: u32| at.saturating_add(short(row * dimensions));
        match self {
            Self::NotFinite { index: at } => Self::NotFinite { index: index(at) }.into(),
            Self::TooLarge { index: at } => Self::TooLarge { index: index(at) }.into(),
            Self::ZeroVector => InsertError::ZeroRow { row: short(row) },
            Self::WrongLength { .. } => self.into(),
        }
    }
}
