//! Packages that others take: for C, and for JavaScript.

mod c;
pub mod npm;

use anyhow::Result;
use clap::ValueEnum;

/// What is packaged.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Package {
    /// A static library, its header, and what CMake, pkg-config and Zephyr want to know of them.
    C,
    /// Modules, scripts and types for browsers, Node and other runtimes of JavaScript.
    Npm,
}

/// Builds a package; says where it lies.
pub fn package(package: Package) -> Result<()> {
    match package {
        Package::C => c::package(),
        Package::Npm => npm::package().map(drop),
    }
}

pub use c::{missing as missing_for_c, test as test_c};
