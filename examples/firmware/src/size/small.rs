//! The small node whose bytes and flash `cargo xtask size` shows.

use sensilla::learn::features::FeatureConfig;
use sensilla::node::{HistoryConfig, NodeConfig, PerceptionConfig};

/// Three channels, 16 patterns, 32 events in 4 KiB, 16 claims; all else as small as is of use.
pub const fn small() -> NodeConfig {
    NodeConfig::new(
        PerceptionConfig::new(FeatureConfig::new(3, 50_000), 16)
            .trajectories(4)
            .attention(3, 8)
            .signal(32)
            .labels(4, 48),
        HistoryConfig {
            claims: 16,
            conflicts: Some(8),
            height: 20,
            ..HistoryConfig::new(32, 4 * 1024)
        },
    )
}
