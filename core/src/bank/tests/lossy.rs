//! Rows that eight bits do not hold apart, where the configuration refuses more of them.

use super::*;

const LIMITED: BankConfig = BankConfig::new(16, 400)
    .metric(Metric::SquaredEuclidean)
    .most_lost(30);

/// A row `far` from the origin along every component.
fn row(random: &mut Random, far: f32) -> Vec<f32> {
    random.vector(16).iter().map(|x| x + far).collect()
}

#[test]
fn rows_that_eight_bits_do_not_hold_apart_are_refused_where_that_is_asked() {
    let mut random = Random(11);
    let mut memory = Memory::zeroed(LIMITED.bytes());
    let mut bank = PatternBank::format(&mut memory, LIMITED).unwrap();
    let mut ids = Vec::new();
    let error = loop {
        match bank.insert(&row(&mut random, 300.0), Pattern::default()) {
            Ok(id) => ids.push(id),
            Err(error) => break error,
        }
    };
    assert!((20..200).contains(&ids.len()), "{}", ids.len());
    let InsertError::Lossy { lost, most: 30 } = error else {
        panic!("{error}")
    };
    assert!(lost > 30 && bank.health().is_below_goal);
    let digest = bank.image_digest();
    let two = [row(&mut random, 300.0), row(&mut random, 300.0)].concat();
    let mut taken = [ids[0]; 2];
    assert_eq!(
        bank.insert_batch(&two, &[Pattern::default(); 2], &mut taken),
        Err(error)
    );
    let evicting = bank.insert_evicting(&two[..16], Pattern::default());
    assert_eq!(evicting.unwrap_err(), error);
    assert_eq!(bank.image_digest(), digest);

    // Without the rows that are too near to each other there is room for others.
    for id in ids {
        bank.remove(id).unwrap();
    }
    for _ in 0..400 {
        bank.insert(&row(&mut random, 0.0), Pattern::default())
            .unwrap();
    }
}

#[test]
fn what_keeps_floats_refuses_none() {
    let config = LIMITED.element(Element::I8F32);
    let mut random = Random(11);
    let mut memory = Memory::zeroed(config.bytes());
    let mut bank = PatternBank::format(&mut memory, config).unwrap();
    for _ in 0..400 {
        bank.insert(&row(&mut random, 300.0), Pattern::default())
            .unwrap();
    }
}
