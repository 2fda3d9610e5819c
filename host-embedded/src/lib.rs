#![no_std]
#![forbid(unsafe_code)]
//! Sensilla on microcontrollers.
//!
//! The core reads no clock and touches no flash. This crate is what a firmware puts around it: a
//! [`clock`] that never goes back, the time from what a [member has signed](member_clock) where there is no clock, a store in [`flash`] that outlives a loss of power, and a
//! [`status`] line for its log.

pub mod clock;
pub mod error;
pub mod flash;
pub mod member_clock;
pub mod status;
