//! The package for npm: `target/npm/sensilla-VERSION.tgz`.
//!
//! Each entry point has a module of its own, in which nothing is that it does not call, built with
//! vector instructions and without. `host-wasm/js/build.mjs` puts them together with the scripts.

use crate::process::{ask, root, run};
use crate::target::Toolchain;
use crate::tools;
use crate::wasm::{BROWSERS, TARGET};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Entry points by the names of their files, and the features of `sensilla-wasm` that they have.
const ENTRIES: [(&str, &str); 4] = [
    ("bank", "bank"),
    ("recogniser", "recogniser"),
    ("log", "log"),
    ("index", "bank,recogniser,history"),
];
/// What modules are built with.
const BUILDS: [(&str, &str); 2] = [
    ("simd", "-Ctarget-feature=+simd128"),
    ("scalar", "-Ctarget-feature=-simd128"),
];
/// What every browser and runtime of the last years has.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];
/// Most kilobytes of a module with vector instructions and its script, gzipped.
const MOST: [(&str, u64); 4] = [
    ("bank", 80),
    ("recogniser", 112),
    ("log", 115),
    ("index", 300),
];

fn scripts() -> PathBuf {
    root().join("host-wasm/js")
}

fn folder() -> PathBuf {
    root().join("target/npm")
}

/// Debian packages that this machine lacks.
pub fn missing() -> Vec<&'static str> {
    let mut packages = Vec::new();
    // Node 20 and later bring what the tests use.
    if tools::find(&["node"]).is_none() || tools::find(&["npm"]).is_none() {
        packages.extend(["nodejs", "npm"]);
    }
    packages
}

/// What Debian does not have: the packages of `host-wasm/js/package-lock.json`.
pub fn setup() -> Result<()> {
    let installed = scripts().join("node_modules/.package-lock.json");
    let lock = scripts().join("package-lock.json");
    let time = |file: &Path| fs::metadata(file).and_then(|data| data.modified()).ok();
    if time(&installed).is_some_and(|installed| time(&lock).is_none_or(|lock| installed >= lock)) {
        return Ok(());
    }
    tools::wasm_bindgen()?;
    // As the lock file says. `npm ci` refuses it for want of an optional package for Windows.
    run(npm()?.args([
        "install",
        "--no-save",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
    ]))?;
    // Unpacked files keep the time at which they were packed.
    let bytes = fs::read(&installed)?;
    Ok(fs::write(&installed, bytes)?)
}

/// Builds the package and returns the file.
pub fn package() -> Result<PathBuf> {
    setup()?;
    let modules = root().join("target/npm/modules");
    fs::create_dir_all(&modules)?;
    for (build, flags) in BUILDS {
        for (entry, features) in ENTRIES {
            module(
                features,
                flags,
                &modules.join(format!("{entry}.{build}.wasm")),
            )?;
        }
    }
    let unpacked = folder().join("package");
    run(node()?
        .arg(scripts().join("build.mjs"))
        .args([&modules, &unpacked])
        .arg(env!("CARGO_PKG_VERSION")))?;
    run(npm()?
        .args(["pack", "--silent", "--pack-destination"])
        .arg(folder())
        .current_dir(&unpacked)
        .stdout(std::io::stderr()))?;
    let file = folder().join(concat!("sensilla-", env!("CARGO_PKG_VERSION"), ".tgz"));
    println!("{}", file.display());
    Ok(file)
}

/// Builds one module and makes it small.
pub fn module(features: &str, flags: &str, to: &Path) -> Result<()> {
    let toolchain = Toolchain::get(TARGET)?;
    run(toolchain
        .cargo("build", "core,alloc,compiler_builtins")
        .env("RUSTFLAGS", flags)
        .args(["--profile", "wasm", "--package", "sensilla-wasm", "--lib"])
        .args(["--no-default-features", "--features", features]))?;
    let bound = folder().join("bound");
    run(Command::new(tools::wasm_bindgen()?.join("wasm-bindgen"))
        .args(["--target", "web", "--out-dir"])
        .arg(&bound)
        .arg(toolchain.built("wasm").join("sensilla_wasm.wasm")))?;
    let built = bound.join("sensilla_wasm_bg.wasm");
    is_declared(&built.with_extension("wasm.d.ts"))?;
    let mut optimise = node()?;
    optimise
        .arg(scripts().join("node_modules/binaryen/bin/wasm-opt"))
        .args(FEATURES)
        .args([
            "-Oz",
            "--strip-debug",
            "--strip-producers",
            "--strip-target-features",
        ]);
    if flags.contains("+simd128") {
        optimise.arg("--enable-simd");
    }
    run(optimise.arg(&built).arg("-o").arg(to))
}

/// Checks that the scripts know all that a module exports, with the types that wasm-bindgen gives it.
fn is_declared(found: &Path) -> Result<()> {
    let known = scripts().join("src/exports.d.ts");
    let (found, declared) = (fs::read_to_string(found)?, fs::read_to_string(&known)?);
    let is_known = |line: &&str| declared.lines().any(|known| known == *line);
    let exports = found.lines().filter(|line| line.starts_with("export"));
    let missing: Vec<_> = exports.filter(|line| !is_known(line)).collect();
    match missing.as_slice() {
        [] => Ok(()),
        lines => bail!("{} lacks\n{}", known.display(), lines.join("\n")),
    }
}

/// Bundles the scripts of the page of examples/browser.
pub fn page(to: &Path) -> Result<()> {
    run(node()?.arg(scripts().join("page.mjs")).arg(to))
}

/// Tests the package as those find it who install it.
pub fn test(long: bool) -> Result<()> {
    let file = package()?;
    let project = folder().join("test");
    if project.exists() {
        fs::remove_dir_all(&project)?;
    }
    fs::create_dir_all(&project)?;
    sizes()?;
    let mut tests = node()?;
    tests
        .arg(scripts().join("test/run.mjs"))
        .arg(&file)
        .arg(&project)
        .env("SENSILLA_CHROMIUM", tools::program(&BROWSERS)?);
    if long {
        tests.env("SENSILLA_LONG", "1");
    }
    run(&mut tests)
}

/// Prints how large each entry point is as it goes over the network, and fails on one that is larger
/// than it may be.
fn sizes() -> Result<()> {
    let dist = folder().join("package/dist");
    let mut large = Vec::new();
    for (entry, most) in MOST {
        let mut bytes = 0;
        for file in [format!("{entry}.simd.wasm"), format!("{entry}.js")] {
            bytes += gzipped(&dist.join(file))?;
        }
        println!(
            "npm: {entry} takes {:.1} KB gzipped of {most}",
            bytes as f64 / 1e3
        );
        if bytes > most * 1_000 {
            large.push(entry);
        }
    }
    match large.as_slice() {
        [] => Ok(()),
        _ => bail!("larger than they may be: {}", large.join(", ")),
    }
}

fn gzipped(file: &Path) -> Result<u64> {
    let script = "const z=require('zlib');process.stdout.write(String(z.gzipSync(require('fs').readFileSync(process.argv[1]),{level:9}).length))";
    let length = ask(node()?.args(["-e", script]).arg(file));
    let length = length.and_then(|text| text.parse().ok());
    length.with_context(|| format!("{} is not there", file.display()))
}

fn node() -> Result<Command> {
    Ok(Command::new(tools::program(&["node"])?))
}

fn npm() -> Result<Command> {
    let mut command = Command::new(tools::program(&["npm"])?);
    command.current_dir(scripts());
    Ok(command)
}
