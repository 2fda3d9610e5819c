//! The package for C: `target/package/sensilla-c`.
//!
//! Rust's static library has all of the standard library's core in it, with symbols that another
//! library from Rust would have as well. Each archive is therefore linked into one object first,
//! without what nothing reaches, and all symbols but the functions of the header are made local.

use crate::process::{ask, cargo, root, run};
use crate::target::Toolchain;
use crate::tools;
use anyhow::{Context, Result, bail};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A target that the library is built for.
pub struct Target {
    /// Rust's name; none is this machine.
    pub triple: Option<&'static str>,
}

/// The targets of the package.
pub const TARGETS: [Target; 6] = [
    Target { triple: None },
    Target {
        triple: Some("thumbv6m-none-eabi"),
    },
    Target {
        triple: Some("thumbv7m-none-eabi"),
    },
    Target {
        triple: Some("thumbv7em-none-eabi"),
    },
    Target {
        triple: Some("thumbv7em-none-eabihf"),
    },
    Target {
        triple: Some("thumbv8m.main-none-eabihf"),
    },
];

const GCC: [&str; 2] = ["gcc-arm-none-eabi", "libnewlib-arm-none-eabi"];

impl Target {
    fn name(&self) -> &'static str {
        self.triple.unwrap_or("host")
    }

    /// A program of the target's binutils, or its compiler.
    fn tool(&self, name: &str) -> Command {
        match self.triple {
            None => Command::new(name),
            Some(_) => Command::new(format!("arm-none-eabi-{name}")),
        }
    }
}

fn source() -> PathBuf {
    root().join("host-embedded/c")
}

/// Where the package is built.
pub fn folder() -> PathBuf {
    root().join("target/package/sensilla-c")
}

/// Debian packages that this machine lacks.
pub fn missing() -> Vec<&'static str> {
    let mut packages = Vec::new();
    for target in TARGETS.iter().filter_map(|target| target.triple) {
        packages.extend(Toolchain::missing(target));
    }
    if tools::find(&["arm-none-eabi-gcc"]).is_none() {
        packages.extend(GCC);
    }
    for program in ["cmake", "g++", "qemu-system-arm"] {
        if tools::find(&[program]).is_none() {
            packages.push(program);
        }
    }
    packages.sort_unstable();
    packages.dedup();
    packages
}

/// The header, made from the source.
pub fn header() -> Result<String> {
    let source = source();
    let mut config = cbindgen::Config::from_file(source.join("cbindgen.toml"))
        .map_err(|e| anyhow::anyhow!("cbindgen.toml: {e}"))?;
    let version = env!("CARGO_PKG_VERSION");
    let mut macros = String::from(
        "\n/// The version of this header; `sensilla_version` is that of the library.\n",
    );
    let parts: Vec<u32> = version.split('.').map(|p| p.parse().unwrap_or(0)).collect();
    for (name, part) in ["MAJOR", "MINOR", "PATCH"].iter().zip(&parts) {
        let _ = writeln!(macros, "#define SENSILLA_VERSION_{name} {part}");
    }
    macros.push_str(
        "#define SENSILLA_VERSION                                                       \\\n    \
         ((uint32_t)SENSILLA_VERSION_MAJOR << 16 | (uint32_t)SENSILLA_VERSION_MINOR << 8 | \\\n     \
         (uint32_t)SENSILLA_VERSION_PATCH)",
    );
    macros.push('\n');
    macros.push_str(&fs::read_to_string(source.join("sizes.h"))?);
    config.after_includes = Some(macros);
    config.header = Some(
        "// Sensilla for C. Written by `cargo xtask package c` from host-embedded/c; change it there.\n\
         //\n\
         // Every function returns zero or a code, of which `sensilla_strerror` says the meaning, if it does\n\
         // not say otherwise. A pointer is null, which is an error, or valid for what is said of it, and\n\
         // aligned as its type wants; memory for structures is aligned to 64 bytes. A handle is zero, or was\n\
         // filled in by the library and not written to since; one thread at a time uses it."
            .into(),
    );
    let bindings = cbindgen::Builder::new()
        .with_config(config)
        .with_src(source.join("src/lib.rs"))
        .with_src(source.join("src/error.rs"))
        .with_src(source.join("src/bank.rs"))
        .with_src(source.join("src/recogniser.rs"))
        .with_src(source.join("src/log.rs"))
        .with_src(source.join("src/check.rs"))
        .with_src(source.join("src/ed25519.rs"))
        .with_src(source.join("src/spike.rs"))
        .generate()
        .context("cbindgen does not understand host-embedded/c")?;
    let mut bytes = Vec::new();
    bindings.write(&mut bytes);
    let text = String::from_utf8(bytes)?;
    // What Rust's documentation says of safety, and calls the crate, is told at the top here.
    Ok(text
        .replace("///", "//")
        .replace("\n//\n// # Safety\n// See the [crate].", "")
        .replace("\n// # Safety\n// See the [crate]; ", "\n// ")
        .replace(" \n", "\n"))
}

/// The names of the functions in the header.
fn functions(header: &str) -> Vec<&str> {
    let mut names: Vec<&str> = header
        .lines()
        .filter(|line| !line.starts_with("//") && !line.starts_with("typedef"))
        .filter_map(|line| line.split_once('(')?.0.rsplit([' ', '*']).next())
        .filter(|name| name.starts_with("sensilla_"))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Builds the library for a target: one object, with the functions of the header alone.
fn archive(target: &Target, header: &str) -> Result<PathBuf> {
    let (mut command, built) = match target.triple {
        None => {
            let mut command = cargo();
            command.arg("rustc");
            (command, root().join("target/c"))
        }
        Some(triple) => {
            let toolchain = Toolchain::get(triple)?;
            let built = toolchain.built("c");
            (toolchain.cargo("rustc", "core"), built)
        }
    };
    command.args(["--profile", "c", "--package", "sensilla-c"]);
    command.args([
        "--features",
        "standalone,ed25519",
        "--crate-type",
        "staticlib",
    ]);
    run(&mut command)?;
    let folder = folder().join("lib").join(target.name());
    fs::create_dir_all(&folder)?;
    let keep = folder.join("keep");
    let names = functions(header);
    fs::write(&keep, names.join("\n"))?;
    let object = folder.join("sensilla.o");
    let mut link = target.tool("ld");
    link.args(["-r", "--gc-sections"]);
    for name in &names {
        link.args(["-u", name]);
    }
    run(link
        .arg("-o")
        .arg(&object)
        .arg(built.join("libsensilla_c.a")))?;
    let mut keeping = std::ffi::OsString::from("--keep-global-symbols=");
    keeping.push(&keep);
    run(target
        .tool("objcopy")
        .arg(keeping)
        .args(["--strip-debug", "--remove-section=.comment"])
        // What the compiler kept for its own linker.
        .args(["--remove-section=.llvmbc", "--remove-section=.llvmcmd"])
        .arg(&object))?;
    let archive = folder.join("libsensilla.a");
    let _ = fs::remove_file(&archive);
    run(target.tool("ar").args(["rcsD"]).arg(&archive).arg(&object))?;
    check(target, &archive, &names)?;
    fs::remove_file(&object)?;
    fs::remove_file(&keep)?;
    Ok(archive)
}

/// Refuses an archive that has other symbols than it should.
fn check(target: &Target, archive: &Path, names: &[&str]) -> Result<()> {
    // A line a symbol that begins with its name; lines with the names of members end with a colon.
    let symbols = |option: &str| -> Result<Vec<String>> {
        let text = ask(target.tool("nm").args(["-P", option]).arg(archive))
            .with_context(|| format!("nm does not read {}", archive.display()))?;
        let names = text.lines().filter(|line| !line.ends_with(':'));
        let names = names.filter_map(|line| line.split_whitespace().next());
        Ok(names.map(str::to_owned).collect())
    };
    let global = ask(target
        .tool("nm")
        .args(["-P", "-g", "--defined-only"])
        .arg(archive))
    .context("nm does not list symbols")?;
    let mut defined: Vec<&str> = global
        .lines()
        .filter(|line| !line.ends_with(':'))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    defined.sort_unstable();
    defined.dedup();
    if defined != names {
        bail!(
            "{} defines {defined:?}; the header has {names:?}",
            archive.display()
        );
    }
    const LIBC: [&str; 6] = ["memcpy", "memmove", "memset", "memcmp", "bcmp", "strlen"];
    let wanted = symbols("-u")?;
    if let Some(other) = wanted.iter().find(|name| !LIBC.contains(&name.as_str())) {
        bail!("{} wants `{other}` of a program", archive.display());
    }
    Ok(())
}

/// Builds the package.
pub fn package() -> Result<()> {
    tools::install(&missing())?;
    let folder = folder();
    let _ = fs::remove_dir_all(&folder);
    files(&folder)?;
    let header = fresh_header()?;
    for target in &TARGETS {
        archive(target, &header)?;
    }
    fs::write(folder.join("SHA256SUMS"), sums(&folder)?)?;
    println!("{}", folder.display());
    Ok(())
}

/// What is in the package besides the libraries.
fn files(folder: &Path) -> Result<()> {
    for part in ["include", "lib/pkgconfig", "zephyr"] {
        fs::create_dir_all(folder.join(part))?;
    }
    fs::write(folder.join("include/sensilla.h"), fresh_header()?)?;
    let from = source().join("package");
    let copies = [
        ("sensilla-config.cmake", "sensilla-config.cmake"),
        (
            "sensilla-config-version.cmake",
            "sensilla-config-version.cmake",
        ),
        ("sensilla.pc", "lib/pkgconfig/sensilla.pc"),
        ("zephyr/module.yml", "zephyr/module.yml"),
        ("zephyr/Kconfig", "zephyr/Kconfig"),
        ("zephyr/CMakeLists.txt", "zephyr/CMakeLists.txt"),
        ("../../../LICENSE-APACHE", "LICENSE-APACHE"),
        ("../../../LICENSE-MIT", "LICENSE-MIT"),
    ];
    for (file, to) in copies {
        let file = from.join(file);
        let text =
            fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let text = text.replace("@VERSION@", env!("CARGO_PKG_VERSION"));
        fs::write(folder.join(to), text)?;
    }
    Ok(())
}

/// The SHA-256 of every file of a folder, as `sha256sum` prints and checks them.
fn sums(folder: &Path) -> Result<String> {
    let list = ask(Command::new("sh")
        .current_dir(folder)
        .args(["-c", "find . -type f | LC_ALL=C sort | xargs sha256sum"]))
    .context("sha256sum failed")?;
    Ok(format!("{}\n", list.trim_end()))
}

/// The header, which must be the one that is committed.
fn fresh_header() -> Result<String> {
    let header = header()?;
    let file = source().join("include/sensilla.h");
    let committed = fs::read_to_string(&file).unwrap_or_default();
    if committed != header {
        if std::env::var_os("SENSILLA_BLESS").is_none() {
            bail!(
                "{} is not what the source says; `SENSILLA_BLESS=1 cargo xtask package c` writes it",
                file.display()
            );
        }
        fs::create_dir_all(source().join("include"))?;
        fs::write(&file, &header)?;
    }
    Ok(header)
}

/// How a header has to be taken by strict compilers.
const DIALECTS: [(&str, &str, &str); 3] = [
    ("gcc", "-std=c99", "c"),
    ("gcc", "-std=c11", "c"),
    ("g++", "-std=c++17", "c++"),
];

/// Builds the library for this machine and for an emulated Cortex-M4F, and what is written in C
/// against it: `examples/c-firmware`, by CMake and the package alone. What it prints must be what the
/// same calls in Rust print.
pub fn test() -> Result<()> {
    let header = fresh_header()?;
    let package = folder();
    files(&package)?;
    for (compiler, standard, language) in DIALECTS {
        run(Command::new(compiler)
            .args([standard, "-Wall", "-Wextra", "-Wpedantic", "-Werror"])
            .args(["-fsyntax-only", "-x", language])
            .arg(package.join("include/sensilla.h")))?;
    }
    let expected = ask(cargo()
        .args(["run", "--quiet", "--package", "sensilla-c"])
        .args(["--example", "app"]))
    .context("`cargo run --package sensilla-c --example app` failed")?;
    let sanitized = ["-DCMAKE_C_FLAGS=-g -fsanitize=address,undefined -fno-sanitize-recover"];
    let cross = ["-DCMAKE_TOOLCHAIN_FILE=cortex-m4f.cmake"];
    let cases: [(&Target, &str, &[&str]); 2] = [
        (&TARGETS[0], "host", &sanitized),
        (&TARGETS[4], "m4", &cross),
    ];
    for (target, name, options) in cases {
        archive(target, &header)?;
        let program = build(&package, name, options)?;
        let mut command = match target.triple {
            None => Command::new(&program),
            Some(_) => emulator(&program),
        };
        let printed = ask(&mut command).with_context(|| format!("{} failed", program.display()))?;
        if printed.trim() != expected.trim() {
            bail!("in C, {name}:\n{printed}\nin Rust:\n{expected}");
        }
        println!("C on {name}: as in Rust");
    }
    sizes(&package)
}

/// The macros of the header for sizes, beside the functions.
fn sizes(package: &Path) -> Result<()> {
    let program = root().join("target/c-firmware/sizes");
    run(Command::new("gcc")
        .args([
            "-std=c11",
            "-Wall",
            "-Wextra",
            "-Wpedantic",
            "-Werror",
            "-g",
        ])
        .args(["-fsanitize=address,undefined", "-fno-sanitize-recover"])
        .arg("-I")
        .arg(package.join("include"))
        .arg(source().join("tests/sizes.c"))
        .arg(package.join("lib/host/libsensilla.a"))
        .arg("-o")
        .arg(&program))?;
    run(&mut Command::new(&program))
}

/// Builds `examples/c-firmware` against the package.
fn build(package: &Path, name: &str, options: &[&str]) -> Result<PathBuf> {
    let source = root().join("examples/c-firmware");
    let to = root().join("target/c-firmware").join(name);
    let _ = fs::remove_dir_all(&to);
    let mut prefix = std::ffi::OsString::from("-DCMAKE_PREFIX_PATH=");
    prefix.push(package);
    let mut configure = Command::new("cmake");
    configure
        .current_dir(&source)
        .args(["-S", ".", "-B"])
        .arg(&to);
    run(configure
        .arg(prefix)
        .args(options)
        .stdout(std::io::stderr()))?;
    run(Command::new("cmake")
        .arg("--build")
        .arg(&to)
        .stdout(std::io::stderr()))?;
    Ok(to.join("firmware"))
}

/// QEMU with a program for its MPS2.
fn emulator(program: &Path) -> Command {
    let mut command = Command::new("qemu-system-arm");
    command
        .args(["-machine", "mps2-an386", "-nographic", "-monitor", "none"])
        .args(["-serial", "none"])
        // Lines come out as standard output, not as error.
        .args(["-chardev", "stdio,id=lines"])
        .args([
            "-semihosting-config",
            "enable=on,target=native,chardev=lines",
        ])
        .arg("-kernel")
        .arg(program);
    command
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_header_is_the_one_that_is_committed() {
        super::fresh_header().unwrap();
    }
}
