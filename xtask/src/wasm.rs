//! WebAssembly in headless Chromium, through wasm-bindgen's test runner.

use crate::browser;
use crate::lines::{self, Lines};
use crate::package::npm;
use crate::process::tee;
use crate::target::Toolchain;
use crate::tools;
use anyhow::Result;

pub const TARGET: &str = "wasm32-unknown-unknown";
/// The crates of the standard library that tests on this target link.
const LIBRARY: &str = "std,panic_abort,panic_unwind,test";

pub const BROWSERS: [&str; 4] = ["chromium", "google-chrome", "chromium-browser", "chrome"];
const DRIVER: &str = "chromedriver";

/// The Debian packages that this machine lacks.
pub fn missing() -> Vec<&'static str> {
    let mut packages = Toolchain::missing(TARGET);
    if tools::find(&BROWSERS).is_none() || tools::find(&[DRIVER]).is_none() {
        packages.extend(["chromium", "chromium-driver"]);
    }
    packages.extend(npm::missing());
    packages
}

/// What Debian does not have.
pub fn setup() -> Result<()> {
    npm::setup()?;
    tools::wasm_bindgen().map(|_| ())
}

pub fn test() -> Result<Lines> {
    let driver = tools::program(&[DRIVER])?;
    let toolchain = Toolchain::get(TARGET)?;
    let wasm_bindgen = tools::wasm_bindgen()?;
    let mut suite = toolchain.cargo("test", LIBRARY);
    suite
        .args(["--release", "--package", "sensilla-conformance"])
        .args(["--test", "browser", "--", "--nocapture"])
        .env("CHROMEDRIVER", &driver)
        .env(
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER",
            wasm_bindgen.join("wasm-bindgen-test-runner"),
        );
    let lines = lines::read(&tee(&mut suite)?)?;
    let shown: Vec<_> = ["bank", "root", "hub", "accuracy"]
        .iter()
        .filter_map(|name| lines.get_key_value(&format!("activity/{name}")))
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    browser::test(&shown)?;
    Ok(lines)
}
