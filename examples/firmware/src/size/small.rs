//! The small node whose bytes and flash `cargo xtask size` shows.

use sensilla::coherence::EngineConfig;
use sensilla::grid::GridConfig;
use sensilla::learn::features::FeatureConfig;
use sensilla::log::LogConfig;
use sensilla::node::NodeConfig;

/// Three channels, 16 patterns, 32 events in 4 KiB, 16 claims; all else as small as is of use.
pub const fn small() -> NodeConfig {
    let features = FeatureConfig::new(3, 50_000);
    let grid = GridConfig::new(features.dimensions(), 16);
    NodeConfig::new(features, 16)
        .trajectories(16)
        .signal(32)
        .log(LogConfig::new(32, 4 * 1024).authors(4).contexts(2))
        .engine(
            EngineConfig::new(grid)
                .conflicts(8)
                .contexts(2)
                .budgets(8)
                .recent(8)
                .checkpoints(2),
        )
}
