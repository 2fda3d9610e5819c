#![no_std]
#![forbid(unsafe_code)]
//! Sensilla on microcontrollers.
//!
//! The core reads no clock and touches no flash. This crate is what a firmware puts around it: a
//! [`clock`] that never goes back, a store in [`flash`] that outlives a loss of power, and a
//! [`status`] line for its log.

pub mod clock;
pub mod error;
pub mod flash;
pub mod status;
