//! Kernels for Cortex-M.
//!
//! What a part has is settled when the code is compiled: there is nothing to choose at run time and
//! no second copy of each search in flash. The compiler has no stable intrinsics for either
//! instruction set, hence the assembly.

#[cfg(arm_dsp)]
mod dsp;
#[cfg(arm_helium)]
mod helium;

#[cfg(arm_dsp)]
pub(super) use dsp::Dsp as Native;
#[cfg(arm_helium)]
pub(super) use helium::Helium as Native;
