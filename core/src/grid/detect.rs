//! Candidates for conflict: check then insert, remove, and all pairs at once.

use super::cells::{Cells, Limits};
use super::config::{GridConfig, PREFIX, ROWS};
use super::counts::Counts;
use super::entries::{
    CONTEXT, Entries, Entry, FLAGS, HAS_SUBJECT, HAS_VECTOR, LIVE, NEXT, PLACE, SLACK,
};
use super::errors::{InsertError, ProbeError, ProjectionError, RemoveError};
use super::join;
use super::project::{self, Bound, Place, Projection};
use super::subject::Subjects;
use super::tag::Tag;
use crate::block::sections::sections;

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
    /// Those that passed the bounds, so that the distance over the whole vector was begun.
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

sections! {
    /// The grid in the sections of a block.
    pub(crate) struct Parts for GridConfig as config {
        pub(super) counts: in Counts<'a> = config,
        pub(super) subjects: in Subjects<'a> = config,
        pub(super) entries: in Entries<'a> = config,
        pub(super) cells: in Cells<'a> = config,
        pub(super) vectors "grid vectors": [[f32; 16]; config.capacity => config.row()],
        pub(super) prefixes "grid bounds": [[f32; 16]; config.capacity => config.has_prefix() as usize],
        pub(super) projection "grid bounds": [u32; config.projection_words()],
    } with {
        pub(super) config: GridConfig = *config,
        radius2: f64 = f64::from(config.radius) * f64::from(config.radius),
    }
}

impl Parts<'_> {
    pub(crate) fn set_projection(
        &mut self,
        projection: Projection<'_>,
    ) -> Result<(), ProjectionError> {
        project::write(&self.config, projection, self.projection)
    }

    /// Claims in the grid.
    pub(crate) fn len(&self) -> u32 {
        self.counts.claims()
    }

    /// Slots that were ever in use.
    pub(crate) fn used(&self) -> u32 {
        self.counts.used()
    }

    /// Whether a claim is in a slot.
    pub(crate) fn contains(&self, slot: u32) -> bool {
        self.entries.live(slot).is_some()
    }

    /// The context of the claim in a slot.
    pub(crate) fn context(&self, slot: u32) -> u32 {
        self.entries.context(slot)
    }

    /// What the claim in a slot is about.
    pub(crate) fn subject(&self, slot: u32) -> Option<Tag> {
        self.entries.subject(slot)
    }

    /// The sixteen components that bound the distances of the claim in a slot; none without a vector.
    pub(crate) fn bound(&self, slot: u32) -> Option<Bound> {
        let entry = self.entries.live(slot)?;
        if entry[FLAGS] & HAS_VECTOR == 0 {
            return None;
        }
        let mut bound = [0.0; PREFIX];
        let point;
        let vector = if self.config.is_direct() {
            point = self.cells.at(entry[PLACE]).1;
            &point[..]
        } else {
            self.row(slot).as_flattened()
        };
        let vector = vector.get(..self.config.dimensions as usize)?;
        self.locate(vector, &mut bound).ok()?;
        Some(bound)
    }

    /// The slot that the next claim gets.
    pub(crate) fn next_slot(&self) -> Option<u32> {
        match self.counts.free() {
            0 => Some(self.counts.used()).filter(|&used| used < self.config.capacity),
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

    /// The place of a vector, `None` for the empty one; fills in `bound`, which is zero before.
    #[inline(always)]
    pub(crate) fn locate(
        &self,
        vector: &[f32],
        bound: &mut Bound,
    ) -> Result<Option<Place>, ProbeError> {
        if vector.is_empty() {
            return Ok(None);
        }
        let per_edge = self.cells.per_edge;
        project::locate(&self.config, per_edge, self.projection, vector, bound).map(Some)
    }

    /// What coordinates are compared with. Those of projected vectors only bound the distance, and
    /// `slack` is what rounding may add; those of three components or less are the vector.
    #[inline]
    fn limits(&self, slack: f32) -> Limits {
        const MARGIN: f64 = 1.0 / 1_048_576.0;
        if self.config.is_direct() {
            return Limits {
                most: (self.radius2 * (1.0 + MARGIN)) as f32,
                sure: (self.radius2 * (1.0 - MARGIN)) as f32,
                exact: self.radius2,
            };
        }
        let radius = f64::from(self.config.radius) + f64::from(slack);
        Limits {
            most: (radius * radius * (1.0 + MARGIN)) as f32,
            sure: -1.0,
            exact: f64::INFINITY,
        }
    }

    /// Calls `found` with every claim about the same thing.
    #[inline]
    pub(crate) fn check(
        &self,
        probe: &Probe<'_>,
        place: Option<&Place>,
        bound: &Bound,
        found: impl FnMut(u32),
    ) -> Coverage {
        self.look(probe, place, bound, self.config.candidates, found)
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
            subject: self.entries.subject(slot),
            vector,
        };
        let mut bound = [0.0; PREFIX];
        let place = self.locate(vector, &mut bound).unwrap_or_default();
        self.look(&probe, place.as_ref(), &bound, u32::MAX, |other| {
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
        bound: &Bound,
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
        let limits = self.limits(place.slack);
        let mut measured = 0;
        let context = probe.context;
        let hit = |slot| {
            if !self.config.is_direct() && !self.is_bounded(bound, slot, limits.most) {
                return;
            }
            measured += 1;
            let near = self.config.is_direct()
                || project::within(probe.vector, self.row(slot), self.radius2);
            if near && !self.known(probe, slot) {
                found(slot);
            }
        };
        let (counts, entries) = (&self.counts, &self.entries);
        let looked = self
            .cells
            .near(counts, entries, context, place, &limits, most, hit);
        coverage.measured = measured;
        coverage.checked += looked.checked;
        coverage.unchecked += looked.unchecked;
        coverage
    }

    /// Whether a claim near by has the same subject, by which it has been found.
    #[inline]
    fn known(&self, probe: &Probe<'_>, slot: u32) -> bool {
        probe.subject.is_some() && self.entries.subject(slot) == probe.subject
    }

    /// Whether the bounds of a vector and of a claim allow them to be near each other.
    #[inline]
    fn is_bounded(&self, bound: &Bound, slot: u32, limit2: f32) -> bool {
        !self.config.has_prefix()
            || self
                .prefixes
                .get(slot as usize)
                .is_none_or(|its| project::prefix_distance(bound, its) <= limit2)
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
        bound: &Bound,
        coverage: Coverage,
    ) -> Result<Inserted, InsertError> {
        let free = self.counts.free();
        let slot = self.next_slot().ok_or(InsertError::Full)?;
        if free == 0 {
            self.counts.set_used(slot + 1);
        } else {
            let next = self.entries.get(slot).map_or(0, |e| e[PLACE]);
            self.counts.set_free(next);
        }
        self.counts.set_claims(self.len() + 1);
        let mut entry: Entry = [probe.context, LIVE, 0, 0];
        if probe.subject.is_some() {
            entry[FLAGS] |= HAS_SUBJECT;
        }
        if let Some(place) = place {
            entry[FLAGS] |= HAS_VECTOR;
            entry[SLACK] = place.slack.to_bits();
            let (counts, entries) = (&mut self.counts, &mut self.entries);
            entry[PLACE] = self
                .cells
                .insert(counts, probe.context, place, slot, entries);
            if !self.config.is_direct() {
                self.store(slot, probe.vector, bound);
            }
            if !coverage.is_complete() {
                self.cells.saturate(&self.counts, probe.context, place);
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

    fn store(&mut self, slot: u32, vector: &[f32], bound: &Bound) {
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
            *prefix = *bound;
        }
    }

    /// Takes a claim out. Cost: O(1) and the length of a hash chain.
    pub(crate) fn remove(&mut self, slot: u32) -> Result<(), RemoveError> {
        let entry = *self.entries.live(slot).ok_or(RemoveError::NotThere)?;
        if entry[FLAGS] & HAS_VECTOR != 0 {
            let (place, context) = (entry[PLACE], entry[CONTEXT]);
            if let Some(other) = self.cells.remove(&mut self.counts, context, place) {
                self.entries.move_to(other, place);
            }
            let config = self.config;
            self.clear_slot(&config, slot as usize);
        }
        if entry[FLAGS] & HAS_SUBJECT != 0 {
            self.subjects.remove(&mut self.entries, slot);
        }
        let free = self.counts.free();
        if let Some(entry) = self.entries.get_mut(slot) {
            *entry = [0; 4];
            entry[PLACE] = free;
        }
        self.counts.set_free(slot + 1);
        self.counts.set_claims(self.len().wrapping_sub(1));
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
            let mut link = self.entries.name(slot).map_or(0, |name| name[NEXT]);
            while let Some(other) = self.entries.linked(link) {
                pair(slot, link - 1);
                coverage.checked += 1;
                link = other[NEXT];
            }
        }
        let direct = self.config.is_direct().then(|| self.limits(0.0));
        let limits = |slot: u32| direct.unwrap_or_else(|| self.limits(self.entries.slack(slot)));
        let (mut checked, mut measured) = (0_u32, 0);
        let counts = &self.counts;
        join::pairs(
            counts,
            &self.cells,
            &self.entries,
            context,
            limits,
            |a, b| {
                checked = checked.saturating_add(1);
                if self.are_near(a, b, &mut measured) && !self.same(a, b) {
                    pair(a, b);
                }
            },
        );
        coverage.checked = coverage.checked.saturating_add(checked);
        coverage.measured = measured;
        coverage
    }

    /// Whether two claims whose coordinates are near are so altogether.
    #[inline]
    fn are_near(&self, slot: u32, other: u32, measured: &mut u32) -> bool {
        if self.config.is_direct() {
            *measured = measured.saturating_add(1);
            return true;
        }
        let limit2 = self.limits(self.entries.slack(slot)).most;
        let bound = self.prefixes.get(slot as usize);
        if bound.is_some_and(|bound| !self.is_bounded(bound, other, limit2)) {
            return false;
        }
        *measured = measured.saturating_add(1);
        let vector = self.row(slot).as_flattened();
        project::within(vector, self.row(other), self.radius2)
    }

    /// Whether two claims have the same subject.
    fn same(&self, a: u32, b: u32) -> bool {
        let subject = self.entries.subject(a);
        subject.is_some() && subject == self.entries.subject(b)
    }

    /// How often checks were cut short in the cell of `vector`.
    pub(crate) fn saturation(&self, context: u32, vector: &[f32]) -> u32 {
        match self.locate(vector, &mut [0.0; PREFIX]) {
            Ok(Some(place)) => self.cells.saturation(context, &place),
            _ => 0,
        }
    }
}

const _: () = assert!(ROWS == 15);
