//! Clusters far apart that come one after the other, as recordings of one class after another do.

use super::*;

const CLUSTERS: usize = 60;
const EACH: usize = 60;

/// The `i`-th vector of a cluster.
fn vector(cluster: usize, i: usize) -> Vec<f32> {
    let centre = Random(cluster as u64 + 1).vector(24);
    let around = Random((cluster * EACH + i) as u64 + 1_000).vector(24);
    centre
        .iter()
        .zip(around)
        .map(|(c, a)| 10.0 * c + a)
        .collect()
}

#[test]
fn clusters_in_order_stay_within_reach() {
    let config = BankConfig::new(24, (CLUSTERS * EACH) as u32)
        .metric(Metric::SquaredEuclidean)
        .layout(Layout::Graph)
        .links(8)
        .ef_construction(40);
    let scratch_config = ScratchConfig::new(&config, 256);
    let mut memory = Memory::zeroed(config.bytes());
    let mut scratch = Memory::zeroed(scratch_config.bytes());
    let mut bank = PatternBank::format(&mut memory, config).unwrap();
    let mut scratch = Scratch::format(&mut scratch, scratch_config).unwrap();
    for cluster in 0..CLUSTERS {
        for i in 0..EACH {
            let pattern = Pattern {
                label: cluster as u32,
                ..Pattern::default()
            };
            bank.insert(&vector(cluster, i), pattern).unwrap();
        }
    }
    assert_eq!(unreachable(&bank), 0);
    let walk = Search {
        goal: Goal::Ef(256),
        method: Some(Method::Graph),
        ..Search::new(5)
    };
    let mut right_of = |cluster: usize, walk: &Search<'_>| {
        let query = vector(cluster, EACH + 7);
        let hits = bank.search_with(&query, walk, &mut scratch).unwrap();
        hits.iter()
            .filter(|hit| hit.label == cluster as u32)
            .count()
    };
    for cluster in 0..CLUSTERS {
        assert_eq!(right_of(cluster, &walk), 5, "cluster {cluster}");
    }
    let few = Search {
        goal: Goal::Ef(12),
        ..walk
    };
    let right: usize = (0..CLUSTERS).map(|cluster| right_of(cluster, &few)).sum();
    assert!(
        right * 100 >= 98 * 5 * CLUSTERS,
        "{right} of {}",
        5 * CLUSTERS
    );
}
