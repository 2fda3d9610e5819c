//! The grid: candidates for conflicts, in order, and its bytes.

use crate::transcript::Transcript;
use crate::{Hex, Report, draw::Draw};
use sensilla::grid::{Grid, GridConfig, Probe, Tag};

const CONFIG: GridConfig = GridConfig::new(8, 128).radius(0.9).candidates(16);

/// Inserts, removals and checks among vectors that crowd a few cells.
pub fn candidates(room: &mut [u8], report: &mut dyn Report) {
    let mut grid = Grid::format(room, CONFIG).unwrap();
    let mut draw = Draw::new(3);
    let mut found = Transcript::new();
    let mut vector = [0.0; 8];
    for i in 0..200_u32 {
        draw.fill(&mut vector);
        let probe = Probe {
            context: i % 3,
            subject: (i % 5 == 0)
                .then(|| Tag::of(["left", "a name of more than fifteen bytes"][i as usize % 2])),
            vector: &vector,
        };
        let inserted = grid.insert(&probe, |slot| found.number(u64::from(slot)));
        found.shown(&inserted);
        if i % 4 == 3 {
            found.shown(&grid.remove(draw.below(128)));
        }
    }
    let coverage = grid.detect_all(None, |a, b| {
        found.number(u64::from(a));
        found.number(u64::from(b));
    });
    found.shown(&coverage);
    report.line("grid/found", &Hex(&found.finish()));
    report.line("grid/image", &Hex(&grid.seal()));
}
