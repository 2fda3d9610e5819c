//! Gets the C++ headers of hnswlib from its PyPI source and compiles a small C interface to them.

use std::path::{Path, PathBuf};
use std::process::Command;

const VERSION: &str = "0.8.0";

fn main() {
    println!("cargo:rerun-if-changed=src/hnswlib.cpp");
    println!("cargo:rerun-if-env-changed=HNSWLIB");
    println!("cargo:rustc-check-cfg=cfg(hnswlib)");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    // A folder with hnswlib/hnswlib.h spares the download.
    let folder = match std::env::var_os("HNSWLIB") {
        Some(folder) => Some(PathBuf::from(folder)),
        None => download(&out),
    };
    let Some(folder) = folder else {
        println!("cargo:warning=hnswlib is left out: `pip download hnswlib=={VERSION}` failed");
        return;
    };
    cc::Build::new()
        .cpp(true)
        .file("src/hnswlib.cpp")
        .include(folder)
        .flag("-std=c++17")
        .flag("-O3")
        .flag("-march=native")
        .flag("-ffast-math")
        .warnings(false)
        .compile("sensilla_hnswlib");
    println!("cargo:rustc-cfg=hnswlib");
}

fn download(out: &Path) -> Option<PathBuf> {
    let source = out.join(format!("hnswlib-{VERSION}"));
    if !source.exists() {
        let pip = Command::new("pip")
            .args([
                "download",
                "--quiet",
                "--no-deps",
                "--no-binary",
                "hnswlib",
                "--dest",
            ])
            .arg(out)
            .arg(format!("hnswlib=={VERSION}"))
            .status();
        let tar = Command::new("tar")
            .arg("-xzf")
            .arg(out.join(format!("hnswlib-{VERSION}.tar.gz")))
            .arg("-C")
            .arg(out)
            .status();
        let done = pip.is_ok_and(|s| s.success()) && tar.is_ok_and(|s| s.success());
        if !done {
            return None;
        }
    }
    Some(source)
}
