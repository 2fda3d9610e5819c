//! Packages that others take: for C.

mod c;

use anyhow::Result;
use clap::ValueEnum;

/// What is packaged.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Package {
    /// A static library, its header, and what CMake, pkg-config and Zephyr want to know of them.
    C,
}

/// Builds a package; says where it lies.
pub fn package(package: Package) -> Result<()> {
    match package {
        Package::C => c::package(),
    }
}

pub use c::{missing as missing_for_c, test as test_c};
