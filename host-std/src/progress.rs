//! Progress bars where someone watches.
//!
//! A bar appears on standard error when that is a terminal and the work has taken a second; it is
//! gone when the work is done. Piped or quick work shows none.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

const PATIENCE: Duration = Duration::from_secs(1);

/// The progress of one piece of work.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    begun: Instant,
    waiting: bool,
}

impl Progress {
    /// Work called `what` of `total` steps, of unknown length if `None`.
    pub fn new(what: &'static str, total: Option<u64>) -> Self {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        let template = match total {
            Some(_) => "{msg} {bar:30} {human_pos} of {human_len}, {eta} left",
            None => "{msg} {spinner} {human_pos}, {elapsed}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(what);
        Self {
            bar,
            begun: Instant::now(),
            waiting: std::io::stderr().is_terminal(),
        }
    }

    /// `steps` more are done.
    pub fn step(&mut self, steps: u64) {
        if self.waiting && self.begun.elapsed() >= PATIENCE {
            self.waiting = false;
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.inc(steps);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
