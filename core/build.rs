//! Says which extensions of Arm's microcontrollers the target has, of which the compiler does not
//! yet tell the code.
//!
//! Every ARMv7E-M has the DSP extension, and an ARMv8-M may. Helium is taken on the word of whoever
//! builds the firmware, `RUSTFLAGS="--cfg sensilla_helium"`, and on no other target than an
//! ARMv8-M with its FPU, whose registers it shares.

fn main() {
    println!("cargo::rustc-check-cfg=cfg(arm_dsp, arm_helium)");
    println!("cargo::rerun-if-changed=build.rs");
    let variable = |name| std::env::var(name).unwrap_or_default();
    let target = variable("TARGET");
    if variable("CARGO_CFG_TARGET_ARCH") != "arm" {
        return;
    }
    let is_promised = std::env::var_os("CARGO_CFG_SENSILLA_HELIUM").is_some();
    let features = variable("CARGO_CFG_TARGET_FEATURE");
    let is_said = features.split(',').any(|feature| feature == "dsp");
    if is_promised && target.starts_with("thumbv8m.main-") && target.ends_with("eabihf") {
        println!("cargo::rustc-cfg=arm_helium");
    } else if target.starts_with("thumbv7em") || is_said {
        println!("cargo::rustc-cfg=arm_dsp");
    }
}
