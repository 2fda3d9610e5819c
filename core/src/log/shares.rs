//! The bytes that each author's kept events take, where a configuration limits them.

use super::config::LogConfig;
use crate::block::sections::sections;
use crate::slices;

sections! {
    /// A counter for each number of an author; none where there is no limit.
    pub(crate) struct Shares for LogConfig as config {
        held "log shares": [u32; config.share_count()],
    } with {
        /// Most bytes of one author.
        most: u32 = config.bytes_each,
    }
}

impl Shares<'_> {
    /// Most bytes of one author, if there is such a limit.
    pub(crate) fn most(&self) -> Option<u64> {
        (self.most != 0).then_some(self.most.into())
    }

    /// The bytes of the author with a number.
    pub(crate) fn held(&self, author: u16) -> u64 {
        self.held
            .get(usize::from(author))
            .copied()
            .unwrap_or(0)
            .into()
    }

    /// Counts a body that was appended.
    pub(crate) fn add(&mut self, author: u16, length: u16) {
        let held = self.held(author) + u64::from(length);
        self.set(author, held);
    }

    /// Counts a body that is gone.
    pub(crate) fn remove(&mut self, author: u16, length: u16) {
        let held = self.held(author).saturating_sub(length.into());
        self.set(author, held);
    }

    fn set(&mut self, author: u16, bytes: u64) {
        if self.most != 0 {
            // The ring of bodies is addressed by 32 bits, so that no author has more.
            slices::put(self.held, author.into(), bytes as u32);
        }
    }

    /// Whether every counter is what `bytes` says of its number.
    pub(crate) fn check(&self, config: &LogConfig, bytes: impl Fn(u16) -> u64) -> bool {
        let mut numbers = 0..config.share_count();
        numbers.all(|author| self.held(author) == bytes(author))
    }
}
