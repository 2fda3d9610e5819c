//! Says whether the target has the DSP extension of Arm's microcontrollers, which the compiler
//! knows but does not yet tell the code: every ARMv7E-M has it, an ARMv8-M may.

fn main() {
    println!("cargo::rustc-check-cfg=cfg(arm_dsp)");
    println!("cargo::rerun-if-changed=build.rs");
    let variable = |name| std::env::var(name).unwrap_or_default();
    let target = variable("TARGET");
    let features = variable("CARGO_CFG_TARGET_FEATURE");
    let is_said = features.split(',').any(|feature| feature == "dsp");
    if variable("CARGO_CFG_TARGET_ARCH") == "arm" && (target.starts_with("thumbv7em") || is_said) {
        println!("cargo::rustc-cfg=arm_dsp");
    }
}
