//! Ctrl-C, and the system's wish that a process ends.
//!
//! It ends the process at once: a store is what it was or what it was to become, whenever that
//! happens. While something is [held](hold), a save or the lines of standard input that were taken
//! and not saved yet, the first request is only noted, and that is brought to its end; a second one
//! ends the process at once there too.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// Exit code of a process that ends because it was asked to, as shells have it for Ctrl-C.
pub const INTERRUPTED: u8 = 130;

struct Flags {
    requested: Arc<AtomicBool>,
    /// Whether a request ends the process at once.
    at_once: Arc<AtomicBool>,
    /// How many hold it.
    held: AtomicUsize,
}

fn flags() -> &'static Flags {
    static FLAGS: OnceLock<Flags> = OnceLock::new();
    FLAGS.get_or_init(|| {
        let flags = Flags {
            requested: Arc::default(),
            at_once: Arc::new(AtomicBool::new(true)),
            held: AtomicUsize::new(0),
        };
        #[cfg(unix)]
        listen(&flags);
        flags
    })
}

#[cfg(unix)]
fn listen(flags: &Flags) {
    use signal_hook::{consts, flag};
    let code = i32::from(INTERRUPTED);
    for signal in [consts::SIGINT, consts::SIGTERM, consts::SIGHUP] {
        // They happen in this order. Where one fails, the system's own way is as safe.
        let done = flag::register_conditional_shutdown(signal, code, Arc::clone(&flags.at_once))
            .and_then(|_| flag::register(signal, Arc::clone(&flags.requested)))
            .and_then(|_| flag::register(signal, Arc::clone(&flags.at_once)));
        drop(done);
    }
}

/// Something that should come to its end, as long as this lives.
#[derive(Debug)]
pub struct Hold(());

/// Lets the first request wait from now on.
pub fn hold() -> Hold {
    let flags = flags();
    flags.held.fetch_add(1, Ordering::SeqCst);
    if !flags.requested.load(Ordering::SeqCst) {
        flags.at_once.store(false, Ordering::SeqCst);
    }
    Hold(())
}

impl Drop for Hold {
    fn drop(&mut self) {
        let flags = flags();
        if flags.held.fetch_sub(1, Ordering::SeqCst) == 1 {
            flags.at_once.store(true, Ordering::SeqCst);
        }
    }
}

/// Whether the process was asked to end.
pub fn is_requested() -> bool {
    flags().requested.load(Ordering::SeqCst)
}
