//! The half of a node that keeps history: the log of events, and room in it.

use super::config::HistoryConfig;
use super::image::parts;
use crate::Hash;
use crate::coherence::{Applied, Engine, MAX_ORIGIN};
use crate::log::event_log::PruneError;
use crate::log::{EventId, EventLog, LogIndex, Realm};
use crate::merkle::Checkpoint;
use crate::merkle::note::NoteError;
use crate::merkle::watch::WatchError;
use crate::sign::Signer;
use core::fmt::Write;

parts! {
    /// The log of events and the claims in force. See the [module](super).
    ///
    /// ```
    /// use sensilla::block::Block;
    /// use sensilla::log::kind::{Assert, CERTAIN};
    /// use sensilla::log::{Event, EventKind, Policy};
    /// use sensilla::node::{History, HistoryConfig};
    ///
    /// const CONFIG: HistoryConfig = HistoryConfig {
    ///     events: 32,
    ///     bytes: 4 * 1024,
    ///     claims: 16,
    ///     open: true, // whoever speaks is heard; else the realm's roots say who is
    ///     ..HistoryConfig::DEFAULT
    /// };
    /// let mut memory = Box::new(Block::<{ CONFIG.bytes() }>::new());
    /// let mut history = History::format(&mut memory[..], CONFIG)?;
    /// # struct NoKey;
    /// # impl sensilla::log::Verifier for NoKey {
    /// #     fn verify(&self, _: &[u8; 32], _: &[u8], _: &[u8; 64]) -> bool { false }
    /// # }
    /// // Two authors say of one door what cannot both be. Here the log takes their word unsigned; with
    /// // `Policy::new()` it wants signatures, as `log::Author` makes them and `log::Ed25519` checks them.
    /// for (author, value, found) in [([1; 32], "open", 0), ([2; 32], "shut", 1)] {
    ///     let event = Event {
    ///         realm: [0; 32],
    ///         author,
    ///         seq: 1,
    ///         at: 7,
    ///         context: "lab",
    ///         embedding: Default::default(),
    ///         kind: EventKind::Assert(Assert {
    ///             subject: "door",
    ///             predicate: "state",
    ///             value,
    ///             evidence: &[],
    ///             confidence: CERTAIN,
    ///             expires: None,
    ///             supersedes: None,
    ///         }),
    ///     };
    ///     let mut out = [0; 256];
    ///     let bytes = event.unsigned(&mut out)?;
    ///     let taken = history.ingest(bytes.bytes(), &Policy::trusted(), &NoKey, 7)?;
    ///     assert_eq!(taken.applied.found, found);
    /// }
    /// assert_eq!(history.engine().len(), 2);
    /// assert_eq!(history.engine().conflicts().count(), 1);
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub struct History for HistoryConfig as config, b"HIST", 2 {
        log: EventLog = config.log(),
        engine: Engine = config.engine(),
    }
}

/// An event that was taken.
#[derive(Clone, Copy, Debug)]
pub struct Ingested {
    /// Its place in the log.
    pub index: LogIndex,
    /// Its id.
    pub id: EventId,
    /// What it changed.
    pub applied: Applied,
}

impl<'a> History<'a> {
    const NAME: &'static str = "history";

    /// The sizes it was made with.
    pub fn config(&self) -> HistoryConfig {
        HistoryConfig::of(self.log.config(), self.engine.config())
    }

    /// That the engine is what the log makes of it, only a replay can tell.
    fn agrees(&self) -> bool {
        true
    }

    /// The log, to look at.
    pub fn log(&self) -> &EventLog<'a> {
        &self.log
    }

    /// Claims in force, conflicts and their state, to look at.
    pub fn engine(&self) -> &Engine<'a> {
        &self.engine
    }

    /// The Merkle root of the log. Cost: O(log n) hashes after an append, none otherwise.
    pub fn root(&mut self) -> Hash {
        self.change(|half| half.log.root())
    }

    /// Writes a checkpoint of the log as it is now to the front of `out`: its name, `origin`, with a
    /// slash and the realm in hexadecimal behind it if it has one, its size and its root, as a note that `signer` signs (C2SP tlog-checkpoint). Two such notes that
    /// no one log explains are a proof against the signer. Cost: that of [`root`](Self::root) and
    /// of a signature.
    pub fn checkpoint<'b, S: Signer + ?Sized>(
        &mut self,
        origin: &str,
        signer: &S,
        out: &'b mut [u8],
    ) -> Result<&'b str, NoteError> {
        let realm = self.log.config().realm;
        let mut named = heapless::String::<{ MAX_ORIGIN }>::new();
        let origin = match realm == [0; 32] {
            true => origin,
            false => {
                name_realm(&mut named, origin, &realm).map_err(|_| NoteError::BadName)?;
                named.as_str()
            }
        };
        let checkpoint = Checkpoint {
            origin,
            size: self.log.size(),
            root: self.root(),
            extensions: "",
        };
        checkpoint.sign(signer, out)
    }

    /// Forgets the events before `first`, claims in force excepted; see [`EventLog::prune`].
    pub fn prune(&mut self, first: LogIndex) -> Result<(), PruneError> {
        self.change(|half| {
            let before = half.log.first();
            half.log.prune(first)?;
            if half.log.first() > before {
                half.engine.forget();
            }
            Ok(())
        })
    }

    /// Keeps the inclusion proofs of an event current, also after it is pruned; see
    /// [`EventLog::watch`].
    pub fn watch(&mut self, index: LogIndex) -> Result<(), WatchError> {
        self.change(|half| half.log.watch(index))
    }

    /// Watches an event no longer.
    pub fn unwatch(&mut self, index: LogIndex) {
        self.change(|half| half.log.unwatch(index));
    }

    /// Notes that the first `size` events are stored elsewhere, so that they may go; see
    /// [`EventLog::mark_exported`].
    pub fn mark_exported(&mut self, size: u64) -> Result<(), PruneError> {
        self.change(|half| half.log.mark_exported(size))
    }
}

fn name_realm(
    to: &mut heapless::String<MAX_ORIGIN>,
    origin: &str,
    realm: &Realm,
) -> core::fmt::Result {
    write!(to, "{origin}/")?;
    realm.iter().try_for_each(|byte| write!(to, "{byte:02x}"))
}
