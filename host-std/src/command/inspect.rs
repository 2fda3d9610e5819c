//! `sensilla inspect`: shows what a store holds.

use serde::Serialize;

use super::{Common, output};
use crate::Error;
use crate::store::FORMAT;
use crate::store::manifest::Entry;

#[derive(Serialize)]
struct Inspected<'a> {
    format: u32,
    file_bytes: u64,
    blocks: &'a [Entry],
}

pub fn run(common: &Common) -> Result<(), Error> {
    let contents = common.read_store()?;
    let inspected = Inspected {
        format: FORMAT,
        file_bytes: contents.file_bytes,
        blocks: &contents.manifest.blocks,
    };
    if common.json {
        return output::json(&inspected);
    }
    output::text(format_args!(
        "{}: format {FORMAT}, {} bytes",
        common.store.display(),
        inspected.file_bytes
    ))?;
    for entry in inspected.blocks {
        output::text(format_args!(
            "  {:<12} {:>10} bytes  {}",
            entry.name, entry.bytes, entry.sha256
        ))?;
    }
    Ok(())
}
