//! Why a call to the grid was refused.

use crate::block::BlockError;
use crate::error::errors;

errors! {
    /// Why a projection was not taken; no grid was made.
    pub enum ProjectionError: 0x0800 {
        /// The rows are not fifteen times the dimensions.
        WrongLength { expected: u32, found: u32 } = 1
            => "the projection has {found} components, fifteen rows take {expected}",
        /// The rows stretch some vector, so that near ones could be missed.
        NotContracting = 2 => "the rows have a spectral norm over 1 - 1/1024; scale them down",
        /// A coordinate is out of range or named twice.
        BadCoordinates = 3 => "the chosen coordinates are not distinct and within the dimensions",
        /// The configuration announces the other form.
        WrongForm = 4 => "rows need a configuration with `projected(true)`, coordinates one without",
        /// The sample holds a part of a vector or a number that is not finite.
        BadSample = 5 => "the sample is not a whole number of finite vectors",
        /// The block could not be formatted.
        Block wraps BlockError,
    }
}

errors! {
    /// Why a vector has no place in the grid.
    pub enum ProbeError: 0x0810 {
        /// The vector is not of the configured length.
        WrongLength { expected: u32, found: u32 } = 1
            => "the vector has {found} components, the grid takes {expected}",
        /// A component is NaN or infinite.
        NotFinite = 2 => "the vector has a component that is not a finite number",
        /// The vector is so long that rounding would exceed the radius.
        TooFar = 3 => "the vector is over 65536 radii long; scale it or widen the radius",
    }
}

errors! {
    /// Why a claim was not inserted; the grid is unchanged.
    pub enum InsertError: 0x0820 {
        /// Every slot is taken.
        Full = 1 => "the grid is full; remove a claim or let one expire",
        /// The vector has no place.
        Vector wraps ProbeError,
    }
}

errors! {
    /// Why nothing was removed.
    pub enum RemoveError: 0x0830 {
        /// No claim is in that slot.
        NotThere = 1 => "no claim is in this slot",
    }
}
