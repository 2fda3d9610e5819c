#![doc = include_str!("tour.md")]
#![no_std]
#![deny(unsafe_code)]

#[cfg(any(test, feature = "alloc"))]
extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod arena;
pub mod bank;
pub mod block;
pub mod coherence;
pub mod error;
pub mod grid;
pub mod intern;
pub mod learn;
pub mod log;
pub mod merkle;
pub mod node;
pub mod sign;
#[allow(unsafe_code)]
pub mod simd;
mod slices;
pub mod spike;
mod table;

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// The README's Rust, compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// The Rust of the crate's own README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct CrateReadme;
