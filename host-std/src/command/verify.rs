//! `sensilla verify`: checks a store without changing its file.

use serde::Serialize;

use super::{Common, output};
use crate::Error;
use crate::store::manifest::Entry;

#[derive(Serialize)]
struct Verified<'a> {
    ok: bool,
    file_bytes: u64,
    blocks: &'a [Entry],
}

pub fn run(common: &Common) -> Result<(), Error> {
    let contents = common.read_store()?;
    if common.json {
        return output::json(&Verified {
            ok: true,
            file_bytes: contents.file_bytes,
            blocks: &contents.manifest.blocks,
        });
    }
    for entry in &contents.manifest.blocks {
        output::text(format_args!(
            "{}  {} ({} bytes)",
            entry.sha256, entry.name, entry.bytes
        ))?;
    }
    output::text(format_args!(
        "{}: every page and every block is as it was saved",
        common.store.display()
    ))
}
