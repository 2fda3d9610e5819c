//! What a bank is made of, and how much memory that takes.

use super::layout::Sections;
use crate::block::structure::Config;
use crate::block::{CONFIG_WORDS, HEADER_BYTES, Kind};

/// How a component of a stored vector is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[repr(u32)]
#[non_exhaustive]
pub enum Element {
    /// Eight bits with a scale per row; queries keep about fifteen.
    I8 = 1,
    /// Four bytes, as given.
    F32 = 2,
    /// Both: the search runs on the eight bits and ranks what it found again by the four bytes.
    I8F32 = 3,
    /// One bit, the sign; the similarity is the cosine of the vectors of signs.
    Bits = 4,
}

/// What makes two vectors similar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[repr(u32)]
#[non_exhaustive]
pub enum Metric {
    /// The cosine of their angle, -1 to 1. Vectors are normalised once, when they are stored.
    Cosine = 1,
    /// Their inner product.
    InnerProduct = 2,
    /// Minus the square of their Euclidean distance. Where eight bits alone are kept it is
    /// `2 x . y - |x|² - |y|²`, which loses digits where vectors are far from zero and near to each
    /// other.
    SquaredEuclidean = 3,
}

/// Which searches the block is laid out for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[repr(u32)]
#[non_exhaustive]
pub enum Layout {
    /// No graph; eight-bit rows interleaved by sixteen, so that a query runs down sixteen at once.
    /// The fastest up to a few thousand patterns, and always exact.
    Scan = 1,
    /// A graph over rows kept one after the other. Small banks are scanned all the same.
    Graph = 2,
    /// The graph and, for eight-bit elements, the interleaved rows too.
    Both = 3,
}

/// The shape of a bank: how many patterns of how many dimensions, kept and searched how.
///
/// | | range | default |
/// |---|---|---|
/// | `dimensions` | 1 to 8,192 | |
/// | `capacity` | 1 to 16,777,216 | |
/// | [`element`](Self::element) | | `I8` |
/// | [`metric`](Self::metric) | `Bits` takes `Cosine` only | `Cosine` |
/// | [`layout`](Self::layout) | | `Graph` |
/// | [`links`](Self::links) (M) | 2 to 32 | 16 |
/// | [`ef_construction`](Self::ef_construction) | 8 to 1,024 | 200 |
/// | [`scan_cost`](Self::scan_cost) | 1 to 1,000,000 | 25 |
/// | [`most_lost`](Self::most_lost) | 0 to 1,000 | 0: no limit |
///
/// Where there is room for more than 65,535 patterns a link takes four bytes instead of two. Walks
/// through the graph start from a table of sixteen bytes for each of twice the root of the capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BankConfig {
    pub(super) dimensions: u32,
    pub(super) capacity: u32,
    pub(super) element: Element,
    pub(super) metric: Metric,
    pub(super) layout: Layout,
    pub(super) links: u32,
    pub(super) ef_construction: u32,
    pub(super) scan_cost: u32,
    pub(super) most_lost: u32,
}

/// Most dimensions of a vector.
pub const MAX_DIMENSIONS: u32 = 8_192;
/// Most patterns of a bank.
pub const MAX_CAPACITY: u32 = 1 << 24;
/// Most patterns whose links fit in sixteen bits; larger banks spend 32 on each.
pub const MAX_SHORT_LINKS: u32 = 65_535;

impl BankConfig {
    /// `capacity` patterns of `dimensions` components; see the type for what the rest defaults to.
    pub const fn new(dimensions: u32, capacity: u32) -> Self {
        Self {
            dimensions,
            capacity,
            element: Element::I8,
            metric: Metric::Cosine,
            layout: Layout::Graph,
            links: 16,
            ef_construction: 200,
            scan_cost: 25,
            most_lost: 0,
        }
    }

    /// How components are kept.
    pub const fn element(mut self, element: Element) -> Self {
        self.element = element;
        self
    }

    /// What similar means.
    pub const fn metric(mut self, metric: Metric) -> Self {
        self.metric = metric;
        self
    }

    /// Which searches the block is laid out for.
    pub const fn layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }

    /// M: a new pattern is linked to at most this many others, and has at most twice as many links.
    pub const fn links(mut self, links: u32) -> Self {
        self.links = links;
        self
    }

    /// How many candidates an insertion keeps while it looks for neighbours.
    pub const fn ef_construction(mut self, ef: u32) -> Self {
        self.ef_construction = ef;
        self
    }

    /// What a candidate of the graph search costs, in units of scanning sixteen components:
    /// `search` scans while `patterns * s <= scan_cost * ef * (s + 19)`, where `s` is the padded
    /// dimensions over sixteen; where rows of eight bits are not interleaved, while half as many patterns
    /// are. Depends on the machine; measured, not derived, and part of the block so that every host decides alike.
    pub const fn scan_cost(mut self, cost: u32) -> Self {
        self.scan_cost = cost;
        self
    }

    /// Refuses more rows while eight bits lose more than so many thousandths of the ten nearest, by
    /// what the bank has [measured](super::Health::codes) on those it holds; zero is no limit. For banks of
    /// [`Element::I8`] with a graph: others lose nothing, or measure nothing.
    pub const fn most_lost(mut self, thousandths: u32) -> Self {
        self.most_lost = thousandths;
        self
    }

    /// Components of a vector.
    pub const fn dimensions(&self) -> u32 {
        self.dimensions
    }

    /// Most patterns at a time.
    pub const fn capacity(&self) -> u32 {
        self.capacity
    }

    /// How components are kept.
    pub const fn element_kind(&self) -> Element {
        self.element
    }

    /// What similar means.
    pub const fn metric_kind(&self) -> Metric {
        self.metric
    }

    /// Which searches the block is laid out for.
    pub const fn layout_kind(&self) -> Layout {
        self.layout
    }

    /// Elements of a stored row: the dimensions padded to sixteen, for `Bits` to 128.
    pub const fn padded(&self) -> usize {
        let to = match self.element {
            Element::Bits => 128,
            _ => 16,
        };
        round_up(self.dimensions as usize, to)
    }

    /// Bytes of memory a bank of this shape needs, all it ever uses.
    pub const fn bytes(&self) -> usize {
        Sections::end(HEADER_BYTES, self)
    }

    pub(super) const fn has_codes(&self) -> bool {
        matches!(self.element, Element::I8 | Element::I8F32)
    }

    pub(super) const fn has_floats(&self) -> bool {
        matches!(self.element, Element::F32 | Element::I8F32)
    }

    pub(crate) const fn has_graph(&self) -> bool {
        !matches!(self.layout, Layout::Scan)
    }

    /// Most links of a pattern.
    pub(super) const fn degree(&self) -> usize {
        (self.links as usize).saturating_mul(2)
    }

    /// Slots for patterns.
    pub(super) const fn slots(&self) -> usize {
        self.capacity as usize
    }

    /// Codes or bits of a slot where rows lie one after the other.
    pub(super) const fn row_bytes(&self) -> usize {
        match self.element {
            Element::Bits => self.padded() / 8,
            Element::F32 => 0,
            _ if self.has_graph() => self.padded(),
            _ => 0,
        }
    }

    /// Codes of all interleaved rows, whole blocks of sixteen.
    pub(super) const fn interleaved(&self) -> usize {
        if self.has_codes() && !matches!(self.layout, Layout::Graph) {
            round_up(self.slots(), 16).saturating_mul(self.padded())
        } else {
            0
        }
    }

    /// Floats of a slot.
    pub(super) const fn row_floats(&self) -> usize {
        if self.has_floats() { self.padded() } else { 0 }
    }

    /// One for a section of which a slot has one element if `there`, else none.
    pub(super) const fn one_if(there: bool) -> usize {
        there as usize
    }

    /// Whether a link takes two bytes.
    pub(super) const fn has_short_links(&self) -> bool {
        self.capacity <= MAX_SHORT_LINKS
    }
}

/// The next multiple, or the largest number if there is none.
pub(super) const fn round_up(number: usize, to: usize) -> usize {
    match number.checked_next_multiple_of(to) {
        Some(multiple) => multiple,
        None => usize::MAX,
    }
}

impl Config for BankConfig {
    const KIND: Kind = Kind(*b"BANK");
    const VERSION: u32 = 2;

    fn is_valid(&self) -> bool {
        (1..=MAX_DIMENSIONS).contains(&self.dimensions)
            && (1..=MAX_CAPACITY).contains(&self.capacity)
            && (2..=32).contains(&self.links)
            && (8..=1_024).contains(&self.ef_construction)
            && (1..=1_000_000).contains(&self.scan_cost)
            && self.most_lost <= 1_000
            && (self.element != Element::Bits || self.metric == Metric::Cosine)
    }

    fn length(&self) -> usize {
        self.bytes()
    }

    fn to_words(&self) -> [u32; CONFIG_WORDS] {
        let mut words = [0; CONFIG_WORDS];
        words[0] = self.dimensions;
        words[1] = self.capacity;
        words[2] = self.element as u32;
        words[3] = self.metric as u32;
        words[4] = self.layout as u32;
        words[5] = self.links;
        words[6] = self.ef_construction;
        words[7] = self.scan_cost;
        words[8] = self.most_lost;
        words
    }

    fn from_words(words: &[u32; CONFIG_WORDS]) -> Option<Self> {
        let [
            dimensions,
            capacity,
            element,
            metric,
            layout,
            links,
            ef_construction,
            scan_cost,
            most_lost,
            ..,
        ] = *words;
        Some(Self {
            dimensions,
            capacity,
            element: match element {
                1 => Element::I8,
                2 => Element::F32,
                3 => Element::I8F32,
                4 => Element::Bits,
                _ => return None,
            },
            metric: match metric {
                1 => Metric::Cosine,
                2 => Metric::InnerProduct,
                3 => Metric::SquaredEuclidean,
                _ => return None,
            },
            layout: match layout {
                1 => Layout::Scan,
                2 => Layout::Graph,
                3 => Layout::Both,
                _ => return None,
            },
            links,
            ef_construction,
            scan_cost,
            most_lost,
        })
    }
}

// Where an address has 32 bits the largest bank takes more bytes than there are: its size must be
// refused as too large, not wrap round to one that fits.
#[cfg(target_pointer_width = "32")]
const _: () = {
    let most = BankConfig::new(MAX_DIMENSIONS, MAX_CAPACITY).element(Element::I8F32);
    assert!(most.bytes() == usize::MAX);
    let wrapped = BankConfig::new(MAX_DIMENSIONS, 524_288);
    assert!(wrapped.bytes() == usize::MAX);
    let absurd = BankConfig::new(u32::MAX, u32::MAX).links(u32::MAX);
    assert!(absurd.layout(Layout::Both).bytes() == usize::MAX);
};
