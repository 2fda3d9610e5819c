//! `sensilla verify`: checks a store without changing its file.

use sensilla::log::{Ed25519, SignedEvent};
use serde::Serialize;

use super::{Common, output};
use crate::Error;
use crate::progress::Progress;
use crate::store::StoreError;
use crate::store::manifest::{Entry, entries};

#[derive(Serialize)]
struct Verified<'a> {
    ok: bool,
    file_bytes: u64,
    blocks: &'a [Entry],
    events: u64,
    signatures: u64,
}

pub fn run(common: &Common) -> Result<(), Error> {
    let contents = common.read_store()?;
    let (file_bytes, blocks) = (contents.file_bytes, entries(&contents.blocks));
    let home = common.home_of(contents)?;
    let node = home.node();
    let damaged = |reason: String| common.store_error(StoreError::Damaged(reason));
    node.history()
        .log()
        .verify()
        .map_err(|e| damaged(format!("its log: {e}")))?;
    let events = node.history().log().len();
    let mut signatures = 0;
    let mut progress = Progress::new("verifying", Some(events));
    for entry in node.history().log().since(node.history().log().first()) {
        let fault = |e| damaged(format!("event {}: {e}", entry.index()));
        let event: SignedEvent<'_> = entry.decode().map_err(fault)?;
        if event.signature().is_some() {
            event.verify(&Ed25519).map_err(fault)?;
            signatures += 1;
        }
        progress.step(1);
    }
    drop(progress);
    if common.json {
        return output::json(&Verified {
            ok: true,
            file_bytes,
            blocks: &blocks,
            events,
            signatures,
        });
    }
    for entry in &blocks {
        output::text(format_args!(
            "{}  {} ({} bytes)",
            entry.sha256, entry.name, entry.bytes
        ))?;
    }
    output::text(format_args!(
        "{}: every save, every block and the log of {events} events are as they were saved; \
         {signatures} signatures hold",
        common.store.display()
    ))
}
