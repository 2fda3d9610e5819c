//! How patterns with the same vector lie in the graph.
//!
//! Vectors that are the same to the walk would be each other's nearest neighbours and take all of
//! each other's links, until no path led out of them. So only one of them, the first, is linked to
//! other vectors. The others hang on it in a row, each linked to the one before and the one behind,
//! where a walk that has come to the first finds them one by one. When the first is removed the next
//! in the row takes its place.

use super::config::Element;
use super::sections::Sections;
use super::view::View;

/// Most links of a copy: the one before it and the one behind.
const ROW: usize = 2;

impl View<'_> {
    /// Whether two slots hold the same vector, as walks compare them.
    #[inline]
    pub fn is_same(&self, a: u32, b: u32) -> bool {
        match self.config.element {
            Element::I8 | Element::I8F32 => {
                self.scale(a).to_bits() == self.scale(b).to_bits() && self.row(a) == self.row(b)
            }
            Element::F32 => {
                let pairs = self.float_row(a).iter().zip(self.float_row(b));
                pairs.into_iter().all(|(a, b)| a.to_bits() == b.to_bits())
            }
            Element::Bits => self.row(a) == self.row(b),
        }
    }

    /// Whether a slot hangs on others with its vector and on nothing else.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn is_copy(&self, slot: u32) -> bool {
        !self.has_more_links(slot, ROW) && {
            let (all, same) = self.count_links(slot);
            all > 0 && all == same
        }
    }

    /// Whether a slot is linked to other vectors than its own, so that a walk may start there.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn leads_on(&self, slot: u32) -> bool {
        self.has_more_links(slot, ROW) || {
            let (all, same) = self.count_links(slot);
            all > same
        }
    }

    /// How many links a slot has, and how many of these to its own vector.
    #[cold]
    fn count_links(&self, slot: u32) -> (usize, usize) {
        let (mut all, mut same) = (0, 0);
        self.for_links(slot, |link| {
            all += 1;
            same += usize::from(self.is_same(slot, link));
        });
        (all, same)
    }

    /// A link of a slot to another with its vector.
    fn same_link(&self, slot: u32) -> Option<u32> {
        let mut found = None;
        self.for_links(slot, |link| {
            if found.is_none() && self.is_same(slot, link) {
                found = Some(link);
            }
        });
        found
    }
}

/// Puts a slot without links into the row of `other`, which has the same vector; false if `other`
/// has no row yet and no room to begin one.
pub(super) fn hang(sections: &mut Sections<'_>, slot: u32, other: u32) -> bool {
    let view = sections.view();
    match view.same_link(other) {
        Some(next) => {
            sections.untie(other, next);
            join(sections, other, slot);
            join(sections, slot, next);
            true
        }
        None if view.degree(other) < view.config.degree() => {
            join(sections, other, slot);
            true
        }
        None => false,
    }
}

/// Takes a slot out of its row; the next in it inherits its other links. False if it is in none.
pub(super) fn inherit(sections: &mut Sections<'_>, slot: u32) -> bool {
    let Some(heir) = sections.view().same_link(slot) else {
        return false;
    };
    // A link is taken at each turn, so there are as many turns as links.
    while let Some(other) = first_link(&sections.view(), slot) {
        sections.untie(slot, other);
        if other != heir {
            join(sections, heir, other);
        }
    }
    true
}

fn first_link(view: &View<'_>, slot: u32) -> Option<u32> {
    view.link_words(slot).next()?.checked_sub(1)
}

/// Links two slots that are not linked, if both have room.
fn join(sections: &mut Sections<'_>, a: u32, b: u32) {
    let view = sections.view();
    let degree = view.config.degree();
    let apart = a != b && !view.is_linked(a, b);
    if apart && view.degree(a) < degree && view.degree(b) < degree {
        sections.tie(a, b);
    }
}
