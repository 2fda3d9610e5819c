//! Linker scripts: cortex-m-rt's, with the memory of this board, and defmt's.

fn main() {
    println!("cargo:rerun-if-changed=memory.x");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("none") {
        let folder = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
        println!("cargo:rustc-link-search={folder}");
        println!("cargo:rustc-link-arg-bins=-Tlink.x");
        println!("cargo:rustc-link-arg-bins=-Tdefmt.x");
        // Sections need no alignment to pages of memory that a Cortex-M does not have.
        println!("cargo:rustc-link-arg-bins=--nmagic");
    }
}
