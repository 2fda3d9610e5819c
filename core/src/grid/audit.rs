//! The check of a grid that comes from outside: every count, link, place and padding byte, so that
//! nothing read later leads out of range, round in circles, or to a claim that is not there.

use super::cells::{CONTEXT, COUNT, Cells, MIXED, newest};
use super::config::{GridConfig, SCAN, WIDTH};
use super::counts::Counts;
use super::detect::Parts;
use super::entries::{Entries, FLAGS, HAS_SUBJECT, HAS_VECTOR, LIVE, PLACE, SLACK};
use super::project;

impl Parts<'_> {
    /// Checks the sections, padding included. Cost: O(bytes).
    pub(crate) fn is_sound(&self) -> bool {
        self.is_padded(&self.config)
            && self.counts.is_sound(&self.config)
            && project::is_valid(&self.config, self.projection)
            && self.verify_entries().is_some()
            && verify_cells(&self.counts, &self.cells, &self.config, &self.entries).is_some()
    }

    fn verify_entries(&self) -> Option<()> {
        let (used, claims) = (self.counts.used(), self.counts.claims());
        let (mut live, mut subjects, mut vectors) = (0, 0, 0);
        for slot in 0..self.config.capacity() {
            let entry = self.entries.get(slot)?;
            let at = slot as usize;
            let is_nameless = self.entries.is_clear(&self.config, at);
            let is_nowhere = self.is_clear(&self.config, at);
            match entry[FLAGS] {
                0 => {
                    let blank = entry.iter().enumerate().all(|(i, &w)| i == PLACE || w == 0);
                    (blank && is_nameless && is_nowhere).then_some(())?;
                    (slot < used || entry[PLACE] == 0).then_some(())?;
                }
                flags if flags & LIVE != 0 && flags < 8 && slot < used => {
                    (f32::from_bits(entry[SLACK]) >= 0.0).then_some(())?;
                    (flags & HAS_SUBJECT != 0 || is_nameless).then_some(())?;
                    let is_nowhere = is_nowhere && entry[PLACE] == 0 && entry[SLACK] == 0;
                    (flags & HAS_VECTOR != 0 || is_nowhere).then_some(())?;
                    live += 1;
                    subjects += u32::from(flags & HAS_SUBJECT != 0);
                    vectors += u32::from(flags & HAS_VECTOR != 0);
                }
                _ => return None,
            }
        }
        let counted = self.subjects.verify(&self.entries)?;
        (live == claims && counted == subjects && self.counts.vectors() == vectors).then_some(())?;
        let mut free = self.counts.free();
        for _ in claims..used {
            let entry = self.entries.get(free.wrapping_sub(1))?;
            (free <= used && entry[FLAGS] == 0).then_some(())?;
            free = entry[PLACE];
        }
        (free == 0 && self.verify_vectors()).then_some(())
    }

    /// Whether every component is finite, and zero behind those of a vector.
    fn verify_vectors(&self) -> bool {
        let (row, dimensions) = (16 * self.config.row(), self.config.dimensions as usize);
        let components = self.vectors.as_flattened();
        let mut rows = components.chunks_exact(row.max(1));
        let ends = rows.all(|row| row.iter().skip(dimensions).all(|c| c.to_bits() == 0));
        let all = components.iter().chain(self.prefixes.as_flattened());
        ends && all.copied().all(f32::is_finite)
    }
}

fn verify_cells(
    counts: &Counts<'_>,
    cells: &Cells<'_>,
    config: &GridConfig,
    entries: &Entries<'_>,
) -> Option<()> {
    let held = if counts.scans() {
        verify_scan(counts, cells, entries)?
    } else {
        verify_homes(counts, cells, config, entries)?
    };
    let (homes, buckets) = (cells.homes.len() as u32, cells.buckets.len() as u32);
    let (mut free, used) = counts.spare();
    (used <= buckets.saturating_sub(homes)).then_some(())?;
    // A list that ends after exactly the spare buckets that no cell holds has each of them once.
    for _ in 0..used.checked_sub(held)? {
        let bucket = free.wrapping_sub(1);
        ((homes..homes + used).contains(&bucket) && is_blank(cells, bucket, 0)).then_some(())?;
        free = cells.behind(bucket).wrapping_add(1);
    }
    (free == 0).then_some(())?;
    let untouched = homes + used..buckets;
    let links = cells.links.iter().skip(untouched.start as usize);
    let scanned = counts.scans() && homes == 0;
    (links.copied().all(|l| l == 0)
        && (scanned || untouched.into_iter().all(|b| is_blank(cells, b, 0))))
    .then_some(())
}

/// Whether the places of a bucket from a lane on are empty.
fn is_blank(cells: &Cells<'_>, bucket: u32, from: u32) -> bool {
    let rows = cells.buckets.get(bucket as usize).into_iter().flatten();
    rows.flat_map(|row| row.iter().skip(from as usize))
        .all(|&w| w == 0)
}

fn verify_scan(counts: &Counts<'_>, cells: &Cells<'_>, entries: &Entries<'_>) -> Option<u32> {
    let count = counts.vectors();
    let firsts = if cells.homes.is_empty() {
        cells.buckets.len()
    } else {
        cells.homes.len()
    };
    let blank = cells.homes.iter().all(|h| *h == [0; 2]) && cells.cut.iter().all(|&c| c == 0);
    (blank && count <= SCAN && count as usize <= firsts * WIDTH as usize).then_some(())?;
    for bucket in 0..firsts as u32 {
        let lanes = count.saturating_sub(bucket * WIDTH).min(WIDTH);
        for at in bucket * WIDTH..bucket * WIDTH + lanes {
            let (slot, point) = cells.at(at);
            let owned = entries.owner(slot)?.1 == at;
            (owned && point.iter().all(|c| c.is_finite())).then_some(())?;
        }
        (is_blank(cells, bucket, lanes) && *cells.links.get(bucket as usize)? == 0).then_some(())?;
    }
    Some(0)
}

/// The spare buckets that cells hold.
fn verify_homes(
    counts: &Counts<'_>,
    cells: &Cells<'_>,
    config: &GridConfig,
    entries: &Entries<'_>,
) -> Option<u32> {
    (!cells.homes.is_empty() && counts.vectors() > 0).then_some(())?;
    let (mut claims, mut held) = (0_u32, 0_u32);
    for (home, known) in (0..).zip(cells.homes.iter()) {
        let count = known[COUNT] & !MIXED;
        (count <= config.capacity()).then_some(())?;
        if count == 0 {
            let cut = *cells.cut.get(home as usize)?;
            (*known == [0; 2] && cut == 0 && is_blank(cells, home, 0)).then_some(())?;
            (*cells.links.get(home as usize)? == 0).then_some(())?;
            continue;
        }
        let (mut bucket, mut left, mut lanes) = (home, count, count.min(WIDTH));
        loop {
            for at in bucket * WIDTH..bucket * WIDTH + lanes {
                let (slot, point) = cells.at(at);
                let (context, place) = entries.owner(slot)?;
                let same = known[COUNT] & MIXED != 0 || context == known[CONTEXT];
                let here = cells.home_of(context, cells.cell_of(point)) == home;
                (place == at && same && here).then_some(())?;
                point.iter().all(|c| c.is_finite()).then_some(())?;
            }
            is_blank(cells, bucket, lanes).then_some(())?;
            left -= lanes;
            lanes = newest(left);
            bucket = cells.behind(bucket);
            if left == 0 {
                break;
            }
            (bucket as usize >= cells.homes.len() && (bucket as usize) < cells.buckets.len())
                .then_some(())?;
            held += 1;
        }
        (bucket == u32::MAX).then_some(())?;
        claims = claims.checked_add(count)?;
    }
    (claims == counts.vectors()).then_some(held)
}
