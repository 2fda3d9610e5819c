use super::*;
use crate::block::Memory;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::vec::Vec;
use std::{format, vec};

type Pairs = BTreeSet<(u32, u32)>;

#[derive(Clone, Debug)]
struct Claim {
    context: u32,
    subject: Option<u32>,
    vector: Vec<f32>,
}

impl Claim {
    fn tag(&self) -> Option<Tag> {
        self.subject
            .map(|s| Tag::of(&format!("subject {0:>1$}", s, s as usize % 30)))
    }
    fn probe(&self) -> Probe<'_> {
        Probe {
            context: self.context,
            subject: self.tag(),
            vector: &self.vector,
        }
    }
    fn meets(&self, other: &Self, radius: f32) -> bool {
        let near = !self.vector.is_empty() && !other.vector.is_empty() && {
            let square = |(a, b): (&f32, &f32)| (f64::from(*a) - f64::from(*b)).powi(2);
            let sum: f64 = self.vector.iter().zip(&other.vector).map(square).sum();
            sum <= f64::from(radius).powi(2)
        };
        let same = self.subject.is_some() && self.subject == other.subject;
        self.context == other.context && (near || same)
    }
}

fn brute(claims: &[Claim], radius: f32) -> Pairs {
    let mut pairs = Pairs::new();
    for (j, b) in claims.iter().enumerate() {
        for (i, a) in claims[..j].iter().enumerate() {
            if a.meets(b, radius) {
                pairs.insert((i as u32, j as u32));
            }
        }
    }
    pairs
}

/// Pairs found one insertion at a time, and all at once; slots count up where nothing is removed.
fn both_ways(config: GridConfig, projection: Projection<'_>, claims: &[Claim]) -> (Pairs, Pairs) {
    let mut memory = Memory::zeroed(config.bytes());
    let mut grid = Grid::format_with(&mut memory, config, projection).unwrap();
    let mut online = Pairs::new();
    for (j, claim) in (0..).zip(claims) {
        let mut seen = BTreeSet::new();
        let inserted = grid
            .insert(&claim.probe(), |i| {
                assert!(seen.insert(i), "each candidate once");
                online.insert((i, j));
            })
            .unwrap();
        assert_eq!(inserted.slot, j);
        assert!(inserted.coverage.is_complete());
    }
    let mut batch = Pairs::new();
    grid.detect_all(None, |a, b| {
        assert!(batch.insert((a.min(b), a.max(b))), "each pair once");
    });
    assert!(grid.parts.is_sound());
    (online, batch)
}

fn spread(dimensions: u32, count: usize, radius: f32) -> GridConfig {
    GridConfig::new(dimensions, count.max(1) as u32)
        .radius(radius)
        .candidates(u32::MAX)
}

/// Sets that are hard on a grid: random, on the lattice of the radius, repeated, clustered.
fn claims(dimensions: usize, most: usize) -> impl Strategy<Value = Vec<Claim>> {
    let uniform = proptest::collection::vec(-3.0_f32..3.0, dimensions);
    let lattice = proptest::collection::vec((-4_i32..4).prop_map(|i| i as f32 * 0.5), dimensions);
    let cluster = (
        0_u8..3,
        proptest::collection::vec(-0.2_f32..0.2, dimensions),
    )
        .prop_map(|(c, v)| {
            v.into_iter()
                .map(|x| x + f32::from(c) * 0.999_999_9)
                .collect::<Vec<_>>()
        });
    let mut vector = prop_oneof![
        4 => uniform,
        4 => lattice,
        4 => cluster,
        1 => Just(vec![]),
    ]
    .boxed();
    if dimensions == 0 {
        vector = Just(vec![]).boxed();
    }
    let claim = (0_u32..2, proptest::option::of(0_u32..40), vector).prop_map(
        |(context, subject, vector)| Claim {
            context,
            subject,
            vector,
        },
    );
    proptest::collection::vec(claim, 0..most)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn finds_the_pairs_of_brute_force(
        (dimensions, claims) in prop_oneof![Just(0_usize), 1..4_usize, Just(7), Just(16), Just(40)]
            .prop_flat_map(|d| (Just(d), claims(d, 320))),
        radius in prop_oneof![Just(0.5_f32), Just(1.0), 0.1_f32..2.0],
        seed in any::<u32>(),
    ) {
        let config = spread(dimensions as u32, claims.len(), radius).seed(seed);
        let expected = brute(&claims, radius);
        let (online, batch) = both_ways(config, Projection::Spread, &claims);
        prop_assert_eq!(&online, &expected);
        prop_assert_eq!(&batch, &expected);
    }

    /// Coordinates on the borders of cells and one step beside them, exactly a radius apart, so
    /// large that cells end, so small that squares vanish, and both zeros.
    #[test]
    fn finds_the_pairs_of_brute_force_where_rounding_decides(
        picks in proptest::collection::vec((0_u8..10, -3_i32..3, -2_i32..3, 0_u32..2), 3 * 300),
        radius in prop_oneof![Just(0.5_f32), Just(0.1), Just(1e-12), Just(3e8), 1e-3_f32..1e3],
        seed in any::<u32>(),
    ) {
        let config = spread(3, 300, radius).seed(seed);
        let edge = config.edge() as f32;
        let step = |x: f32, by: i32| (0..by.abs()).fold(x, |x, _| match by > 0 {
            true => x.next_up(),
            false => x.next_down(),
        });
        let coordinate = |&(what, whole, by, _): &(u8, i32, i32, u32)| {
            let border = whole as f32 * edge;
            match what {
                0..=2 => step(border, by),
                3 => step(border + edge / 2.0, by),
                4 | 5 => step(border + radius, by),
                6 => step(whole as f32 * radius, by),
                7 => f32::from_bits(1) * by as f32,
                8 => whole as f32 * (f32::MAX / 4.0),
                _ => [0.0, -0.0][(whole & 1) as usize],
            }
        };
        let claims: Vec<Claim> = picks.chunks(3).map(|axes| Claim {
            context: axes[0].3,
            subject: None,
            vector: axes.iter().map(coordinate).collect(),
        }).collect();
        let expected = brute(&claims, radius);
        let (online, batch) = both_ways(config, Projection::Spread, &claims);
        prop_assert_eq!(&online, &expected);
        prop_assert_eq!(&batch, &expected);
    }

    #[test]
    fn finds_the_pairs_of_brute_force_under_a_projection(
        claims in claims(33, 220),
        radius in prop_oneof![Just(0.5_f32), 0.1_f32..4.0],
        scale in prop_oneof![Just(1.0_f32), Just(300.0)],
    ) {
        let claims: Vec<Claim> = claims.into_iter().map(|mut c| {
            c.vector.iter_mut().for_each(|x| *x *= scale);
            c
        }).collect();
        let radius = radius * scale;
        let sample: Vec<f32> = claims.iter().take(60).flat_map(|c| c.vector.clone()).collect();
        let (mut rows, mut scratch) = (vec![0.0; 15 * 33], vec![0.0; 15 * 33]);
        principal_rows(&sample, 33, 4, &mut rows, &mut scratch).unwrap();
        let config = spread(33, claims.len(), radius).projected(true);
        let expected = brute(&claims, radius);
        let (online, batch) = both_ways(config, Projection::Rows(&rows), &claims);
        prop_assert_eq!(&online, &expected);
        prop_assert_eq!(&batch, &expected);
    }

    #[test]
    fn removal_leaves_what_was_never_inserted(
        claims in claims(3, 300),
        order in proptest::collection::vec(any::<(bool, u16)>(), 0..700),
    ) {
        let config = spread(3, 200, 0.5);
        let mut memory = Memory::zeroed(config.bytes());
        let mut grid = Grid::format(&mut memory, config).unwrap();
        let mut model: Vec<(u32, &Claim)> = vec![];
        for (remove, pick) in order {
            if remove && !model.is_empty() {
                let (slot, _) = model.swap_remove(usize::from(pick) % model.len());
                grid.remove(slot).unwrap();
                prop_assert_eq!(grid.remove(slot), Err(RemoveError::NotThere));
            } else if let Some(claim) = claims.get(usize::from(pick) % claims.len().max(1)) {
                let mut found = BTreeSet::new();
                let expected: BTreeSet<u32> =
                    model.iter().filter(|(_, c)| c.meets(claim, 0.5)).map(|&(s, _)| s).collect();
                match grid.insert(&claim.probe(), |slot| { found.insert(slot); }) {
                    Ok(inserted) => {
                        prop_assert_eq!(found, expected);
                        model.push((inserted.slot, claim));
                    }
                    Err(error) => {
                        prop_assert_eq!(error, InsertError::Full);
                        prop_assert_eq!(model.len(), 200);
                    }
                }
            }
            prop_assert_eq!(grid.len() as usize, model.len());
        }
        prop_assert!(grid.parts.is_sound());
        for (slot, _) in model {
            grid.remove(slot).unwrap();
        }
        prop_assert!(grid.is_empty());
        prop_assert!(grid.parts.is_sound());
    }

    #[test]
    fn any_damage_is_refused_or_harmless(
        claims in claims(3, 200),
        damage in proptest::collection::vec(any::<(u32, u8)>(), 1..4),
    ) {
        let config = spread(3, 200, 0.5);
        let mut memory = Memory::zeroed(config.bytes());
        let mut grid = Grid::format(&mut memory, config).unwrap();
        for (i, claim) in claims.iter().enumerate() {
            let slot = grid.insert(&claim.probe(), |_| ()).unwrap().slot;
            if i % 5 == 0 {
                grid.remove(slot).unwrap();
            }
        }
        let bytes = &mut memory;
        for (at, value) in damage {
            let at = at as usize % bytes.len();
            bytes[at] ^= value;
        }
        if let Ok(mut grid) = Grid::open(bytes) {
            for claim in &claims {
                let _ = grid.insert(&claim.probe(), |_| ());
            }
            grid.detect_all(None, |_, _| ());
            for slot in 0..200 {
                let _ = grid.remove(slot);
            }
            prop_assert!(grid.is_empty());
        }
    }
}

#[test]
fn one_cell_is_cut_short_and_says_so() {
    let config = GridConfig::new(3, 3000).candidates(256);
    let mut memory = Memory::zeroed(config.bytes());
    let mut grid = Grid::format(&mut memory, config).unwrap();
    let vector = [0.1, 0.2, 0.3];
    for i in 0..3000 {
        let probe = Probe {
            context: 7,
            subject: None,
            vector: &vector,
        };
        let mut found = 0;
        let coverage = grid.insert(&probe, |_| found += 1).unwrap().coverage;
        assert_eq!(coverage.checked, found);
        assert_eq!(coverage.checked + coverage.unchecked, i);
        assert_eq!(coverage.checked, i.min(256));
        assert_eq!(coverage.is_complete(), i <= 256);
    }
    assert_eq!(grid.saturation(7, &vector), 3000 - 257);
    assert_eq!(grid.saturation(8, &vector), 0);
}

#[test]
fn one_subject_is_cut_short_and_says_so() {
    let config = GridConfig::new(0, 1000).candidates(100);
    let mut memory = Memory::zeroed(config.bytes());
    let mut grid = Grid::format(&mut memory, config).unwrap();
    let probe = Probe {
        context: 7,
        subject: Some(Tag::of("a door")),
        vector: &[],
    };
    for i in 0..1000_u32 {
        let coverage = grid.insert(&probe, |_| ()).unwrap().coverage;
        assert_eq!(
            (coverage.checked, coverage.unchecked),
            (i.min(100), i.saturating_sub(100))
        );
    }
    assert_eq!(grid.insert(&probe, |_| ()), Err(InsertError::Full));
}

#[test]
fn bad_vectors_are_refused() {
    let config = GridConfig::new(40, 4);
    let mut memory = Memory::zeroed(config.bytes());
    let mut grid = Grid::format(&mut memory, config).unwrap();
    let before = grid.image_digest();
    let mut vector = [0.5; 40];
    let mut insert = |vector: &[f32]| {
        grid.insert(
            &Probe {
                context: 0,
                subject: None,
                vector,
            },
            |_| (),
        )
        .unwrap_err()
    };
    assert_eq!(
        insert(&vector[1..]),
        InsertError::Vector(ProbeError::WrongLength {
            expected: 40,
            found: 39
        })
    );
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        vector[39] = bad;
        assert_eq!(insert(&vector), InsertError::Vector(ProbeError::NotFinite));
    }
    vector[39] = 1e30;
    assert_eq!(insert(&vector), InsertError::Vector(ProbeError::TooFar));
    assert_eq!(grid.image_digest(), before);
}

#[test]
fn far_coordinates_do_not_wrap() {
    let claim = |x: f32| Claim {
        context: 0,
        subject: None,
        vector: vec![x, 0.0, -x],
    };
    let claims: Vec<Claim> = [f32::MAX, f32::MIN, 1e30, 1e30, 0.0, -1e9, 2e9, 2e9 + 128.0]
        .iter()
        .cycle()
        .take(300)
        .map(|&x| claim(x))
        .collect();
    let expected = brute(&claims, 0.5);
    let (online, batch) = both_ways(spread(3, 300, 0.5), Projection::Spread, &claims);
    assert_eq!(online, expected);
    assert_eq!(batch, expected);
}

#[test]
fn projections_that_stretch_are_refused() {
    let mut rows = vec![0.0; 15 * 20];
    for i in 0..15 {
        rows[i * 20 + i] = 1.0;
    }
    let config = GridConfig::new(20, 4).projected(true);
    let mut memory = Memory::zeroed(config.bytes());
    let error = Grid::format_with(&mut memory, config, Projection::Rows(&rows)).unwrap_err();
    assert_eq!(error, ProjectionError::NotContracting);
    rows.iter_mut().for_each(|r| *r *= 0.999);
    Grid::format_with(&mut memory, config, Projection::Rows(&rows)).unwrap();
    rows[7] = f32::NAN;
    let error = Grid::format_with(&mut memory, config, Projection::Rows(&rows)).unwrap_err();
    assert_eq!(error, ProjectionError::NotContracting);
    let error = Grid::format_with(&mut memory, config, Projection::Spread).unwrap_err();
    assert_eq!(error, ProjectionError::WrongForm);
    assert!(Grid::format(&mut memory, config).is_err());
}

#[test]
fn a_sealed_grid_opens_with_the_same_content() {
    let config = GridConfig::new(3, 300);
    let mut memory = Memory::zeroed(config.bytes());
    let mut grid = Grid::format(&mut memory, config).unwrap();
    let points: Vec<[f32; 3]> = (0..300).map(|i| [i as f32 * 0.3, 0.0, 0.0]).collect();
    for vector in &points[..200] {
        let _ = grid
            .insert(
                &Probe {
                    context: 0,
                    subject: None,
                    vector,
                },
                |_| (),
            )
            .unwrap();
    }
    let digest = grid.seal();
    let mut copy = Memory::zeroed(config.bytes());
    copy.copy_from_slice(&memory);
    let mut reopened = Grid::open_verified(&mut copy).unwrap();
    assert_eq!(reopened.image_digest(), digest);
    assert_eq!(reopened.config(), config);
    let mut grid = Grid::open(&mut memory).unwrap();
    for vector in &points[200..] {
        let probe = Probe {
            context: 0,
            subject: None,
            vector,
        };
        let a = grid.insert(&probe, |_| ());
        assert_eq!(a, reopened.insert(&probe, |_| ()));
    }
    assert_eq!(grid.image_digest(), reopened.image_digest());
}
