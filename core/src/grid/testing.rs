//! What tests of several modules share.

impl super::Parts<'_> {
    /// The most subjects with one hash.
    pub(crate) fn longest_walk(&self) -> usize {
        self.subjects.longest_walk(&self.entries)
    }

    /// Buckets in use beyond the first of each hash.
    pub(crate) fn spare(&self) -> u32 {
        let (mut free, mut count) = self.counts.spare();
        while free != 0 {
            free = self.cells.behind(free - 1).wrapping_add(1);
            count -= 1;
        }
        count
    }
}

impl super::subject::Subjects<'_> {
    fn longest_walk(&self, entries: &super::entries::Entries<'_>) -> usize {
        let walk = |&head: &u32| {
            let after = |&link: &u32| Some(entries.linked(link)?[super::entries::CHAIN]);
            core::iter::successors(Some(head), after)
                .take_while(|&link| link != 0)
                .count()
        };
        self.heads.iter().map(walk).max().unwrap_or(0)
    }
}
