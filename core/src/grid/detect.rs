//! Candidates for conflict: check then insert, remove, and all pairs at once.

use super::cells::Cells;
use super::config::{GridConfig, ROWS};
use super::entries::{
    CONTEXT, Entries, Entry, FLAGS, HAS_SUBJECT, HAS_VECTOR, LIVE, NEXT, PLACE, SLACK, TAG,
};
use super::errors::{InsertError, ProbeError, ProjectionError, RemoveError};
use super::project::{self, Place, Projection};
use super::subject::{Subjects, Tag, tag_of};
use crate::block::{BlockError, CarverMut};

/// Words of the state section, behind those of the cells.
const CLAIMS: usize = 8;
const FREE: usize = 9;
const USED: usize = 10;

/// A claim as the grid sees it.
#[derive(Clone, Copy, Debug)]
pub struct Probe<'p> {
    /// The context, as any number; claims of different contexts never meet.
    pub context: u32,
    /// What the claim is about, if it is found by that.
    pub subject: Option<Tag>,
    /// Where it lies, `dimensions` components; empty if it is found by its subject alone.
    pub vector: &'p [f32],
}

/// How much of what had to be looked at was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Coverage {
    /// Stored claims that were compared.
    pub checked: u32,
    /// Stored claims that were left out, because `candidates` had been compared.
    pub unchecked: u32,
    /// Distances over the whole vector that were begun.
    pub measured: u32,
}

impl Coverage {
    /// Whether nothing was left out.
    pub const fn is_complete(&self) -> bool {
        self.unchecked == 0
    }
}

/// A claim that was inserted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use = "a check that was cut short is not a check without a find"]
pub struct Inserted {
    /// Its slot, until it is removed.
    pub slot: u32,
    /// What was looked at before.
    pub coverage: Coverage,
}

/// The grid in the sections of a block.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    pub(super) config: GridConfig,
    state: &'a mut [u32],
    subjects: Subjects<'a>,
    entries: Entries<'a>,
    cells: Cells<'a>,
    vectors: &'a mut [[f32; 16]],
    prefixes: &'a mut [[f32; 16]],
    projection: &'a mut [u32],
    edge: Limits,
}

/// What follows from the radius.
#[derive(Clone, Copy, Debug)]
struct Limits {
    radius: f32,
    radius2: f64,
}

impl<'a> Parts<'a> {
    /// Takes the grid's sections, in the order of [`GridConfig::sections`].
    pub(crate) fn carve(
        config: GridConfig,
        carver: &mut CarverMut<'a>,
    ) -> Result<Self, BlockError> {
        config.check()?;
        let state: &mut [u32] = carver.take(16)?;
        let (cells, state) = state.split_at_mut_checked(8).ok_or(BlockError::Corrupt)?;
        let subjects = carver.take::<u32>(config.table())?;
        let entries = carver.take::<Entry>(config.capacity as usize)?;
        let heads = carver.take::<u32>(config.table_of_cells())?;
        let records = carver.take::<[u32; 8]>(config.buckets())?;
        let lines = carver.take::<[u32; 8]>(config.buckets().saturating_mul(4))?;
        let vectors = carver.take(config.vector_lines())?;
        let prefixes = carver.take(config.prefix_lines())?;
        let projection = carver.take(config.projection_words())?;
        // A table shorter than a line is used as a whole line; both are powers of two.
        Ok(Self {
            state,
            subjects: Subjects {
                heads: subjects,
                seed: config.seed,
            },
            entries: Entries(entries),
            cells: Cells {
                heads,
                records,
                lines,
                state: cells,
                seed: config.seed,
                buckets: config.buckets() as u32,
                per_edge: 1.0 / config.edge(),
            },
            vectors,
            prefixes,
            projection,
            edge: Limits {
                radius: config.radius,
                radius2: f64::from(config.radius) * f64::from(config.radius),
            },
            config,
        })
    }

    pub(crate) fn set_projection(
        &mut self,
        projection: Projection<'_>,
    ) -> Result<(), ProjectionError> {
        project::write(&self.config, projection, self.projection)
    }

    /// Every byte of the sections, in order.
    pub(crate) fn bytes(&self) -> [&[u8]; 10] {
        [
            bytemuck::cast_slice(self.cells.state),
            bytemuck::cast_slice(self.state),
            bytemuck::cast_slice(self.subjects.heads),
            bytemuck::cast_slice(self.entries.0),
            bytemuck::cast_slice(self.cells.heads),
            bytemuck::cast_slice(self.cells.records),
            bytemuck::cast_slice(self.cells.lines),
            bytemuck::cast_slice(self.vectors),
            bytemuck::cast_slice(self.prefixes),
            bytemuck::cast_slice(self.projection),
        ]
    }

    /// Name and bytes of each section.
    pub(crate) fn sections(&self) -> [(&'static str, usize); 5] {
        let [
            a,
            b,
            subjects,
            entries,
            heads,
            records,
            lines,
            vectors,
            prefixes,
            projection,
        ] = self.bytes().map(<[u8]>::len);
        [
            ("grid subjects", subjects),
            ("grid claims", a + b + entries),
            ("grid cells", heads + records + lines),
            ("grid vectors", vectors),
            ("grid bounds", prefixes + projection),
        ]
    }

    fn word(&self, at: usize) -> u32 {
        self.state.get(at - 8).copied().unwrap_or(0)
    }

    fn set(&mut self, at: usize, value: u32) {
        if let Some(word) = self.state.get_mut(at - 8) {
            *word = value;
        }
    }

    /// Claims in the grid.
    pub(crate) fn len(&self) -> u32 {
        self.word(CLAIMS)
    }

    /// Slots that were ever in use.
    pub(crate) fn used(&self) -> u32 {
        self.word(USED).min(self.config.capacity)
    }

    /// Whether a claim is in a slot.
    pub(crate) fn contains(&self, slot: u32) -> bool {
        self.entries.live(slot).is_some()
    }

    /// The context of the claim in a slot.
    pub(crate) fn context(&self, slot: u32) -> u32 {
        self.entries.context(slot)
    }

    /// The slot that the next claim gets.
    pub(crate) fn next_slot(&self) -> Option<u32> {
        match self.word(FREE) {
            0 => Some(self.word(USED)).filter(|&used| used < self.config.capacity),
            free => Some(free - 1),
        }
    }

    /// Whether a vector would have a place. Cost: O(dimensions).
    pub(crate) fn check_vector(
        &self,
        length: usize,
        vector: impl Iterator<Item = f32>,
    ) -> Result<(), ProbeError> {
        project::check(&self.config, length, vector)
    }

    /// The place of a vector; `None` for the empty one.
    pub(crate) fn locate(&self, vector: &[f32]) -> Result<Option<Place>, ProbeError> {
        if vector.is_empty() {
            return Ok(None);
        }
        project::locate(&self.config, self.cells.per_edge, self.projection, vector).map(Some)
    }

    /// Square of the radius that coordinates are compared with.
    fn limit2(&self, slack: f32) -> f32 {
        let radius = self.edge.radius + slack;
        radius * radius * (1.0 + 1.0 / 1_048_576.0)
    }

    /// Calls `found` with every claim about the same thing.
    #[inline]
    pub(crate) fn check(
        &self,
        probe: &Probe<'_>,
        place: Option<&Place>,
        found: impl FnMut(u32),
    ) -> Coverage {
        self.look(probe, place, self.config.candidates, found)
    }

    /// Calls `found` with every claim about the same thing as the one in `slot`, however many.
    pub(crate) fn neighbours(&self, slot: u32, mut found: impl FnMut(u32)) {
        let Some(entry) = self.entries.live(slot) else {
            return;
        };
        let point;
        let vector = if entry[FLAGS] & HAS_VECTOR == 0 {
            &[]
        } else if self.config.is_direct() {
            point = self.cells.at(entry[PLACE]).1;
            &point[..]
        } else {
            self.row(slot).as_flattened()
        };
        let vector = vector
            .get(..self.config.dimensions as usize)
            .unwrap_or_default();
        let probe = Probe {
            context: entry[CONTEXT],
            subject: (entry[FLAGS] & HAS_SUBJECT != 0).then(|| tag_of(entry)),
            vector,
        };
        let place = self.locate(vector).unwrap_or_default();
        self.look(&probe, place.as_ref(), u32::MAX, |other| {
            if other != slot {
                found(other);
            }
        });
    }

    #[inline]
    fn look(
        &self,
        probe: &Probe<'_>,
        place: Option<&Place>,
        most: u32,
        mut found: impl FnMut(u32),
    ) -> Coverage {
        let mut coverage = Coverage::default();
        if let Some(tag) = probe.subject {
            let (mut link, count) = self.subjects.first(&self.entries, probe.context, tag);
            let looked = count.min(most);
            for _ in 0..looked {
                found(link.wrapping_sub(1));
                link = self.entries.linked(link).map_or(0, |e| e[NEXT]);
            }
            coverage.checked = looked;
            coverage.unchecked = count - looked;
        }
        let Some(place) = place else {
            return coverage;
        };
        let limit2 = self.limit2(place.slack);
        let mut measured = 0;
        let looked = self.cells.near(
            &self.entries,
            probe.context,
            place,
            limit2,
            most,
            |(slot, point)| {
                let near = self.is_near(probe.vector, place, limit2, slot, point, &mut measured);
                if near && !self.known(probe, slot) {
                    found(slot);
                }
            },
        );
        coverage.measured = measured;
        coverage.checked += looked.checked;
        coverage.unchecked += looked.unchecked;
        coverage
    }

    /// Whether a claim near by has the same subject, by which it has been found.
    #[inline]
    fn known(&self, probe: &Probe<'_>, slot: u32) -> bool {
        probe.subject.is_some_and(|subject| {
            let entry = self.entries.get(slot);
            entry.is_none_or(|e| e[FLAGS] & HAS_SUBJECT != 0 && tag_of(e) == subject)
        })
    }

    #[inline]
    fn is_near(
        &self,
        vector: &[f32],
        place: &Place,
        limit2: f32,
        slot: u32,
        point: [f32; 3],
        measured: &mut u32,
    ) -> bool {
        if self.config.is_direct() {
            let mut sum = 0.0_f64;
            for (a, b) in place.point.iter().zip(point) {
                let d = f64::from(*a) - f64::from(b);
                sum += d * d;
            }
            *measured += 1;
            return sum <= self.edge.radius2;
        }
        if let Some(prefix) = self.prefixes.get(slot as usize)
            && self.config.has_prefix()
            && project::prefix_distance(&place.prefix, prefix) > limit2
        {
            return false;
        }
        *measured += 1;
        project::within(vector, self.row(slot), self.edge.radius2)
    }

    fn row(&self, slot: u32) -> &[[f32; 16]] {
        let (row, at) = (self.config.row(), slot as usize);
        self.vectors
            .get(at.saturating_mul(row)..at.saturating_add(1).saturating_mul(row))
            .unwrap_or_default()
    }

    /// Inserts a claim that was checked.
    #[inline]
    pub(crate) fn insert(
        &mut self,
        probe: &Probe<'_>,
        place: Option<&Place>,
        coverage: Coverage,
    ) -> Result<Inserted, InsertError> {
        let free = self.word(FREE);
        let slot = self.next_slot().ok_or(InsertError::Full)?;
        if free == 0 {
            self.set(USED, slot + 1);
        } else {
            let next = self.entries.get(slot).map_or(0, |e| e[NEXT]);
            self.set(FREE, next);
        }
        self.set(CLAIMS, self.len() + 1);
        let mut entry: Entry = [0; 16];
        entry[CONTEXT] = probe.context;
        entry[FLAGS] = LIVE;
        if let Some(tag) = probe.subject {
            entry[FLAGS] |= HAS_SUBJECT;
            for (to, from) in entry.iter_mut().skip(TAG).zip(tag.0) {
                *to = from;
            }
        }
        if let Some(place) = place {
            entry[FLAGS] |= HAS_VECTOR;
            entry[SLACK] = place.slack.to_bits();
            entry[PLACE] = self
                .cells
                .insert(probe.context, place, slot, &mut self.entries);
            if !self.config.is_direct() {
                self.store(slot, probe.vector, place);
            }
            if !coverage.is_complete() {
                self.cells.saturate(probe.context, place);
            }
        }
        if let Some(to) = self.entries.get_mut(slot) {
            *to = entry;
        }
        if let Some(tag) = probe.subject {
            self.subjects
                .insert(&mut self.entries, slot, probe.context, tag);
        }
        Ok(Inserted { slot, coverage })
    }

    fn store(&mut self, slot: u32, vector: &[f32], place: &Place) {
        let (row, at) = (self.config.row(), slot as usize);
        if let Some(lines) = self.vectors.get_mut(at * row..(at + 1) * row) {
            for (line, block) in lines.iter_mut().zip(vector.chunks(16)) {
                for (to, &from) in line.iter_mut().zip(block) {
                    *to = from;
                }
            }
        }
        if let Some(prefix) = self.prefixes.get_mut(at)
            && self.config.has_prefix()
        {
            *prefix = place.prefix;
        }
    }

    /// Takes a claim out. Cost: O(1) and the length of a hash chain.
    pub(crate) fn remove(&mut self, slot: u32) -> Result<(), RemoveError> {
        let entry = *self.entries.live(slot).ok_or(RemoveError::NotThere)?;
        if entry[FLAGS] & HAS_VECTOR != 0 {
            if let Some(other) = self.cells.remove(entry[CONTEXT], entry[PLACE]) {
                self.entries.move_to(other, entry[PLACE]);
            }
            let (row, at) = (self.config.row(), slot as usize);
            if let Some(lines) = self.vectors.get_mut(at * row..(at + 1) * row) {
                lines.fill([0.0; 16]);
            }
            if let Some(prefix) = self.prefixes.get_mut(at) {
                *prefix = [0.0; 16];
            }
        }
        if entry[FLAGS] & HAS_SUBJECT != 0 {
            self.subjects.remove(&mut self.entries, slot);
        }
        let free = self.word(FREE);
        if let Some(entry) = self.entries.get_mut(slot) {
            *entry = [0; 16];
            entry[NEXT] = free;
        }
        self.set(FREE, slot + 1);
        self.set(CLAIMS, self.len().wrapping_sub(1));
        Ok(())
    }

    /// Calls `pair` for every two claims about the same thing, once, however many there are.
    pub(crate) fn pairs(&self, context: Option<u32>, mut pair: impl FnMut(u32, u32)) -> Coverage {
        let mut coverage = Coverage::default();
        for slot in 0..self.used() {
            let Some(first) = self.entries.live(slot) else {
                continue;
            };
            if first[FLAGS] & HAS_SUBJECT == 0 || context.is_some_and(|c| c != first[CONTEXT]) {
                continue;
            }
            let mut link = first[NEXT];
            while let Some(other) = self.entries.linked(link) {
                pair(slot, link - 1);
                coverage.checked += 1;
                link = other[NEXT];
            }
        }
        let limit2 = |slot: u32| self.limit2(self.slack(slot));
        let mut measured = 0;
        self.cells.pairs(
            context,
            &self.entries,
            limit2,
            |slot, point, (other, at)| {
                coverage.checked = coverage.checked.saturating_add(1);
                if self.are_near(slot, point, other, at, &mut measured) && !self.same(slot, other) {
                    pair(slot, other);
                }
            },
        );
        coverage.measured = measured;
        coverage
    }

    fn are_near(
        &self,
        slot: u32,
        point: [f32; 3],
        other: u32,
        at: [f32; 3],
        measured: &mut u32,
    ) -> bool {
        if self.config.is_direct() {
            let mut sum = 0.0_f64;
            for (a, b) in point.iter().zip(at) {
                let d = f64::from(*a) - f64::from(b);
                sum += d * d;
            }
            *measured = measured.saturating_add(1);
            return sum <= self.edge.radius2;
        }
        if self.config.has_prefix()
            && let (Some(a), Some(b)) = (
                self.prefixes.get(slot as usize),
                self.prefixes.get(other as usize),
            )
            && project::prefix_distance(a, b) > self.limit2(self.slack(slot))
        {
            return false;
        }
        *measured = measured.saturating_add(1);
        project::within(
            self.row(slot).as_flattened(),
            self.row(other),
            self.edge.radius2,
        )
    }

    fn slack(&self, slot: u32) -> f32 {
        self.entries
            .get(slot)
            .map_or(0.0, |e| f32::from_bits(e[SLACK]))
    }

    /// Whether two claims have the same subject.
    fn same(&self, a: u32, b: u32) -> bool {
        match (self.entries.get(a), self.entries.get(b)) {
            (Some(a), Some(b)) => a[FLAGS] & b[FLAGS] & HAS_SUBJECT != 0 && tag_of(a) == tag_of(b),
            _ => false,
        }
    }

    /// How often checks were cut short in the cell of `vector`.
    pub(crate) fn saturation(&self, context: u32, vector: &[f32]) -> u32 {
        match self.locate(vector) {
            Ok(Some(place)) => self.cells.saturation(context, &place),
            _ => 0,
        }
    }

    /// Checks the sections, so that no content leads to a hang or a wrong place later.
    pub(crate) fn verify(&self) -> Result<(), BlockError> {
        self.verify_entries().ok_or(BlockError::Corrupt)?;
        if !project::is_valid(&self.config, self.projection) {
            return Err(BlockError::Corrupt);
        }
        if self.config.dimensions > 0 {
            self.cells.verify(&self.config, &self.entries)?;
        }
        Ok(())
    }

    fn verify_entries(&self) -> Option<()> {
        let (used, claims) = (self.word(USED), self.word(CLAIMS));
        (used <= self.config.capacity && self.state.iter().skip(3).all(|&w| w == 0))
            .then_some(())?;
        let (mut live, mut subjects, mut vectors) = (0, 0, 0);
        for (slot, entry) in (0..).zip(self.entries.0.iter()) {
            match entry[FLAGS] {
                0 => {
                    let blank = entry.iter().enumerate().all(|(i, &w)| i == NEXT || w == 0);
                    (blank && (slot < used || entry[NEXT] == 0)).then_some(())?;
                }
                flags if flags & LIVE != 0 && flags < 8 && slot < used => {
                    (f32::from_bits(entry[SLACK]) >= 0.0).then_some(())?;
                    live += 1;
                    subjects += u32::from(flags & HAS_SUBJECT != 0);
                    vectors += u32::from(flags & HAS_VECTOR != 0);
                }
                _ => return None,
            }
        }
        let counted = self.subjects.verify(&self.entries)?;
        (live == claims && counted == subjects && self.cells.len() == vectors).then_some(())?;
        let mut free = self.word(FREE);
        for _ in claims..used {
            let entry = self.entries.linked(free)?;
            (free <= used && entry[FLAGS] == 0).then_some(())?;
            free = entry[NEXT];
        }
        (free == 0).then_some(())?;
        let finite = self.vectors.iter().chain(self.prefixes.iter()).flatten();
        finite.copied().all(f32::is_finite).then_some(())
    }
}

const _: () = assert!(ROWS == 15);
