//! A small node whose signatures are made and checked elsewhere (a secure element, say): for the
//! flash that it takes.
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
    use sensilla::log::{PublicKey, Signature, Signer, Verifier, sign::SignError};

    struct Elsewhere;

    impl Signer for Elsewhere {
        fn public_key(&self) -> PublicKey {
            black_box([7; 32])
        }

        fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
            black_box(message);
            black_box(Ok([7; 64]))
        }
    }

    impl Verifier for Elsewhere {
        fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
            black_box((key, message, signature));
            black_box(true)
        }
    }

    #[cortex_m_rt::entry]
    fn main() -> ! {
        loop {
            black_box(crate::life::run(&Elsewhere, &Elsewhere));
        }
    }
}

#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!("this is firmware: `cargo xtask size` builds and measures it");
    std::process::exit(2);
}
