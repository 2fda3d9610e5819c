//! Bytes of each part of three nodes, and of a pattern: `case bytes` or `case/part bytes`, a line
//! each.

#[path = "../../firmware/src/size/small.rs"]
mod small;

use activity::HUB_CONFIG;
use sensilla::bank::{BankConfig, Layout, ScratchConfig};
use sensilla::block::{Block, BlockError};
use sensilla::learn::features::FeatureConfig;
use sensilla::learn::{RecogniserConfig, StreamConfig};
use sensilla::node::{HistoryConfig, Node, NodeConfig, PerceptionConfig};

/// The small node with all that is not said as it is by default.
const DEFAULT: NodeConfig = NodeConfig::new(
    PerceptionConfig::new(FeatureConfig::new(3, 50_000), 16),
    HistoryConfig::DEFAULT,
);
const SMALL: NodeConfig = small::small();
const SCAN: BankConfig = BankConfig::new(64, 512).layout(Layout::Scan);
const GRAPH: BankConfig = BankConfig::new(64, 512).links(8);
/// Six channels, and as many patterns as 24 KB have room for.
const STREAM: StreamConfig = StreamConfig::small(6);
const RECOGNISER: RecogniserConfig = RecogniserConfig::within(&STREAM, 24 * 1024);
/// Three channels at 48 components, for a part with 16 KiB.
const NARROW: StreamConfig = StreamConfig::new(3, 48).groups(6);
const PERCEPTION: RecogniserConfig = RecogniserConfig::new(&NARROW, 8);

fn main() -> Result<(), BlockError> {
    let mut memory = Box::new(Block::<{ SMALL.bytes() }>::new());
    node("small-node", &SMALL, &mut memory[..])?;
    let mut memory = Box::new(Block::<{ DEFAULT.bytes() }>::new());
    node("default-node", &DEFAULT, &mut memory[..])?;
    let mut memory = Box::new(Block::<{ HUB_CONFIG.bytes() }>::new());
    node("demo-hub", &HUB_CONFIG, &mut memory[..])?;
    // Its share of a bank of 512.
    println!("pattern-i8-64 {}", SCAN.bytes().div_ceil(512));
    println!("pattern-i8-64/links-8 {}", GRAPH.bytes().div_ceil(512));
    let bank = RECOGNISER.bank();
    println!("recogniser/stream {}", STREAM.bytes());
    println!("recogniser/metric {}", RECOGNISER.bytes());
    println!("recogniser/bank {}", bank.bytes());
    println!(
        "recogniser {}",
        STREAM.bytes() + RECOGNISER.bytes() + bank.bytes()
    );
    let bank = PERCEPTION.bank();
    let scratch = ScratchConfig::new(&bank, 4);
    println!(
        "perception-48 {}",
        NARROW.bytes() + PERCEPTION.bytes() + bank.bytes() + scratch.bytes()
    );
    Ok(())
}

fn node(case: &str, config: &NodeConfig, memory: &mut [u8]) -> Result<(), BlockError> {
    let node = Node::format(memory, *config)?;
    let mut sections = node.sections().peekable();
    while let Some((part, _, mut bytes)) = sections.next() {
        while let Some((_, _, more)) = sections.next_if(|&(next, ..)| next == part) {
            bytes += more;
        }
        println!("{case}/{part} {bytes}");
    }
    println!("{case} {}", config.bytes());
    println!("{case}/workspace {}", config.workspace(16).bytes());
    Ok(())
}
