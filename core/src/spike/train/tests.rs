//! Trains beside plain lists of spikes.

use super::*;
use crate::block::{BlockError, Memory};
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

#[test]
fn rows_events_and_planes_say_the_same() {
    proptest!(ProptestConfig::with_cases(64), |(
        steps in 1u32..40,
        polarity in prop::sample::select(vec![Polarity::Positive, Polarity::PerValue, Polarity::PerSpike]),
        trains in prop::collection::vec(prop::collection::vec(any::<(bool, bool)>(), 40), 0..150),
    )| {
        let config = SpikeConfig::new(150, steps).polarity(polarity);
        let mut block = Memory::zeroed(config.bytes());
        let mut spikes = SpikeTrains::format(&mut block, config).unwrap();
        spikes.replace_rows(150, |_, row| row.fire(0, true));
        spikes.replace_rows(trains.len(), |i, row| {
            for (t, &(fires, negative)) in trains[i].iter().take(steps as usize).enumerate() {
                if fires {
                    row.fire(t, negative);
                }
            }
        });
        let fired = |i: usize, t: usize| {
            let any_negative = trains[i][..steps as usize].iter().any(|s| s.0 && s.1);
            trains[i][t].0.then(|| match polarity {
                Polarity::Positive => false,
                Polarity::PerValue => any_negative,
                Polarity::PerSpike => trains[i][t].1,
            })
        };
        let mut expected = vec![];
        for t in 0..steps as usize {
            for i in 0..trains.len() {
                if let Some(negative) = fired(i, t) {
                    expected.push(Event { address: i as u32, time: t as u32, negative });
                }
            }
        }
        prop_assert_eq!(spikes.events().collect::<Vec<_>>(), expected.clone());
        prop_assert_eq!(spikes.spikes(), expected.len() as u64);

        let words = spikes.plane_words();
        let mut planes = vec![u64::MAX; words * steps as usize];
        spikes.transpose(&mut planes).unwrap();
        for t in 0..steps as usize {
            for i in 0..words * 64 {
                let bit = planes[t * words + i / 64] >> (i % 64) & 1 == 1;
                prop_assert_eq!(bit, i < trains.len() && fired(i, t).is_some());
            }
        }
        let digest = spikes.seal();
        prop_assert_eq!(SpikeTrains::open_verified(&mut block).unwrap().image_digest(), digest);
    });
}

#[test]
fn refuses_configurations_and_blocks_out_of_range() {
    let config = SpikeConfig::new(10, 9).polarity(Polarity::PerSpike);
    let mut block = Memory::zeroed(config.bytes());
    for bad in [
        SpikeConfig::new(0, 8),
        SpikeConfig::new(8, 0),
        SpikeConfig::new(MAX_VALUES + 1, 8),
        SpikeConfig::new(u32::MAX, u32::MAX),
    ] {
        assert_eq!(
            SpikeTrains::format(&mut block, bad).unwrap_err(),
            BlockError::BadConfig
        );
    }
    let mut spikes = SpikeTrains::format(&mut block, config).unwrap();
    spikes.replace_rows(10, |_, row| row.fire(8, false));
    let before = block.clone();
    for bit in 0..config.bytes() * 8 {
        block.clone_from(&before);
        block[bit / 8] ^= 1 << (bit % 8);
        if let Ok(trains) = SpikeTrains::open(&mut block) {
            assert!(trains.events().all(|e| (e.address as usize) < trains.len()));
        }
    }
}
