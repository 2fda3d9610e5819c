//! What docs/memory.md says structures take is what they take.

use activity::HUB_CONFIG;
use sensilla::bank::{BankConfig, Layout};
use sensilla::coherence::EngineConfig;
use sensilla::grid::GridConfig;
use sensilla::learn::{FeatureConfig, TrajectoryConfig};
use sensilla::log::LogConfig;
use sensilla::merkle::Frontier;

const DOCS: &str = include_str!("../../docs/memory.md");

/// With a comma between thousands.
fn grouped(number: usize) -> String {
    match number < 1_000 {
        true => number.to_string(),
        false => format!("{},{:03}", grouped(number / 1_000), number % 1_000),
    }
}

#[test]
fn the_table_says_what_structures_take() {
    let bank = BankConfig::new(64, 512);
    let rows = [
        ("`PatternBank`, scanned", bank.layout(Layout::Scan).bytes()),
        ("`PatternBank`, graph", bank.bytes()),
        ("`EventLog`", LogConfig::new(512, 128 * 1024).bytes()),
        ("`merkle::Frontier`, a plain value", size_of::<Frontier>()),
        (
            "`Engine`",
            EngineConfig::new(GridConfig::new(0, 512)).bytes(),
        ),
        ("`TrajectoryRing`", TrajectoryConfig::new(64, 64).bytes()),
        ("`Features`", FeatureConfig::new(6, 100).bytes()),
        ("`Node`", HUB_CONFIG.bytes()),
    ];
    for (name, bytes) in rows {
        let start = format!("| {name} |");
        let row = DOCS.lines().find(|line| line.starts_with(&start));
        let row = row.unwrap_or_else(|| panic!("no row of {name}"));
        let end = format!("| {} |", grouped(bytes));
        assert!(row.ends_with(&end), "{row} should end with {end}");
    }
}
