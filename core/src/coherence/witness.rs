//! Independent confirmations of a claim.
//!
//! A confirmation reaches the claim along a path of peers, the last of whom is the witness.
//! Two paths are independent when they share no peer. How many independent paths a set of
//! confirmations has is the maximum flow through a graph whose vertices carry one unit each
//! (Menger), counted exactly by augmenting paths. Peers are told apart by the first eight bytes of
//! their keys; two that shared them would count as one, never one as two.

use super::errors::Refusal;
use crate::Hash;
use crate::log::PublicKey;

/// Most peers of a path before the witness.
pub const MAX_PATH: usize = 7;
/// Most witnesses of one claim that are kept and counted.
pub const MAX_WITNESSES: usize = 16;

/// Words of a witness's record.
const CLAIM: usize = 0;
const NEXT: usize = 1;
const LENGTH: usize = 2;

/// Vertices of one path, the witness first; the rest zero.
pub(super) type Path = [u64; MAX_PATH + 1];

#[derive(Debug)]
pub(super) struct Witnesses<'a> {
    pub paths: &'a mut [Path],
    pub records: &'a mut [[u32; 4]],
    /// Head of the free list, and records ever used.
    pub state: &'a mut [u32],
}

fn vertex(key: &PublicKey) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *key;
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// The vertices of a confirmation and their number.
pub(super) fn path(
    witness: &PublicKey,
    along: &[Hash],
    author: &PublicKey,
) -> Result<(Path, usize), Refusal> {
    if along.len() > MAX_PATH {
        return Err(Refusal::PathTooLong {
            limit: MAX_PATH as u32,
        });
    }
    let mut path = [0; MAX_PATH + 1];
    let vertices = core::iter::once(witness).chain(along.iter().rev());
    let mut length = 0;
    for (to, key) in path.iter_mut().zip(vertices) {
        *to = vertex(key);
        length += 1;
    }
    let named = path.get(..length).unwrap_or_default();
    if named.contains(&vertex(author)) {
        return Err(Refusal::OwnClaim);
    }
    let twice = |(i, v): (usize, &u64)| named.iter().skip(i + 1).any(|w| v == w);
    if named.iter().enumerate().any(twice) {
        return Err(Refusal::PathLoops);
    }
    Ok((path, length))
}

impl Witnesses<'_> {
    fn word(&self, at: usize) -> u32 {
        self.state.get(at).copied().unwrap_or(0)
    }

    fn set(&mut self, at: usize, value: u32) {
        if let Some(word) = self.state.get_mut(at) {
            *word = value;
        }
    }

    fn record(&self, link: u32) -> Option<&[u32; 4]> {
        self.records.get(link.wrapping_sub(1) as usize)
    }

    fn next_free(&self) -> Option<u32> {
        match self.word(0) {
            0 => Some(self.word(1) + 1).filter(|&link| link as usize <= self.paths.len()),
            free => Some(free),
        }
    }

    /// The paths of a claim's witnesses.
    pub fn of(&self, first: u32) -> impl Iterator<Item = &[u64]> {
        let mut link = first;
        core::iter::from_fn(move || {
            let record = self.record(link)?;
            let path = self.paths.get(link.wrapping_sub(1) as usize)?;
            link = record[NEXT];
            path.get(..record[LENGTH] as usize)
        })
        .take(MAX_WITNESSES)
    }

    /// Whether another witness can join those of a claim.
    pub fn check(&self, first: u32, path: &Path) -> Result<(), Refusal> {
        if self.of(first).any(|other| other.first() == path.first()) {
            return Err(Refusal::SameWitness);
        }
        if self.of(first).count() >= MAX_WITNESSES {
            return Err(Refusal::EnoughWitnesses);
        }
        self.next_free().map(|_| ()).ok_or(Refusal::WitnessesFull)
    }

    /// Adds a witness that was checked in front of `first`; the new front.
    pub fn add(&mut self, slot: u32, first: u32, path: &Path, length: usize) -> u32 {
        let Some(link) = self.next_free() else {
            return first;
        };
        match self.record(link) {
            Some(record) if self.word(0) != 0 => self.set(0, record[NEXT]),
            _ => self.set(1, link),
        }
        let at = link.wrapping_sub(1) as usize;
        if let Some(to) = self.paths.get_mut(at) {
            *to = *path;
        }
        if let Some(to) = self.records.get_mut(at) {
            *to = [slot + 1, first, length as u32, 0];
        }
        link
    }

    /// Forgets the witnesses of a claim.
    pub fn release(&mut self, first: u32) {
        let mut link = first;
        while let Some(&record) = self.record(link) {
            let at = link.wrapping_sub(1) as usize;
            if let Some(to) = self.paths.get_mut(at) {
                *to = Path::default();
            }
            let free = self.word(0);
            if let Some(to) = self.records.get_mut(at) {
                *to = [0, free, 0, 0];
            }
            self.set(0, link);
            link = record[NEXT];
        }
    }

    /// How many independent paths the witnesses of a claim have.
    pub fn independent(&self, first: u32) -> u32 {
        let mut flow = Flow::new();
        for path in self.of(first) {
            flow.add(path);
        }
        flow.maximum()
    }

    /// Checks lists and records; `of` gives the first witness of the claim in each live slot.
    pub fn verify(&self, heads: impl Iterator<Item = (u32, u32, u32)>) -> Option<()> {
        let used = self.word(1);
        (used as usize <= self.paths.len()).then_some(())?;
        let mut listed = 0;
        for (slot, first, paths) in heads {
            let (mut link, mut count) = (first, 0);
            while link != 0 {
                let record = self.record(link)?;
                let length = record[LENGTH] as usize;
                (record[CLAIM] == slot + 1 && link <= used).then_some(())?;
                ((1..=MAX_PATH + 1).contains(&length) && count < MAX_WITNESSES).then_some(())?;
                count += 1;
                listed += 1;
                link = record[NEXT];
            }
            (self.independent(first) == paths).then_some(())?;
        }
        let mut free = self.word(0);
        for _ in 0..used.checked_sub(listed)? {
            let record = self.record(free)?;
            (record[CLAIM] == 0 && free <= used).then_some(())?;
            free = record[NEXT];
        }
        (free == 0).then_some(())
    }
}

const VERTICES: usize = MAX_WITNESSES * (MAX_PATH + 1);
const EDGES: usize = MAX_WITNESSES * (MAX_PATH + 2);
const SOURCE: u8 = 254;
const SINK: u8 = 255;

/// Maximum flow with one unit a vertex.
struct Flow {
    names: heapless::Vec<u64, VERTICES>,
    /// From, to, and whether flow runs along.
    edges: heapless::Vec<(u8, u8, bool), EDGES>,
    /// Whether flow runs through a vertex.
    through: [bool; VERTICES],
}

/// A vertex as the search sees it: its way in, or its way out.
const OUT: usize = VERTICES;

impl Flow {
    fn new() -> Self {
        Self {
            names: heapless::Vec::new(),
            edges: heapless::Vec::new(),
            through: [false; VERTICES],
        }
    }

    fn number(&mut self, name: u64) -> Option<u8> {
        if let Some(at) = self.names.iter().position(|&n| n == name) {
            return Some(at as u8);
        }
        self.names.push(name).ok()?;
        Some(self.names.len() as u8 - 1)
    }

    /// Adds a path, the witness first.
    fn add(&mut self, path: &[u64]) {
        let mut to = SINK;
        for &name in path {
            let Some(from) = self.number(name) else {
                return;
            };
            self.edge(from, to);
            to = from;
        }
        self.edge(SOURCE, to);
    }

    fn edge(&mut self, from: u8, to: u8) {
        if !self.edges.iter().any(|&(f, t, _)| (f, t) == (from, to)) {
            // As many edges as all paths together fit.
            let _ = self.edges.push((from, to, false));
        }
    }

    fn maximum(&mut self) -> u32 {
        let mut flow = 0;
        while self.augment() {
            flow += 1;
        }
        flow
    }

    /// Finds a way for one unit more, breadth first, and sends it.
    fn augment(&mut self) -> bool {
        /// Not reached.
        const NEVER: u16 = u16::MAX;
        /// Reached through the vertex itself.
        const INSIDE: u16 = u16::MAX - 1;
        // How each side of each vertex was reached: along or against an edge, or from inside.
        let mut by = [NEVER; 2 * VERTICES];
        let mut queue = heapless::Deque::<u16, { 2 * VERTICES }>::new();
        let reach = |queue: &mut heapless::Deque<u16, { 2 * VERTICES }>,
                     by: &mut [u16; 2 * VERTICES],
                     side: usize,
                     how: u16| {
            if let Some(to) = by.get_mut(side).filter(|to| **to == NEVER) {
                *to = how;
                // Each side enters once.
                let _ = queue.push_back(side as u16);
            }
        };
        for (e, &(from, to, used)) in (0..).zip(&self.edges) {
            if from == SOURCE && !used {
                reach(&mut queue, &mut by, to.into(), e);
            }
        }
        let mut last = None;
        'search: while let Some(side) = queue.pop_front() {
            let side = usize::from(side);
            let inward = side < OUT;
            let v = side % VERTICES;
            let through = self.through.get(v).copied().unwrap_or(false);
            if inward != through {
                let other = if inward { v + OUT } else { v };
                reach(&mut queue, &mut by, other, INSIDE);
            }
            for (e, &(from, to, used)) in (0..).zip(&self.edges) {
                if inward && usize::from(to) == v && used && from != SOURCE {
                    reach(&mut queue, &mut by, usize::from(from) + OUT, e);
                } else if !inward && usize::from(from) == v && !used {
                    if to == SINK {
                        last = Some((e, v));
                        break 'search;
                    }
                    reach(&mut queue, &mut by, to.into(), e);
                }
            }
        }
        let Some((e, v)) = last else {
            return false;
        };
        self.turn(e);
        let mut side = v + OUT;
        for _ in 0..2 * VERTICES {
            let how = by.get(side).copied().unwrap_or(NEVER);
            let v = side % VERTICES;
            if how == INSIDE {
                if let Some(through) = self.through.get_mut(v) {
                    *through = !*through;
                }
                side = if side < OUT { v + OUT } else { v };
                continue;
            }
            let Some(&(from, to, _)) = self.edges.get(usize::from(how)) else {
                break;
            };
            self.turn(how);
            // Along the edge into a vertex, or against it out of one.
            side = if side < OUT {
                usize::from(from) + OUT
            } else {
                to.into()
            };
            if from == SOURCE {
                break;
            }
        }
        true
    }

    fn turn(&mut self, edge: u16) {
        if let Some((_, _, used)) = self.edges.get_mut(usize::from(edge)) {
            *used = !*used;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use std::vec::Vec;

    type Edges = BTreeSet<(u64, u64)>;
    const START: u64 = 100;
    const END: u64 = 101;

    /// The most paths that share no vertex, by trying them all.
    fn disjoint(edges: &Edges, used: &[u64]) -> u32 {
        fn walk(edges: &Edges, at: u64, used: &mut Vec<u64>) -> u32 {
            let mut best = 0;
            for &(_, to) in edges.iter().filter(|(from, _)| *from == at) {
                if to == END {
                    best = best.max(1 + disjoint(edges, used));
                } else if !used.contains(&to) {
                    used.push(to);
                    best = best.max(walk(edges, to, used));
                    used.pop();
                }
            }
            best
        }
        walk(edges, START, &mut used.to_vec())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn flow_is_the_largest_set_of_disjoint_paths(
            paths in proptest::collection::vec(
                Just((1_u64..9).collect::<Vec<_>>())
                    .prop_shuffle()
                    .prop_flat_map(|peers| (1..5_usize).prop_map(move |n| peers[..n].to_vec())),
                0..6,
            ),
        ) {
            let mut flow = Flow::new();
            let mut edges = Edges::new();
            for path in &paths {
                flow.add(path);
                let back: Vec<u64> = [END].iter().chain(path).chain(&[START]).copied().collect();
                edges.extend(back.windows(2).map(|pair| (pair[1], pair[0])));
            }
            prop_assert_eq!(flow.maximum(), disjoint(&edges, &[]));
        }
    }

    #[test]
    fn a_path_that_was_taken_gives_way_to_two() {
        // Shortest first goes 1, 4; then 2 must take 4 from it and push it over 3.
        let mut flow = Flow::new();
        for path in [&[4, 1][..], &[4, 2], &[5, 3, 1]] {
            flow.add(path);
        }
        assert_eq!(flow.maximum(), 2);
    }
}
