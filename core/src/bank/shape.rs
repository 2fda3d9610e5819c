//! What the type of a bank says of its shape, so that a program links no more than it calls.

use super::config::{BankConfig, Element, Layout};
use super::view::View;
use core::fmt::Debug;

mod sealed {
    use super::super::errors::SearchError;
    use super::super::read::BankRef;
    use super::super::scratch::{Hits, Scratch};
    use super::super::search::{self, Search};

    pub trait Sealed: Sized {
        /// Runs a search. It is a function of the type and not generic, so that its kernels, each for every
        /// instruction set, are compiled here once and not again in every crate that searches.
        fn search<'s>(
            bank: &BankRef<'_, Self>,
            vector: &[f32],
            detail: &Search<'_>,
            scratch: &'s mut Scratch<'_>,
        ) -> Result<Hits<'s>, SearchError>;
    }

    macro_rules! sealed {
        ($($shape:ty),*) => {$(
            impl Sealed for $shape {
                fn search<'s>(
                    bank: &BankRef<'_, Self>,
                    vector: &[f32],
                    detail: &Search<'_>,
                    scratch: &'s mut Scratch<'_>,
                ) -> Result<Hits<'s>, SearchError> {
                    search::search::<Self>(&bank.view, vector, detail, scratch)
                }
            }
        )*};
    }
    sealed!(super::Any, super::Scanned);
}

/// What is known of a bank when a program is compiled. The block is the same whatever is known: a bank
/// that was written as one type can be opened as the other.
pub trait Shape: sealed::Sealed + Copy + Debug {
    /// Whether there may be a graph.
    const GRAPH: bool;
    /// How components are kept, if that is known.
    const ELEMENT: Option<Element>;
}

/// Nothing is known: every layout and every element can be opened.
#[derive(Clone, Copy, Debug)]
pub enum Any {}

impl Shape for Any {
    const GRAPH: bool = true;
    const ELEMENT: Option<Element> = None;
}

/// Eight bits an element ([`Element::I8`]) without a graph ([`Layout::Scan`]). A program that has no
/// bank of another kind links neither the graph nor what compares floats and bits.
#[derive(Clone, Copy, Debug)]
pub enum Scanned {}

impl Shape for Scanned {
    const GRAPH: bool = false;
    const ELEMENT: Option<Element> = Some(Element::I8);
}

/// Whether a bank of that shape may have this configuration.
pub(super) const fn admits<S: Shape>(config: &BankConfig) -> bool {
    let layout = S::GRAPH || matches!(config.layout, Layout::Scan);
    let element = match S::ELEMENT {
        None => true,
        Some(element) => element as u32 == config.element as u32,
    };
    layout && element
}

/// The configuration, with what the shape says of it known to the compiler.
#[inline(always)]
pub(super) const fn known<S: Shape>(mut config: BankConfig) -> BankConfig {
    if !S::GRAPH {
        config.layout = Layout::Scan;
    }
    if let Some(element) = S::ELEMENT {
        config.element = element;
    }
    config
}

/// The view, with what the shape says of it known to the compiler.
#[inline(always)]
pub(super) const fn view<'v, S: Shape>(view: &View<'v>) -> View<'v> {
    View {
        config: known::<S>(view.config),
        ..*view
    }
}
