//! A small node that signs and checks with Ed25519: for the flash that it takes.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod life;
#[cfg(target_os = "none")]
mod quiet;
#[cfg(target_os = "none")]
mod small;

#[cfg(target_os = "none")]
mod device {
    use core::hint::black_box;
    use ed25519_dalek::SigningKey;
    use sensilla::log::Ed25519;

    #[cortex_m_rt::entry]
    fn main() -> ! {
        let key = SigningKey::from_bytes(&black_box([7; 32]));
        loop {
            black_box(crate::life::run(&key, &Ed25519));
        }
    }
}

#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!("this is firmware: `cargo xtask size` builds and measures it");
    std::process::exit(2);
}
